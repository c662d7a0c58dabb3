"""The ZPL printer client against the emulated printer: host status, read-back, and what a printer can't take back."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.labels.tag_benches import PrinterBench, zpl_of

from suyuan.base.errors import InvalidSetting
from suyuan.labels.emulated_printer import EmulatedPrinter, EmulatedPrinterConfig
from suyuan.labels.printer import PrinterSettings, ZplPrinter
from suyuan.labels.tag_writing import Fate, Readiness, TagOrder

EPC = "3034257BF400000000000001"
LONG = "F7" + "0" * 30


async def a_printer(*faults: str) -> tuple[PrinterBench, ZplPrinter]:
    bench = PrinterBench(faults)  # type: ignore[arg-type]
    await bench.start()
    writer = bench.connect()
    assert isinstance(writer, ZplPrinter)
    return bench, writer


@pytest.mark.parametrize(
    ("switch", "reason"),
    [
        ("paper_out", "paper is out"),
        ("paused", "the printer is paused"),
        ("head_open", "the head is open"),
        ("ribbon_out", "ribbon is out"),
    ],
)
async def test_a_printer_says_why_it_is_not_ready(switch: str, reason: str) -> None:
    bench, writer = await a_printer()
    setattr(bench.printer, switch, True)
    assert await writer.ready() == Readiness(False, reason=reason)
    setattr(bench.printer, switch, False)
    assert await writer.ready() == Readiness(True)
    await writer.close()
    await bench.off()


async def test_a_label_that_was_sent_to_a_printer_without_paper_is_taken_back() -> None:
    """The paper ends between the question and the label: nothing may come out later, when new paper is in."""
    bench, writer = await a_printer("good", "silent")
    bench.printer.paper_out = True
    result = await writer.write(TagOrder(EPC, zpl=zpl_of(EPC)))
    assert (result.fate, result.reason) == (Fate.UNKNOWN, "printer zebra did not answer in time")
    assert (await writer.ready()).reason == "paper is out"
    bench.printer.paper_out = False
    bench.printer.work()
    assert bench.printer.labels == []
    await writer.close()
    await bench.off()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("bad", "the printer voided the label"), ("other", f"the tag in the label holds {'0' * 24}")],
)
async def test_a_label_whose_tag_holds_something_else_is_not_a_label(fault: str, reason: str) -> None:
    config = EmulatedPrinterConfig("zebra", 0, faults={"0": "void" if fault == "bad" else "other_epc"})
    printer = EmulatedPrinter(config)
    writer = ZplPrinter(PrinterSettings("zebra", "127.0.0.1", await printer.listen("127.0.0.1")))
    result = await writer.write(TagOrder(EPC, zpl=zpl_of(EPC)))
    assert (result.fate, result.reason) == (Fate.UNKNOWN, reason)
    await writer.close()
    await printer.stop()


async def test_an_epc_of_128_bits_comes_back_whole() -> None:
    bench, writer = await a_printer()
    zpl = zpl_of(LONG).replace("^RFW,H^FD", "^RFW,H,,16,A^FD")
    assert (await writer.write(TagOrder(LONG, zpl=zpl))).epc == LONG
    await writer.close()
    await bench.off()


async def test_paper_that_ends_with_a_label_is_noticed_before_the_next() -> None:
    printer = EmulatedPrinter(EmulatedPrinterConfig("zebra", 0, faults={"0": "paper_out"}))
    writer = ZplPrinter(PrinterSettings("zebra", "127.0.0.1", await printer.listen("127.0.0.1")))
    assert (await writer.write(TagOrder(EPC, zpl=zpl_of(EPC)))).fate is Fate.WRITTEN
    assert await writer.ready() == Readiness(False, reason="paper is out")
    await writer.close()
    await printer.stop()


async def test_a_name_that_cannot_be_looked_up_is_not_ready() -> None:
    writer = ZplPrinter(PrinterSettings("zebra", "x" * 70 + ".invalid"))
    assert "cannot be reached" in (await writer.ready()).reason


async def test_a_device_that_speaks_something_else_is_not_ready() -> None:
    async def chatter(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ready\r\n")
        await stream.read()
        writer.close()
        ended.set()

    ended = asyncio.Event()

    server = await asyncio.start_server(chatter, "127.0.0.1", 0)
    settings = PrinterSettings("zebra", "127.0.0.1", server.sockets[0].getsockname()[1], timeout=0.1)
    writer = ZplPrinter(settings)
    assert await writer.ready() == Readiness(False, reason="printer zebra does not answer")
    await writer.close()
    async with asyncio.timeout(10):
        await ended.wait()
    server.close()


async def test_a_port_that_is_taken_is_said() -> None:
    first = EmulatedPrinter(EmulatedPrinterConfig("one", 0))
    port = await first.listen("127.0.0.1")
    with pytest.raises(InvalidSetting, match="cannot listen"):
        await EmulatedPrinter(EmulatedPrinterConfig("two", port)).listen("127.0.0.1")
    await first.stop()


@settings(max_examples=25)
@given(st.lists(st.sampled_from([b"~HS", b"~JA", b"^XA", b"^XZ", b"^RFW,H^FD30^FS", b"_", b"\x02", b"\xff"])))
def test_any_bytes_leave_the_emulated_printer_standing(parts: list[bytes]) -> None:
    async def talk() -> None:
        printer = EmulatedPrinter(EmulatedPrinterConfig("zebra", 0))
        port = await printer.listen("127.0.0.1")
        stream, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"".join(parts) + b"\n~HS")
        assert b"\x02" in await stream.read(1000)
        writer.close()
        await writer.wait_closed()
        await printer.stop()

    asyncio.run(talk())


@settings(max_examples=25)
@given(st.binary(max_size=300))
def test_whatever_a_printer_answers_nothing_but_our_words_come_out(answer: bytes) -> None:
    """Not even a label that is read back by chance counts as written unless it holds the EPC."""

    async def talk() -> None:
        async def serve(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await stream.read(100)
            writer.write(answer)
            writer.write_eof()
            await stream.read()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        writer = ZplPrinter(PrinterSettings("zebra", "127.0.0.1", port, timeout=5))
        assert (await writer.ready()).reason or answer.count(b"\x02") >= 3
        await writer.close()
        assert (await writer.write(TagOrder(EPC, zpl=zpl_of(EPC)))).fate is not Fate.WRITTEN
        await writer.close()
        server.close()
        await asyncio.sleep(0)

    asyncio.run(talk())
