"""Everything that can be asked of a ledger, each answer as JSON: two databases must give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import select, text

from suyuan.base.clock import format_time
from suyuan.base.errors import SuyuanError
from suyuan.base.identity import Actor, Role
from suyuan.chain.policy import Policy
from suyuan.chain.store import LogReader
from suyuan.epcis.master_data_query import read_query as read_master_data_query
from suyuan.epcis.query_parameters import read_query
from suyuan.epcis.vocabulary import BIZ_STEP
from suyuan.gs1.names import Name, canonical
from suyuan.labels import catalogue
from suyuan.labels import tag_jobs as jobs
from suyuan.labels.batches import LabelState, Level
from suyuan.regulators.recalls import affected_count, list_recalls, read_recall, scope_digest, scope_items
from suyuan.trace.backward import trace_back
from suyuan.trace.clones import clones_among, suspects
from suyuan.trace.closures import Direction, trace_answer
from suyuan.trace.event_query import find_event, load_events, run_query
from suyuan.trace.event_scope import EventScope, scope_of
from suyuan.trace.forward import trace_forward
from suyuan.trace.journey import journey
from suyuan.trace.master_data_query import run_query as run_master_data_query
from suyuan.trace.proofs import bundle_of
from suyuan.trace.tables import EventType, thing, thing_class
from suyuan.trace.thing_state import state_of
from suyuan.trace.things import consignees, describe, event_ids
from suyuan.trace.view import View
from suyuan.trace.vocabularies import count_by_type, read_versions

#: A question and its answer.
Answer = tuple[str, bytes]
_PAGES = (1, 7, 1_000)


def said(ask: Callable[..., Any], *arguments: Any) -> bytes:
    """The answer as JSON; a refusal is an answer too."""
    try:
        return msgspec.json.encode(ask(*arguments))
    except SuyuanError as refusal:
        return f"{type(refusal).__name__}: {refusal}".encode()


def known_things(view: View) -> list[tuple[int, Name]]:
    """All things with their names, by id."""
    columns = (thing.c.id, thing_class.c.key, thing.c.serial, thing_class.c.company_prefix_length)
    rows = view.connection.execute(select(*columns).join(thing_class, thing.c.class_id == thing_class.c.id))
    return sorted((row[0], Name(*row[1:])) for row in rows)


def goods(view: View) -> list[tuple[int, Name]]:
    """Things that have taken part in an event: no places, no parties."""
    seen = {row[0] for row in view.connection.execute(text("SELECT DISTINCT thing FROM timeline"))}
    return [found for found in known_things(view) if found[0] in seen]


def dictionary(view: View) -> Iterator[Answer]:
    """Names, words and master data."""
    things = known_things(view)
    for number, name in things:
        yield f"find {number}", said(view.find, name)
    names = view.names(number for number, _ in things)
    yield "names", said(lambda: sorted(names.items()))
    words = view.connection.execute(text("SELECT id, value FROM term")).all()
    yield "terms", said(lambda: sorted(view.terms(row[0] for row in words).items()))
    for number, word in sorted(map(tuple, words)):
        yield f"term {number}", said(view.term_id, word)
    yield "unknown", said(lambda: (view.term_id("no such word"), view.find(Name("x", "y", None))))
    yield "master data", said(lambda: (dict(view.sites), dict(view.parties), dict(view.products)))
    yield "sites", said(lambda: [view.site_key(number) for number, _ in things])
    yield from vocabularies(view)


def vocabularies(view: View) -> Iterator[Answer]:
    """EPCIS master data, and the events that are found by them."""
    both = {"includeAttributes": True, "includeChildren": True}
    for more in (
        {}, {"vocabularyName": "urn:x:type"}, {"EQ_name": ["urn:x:a", "urn:x:d"]}, {"WD_name": ["urn:x:a", "urn:x:b"]},
        {"HASATTR": "urn:x:b"}, {"EQATTR_urn:x:b": ["c", "d"], "maxElementCount": 1},
    ):  # fmt: skip
        for owners in (None, ("",), ("key:x", "")):
            query = read_master_data_query(both | more)
            yield f"master data {more} {owners}", said(run_master_data_query, view, owners, query)
    yield "vocabularies", said(lambda: (count_by_type(view, None), read_versions(view, None, "urn:x:type", "urn:x:a")))


def queries(view: View) -> list[dict[str, Any]]:
    """Parameters of queries: each alone, and some together."""
    epcs = [canonical(name) for _, name in known_things(view)]
    times = [row[0] for row in view.connection.execute(text("SELECT time FROM event ORDER BY time"))]
    records = [row[0] for row in view.connection.execute(text("SELECT record_time FROM event ORDER BY record_time"))]
    early, late = format_time(times[len(times) // 4]), format_time(times[3 * len(times) // 4])
    middle = format_time(records[len(records) // 2])
    return [
        {},
        *({"eventType": kind.name} for kind in EventType),
        {"eventType": ["ObjectEvent", "TransformationEvent"]},
        {"eventType": ["NoEvent"]},
        {"GE_eventTime": early},
        {"LT_eventTime": late},
        {"GE_eventTime": early, "LT_eventTime": late, "EQ_bizStep": ["commissioning", "packing", "urn:x:nothing"]},
        {"GE_recordTime": middle},
        {"LT_recordTime": middle},
        {"orderBy": "recordTime", "orderDirection": "ASC"},
        {"orderBy": "eventTime", "eventCountLimit": 11},
        {"maxEventCount": 3},
        {"EXISTS_errorDeclaration": None},
        {"EXISTS_sensorElementList": None, "GE_value_KEL": 270},
        *({"EQ_bizStep": step} for step in sorted(BIZ_STEP.words)),
        *({"MATCH_epc": epc} for epc in epcs[::2]),
        *({"MATCH_anyEPC": epc} for epc in epcs[1::2]),
        *({"MATCH_anyEPCClass": epc} for epc in epcs[1::2]),
        {"MATCH_anyEPC": "urn:epc:idpat:sgtin:*.*.*"},
        {"MATCH_anyEPC": epcs[:400]},
        {"MATCH_epc": epcs[::2][:400], "eventType": "ObjectEvent", "GE_eventTime": early},
        {"MATCH_anyEPC": "urn:epc:id:sgtin:0614141.999999.none"},
        {"MATCH_anyEPC": "nonsense"},
        {"WD_bizLocation": ["urn:x:a"]},
        {"WD_readPoint": ["urn:x:a"], "HASATTR_bizLocation": ["urn:x:b"]},
        {"EQATTR_bizStep_urn:x:b": ["c"]},
    ]


def queried(view: View, parties: Sequence[str]) -> Iterator[Answer]:
    """Every query by pages of several sizes, tokens and all; the many by things only in one size."""
    for number, parameters in enumerate(queries(view)):
        many = any(name.startswith("MATCH") for name in parameters)
        for size in _PAGES[1:2] if many else _PAGES:
            yield from _pages(view, f"query {number} of {size}", parameters, None, size)
    for party in parties:
        scope = scope_of(
            view, Actor(Role.PRODUCER, party.removeprefix("key:"), "" if party.startswith("key:") else party)
        )
        yield from _pages(view, f"as {party}", {}, scope, _PAGES[1])


def _pages(view: View, title: str, parameters: dict[str, Any], scope: EventScope | None, size: int) -> Iterator[Answer]:
    """The pages of one query."""
    token: str | None = None
    for page in range(1_000):
        found = said(lambda at=token: run_query(view, read_query(parameters, {}), scope, size, at))
        yield f"{title}, page {page}", found
        token = msgspec.json.decode(found)["next_token"] if found.startswith(b"{") else None
        if token is None:
            break


def events(view: View, policy: Policy) -> Iterator[Answer]:
    """Events by ID, and their proofs."""
    indexes = [row[0] for row in view.connection.execute(text("SELECT idx FROM event ORDER BY idx"))]
    yield "events", said(lambda: load_events(view, indexes))
    ids = event_ids(view, indexes)
    yield "ids", said(lambda: sorted(ids.items()))
    for name in sorted(set(ids.values())):
        yield f"places {name}", said(find_event, view, name)
        yield f"declaration {name}", said(bundle_of, view, name, policy, 1)
    for name in sorted(set(ids.values())):
        yield f"bundle {name}", said(bundle_of, view, name, policy)


def log(view: View) -> Iterator[Answer]:
    """Leaves, hashes, checkpoints and proofs."""
    log = LogReader(view.connection)
    size = log.size()
    yield "leaves", said(lambda: list(log.scan()))
    yield "hashes", said(lambda: log.hashes(0, 0, min(size, 256)))
    yield "latest", said(log.latest_checkpoint)
    for index in range(0, size, 5):
        yield f"leaf {index}", said(lambda at: (log.entry(at), log.first_checkpoint_after(at)), index)
        yield f"inclusion {index}", said(log.inclusion_proof, index, size)
        yield f"consistency {index}", said(lambda at: (log.root(at), log.consistency_proof(at, size)), index)


def lifecycles(view: View, policy: Policy, actors: Sequence[Actor], step: int) -> Iterator[Answer]:
    """Of every ``step``-th thing: closures, what firms see of them, present and journey."""
    for number, name in goods(view)[::step]:
        link = canonical(name)
        for way in Direction:
            yield f"{way} {link}", said(trace_answer, view, link, way)
            for actor in actors:
                yield (
                    f"{way} {link} for {actor.key_id}",
                    said(trace_answer, view, link, way, actor, 1, 5),
                )
        yield f"state {link}", said(state_of, view, name, number)
        yield f"journey {link}", said(journey, view, name, policy)


def closures(view: View, step: int) -> Iterator[Answer]:
    """The same with the ids inside: reasons, origins and depths."""
    for number, name in goods(view)[::step]:
        yield f"forward {canonical(name)}", said(_scope, view, number)
        yield f"backward {canonical(name)}", said(lambda seed: trace_back(view, [seed]).affected, number)


def _scope(view: View, seed: int) -> Any:
    scope = trace_forward(view, [seed], None)
    items = scope_items(scope)
    lots = {lot: sorted(map(str, reached.items())) for lot, reached in scope.lots.items()}
    parties = consignees(view, describe(view, list(scope.affected.values())))
    return scope.affected, scope.carriers, lots, scope_digest(view, items), parties


def labels(view: View, actors: Sequence[Actor]) -> Iterator[Answer]:
    """Batches and their labels, as each firm sees them."""
    for number, actor in enumerate(actors):
        batches = catalogue.batches_of(view, actor)
        yield f"batches of {number}", said(lambda found: found, batches)
        yield f"batches of {number} before the first", said(catalogue.batches_of, view, actor, 5, 1)
        yield f"batch of {number}", said(catalogue.batch_of, view, actor, "B1")
        for state in (None, *LabelState):
            yield f"labels {state} of {number}", said(catalogue.labels_of, view, actor, "B1", Level.ITEM, state, 1, 3)
        for status in batches:
            found = catalogue.labels_of(view, actor, status.batch.id, Level.ITEM)
            epcs = [label.epc for label in found]
            yield f"label of {number}", said(catalogue.label_of, view, actor, epcs[0])
            yield f"numbers of {number}", said(catalogue.numbers_of, view, status.batch, Level.ITEM, epcs)
            yield f"parents of {number}", said(catalogue.parents_of, view, status.batch, Level.ITEM, [(1, 9)])
            yield f"request of {number}", said(catalogue.was_allocated, view, status.batch, "r")


def tag_jobs(view: View, actors: Sequence[Actor]) -> Iterator[Answer]:
    """Tag-write jobs, as each firm sees them."""
    for number, actor in enumerate(actors):
        found = jobs.jobs_of(view, actor)
        yield f"tag jobs of {number}", said(lambda found: found, found)
        yield f"tag job of {number}", said(jobs.job_of, view, actor, "T1")
        yield f"carried of {number}", said(jobs.carried_by, view, actor, "E280")
        for job in found:
            state, reason = jobs.state_of(view, job)
            work = jobs.work_of(view, job)
            yield f"status of {number}", said(lambda *args: jobs.status_of(*args, live=False), job, state, reason, work)


def recalls(view: View) -> Iterator[Answer]:
    """The list, each recall by pages, and what is held; and copies of codes."""
    found = list_recalls(view)
    yield "recalls", said(lambda: found)
    for recall in found:
        for offset, limit in ((0, 0), (0, 3), (3, 1_000)):
            yield (
                f"recall {recall.id} from {offset}, {limit}",
                said(read_recall, view, recall.id, offset, limit),
            )
        yield f"affected {recall.id}", said(lambda name: affected_count(view, name)[1:], recall.id)
    yield "no recall", said(lambda: read_recall(view, "R0", 0, 1))
    yield "suspects", said(lambda: sorted(suspects(view)))
    yield "clones", said(lambda: clones_among(view, [number for number, _ in known_things(view)]))
