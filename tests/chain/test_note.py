"""Signed notes, against Go's vectors and every single changed byte."""

from __future__ import annotations

import base64
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.base.errors import InvalidInput, InvalidProof, InvalidSetting, SuyuanError, TooLarge
from suyuan.chain.note import (
    MAX_NOTE_BYTES,
    Kind,
    Signature,
    SignerKey,
    VerifierKey,
    canonical_note,
    open_note,
    parse_note,
    sign_note,
)

LOG = SignerKey("log.example/a", b"\x01" * 32)
OTHER = SignerKey("log.example/b", b"\x02" * 32)
WITNESS = SignerKey("witness.example", b"\x03" * 32, Kind.COSIGNATURE)
TEXT = "one\ntwo\n\nthree\n"
TIME = 1_790_000_000


@pytest.fixture(scope="module")
def vectors(merkle_vectors: Path) -> dict[str, Any]:
    return dict(json.loads((merkle_vectors / "golang_mod/note_vectors.json").read_text()))


def parses(text: str) -> bool:
    try:
        return str(VerifierKey.parse(text)) == text
    except InvalidProof:
        return False


def test_verifier_keys_of_go(vectors: dict[str, Any]) -> None:
    assert all(parses(text) for text in vectors["valid_vkeys"])
    assert not any(parses(text) for text in vectors["invalid_vkeys"])
    whole = vectors["valid_vkeys"][0]
    substrings = {whole[at:end] for at in range(len(whole)) for end in range(at, len(whole) + 1)} - {whole}
    assert not any(parses(text) for text in substrings)


def test_notes_of_go(vectors: dict[str, Any]) -> None:
    for case in vectors["open_vectors"]:
        keys = [VerifierKey.parse(text) for text in case["trusted_vkeys"]]
        try:
            opened = open_note(base64.b64decode(case["note_b64"]), keys)
            names = [entry.key.name for entry in opened.verified]
        except InvalidProof:
            names = None
        assert names == case.get("verified"), case["name"]


def test_the_example_of_the_specification(vectors: dict[str, Any]) -> None:
    case = vectors["spec_example"]
    opened = open_note(case["note"].encode(), [VerifierKey.parse(case["vkey"])])
    assert opened.text == "This is an example message.\n"


def test_cosigner_keys_and_times_of_transparency_dev(merkle_vectors: Path) -> None:
    vectors = json.loads((merkle_vectors / "transparency-dev_formats/cosignature_vectors.json").read_text())
    for case in vectors["vkeys"]:
        # ML-DSA-44 (type 6) is not read: one signature algorithm, as signed-note recommends.
        assert parses(case["vkey"]) == (not case["wantErr"] and "MLDSA" not in case["name"]), case["name"]


def test_a_note_is_read_back_with_all_its_signatures() -> None:
    data = sign_note(TEXT, [LOG, WITNESS, OTHER], TIME)
    opened = open_note(data, [LOG.verifier, WITNESS.verifier])
    assert opened.text == TEXT
    assert [(entry.key, entry.time) for entry in opened.verified] == [(LOG.verifier, None), (WITNESS.verifier, TIME)]
    assert [signature.name for signature in opened.unknown] == [OTHER.name]
    assert parse_note(data).to_bytes() == data


def test_no_byte_of_a_note_changes_unseen() -> None:
    data = sign_note(TEXT, [LOG, WITNESS], TIME)
    keys = [LOG.verifier, WITNESS.verifier]
    assert is_canonical(data, keys)
    for at in range(len(data)):
        for change in (0x01, 0x20, 0x80, 0xFF):
            changed = data[:at] + bytes([data[at] ^ change]) + data[at + 1 :]
            assert not is_canonical(changed, keys), at


def is_canonical(data: bytes, keys: list[VerifierKey]) -> bool:
    try:
        return canonical_note(data, keys) == data
    except InvalidProof:
        return False


def test_a_signature_from_a_trusted_key_that_fails_makes_the_whole_note_fail() -> None:
    good = parse_note(sign_note(TEXT, [LOG, OTHER]))
    bad = Signature(OTHER.name, OTHER.verifier.key_id, good.signatures[0].payload)
    data = parse_note(good.to_bytes())
    with pytest.raises(InvalidProof):
        open_note(type(data)(TEXT, (good.signatures[0], bad)).to_bytes(), [LOG.verifier, OTHER.verifier])
    assert open_note(type(data)(TEXT, (good.signatures[0], bad)).to_bytes(), [LOG.verifier]).unknown == (bad,)


def test_a_signature_does_not_pass_as_one_of_another_type_or_over_another_text() -> None:
    """Attack: a plain signature shown as a cosignature, a cosignature moved to another body."""
    plain = SignerKey(WITNESS.name, WITNESS.seed)
    stamp = TIME.to_bytes(8, "big")
    with pytest.raises(InvalidProof):
        WITNESS.verifier.verify(TEXT, stamp + plain.sign(TEXT).payload)
    with pytest.raises(InvalidProof):
        WITNESS.verifier.verify("other\n", WITNESS.sign(TEXT, TIME).payload)
    with pytest.raises(InvalidProof):
        plain.verifier.verify(TEXT, WITNESS.sign(TEXT, TIME).payload)
    with pytest.raises(InvalidProof):
        WITNESS.verifier.verify(TEXT, b"\xff" * 8 + WITNESS.sign(TEXT, TIME).payload[8:])


def test_a_public_key_that_is_no_point_verifies_nothing() -> None:
    with pytest.raises(InvalidProof):
        VerifierKey("x", Kind.ED25519, b"\xff" * 32).verify(TEXT, b"\x00" * 64)


def test_a_malleated_signature_is_refused() -> None:
    """s + L is the same scalar to a careless verifier (RFC 8032 section 5.1.7 demands s < L)."""
    order = 2**252 + 27742317777372353535851937790883648493
    signature = LOG.sign(TEXT).payload
    scalar = int.from_bytes(signature[32:], "little") + order
    with pytest.raises(InvalidProof):
        LOG.verifier.verify(TEXT, signature[:32] + scalar.to_bytes(32, "little"))


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_are_a_note_or_are_refused(data: bytes) -> None:
    with contextlib.suppress(SuyuanError):
        assert parse_note(data).to_bytes() == data


@given(st.text(max_size=80), st.text(max_size=80))
@settings(deadline=None)
def test_any_lines_after_a_text_are_signatures_or_are_refused(name: str, packed: str) -> None:
    with contextlib.suppress(SuyuanError):
        data = f"text\n\n\u2014 {name} {packed}\n".encode("utf-8", "surrogatepass")
        assert parse_note(data).to_bytes() == data


@given(st.text(max_size=100) | st.from_regex(r"[a-z.+ ]{0,9}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{0,50}", fullmatch=True))
def test_any_text_is_a_key_or_is_refused(text: str) -> None:
    for parse in (VerifierKey.parse, SignerKey.parse):
        with contextlib.suppress(SuyuanError):
            parse(text)


def test_a_key_name_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(InvalidProof, match="Unicode"):
        VerifierKey.parse("\ud800+00000000+AQ==")


def test_a_note_over_the_limit_is_refused() -> None:
    with pytest.raises(TooLarge):
        parse_note(b"x" * (MAX_NOTE_BYTES + 1))


@pytest.mark.parametrize("text", ["no newline", "tab\there\n", "carriage\r\n"])
def test_a_text_that_no_note_may_have_is_not_signed(text: str) -> None:
    with pytest.raises(InvalidInput):
        sign_note(text, [LOG])


def test_a_private_key_is_read_back_and_never_shown() -> None:
    key = SignerKey.generate("log.example/new")
    assert SignerKey.parse(key.text()) == key
    assert key.seed.hex() not in repr(key)
    assert repr(key.seed) not in repr(key)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.removeprefix("PRIVATE+KEY+"),
        lambda text: text[:-4],
        lambda text: text.replace("log.example/a", "log.example/b"),
        lambda text: text + "\n",
        lambda text: "",
    ],
)
def test_a_damaged_private_key_is_refused_without_repeating_it(change: Any) -> None:
    secret = LOG.text().rpartition("+")[2]
    with pytest.raises(InvalidSetting) as caught:
        SignerKey.parse(change(LOG.text()))
    assert secret not in str(caught.value)


def test_a_key_name_has_no_spaces() -> None:
    for name in ("", "two words", "non\u00a0breaking", "a+b", "line\n"):
        with pytest.raises(InvalidProof):
            SignerKey.generate(name)


def test_a_canonical_note_keeps_what_holds_sorted_and_once() -> None:
    note = parse_note(sign_note(TEXT, [WITNESS, OTHER, LOG, WITNESS], TIME))
    kept = parse_note(canonical_note(note.to_bytes(), [LOG.verifier, WITNESS.verifier]))
    assert [signature.name for signature in kept.signatures] == [LOG.name, WITNESS.name]
