"""The host name in a "++" tag: whose Digital Links name the thing (TDS 2.3, 14.5.16).

It is written in URN Code 40, or in characters of 7 bits, of which the codes that are no character stand for what host
names often begin and end with. The standard lets a host name hold any of the 82 characters; here it is a host name, so
that nobody can hide a path or a user name in a link that is made from a tag.
"""

from __future__ import annotations

import re
from functools import lru_cache

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.plus_fields import Bits, is_code40, read_code40, take, write_code40

#: Longest host name in characters, and largest number of 7-bit codes: the length has 6 bits.
LONGEST = 63
#: Host names remembered: the tags of one run have one or a few. At most about 0.5 MB.
_REMEMBERED = 1_024

_is_hostname = re.compile(r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*(?::[0-9]{1,5})?").fullmatch

#: Codes of 7 bits for more than one character (optimisation table A).
_SHORT = {
    "qr.": 0x1E, "www.": 0x1F, "id.": 0x20, ".com": 0x5B, ".org": 0x5C, ".net": 0x5D, ".int": 0x5E, ".edu": 0x60,
    ".gov": 0x7B, ".mil": 0x7C, ".biz": 0x7D, ".eco": 0x7E, ".med": 0x7F,
}  # fmt: skip
#: What 14 bits stand for: the first 7 choose one of four rows (tables B1 to B4), the last 7 count along it.
_LONG = (
    (
        "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo bq br bs bt bw by bz "
        "ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh er es et eu fi fj fk "
        "fm fo fr ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is "
        "it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li"
    ),
    (
        "lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl "
        "no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl "
        "sm sn sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug us uy uz va vc ve vg vi "
        "vn vu wf ws ye yt za zm zw"
    ),
    (
        "com.au net.au org.au co.at com.bd co.bd com.br net.br co.nz com.ng com.pk co.in com.in co.il co.jp co.za "
        "co.kr com.es com.lk co.th co.tt com.tt com.tr biz.tr com.ua co.uk co.zm com.zm com.cn org.cn net.cn gov.cn"
    ),
    "tech",
)

#: Bits of each sequence: 7 or 14.
_SEQUENCES = {text: (code, 7) for text, code in _SHORT.items()} | {
    f".{word}": (row << 7 | place, 14) for row, words in enumerate(_LONG) for place, word in enumerate(words.split())
}
_BY_CODE = {bits: text for text, bits in _SEQUENCES.items()}
_LONGEST_SEQUENCE = max(map(len, _SEQUENCES))


@lru_cache(_REMEMBERED)
def write_hostname(hostname: str) -> Bits:
    """The bits of a host name, with a port if it has one, in the fewest bits. Raises InvalidIdentifier."""
    check_hostname(hostname)
    bits, width = _write_codes(hostname)
    if is_code40(hostname):
        triples, triple_width = write_code40(hostname)
        if triple_width <= width:
            return len(hostname) << triple_width | triples, 7 + triple_width
    return (64 | width // 7) << width | bits, 7 + width


def check_hostname(hostname: str) -> None:
    """Refuse what is not a host name with letters, digits, dots, hyphens, and perhaps a port."""
    if len(hostname) > LONGEST or not _is_hostname(hostname):
        raise InvalidIdentifier(
            f"host name is {hostname[:80]!a}, expected 1 to {LONGEST} letters, digits, hyphens and dots",
            remedy="write an international host name in its xn-- form",
        )


def _write_codes(hostname: str) -> Bits:
    """The shortest row of codes; of two as short, the one that begins with 7 bits, and then with more characters."""
    #: By number of characters from the end.
    best: list[Bits] = [(0, 0)]
    for start in range(len(hostname) - 1, -1, -1):
        choices = [(1, (ord(hostname[start]), 7))]
        for length in range(3, min(_LONGEST_SEQUENCE, len(hostname) - start) + 1):
            sequence = _SEQUENCES.get(hostname[start : start + length])
            if sequence:
                choices.append((length, sequence))
        length, (code, width) = min(choices, key=lambda one: (one[1][1] + best[-one[0]][1], one[1][1], -one[0]))
        bits, rest_width = best[-length]
        best.append((code << rest_width | bits, width + rest_width))
    return best[-1]


def read_hostname(bits: int, left: int) -> tuple[str, int]:
    """The host name at the front of the lowest ``left`` bits, and the bits left after it. Raises InvalidIdentifier."""
    head, left = take(bits, left, 7)
    if head < 64:
        hostname, left = read_code40(bits, left, head)
    else:
        hostname, left = _read_codes(bits, left, head - 64)
    check_hostname(hostname)
    return hostname, left


def _read_codes(bits: int, left: int, count: int) -> tuple[str, int]:
    text = ""
    while count > 0:
        code, left = take(bits, left, 7)
        width = 7
        if code < len(_LONG) and count > 1:
            place, left = take(bits, left, 7)
            code, width = code << 7 | place, 14
        count -= width // 7
        text += _BY_CODE.get((code, width)) or chr(code)
    return text, left
