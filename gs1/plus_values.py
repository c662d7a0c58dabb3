"""What each application identifier's value becomes on a "+" or "++" tag (TDS 2.3, 15.3, table F).

The values of an EPC's own AIs and of the AI data behind it ("+AIDC data") are written alike. No value comes from here
or goes to a tag that its AI does not allow.
"""

from __future__ import annotations

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.application_identifiers import check_value
from suyuan.gs1.epc_uri import Elements
from suyuan.gs1.plus_fields import PLAIN, SIZED, Bits, Field, take, two_parts

#: Table F: methods of the value's one or two parts, and the AIs that have them. ``d`` is so many digits of 4 bits,
#: ``n`` a number of so many digits, ``v`` one of up to so many, ``a`` up to so many characters, ``t`` digits and then
#: such characters. ``310-316:5`` are 3100 to 3105, 3110 to 3115, ... AIs 03 and 8014 are not for tags.
_TABLE_F = (
    ("d18", "00 8006 8017 8018 8026"),
    ("d14", "01 02"),
    ("d13", "410-417"),
    ("d2", "7241"),
    ("d13 a17", "253"),
    ("d13 v12", "255"),
    ("d14 a16", "8003"),
    ("n1", "7252"),
    ("n2", "20"),
    ("n3", "422 424 426"),
    ("n4", "394:3 8111"),
    ("n6", "310-316:5 320-337:5 340-357:5 360-369:5 395:3 8005"),
    ("n8", "7250"),
    ("n12", "7251"),
    ("n13", "7001"),
    ("n14", "8001"),
    ("n17", "402"),
    ("n20", "4309"),
    ("n3 a9", "421"),
    ("n3 a27", "7030-7039"),
    ("n3 v15", "391:9 393:9"),
    ("n6 minus", "4330-4333"),
    ("v4", "7004"),
    ("v6", "242"),
    ("v8", "30 37"),
    ("v10", "8019"),
    ("v12", "8011"),
    ("v15", "390:9 392:9 423 425"),
    ("date", "11-13 15-17 4326 7006"),
    ("minute", "4324 4325 7003"),
    ("range", "7007"),
    ("precise", "7011 8008"),
    ("country", "4307 4317"),
    ("bit", "4321-4323"),
    ("sequence", "7258"),
    ("t30", "7023 8004 8010"),
    ("a2", "7010"),
    ("a3", "427 7008"),
    ("a4", "7040 7041"),
    ("a10", "7009 7255"),
    ("a12", "7005"),
    ("a20", "10 21 22 243 254 420 4318 7020-7022 710-716 7240 8002 8012"),
    ("a24", "8007"),
    ("a25", "7242 8013 8020"),
    ("a28", "235"),
    ("a30", "240 241 250 251 400 401 403 4308 4319 7002 7230-7239 90"),
    ("a35", "4300 4301 4310 4311 4320"),
    ("a40", "7253 7254 7259"),
    ("a50", "8009"),
    ("a70", "4302-4306 4312-4316 7257 8110 8112 8200"),
    ("a90", "7256 8030 91-99"),
)


def _field(notation: str) -> Field:
    return PLAIN.get(notation) or SIZED[notation[0]](int(notation[1:]))


def _compose(notation: str) -> Field:
    first, _, second = notation.partition(" ")
    return two_parts(_field(first), int(first[1:]), _field(second)) if second else _field(first)


def _expand(ais: str) -> list[str]:
    found = []
    for word in ais.split():
        span, _, digits = word.partition(":")
        first, _, last = span.partition("-")
        for number in range(int(first), int(last or first) + 1):
            ai = f"{number:0{len(first)}d}"
            found += [f"{ai}{digit}" for digit in range(int(digits) + 1)] if digits else [ai]
    return found


#: How a tag writes the value of an AI: those that table F has.
FIELDS = {ai: _compose(notation) for notation, ais in _TABLE_F for ai in _expand(ais)}
#: Number of digits of an AI by its first two (table K).
KEY_LENGTHS = {ai[:2]: len(ai) for ai in FIELDS}


def write_value(ai: str, value: str) -> Bits:
    """The bits of an AI's value. Raises InvalidIdentifier, with the AI as its place, when the AI may not hold it."""
    check_value(ai, value)
    field = FIELDS.get(ai)
    if field is None:
        raise InvalidIdentifier(f"AI {ai} has no form on a tag", place=f"({ai})")
    try:
        return field.write(value)
    except InvalidIdentifier as refused:
        raise _placed(ai, refused) from None


def read_value(ai: str, bits: int, left: int) -> tuple[str, int]:
    """The value of an AI at the front of the lowest ``left`` bits, and the bits left after it. Raises as above.

    The AI must be one of `FIELDS`.
    """
    try:
        value, left = FIELDS[ai].read(bits, left)
    except InvalidIdentifier as refused:
        raise _placed(ai, refused) from None
    check_value(ai, value)
    return value, left


def _placed(ai: str, refused: InvalidIdentifier) -> InvalidIdentifier:
    return InvalidIdentifier(refused.detail, place=f"({ai})", remedy=refused.remedy)


def write_more(data: Elements) -> Bits:
    """AI values as they follow the EPC: each AI in digits of 4 bits, then its value ("+AIDC data", 15.3)."""
    bits = width = 0
    for ai, value in data:
        payload, payload_width = write_value(ai, value)
        bits = (bits << 4 * len(ai) | int(ai, 16)) << payload_width | payload
        width += 4 * len(ai) + payload_width
    return bits, width


def read_more(bits: int, left: int) -> tuple[Elements, int]:
    """The AI values that follow the EPC, and the number of bits left, which are zero and fewer than 16.

    Eight zero bits are AI 00 only when a whole SSCC follows (15.3).
    """
    data: list[tuple[str, str]] = []
    while left >= 16 or bits & (1 << left) - 1:
        if left < 80 and not bits & (1 << left) - 1:
            raise InvalidIdentifier(f"found {left} zero bits after the AI data, expected zeros up to the word only")
        ai, left = _read_key(bits, left)
        value, left = read_value(ai, bits, left)
        data.append((ai, value))
    return tuple(data), left


def _read_key(bits: int, left: int) -> tuple[str, int]:
    octet, left = take(bits, left, 8)
    ai = f"{octet:02X}"
    length = KEY_LENGTHS.get(ai)
    if length is None:
        raise InvalidIdentifier(f"found {ai} where an application identifier of the AI data begins")
    more, left = take(bits, left, 4 * length - 8)
    ai += f"{more:0{length - 2}X}" if length > 2 else ""
    if ai not in FIELDS:
        raise InvalidIdentifier(f"found AI {ai} in the AI data, expected one that a tag may carry")
    return ai, left
