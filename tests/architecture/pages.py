"""Markdown pages as tests read them: fenced blocks with their language and line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
#: A page with this comment expects SUYUAN_SERVER and SUYUAN_DATA to name a running server and its folder.
BESIDE_A_SERVER = "<!-- runs beside a server -->"
_FENCE = re.compile(r"^```(?P<language>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def only_make(self) -> bool:
        """Whether it consists of make commands: they would start these tests, so only their targets are checked."""
        return self.language == "sh" and all(line.startswith("make") for line in self.text.splitlines())


def pages() -> list[Path]:
    """All pages of the documentation."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = _FENCE.finditer(text)
    return [
        Block(page, text.count("\n", 0, each.start()) + 2, each["language"].strip(), each["text"]) for each in found
    ]
