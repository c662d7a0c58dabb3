"""Tags are written through an emulated reader over real TCP: the right one, read back, or a failure with its name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from suyuan.base.errors import InvalidInput, Unavailable
from suyuan.readers.emulated_tags import EmulatedTag
from suyuan.readers.emulator import ReaderServer
from suyuan.readers.emulator_state import Progress
from suyuan.readers.llrp_wire import Frames, Message, decode, encode, message, parameter
from suyuan.readers.script import EmulatorConfig, FieldTag, Passage, ReaderScript
from suyuan.readers.tag_writer import Fate, LlrpTagWriter, SeenTag, TagWriterSettings, WriteResult

TID = "E28011700000020A1B2C3D4E"
OTHER = "E28011700000020A1B2C3D4F"
SHORT = "E200600312345678"
EPC = "3034257BF400000000000001"
LONG = "3634257BF4000000C58B266D9AB360000000"[:32]


@asynccontextmanager
async def a_station(
    folder: Path, *groups: tuple[FieldTag, ...], **more: object
) -> AsyncIterator[tuple[ReaderServer, LlrpTagWriter]]:
    """A reader with tags on its table, and a writer that is connected to it."""
    script = ReaderScript("table", 0, presented=groups or ((),))
    server = ReaderServer(script, Progress(EmulatorConfig((script,), str(folder / "state.json"))))
    settings = {"inventory_ms": 10, "timeout": 5.0, **more}
    port = await server.listen("127.0.0.1")
    writer = LlrpTagWriter(TagWriterSettings("table", "127.0.0.1", port, **settings))  # type: ignore[arg-type]
    try:
        yield server, writer
    finally:
        await writer.close()
        await server.stop()


async def test_one_tag_is_seen_written_and_read_back(tmp_path: Path) -> None:
    async with a_station(tmp_path, (FieldTag(TID),)) as (server, writer):
        assert await writer.see() == (SeenTag(TID, "0" * 24),)
        assert await writer.write(TID, EPC) == WriteResult(Fate.WRITTEN, TID, EPC)
        assert server.field.tags[0].epc == EPC
        assert await writer.see() == ()  # it has been taken away


async def test_an_epc_of_another_length_changes_the_protocol_control_word(tmp_path: Path) -> None:
    async with a_station(tmp_path, (FieldTag(TID),)) as (server, writer):
        assert (await writer.write(TID, LONG)).epc == LONG
        assert server.field.tags[0].pc == 8 << 11
        assert await writer.see() == ()


async def test_all_tags_in_the_field_are_told_apart_by_their_chip(tmp_path: Path) -> None:
    tags = (FieldTag(TID, EPC), FieldTag(OTHER, EPC), FieldTag(SHORT, LONG), FieldTag("E2801160", "1111"))
    async with a_station(tmp_path, tags) as (_, writer):
        seen = await writer.see()
        assert seen == (SeenTag(SHORT, LONG), SeenTag(TID, EPC), SeenTag(OTHER, EPC), SeenTag("", "1111"))


async def test_a_tag_of_another_antenna_is_not_seen(tmp_path: Path) -> None:
    async with a_station(tmp_path, (FieldTag(TID, antenna=2),)) as (_, writer):
        assert await writer.see() == ()
    async with a_station(tmp_path, (FieldTag(TID, antenna=2),), antenna=2) as (_, writer):
        assert len(await writer.see()) == 1


@pytest.mark.parametrize(
    ("tag", "fate", "epc", "reason"),
    [
        (FieldTag(TID, locked=True, password="12345678"), Fate.ABSENT, "0" * 24, "the tag's memory is locked"),
        (FieldTag(TID, faults=("weak",)), Fate.ABSENT, "0" * 24, "the tag gets too little power"),
        (FieldTag(TID, faults=("half",)), Fate.ABSENT, "3034257BF4" + "0" * 14, "the tag no longer answers"),
        (FieldTag(TID, faults=("silent",)), Fate.WRITTEN, EPC, ""),
        (FieldTag(TID, faults=("leaves",)), Fate.UNKNOWN, "", "the tag has left the field"),
    ],
    ids=lambda value: value.faults[0] if isinstance(value, FieldTag) and value.faults else None,
)
async def test_every_failure_says_where_the_epc_is(
    tmp_path: Path, tag: FieldTag, fate: Fate, epc: str, reason: str
) -> None:
    """Half of seven words are the PC word and two of the EPC; the rest is what was there."""
    async with a_station(tmp_path, (tag,)) as (_, writer):
        result = await writer.write(TID, EPC)
        assert (result.fate, result.epc[:8], result.reason) == (fate, epc[:8], reason)


@pytest.mark.parametrize("fault", ["cut", "cut_before"])
async def test_a_connection_that_is_cut_leaves_a_question_that_the_next_one_answers(tmp_path: Path, fault: str) -> None:
    async with a_station(tmp_path, (FieldTag(TID, faults=(fault,)),)) as (_, writer):  # type: ignore[arg-type]
        result = await writer.write(TID, EPC)
        assert result.fate is Fate.UNKNOWN
        assert result.reason.startswith("reader table is lost")
        assert await writer.see() == (SeenTag(TID, EPC if fault == "cut" else "0" * 24),)


async def test_a_tag_that_is_not_there_is_neither_written_nor_anothers(tmp_path: Path) -> None:
    async with a_station(tmp_path, (FieldTag(OTHER),)) as (server, writer):
        assert (await writer.write(TID, EPC)).fate is Fate.UNKNOWN
        assert server.field.tags[0].epc == "0" * 24


async def test_a_written_tag_is_locked_with_the_password_and_then_refuses_another_epc(tmp_path: Path) -> None:
    async with a_station(tmp_path, (FieldTag(TID),), password="AB12CD34") as (server, writer):
        assert await writer.write(TID, EPC, locked=True) == WriteResult(Fate.WRITTEN, TID, EPC, locked=True)
        assert server.field.tags[0].locked
        again = await writer.write(TID, EPC[:-1] + "2")
        assert (again.fate, again.reason) == (Fate.ABSENT, "the tag's memory is locked")


async def test_a_lock_that_fails_is_said_and_the_epc_counts_as_written(tmp_path: Path) -> None:
    async with a_station(tmp_path, (FieldTag(TID, faults=("lock",)),), password="AB12CD34") as (_, writer):
        result = await writer.write(TID, EPC, locked=True)
        assert result == WriteResult(Fate.WRITTEN, TID, EPC, reason="not locked: the tag gets too little power")


async def test_locking_needs_a_password(tmp_path: Path) -> None:
    async with a_station(tmp_path, (FieldTag(TID),)) as (_, writer):
        with pytest.raises(InvalidInput, match="no password to lock tags with"):
            await writer.write(TID, EPC, locked=True)


async def test_a_reader_that_is_off_or_taken_is_unavailable(tmp_path: Path) -> None:
    async with a_station(tmp_path, (FieldTag(TID),)) as (server, writer):
        await writer.see()
        second = LlrpTagWriter(writer.settings)
        with pytest.raises(Unavailable, match="refused the connection"):
            await second.see()
        await server.stop()
        with pytest.raises(Unavailable, match="reader table is lost"):
            await writer.see()
        with pytest.raises(Unavailable, match="cannot be reached"):
            await writer.see()


async def test_a_reader_without_a_table_refuses_access_operations(tmp_path: Path) -> None:
    script = ReaderScript("gate", 0, passages=(Passage(1, 1, (EPC,)),))
    server = ReaderServer(script, Progress(EmulatorConfig((script,), str(tmp_path / "state.json"))))
    writer = LlrpTagWriter(TagWriterSettings("gate", "127.0.0.1", await server.listen("127.0.0.1")))
    with pytest.raises(Unavailable, match="refused ADD_ACCESSSPEC with status 111: no access operations here"):
        await writer.see()
    await server.stop()


Answer = Callable[[Message], list[Message]]


@asynccontextmanager
async def a_strange_reader(answer: Answer, greeting: Message | None = None) -> AsyncIterator[LlrpTagWriter]:
    """A reader that answers as a test says; a writer for it with little patience."""

    async def serve(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        attempt = parameter("ConnectionAttemptEvent")
        hello = message("READER_EVENT_NOTIFICATION", parameter("ReaderEventNotificationData", attempt))
        writer.write(encode(greeting or hello))
        frames = Frames()
        while data := await stream.read(4096):
            for frame in frames.feed(data):
                for reply in answer(decode(frame)):
                    writer.write(encode(reply))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    settings = TagWriterSettings("odd", "127.0.0.1", server.sockets[0].getsockname()[1], inventory_ms=10, timeout=0.2)
    writer = LlrpTagWriter(settings)
    try:
        yield writer
    finally:
        await writer.close()
        server.close()


async def test_a_reader_that_says_nothing_is_given_up() -> None:
    async with a_strange_reader(lambda _: []) as writer:
        with pytest.raises(Unavailable, match=r"did not send the answer to SET_READER_CONFIG within 0\.2 s"):
            await writer.see()


async def test_keepalives_of_an_earlier_client_are_answered_on_the_way() -> None:
    acknowledged: list[int] = []

    def answer(request: Message) -> list[Message]:
        if request.name == "KEEPALIVE_ACK":
            acknowledged.append(request.id)
            return []
        done = message(f"{request.name}_RESPONSE", parameter("LLRPStatus"), id=request.id)
        return [message("KEEPALIVE", id=77), done] if request.name == "SET_READER_CONFIG" else []

    async with a_strange_reader(answer) as writer:
        with pytest.raises(Unavailable, match="DELETE_ACCESSSPEC"):
            await writer.see()
    assert acknowledged == [77]


async def test_garbage_ends_the_connection() -> None:
    def answer(_: Message) -> list[Message]:
        return [message("RO_ACCESS_REPORT", parameter("TagReportData"))]

    async with a_strange_reader(answer) as writer:
        with pytest.raises(Unavailable, match="TagReportData without EPC"):
            await writer.see()


async def test_a_written_tag_stays_on_the_table_until_somebody_has_read_it(tmp_path: Path) -> None:
    async with a_station(tmp_path, (FieldTag(TID, faults=("cut",)),), (FieldTag(OTHER),)) as (server, writer):
        await writer.write(TID, EPC)
        assert [tag.tid for tag in server.field.tags] == [TID]
        assert (await writer.see())[0].tid == TID
        assert (await writer.write(TID, EPC)).fate is Fate.WRITTEN
        assert [tag.tid for tag in await writer.see()] == [OTHER]
        assert isinstance(server.field.written[0], EmulatedTag)
