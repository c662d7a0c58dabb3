"""The edge's configuration: strict, and every refusal says where and what to do."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.base.errors import InvalidSetting
from suyuan.readers.edge_config import load_config, parse_config

MANUAL = Path(__file__).parents[2] / "docs" / "reference" / "edge.md"

MINIMAL = """
zone_offset = "+08:00"
[server]
url = "http://127.0.0.1:8000"
key_file = "edge.key"
[[readers]]
name = "gate"
host = "127.0.0.1"
[[readers.read_points]]
read_point = "urn:epc:id:sgln:0614141.00777.0"
biz_step = "shipping"
"""


def test_the_example_of_the_manual_is_complete_and_valid(tmp_path: Path) -> None:
    example = re.findall(r"```toml\n(.*?)```", MANUAL.read_text(), re.DOTALL)[0]
    (tmp_path / "edge.toml").write_text(example)
    (tmp_path / "edge.key").write_text("a-device-key\n")
    config = load_config(tmp_path / "edge.toml")
    assert config.key() == "a-device-key"
    assert config.offset_minutes == 480
    assert [reader.name for reader in config.readers] == ["gate-1", "packing", "shelf"]
    assert config.readers[0].read_points[0].cleaning.min_rssi == -65
    assert config.readers[0].inventory.antennas == (1, 2, 3, 4)
    assert config.delivery().url == "https://suyuan.example"
    assert config.path(config.outbox.file) == tmp_path / "outbox.db"


def test_every_key_stands_in_the_manual() -> None:
    manual = MANUAL.read_text()
    config = parse_config(MINIMAL.encode(), Path())
    reader = config.readers[0]
    point = reader.read_points[0]
    for settings_ in (config, config.server, config.outbox, reader, reader.inventory, point, point.cleaning):
        for key in settings_.__struct_fields__:
            assert key == "folder" or re.search(rf"\b{key}\b", manual), f"{key} is not documented"


POINT = "readers[0].read_points[0]"


def point(number: int) -> str:
    return f'[[readers.read_points]]\nread_point = "urn:epc:id:sgln:0614141.00777.{number}"\nbiz_step = "shipping"'


WRONG = {
    "misspelt key": ('name = "gate"', 'name = "gate"\nprot = 5084', "readers[0]", "unknown field `prot`"),
    "wrong type": ('host = "127.0.0.1"', "host = 7", "readers[0].host", "Expected `str`"),
    "inline key": ('key_file = "edge.key"', 'key = "secret"', "server", "unknown field `key`"),
    "two keys": ('key_file = "edge.key"', 'key_file = "a"\nkey_env = "B"', "server", "exactly one"),
    "no key": ('key_file = "edge.key"', "", "server", "exactly one"),
    "folder": ("[server]", 'folder = "/"\n[server]', None, "unknown field `folder`"),
    "zone": ("+08:00", "Shanghai", "zone_offset", "not of the form"),
    "address": ("http://127.0.0.1:8000", "ftp://x", "server.url", "no server's address"),
    "port": ("127.0.0.1:8000", "127.0.0.1:port", "server.url", "no address"),
    "clear http": ("http://127.0.0.1:8000", "http://server.example", "server.url", "in clear"),
    "no readers": (MINIMAL[MINIMAL.index("[[readers]]") :], "", None, "missing required field `readers`"),
    "one name": (
        "[[readers]]",
        f'[[readers]]\nname = "gate"\nhost = "b"\n{point(0)}\n[[readers]]',
        "readers",
        "one name",
    ),
    "word": ('"shipping"', '"shippin"', POINT, "shippin"),
    "place": ("sgln:0614141.00777.0", "sgtin:0614141.812345.6789", f"{POINT}.read_point", "no"),
    "malformed place": ("sgln:0614141.00777.0", "sgln:0614141.0077", f"{POINT}.read_point", "0614141"),
    "location": ('"shipping"', '"shipping"\nbiz_location = "here"', f"{POINT}.biz_location", "here"),
    "mask": ('"shipping"', '"shipping"\ncleaning = {accept = ["trees"]}', f"{POINT}.cleaning", "trees"),
    "scheme": ('"shipping"', '"shipping"\nkind = "aggregation"\nparent = "box"', f"{POINT}.parent", "no EPC scheme"),
    "antenna": ('"shipping"', f'"shipping"\n{point(1)}', "readers[0].read_points", "share an antenna"),
    "read points": ('"shipping"', f'"shipping"\nantennas = [1]\n{point(0)}', "readers[0].read_points", "one name"),
    "no TOML": ("zone_offset", "zone offset", None, "not TOML"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_refused_with_its_place_and_a_remedy(name: str, tmp_path: Path) -> None:
    old, new, place, what = WRONG[name]
    assert old in MINIMAL
    file = tmp_path / "edge.toml"
    file.write_text(MINIMAL.replace(old, new, 1))
    with pytest.raises(InvalidSetting, match=re.escape(what)) as caught:
        load_config(file)
    assert caught.value.place == (f"{file}: {place}" if place else str(file))
    assert caught.value.remedy


def test_http_in_clear_must_be_asked_for() -> None:
    for url in ("http://localhost:1", "http://[::1]:1", "https://server.example"):
        assert parse_config(MINIMAL.replace("http://127.0.0.1:8000", url).encode(), Path()).server.url == url
    trusting = MINIMAL.replace("http://127.0.0.1:8000", "http://server.lan").replace(
        "key_file", "plain_http = true\nkey_file"
    )
    assert parse_config(trusting.encode(), Path()).server.plain_http


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="can't be read"):
        load_config(tmp_path / "none.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * (2 << 20))
    with pytest.raises(InvalidSetting, match="larger than"):
        load_config(tmp_path / "large.toml")


@pytest.mark.parametrize("content", [None, b"", b"two words", b"\xff\xfe", b"a\nb", b"x" * 600])
def test_a_key_file_without_a_key_is_refused_and_not_shown(content: bytes | None, tmp_path: Path) -> None:
    config = parse_config(MINIMAL.encode(), tmp_path)
    if content is not None:
        (tmp_path / "edge.key").write_bytes(content)
    with pytest.raises(InvalidSetting) as caught:
        config.key()
    assert caught.value.place == "edge.key"
    assert "two words" not in str(caught.value)


def test_a_key_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    config = parse_config(MINIMAL.replace('key_file = "edge.key"', 'key_env = "A_KEY_OF_OURS"').encode(), Path())
    with pytest.raises(InvalidSetting, match="no API key"):
        config.key()
    monkeypatch.setenv("A_KEY_OF_OURS", "k-1")
    assert config.key() == "k-1"


def test_certificate_authorities_are_read_from_their_file(tmp_path: Path) -> None:
    text = MINIMAL.replace("key_file", 'ca_file = "none.pem"\nkey_file')
    with pytest.raises(InvalidSetting, match="ca_file of server"):
        parse_config(text.encode(), tmp_path).server_tls()
    plain = parse_config(MINIMAL.encode(), tmp_path)
    assert plain.server_tls() is None
    assert plain.readers[0].tls_context(tmp_path) is None
    secure = parse_config(MINIMAL.replace('name = "gate"', 'name = "gate"\ntls = true').encode(), tmp_path)
    assert secure.readers[0].tls_context(tmp_path) is not None


@given(
    st.binary(max_size=200)
    | st.text(max_size=100).map(lambda text: (MINIMAL + text).encode())
    | st.just(b"a=" + b"[" * 9999)
)
@settings(max_examples=80, deadline=None)
def test_any_bytes_are_a_configuration_or_refused(data: bytes) -> None:
    with contextlib.suppress(InvalidSetting):
        parse_config(data, Path())
