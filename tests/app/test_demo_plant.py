"""Configuration files that edge and emulator take, and the watch over what they write about themselves."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from suyuan.app.demo.filing import Filing
from suyuan.app.demo.keyring import Keyring
from suyuan.app.demo.plant import Plant
from suyuan.app.demo.processes import Processes
from suyuan.app.demo.progress import Step, Voice
from suyuan.app.demo.scenario import Scenario, build
from suyuan.app.demo.service import Service
from suyuan.app.demo.watch import Watch
from suyuan.base.clock import format_time, now
from suyuan.base.errors import Unavailable
from suyuan.readers.edge_config import load_config as load_edge
from suyuan.readers.script import load_config as load_emulator


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """One scenario."""
    return build(3)


@pytest.fixture
def plant(tmp_path: Path, scenario: Scenario) -> Plant:
    """A plant that is configured."""
    plant = Plant(tmp_path, scenario)
    ports = {gate.gate.name: 21_000 + number for number, gate in enumerate(scenario.gates)}
    plant.configure(ports, "http://127.0.0.1:8000")
    return plant


def test_the_emulator_s_file_is_one_that_it_takes(plant: Plant, scenario: Scenario) -> None:
    config = load_emulator(plant.emulator_config)
    assert [reader.name for reader in config.readers] == [gate.gate.name for gate in scenario.gates]
    assert [reader.passages for reader in config.readers] == [gate.passages for gate in scenario.gates]
    assert {reader.seed for reader in config.readers} == {3}


def test_every_edge_s_file_is_one_that_it_takes_and_means_its_gates(plant: Plant, scenario: Scenario) -> None:
    ports = {reader.name: reader.port for reader in load_emulator(plant.emulator_config).readers}
    for site, gates in scenario.sites().items():
        config = load_edge(plant.edge_config(site))
        assert [reader.name for reader in config.readers] == [gate.gate.name for gate in gates]
        for reader, gate in zip(config.readers, gates, strict=True):
            (point,) = reader.read_points
            step = gate.gate.step()
            assert reader.port == ports[reader.name]
            assert {name: getattr(point, name) for name in step.__struct_fields__} == {
                name: getattr(step, name) for name in step.__struct_fields__
            }
            assert point.cleaning == gate.gate.cleaning()
            assert reader.inventory.antennas == gate.gate.antennas
            assert reader.clock == "reader"


def test_a_state_that_is_no_state_is_none(plant: Plant, tmp_path: Path) -> None:
    assert plant.emulator() is None
    for text in (b"", b"{", b"\xff", b"[" * 5000, b'{"readers": 1}'):
        (tmp_path / "emulator-state.json").write_bytes(text)
        assert plant.emulator() is None
    assert plant.edges(0) == {}


def test_what_an_edge_said_before_does_not_count(plant: Plant) -> None:
    say(plant, "port", now() - 5_000_000)
    assert list(plant.edges(now() - 10_000_000)) == ["port"]
    assert plant.edges(now() - 1_000_000) == {}
    path = plant.edge_config("port").with_name("edge-status.json")
    path.write_text(path.read_text().replace('"time": "2', '"time": "x'))
    assert plant.edges(1) == {}


def say(plant: Plant, site: str, time_us: int, **members: Any) -> None:
    """Write what an edge says of itself."""
    counters = {"tag_reads": 10, "observations": 5}
    state = {"time": format_time(time_us), "readers": {}, "outbox": 0, "dead": 0, "delivered": 1, "counters": counters}
    plant.edge_config(site).with_name("edge-status.json").write_text(json.dumps({**state, **members}))


def tell(plant: Plant, recorded: int) -> None:
    """Write how far the readers have come, of two passages."""
    state = {"readers": {"gate": {"passages": 2, "recorded": recorded, "tag_reads_sent": 9}}, "complete": recorded == 2}
    plant.emulator_config.with_name("emulator-state.json").write_text(json.dumps(state))


class Watching:
    """A watch over a plant that is only files; nothing may stand still for more than a moment."""

    def __init__(self, plant: Plant, scenario: Scenario, tmp_path: Path) -> None:
        (tmp_path / "run").mkdir()
        self.filing = Filing(scenario, cast("Service", None), cast("Keyring", None))  # nothing is filed here
        self.filing.filed = self.filing.documents
        self.watch = Watch(plant, Processes(tmp_path, 0, print), stall=0.5)
        self.step = Step(Voice(Console(quiet=True)), "goods move", None)

    async def delivered(self) -> Any:
        """Watch until all is delivered."""
        work = asyncio.create_task(asyncio.sleep(0))
        return await self.watch.delivered(self.step, self.filing, work)


@pytest.fixture
def watching(plant: Plant, scenario: Scenario, tmp_path: Path) -> Watching:
    """A watch over this plant."""
    return Watching(plant, scenario, tmp_path)


async def test_all_is_delivered_when_every_edge_has_said_so_after_the_last_passage(
    plant: Plant, watching: Watching
) -> None:
    tell(plant, 2)
    for site in plant.sites:
        say(plant, site, now() - 1_000_000)
    task = asyncio.create_task(watching.delivered())
    await asyncio.sleep(0.3)
    assert not task.done(), "what the edges said before the emulator was complete says nothing about their outboxes"
    for site in plant.sites:
        say(plant, site, now())
    counted = await task
    assert counted["tag_reads"] == 10 * len(plant.sites)


@pytest.mark.parametrize(
    ("recorded", "members", "filed", "words"),
    [
        (1, {}, None, "1 of 2 passages are recorded"),
        (2, {"outbox": 4}, None, r"edges with events in their outbox: .*port \(4\)"),
        (2, None, None, "edges that say nothing: .*port"),
        (2, {}, 7, "7 of .* documents are filed"),
    ],
)
async def test_what_is_stuck_is_named(
    plant: Plant, watching: Watching, recorded: int, members: dict[str, Any] | None, filed: int | None, words: str
) -> None:
    tell(plant, recorded)
    for site in plant.sites if members is not None else []:
        say(plant, site, now() + 60_000_000, **members or {})
    watching.filing.filed = watching.filing.documents if filed is None else filed
    with pytest.raises(Unavailable, match=rf"nothing has moved for 0 s: .*{words}"):
        await watching.delivered()


async def test_an_event_that_was_refused_for_good_ends_the_story(plant: Plant, watching: Watching) -> None:
    tell(plant, 2)
    say(plant, "port", now() + 60_000_000, dead=1)
    with pytest.raises(Unavailable, match=r"refused events of the edges port \(1\)"):
        await watching.delivered()


async def test_a_document_that_is_refused_ends_the_story(plant: Plant, watching: Watching) -> None:
    async def refuse() -> None:
        raise Unavailable("this document")

    work = asyncio.create_task(refuse())
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="this document"):
        await watching.watch.delivered(watching.step, watching.filing, work)


async def test_edges_that_do_not_start_are_named(plant: Plant, watching: Watching) -> None:
    for site in plant.sites[1:]:
        say(plant, site, now())
    with pytest.raises(Unavailable, match=f"edges {plant.sites[0]} say nothing"):
        await watching.watch.edges_run(watching.step, 0)
