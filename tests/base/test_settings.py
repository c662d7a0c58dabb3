"""Settings: flags over environment over file over defaults, and every mistake named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from suyuan.base.errors import InvalidSetting
from suyuan.base.settings import PREFIX, Settings, load_settings


def test_defaults_need_nothing() -> None:
    settings = load_settings({}, {})
    assert settings == Settings()
    assert settings.base_url() == "http://127.0.0.1:8000"
    assert settings.database == ""


@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_each_setting_has_a_variable_a_flag_and_a_line_in_the_file(name: str, tmp_path: Path) -> None:
    values: dict[str, tuple[Any, Any, Any]] = {
        "data": ("a", "b", "c"), "log_format": ("json", "console", "json"), "log_level": ("debug", "info", "error"),
    }  # fmt: skip
    number = isinstance(getattr(Settings(), name), int)
    usual = (10, 20, 30) if number else ("x.example/a", "x.example/b", "x.example/c")
    in_file, in_environment, in_flag = values.get(name, usual)
    file = tmp_path / "s.toml"
    file.write_text(f"{name} = {in_file!r}\n")
    variables = {PREFIX + name.upper(): str(in_environment)}
    kind = type(getattr(Settings(), name))

    def found(flags: dict[str, Any], environment: dict[str, str], path: Path | None) -> Any:
        value = getattr(load_settings(flags, environment, path), name)
        assert isinstance(value, Path if name == "data" else kind)
        return str(value) if name == "data" else value

    assert found({}, {}, file) == in_file
    assert found({}, {"SUYUAN_CONFIG": str(file)}, None) == in_file
    assert found({}, variables, file) == in_environment
    assert found({name: in_flag}, variables, file) == in_flag
    assert found({name: None}, variables, file) == in_environment


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({"SUYUAN_PROT": "1"}, "SUYUAN_PROT"), ({"SUYUAN_PORT": "x"}, None), ({"SUYUAN_PORT": "-1"}, "port"),
        ({"SUYUAN_PORT": "65536"}, "port"), ({"SUYUAN_LOG_FORMAT": "xml"}, "log_format"),
        ({"SUYUAN_LOG_LEVEL": "LOUD"}, "log_level"), ({"SUYUAN_MAX_EVENTS": "0"}, "max_events"),
        ({"SUYUAN_MAX_BODY_BYTES": "-5"}, "max_body_bytes"), ({"SUYUAN_MAX_BODY_BYTES": "1e3.5"}, None),
    ],
)  # fmt: skip
def test_a_wrong_variable_is_named(environment: dict[str, str], place: str | None) -> None:
    with pytest.raises(InvalidSetting) as refusal:
        load_settings({}, environment)
    if place:
        assert refusal.value.place == place


def test_other_variables_are_none_of_our_business() -> None:
    shared = {"SUYUAN_SHARED": "x", "SUYUAN_KEY": "x", "SUYUAN_SERVER": "x", "HOME": "/", "PORT": "1"}
    assert load_settings({}, shared) == Settings()


@pytest.mark.parametrize(
    "text", ["prot = 1", "port = 'x'", "port = [1]", "= 1", "port = 1\nport = 2", "[port]", "data = 5", "\udcff"]
)
def test_a_wrong_file_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(text, errors="surrogateescape")
    with pytest.raises(InvalidSetting):
        load_settings({}, {}, file)


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(InvalidSetting) as refusal:
            load_settings({}, {}, path)
        assert refusal.value.place == str(path)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"public_url": "https://trace.example/"}, "https://trace.example"),
        ({"host": "0.0.0.0", "port": 80}, "http://0.0.0.0:80"),
        ({"host": "::1", "port": 80}, "http://[::1]:80"),
    ],
)
def test_the_address_for_shoppers(flags: dict[str, Any], expected: str) -> None:
    assert load_settings(flags, {}).base_url() == expected
