"""Access operations of LLRP 1.0.1 (clauses 11 and 15.2.1): AccessSpecs to send, and what readers report of them.

Memory is addressed in words of 16 bits, masks in bits. Result codes that only LLRP 1.1 has are known too.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum, StrEnum
from typing import NamedTuple

from suyuan.base.errors import InvalidFrame
from suyuan.readers.llrp_fields import BitString
from suyuan.readers.llrp_wire import Message, Parameter, parameter


class Bank(IntEnum):
    """Memory banks of a Gen2 tag."""

    RESERVED = 0
    EPC = 1
    TID = 2
    USER = 3


class Outcome(StrEnum):
    """What became of one operation on one tag."""

    SUCCESS = "done"
    OVERRUN = "the tag has no such memory"
    LOCKED = "the tag's memory is locked"
    LOW_POWER = "the tag gets too little power"
    PASSWORD = "the tag has another password"  # noqa: S105  a sentence
    TAG_ERROR = "the tag refused without a reason"
    NO_RESPONSE = "the tag no longer answers"
    READER_ERROR = "the reader failed without a reason"


#: EPC bank: word 0 is the CRC, which the tag computes; the PC word follows, then the EPC.
PC_WORD, EPC_BIT = 1, 32
#: Words of the reserved bank that hold the access password.
PASSWORD_WORD = 2
#: C1G2LockPayload: Privilege "Read_Write" is locked unless the password is known; DataField names the memory.
_LOCK, _ACCESS_PASSWORD, _EPC_MEMORY = 0, 1, 2
_ENDS_BY_COUNT, _AT_END_OF_ACCESS = 1, 1

_COMMON = (Outcome.TAG_ERROR, Outcome.NO_RESPONSE, Outcome.READER_ERROR)
#: Outcomes of each kind of result, by code.
_OUTCOMES: dict[str, tuple[Outcome, ...]] = {
    "C1G2ReadOpSpecResult": (Outcome.SUCCESS, *_COMMON, Outcome.OVERRUN, Outcome.LOCKED, Outcome.PASSWORD),
    "C1G2WriteOpSpecResult": (
        Outcome.SUCCESS, Outcome.OVERRUN, Outcome.LOCKED, Outcome.LOW_POWER, *_COMMON, Outcome.PASSWORD,
    ),
    "C1G2LockOpSpecResult": (
        Outcome.SUCCESS, Outcome.LOW_POWER, *_COMMON, Outcome.PASSWORD, Outcome.OVERRUN, Outcome.LOCKED,
    ),
}  # fmt: skip
RESULT_CODES = {kind: {outcome: code for code, outcome in enumerate(outcomes)} for kind, outcomes in _OUTCOMES.items()}


class Result(NamedTuple):
    """What became of one OpSpec. ``words`` were read; ``written`` counts words that were written."""

    op: int
    outcome: Outcome
    words: tuple[int, ...] = ()
    written: int = 0


class Access(NamedTuple):
    """One report of one tag: its EPC in capital hex, the AccessSpec (0: none) and results in the order of its OpSpecs.

    Fewer results than OpSpecs means that one failed: the reader stops there.
    """

    epc: str
    spec: int
    results: tuple[Result, ...]

    def of(self, op: int) -> Result | None:
        """The result of an OpSpec, None where it wasn't reached."""
        return next((result for result in self.results if result.op == op), None)


def protocol_control(epc: str) -> int:
    """The PC word of a tag with a GS1 EPC: the EPC's length in words, in the upper five bits (Gen2 6.3.2.1.2.2)."""
    return len(epc) // 4 << 11


def to_words(hex_text: str) -> tuple[int, ...]:
    """Words of hexadecimal text whose length is a multiple of four."""
    return tuple(int(hex_text[at : at + 4], 16) for at in range(0, len(hex_text), 4))


def to_hex(words: Sequence[int]) -> str:
    """Words as capital hexadecimal text."""
    return "".join(f"{word:04X}" for word in words)


def any_tag() -> Parameter:
    """Every tag: a mask without bits (15.2.1.3.1.1)."""
    return parameter("C1G2TargetTag", MB=Bank.EPC, Match=1)


def tag_of(tid: str) -> Parameter:
    """Only the chip whose TID begins like this."""
    bits, data = len(tid) * 4, bytes.fromhex(tid)
    mask = BitString(bits, b"\xff" * len(data))
    return parameter("C1G2TargetTag", MB=Bank.TID, Match=1, TagMask=mask, TagData=BitString(bits, data))


def read(op: int, bank: Bank, pointer: int, words: int) -> Parameter:
    """Read so many words of a bank."""
    return parameter("C1G2Read", OpSpecID=op, MB=bank, WordPointer=pointer, WordCount=words)


def write(op: int, bank: Bank, pointer: int, words: tuple[int, ...], password: int = 0) -> Parameter:
    """Write words into a bank."""
    return parameter("C1G2Write", OpSpecID=op, AccessPassword=password, MB=bank, WordPointer=pointer, WriteData=words)


def lock(op: int, password: int) -> Parameter:
    """Nobody writes the EPC bank, or reads the password, any more who does not know the password."""
    payload = [
        parameter("C1G2LockPayload", Privilege=_LOCK, DataField=field) for field in (_EPC_MEMORY, _ACCESS_PASSWORD)
    ]
    return parameter("C1G2Lock", *payload, OpSpecID=op, AccessPassword=password)


#: The ROSpec of whoever writes tags: no reading client has one with this number, so that an AccessSpec which a killed
#: one left behind is never carried out by another.
WRITING_ROSPEC = 0x5359


def access_spec(number: int, target: Parameter, operations: Sequence[Parameter], antenna: int, times: int) -> Parameter:
    """An AccessSpec of `WRITING_ROSPEC`, disabled as it must be added.

    It deletes itself after ``times`` executions, 0 is never.
    """
    stop = parameter(
        "AccessSpecStopTrigger", AccessSpecStopTrigger=_ENDS_BY_COUNT * (times > 0), OperationCountValue=times
    )
    command = parameter("AccessCommand", parameter("C1G2TagSpec", target), *operations)
    report = parameter("AccessReportSpec", AccessReportTrigger=_AT_END_OF_ACCESS)
    return parameter(
        "AccessSpec",
        stop,
        command,
        report,
        AccessSpecID=number,
        AntennaID=antenna,
        ProtocolID=1,
        ROSpecID=WRITING_ROSPEC,
    )


def accesses(report: Message) -> list[Access]:
    """What an RO_ACCESS_REPORT says of each tag. Raises `InvalidFrame` for a record without EPC."""
    return [_access(item) for item in report.parameters if item.name == "TagReportData"]


def _access(data: Parameter) -> Access:
    spec = data.find("AccessSpecID")
    results = tuple(_result(item) for item in data.parameters if item.name in _OUTCOMES)
    return Access(_epc(data), spec.number("AccessSpecID") if spec else 0, results)


def _epc(data: Parameter) -> str:
    short, long = data.find("EPC_96"), data.find("EPCData")
    value = short["EPC"] if short else long["EPC"] if long else None
    if isinstance(value, BitString):
        value = value.data
    if not isinstance(value, bytes):
        raise InvalidFrame("TagReportData without EPC")
    return value.hex().upper()


def _result(item: Parameter) -> Result:
    """A code that no version of the standard has is a failure like any other."""
    known, code = _OUTCOMES[item.name], item.number("Result")
    outcome = known[code] if code < len(known) else Outcome.READER_ERROR
    data = item["ReadData"] if item.name == "C1G2ReadOpSpecResult" else ()
    words = tuple(word for word in data if isinstance(word, int)) if isinstance(data, tuple) else ()
    written = item.number("NumWordsWritten") if item.name == "C1G2WriteOpSpecResult" else 0
    return Result(item.number("OpSpecID"), outcome, words, written)
