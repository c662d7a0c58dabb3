"""AI data in a tag's user memory, as packed objects of data format 9 (TDS 2.3, 17 and annexes I to M; ISO/IEC 15962).

The memory is one byte that names method and format (DSFID), objects, and a zero byte. An object says which identifiers
it holds, which secondary choices and lengths they have, and then all digits and characters in as few bits as may be. We
write one object with a list of identifiers; we read any number of them, lists and maps, and step over padding and
directories. What we do not read is refused by name: edited objects (addenda), restricted use, and the compaction of the
No-Directory method.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.application_identifiers import check_value
from suyuan.gs1.epc_uri import Elements
from suyuan.gs1.packed_table import FORMAT_9, Component, Entry, Identifier, IdTable, Part
from suyuan.gs1.packed_text import BitReader, read_digits, read_text, write_digits, write_text, write_vector

#: Packed objects (10), no second byte (0), data format 9 (01001).
DSFID = 0x89
#: Most bytes of user memory that are looked at: more than any tag has.
LONGEST = 8192
#: Shortest length of an object in bytes that is not taken for something else (I.4.2).
_SHORTEST = 4

#: First bytes that are no object (I.4).
_PADDING, _RUN_OF_PADDING, _DIRECTORY_POINTER = 0x04, 0x05, 0x07
#: First six bits that change what an object is.
_LIST_FLAGS, _MAP_FLAGS = 0b000010, 0b000011


def decode(memory: bytes) -> Elements:
    """The AI values in a user memory bank, in its order; bytes behind the terminating zero byte do not matter.

    Raises InvalidIdentifier for another data storage format, for objects that end too early, hold something else than
    the AI table knows, or are of a kind that is not read here, and for a value that its AI does not allow.
    """
    if not memory or memory[0] != DSFID:
        first = f"{memory[0]:02X}" if memory else "nothing"
        raise InvalidIdentifier(f"user memory begins with {first}, expected {DSFID:02X} for packed objects with AIs")
    if len(memory) > LONGEST:
        raise InvalidIdentifier(f"user memory has {len(memory)} bytes, expected at most {LONGEST}")
    data: list[tuple[str, str]] = []
    at = 1
    while at < len(memory) and memory[at]:
        found, at = _read_pattern(memory, at)
        data += found
    for ai, value in data:
        check_value(ai, value)
    _check_once(ai for ai, _ in data)
    return tuple(data)


def _check_once(ais: Iterable[str]) -> None:
    seen: set[str] = set()
    for ai in ais:
        if ai in seen:
            raise InvalidIdentifier(f"AI {ai} is in the user memory twice, expected once", place=f"({ai})")
        seen.add(ai)


def encode(data: Elements) -> bytes:
    """The user memory bank for AI values: its first byte, one packed object, a zero byte; nothing for no values.

    The order is kept, but for AIs that the table has as a pair. Raises InvalidIdentifier for an AI that the table does
    not have, or not alone (02 without 37), and for a value that its AI does not allow.
    """
    for ai, value in data:
        check_value(ai, value)
    _check_once(ai for ai, _ in data)
    return bytes([DSFID]) + (write_object(data, FORMAT_9) if data else b"") + b"\0"


# What is written.


def write_object(data: Elements, table: IdTable) -> bytes:
    """One packed object with a list of ID values. Raises InvalidIdentifier for what the table cannot express."""
    values = dict(data)
    ids, secondary, chosen = [], "", []
    left = dict.fromkeys(values)
    for ai in values:
        if ai in left:
            value, picks = _find_entry(ai, left, table)
            ids.append(value)
            secondary += "".join(_secondary_bits(component, name) for component, name in picks)
            for component, name in picks:
                if name is not None:
                    del left[name]
                    chosen.append((name, _identifier(component, name).parts))
    aux, digits, characters = _write_values(chosen, values)
    body = write_vector(len(ids) - 1, 3) + _write_ids(ids, table.size) + secondary + "1" + aux + digits
    return _frame(body + write_text(characters))


def _find_entry(ai: str, left: Iterable[str], table: IdTable) -> tuple[int, list[tuple[Component, str | None]]]:
    """The ID value that covers this AI and as many others of the ones left as it can."""
    found = []
    for value in table.values.get(ai, ()):
        picks = [(component, _pick(component, ai, left)) for component in table.entries[value]]
        if all(name or component.optional for component, name in picks):
            found.append((value, picks))
    if not found:
        raise InvalidIdentifier(
            f"AI {ai} has no place in user memory, expected one of the registered table, 02 with 37, 254 with 414,"
            " 415 with 8020",
            place=f"({ai})",
        )
    return max(found, key=lambda choice: sum(name is not None for _, name in choice[1]))


def _pick(component: Component, ai: str, left: Iterable[str]) -> str | None:
    """The AI for one component: the wanted one where it may stand there, else any that is left."""
    return ai if ai in component.places else next((name for name in left if name in component.places), None)


def _identifier(component: Component, name: str) -> Identifier:
    identifier = component.alternatives[component.places[name][0]]
    assert identifier is not None  # noqa: S101 - an AI has a place where there is an identifier only
    return identifier


def _secondary_bits(component: Component, name: str | None) -> str:
    bits = "01"[name is not None] if component.optional else ""
    if name is not None:
        number, digit = component.places[name]
        bits += _number(number, component.choice_bits) + _number(digit, _identifier(component, name).digit_bits)
    return bits


def _number(number: int, width: int) -> str:
    return f"{number:0{width}b}" if width else ""


def _write_ids(ids: list[int], size: int) -> str:
    """Pairs of ID values as one number; the last one alone where their count is odd (I.5.3)."""
    single, pair = (size - 1).bit_length(), (size * size - 1).bit_length()
    bits = [_number(ids[at] * size + ids[at + 1], pair) for at in range(0, len(ids) - 1, 2)]
    return "".join(bits) + (_number(ids[-1], single) if len(ids) % 2 else "")


def _write_values(chosen: list[tuple[str, tuple[Part, ...]]], values: dict[str, str]) -> tuple[str, str, str]:
    """Length bits, digits in bits, and the characters that are to be written as text."""
    aux, digits, text = [], "", ""
    for ai, parts in chosen:
        for part, piece in zip(parts, _split(ai, parts, values[ai]), strict=True):
            aux.append((part.numeric, _length_bits(part, len(piece))))
            if part.numeric:
                digits += write_digits(piece)
            else:
                text += piece
    # What is last among the characters ends where they end: its length is not written (I.7.2).
    last = max((place for place, (numeric, _) in enumerate(aux) if not numeric), default=-1)
    return "".join(bits for place, (_, bits) in enumerate(aux) if place != last), digits, text


def _split(ai: str, parts: tuple[Part, ...], value: str) -> list[str]:
    """The value cut into its parts. Raises InvalidIdentifier when one does not hold what is in it."""
    pieces = [value[: parts[0].least], value[parts[0].least :]] if len(parts) > 1 else [value]
    for part, piece in zip(parts, pieces, strict=True):
        if not part.least <= len(piece) <= (part.most or len(piece)) or (
            part.numeric and piece and not (piece.isascii() and piece.isdigit())
        ):
            raise InvalidIdentifier(
                f"value {value[:60]!a} has no place in user memory, expected {_words(parts)}", place=f"({ai})"
            )
    _check_clear(ai, parts, pieces[-1])
    return pieces


def _words(parts: tuple[Part, ...]) -> str:
    return " and ".join(
        f"{part.least} to {part.most or 'any number of'} {'digits' if part.numeric else 'characters'}" for part in parts
    )


def _check_clear(ai: str, parts: tuple[Part, ...], last: str) -> None:
    """Refuse digits behind digits: whether they are one number or two, the standard does not say (255 and 7011)."""
    if len(parts) > 1 and parts[-1].numeric and last:
        raise InvalidIdentifier(
            f"the digits {last} behind the first {parts[0].least} have no sure form in user memory", place=f"({ai})"
        )


def _length_bits(part: Part, count: int) -> str:
    """The length of a part (I.7.2): a number where there are few lengths or very many, else 4 bits and more."""
    more = count - part.least
    if part.most is not None and not 8 <= part.most - part.least <= 44:
        return _number(more, (part.most - part.least).bit_length())
    groups, rest = divmod(more, 15)
    if groups < 3:
        return "1111" * groups + _number(rest, 4)
    return "1" * 12 + write_vector(more - 44, 6)


def _frame(body: str) -> bytes:
    """The object with its length, padded to bytes; a length that would mean something else is made longer (I.4.2)."""
    flags = ""
    length = _SHORTEST
    while True:
        bits = flags + write_vector(length, 6) + "0" + body
        needed = -(-len(bits) // 8)
        if needed == length:
            break
        if needed < _SHORTEST:
            flags = f"{_LIST_FLAGS:06b}00"
        length = max(needed, _SHORTEST)
    if padding := -len(bits) % 8:
        bits = flags + write_vector(length, 6) + "1" + body + "1".ljust(padding, "0")
    return int(bits, 2).to_bytes(length, "big")


# What is read.


def _read_pattern(memory: bytes, at: int) -> tuple[list[tuple[str, str]], int]:
    """What begins at a byte of memory that is not zero, and where the next begins (I.4)."""
    first = memory[at]
    if first == _PADDING:
        return [], at + 1
    if first in {_RUN_OF_PADDING, _DIRECTORY_POINTER}:
        reader = _reader(memory, at + 1)
        number = reader.vector(8)
        behind = len(memory) - reader.left // 8
        after = at + 1 + number if first == _RUN_OF_PADDING else behind
        if after < behind:
            raise InvalidIdentifier(f"padding of {number} bytes at byte {at} of user memory ends before its length")
        return [], after
    return read_object(memory, at, FORMAT_9)


def _reader(memory: bytes, at: int) -> BitReader:
    return BitReader(int.from_bytes(memory[at:], "big"), 8 * (len(memory) - at))


def read_object(memory: bytes, at: int, table: IdTable) -> tuple[list[tuple[str, str]], int]:
    """The AIs and values of the packed object that begins at a byte, and where the next begins.

    Raises InvalidIdentifier for an object that ends too early, is of a kind that is not read, or uses reserved values.
    The values are not held to the rules of their AIs.
    """
    first = memory[at]
    reader = _reader(memory, at)
    if first >> 2 == _MAP_FLAGS:
        reader.take(6)
        ids, directory = _read_map(reader, table)
        reader, end = _read_length(reader, memory, at)
        return ([] if directory else _read_data(reader, ids, table)), end
    flags = 0
    if first >> 2 == _LIST_FLAGS:
        flags = reader.take(8) & 3
        if flags & 1:
            raise InvalidIdentifier(f"packed object at byte {at} is edited by an addendum, which is not read here")
    elif first < _SHORTEST << 2:
        raise InvalidIdentifier(f"packed object at byte {at} begins with {first:02X}, which is reserved")
    reader, end = _read_length(reader, memory, at)
    return _read_data(reader, _read_lists(reader, table) if flags else _read_ids(reader, table.size), table), end


def _read_length(reader: BitReader, memory: bytes, at: int) -> tuple[BitReader, int]:
    """A reader that ends where the object does, and the byte behind it."""
    length, padded = reader.vector(6), reader.take(1)
    taken = 8 * (len(memory) - at) - reader.left
    end = at + length
    if end > len(memory) or 8 * length < taken:
        raise InvalidIdentifier(f"packed object at byte {at} has {length} bytes, expected up to {len(memory) - at}")
    last = memory[end - 1]
    if padded and not last:
        raise InvalidIdentifier(f"packed object at byte {at} ends with a byte of padding, expected 7 bits at most")
    padding = (last & -last).bit_length() if padded else 0
    total = 8 * length - padding
    within = BitReader(int.from_bytes(memory[at:end], "big") >> padding, total)
    within.take(taken)
    return within, end


def _read_ids(reader: BitReader, size: int) -> list[int]:
    """A list of ID values behind their number."""
    count = reader.vector(3) + 1
    ids: list[int] = []
    while len(ids) < count - 1:
        both = reader.take((size * size - 1).bit_length())
        ids += [both // size, both % size]
    if count % 2:
        ids.append(reader.take((size - 1).bit_length()))
    return ids


def _read_lists(reader: BitReader, table: IdTable) -> list[int]:
    """Lists that name their tables, which must be ours (I.5.1)."""
    ids: list[int] = []
    more = 1
    while more:
        _read_indicator(reader, table)
        ids += _read_ids(reader, table.size)
        _read_use(reader)
        more = reader.take(1)
    return ids


def _read_indicator(reader: BitReader, table: IdTable) -> None:
    """The application indicator behind its first bit: no other registration, size and number of our table (I.5.3)."""
    if reader.take(1):
        raise InvalidIdentifier(f"packed object is of data format {reader.take(9)}, expected 9")
    pattern = f"{reader.take(len(table.size_pattern)):0{len(table.size_pattern)}b}"
    subset = reader.take(3)
    if (pattern, subset) != (table.size_pattern, 0):
        raise InvalidIdentifier(f"packed object uses ID table {pattern} {subset}, expected {table.size_pattern} 0")


def _read_use(reader: BitReader) -> None:
    if reader.take(1):
        raise InvalidIdentifier("packed object is encoded for restricted use, which is not read here")


def _read_map(reader: BitReader, table: IdTable) -> tuple[list[int], bool]:
    """The ID values of a map section, and whether it is a directory, which has no values (I.9)."""
    maps = []
    more = 1
    while more:
        _read_indicator(reader, table)
        maps.append(reader.take(table.size) if reader.take(1) else 0)
        _read_use(reader)
        more = reader.take(1)
    directory = bool(reader.take(1))
    if directory and reader.take(1):
        _skip_index(reader, len(maps), table.size)
    if reader.take(1):
        raise InvalidIdentifier("packed object is edited by an addendum, which is not read here")
    return [place for bits in maps for place in range(table.size) if bits >> table.size - 1 - place & 1], directory


def _skip_index(reader: BitReader, maps: int, size: int) -> None:
    """Step over where a directory says that things are (I.9.2)."""
    for _ in range(maps):
        reader.take(reader.take(3) * size)
    if reader.take(1):
        reader.take(6 * reader.vector(6))


def _read_data(reader: BitReader, ids: list[int], table: IdTable) -> list[tuple[str, str]]:
    """Secondary ID bits, lengths, digits and characters of the identifiers."""
    chosen = list(chain.from_iterable(_read_names(reader, value, table) for value in ids))
    if not reader.take(1):
        raise InvalidIdentifier("packed object is compacted by the No-Directory method, which is not read here")
    parts = [part for _, of in chosen for part in of]
    last = max((place for place, part in enumerate(parts) if not part.numeric), default=-1)
    lengths = [
        _read_length_bits(reader, part) if place != last or part.least == part.most else -1
        for place, part in enumerate(parts)
    ]
    digits = [read_digits(reader, size) if part.numeric else "" for part, size in zip(parts, lengths, strict=True)]
    return list(_join(chosen, lengths, digits, read_text(reader)))


def _read_names(reader: BitReader, value: int, table: IdTable) -> list[tuple[str, tuple[Part, ...]]]:
    """The AIs that an ID value stands for, by its secondary ID bits."""
    entry: Entry | None = table.entries.get(value)
    if entry is None:
        raise InvalidIdentifier(f"ID value {value} in user memory is reserved")
    found = []
    for component in entry:
        if component.optional and not reader.take(1):
            continue
        place = reader.take(component.choice_bits)
        identifier = component.alternatives[place] if place < len(component.alternatives) else None
        digit = reader.take(identifier.digit_bits) if identifier else 0
        if identifier is None or digit >= len(identifier.names):
            raise InvalidIdentifier(f"choice {place} {digit} of ID value {value} in user memory is reserved")
        found.append((identifier.names[digit], identifier.parts))
    return found


def _read_length_bits(reader: BitReader, part: Part) -> int:
    if part.most is not None and not 8 <= part.most - part.least <= 44:
        more = reader.take((part.most - part.least).bit_length())
    else:
        more = rest = reader.take(4)
        for _ in range(2):
            if rest == 15:
                rest = reader.take(4)
                more += rest
        if more == 45:
            more = 44 + reader.vector(6)
    if part.most is not None and part.least + more > part.most:
        raise InvalidIdentifier(f"length {part.least + more} in user memory is above {part.most}")
    return part.least + more


def _join(
    chosen: list[tuple[str, tuple[Part, ...]]], lengths: list[int], digits: list[str], text: str
) -> Iterable[tuple[str, str]]:
    """The values from their digits and characters. A length of -1 is that of all characters that are left."""
    place = 0
    for ai, parts in chosen:
        value = piece = ""
        for part in parts:
            piece = digits[place]
            if not part.numeric:
                size = lengths[place] if lengths[place] >= 0 else len(text)
                piece, text = text[:size], text[size:]
                if len(piece) != size:
                    raise InvalidIdentifier(f"user memory has {len(piece)} characters for AI {ai}, expected {size}")
            value += piece
            place += 1
        _check_clear(ai, parts, piece)
        yield ai, value
    if text:
        raise InvalidIdentifier(f"user memory has {len(text)} characters behind the last AI, expected none")
