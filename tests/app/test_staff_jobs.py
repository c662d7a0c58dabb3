"""Labels sent from the producer's page to an RFID printer: progress, a printer without paper, and going on."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
from tests.app.staff_desk import Desk, Firm
from tests.serving import Service

from suyuan.labels.emulated_printer import EmulatedPrinter, EmulatedPrinterConfig

HOME = "/staff/labels"


@pytest.fixture(scope="module")
def printer() -> Iterator[tuple[EmulatedPrinter, int]]:
    """An emulated printer on a loop of its own, and its port; its third label is its last."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def switch_on() -> tuple[EmulatedPrinter, int]:
        made = EmulatedPrinter(EmulatedPrinterConfig("zebra", 0, faults={"2": "paper_out"}))
        return made, await made.listen("127.0.0.1")

    found = asyncio.run_coroutine_threadsafe(switch_on(), loop).result(30)
    yield found
    asyncio.run_coroutine_threadsafe(found[0].stop(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory, printer: tuple[EmulatedPrinter, int]) -> Iterator[Service]:
    """A server that knows the printer, which it waits for a moment only."""
    folder = tmp_path_factory.mktemp("plant")
    file = folder / "writers.toml"
    file.write_text(
        f'[[writers]]\nname = "zebra"\nprinter = "127.0.0.1:{printer[1]}"\nwait = 0\n'
        '[[writers]]\nname = "table"\nreader = "127.0.0.1:1"\n'
    )
    running = Service(folder / "data", SUYUAN_TAG_WRITERS=str(file))
    running.start()
    running.make_keys()
    yield running
    assert running.stop() in {0, 130}
    assert "Traceback" not in running.log.read_text(), running.log.read_text()


@pytest.fixture
def desk(plant: Service) -> Iterator[Desk]:
    """Somebody with a fresh batch of five labels on the page."""
    firm = Firm(plant)
    made = Desk(plant)
    made.log_in(firm.key)
    made.get(f"{HOME}/new/{firm.pack}")
    typed = {"lot": "RFID", "quantity": "5", "production_date": "2026-11-21", "serials": "numeric", "do": "make"}
    made.follow(made.send(f"{HOME}/new/{firm.pack}", **typed))
    yield made
    made.client.close()


def address(desk: Desk) -> str:
    """The path of the batch whose page is open."""
    return f"{HOME}/B{desk.page.partition(f'{HOME}/B')[2][:12]}"


def live(desk: Desk, page: str) -> str:
    """What the page asks for each second, when the printer has come to rest."""
    deadline = time.monotonic() + 30
    while True:
        answer = desk.get(f"{page}/live?level=item")
        assert answer.status_code == 200
        if answer.headers["x-busy"] == "no":
            return answer.text
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)


def test_labels_go_to_a_printer_which_runs_out_of_paper_and_goes_on(
    desk: Desk, printer: tuple[EmulatedPrinter, int]
) -> None:
    page = address(desk)
    assert "Print and write tags: zebra" in desk.text
    assert "Write tags: table" in desk.text
    desk.follow(desk.send(f"{page}/job", level="item", first="1", last="5", spoiled="5", writer="zebra", design="item"))
    waiting = live(desk, page)
    assert "Paused" in waiting
    assert "paper" in waiting
    desk.get(page)
    assert desk.counts() == [2, 3, 0, 0]
    assert "3 / 4" in desk.text
    assert "Before others are printed here" in desk.text
    for form, fields in (("printed", {}), ("file", {"output": "pdf"})):
        assert desk.send(f"{page}/{form}", level="item", first="4", last="5", **fields).status_code == 409
        assert "a printer or a tag reader is at work" in desk.text
    desk.get(page)
    job = desk.page.partition("/jobs/")[2].partition('"')[0]
    printer[0].paper_out = False
    desk.follow(desk.send(f"{page}/jobs/{job}", level="item", do="resume"))
    assert "Done" in live(desk, page)
    desk.get(page)
    assert desk.counts() == [1, 4, 0, 0]
    assert "Go on" not in desk.text
    assert "Print 1 label" in desk.text
    assert len({label.epc for label in printer[0].labels}) == 4
    refused = desk.send(f"{page}/jobs/{job}", level="item", do="resume")
    assert refused.status_code == 409
    assert desk.send(f"{page}/jobs/{job}", level="item", do="dance").status_code == 400
    assert desk.send(f"{page}/jobs/none", level="item", do="pause").status_code == 404


def test_a_job_that_cannot_be_opened_says_why_on_the_page(desk: Desk) -> None:
    page = address(desk)
    answer = desk.send(f"{page}/job", level="item", first="1", last="5", writer="none", design="item")
    assert answer.status_code == 404
    assert "there is no tag writer" in desk.text
    assert desk.send(f"{page}/job", level="item", first="9", last="9", writer="zebra").status_code == 404
