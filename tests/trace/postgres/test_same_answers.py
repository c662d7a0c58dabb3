"""The same rows on SQLite and on PostgreSQL give the same answers, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path

import pytest
from tests.trace.postgres import questions
from tests.trace.postgres.conftest import READER, Cluster
from tests.trace.postgres.questions import Answer
from tests.trace.postgres.told import FIRM, Told, tell_examples

from suyuan.base.database import open_reader
from suyuan.base.identity import Actor, Role
from suyuan.trace.view import View, open_view

pytestmark = pytest.mark.postgres

#: Answers of one ledger, given a view of it.
Asked = Callable[[View], Iterator[Answer]]


class Pair:
    """One ledger on both databases; PostgreSQL is read by a role that may do nothing else."""

    def __init__(self, told: Told, url: str) -> None:
        self.told, self._url = told, url
        producer = told.actor(Role.PRODUCER) if told.keys else Actor(Role.PRODUCER, "tester")
        self.actors = [producer, Actor(Role.RETAILER, "nobody", FIRM), Actor(Role.LOGISTICS, "tester")]

    def same(self, ask: Asked, as_of: int | None = None) -> dict[str, bytes]:
        """Ask both; their one answer."""
        found: dict[str, bytes] = {}
        with ExitStack() as stack:
            sqlite = stack.enter_context(self.told.reader())
            postgres = open_reader(self._url)
            stack.callback(postgres.dispose)
            views = [stack.enter_context(open_view(engine, as_of)) for engine in (sqlite, postgres)]
            for here, there in zip_longest(*map(ask, views)):
                assert here == there
                found[here[0]] = here[1]
        return found


@pytest.fixture(scope="module")
def examples(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The example documents of the standard in one ledger."""
    files = sorted((shared / "epcis/gs1__EPCIS/JSON").rglob("*.jsonld"))
    return tell_examples(tmp_path_factory.mktemp("examples") / "ledger", [file.read_bytes() for file in files])


@pytest.fixture(scope="module", params=["story", "examples"])
def pair(request: pytest.FixtureRequest, cluster: Cluster, migrated: str) -> Pair:
    """A ledger that says everything, and one of documents that others wrote."""
    if request.param == "story":
        return Pair(request.getfixturevalue("told"), cluster.url(request.getfixturevalue("copied"), READER))
    told: Told = request.getfixturevalue("examples")
    name = cluster.create(migrated)
    told.copy_to(cluster.url(name))
    cluster.grant(name)
    return Pair(told, cluster.url(name, READER))


def test_names_words_and_master_data(pair: Pair) -> None:
    found = pair.same(questions.dictionary)
    assert b"null" not in {answer for question, answer in found.items() if question.startswith(("find", "term"))}


def test_queries_with_every_parameter_and_page(pair: Pair) -> None:
    parties = [FIRM, "", "key:tester", f"key:{pair.actors[0].key_id}", "nobody"]
    found = pair.same(lambda view: questions.queried(view, parties))
    assert sum(question.endswith("page 1") for question in found) > 10
    assert any(answer.startswith(b"InvalidInput") for answer in found.values())


def test_events_and_their_bundles(pair: Pair) -> None:
    found = pair.same(lambda view: questions.events(view, pair.told.policy))
    bundles = [answer for question, answer in found.items() if question.startswith("bundle")]
    assert len([bundle for bundle in bundles if bundle.startswith(b'"')]) > 20


def test_the_log_and_its_proofs(pair: Pair) -> None:
    found = pair.same(questions.log)
    assert not any(b"Error" in answer[:30] for answer in found.values())


def test_lifecycles_and_what_a_firm_sees_of_them(pair: Pair) -> None:
    found = pair.same(lambda view: questions.lifecycles(view, pair.told.policy, pair.actors, 4))
    journeys = [answer for question, answer in found.items() if question.startswith("journey")]
    assert len(journeys) > 10
    assert all(b'"broken":[]' in answer for answer in journeys)


def test_reasons_and_carriers_inside(pair: Pair) -> None:
    pair.same(lambda view: questions.closures(view, 2))


def test_recalls_and_clones(pair: Pair) -> None:
    found = pair.same(questions.recalls)
    if pair.told.keys:
        assert len([question for question in found if question.startswith("recall R")]) == 9
        assert b"impossible speed" in found["clones"]
        assert b"seen after sale" in found["clones"]


def test_batches_of_labels(pair: Pair) -> None:
    found = pair.same(lambda view: questions.labels(view, pair.actors))
    if pair.told.keys:
        assert b'"allocated":1,"printed":2,"applied":1,"voided":1' in found["batch of 0"]
        assert b'"tid":"E280"' in found["label of 0"]
        assert found["batch of 2"].startswith(b"NotFound")


def test_tag_write_jobs(pair: Pair) -> None:
    found = pair.same(lambda view: questions.tag_jobs(view, pair.actors))
    if pair.told.keys:
        assert b'"state":"running"' in found["status of 0"]
        assert b'"written":1,"failed":0,"voided":0,"left":0' in found["status of 0"]
        assert found["tag job of 2"].startswith(b"NotFound")


def test_the_past(pair: Pair) -> None:
    with pair.told.reader() as engine, open_view(engine) as view:
        size = view.size * 2 // 3
    pair.same(lambda view: questions.lifecycles(view, pair.told.policy, pair.actors[:1], 9), size)
    pair.same(questions.recalls, size)
    pair.same(lambda view: questions.queried(view, [FIRM]), size)
