"""The story: three foods from farm to shopper, played by real parts, and the two recalls that follow.

Server, readers and edges are child processes of the same program that a user would run; everything reaches the ledger
over HTTP. Any of them may be killed at any time, and so may we: what is filed twice is stored once, and the next run
on the same folder goes on from what is there.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from suyuan.app.demo.evidence import Evidence, Signed
from suyuan.app.demo.filing import Filing
from suyuan.app.demo.firms import FIRMS
from suyuan.app.demo.keyring import LABELLER, Keyring
from suyuan.app.demo.launch import Launched, launch
from suyuan.app.demo.plant import Plant, key_name
from suyuan.app.demo.processes import Processes
from suyuan.app.demo.progress import Step, Voice
from suyuan.app.demo.scenario import Scenario
from suyuan.app.demo.service import Service, connect
from suyuan.app.demo.summary import Summary
from suyuan.app.demo.tour import Stop, stops, visit
from suyuan.app.demo.watch import Watch
from suyuan.base.clock import now
from suyuan.base.errors import SuyuanError, Unavailable
from suyuan.gs1.names import canonical, name_of
from suyuan.trace.master_data import MasterData

#: How often a verification is tried while the server is killed under it, and the seconds between.
_TRIES: Final = 5
_PAUSE: Final = 2.0


class Story:
    """One telling of a scenario. ``tour`` is complete when `tell` has returned."""

    def __init__(
        self, data: Path, scenario: Scenario, plant: Plant, processes: Processes, voice: Voice, url: str
    ) -> None:
        self.url = url
        self.tour: list[Stop] = []
        self._data = data
        self._scenario = scenario
        self._plant = plant
        self._processes = processes
        self._voice = voice

    async def tell(self) -> Summary:
        """From the first process to the last page. Raises `Unavailable` with the step that failed."""
        async with connect(self.url, self._processes.check) as service:
            keys = Keyring(self._data, service)
            await self._open(service, keys)
            evidence = Evidence(self._data, service)
            await evidence.take()
            counted = await self._play(service, keys)
            await evidence.take()
            regulator = await keys.regulator()
            recalls = await self._recall(service, regulator)
            signed = await self._verify(service, regulator, evidence)
            return await self._conclude(service, regulator, counted, recalls, signed)

    @contextmanager
    def _step(self, title: str) -> Iterator[Step]:
        """A step; what fails in it is raised with its name and the folder of the logs."""
        try:
            with self._voice.step(title) as step:
                yield step
        except SuyuanError as error:
            raise Unavailable(f"{title}: {error}", remedy=f"logs are in {self._data / 'logs'}") from error

    async def _open(self, service: Service, keys: Keyring) -> None:
        """The server, its keys, and the master data."""
        with self._step("the server starts"):
            port = service.url.rpartition(":")[2]
            self._processes.start({"server": ["serve", "--data", str(self._data), "--port", port]})
            await service.ask("GET", "/readyz")
        with self._step("keys and master data") as step:
            await keys.regulator()
            await keys.firm(FIRMS[LABELLER])
            for site in self._plant.sites:
                await keys.device(key_name(site), FIRMS[site])
            await _introduce(service, keys, self._scenario.master_data)
            step.note = f"{len(self._scenario.master_data.parties)} firms, {len(self._plant.sites)} edges"

    async def _play(self, service: Service, keys: Keyring) -> Counter[str]:
        """Readers see goods pass while firms file their documents; what the edges have counted in the end."""
        watch = Watch(self._plant, self._processes)
        with self._step("readers and edges start") as step:
            began_us = now()
            self._processes.start({"emulator": ["emulate", "--config", str(self._plant.emulator_config)]})
            self._processes.start(
                {f"edge-{site}": ["edge", "--config", str(self._plant.edge_config(site))] for site in self._plant.sites}
            )
            await watch.edges_run(step, began_us)
        with self._step("goods move, and their events reach the ledger") as step:
            filing = Filing(self._scenario, service, keys)
            work = asyncio.create_task(filing.run())
            try:
                counted = await watch.delivered(step, filing, work)
            finally:
                work.cancel()
            step.note = f"{counted['tag_reads']} tag reads at {counted['passages']} passages, {filing.filed} documents"
        return counted

    async def _recall(self, service: Service, regulator: str) -> list[Launched]:
        """The scenario's recalls, one after the other."""
        recalls = []
        for plan in self._scenario.recalls:
            with self._step(f"recall of {canonical(name_of(plan.seed)).removeprefix('https://id.gs1.org')}") as step:
                recalls.append(await launch(service, regulator, plan))
                found = recalls[-1]
                step.note = f"{found.affected} affected, {found.carriers} carriers, {found.seconds} s"
        return recalls

    async def _verify(self, service: Service, regulator: str, evidence: Evidence) -> Signed:
        """The whole log, and the proof of an event of something affected; raised when anything doesn't hold."""
        with self._step("the log is verified") as step:
            link = self._scenario.pages.affected[0]
            state = (await service.ask("GET", f"/api/v1/things/{link}", key=regulator)).json()
            signed = await evidence.settled()
            bundle = await evidence.bundle(state["events"][-1]["eventID"])
            for _ in range(_TRIES):
                try:
                    await evidence.check(bundle)
                    break
                except Unavailable:  # the server was killed under us: what it said is no verdict yet
                    self._processes.check()
                    await asyncio.sleep(_PAUSE)
            else:
                raise Unavailable("the server was never there for as long as a verification takes")
            step.note = f"{signed.size} entries"
        return signed

    async def _conclude(
        self, service: Service, regulator: str, counted: Counter[str], recalls: Sequence[Launched], signed: Signed
    ) -> Summary:
        """Alerts, figures, and a look at every page."""
        with self._step("pages for visitors") as step:
            alerts = (await service.ask("GET", "/api/v1/alerts/clones", key=regulator)).json()
            figures = (await service.ask("GET", "/api/v1/figures")).json()
            self.tour = stops(self._scenario, recalls)
            pages = await visit(service, self.tour)
            step.note = f"{len(pages)} pages"
        return Summary(
            tag_reads=counted["tag_reads"],
            observations=counted["observations"],
            events=figures["events"],
            things=figures["things"],
            log_size=signed.size,
            log_root=signed.root,
            log_verified=True,
            recall=recalls[0],
            recalls=list(recalls),
            pages=pages,
            clone_alerts=len(alerts),
            seconds=round(self._voice.seconds, 1),
        )


async def _introduce(service: Service, keys: Keyring, data: MasterData) -> None:
    """Put the master data in, once: a run that resumes finds them there."""
    known = msgspec.json.decode((await service.ask("GET", "/api/v1/masterdata")).body, type=MasterData)
    for ours, theirs in ((data.parties, known.parties), (data.sites, known.sites), (data.products, known.products)):
        if {one.id: one for one in ours} != {one.id: one for one in theirs}:
            await service.ask("PUT", "/api/v1/masterdata", key=keys.administrator(), body=data)
            return
