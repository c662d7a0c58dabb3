"""The EPC and TID banks of tags."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.tag_memory import EpcBank, Tid, build, checksum, parse, parse_stid, parse_tid

#: The example of TDS annex E.1: SGTIN-96 with filter 3, 6 words long.
EPC = "3066C4409047E14000001A85"


def test_the_example_of_the_standard_has_its_length_in_the_pc_word() -> None:
    bank = build(EPC.lower())
    assert bank == EpcBank(EPC)
    assert f"{bank.pc:016b}" == "0011000000000000"
    assert bank.stored[2:] == bytes.fromhex("3000" + EPC)
    assert parse(bank.stored) == parse(bank.stored + bytes(8)) == bank
    assert bank.raw_uri == f"urn:epc:raw:96.x{EPC}"


def test_the_checksum_is_the_one_of_18000_63() -> None:
    """Check value of CRC-16 with polynomial 1021h, preset FFFFh, complemented."""
    assert checksum(b"123456789") == 0xD64E


@given(
    st.binary(max_size=62).map(bytes.hex),
    st.booleans(),
    st.one_of(st.none(), st.integers(0, 255)),
    st.integers(0, 255),
    st.lists(st.integers(1, 0xFFFF), max_size=2),
)
def test_every_bank_goes_both_ways(
    epc: str, user_memory: bool, afi: int | None, attributes: int, xpc: list[int]
) -> None:
    built = build(epc, user_memory=user_memory, afi=afi, attributes=0 if afi is not None else attributes)
    assert built.epc[: len(epc)] == epc.upper()
    assert set(built.epc[len(epc) :]) <= {"0"}
    assert parse(built.stored) == built
    words = [word | 0x8000 if len(xpc) == 2 else word & 0x7FFF for word in xpc[:1]] + xpc[1:]
    bank = built._replace(extended=bool(words), xpc=tuple(words))
    memory = bank.stored.ljust(66, b"\0") + b"".join(word.to_bytes(2, "big") for word in words)
    assert parse(memory) == bank
    if bank.epc:
        assert bank.raw_uri.endswith(f"x{bank.epc}")
        assert ("[xpc=" in bank.raw_uri) == bool(words and words[0])


@given(st.binary(max_size=80))
def test_any_bytes_are_banks_or_refused(memory: bytes) -> None:
    with suppress(InvalidIdentifier):
        bank = parse(memory)
        assert memory.startswith(bank.stored)
    with suppress(InvalidIdentifier):
        tid = parse_tid(b"\xe2" + memory)
        assert tid.stid_uri is None or parse_stid(tid.stid_uri) == tid


@given(st.integers(0, 8 * 16 - 1))
def test_a_wrong_bit_is_seen_by_the_checksum(bit: int) -> None:
    wrong = int.from_bytes(build(EPC).stored, "big") ^ 1 << bit
    with pytest.raises(InvalidIdentifier, match="EPC bank"):
        parse(wrong.to_bytes(16, "big"))


def test_what_a_raw_uri_says_of_a_bank() -> None:
    hazardous = EpcBank("1234", user_memory=True, attributes=1, extended=True, xpc=(4,))
    assert hazardous.raw_uri == "urn:epc:raw:[att=x01][umi=1][xpc=x0004]:16.x1234"
    assert build("1234", afi=0xC1).raw_uri == "urn:epc:raw:16.xC1.x1234"
    with pytest.raises(InvalidIdentifier, match="length of 0 words"):
        _ = build("").raw_uri


def test_extended_words_that_were_not_read_are_not_there() -> None:
    bank = EpcBank(EPC, extended=True)
    assert parse(bank.stored) == bank


@pytest.mark.parametrize(
    ("memory", "words"),
    [
        ("", "0 bytes, expected 4"),
        ("000030", "3 bytes, expected 4"),
        ("00003000" + EPC[:-2], "15 bytes, expected 16"),
        ("00003000" + EPC, "checksum of the EPC bank is 0000"),
    ],
)
def test_what_is_no_epc_bank_is_refused(memory: str, words: str) -> None:
    with pytest.raises(InvalidIdentifier, match=words):
        parse(bytes.fromhex(memory))


def test_what_no_epc_bank_can_hold_is_refused() -> None:
    with pytest.raises(InvalidIdentifier, match="not hexadecimal"):
        build("30 6")
    with pytest.raises(InvalidIdentifier, match="has 32 words"):
        build("0" * 125)
    with pytest.raises(InvalidIdentifier, match="expected none beside AFI"):
        build(EPC, attributes=1, afi=1)
    with pytest.raises(InvalidIdentifier, match="attribute bits are 256"):
        build(EPC, attributes=256)
    with pytest.raises(InvalidIdentifier, match="AFI are -1"):
        build(EPC, afi=-1)


def test_a_chip_has_a_maker_a_model_and_a_serial_number() -> None:
    tid = parse_tid(bytes.fromhex("E2801190 2000 0123456789AB FFFF"))
    assert tid == Tid(True, False, False, 0x001, 0x190, "0123456789AB")
    assert tid.stid_uri == "urn:epc:stid:x801.x190.x0123456789AB"
    assert parse_stid(tid.stid_uri) == tid
    long = parse_tid(bytes.fromhex("E2F01190 E000" + "01" * 18))
    assert (long.security, long.files, long.mask_designer, long.serial) == (True, True, 0x101, "01" * 18)
    assert parse_tid(bytes.fromhex("E2001190")).stid_uri is None
    assert parse_tid(bytes.fromhex("E28011900000")).serial is None


@pytest.mark.parametrize(
    ("memory", "words"),
    [
        ("E28011", "3 bytes, expected 4"),
        ("E0801190", "class E0, expected E2"),
        ("E280119020", "5 bytes, expected 6"),
        ("E280119020000123456789", "11 bytes, expected 12"),
    ],
)
def test_what_is_no_tid_bank_is_refused(memory: str, words: str) -> None:
    with pytest.raises(InvalidIdentifier, match=words):
        parse_tid(bytes.fromhex(memory))


@pytest.mark.parametrize(
    "uri",
    [
        "", "urn:epc:stid:x801.x190", "urn:epc:stid:x801.x190.x0123456789A", "urn:epc:stid:x801.x190.x0123456789AB0",
        "urn:epc:stid:x801.x190.x" + "0" * 40, "urn:epc:stid:x001.x190.x0123456789AB",
        "urn:epc:stid:x801.x190.xa123456789AB",
        "urn:epc:stid:x801.x190.x0123456789AB\n",
    ],
)  # fmt: skip
def test_what_does_not_name_a_chip_is_refused(uri: str) -> None:
    with pytest.raises(InvalidIdentifier, match="does not name a chip"):
        parse_stid(uri)
