"""Tags before an emulated reader's antenna, with memory that can be read, written and locked, and with their faults.

Tags are presented one group after the other, as on a packing table. A group makes room for the next when the reader
looks at all tags again after it has tried to write one of them and has seen it since, or when nothing is left of it.
So a tag whose writing was cut off stays until somebody has looked at it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from suyuan.readers.emulated_reports import tag_crc
from suyuan.readers.llrp_access import (
    PASSWORD_WORD,
    PC_WORD,
    RESULT_CODES,
    Bank,
    Outcome,
    protocol_control,
    to_hex,
    to_words,
)
from suyuan.readers.llrp_fields import BitString
from suyuan.readers.llrp_wire import Parameter, parameter
from suyuan.readers.script import FieldTag

#: Words of the EPC itself that an emulated chip holds: 128 bits.
EPC_WORDS = 8
_ALL_ANTENNAS = 0


class TagLost(Exception):
    """The tag no longer answers: what it was asked for may have happened or not."""


class EmulatedTag:
    """One chip. ``pc`` is its protocol control word, ``cells`` its whole EPC memory behind it."""

    def __init__(self, made: FieldTag) -> None:
        self.tid = made.tid.upper()
        self.antenna = made.antenna
        self.locked = made.locked
        self.faults: list[str] = [*made.faults]
        self.password = int(made.password, 16)
        self.pc = protocol_control(made.epc)
        self.cells = [*to_words(made.epc), *[0] * (EPC_WORDS - len(made.epc) // 4)]
        self.tried = self.seen_since = self.gone = False

    @property
    def epc(self) -> str:
        """What an inventory reports, capital hex: as many words as the protocol control word says."""
        return to_hex(self.cells[: self.pc >> 11])

    def bank(self, bank: int) -> list[int]:
        """The words of a bank."""
        if bank == Bank.EPC:
            return [int(tag_crc(self.epc)), self.pc, *self.cells]
        if bank == Bank.TID:
            return [*to_words(self.tid)]
        return [0, 0, *to_words(f"{self.password:08X}")] if bank == Bank.RESERVED else []

    def matches(self, target: Parameter) -> bool:
        """Whether the tag is meant by a C1G2TargetTag."""
        mask, wanted = target["TagMask"], target["TagData"]
        if not isinstance(mask, BitString) or not isinstance(wanted, BitString) or not mask.bits:
            return True
        bits = "".join(f"{word:016b}" for word in self.bank(target.number("MB")))[target.number("Pointer") :]
        pairs = zip(_bits(mask), _bits(wanted), bits.ljust(mask.bits, "?"), strict=False)
        found = all(mark == "0" or meant == has for mark, meant, has in pairs)
        return found == bool(target.number("Match"))

    def carry_out(self, operation: Parameter) -> tuple[Outcome, tuple[int, ...]]:
        """Outcome and, for a read, the words. Raises `TagLost` and `ConnectionAbortedError` as its faults say."""
        if operation.name == "C1G2Read":
            return self._read(operation)
        if operation.number("AccessPassword") not in {0, self.password}:
            return Outcome.PASSWORD, ()
        return (self._write(operation) if operation.name == "C1G2Write" else self._lock(operation)), ()

    def _read(self, operation: Parameter) -> tuple[Outcome, tuple[int, ...]]:
        bank, start = operation.number("MB"), operation.number("WordPointer")
        words = tuple(self.bank(bank)[start : start + operation.number("WordCount")])
        if len(words) < operation.number("WordCount") or not words:
            return Outcome.TAG_ERROR, ()
        return Outcome.SUCCESS, words

    def _write(self, operation: Parameter) -> Outcome:
        bank, start, data = operation.number("MB"), operation.number("WordPointer"), operation["WriteData"]
        words = [word for word in data if isinstance(word, int)] if isinstance(data, tuple) else []
        if bank == Bank.RESERVED and start == PASSWORD_WORD and len(words) == 2:
            self.password = int(to_hex(words), 16)
            return Outcome.SUCCESS
        if bank != Bank.EPC or start != PC_WORD or not 1 <= len(words) <= 1 + EPC_WORDS:
            return Outcome.OVERRUN
        self.tried, self.seen_since = True, False
        if self.locked and operation.number("AccessPassword") != self.password:
            return Outcome.LOCKED
        return self._program(words)

    def _program(self, words: list[int]) -> Outcome:
        fault = next((one for one in self.faults if one != "lock"), "")
        if fault:
            self.faults.remove(fault)
        if fault == "cut_before":
            raise ConnectionAbortedError("cut before the write, as the script says")
        if fault == "weak":
            return Outcome.LOW_POWER
        kept = words[: len(words) // 2] if fault == "half" else words
        self.pc = kept[0]
        self.cells[: len(kept) - 1] = kept[1:]
        if fault == "cut":
            raise ConnectionAbortedError("cut after the write, as the script says")
        self.gone = fault == "leaves"
        if fault:
            raise TagLost(fault)
        return Outcome.SUCCESS

    def _lock(self, operation: Parameter) -> Outcome:
        if "lock" in self.faults:
            self.faults.remove("lock")
            return Outcome.LOW_POWER
        self.locked = True
        return Outcome.SUCCESS if operation.parameters else Outcome.TAG_ERROR


def _bits(text: BitString) -> str:
    return "".join(f"{byte:08b}" for byte in text.data)[: text.bits]


class EmulatedField:
    """The tags before the antenna now (``tags``) and the groups that come after them."""

    def __init__(self, groups: Iterable[Iterable[FieldTag]]) -> None:
        self._coming = deque([EmulatedTag(tag) for tag in group] for group in groups)
        self.tags: list[EmulatedTag] = []
        self.written: list[EmulatedTag] = []
        self._advance()

    def _advance(self) -> None:
        self.written += [tag for tag in self.tags if tag.tried]
        self.tags = self._coming.popleft() if self._coming else []

    def inventory(self, antennas: Sequence[int], specs: Sequence[Parameter]) -> list[Parameter]:
        """One round over antennas with the enabled AccessSpecs: the TagReportData of every tag there."""
        over = not self.tags or any(tag.tried and tag.seen_since for tag in self.tags)
        if over and not any(map(_aimed, specs)):
            self._advance()
        reports = []
        for tag in [tag for tag in self.tags if _ALL_ANTENNAS in antennas or tag.antenna in antennas]:
            tag.seen_since = tag.tried
            reports.append(_report(tag, next((spec for spec in specs if _meant(tag, spec)), None)))
            if tag.gone:
                self.tags.remove(tag)
                self.written.append(tag)
        return reports


def _aimed(spec: Parameter) -> bool:
    """Whether an AccessSpec is for one chip: whoever has business with a chip is not ready for the next."""
    command = spec.find("AccessCommand")
    targets = command.find("C1G2TagSpec") if command else None
    return targets is not None and any(target.number("MB") == Bank.TID for target in targets.parameters)


def _meant(tag: EmulatedTag, spec: Parameter) -> bool:
    command = spec.find("AccessCommand")
    targets = command.find("C1G2TagSpec") if command else None
    on_antenna = spec.number("AntennaID") in {_ALL_ANTENNAS, tag.antenna}
    return targets is not None and on_antenna and all(tag.matches(target) for target in targets.parameters)


def _report(tag: EmulatedTag, spec: Parameter | None) -> Parameter:
    """What the reader says of one tag; the first failed operation ends the access (11.2.1.2)."""
    epc, results = tag.epc, []
    command = spec.find("AccessCommand") if spec else None
    for operation in command.parameters[1:] if command else ():
        try:
            outcome, words = tag.carry_out(operation)
        except TagLost:
            outcome, words = Outcome.NO_RESPONSE, ()
        results.append(_result(operation, outcome, words))
        if outcome is not Outcome.SUCCESS:
            break
    head = [parameter("EPC_96", EPC=bytes.fromhex(epc))] if len(epc) == 24 else [_epc_data(epc)]
    head.append(parameter("AntennaID", AntennaID=tag.antenna))
    head.append(parameter("AccessSpecID", AccessSpecID=spec.number("AccessSpecID") if spec else 0))
    return parameter("TagReportData", *head, *results)


def _epc_data(epc: str) -> Parameter:
    return parameter("EPCData", EPC=BitString(4 * len(epc), bytes.fromhex(epc)))


def _result(operation: Parameter, outcome: Outcome, words: tuple[int, ...]) -> Parameter:
    name, op = f"{operation.name}OpSpecResult", operation.number("OpSpecID")
    code = RESULT_CODES[name][outcome]
    if operation.name == "C1G2Read":
        return parameter(name, Result=code, OpSpecID=op, ReadData=words)
    if operation.name == "C1G2Lock":
        return parameter(name, Result=code, OpSpecID=op)
    data = operation["WriteData"]
    count = len(data) if isinstance(data, tuple) and outcome is Outcome.SUCCESS else 0
    return parameter(name, Result=code, OpSpecID=op, NumWordsWritten=count)
