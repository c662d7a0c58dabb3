"""Opening a recall in the ledger: its frozen scope, the holds it puts on, and the leaf that says so."""

from __future__ import annotations

import hashlib

import msgspec

from suyuan.base.errors import Conflict
from suyuan.regulators.tables import recall_item
from suyuan.trace.acts import ActOperation, Recorded
from suyuan.trace.holds import Hold, HoldOrder, put_on_hold
from suyuan.trace.writer import Transaction


class ScopeItem(msgspec.Struct, frozen=True, array_like=True):
    """One affected thing or carrier of a scope, by the ledger's ids. ``since`` in microseconds UTC."""

    thing: int
    carrier: bool
    rule: int
    since: int
    via: int | None
    origin: int | None


class ScopePart(msgspec.Struct, frozen=True, array_like=True):
    """Where some of an affected lot is: at a site, in a container, or (neither) all of it. See `lot_flow.Where`."""

    thing: int
    site: str | None
    container: int | None
    since: int


class RecallOpened(msgspec.Struct, frozen=True):
    """Parameters of `OpenRecall`."""

    actor: str
    id: str
    seed: str
    since: int | None
    reason: str
    as_of: int
    checkpoint: str
    items: list[ScopeItem]
    parts: list[ScopePart]
    #: SHA-256 of the scope by canonical names (`recalls.scope_digest`), hex: what the leaf commits to.
    scope_digest: str


class OpenRecall(ActOperation[RecallOpened]):
    """Freeze a scope and hold what is in it, in one transaction: no gate sees half a recall."""

    name = "recall-opened"
    parameters = RecallOpened

    def check(self, transaction: Transaction, parameters: RecallOpened) -> None:
        """A recall's id is its own for ever."""
        if transaction.db.execute("SELECT 1 FROM recall WHERE id = ?", (parameters.id,)).fetchone():
            raise Conflict(f"recall {parameters.id} exists")

    def describe(self, parameters: RecallOpened) -> tuple[str, bytes]:
        """The act names the seed and commits to scope and checkpoint."""
        body = {
            "as_of": parameters.as_of,
            "checkpoint": hashlib.sha256(parameters.checkpoint.encode()).hexdigest(),
            "reason": parameters.reason,
            "recall": parameters.id,
            "scope": parameters.scope_digest,
            "seed": parameters.seed,
            "since": parameters.since,
        }
        return parameters.actor, msgspec.json.encode(body)

    def write(self, transaction: Transaction, parameters: RecallOpened, recorded: Recorded) -> None:
        """The recall, its items in order, its holds."""
        transaction.db.execute(
            "INSERT INTO recall (id, idx, seed, since, reason, launched, key_id, as_of, checkpoint)"
            " VALUES (?,?,?,?,?,?,?,?,?)",
            (parameters.id, recorded.index, parameters.seed, parameters.since, parameters.reason, recorded.time,
             parameters.actor, parameters.as_of, parameters.checkpoint),
        )  # fmt: skip
        transaction.db.insert(
            recall_item,
            [
                (parameters.id, ordinal, item.thing, item.carrier, item.rule, item.since, item.via, item.origin)
                for ordinal, item in enumerate(parameters.items)
            ],
        )
        ordinals: dict[int, int] = {}
        for part in parameters.parts:
            ordinal = ordinals[part.thing] = ordinals.get(part.thing, -1) + 1
            transaction.db.execute(
                "INSERT INTO recall_lot (recall, thing, ordinal, site, container, since) VALUES (?,?,?,?,?,?)",
                (parameters.id, part.thing, ordinal, part.site, part.container, part.since),
            )
        held = [Hold(item.thing, item.carrier, item.since) for item in parameters.items]
        put_on_hold(transaction, HoldOrder(parameters.id, parameters.reason, recorded.time, recorded.index), held)
