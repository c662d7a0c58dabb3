"""The log's key file: made once, whole, and for its owner only."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from suyuan.base.errors import Conflict, InvalidProof, InvalidSetting
from suyuan.chain import durable
from suyuan.chain.keys import create_key, load_key, load_or_create_key


def test_a_new_key_is_written_for_its_owner_only_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    key = create_key(path, "log.example/a")
    assert load_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["log.key"]


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    key = create_key(path, "log.example/a")
    with pytest.raises(Conflict):
        create_key(path, "log.example/a")
    assert load_or_create_key(path, "log.example/a") == key
    assert [file.name for file in tmp_path.iterdir()] == ["log.key"]


def test_the_first_start_makes_the_key(tmp_path: Path) -> None:
    key = load_or_create_key(tmp_path / "log.key", "log.example/a")
    assert load_key(tmp_path / "log.key") == key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_can_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "log.key"
    create_key(path, "log.example/a")
    path.chmod(mode)
    with pytest.raises(InvalidSetting, match="others"):
        load_key(path)


def test_a_key_of_another_log_is_refused(tmp_path: Path) -> None:
    create_key(tmp_path / "log.key", "log.example/a")
    with pytest.raises(InvalidSetting, match=r"log\.example/a"):
        load_or_create_key(tmp_path / "log.key", "log.example/b")


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"PRIVATE+KEY+a+00000000+AAAA\n", b"x" * 5000])
def test_a_damaged_key_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "log.key"
    durable.create(path, data)
    with pytest.raises(InvalidSetting, match=r"log\.key"):
        load_key(path)


def test_a_missing_file_or_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="no key file"):
        load_key(tmp_path / "log.key")
    with pytest.raises(InvalidSetting, match="cannot be written"):
        create_key(tmp_path / "missing" / "log.key", "a")
    with pytest.raises(InvalidSetting, match="cannot be read"):
        load_key(tmp_path)
    with pytest.raises(InvalidProof):
        create_key(tmp_path / "log.key", "two words")


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "note"
    for data in (b"one", b"two"):
        durable.replace(path, data)
        assert durable.read(path, 3) == data
    assert [file.name for file in tmp_path.iterdir()] == ["note"]
    (tmp_path / "folder").mkdir()
    with pytest.raises(InvalidSetting):
        durable.replace(tmp_path / "folder", b"x")
    with pytest.raises(InvalidSetting, match="cannot be written"):
        durable.create(tmp_path / ("n" * 250), b"x")


def test_a_name_that_cannot_be_linked_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(Conflict):
        durable.create(tmp_path / "..", b"x")
