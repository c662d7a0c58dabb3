"""Values of an event that queries ask for beside its columns: lists, ILMD, extensions, sensor reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from suyuan.epcis.events import Event


class Attribute(NamedTuple):
    """One row of `attr`: the field, and its value as text, as number, or both."""

    field: str
    value: str | None
    number: float | None = None


#: Longest text kept for comparison, in bytes of UTF-8; the payload has the whole. It holds any identifier that capture
#: takes, and an index of PostgreSQL refuses a row of more than 2,704 bytes.
_TEXT = 2_000
#: So many characters always fit: none takes more than four bytes.
_SHORT = _TEXT // 4
#: Numbers beyond this lose their text form but not their order.
_LARGEST = 1e300


def attributes(event: Event) -> list[Attribute]:
    """Everything that is compared by name, in the order of the event."""
    return [
        *_lists(event),
        *_members("ilmd", getattr(event, "ilmd", None)),
        *_members("", event.extensions),
        *_sensors(event),
    ]


def _lists(event: Event) -> Iterator[Attribute]:
    for transaction in event.biz_transaction_list:
        yield Attribute(f"bizTransaction:{transaction.type or ''}", _cut(transaction.id))
    for source in event.source_list:
        yield Attribute(f"source:{source.type}", _cut(source.id))
    for destination in event.destination_list:
        yield Attribute(f"destination:{destination.type}", _cut(destination.id))
    if event.persistent_disposition:
        for word in event.persistent_disposition.set:
            yield Attribute("persistentDisposition:set", _cut(word))
        for word in event.persistent_disposition.unset:
            yield Attribute("persistentDisposition:unset", _cut(word))


def _members(family: str, members: dict[str, Any] | None) -> Iterator[Attribute]:
    """Top-level scalar members; nested ones stay in the payload."""
    for name, value in (members or {}).items():
        if isinstance(value, str):
            yield Attribute(_cut(f"{family}:{name}"), _cut(value))
        elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST:
            yield Attribute(_cut(f"{family}:{name}"), str(value), float(value))


def _sensors(event: Event) -> Iterator[Attribute]:
    for element in event.sensor_element_list:
        for report in element.reports:
            if report.type and report.value is not None and abs(report.value) < _LARGEST:
                yield Attribute(f"sensor:{report.type}:{report.uom or ''}", None, float(report.value))


def _cut(text: str) -> str:
    """The beginning of a long text, cut between characters."""
    return text if len(text) <= _SHORT else text.encode()[:_TEXT].decode(errors="ignore")
