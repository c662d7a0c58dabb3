"""LLRP 1.0.1 on the wire, sans I/O: bytes to frames to messages and back (clause 15, binary encoding).

A *frame* is one whole message as bytes; `Frames` cuts a byte stream into them. `decode` makes a frozen tree of it,
`encode` bytes of the tree. What isn't in the tables (later versions, vendors) is kept as opaque bytes under the name
`UNKNOWN`; every malformed input is an `InvalidFrame`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

from suyuan.base.errors import InvalidFrame
from suyuan.readers.llrp_fields import Layout, Value, malformed
from suyuan.readers.llrp_messages import MESSAGE_NUMBERS, MESSAGES
from suyuan.readers.llrp_parameters import FIRST_TLV, PARAMETER_NUMBERS, PARAMETERS

#: Version and type, length, message ID.
HEADER = struct.Struct(">HII")
TLV_HEADER = struct.Struct(">HH")
#: Frames of 1.4 MB have been recorded from readers that buffered; more than this is taken for garbage.
FRAME_LIMIT = 2 * 1024 * 1024
#: LLRP 1.0.1 and 1.1; a reader that is spoken to in 1.0.1 answers in it.
VERSIONS = (1, 2)
#: The standard's deepest nesting is eight.
DEPTH_LIMIT = 16
#: Name of a message or parameter whose number isn't in the tables: its values are the number and the bytes.
UNKNOWN = "UNKNOWN"


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One whole message as bytes, header included; ``number`` is its type."""

    number: int
    id: int
    data: bytes


class Parameter(msgspec.Struct, frozen=True):
    """A parameter: its name, the values of its fields in the table's order, and the parameters in it."""

    name: str
    values: tuple[Value, ...] = ()
    parameters: tuple[Parameter, ...] = ()

    def __getitem__(self, field: str) -> Value:
        """The value of a field; `InvalidFrame` where this parameter has no such field."""
        return _value(PARAMETERS.get(self.name), self.values, field)

    def number(self, field: str) -> int:
        """The value of an integer field."""
        value = self[field]
        return value if isinstance(value, int) else 0

    def find(self, name: str) -> Parameter | None:
        """The first parameter of that name in this one, not deeper."""
        return next((item for item in self.parameters if item.name == name), None)


class Message(msgspec.Struct, frozen=True):
    """A message: its name, ID, the values of its fields in the table's order, and the parameters in it."""

    name: str
    id: int = 0
    values: tuple[Value, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    version: int = 1

    def __getitem__(self, field: str) -> Value:
        """The value of a field; `InvalidFrame` where this message has no such field."""
        return _value(MESSAGES.get(self.name), self.values, field)

    def number(self, field: str) -> int:
        """The value of an integer field."""
        value = self[field]
        return value if isinstance(value, int) else 0

    def find(self, *path: str) -> Parameter | None:
        """The first parameter along a path of names, from the message's own parameters down."""
        found: Message | Parameter | None = self
        for name in path:
            inner = found.parameters if found is not None else ()
            found = next((item for item in inner if item.name == name), None)
        return found if isinstance(found, Parameter) else None


def _value(layout: Layout | None, values: tuple[Value, ...], field: str) -> Value:
    if layout is None or field not in layout.names:
        raise InvalidFrame(f"{layout.name if layout else UNKNOWN} has no field {field}")
    return values[layout.names.index(field)]


def _values(table: dict[str, Layout], name: str, given: dict[str, Value]) -> tuple[Value, ...]:
    layout = _known(table, name)
    unknown = given.keys() - set(layout.names)
    if unknown:
        raise InvalidFrame(f"{layout.name} has no field {min(unknown)}")
    return tuple(given.get(field, default) for field, default in zip(layout.names, layout.defaults, strict=True))


def _known(table: dict[str, Layout], name: str) -> Layout:
    layout = table.get(name)
    if layout is None:
        raise InvalidFrame(f"LLRP has nothing called {name[:60]}")
    return layout


def parameter(name: str, *parameters: Parameter, **fields: Value) -> Parameter:
    """A parameter to send; fields that aren't given are zero or empty."""
    return Parameter(name, _values(PARAMETERS, name, fields), parameters)


def message(name: str, *parameters: Parameter, id: int = 0, **fields: Value) -> Message:  # noqa: A002  the standard's word
    """A message to send; fields that aren't given are zero or empty."""
    return Message(name, id, _values(MESSAGES, name, fields), parameters)


class Frames:
    """Cuts a byte stream into frames.

    A header that can't be one is an `InvalidFrame`, once all frames before it have been given out; the stream is lost
    then (LLRP has no way to find the next message), and every later call raises the same.
    """

    def __init__(self, limit: int = FRAME_LIMIT) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._passed = 0

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Add bytes and iterate over the frames that are whole now. Raises `InvalidFrame` with the stream's offset."""
        self._buffer += data
        at = 0
        try:
            while (frame := self._frame(at)) is not None:
                at += len(frame.data)
                yield frame
        finally:
            del self._buffer[:at]
            self._passed += at

    def _frame(self, at: int) -> Frame | None:
        if len(self._buffer) - at < HEADER.size:
            return None
        head, length, number = HEADER.unpack_from(self._buffer, at)
        problem = _header_problem(head, length, self._limit)
        if problem:
            raise InvalidFrame(problem, place=f"byte {self._passed + at} of the stream")
        if len(self._buffer) - at < length:
            return None
        return Frame(head & 0x3FF, number, bytes(self._buffer[at : at + length]))


def _header_problem(head: int, length: int, limit: int) -> str | None:
    if head >> 13:
        return f"an LLRP header begins with three zero bits, not with {head:04X}"
    if head >> 10 not in VERSIONS:
        return f"LLRP version {head >> 10} is not one of {VERSIONS}"
    if not HEADER.size <= length <= limit:
        return f"message length {length} is not between {HEADER.size} and {limit}"
    return None


def decode(frame: Frame) -> Message:
    """The message in a frame. Raises `InvalidFrame` with the offset in the message."""
    end = len(frame.data)
    head = int.from_bytes(frame.data[:2])
    layout = MESSAGE_NUMBERS.get(frame.number)
    if layout is None:
        return Message(UNKNOWN, frame.id, (frame.number, frame.data[HEADER.size :]), (), head >> 10)
    values, at = layout.read(frame.data, HEADER.size, end)
    inner = _inner(layout, frame.data, at, end, 1)
    return Message(layout.name, frame.id, values, inner, head >> 10)


def _inner(layout: Layout, data: bytes, at: int, end: int, depth: int) -> tuple[Parameter, ...]:
    if at < end and not layout.nests:
        raise malformed(f"{end - at} bytes too many in {layout.name}", at)
    if depth > DEPTH_LIMIT:
        raise malformed(f"parameters nest deeper than {DEPTH_LIMIT}", at)
    found = []
    while at < end:
        one, at = _parameter(data, at, end, depth)
        found.append(one)
    return tuple(found)


def _parameter(data: bytes, at: int, end: int, depth: int) -> tuple[Parameter, int]:
    if data[at] & 0x80:
        tv = PARAMETER_NUMBERS.get(data[at] & 0x7F)
        if tv is None:
            raise malformed(f"TV parameter {data[at] & 0x7F} is not known", at)
        values, after = tv.read(data, at + 1, end)
        return Parameter(tv.name, values), after
    number, stop = tlv_bounds(data, at, end)
    layout = PARAMETER_NUMBERS.get(number)
    if layout is None:
        return Parameter(UNKNOWN, (number, data[at + TLV_HEADER.size : stop])), stop
    values, after = layout.read(data, at + TLV_HEADER.size, stop)
    return Parameter(layout.name, values, _inner(layout, data, after, stop, depth + 1)), stop


def tlv_bounds(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Type and end of the TLV parameter at ``at``. Raises `InvalidFrame` when it isn't one or goes beyond ``end``."""
    if end - at < TLV_HEADER.size:
        raise malformed(f"{end - at} bytes are too few for a parameter", at)
    head, length = TLV_HEADER.unpack_from(data, at)
    number = head & 0x3FF
    if number < FIRST_TLV:
        raise malformed(f"parameter {number} is TV, found as TLV", at)
    if not TLV_HEADER.size <= length <= end - at:
        raise malformed(f"length {length} of parameter {number} is not between {TLV_HEADER.size} and {end - at}", at)
    return number, at + length


def encode(message: Message) -> bytes:
    """The frame of a message. Raises `InvalidFrame` when a value doesn't fit its field."""
    if message.name == UNKNOWN:
        number, body = _opaque(message.values, 0)
    else:
        layout = _known(MESSAGES, message.name)
        number, body = layout.number, layout.write(message.values)
    body += b"".join(map(_encoded, message.parameters))
    if not 0 <= message.id < 1 << 32 or message.version not in VERSIONS:
        raise InvalidFrame(f"message ID {message.id} or version {message.version} does not fit")
    return HEADER.pack(message.version << 10 | number, HEADER.size + len(body), message.id) + body


def _opaque(values: tuple[Value, ...], lowest: int) -> tuple[int, bytes]:
    if len(values) == 2 and isinstance(values[0], int) and lowest <= values[0] < 1024 and isinstance(values[1], bytes):
        return values[0], values[1]
    raise InvalidFrame(f"{UNKNOWN} has a number of {lowest} to 1023 and bytes")


def _encoded(item: Parameter) -> bytes:
    if item.name == UNKNOWN:
        number, body = _opaque(item.values, FIRST_TLV)
    else:
        layout = _known(PARAMETERS, item.name)
        number, body = layout.number, layout.write(item.values)
    if number < FIRST_TLV:
        return bytes((number | 0x80,)) + body
    body += b"".join(map(_encoded, item.parameters))
    if len(body) + TLV_HEADER.size > 0xFFFF:
        raise InvalidFrame(f"{item.name} of {len(body)} bytes does not fit a parameter")
    return TLV_HEADER.pack(number, TLV_HEADER.size + len(body)) + body
