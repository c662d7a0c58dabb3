"""Writes one tag after the other through an LLRP reader: by its TID, read back, and locked where that is asked.

A tag is always addressed by its TID, so that a second tag that comes into the field is never written by mistake.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, NamedTuple

import msgspec

from suyuan.base.errors import InvalidInput, Unavailable
from suyuan.readers.llrp_access import (
    PASSWORD_WORD,
    PC_WORD,
    Access,
    Bank,
    Outcome,
    Result,
    access_spec,
    any_tag,
    lock,
    protocol_control,
    read,
    tag_of,
    to_hex,
    to_words,
    write,
)
from suyuan.readers.llrp_exchange import Exchange, open_exchange
from suyuan.readers.llrp_wire import Parameter, message

#: Words of a TID that tell one chip from another: an E2h class header, the model, and 48 or 32 bits of serial number.
_TID_WORDS = (6, 4)
#: Inventories in which a written tag may answer before it counts as gone.
_LOOKS = 3
#: Bits 10h-14h of the EPC bank: the EPC's length in words.
_LENGTH_SHIFT = 11
_SPEC = 1


class TagWriterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the reader is. ``inventory_ms`` is how long it looks for tags each time, ``timeout`` in seconds.

    ``password``: 8 hexadecimal digits that lock and later unlock the tags; without it none can be locked.
    """

    name: str
    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 5084
    antenna: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 1
    inventory_ms: Annotated[int, msgspec.Meta(ge=10, le=10_000)] = 300
    timeout: Annotated[float, msgspec.Meta(gt=0, le=60)] = 5.0
    password: Annotated[str, msgspec.Meta(pattern="^([0-9A-Fa-f]{8})?$")] = ""


class SeenTag(NamedTuple):
    """A tag in the field, in capital hex; ``tid`` is empty where it can't be read or has no serial number."""

    tid: str
    epc: str


class Fate(StrEnum):
    """Where the EPC is after a write."""

    WRITTEN = "written"  #: on the tag: it was read back
    ABSENT = "absent"  #: not on the tag: something else was read back
    UNKNOWN = "unknown"  #: nobody could read the tag afterwards


class WriteResult(NamedTuple):
    """What became of a write. ``epc`` is what was read back, ``reason`` what went wrong."""

    fate: Fate
    tid: str
    epc: str = ""
    locked: bool = False
    reason: str = ""


class LlrpTagWriter:
    """One antenna of one reader. It connects when it is first asked, and again after a failure."""

    def __init__(self, settings: TagWriterSettings) -> None:
        self.settings = settings
        self._exchange: Exchange | None = None

    async def see(self) -> tuple[SeenTag, ...]:
        """The tags before the antenna. Raises `Unavailable`."""
        tids: dict[str, str] = {}
        nameless: set[str] = set()
        for words in _TID_WORDS:
            found = await self._access(any_tag(), [read(1, Bank.TID, 0, words)], times=0)
            read_now = {to_hex(result.words): item.epc for item in found if (result := _done(item, 1))}
            tids |= {tid: epc for tid, epc in read_now.items() if not tids or epc in nameless}
            nameless = {item.epc for item in found} - set(tids.values())
            if not nameless:
                break
        tags = [SeenTag(tid, epc) for tid, epc in sorted(tids.items())]
        return (*tags, *(SeenTag("", epc) for epc in sorted(nameless)))

    async def write(self, tid: str, epc: str, *, locked: bool = False) -> WriteResult:
        """Write an EPC (hex of whole words) to the chip with that TID, read it back, compare, and lock it if asked.

        Raises `Unavailable` where nothing was sent to the tag, `InvalidInput` where it can't be locked.
        """
        password = int(self.settings.password or "0", 16)
        if locked and not password:
            raise InvalidInput(
                f"writer {self.settings.name} has no password to lock tags with", place="lock", remedy="set password"
            )
        words = (protocol_control(epc), *to_words(epc))
        await self._prepare(tag_of(tid), [write(1, Bank.EPC, PC_WORD, words)], times=1)
        try:
            accesses = await self._run()
            why = _failure(accesses, 1) or "the tag holds something else than was written"
            result = await self._read_back(tid, epc, why)
            if result.fate is Fate.WRITTEN and locked:
                return await self._lock(result, password)
        except Unavailable as error:
            return WriteResult(Fate.UNKNOWN, tid, reason=error.detail)
        return result

    async def close(self) -> None:
        """Drop the connection."""
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            await exchange.close()

    async def _read_back(self, tid: str, epc: str, why: str) -> WriteResult:
        words = 1 + len(epc) // 4
        for _ in range(_LOOKS):
            for item in await self._access(tag_of(tid), [read(1, Bank.EPC, PC_WORD, words)], times=1):
                if result := _done(item, 1):
                    whole = result.words[0] >> _LENGTH_SHIFT == words - 1 and to_hex(result.words[1:]) == epc
                    fate = Fate.WRITTEN if whole else Fate.ABSENT
                    return WriteResult(fate, tid, to_hex(result.words[1:]), reason="" if whole else why)
        return WriteResult(Fate.UNKNOWN, tid, reason="the tag has left the field")

    async def _lock(self, result: WriteResult, password: int) -> WriteResult:
        """The EPC is on the tag whatever happens here: a failure is said and the tag is left unlocked."""
        operations = [write(1, Bank.RESERVED, PASSWORD_WORD, to_words(f"{password:08X}")), lock(2, password)]
        try:
            accesses = await self._access(tag_of(result.tid), operations, times=1)
        except Unavailable as error:
            return result._replace(reason=f"not locked: {error.detail}")
        why = _failure(accesses, 1) or _failure(accesses, 2)
        return result._replace(locked=not why, reason=f"not locked: {why}" if why else "")

    async def _access(self, target: Parameter, operations: list[Parameter], times: int) -> list[Access]:
        await self._prepare(target, operations, times)
        return await self._run()

    async def _prepare(self, target: Parameter, operations: list[Parameter], times: int) -> None:
        """Put an AccessSpec in place: nothing reaches a tag before `_run`."""
        settings = self.settings
        try:
            exchange = await self._connected()
            spec = access_spec(_SPEC, target, operations, settings.antenna, times)
            await exchange.ask(message("ADD_ACCESSSPEC", spec))
            await exchange.ask(message("ENABLE_ACCESSSPEC", AccessSpecID=_SPEC))
        except BaseException:
            await self.close()
            raise

    async def _connected(self) -> Exchange:
        settings = self.settings
        if self._exchange is None:
            self._exchange = await open_exchange(
                settings.name, settings.host, settings.port, settings.antenna, settings.inventory_ms, settings.timeout
            )
        return self._exchange

    async def _run(self) -> list[Access]:
        try:
            return await (await self._connected()).run(self.settings.inventory_ms)
        except BaseException:
            await self.close()
            raise


def _done(item: Access, op: int) -> Result | None:
    """The result of an operation that was carried out."""
    result = item.of(op)
    return result if result and result.outcome is Outcome.SUCCESS else None


def _failure(accesses: list[Access], op: int) -> str:
    """Why an operation failed; empty where it was done."""
    results = [result for item in accesses if (result := item.of(op))]
    if any(result.outcome is Outcome.SUCCESS for result in results):
        return ""
    return str(results[0].outcome) if results else "the tag was not found"
