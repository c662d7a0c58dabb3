"""The Syntax Tests, one component at a time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.syntax_tests import TESTS, check


def test_every_row_of_the_linters_is_judged_alike(shared: Path) -> None:
    """But for rows that run with a table of company prefixes: we test the form of a prefix, not its assignment."""
    linters = json.loads((shared / "gs1/gs1-syntax-dictionary/linter_vectors.json").read_text("utf-8"))["linters"]
    with_a_table = ("INVALID_GCP_PREFIX", "GCP_DATASOURCE_OFFLINE")
    rows = [row for rows in linters.values() for row in rows if not row.get("error", "").endswith(with_a_table)]
    wrong = [row for row in rows if (TESTS[row["linter"]](row["value"]) is None) != row["pass"]]
    assert wrong == []
    assert len(rows) > 2_500
    assert {row["linter"] for row in rows} <= TESTS.keys()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("csum", "09506000134351", "is 1, expected 2"),
        ("csum", "0950600013435\N{ARABIC-INDIC DIGIT TWO}", "not a row of digits"),
        ("csumalpha", "1987654Ad4X4bL5ttr2310c2L", "expected 2K"),
        ("csumalpha", "2", "a check pair needs 2 to 99"),
        ("csumalpha", "a b22", "AI 82"),
        ("cset39", "a", "AI 39"),
        ("cset64", "ab==", "AI 64"),
        ("gcppos1", "123A", "4 digits at least"),
        ("gcppos2", "0123", "4 digits at least"),
        ("hasnondigit", "12", "digits only"),
        ("hhmi", "2400", "time 2400 does not exist"),
        ("hyphen", "", "hyphen"),
        ("iban", "GB98midl", "not an IBAN"),
        ("iban", "AA98MIDL", "not a country"),
        ("iban", "GB97MIDL07009312345678", "check digits of IBAN"),
        ("iso3166", "840\n", "three digits"),
        ("iso4217", "000", "three digits"),
        ("longitude", "3600000001", "more than 3600000000"),
        ("latitude", "12", "10 digits"),
        ("nonzero", "x", "not a row"),
        ("nozeroprefix", "01", "leading zeros"),
        ("packagetype", "XX", "package type"),
        ("pieceoftotal", "0302", "piece 03 of 02"),
        ("pieceoftotal", "123", "equally many"),
        ("posinseqslash", "1/01", "leading zeros"),
        ("posinseqslash", "3/2", "ends at 2"),
        ("yymmdd", "270200", "day 00 is not 01 to 28"),
        ("yyyymmdd", "21000229", "day 29 is not 01 to 28"),
        ("zero", "1", "not zero"),
        ("color", "1", "not a Syntax Test"),
    ],
)
def test_what_fails_is_said_with_what_was_expected(name: str, value: str, says: str) -> None:
    with pytest.raises(InvalidIdentifier) as caught:
        check(name, value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iban", "XK051212012345678906"),
        ("gcppos2", "I1234567"),
        ("cset64", "1=="),
        ("cset64", "12="),
        ("nozeroprefix", "0"),
        ("yymmd0", "000200"),
        ("yyyymmd0", "20240200"),
        ("iso3166999", "999"),
    ],
)
def test_what_passes_is_silent(name: str, value: str) -> None:
    check(name, value)


@pytest.mark.parametrize("name", sorted(TESTS))
@pytest.mark.parametrize("text", ["1" * 20_000, "A" * 20_000, "%" * 20_000, "1" * 9_999 + "/" + "9" * 10_000])
def test_text_of_any_length_is_judged_in_few_words(name: str, text: str) -> None:
    assert len(TESTS[name](text) or "") < 300


@given(st.sampled_from(sorted(TESTS)), st.text(max_size=40) | st.text("0123456789", max_size=40))
def test_any_text_passes_or_is_refused_in_words(name: str, value: str) -> None:
    problem = TESTS[name](value)
    assert problem is None or problem.isascii()
    # Two tests are of one sign only and leave the characters to the set of their component.
    assert (
        problem is not None or value.isascii() or name in {"hasnondigit", "nozeroprefix", "pcenc", "gcppos1", "gcppos2"}
    )
