"""Control fields of tag and raw URIs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.control_fields import ControlFields, split_controls


@given(st.integers(0, 255), st.booleans(), st.integers(0, 0xFFFF))
def test_control_fields_come_back(attribute_bits: int, user_memory: bool, xpc: int) -> None:
    controls = ControlFields(attribute_bits, user_memory, xpc)
    assert split_controls(f"{controls}sgtin-96:1") == (controls, "sgtin-96:1")


def test_what_is_zero_is_not_written() -> None:
    assert not str(ControlFields())
    assert str(ControlFields(1, user_memory=True, xpc=4)) == "[att=x01][umi=1][xpc=x0004]:"
    assert split_controls("[umi=0]:96.x00") == (ControlFields(), "96.x00")


@pytest.mark.parametrize(
    "body",
    [
        "[umi=1][att=x01]:x",
        "[umi=2]:x",
        "[att=x1]:x",
        "[att=x0a]:x",
        "[xpc=x00040]:x",
        "[new=1]:x",
        "[umi=1]x",
        "[:x",
        "[",
    ],
)
def test_unknown_malformed_and_disordered_fields_are_refused(body: str) -> None:
    with pytest.raises(InvalidIdentifier, match="control fields"):
        split_controls(body)
