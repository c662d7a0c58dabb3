"""A producer's desk: a ledger with its writer in this process, master data of two firms, and the service on top."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.trace.scribe import Scribe, scribe_in

from suyuan.app.migrate import migrate
from suyuan.base.database import open_reader, sqlite_url
from suyuan.base.identity import Actor, Role
from suyuan.labels import service
from suyuan.labels.batches import Batch, BatchOrder, CaseOrder, Label, LabelState, Level, Marked, PalletOrder, Selection
from suyuan.trace.acts import MasterDataChanged
from suyuan.trace.ledger import Ledger
from suyuan.trace.master_data import MasterData, Party, Product, Site

T = TypeVar("T")

FIRM = "https://id.gs1.org/417/9506000000008"
OTHER = "https://id.gs1.org/417/0614141000012"
SITE = "https://id.gs1.org/414/9506000000015"
FAR = "https://id.gs1.org/414/0614141007776"
ITEM, CASE, LOOSE, THEIRS = "09506000134352", "19506000134359", "09506000134369", "10614141123459"
#: When tests print and apply, in order.
MORNING, NOON, EVENING = (f"2026-11-21T{hour}:00:00.000+08:00" for hour in ("06", "12", "18"))

PRODUCER = Actor(Role.PRODUCER, "k-producer", FIRM)
RIVAL = Actor(Role.PRODUCER, "k-rival", OTHER)


def product(gtin: str, party: str = FIRM) -> Product:
    """Master data of a product."""
    return Product(f"https://id.gs1.org/01/{gtin}", {"zh": "五花肉", "en": "Pork belly"}, party)


MASTER = MasterData(
    [Party(FIRM, {"en": "Farm"}), Party(OTHER, {"en": "Rival"})],
    [Site(SITE, {"en": "Plant"}, FIRM), Site(FAR, {"en": "Elsewhere"}, OTHER)],
    [product(ITEM), product(CASE), product(LOOSE), product(THEIRS, OTHER)],
)


class InProcess:
    """A `WritePort` over a writer in this process."""

    def __init__(self, scribe: Scribe) -> None:
        self._scribe = scribe

    async def call(self, operation: str, parameters: Any, result: type[T]) -> T:
        """Carry it out."""
        found: T = self._scribe.call(operation, parameters, result)
        return found


class Desk:
    """Calls of the service, synchronously, as the producer unless told otherwise."""

    def __init__(self, scribe: Scribe, folder: Path, database: str = "") -> None:
        self.scribe = scribe
        self.ledger = Ledger(open_reader(database or sqlite_url(folder)), InProcess(scribe), folder / "log.policy")

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine gives."""
        return asyncio.run(work)

    def open(self, actor: Actor = PRODUCER, **fields: Any) -> Batch:
        """A batch of 24 items; ``fields`` replace what the order has."""
        return self.run(service.open_batch(self.ledger, actor, order(**fields)))

    def allocate(self, batch: Batch, count: int, level: Level = Level.ITEM, request: str = "") -> list[Label]:
        """New labels."""
        made = self.run(service.allocate(self.ledger, PRODUCER, batch.id, level, count, request))
        return self.labels(batch, level, after=made.first - 1, limit=made.count)

    def labels(self, batch: Batch, level: Level = Level.ITEM, **more: Any) -> list[Label]:
        """Labels as they are now."""
        with self.ledger.view() as view:
            return service.labels_of(view, PRODUCER, batch.id, level, **more)

    def printed(self, batch: Batch, numbers: str, level: Level = Level.ITEM, time: str | None = MORNING) -> Marked:
        """Mark as printed."""
        return self.run(service.mark_printed(self.ledger, PRODUCER, batch.id, Selection(level, numbers), time))

    def applied(
        self,
        batch: Batch,
        numbers: str,
        level: Level = Level.ITEM,
        contents: Selection | None = None,
        time: str | None = NOON,
    ) -> Marked:
        """Mark as applied."""
        chosen = Selection(level, numbers)
        return self.run(service.apply(self.ledger, PRODUCER, batch.id, chosen, contents, time))

    def voided(self, batch: Batch, numbers: str, reason: str = "smeared", level: Level = Level.ITEM) -> Marked:
        """Void."""
        chosen = Selection(level, numbers)
        return self.run(service.void(self.ledger, PRODUCER, batch.id, chosen, reason, time=EVENING))

    def counts(self, batch: Batch, level: Level = Level.ITEM) -> tuple[int, int, int, int]:
        """Labels that are allocated, printed, applied, voided."""
        with self.ledger.view() as view:
            status = service.batch_of(view, PRODUCER, batch.id)
        found = next(count for count in status.counts if count.level is level)
        return found.allocated, found.printed, found.applied, found.voided

    def states(self, batch: Batch, level: Level = Level.ITEM) -> list[LabelState]:
        """States by number."""
        return [label.state for label in self.labels(batch, level, limit=10_000)]


def order(**fields: Any) -> BatchOrder:
    """An order; a field that is given replaces what stands here."""
    standard: dict[str, Any] = {
        "gtin": ITEM, "lot": "L1", "quantity": 24, "production_date": "2026-11-21", "expiration_date": "2026-11-28",
    }  # fmt: skip
    return BatchOrder(**(standard | fields))


#: Cases of 12 and pallets of 2.
PACKED: dict[str, Any] = {"case": CaseOrder(CASE, 12), "pallet": PalletOrder("9506000", 2)}


@contextmanager
def desk_in(folder: Path, database: str = "") -> Iterator[Desk]:
    """A desk on a folder that is empty, or holds a migrated database without rows; or on the database of a URL."""
    if not database and not (folder / "suyuan.db").exists():
        migrate(sqlite_url(folder))
    with scribe_in(folder, database) as scribe:
        scribe.call("master-data-changed", MasterDataChanged("setup", MASTER))
        desk = Desk(scribe, folder, database)
        try:
            yield desk
        finally:
            desk.ledger.engine.dispose()
