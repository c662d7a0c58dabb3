"""The exception tree: what is drawn is what is there."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator

import pytest

from suyuan.base import errors
from suyuan.base.errors import Refused, SuyuanError


def walk(kind: type[SuyuanError] = SuyuanError, depth: int = 0) -> Iterator[tuple[int, type[SuyuanError]]]:
    yield depth, kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from walk(child, depth + 1)


KINDS = [kind for _, kind in walk()]


def test_the_drawing_is_the_tree() -> None:
    drawn = re.findall(r"^    ([│├└─ ]*)([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE)
    assert [(len(lead) // 4, name) for lead, name in drawn] == [(depth, kind.__name__) for depth, kind in walk()]


def test_the_drawing_names_the_statuses() -> None:
    for name, status in re.findall(r"─ (\w+) +([0-9]{3})[: ]", errors.__doc__ or "", re.MULTILINE):
        assert getattr(errors, name).status == int(status)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_name_a_status_and_a_sentence(kind: type[SuyuanError]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.slug)
    assert (kind.__doc__ or "").splitlines()[0].endswith(".")
    assert (400 <= kind.status < 500) == issubclass(kind, Refused)
    assert kind().detail == (kind.__doc__ or "").splitlines()[0]


def test_names_are_unique() -> None:
    assert len({kind.slug for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_crosses_processes(kind: type[SuyuanError]) -> None:
    error = pickle.loads(pickle.dumps(kind("why", place="/here", remedy="do that")))
    assert type(error) is kind
    assert (error.detail, error.place, error.remedy) == ("why", "/here", "do that")


def test_the_text_is_place_detail_and_remedy() -> None:
    assert str(SuyuanError("why")) == "why"
    assert str(SuyuanError("why", place="/here")) == "/here: why"
    assert str(SuyuanError("why", place="/here", remedy="do that")) == "/here: why (do that)"
