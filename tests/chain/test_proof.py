"""The text of a tlog-proof, against the vectors of transparency-dev."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidProof, SuyuanError, TooLarge
from suyuan.chain.merkle import MAX_SIZE
from suyuan.chain.proof import HEADER, MAX_PROOF_BYTES, LogProof, format_proof, parse_proof

hashes = st.binary(min_size=32, max_size=32)
proofs = st.builds(
    LogProof,
    st.integers(0, MAX_SIZE),
    st.lists(hashes, max_size=5).map(tuple),
    st.binary(max_size=40),
    st.none() | st.binary(max_size=20),
)


@given(proofs)
def test_a_proof_is_read_back(proof: LogProof) -> None:
    assert parse_proof(format_proof(proof)) == proof


def test_proofs_of_transparency_dev(merkle_vectors: Path) -> None:
    vectors = json.loads((merkle_vectors / "transparency-dev_formats/tlog_proof_vectors.json").read_text())
    for case in vectors["vectors"]:
        try:
            valid = format_proof(parse_proof(case["text"].encode())) == case["text"].encode()
        except InvalidProof:
            valid = False
        assert valid == case["valid"], case["name"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        f"{HEADER}\n\nnote\n",
        f"{HEADER}\nindex 1\n",
        f"{HEADER}\nindex 01\n\nnote\n",
        f"{HEADER}\nindex -1\n\nnote\n",
        f"{HEADER}\nindex {MAX_SIZE + 1}\n\nnote\n",
        f"{HEADER}\nindex 1\nQUJD\n\nnote\n",
        f"{HEADER}\nindex 1\n" + ("A" * 43 + "=\n") * 65 + "\nnote\n",
        f"{HEADER}\nindex \u0661\n\nnote\n",
        f"{HEADER}\nextra QQ==\n\nnote\n",
    ],
)
def test_a_proof_that_deviates_is_refused(text: str) -> None:
    with pytest.raises(InvalidProof):
        parse_proof(text.encode())


def test_an_endless_proof_is_refused() -> None:
    with pytest.raises(TooLarge):
        parse_proof(b"x" * (MAX_PROOF_BYTES + 1))


@given(st.binary(max_size=80) | st.text(max_size=60).map(lambda text: f"{HEADER}\n{text}".encode()))
def test_any_bytes_are_a_proof_or_are_refused(data: bytes) -> None:
    with contextlib.suppress(SuyuanError):
        assert format_proof(parse_proof(data)) == data
