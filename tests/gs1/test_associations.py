"""Which AIs go together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.application_identifiers import IDENTIFIERS
from suyuan.gs1.associations import check


def _check(text: str) -> None:
    check(tuple((ai, "9521141123454") for ai in text.split()))


@pytest.mark.parametrize(
    "text",
    ["", "01", "01 21", "00 02 37", "01 3103", "01 3103 3922", "01 30 3922", "8006 21", "414 254", "01 8030 21",
     "00 8030", "01 91 92 93 94 95 96 97 98 99 240 241 250 21", "400 403 00"],
)  # fmt: skip
def test_these_go_together(text: str) -> None:
    _check(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("01 02 37 00", r"\(01\): AI 01 \(GTIN\) must not stand beside AI 37 \(COUNT\)"),
        ("00 01 02", r"\(02\): AI 02 \(CONTENT\) must not stand beside AI 01"),
        ("21", r"AI 21 \(SERIAL\) needs AI 01 or 03 or 8006 beside it, found 21"),
        ("01 3103 3102", r"AI 3103 \(NET WEIGHT \(kg\)\) must not stand beside AI 3102"),
        ("01 3922", r"needs AI 01 and 30 or 01 and 31nn or 01 and 32nn or 01 and 35nn or 01 and 36nn beside it"),
        ("8030 01", r"AI 8030 \(DIGSIG\) needs"),
        ("8030 253", r"\(253\): GDTI 9521141123454 has no serial number"),
        ("01 21 91 92 93 94 95 96 97 98 99 240 241 250 254", r"AI 254 .* needs AI 414"),
    ],
)
def test_these_do_not(text: str, says: str) -> None:
    with pytest.raises(InvalidIdentifier, match=says):
        _check(text)


@given(st.sets(st.sampled_from(sorted(IDENTIFIERS)), max_size=15))
def test_the_order_does_not_matter(ais: set[str]) -> None:
    text = sorted(ais)
    verdicts = []
    for order in (text, text[::-1]):
        try:
            _check(" ".join(order))
        except InvalidIdentifier:
            verdicts.append(False)
        else:
            verdicts.append(True)
    assert verdicts[0] == verdicts[1]
