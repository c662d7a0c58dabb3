from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from suyuan.base.errors import InvalidDocument
from suyuan.epcis.leniency import FORGIVABLE, LENIENT, LITERAL, MOST_FORGIVEN, STRICT, Leniency, Pardon, Rule

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "validation.md"


def test_the_reference_lists_every_rule_and_whether_it_may_be_forgiven() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\| (yes|no)\b[^|]*\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(rows) == {rule.value: "yes" if rule in FORGIVABLE else "no" for rule in Rule}


def test_the_strict_forgive_nothing_and_the_lenient_what_can_be() -> None:
    assert not any(STRICT.covers(rule) for rule in Rule)
    assert {rule for rule in Rule if LENIENT.covers(rule)} == FORGIVABLE
    assert not Leniency(frozenset(Rule)).covers(Rule.TIME)
    assert LITERAL.rules < LENIENT.rules


def test_a_pardon_notes_what_it_forgives_and_ends_somewhere() -> None:
    pardon = Pardon(Leniency(frozenset({Rule.UNIT})))
    fault = InvalidDocument("no unit", place="/a", rule=Rule.UNIT)
    for _ in range(MOST_FORGIVEN):
        pardon.ask(fault)
    assert (pardon.given[0].place, pardon.given[0].rule, pardon.given[0].detail) == ("/a", "unit", "no unit")
    for wrong in (fault, InvalidDocument("no time", rule=Rule.TIME)):
        with pytest.raises(InvalidDocument):
            pardon.ask(wrong)


def test_an_error_keeps_its_rule_between_processes() -> None:
    error = pickle.loads(pickle.dumps(InvalidDocument("a", place="/b", remedy="c", rule=Rule.UNIT)))
    assert (error.detail, error.place, error.remedy, error.rule) == ("a", "/b", "c", "unit")
