"""Policies, against the vectors of transparency-dev."""

from __future__ import annotations

import base64
import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidSetting, SuyuanError, TooLarge
from suyuan.chain.note import Kind, SignerKey
from suyuan.chain.policy import MAX_POLICY_BYTES, Policy, log_policy, parse_policy

LOG = SignerKey("log.example/a", b"\x01" * 32).verifier
WITNESSES = [SignerKey(f"witness{n}.example", bytes([n]) * 32, Kind.COSIGNATURE).verifier for n in range(2, 6)]


def test_policies_of_transparency_dev(merkle_vectors: Path) -> None:
    vectors = json.loads((merkle_vectors / "transparency-dev_formats/policy_vectors.json").read_text())
    for case in vectors["parse"]:
        try:
            parse_policy(base64.b64decode(case["policy_b64"]))
            valid = True
        except InvalidSetting:
            valid = False
        assert valid == case["valid"], case["desc"]
    policy = parse_policy(base64.b64decode(vectors["satisfied_policy_b64"]))
    for case in vectors["satisfied"]:
        cosigners = [key for key in policy.keys if key.name in case["cosigned_by"]]
        assert policy.is_satisfied(cosigners) == case["satisfied"]


def test_a_fresh_install_trusts_its_own_log_and_asks_for_no_witness() -> None:
    policy = parse_policy(log_policy(LOG).encode())
    assert policy == Policy(logs=(LOG,))
    assert policy.is_satisfied([])


def test_two_of_three_witnesses_and_a_fourth() -> None:
    lines = [f"witness w{n} {key}" for n, key in enumerate(WITNESSES)]
    policy = parse_policy(
        "\n".join([f"log {LOG} https://log.example", *lines, "# agencies", "group a 2 w0 w1 w2", "", "group b all a w3",
                   "quorum b", ""]).encode()
    )  # fmt: skip
    first, second, third, fourth = WITNESSES
    assert policy.is_satisfied([first, third, fourth])
    assert not policy.is_satisfied([first, second, third])
    assert not policy.is_satisfied([first, fourth])
    assert policy.keys == (LOG, *WITNESSES)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "newline"),
        ("quorum none", "newline"),
        ("\n", "no quorum"),
        (f"log {LOG}\nlog {LOG}\nquorum none\n", "line 2"),
        (f"log {WITNESSES[0]}\nquorum none\n", "type 0x04"),
        (f"witness w {LOG}\nquorum none\n", "type 0x01"),
        (f"witness none {WITNESSES[0]}\nquorum none\n", "taken"),
        (f"witness a {WITNESSES[0]}\nwitness b {WITNESSES[0]}\nquorum none\n", "another witness"),
        (f"witness a {WITNESSES[0]}\ngroup g 01 a\nquorum g\n", "threshold"),
        (f"witness a {WITNESSES[0]}\ngroup g none a\nquorum g\n", "threshold"),
        ("quorum\x0bnone\n", "printable"),
        ("log \u00fc+00000000+AQ==\nquorum none\n", "line 1"),
    ],
)
def test_a_line_that_the_format_does_not_allow_is_named(text: str, says: str) -> None:
    with pytest.raises(InvalidSetting, match=says):
        parse_policy(text.encode())


def test_a_key_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(InvalidSetting):
        parse_policy(b"log \xff+00000000+AQ==\nquorum none\n")


def test_an_endless_policy_is_refused() -> None:
    with pytest.raises(TooLarge):
        parse_policy(b"\n" * (MAX_POLICY_BYTES + 1))


words = st.sampled_from(
    ["log", "witness", "group", "quorum", "none", "any", "all", "1", "a", str(LOG), str(WITNESSES[0])]
)


@given(st.lists(st.lists(words, max_size=5).map(" ".join), max_size=6).map("\n".join) | st.text(max_size=60))
def test_any_text_is_a_policy_or_is_refused(text: str) -> None:
    with contextlib.suppress(SuyuanError):
        parse_policy(text.encode() + b"\n")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_policy_or_are_refused(data: bytes) -> None:
    with contextlib.suppress(SuyuanError):
        parse_policy(data)
