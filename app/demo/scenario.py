"""The scenario: one seed gives all that happens in the demonstration, to the millisecond and the last tag read."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from suyuan.app.demo.book import Chain, Crossing, Document, RecallPlan
from suyuan.app.demo.firms import FIRMS
from suyuan.app.demo.gates import GATES, RSSI_DBM, RSSI_SD_DB, Gate
from suyuan.app.demo.goods import GOODS, tag_filter
from suyuan.app.demo.pork import pork
from suyuan.app.demo.vegetables import vegetables
from suyuan.app.demo.wine import wine
from suyuan.gs1.tag_encoding import uri_to_tag
from suyuan.readers.script import Passage, ReaderScript
from suyuan.trace.master_data import MasterData

_CHAINS: Final[dict[str, Callable[[random.Random], Chain]]] = {"pork": pork, "wine": wine, "vegetables": vegetables}


class Pages(Struct, frozen=True):
    """Digital Links worth a look: of things that a recall will reach, and of things that none will."""

    affected: tuple[str, ...]
    safe: tuple[str, ...]


class GatePlan(Struct, frozen=True):
    """A gate and what will pass it, in order of time."""

    gate: Gate
    passages: tuple[Passage, ...]

    def script(self, port: int, seed: int, pace: float = 0.0) -> ReaderScript:
        """What the emulated reader of this gate plays on ``port``; ``pace`` is real seconds from passage to passage."""
        return ReaderScript(
            name=self.gate.name,
            port=port,
            seed=seed,
            passages=self.passages,
            miss_rate=self.gate.miss_rate,
            reads_per_tag=self.gate.reads_per_tag,
            strays=tuple(map(_tag, self.gate.strays())),
            stray_rate=self.gate.stray_rate,
            rssi_mean=RSSI_DBM,
            rssi_sd=RSSI_SD_DB,
            pace=pace,
        )


class Scenario(Struct, frozen=True):
    """Everything that the demonstration plays. ``clone`` is the EPC that two places claim at the same time."""

    seed: int
    master_data: MasterData
    documents: tuple[Document, ...]  #: by time
    gates: tuple[GatePlan, ...]
    recalls: tuple[RecallPlan, ...]  #: of the pork, then of the vegetables
    pages: Pages
    clone: str

    def sites(self) -> dict[str, list[GatePlan]]:
        """The gates of each site (a firm's key): one edge gateway serves them."""
        found: dict[str, list[GatePlan]] = {}
        for plan in self.gates:
            found.setdefault(plan.gate.site, []).append(plan)
        return found


def build(seed: int) -> Scenario:
    """The scenario of a seed: the same for the same seed, on every machine."""
    chains = [make(random.Random(f"{seed}/{name}")) for name, make in _CHAINS.items()]
    documents = [document for chain in chains for document in chain.documents]
    crossings = [crossing for chain in chains for crossing in chain.crossings]
    (clone,) = [chain.clone for chain in chains if chain.clone]
    return Scenario(
        seed=seed,
        master_data=master_data(),
        documents=tuple(sorted(documents, key=lambda document: (document.at_us, document.site))),
        gates=tuple(GatePlan(gate, _passages(gate, crossings)) for gate in GATES.values()),
        recalls=tuple(recall for chain in chains for recall in chain.recalls),
        pages=Pages(
            affected=tuple(page for chain in chains for page in chain.affected),
            safe=tuple(page for chain in chains for page in chain.safe),
        ),
        clone=clone,
    )


def master_data() -> MasterData:
    """Parties, sites and products of the demonstration; no seed changes them."""
    sites = [firm.site() for firm in FIRMS.values()]
    return MasterData(
        parties=[firm.party() for firm in FIRMS.values()],
        sites=[site for site in sites if site is not None],
        products=[good.product() for good in GOODS],
    )


def _passages(gate: Gate, crossings: list[Crossing]) -> tuple[Passage, ...]:
    here = sorted((crossing for crossing in crossings if crossing.gate == gate.name), key=lambda one: one.at_us)
    return tuple(Passage(one.at_us, one.duration_us, _tags(one.epcs), gate.antennas) for one in here)


def _tags(epcs: tuple[str, ...]) -> tuple[str, ...]:
    """Hex of the tags that pass. Logistic units wear their label on two sides, so hardly one is missed."""
    return tuple(_tag(epc) for epc in epcs for _ in range(2 if epc.startswith("urn:epc:id:sscc:") else 1))


def _tag(epc: str) -> str:
    return uri_to_tag(epc, tag_filter(epc))
