"""Recalls: from one lot or item to everything that must be stopped, and who has it (DESIGN sections 5 and 8).

The scope is computed in a snapshot, frozen with the log's checkpoint, and stored with the holds in one transaction.
Afterwards the things on the list stay; where they are and who has them is looked up anew each time.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import text

from suyuan.base.clock import format_time, parse_time
from suyuan.base.errors import InvalidInput, NotFound
from suyuan.base.identity import Actor
from suyuan.chain.store import LogReader
from suyuan.gs1.names import kind_of
from suyuan.regulators.recall_operation import RecallOpened, ScopeItem, ScopePart
from suyuan.trace.acts import Recorded
from suyuan.trace.containment import Containment
from suyuan.trace.forward import flow_on, trace_forward
from suyuan.trace.ledger import Ledger
from suyuan.trace.lookup import find_thing
from suyuan.trace.lot_flow import Where
from suyuan.trace.scope import Affected, Rule, Scope
from suyuan.trace.things import Carrier, PartyThings, ThingAnswer, carriers_answer, consignees, describe
from suyuan.trace.view import View

#: Longest reason in characters: a notice, not a report.
LONGEST_REASON = 2_000


class RecallOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a regulator sends to launch a recall."""

    seed: str  #: a lot or an EPC in any form
    reason: str
    since: str | None = None  #: ISO 8601 with a zone; without it from the seed's commissioning


class Counts(msgspec.Struct, frozen=True):
    """How large a recall is."""

    affected: int
    carriers: int
    consignees: int
    by_rule: dict[str, int]
    by_state: dict[str, int]


class RecallAnswer(msgspec.Struct, frozen=True, rename={"as_of": "asOf"}):
    """A recall: its frozen list, a page at a time, with the present facts of what is on it."""

    id: str
    seed: str
    reason: str
    since: str | None
    launched: str
    as_of: int  #: size of the log that the scope was computed at
    checkpoint: str
    counts: Counts
    affected: list[ThingAnswer]
    carriers: list[Carrier]
    consignees: list[PartyThings]
    offset: int
    limit: int


class RecallSummary(msgspec.Struct, frozen=True):
    """One line of the list of recalls."""

    id: str
    seed: str
    reason: str
    launched: str
    affected: int
    carriers: int


async def open_recall(ledger: Ledger, order: RecallOrder, actor: Actor) -> str:
    """Compute, freeze and store a recall; its id. Raises `NotFound` for a seed that the ledger has never seen."""
    if not order.reason.strip() or len(order.reason) > LONGEST_REASON or "\0" in order.reason:
        raise InvalidInput(f"a reason of 1 to {LONGEST_REASON} characters is needed", place="/reason")
    since = parse_time(order.since)[0] if order.since is not None else None
    await ledger.sign()
    request = await run_in_threadpool(compute, ledger, order, since, actor)  # a second of work: others go on meanwhile
    await ledger.writer.call("recall-opened", request, Recorded)
    return request.id


def compute(ledger: Ledger, order: RecallOrder, since: int | None, actor: Actor) -> RecallOpened:
    """The scope of an order at the latest checkpoint, ready to be stored."""
    with ledger.view() as view:
        latest = LogReader(view.connection).latest_checkpoint()
        if latest is None:
            raise NotFound("the ledger is empty: there is nothing to recall")
        frozen = View(view.connection, latest.size)
        name, seed = find_thing(frozen, order.seed)
        if kind_of(*name[:2]) in {"class", "location", "party", "document"}:
            raise InvalidInput(
                "a recall starts from a lot or one item, not from a whole product or place", place="/seed",
                remedy="name the lot: (01)...(10)...",
            )  # fmt: skip
        scope = trace_forward(frozen, [seed], since)
        items = scope_items(scope)
        return RecallOpened(
            actor.key_id, f"R{secrets.token_hex(6)}", frozen.canonical(seed) or "", since, order.reason.strip(),
            latest.size, latest.note, items, scope_parts(scope), scope_digest(frozen, items),
        )  # fmt: skip


def scope_items(scope: Scope) -> list[ScopeItem]:
    """Affected things in the order found, then carriers."""
    affected = [
        ScopeItem(item.thing, False, item.rule.value, item.since, item.via, item.origin)
        for item in scope.affected.values()
    ]
    carriers = [
        ScopeItem(container, True, Rule.SEED.value, min(scope.affected[thing].since for thing in held), None, held[0])
        for container, held in scope.carriers.items()
    ]
    return affected + carriers


def scope_parts(scope: Scope) -> list[ScopePart]:
    """Where the affected part of each lot is, since when."""
    return [
        ScopePart(lot, where.site, where.container, reach.since)
        for lot, reached in scope.lots.items()
        for where, reach in reached.items()
    ]


def scope_digest(view: View, items: Sequence[ScopeItem]) -> str:
    """SHA-256, in hex, over the sorted lines ``affected|carrier since name``: anyone with the list can check it."""
    view.names([item.thing for item in items])
    lines = sorted(
        f"{'carrier' if item.carrier else 'affected'} {item.since} {view.canonical(item.thing)}\n" for item in items
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def read_recall(view: View, recall_id: str, offset: int, limit: int) -> RecallAnswer:
    """A recall with one page of its affected things and all of its carriers and consignees."""
    row = _row(view, recall_id)
    items = _items(view, recall_id)
    answers = describe(view, [item for item, carrier in items if not carrier], flow_on(view, _parts(view, recall_id)))
    carriers = [(item, carrier) for item, carrier in items if carrier]
    held = _held(view, [item.thing for item, _ in carriers], answers)
    parties = consignees(view, answers)
    counts = Counts(
        len(answers), len(carriers), len(parties), _tally(answer.rule for answer in answers),
        _tally(answer.state for answer in answers),
    )  # fmt: skip
    return RecallAnswer(
        row.id, row.seed, row.reason, format_time(row.since) if row.since is not None else None,
        format_time(row.launched), row.as_of, row.checkpoint, counts, answers[offset : offset + limit], held, parties,
        offset, limit,
    )  # fmt: skip


def _held(view: View, carriers: Sequence[int], answers: Sequence[ThingAnswer]) -> list[Carrier]:
    """Carriers of the frozen list, with how many affected things each holds at present, at any depth."""
    containment = Containment(view, carriers)
    view.names(carriers)
    names = {thing: view.canonical(thing) or "" for thing in carriers}
    holders = {
        names[thing]: [names[stay.container] for stay in containment.above(thing) if stay.container in names]
        for thing in carriers
    }
    inside: Counter[str] = Counter()
    for answer in answers:
        direct = {name for name in (answer.container, *(held.container for held in answer.holdings)) if name in holders}
        inside.update({container for name in direct if name for container in (name, *holders[name])})
    return [
        msgspec.structs.replace(carrier, holds=inside[carrier.id])
        for carrier in carriers_answer(view, {thing: [] for thing in carriers})
    ]


def list_recalls(view: View) -> list[RecallSummary]:
    """All recalls, the latest first."""
    rows = view.connection.execute(
        text(
            "SELECT r.id, r.seed, r.reason, r.launched, SUM(CASE WHEN i.carrier THEN 0 ELSE 1 END) AS affected,"
            " SUM(CASE WHEN i.carrier THEN 1 ELSE 0 END) AS carriers"
            " FROM recall r JOIN recall_item i ON i.recall = r.id"
            " WHERE r.idx < :size GROUP BY r.id, r.seed, r.reason, r.launched, r.idx ORDER BY r.idx DESC"
        ),
        {"size": view.size},
    )
    return [RecallSummary(row[0], row[1], row[2], format_time(row[3]), int(row[4]), int(row[5])) for row in rows]


def affected_count(view: View, recall_id: str) -> tuple[Any, int, list[Affected]]:
    """The recall's row, how many things it affects, and those things."""
    row = _row(view, recall_id)
    affected = [item for item, carrier in _items(view, recall_id) if not carrier]
    return row, len(affected), affected


def _row(view: View, recall_id: str) -> Any:
    row = view.connection.execute(
        text("SELECT * FROM recall WHERE id = :id AND idx < :size"), {"id": recall_id[:64], "size": view.size}
    ).first()
    if row is None:
        raise NotFound(f"there is no recall {recall_id[:64]!r}", remedy="GET /api/v1/recalls lists them")
    return row


def _items(view: View, recall_id: str) -> list[tuple[Affected, bool]]:
    rows = view.connection.execute(
        text("SELECT thing, since, rule, via, origin, carrier FROM recall_item WHERE recall = :id ORDER BY ordinal"),
        {"id": recall_id},
    )
    return [
        (Affected(row[0], row[1], Rule(row[2]), row[3], row[4], 0 if row[4] is None else 1), bool(row[5]))
        for row in rows
    ]


def _parts(view: View, recall_id: str) -> dict[int, dict[Where, int]]:
    rows = view.connection.execute(
        text("SELECT thing, site, container, since FROM recall_lot WHERE recall = :id ORDER BY thing, ordinal"),
        {"id": recall_id},
    )
    parts: dict[int, dict[Where, int]] = {}
    for thing, site, container, since in rows:
        parts.setdefault(thing, {})[Where(site, container)] = since
    return parts


def _tally(words: Iterator[str] | Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts
