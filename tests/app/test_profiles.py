from __future__ import annotations

from pathlib import Path

import pytest
from tests.serving import Service, run
from tests.trace.scribe import document, object_event

from suyuan.app.profiles import LARGEST, load_profiles
from suyuan.base.errors import InvalidSetting

VOC = "https://ns.suyuan.example/voc/"
SAMPLES = Path(__file__).parents[2] / "docs" / "how-to"


def test_a_folder_of_profiles_is_read_by_name_of_file(tmp_path: Path) -> None:
    sample = (SAMPLES / "cleaning-profile.toml").read_text(encoding="utf-8")
    (tmp_path / "b.toml").write_text(sample, encoding="utf-8")
    (tmp_path / "a.toml").write_text(sample.replace('"cleaning"', '"other"'), encoding="utf-8")
    (tmp_path / "note.txt").write_text("no profile")
    assert [profile.name for profile in load_profiles(str(tmp_path))] == ["other", "cleaning"]
    assert load_profiles("") == ()


@pytest.mark.parametrize("content", [b"name = 3", b"\xff", b"#" * (LARGEST + 1)])
def test_a_profile_that_cannot_be_read_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(content)
    with pytest.raises(InvalidSetting) as refusal:
        load_profiles(str(tmp_path))
    assert str(refusal.value.place).startswith(str(tmp_path / "bad.toml"))
    with pytest.raises(InvalidSetting):
        load_profiles(str(tmp_path / "none"))


def test_a_server_holds_events_to_the_profiles_of_its_folder(tmp_path: Path) -> None:
    event = object_event(1, bizStep=f"{VOC}BizStep-cleaning", disposition=f"{VOC}Disp-clean")
    good = event | {f"{VOC}cleaningAgent": "lye"}
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "cleaning.toml").write_bytes((SAMPLES / "cleaning-profile.toml").read_bytes())
    service = Service(tmp_path / "data", SUYUAN_PROFILES=str(folder))
    service.start()
    try:
        service.make_keys()
        headers = {"Content-Type": "application/json"}
        for body, status in ((event, 400), (good, 202)):
            answer = service.call("POST", "/epcis/capture", "producer", content=document(body), headers=headers)
            assert answer.status_code == status, answer.text
    finally:
        service.stop()
    (folder / "bad.toml").write_text("name = 3")
    done = run("serve", "--data", tmp_path / "data", "--port", "0", SUYUAN_PROFILES=str(folder))
    assert (done.returncode, b"bad.toml" in done.stderr) == (2, True)
