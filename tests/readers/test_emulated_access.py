"""AccessSpecs of an emulated reader with tags to write: what it takes, what it refuses, what its tags answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from suyuan.base.errors import InvalidSetting
from suyuan.readers.emulated_access import FIELD_ERROR, PARAMETER_ERROR, SUCCESS, UNSUPPORTED_PARAMETER, WritingStation
from suyuan.readers.emulated_tags import EmulatedTag
from suyuan.readers.llrp_access import (
    PASSWORD_WORD,
    PC_WORD,
    WRITING_ROSPEC,
    Access,
    Bank,
    Outcome,
    access_spec,
    accesses,
    any_tag,
    lock,
    read,
    tag_of,
    to_words,
    write,
)
from suyuan.readers.llrp_fields import BitString
from suyuan.readers.llrp_wire import Parameter, message, parameter
from suyuan.readers.script import FieldTag, load_config

TID = "E28011700000020A1B2C3D4E"
ROSPEC = parameter("ROSpec", parameter("AISpec", AntennaIDs=(0,)), ROSpecID=WRITING_ROSPEC)


def a_station(*tags: FieldTag) -> WritingStation:
    return WritingStation([tags or (FieldTag(TID),)])


def ask(station: WritingStation, name: str, *parameters: Parameter, number: int = 0) -> int:
    fields = {} if name in {"ADD_ACCESSSPEC", "GET_ACCESSSPECS"} else {"AccessSpecID": number}
    answer = station.handlers[name](message(name, *parameters, **fields))
    status = answer.find("LLRPStatus")
    assert status is not None
    return status.number("StatusCode")


def done(station: WritingStation, *operations: Parameter, target: Parameter | None = None, times: int = 1) -> Access:
    """The one tag's access, by an AccessSpec that is added and enabled for it."""
    spec = access_spec(1, target or any_tag(), operations, 0, times)
    assert ask(station, "DELETE_ACCESSSPEC") == SUCCESS
    assert ask(station, "ADD_ACCESSSPEC", spec) == SUCCESS
    assert ask(station, "ENABLE_ACCESSSPEC", number=1) == SUCCESS
    (found,) = accesses(message("RO_ACCESS_REPORT", *station.reports(ROSPEC)))
    return found


def test_specs_are_added_switched_and_deleted() -> None:
    station, spec = a_station(), access_spec(1, any_tag(), [read(1, Bank.TID, 0, 6)], 0, 0)
    assert ask(station, "ADD_ACCESSSPEC", spec) == SUCCESS
    assert ask(station, "ADD_ACCESSSPEC", spec) == FIELD_ERROR
    assert ask(station, "ENABLE_ACCESSSPEC", number=2) == FIELD_ERROR
    assert ask(station, "ENABLE_ACCESSSPEC", number=1) == SUCCESS
    assert ask(station, "DISABLE_ACCESSSPEC", number=1) == SUCCESS
    (kept,) = station.handlers["GET_ACCESSSPECS"](message("GET_ACCESSSPECS")).parameters[1:]
    assert kept == spec
    station.clear()
    assert ask(station, "DELETE_ACCESSSPEC", number=1) == FIELD_ERROR


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (parameter("AccessSpec"), PARAMETER_ERROR),
        (access_spec(0, any_tag(), [read(1, Bank.TID, 0, 1)], 0, 0), PARAMETER_ERROR),
        (access_spec(1, any_tag(), [], 0, 0), UNSUPPORTED_PARAMETER),
        (access_spec(1, any_tag(), [parameter("C1G2Kill")], 0, 0), UNSUPPORTED_PARAMETER),
        (access_spec(1, any_tag(), [read(1, Bank.TID, 0, 1)] * 9, 0, 0), UNSUPPORTED_PARAMETER),
    ],
)
def test_specs_that_cannot_be_carried_out_are_refused(spec: Parameter, code: int) -> None:
    assert ask(a_station(), "ADD_ACCESSSPEC", spec) == code


def test_a_spec_goes_when_it_has_been_carried_out_often_enough() -> None:
    station = a_station()
    assert done(station, read(1, Bank.TID, 0, 6), times=2).spec == 1
    assert [accesses(message("RO_ACCESS_REPORT", *station.reports(ROSPEC)))[0].spec for _ in range(2)] == [1, 0]


def test_a_spec_of_another_rospec_is_not_carried_out() -> None:
    station = a_station()
    ask(station, "ADD_ACCESSSPEC", access_spec(1, any_tag(), [read(1, Bank.TID, 0, 6)], 0, 0))
    ask(station, "ENABLE_ACCESSSPEC", number=1)
    other = parameter("ROSpec", parameter("AISpec", AntennaIDs=(0,)), ROSpecID=1)
    assert accesses(message("RO_ACCESS_REPORT", *station.reports(other)))[0].spec == 0
    assert station.reports(parameter("ROSpec", ROSpecID=1)) != []


@pytest.mark.parametrize(
    ("operation", "outcome"),
    [
        (read(1, Bank.TID, 0, 7), Outcome.TAG_ERROR),
        (read(1, Bank.USER, 0, 1), Outcome.TAG_ERROR),
        (write(1, Bank.USER, 0, (1,)), Outcome.OVERRUN),
        (write(1, Bank.EPC, 2, (1,)), Outcome.OVERRUN),
        (write(1, Bank.EPC, PC_WORD, (0,) * 10), Outcome.OVERRUN),
        (write(1, Bank.EPC, PC_WORD, (0,), password=7), Outcome.PASSWORD),
        (lock(1, 7), Outcome.PASSWORD),
        (parameter("C1G2Lock", OpSpecID=1), Outcome.TAG_ERROR),
    ],
)
def test_what_a_tag_cannot_do_has_its_name(operation: Parameter, outcome: Outcome) -> None:
    result = done(a_station(), operation, read(2, Bank.TID, 0, 1))
    assert [item.outcome for item in result.results] == [outcome]  # and the access ends there


def test_a_locked_tag_is_written_by_who_knows_its_password() -> None:
    station = a_station()
    password = write(1, Bank.RESERVED, PASSWORD_WORD, to_words("12345678"))
    assert len(done(station, password, lock(2, 0x12345678)).results) == 2
    new = (1 << 11, 0xABCD)
    assert done(station, write(1, Bank.EPC, PC_WORD, new), target=tag_of(TID)).results[0].outcome is Outcome.LOCKED
    known = write(1, Bank.EPC, PC_WORD, new, password=0x12345678)
    assert done(station, known, target=tag_of(TID)).results[0].outcome is Outcome.SUCCESS
    assert station.field.tags[0].epc == "ABCD"


@pytest.mark.parametrize(
    ("mask", "data", "match", "meant"),
    [
        (b"\xff", b"\xe2", 1, True),
        (b"\xff", b"\xe3", 1, False),
        (b"\xff", b"\xe3", 0, True),
        (b"\xf0", b"\xef", 1, True),
        (b"\xff" * 13, b"\xe2" + b"\0" * 12, 1, False),
    ],
)
def test_a_tag_is_meant_by_the_bits_of_a_mask(mask: bytes, data: bytes, match: int, meant: bool) -> None:
    bits = 8 * len(mask)
    target = parameter(
        "C1G2TargetTag", MB=Bank.TID, Match=match, TagMask=BitString(bits, mask), TagData=BitString(bits, data)
    )
    assert EmulatedTag(FieldTag(TID)).matches(target) is meant


def test_a_reader_has_passages_or_tags_to_write(tmp_path: Path) -> None:
    passage = {"at_us": 1, "duration_us": 1, "tags": []}
    reader = {"name": "a", "port": 0, "passages": [passage], "presented": [[{"tid": TID}]]}
    path = tmp_path / "emulator.json"
    path.write_text(json.dumps({"readers": [reader], "state_file": "state.json"}))
    with pytest.raises(InvalidSetting, match="passages or tags to write, not both"):
        load_config(path)
