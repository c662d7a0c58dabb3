"""Label designs: sizes and places in millimetres, read from TOML."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Design(msgspec.Struct, frozen=True):
    """A label's picture with places for its texts and symbols."""

    name: str
    #: Size of one label, in millimetres.
    width: float
    height: float


def builtin_names() -> list[str]:
    """Names of the designs that Suyuan brings."""
    raise NotImplementedError


def design_of(name_or_file: str | Path) -> Design:
    """A design of ours by its name, or of somebody's by its TOML file.

    Raises InvalidSetting naming the place in the file and what to do.
    """
    raise NotImplementedError
