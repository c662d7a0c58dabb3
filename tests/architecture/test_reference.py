"""The reference says what the code says: settings, permissions, errors, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from tests.architecture.pages import ROOT

from suyuan.app.cli import app
from suyuan.base import errors
from suyuan.base.errors import SuyuanError
from suyuan.base.identity import Role
from suyuan.base.permissions import GRANTS, Permission
from suyuan.base.settings import PREFIX, Settings
from suyuan.epcis.query_parameters import CONTROLS, DESCRIBED, FAMILIES, FIXED, MEASURED, ROLES, Operator

REFERENCE = ROOT / "docs" / "reference"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return "\n".join([_row(*head), f"|{'---|' * len(head)}", *(_row(*row) for row in rows)])


def _documented_fields(source: str) -> dict[str, str]:
    """The `#:` comment above each field of the settings."""
    found = re.finditer(r"((?:^    #: .*\n)+)^    (\w+):", source, re.MULTILINE)
    return {each[2]: " ".join(line.strip()[3:] for line in each[1].splitlines()).replace("``", "`") for each in found}


def settings_table() -> str:
    """Keys of the TOML file, environment variables, defaults, meanings."""
    meanings = _documented_fields((ROOT / "base" / "settings.py").read_text(encoding="utf-8"))
    rows: list[tuple[str, ...]] = []
    for name in Settings.__struct_fields__:
        default = getattr(Settings(), name)
        assert name in meanings, f"the setting {name} has no comment that says what it means"
        rows.append(
            (f"`{name}`", f"`{PREFIX}{name.upper()}`", f"`{default}`" if str(default) else "none", meanings[name])
        )
    return _table(("key", "variable", "default", "meaning"), rows)


def permissions_table() -> str:
    """Roles by permissions."""
    rows = [(role.value, *("yes" if each in GRANTS[role] else "" for each in Permission)) for role in Role]
    return _table(("role", *(each.value for each in Permission)), rows)


def errors_table() -> str:
    """The exception tree with its problem types and statuses."""

    def tree(kind: type[SuyuanError], depth: int = 0) -> Iterator[tuple[str, ...]]:
        yield (
            f"{'&nbsp;&nbsp;' * depth}`{kind.__name__}`", f"`{kind.slug}`", str(kind.status),
            (kind.__doc__ or "").splitlines()[0],
        )  # fmt: skip
        for child in kind.__subclasses__():
            if child.__module__ == errors.__name__:
                yield from tree(child, depth + 1)

    return _table(("error", "problem type", "status", "means"), list(tree(SuyuanError)))


_ASKS = {
    Operator.EQ: "{} is one of the values",
    Operator.GT: "{} is greater",
    Operator.GE: "{} is greater or equal",
    Operator.LT: "{} is less",
    Operator.LE: "{} is less or equal",
    Operator.EXISTS: "the event has {}",
    Operator.MATCH: "{} has a thing that a value names, or of a class or pattern that it names",
    Operator.WD: "{} is one of the values, or lies within one by master data",
}


def parameters_table() -> str:
    """Parameters of event queries: those with names of their own, then those whose names say more."""
    rows: list[tuple[str, ...]] = [
        (f"`{name}`", (row.read.__doc__ or "").rstrip("."), _ASKS[row.operator].format(f"`{row.field}`"))
        for name, row in FIXED.items()
    ]
    rows += [(f"`{name}`", "how the answer is given", "") for name in CONTROLS]
    anything, compare = "Values of an extension: texts, numbers, times", "`EQ_`, `GT_`, `GE_`, `LT_`, `LE_`"
    for field in ("bizTransaction", "source", "destination"):
        rows.append((f"`EQ_{field}_TYPE`", "URIs", f"the `{field}` of this type is one of the values"))
    for field in MEASURED:
        rows.append(
            (f"{compare} `{field}_UOM`", "number in this unit", f"`{field}` compares so, in whatever unit it is")
        )
    for written, family in FAMILIES.items():
        where = f"`{family}` of an event" if written else "the event itself"
        rows.append((f"{compare} `{written}NAME`", anything, f"the extension NAME in {where} compares so"))
        rows.append((f"{compare} `INNER_{written}NAME`", anything, f"... at any depth inside an extension in {where}"))
        rows.append((f"`EXISTS_[INNER_]{written}NAME`", "no value, or true", "there is such an extension"))
    described = ", ".join(f"`{field}`" for field in (*DESCRIBED, *ROLES))
    rows.append(("`HASATTR_FIELD`", "names of attributes", f"master data of FIELD has one; FIELD: {described}, NAME"))
    rows.append(("`EQATTR_FIELD_NAME`, `EQ_ATTR_FIELD_NAME`", anything, "that attribute is one of the values"))
    return _table(("parameter", "value", "finds events of which"), rows)


TABLES = {
    "settings.md": settings_table,
    "permissions.md": permissions_table,
    "errors.md": errors_table,
    "event-query.md": parameters_table,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_table_on_the_page_is_that_of_the_code(name: str, request: pytest.FixtureRequest) -> None:
    page = REFERENCE / name
    text = page.read_text(encoding="utf-8")
    begin, end = "<!-- from the code: make reference -->\n", "<!-- end -->"
    before, rest = text.split(begin)
    table, after = rest.split(end)
    expected = TABLES[name]()
    if request.config.getoption("--write-reference", default=False):
        page.write_text(before + begin + expected + "\n" + end + after, encoding="utf-8")
    else:
        assert table == expected + "\n", "run: make reference"


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with its path below `suyuan`."""
    below = getattr(command, "commands", None)
    if below is None:
        yield path, command
        return
    for name, child in below.items():
        yield from _commands(child, (*path, name))


COMMANDS = {" ".join(path): command for path, command in _commands(typer.main.get_command(app))}


def _sections(page: Path) -> dict[str, str]:
    """Text by the command that a heading names."""
    parts = re.split(
        r"^## `suyuan ([a-z]+(?:[ -][a-z]+)*)[^`\n]*`\n", page.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    return {name.strip(): text for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def test_every_command_has_a_heading_and_every_heading_a_command() -> None:
    assert set(_sections(REFERENCE / "cli.md")) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_the_command_is_described(name: str) -> None:
    section = _sections(REFERENCE / "cli.md")[name]
    for parameter in COMMANDS[name].params:
        for flag in parameter.opts:
            if flag.startswith("--") and flag != "--help":
                assert f"`{flag}" in section, f"{flag} of suyuan {name} is not described"


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_is_described_that_the_command_lacks(name: str) -> None:
    known = {flag for parameter in COMMANDS[name].params for flag in parameter.opts}
    described = set(re.findall(r"^\| `(--[a-z-]+)", _sections(REFERENCE / "cli.md")[name], re.MULTILINE))
    assert described <= known
