"""Patterns of EPCs and of tags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.epc_pattern import Range, parse
from suyuan.gs1.epc_uri import SCHEMES
from suyuan.gs1.tag_layouts import BY_NAME, ENCODINGS, Encoding

#: One EPC of every scheme with a pure identity.
EPCS = {
    "sgtin": "0614141.812345.32a%2Fb",
    "upui": "1234567.089456.51qIgY)%3C%26Jp3*j7'SDB",
    "itip": "4012345.012345.01.02.987",
    "sscc": "0614141.1234567890",
    "sgln": "0614141.12345.400",
    "pgln": "0614141.12345",
    "grai": "999999999999..a.b",
    "giai": "0614141.12345400",
    "gsrn": "0614141.1234567890",
    "gsrnp": "0614141.1234567890",
    "gdti": "0614141.12345.006847",
    "sgcn": "4012345.67890.04711",
    "cpi": "0614141.123ABC%2F.123456789",
    "ginc": "0614141.xyz3311cba",
    "gsin": "0614141.123456789",
    "gid": "95100000.12345.400",
    "usdod": "CAGEY.5678",
    "adi": "35962..%23M37",
    "bic": "CSQU3054383",
    "imovn": "9176187",
}
#: Numbers of stars that the grammar has for ITIP: total and serial alone cannot be open.
ITIP_STARS = {0, 1, 3, 4, 5}


def fields_of(name: str) -> list[str]:
    count = SCHEMES[f"id:{name}"].fields if f"id:{name}" in SCHEMES else {"gid": 3, "usdod": 2, "adi": 3}.get(name, 1)
    return EPCS[name].split(".", count - 1)


def test_every_scheme_has_an_example() -> None:
    assert {name for kind, name in (key.split(":") for key in SCHEMES) if kind == "id"} <= set(EPCS)


@pytest.mark.parametrize("name", EPCS)
def test_stars_stand_at_the_right_of_an_identity(name: str) -> None:
    fields, uri = fields_of(name), f"urn:epc:id:{name}:{EPCS[name]}"
    for stars in range(len(fields) + 1):
        pattern = f"urn:epc:idpat:{name}:" + ".".join(fields[: len(fields) - stars] + ["*"] * stars)
        if name == "itip" and stars not in ITIP_STARS:
            with pytest.raises(InvalidIdentifier, match="open"):
                parse(pattern)
            continue
        found = parse(pattern)
        assert found.uri == pattern
        assert found.matches(uri)
        assert not found.matches(uri.replace(f":{name}:", ":other:"))
        changed = fields.copy()
        if stars < len(fields):
            changed[len(fields) - stars - 1] += "0"
            assert not found.matches(f"urn:epc:id:{name}:" + ".".join(changed))
    if len(fields) > 1:
        with pytest.raises(InvalidIdentifier, match="behind a star"):
            parse(f"urn:epc:idpat:{name}:" + ".".join(["*", *fields[1:]]))
    with pytest.raises(InvalidIdentifier):
        parse(f"urn:epc:idpat:{name}:" + ".".join(["[0-1]", *fields[1:]]))


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("urn:epc:idpat:lgtin:0614141.812345.*", "no known scheme: 'lgtin'"),
        ("urn:epc:idpat:sgtin:0614141.812345", "2 fields, expected 3"),
        ("urn:epc:idpat:sgtin:0614141.81234.*", "must be 6 digits"),
        ("urn:epc:idpat:sgtin:06141.*.*", "6 to 12 digits"),
        ("urn:epc:idpat:sgtin:06141410000000.*.*", "6 to 12 digits"),
        ("urn:epc:idpat:sgtin:٠614141.*.*", "6 to 12 digits"),
        ("urn:epc:idpat:sgtin:0614141.812345.a/b", "URN"),
        ("urn:epc:idpat:sgtin:0614141.812345.", "empty"),
        ("urn:epc:idpat:sgtin:*.812345.*", "behind a star"),
        ("urn:epc:idpat:gid:01.*.*", "numbers without leading zeros"),
        ("urn:epc:idpat:usdod:CAGEI.*", "CAGE"),
        ("urn:epc:idpat:bic:CSQU3054384", "check digit"),
        ("urn:epc:pat:sgtin-64:*.*.*.*", "no known tag encoding"),
        ("urn:epc:pat:sgtin-96:0614141.812345.*", "3 fields, expected 4"),
        ("urn:epc:pat:sgtin-96:8.0614141.812345.*", "filter value 8"),
        ("urn:epc:pat:sgtin-96:[0-8].0614141.812345.*", "filter value 8"),
        ("urn:epc:pat:sgtin-96:03.0614141.812345.*", "filter value"),
        ("urn:epc:pat:sgtin-96:3.*.812345.*", "expected a star"),
        ("urn:epc:pat:sgtin-96:3.[0614141-0614142].*.*", "company prefix"),
        ("urn:epc:pat:sgtin-96:3.06141.*.*", "company prefix"),
        ("urn:epc:pat:sgtin-96:3.061414A.*.*", "company prefix"),
        ("urn:epc:pat:sgtin-96:3.0614141.[0-1000000].*", "item reference '1000000' has 7 digits"),
        ("urn:epc:pat:sgtin-96:3.0614141.[5-4].*", "not a range"),
        ("urn:epc:pat:sgtin-96:3.0614141.[05-6].*", "not a range"),
        ("urn:epc:pat:sgtin-96:3.0614141.812345.[0-274877906944]", "too large"),
        ("urn:epc:pat:sgtin-96:3.0614141.812345.a", "digits only"),
        ("urn:epc:pat:sgtin-198:3.0614141.812345.[1-2]", "URN"),
        ("urn:epc:pat:grai-96:3.999999999999.[0-0].*", "has 1 digits, expected 0"),
        ("urn:epc:pat:gdti-113:3.0614141.12345.[1-2]", "URN"),
        ("urn:epc:pat:cpi-var:3.0614141.*.1", "expected *.*.*"),
        ("urn:epc:pat:cpi-var:3.*.*.1", "expected a star"),
        ("urn:epc:pat:usdod-96:3.[1-2].*", "URN"),
        ("urn:epc:id:sgtin:0614141.812345.1", "not a pattern"),
        ("", "not a pattern"),
    ],
)
def test_a_pattern_that_can_match_nothing_is_refused(pattern: str, says: str) -> None:
    with pytest.raises(InvalidIdentifier) as caught:
        parse(pattern)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "tags", "others"),
    [
        ("sgtin-96:3.0652642.[102400-204700].*",
         ["sgtin-96:3.0652642.102400.1", "sgtin-96:3.0652642.204700.274877906943"],
         ["sgtin-96:3.0652642.204701.1", "sgtin-96:2.0652642.102400.1", "sgtin-198:3.0652642.102400.1",
          "sgtin-96:3.00652642.02400.1"]),
        ("sgtin-96:*.*.*.[5-7]", ["sgtin-96:0.0614141.812345.5", "sgtin-96:7.999999999999.9.7"],
         ["sgtin-96:0.0614141.812345.8"]),
        ("sgtin-96:[1-2].0614141.812345.6789", ["sgtin-96:1.0614141.812345.6789"], ["sgtin-96:3.0614141.812345.6789"]),
        ("sgtin-198:3.0614141.812345.32a%2Fb", ["sgtin-198:3.0614141.812345.32a%2fb"],
         ["sgtin-198:3.0614141.812345.32a%2Fc", "sgtin-198:3.0614141.812345.32a%2",
          "sgtin-198:3.0614141.812345.32A%2FB"]),
        ("sgtin-198:3.0614141.812345.%2A", ["sgtin-198:3.0614141.812345.*"], ["sgtin-198:3.0614141.812345.1"]),
        ("sgtin-198:3.0614141.812345.*", ["sgtin-198:3.0614141.812345.a.b.c"], ["sgtin-198:3.0614141.812346.a"]),
        ("sscc-96:*.0614141.[0-5]", ["sscc-96:3.0614141.0000000005"], ["sscc-96:3.0614141.0000000006"]),
        ("grai-96:*.999999999999..*", ["grai-96:0.999999999999..0"], ["grai-96:0.99999999999.0.0"]),
        ("giai-96:*.0614141.[10-20]", ["giai-96:0.0614141.15"], ["giai-96:0.0614141.9"]),
        ("giai-202:*.0614141.*", ["giai-202:0.0614141.a.b"], ["giai-202:0.0614142.a"]),
        ("gdti-113:*.0614141.12345.0042", ["gdti-113:0.0614141.12345.0042"], ["gdti-113:0.0614141.12345.42"]),
        ("cpi-96:*.0614141.[1-9].*", ["cpi-96:0.0614141.5.1"], ["cpi-96:0.0614141.10.1"]),
        ("cpi-var:*.*.*.*", ["cpi-var:0.0614141.A%2F.1"], ["cpi-96:0.0614141.5.1"]),
        ("cpi-var:1.0614141.A%23.[1-9]", ["cpi-var:1.0614141.A%23.9"], ["cpi-var:1.0614141.A%23.10"]),
        ("itip-110:*.4012345.012345.[1-2].2.*", ["itip-110:0.4012345.012345.01.02.987"],
         ["itip-110:0.4012345.012345.03.02.987"]),
        ("gid-96:*.[1-2].*", ["gid-96:0.1.5"], ["gid-96:0.3.5"]),
        ("usdod-96:[0-15].*.5678", ["usdod-96:15.CAGEY.5678"], ["usdod-96:15.CAGEY.5679"]),
        ("adi-var:*.35962..*", ["adi-var:0.35962..%23A"], ["adi-var:0.35962.A.%23A"]),
        ("adi-var:*.*.*.%23A", ["adi-var:63.35962.P.%23A"], ["adi-var:63.35962.P.A"]),
    ],
)  # fmt: skip
def test_a_tag_belongs_to_a_pattern_field_by_field(pattern: str, tags: list[str], others: list[str]) -> None:
    found = parse(f"urn:epc:pat:{pattern}")
    assert parse(found.uri) == found
    assert [found.matches(f"urn:epc:tag:{tag}") for tag in tags] == [True] * len(tags)
    assert [found.matches(f"urn:epc:tag:{tag}") for tag in others] == [False] * len(others)


def test_a_range_belongs_to_numbers_only() -> None:
    assert parse("urn:epc:pat:gid-96:*.[1-2].*").components == (None, Range(1, 2), None)
    assert not parse("urn:epc:pat:gid-96:*.[1-2].*").matches("urn:epc:tag:gid-96:0.x.5")


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda encoding: encoding.name)
def test_every_encoding_has_an_open_pattern(encoding: Encoding) -> None:
    stars = ".".join("*" * (len(encoding.rows[0]) + bool(encoding.filter_bits)))
    assert parse(f"urn:epc:pat:{encoding.name}:{stars}").uri.endswith(stars)


NUMBERS = st.from_regex(r"([0-9]{1,7}\.|\*\.|\[0-[0-9]\]\.|\.){1,5}", fullmatch=True)


@given(
    st.text(max_size=40)
    | st.from_regex(r"urn:epc:(idpat|pat):[a-z]{3,5}(-(96|198|var))?:[0-9.%A-F*\[\]-]{0,40}", fullmatch=True)
    | st.builds("urn:epc:pat:{}:{}".format, st.sampled_from(list(BY_NAME)), NUMBERS)
)
def test_any_text_is_a_pattern_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except InvalidIdentifier:
        return
    assert parse(found.uri) == found
    assert not found.matches(text)
