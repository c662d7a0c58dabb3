"""Names of what queries compare: one key for one field of an event, in whatever writing it is asked for.

The ledger keeps values under these keys beside the event's columns (`suyuan.trace.attributes`), and
`suyuan.epcis.query_parameters` asks by them. An extension is named by namespace and local name with one ``#`` between:
JSON-LD joins a prefix's namespace and the local name as they are, XML keeps them apart, and queries of EPCIS 1.x write
``namespace#name`` (8.2.7.1); the separator that a namespace ends in therefore says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from suyuan.epcis import context, units
from suyuan.epcis.events import Number

#: What a namespace may end in.
_ENDS = "#/:"
#: Numbers beyond this are compared by nobody.
_LARGEST = 1e300


class Family(StrEnum):
    """Where an extension stands in an event; the value begins its key."""

    EVENT = "extension"
    ILMD = "ilmd"
    ERROR_DECLARATION = "errorDeclaration"
    READ_POINT = "readPoint"
    BIZ_LOCATION = "bizLocation"
    SENSOR_ELEMENT = "sensorElement"
    SENSOR_METADATA = "sensorMetadata"
    SENSOR_REPORT = "sensorReport"


def qualified(name: str, namespaces: Mapping[str, str]) -> str | None:
    """Namespace and local name of an extension, joined; None where nobody defined the prefix."""
    parts = context.split(name, namespaces)
    return None if parts is None else joined(*parts)


def joined(namespace: str, local: str) -> str:
    """Namespace and local name joined. A full URI in no namespace is cut where its last word begins."""
    if not namespace:
        cut = max(local.rfind(end) for end in _ENDS) if "#" not in local else local.rfind("#")
        namespace, local = (local[:cut], local[cut + 1 :]) if cut > 0 else ("", local)
    return f"{namespace.rstrip(_ENDS)}#{local}"


def extension(family: Family, inner: bool, name: str) -> str:
    """Key of an extension's values; ``inner`` of what stands anywhere inside an extension (the INNER parameters)."""
    return f"{family}{'*' if inner else ''}:{name}"


def moment(key: str) -> str:
    """Key of those values of a field that are times: microseconds UTC are compared with times only."""
    return f"{key}@time"


def measured(attribute: str, uom: str, value: Number, *, difference: bool = False) -> tuple[str, float] | None:
    """Key and value of a number with a unit, in the unit that all of its kind are compared in.

    A unit that nobody here knows is compared with itself. ``difference``: a span, to which a scale's zero point is
    nothing (``sDev``). None of a number that no double holds.
    """
    try:
        plain = float(value)
    except OverflowError:
        return None
    if not abs(plain) < _LARGEST:
        return None
    base = (units.base_difference if difference else units.base_value)(uom, value)
    if base is not None and abs(base[1]) < _LARGEST:
        return f"{attribute}:{base[0]}", base[1]
    return f"{attribute}:~{uom}", plain
