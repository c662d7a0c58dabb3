"""How the fields of an LLRP message or parameter lie in bytes (LLRP 1.0.1, clauses 15 and 16: the binary encoding).

A layout is written as a line of text, in the order of the wire::

    GPITriggerValue  GPIPortNum:u16 GPIEvent:u1 -:7 Timeout:u32

``u``/``s`` and a number of bits is an integer, ``-`` reserved bits (written as zero, ignored when read); ``u8v``,
``u16v`` and ``u32v`` are counted arrays, ``u1v`` a counted bit string, ``utf8v`` counted text and ``rest`` the bytes to
the end.
"""

from __future__ import annotations

import struct
from typing import NamedTuple, Protocol

from suyuan.base.errors import InvalidFrame


class BitString(NamedTuple):
    """A ``u1v`` field: so many bits, from the left, of ``data``; the last byte's unused bits are kept as they came."""

    bits: int
    data: bytes


Value = int | str | bytes | tuple[int, ...] | BitString
_FORMATS = {"u8": "B", "s8": "b", "u16": "H", "s16": "h", "u32": "I", "u64": "Q", "u96": "12s"}
_ARRAYS = {"u16v": "H", "u32v": "I"}
#: A u1v, u8v, ... counts its elements in 16 bits.
_COUNT = struct.Struct(">H")


def malformed(detail: str, at: int) -> InvalidFrame:
    """The error for what stands at byte ``at`` of a message (the header's first byte is 0)."""
    return InvalidFrame(detail, place=f"byte {at} of the message")


class Step(Protocol):
    """One stretch of a layout: reads and writes ``fields`` values."""

    fields: int

    def read(self, data: bytes, at: int, end: int) -> tuple[tuple[Value, ...], int]:
        """The values at ``at`` and where the next stretch begins; `InvalidFrame` when they don't fit before ``end``."""

    def write(self, values: tuple[Value, ...]) -> bytes:
        """The bytes of the values; `InvalidFrame` when one doesn't fit its field."""


def _need(size: int, at: int, end: int) -> None:
    if at + size > end:
        raise malformed(f"{size} bytes of fields expected, {max(end - at, 0)} left", at)


def _refused(values: tuple[Value, ...], kind: str) -> InvalidFrame:
    return InvalidFrame(f"{str(values)[:60]} does not fit a field of type {kind}")


class Fixed:
    """Neighbouring fields of whole bytes."""

    def __init__(self, formats: str) -> None:
        self._struct = struct.Struct(f">{formats}")
        self.fields = len(self._struct.unpack(bytes(self._struct.size)))

    def read(self, data: bytes, at: int, end: int) -> tuple[tuple[Value, ...], int]:
        """See `Step.read`."""
        _need(self._struct.size, at, end)
        return self._struct.unpack_from(data, at), at + self._struct.size

    def write(self, values: tuple[Value, ...]) -> bytes:
        """See `Step.write`."""
        if any(isinstance(value, bytes) and len(value) != 12 for value in values):
            raise _refused(values, "u96")
        try:
            return self._struct.pack(*values)
        except struct.error:
            raise _refused(values, self._struct.format) from None


class Bits:
    """Neighbouring bit fields and reserved bits that fill whole bytes; a negative width is reserved."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        self._widths = widths
        self._size = sum(map(abs, widths)) // 8
        self.fields = sum(width > 0 for width in widths)

    def read(self, data: bytes, at: int, end: int) -> tuple[tuple[Value, ...], int]:
        """See `Step.read`."""
        _need(self._size, at, end)
        word = int.from_bytes(data[at : at + self._size])
        left, values = self._size * 8, []
        for width in self._widths:
            left -= abs(width)
            if width > 0:
                values.append(word >> left & ((1 << width) - 1))
        return tuple(values), at + self._size

    def write(self, values: tuple[Value, ...]) -> bytes:
        """See `Step.write`."""
        word, given = 0, iter(values)
        for width in self._widths:
            value = next(given) if width > 0 else 0
            if not isinstance(value, int) or not 0 <= value < 1 << abs(width):
                raise _refused(values, f"u{abs(width)}")
            word = word << abs(width) | value
        return word.to_bytes(self._size)


class Counted:
    """One counted field: ``u1v``, ``u8v``, ``u16v``, ``u32v`` or ``utf8v``."""

    fields = 1

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._element = _ARRAYS.get(kind)

    def _size(self, count: int) -> int:
        if self._kind == "u1v":
            return (count + 7) // 8
        return count * struct.calcsize(f">{self._element or 'B'}")

    def read(self, data: bytes, at: int, end: int) -> tuple[tuple[Value, ...], int]:
        """See `Step.read`. Text that isn't UTF-8 keeps its bytes as surrogates (PEP 383): some readers send others."""
        _need(2, at, end)
        (count,) = _COUNT.unpack_from(data, at)
        start, size = at + 2, self._size(count)
        _need(size, start, end)
        raw = data[start : start + size]
        return (self._value(count, raw),), start + size

    def _value(self, count: int, raw: bytes) -> Value:
        if self._kind == "utf8v":
            return raw.decode("utf-8", "surrogateescape")
        if self._kind == "u1v":
            return BitString(count, raw)
        return struct.unpack(f">{count}{self._element}", raw) if self._element else raw

    def write(self, values: tuple[Value, ...]) -> bytes:
        """See `Step.write`."""
        try:
            count, raw = self._raw(values[0])
            return _COUNT.pack(count) + raw
        except (struct.error, UnicodeEncodeError):
            raise _refused(values, self._kind) from None

    def _raw(self, value: Value) -> tuple[int, bytes]:
        if self._kind == "utf8v" and isinstance(value, str):
            raw = value.encode("utf-8", "surrogateescape")
            return len(raw), raw
        if self._kind == "u1v" and isinstance(value, BitString) and len(value.data) == self._size(value.bits):
            return value.bits, value.data
        if self._kind == "u8v" and isinstance(value, bytes):
            return len(value), value
        if self._element and isinstance(value, tuple) and not isinstance(value, BitString):
            return len(value), struct.pack(f">{len(value)}{self._element}", *value)
        raise _refused((value,), self._kind)


class Rest:
    """The bytes to the end of the message or parameter."""

    fields = 1

    def read(self, data: bytes, at: int, end: int) -> tuple[tuple[Value, ...], int]:
        """See `Step.read`."""
        return (data[at:end],), end

    def write(self, values: tuple[Value, ...]) -> bytes:
        """See `Step.write`."""
        if not isinstance(values[0], bytes):
            raise _refused(values, "rest")
        return values[0]


class Layout:
    """Number, name and fields of one kind of message or parameter; ``nests`` where parameters follow the fields."""

    def __init__(self, line: str) -> None:
        number, name, *fields = line.split()
        self.number = int(number)
        self.nests = name.endswith("+")
        self.name = name.rstrip("+")
        pairs = [field.rsplit(":", 1) for field in fields]
        self.names = tuple(name for name, _ in pairs if name != "-")
        self.defaults = tuple(_DEFAULTS.get(kind, 0) for name, kind in pairs if name != "-")
        self._steps = tuple(_steps([("-" if name == "-" else "", kind) for name, kind in pairs]))

    def read(self, data: bytes, at: int, end: int) -> tuple[tuple[Value, ...], int]:
        """The values of the fields that begin at ``at``, and where they end. Raises `InvalidFrame`."""
        values: tuple[Value, ...] = ()
        for step in self._steps:
            more, at = step.read(data, at, end)
            values += more
        return values, at

    def write(self, values: tuple[Value, ...]) -> bytes:
        """The bytes of the fields. Raises `InvalidFrame` when a value doesn't fit or one is missing."""
        if len(values) != len(self.names):
            raise InvalidFrame(f"{self.name} has {len(self.names)} fields, not {len(values)}")
        parts, at = [], 0
        for step in self._steps:
            parts.append(step.write(values[at : at + step.fields]))
            at += step.fields
        return b"".join(parts)


_DEFAULTS: dict[str, Value] = {
    "u1v": BitString(0, b""),
    "u8v": b"",
    "u16v": (),
    "u32v": (),
    "u96": bytes(12),
    "utf8v": "",
    "rest": b"",
}


def _steps(pairs: list[tuple[str, str]]) -> list[Step]:
    """Neighbours of whole bytes become one `Fixed`, neighbouring bits one `Bits`."""
    steps: list[Step] = []
    formats = ""
    widths: list[int] = []
    for mark, kind in [*pairs, ("", "")]:
        is_bits = mark == "-" or kind in {"u1", "u2"}
        if formats and kind not in _FORMATS:
            steps.append(Fixed(formats))
            formats = ""
        if widths and not is_bits:
            steps.append(Bits(tuple(widths)))
            widths = []
        if is_bits:
            widths.append(-int(kind) if mark == "-" else int(kind[1:]))
        elif kind in _FORMATS:
            formats += _FORMATS[kind]
        elif kind:
            steps.append(Rest() if kind == "rest" else Counted(kind))
    return steps


def read_table(text: str) -> tuple[Layout, ...]:
    """The layouts of a table in which a line that begins with a blank continues the one before it."""
    return tuple(Layout(line) for line in text.replace("\n    ", " ").strip().splitlines())
