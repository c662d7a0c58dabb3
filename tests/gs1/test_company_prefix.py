"""The length of the GS1 Company Prefix, from a list that the installation names."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidInput
from suyuan.gs1 import company_prefix
from suyuan.gs1.company_prefix import CompanyPrefixes, of, parse

ENTRIES = {"952": 7, "9520": 9, "95206": 0, "0614141": 7, "401": 12, "0000009": 8}
LISTS = {
    "json": json.dumps(
        {
            "_disclaimer": ["..."],
            "GCPPrefixFormatList": {
                "date": "2026-11-20",
                "entry": [{"prefix": prefix, "gcpLength": length} for prefix, length in ENTRIES.items()],
            },
        }
    ),
    "xml": "<?xml version='1.0'?>\n<!-- list -->\n<GCPPrefixFormatList date=\"2026-11-20\">\n"
    + "\n".join(f'<entry prefix="{prefix}" gcpLength="{length}"/>' for prefix, length in ENTRIES.items())
    + "\n</GCPPrefixFormatList>",
    "lines": "# ours\n\n" + "\n".join(f"{prefix} {length} # x" for prefix, length in ENTRIES.items()) + "\n",
}


@pytest.mark.parametrize("form", LISTS)
def test_a_list_is_read_in_each_form(form: str) -> None:
    assert parse(LISTS[form]).lengths == ENTRIES
    assert parse("\ufeff" + LISTS[form]).lengths == ENTRIES


@pytest.mark.parametrize(
    ("ai", "key", "length"),
    [
        ("01", "09521234000005", 7),
        ("01", "39520111000005", 9),
        ("01", "09520611000005", None),
        ("01", "10614141123459", 7),
        ("01", "00000009123455", None),
        ("8006", "106141411234590102", 7),
        ("00", "095212345678912345", 7),
        ("8003", "09521141123454X", 7),
        ("414", "9521141123454", 7),
        ("417", "4012345123456", 12),
        ("253", "9521141123454A", 7),
        ("255", "9521141123454", 7),
        ("401", "9521141ABC", 7),
        ("402", "95211411234567896", 7),
        ("8004", "9521141/a", 7),
        ("8004", "95211", None),
        ("8004", "40123451234", None),
        ("8010", "40123451234-", None),
        ("8013", "1987654Ad4X4bL5ttr2310c2K", None),
        ("8018", "952114112345678906", 7),
        ("8017", "952114112345678906", 7),
        ("10", "9521141", None),
    ],
)
def test_the_longest_entry_decides_wherever_the_prefix_stands_in_the_key(ai: str, key: str, length: int | None) -> None:
    assert parse(LISTS["lines"]).length_of(ai, key) == length


def test_without_a_list_nothing_is_known() -> None:
    assert company_prefix.NONE.length_of("01", "09521234000005") is None


def test_own_prefixes_have_their_own_length() -> None:
    assert (
        of(["9521141", "061414112"]) == CompanyPrefixes({"9521141": 7, "061414112": 9}) == parse("9521141\n061414112")
    )
    with pytest.raises(InvalidInput):
        of(["12345"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("952 7\n\nx 7", "line 3: prefix 'x'"),
        ("952 5", "line 1: length '5'"),
        ("952 13", "line 1: length '13'"),
        ("952 -7", "length '-7'"),
        ("952 7 8", "not a prefix and a length"),
        ("952 \u0667", "length"),
        ("\u0669\u0665\u0662 7", "prefix"),
        ("95211412 7", "more than its length 7"),
        ("952 7\n952 8", "line 2: prefix 952 has length 7 above, and 8 here"),
        ("1234567890123 7", "1 to 12 digits"),
        ("952 " + "7" * 5000, "length '7777"),
        ("{", "no JSON"),
        ("{}", "no JSON"),
        ('{"GCPPrefixFormatList": {"entry": [7]}}', "no JSON"),
        ('{"GCPPrefixFormatList": {"entry": 7}}', "no JSON"),
        ('{"GCPPrefixFormatList": {"entry": [{"prefix": "952", "gcpLength": 7.5}]}}', "entry 1: length '7.5'"),
        ('{"GCPPrefixFormatList": {"entry": [{"prefix": 952, "gcpLength": 7}]}}', "entry 1: prefix '952'"),
        ('{"GCPPrefixFormatList": {"entry": [{"prefix": "952", "gcpLength": true}]}}', "length 'True'"),
        ("{" * 100_000, "no JSON"),
        ('{"\ud800": 1}', "no JSON"),
        ("<a/>", "empty"),
        ('<a>\n<entry prefix="952"/></a>', "line 2: length 'None'"),
        ('<a>\n\n<entry gcpLength="7"/></a>', "line 3: prefix 'None'"),
    ],
)
def test_what_is_no_list_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(text)
    assert says in str(caught.value)


def test_a_list_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(company_prefix, "LONGEST", 10)
    with pytest.raises(InvalidInput, match="at most 10"):
        parse("952 7\n401 12")


@given(st.text(max_size=60) | st.text("0123456789 \n#<>{}\"entryprfixgcpLth='/", max_size=60))
def test_any_text_is_a_list_or_is_refused(text: str) -> None:
    try:
        found = parse(text)
    except InvalidInput:
        return
    assert all(length == 0 or 6 <= length <= 12 for length in found.lengths.values())
