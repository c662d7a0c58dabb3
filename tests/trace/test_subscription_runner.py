"""Deliveries to real receivers: at least once, in order, and never again what was acknowledged."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.trace.receiver import Receiver, receiving
from tests.trace.scribe import Scribe, document, object_event, scribe_in
from tests.trace.subscribing import Hand, Subscriber

from suyuan.app.backup import back_up, restore
from suyuan.base.clock import format_time, now, parse_time
from suyuan.base.identity import Role
from suyuan.trace.acts import KeyRevoked
from suyuan.trace.subscription_runner import Patience
from suyuan.trace.subscriptions import XML, Form, Terms, subscribe, unsubscribe
from suyuan.trace.webhooks import Reach


@pytest.fixture
def subscriber(scribe: Scribe) -> Subscriber:
    return Subscriber(scribe)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


def capture(subscriber: Subscriber, *names: int, **members: object) -> list[str]:
    """Capture events, one document; their IDs."""
    ids = [f"urn:x:{name}" for name in names]
    events = [object_event(name, eventID=each, **members) for name, each in zip(names, ids, strict=True)]
    subscriber.scribe.capture(document(*events))
    return ids


async def test_what_is_captured_is_reported_in_order_with_numbers(subscriber: Subscriber, receiver: Receiver) -> None:
    capture(subscriber, 1)
    name = await subscriber.subscribe(receiver.url)
    async with subscriber.running():
        first = capture(subscriber, 2, 3)
        await receiver.until(lambda: receiver.events == first)
        second = capture(subscriber, 4)
        await receiver.until(lambda: receiver.events == first + second)
        await subscriber.settled(name, 2)
    assert [report.sequence for report in receiver.reports] == [1, 2]
    results = receiver.reports[0].document["epcisBody"]["queryResults"]
    assert results["subscriptionID"] == name
    assert results["queryName"] == "SimpleEventQuery"
    assert subscriber.counted == ["delivered"] * 2


async def test_a_report_is_signed_with_the_subscribers_token(subscriber: Subscriber, receiver: Receiver) -> None:
    await subscriber.subscribe(receiver.url, token="the token")
    async with subscriber.running():
        capture(subscriber, 1)
        await receiver.until(lambda: bool(receiver.acknowledged))
    (report,) = receiver.reports
    expected = hmac.new(b"the token", report.body, hashlib.sha256).hexdigest()
    assert report.headers["GS1-Signature"] == f"sha256={expected}"
    assert report.headers["Content-Type"] == "application/ld+json"
    results = report.document["epcisBody"]["queryResults"]
    assert results["https://ns.suyuan.example/voc/sequence"] == 1


async def test_a_refused_report_comes_again_with_the_same_number_and_bytes(
    subscriber: Subscriber, receiver: Receiver
) -> None:
    receiver.answers.extend([500, 0, 302, 404, 503])
    name = await subscriber.subscribe(receiver.url)
    async with subscriber.running():
        first = capture(subscriber, 1)
        await receiver.until(lambda: len(receiver.reports) >= 2)
        second = capture(subscriber, 2)
        await receiver.until(lambda: receiver.events == first + second)
        settled = await subscriber.settled(name, 2)
    assert [report.sequence for report in receiver.reports] == [1, 1, 1, 1, 1, 1, 2]
    assert len({report.body for report in receiver.reports[:6]}) == 1
    assert (settled.progress.failures, settled.progress.problem, settled.progress.failing_since) == (0, "", None)


async def test_between_failures_the_pauses_grow_up_to_the_longest(subscriber: Subscriber, receiver: Receiver) -> None:
    receiver.answers.extend([500] * 9)
    hand = Hand(now())
    await subscriber.subscribe(receiver.url)
    capture(subscriber, 1)
    async with subscriber.running(Patience(1.0, 20.0), hand=hand):
        await receiver.until(lambda: bool(receiver.acknowledged))
    pauses = hand.slept[:9]
    for pause, most in zip(pauses, [1, 2, 4, 8, 16, 20, 20, 20, 20], strict=True):
        assert most / 2 <= pause <= most


async def test_a_receivers_wish_to_wait_is_followed(subscriber: Subscriber, receiver: Receiver) -> None:
    receiver.answers.append(429)
    receiver.headers = {"Retry-After": "77"}
    hand = Hand(now())
    await subscriber.subscribe(receiver.url)
    capture(subscriber, 1)
    async with subscriber.running(Patience(0.1, 1.0), hand=hand):
        await receiver.until(lambda: bool(receiver.acknowledged))
    assert hand.slept[0] == 77


async def test_a_failing_subscription_says_since_when_and_why_and_stays(subscriber: Subscriber) -> None:
    async with receiving() as gone:
        dead = gone.url
    name = await subscriber.subscribe(dead)
    capture(subscriber, 1)
    async with subscriber.running():
        progress = await subscriber.until(name, lambda progress: progress.failures >= 4)
    assert progress.failing_since is not None
    assert "no connection" in progress.problem
    assert (progress.sequence, progress.batch and progress.batch.sequence) == (0, 1)


async def test_a_receiver_that_hangs_holds_up_no_other(subscriber: Subscriber, receiver: Receiver) -> None:
    async with receiving() as hanging:
        hanging.answers.extend([-1] * 1000)
        await subscriber.subscribe(hanging.url)
        await subscriber.subscribe(receiver.url)
        async with subscriber.running():
            expected = []
            for number in range(5):
                expected += capture(subscriber, number)
                await receiver.until(lambda: receiver.events == expected)  # noqa: B023 - at once
            assert len(hanging.reports) >= 1
            assert not hanging.acknowledged


async def test_a_firm_whose_receivers_all_hang_holds_up_no_other_firm(
    subscriber: Subscriber, receiver: Receiver
) -> None:
    other = subscriber.key("k1", Role.REGULATOR, "https://id.gs1.org/417/0614141000029")
    async with receiving() as hanging:
        hanging.answers.extend([-1] * 1000)
        for _ in range(70):  # more than there are places
            await subscriber.subscribe(hanging.url, other)
        await subscriber.subscribe(receiver.url)
        async with subscriber.running(total=120):
            captured = capture(subscriber, 1)
            await receiver.until(lambda: receiver.events == captured)
            assert len(hanging.reports) <= 8


async def test_receivers_that_were_slow_hold_up_no_other_of_their_firm(
    subscriber: Subscriber, receiver: Receiver
) -> None:
    async with receiving() as slow:
        for _ in range(8):
            await subscriber.subscribe(slow.url)
        async with subscriber.running(Patience(slow=0.0), total=120):
            capture(subscriber, 1)
            await slow.until(lambda: len(slow.acknowledged) == 8)
            slow.answers.extend([-1] * 100)
            await subscriber.subscribe(receiver.url)
            captured = capture(subscriber, 2)
            await receiver.until(lambda: receiver.events == captured)


async def test_after_the_runners_death_the_batch_that_was_begun_comes_again(
    subscriber: Subscriber, receiver: Receiver
) -> None:
    receiver.answers.append(-1)
    name = await subscriber.subscribe(receiver.url)
    async with subscriber.running():
        first = capture(subscriber, 1, 2)
        await receiver.until(lambda: len(receiver.reports) == 1)
    second = capture(subscriber, 3)
    async with subscriber.running():
        await receiver.until(lambda: receiver.events == first + second)
        await subscriber.settled(name, 2)
    assert [report.sequence for report in receiver.reports] == [1, 1, 2]
    assert receiver.reports[0].body == receiver.reports[1].body


async def test_what_was_acknowledged_is_not_sent_again(subscriber: Subscriber, receiver: Receiver) -> None:
    name = await subscriber.subscribe(receiver.url)
    captured = []
    for number in range(4):
        async with subscriber.running():
            captured += capture(subscriber, number)
            await subscriber.settled(name, number + 1)
    assert receiver.events == captured
    assert [report.sequence for report in receiver.reports] == [1, 2, 3, 4]


async def test_a_writer_that_is_away_makes_no_report_come_twice(subscriber: Subscriber, receiver: Receiver) -> None:
    name = await subscriber.subscribe(receiver.url)
    async with subscriber.running():
        receiver.on_report = lambda: subscriber.port.away.add("subscription-advanced")
        capture(subscriber, 1)
        await receiver.until(lambda: bool(receiver.acknowledged))
        calls = len(subscriber.port.calls)
        await subscriber.eventually(lambda: len(subscriber.port.calls) > calls + 2)
        subscriber.port.away.clear()
        await subscriber.settled(name, 1)
    assert len(receiver.reports) == 1


async def test_in_a_restored_ledger_no_number_means_other_content(
    subscriber: Subscriber, receiver: Receiver, tmp_path: Path
) -> None:
    kept, again = tmp_path / "kept", tmp_path / "again"
    name = await subscriber.subscribe(receiver.url)
    async with subscriber.running():
        capture(subscriber, 1)
        await subscriber.settled(name, 1)
        subscriber.scribe.writer.publish()
        note = tmp_path / "note"
        note.write_bytes((subscriber.scribe.folder / "log.checkpoint").read_bytes())
        back_up(subscriber.scribe.folder, kept, lambda *_: None)
        capture(subscriber, 2)  # what the backup lacks has number 2
        await subscriber.settled(name, 2)
    restore(kept, again, checkpoint=note, origin=None, told=lambda *_: None)
    with scribe_in(again) as scribe:
        subscriber.move(scribe)
        new = await subscriber.subscribe(receiver.url + "/new")
        async with subscriber.running():
            capture(subscriber, 3)
            await receiver.until(lambda: len(receiver.acknowledged) == 4)
            await subscriber.settled(name, max(report.sequence for report in receiver.acknowledged))
            await subscriber.settled(new, 1)
        async with subscriber.running():
            capture(subscriber, 4)
            await receiver.until(lambda: len(receiver.acknowledged) == 6)
    old = [report for report in receiver.acknowledged if report.path == "/hook"]
    assert [report.events for report in old] == [["urn:x:1"], ["urn:x:2"], ["urn:x:3"], ["urn:x:4"]]
    numbers = [report.sequence for report in old]
    assert numbers[:2] == [1, 2]
    assert numbers[3] == numbers[2] + 1 > 10**15
    assert [report.sequence for report in receiver.acknowledged if report.path != "/hook"] == [1, 2]


async def test_a_report_that_was_under_way_when_the_backup_was_made_gets_a_new_number(
    subscriber: Subscriber, receiver: Receiver
) -> None:
    receiver.answers.append(-1)
    await subscriber.subscribe(receiver.url)
    async with subscriber.running():
        captured = capture(subscriber, 1)
        await receiver.until(lambda: len(receiver.reports) == 1)
    with closing(sqlite3.connect(subscriber.scribe.folder / "suyuan.db")) as database:
        database.execute("PRAGMA user_version = 7")
    async with subscriber.running():
        await receiver.until(lambda: receiver.events == captured)
    assert receiver.reports[1].sequence > 10**15


async def test_a_subscription_that_takes_an_ended_ones_id_takes_none_of_its_numbers(
    subscriber: Subscriber, receiver: Receiver
) -> None:
    terms = Terms(query_name="SimpleEventQuery", parameters={}, dest=receiver.url, stream=True)
    async with subscriber.running():
        for number in range(2):
            await subscribe(subscriber.ledger, subscriber.actor, terms, "", "mine")
            capture(subscriber, number)
            await receiver.until(lambda: len(receiver.acknowledged) == number + 1)  # noqa: B023 - at once
            await unsubscribe(subscriber.ledger, subscriber.actor, "mine")
    assert receiver.reports[0].sequence == 1
    assert receiver.reports[1].sequence > 10**15


async def test_a_backlog_comes_in_bounded_reports_and_in_order(subscriber: Subscriber, receiver: Receiver) -> None:
    name = await subscriber.subscribe(receiver.url)
    captured = [each for start in range(0, 1_200, 400) for each in capture(subscriber, *range(start, start + 400))]
    async with subscriber.running():
        await subscriber.settled(name, 3)
    assert receiver.events == captured
    assert [len(report.events) for report in receiver.reports] == [500, 500, 200]


async def test_large_events_come_in_smaller_reports(subscriber: Subscriber, receiver: Receiver) -> None:
    name = await subscriber.subscribe(receiver.url)
    large = {f"https://example.com/{number}": "x" * 100_000 for number in range(3)}
    captured = [each for number in range(7) for each in capture(subscriber, number, **large)]
    async with subscriber.running():
        await subscriber.settled(name, 3)
    assert receiver.events == captured
    assert [len(report.events) for report in receiver.reports] == [3, 3, 1]


async def test_a_receiver_that_finds_a_report_too_large_gets_smaller_ones(
    subscriber: Subscriber, receiver: Receiver
) -> None:
    receiver.answers.extend([413, 413])
    name = await subscriber.subscribe(receiver.url)
    captured = capture(subscriber, *range(8))
    async with subscriber.running():
        await subscriber.settled(name, 6)
    assert receiver.events == captured
    assert [(report.sequence, len(report.events)) for report in receiver.reports] == [
        (1, 8), (2, 4), (3, 2), (4, 2), (5, 2), (6, 2),
    ]  # fmt: skip


async def test_a_receiver_that_is_gone_for_good_ends_its_subscription(
    subscriber: Subscriber, receiver: Receiver
) -> None:
    receiver.answers.append(410)
    name = await subscriber.subscribe(receiver.url)
    capture(subscriber, 1)
    async with subscriber.running():
        await subscriber.gone(name)
    assert subscriber.scribe.rows("SELECT reason FROM subscription_ended") == [("the receiver answered 410 Gone",)]
    assert subscriber.scribe.rows("SELECT token FROM subscription_state") == []


async def test_only_what_the_query_asks_for_is_reported(subscriber: Subscriber, receiver: Receiver) -> None:
    name = await subscriber.subscribe(receiver.url, parameters={"EQ_bizStep": ["receiving"]})
    async with subscriber.running():
        capture(subscriber, 1)
        wanted = capture(subscriber, 2, bizStep="receiving")
        await subscriber.settled(name, 1)
    assert receiver.events == wanted


async def test_a_firm_gets_only_what_it_may_see(subscriber: Subscriber, receiver: Receiver) -> None:
    ours, theirs = "https://id.gs1.org/417/0614141000012", "https://id.gs1.org/417/0614141000029"
    firm = subscriber.key("k1", Role.PRODUCER, ours)
    await subscriber.subscribe(receiver.url, firm)
    async with subscriber.running():
        subscriber.scribe.capture(document(object_event(1, eventID="urn:x:theirs")), "k2", theirs)
        subscriber.scribe.capture(document(object_event(2, eventID="urn:x:ours")), "k1", ours)
        await receiver.until(lambda: receiver.events == ["urn:x:ours"])


@pytest.mark.parametrize("how", ["revoked", "expired"])
async def test_when_its_key_is_closed_a_subscription_reports_no_more(
    subscriber: Subscriber, receiver: Receiver, how: str
) -> None:
    hand = Hand(now())
    actor = subscriber.key("k1", Role.REGULATOR, expires=hand() + 10**9 if how == "expired" else None)
    name = await subscriber.subscribe(receiver.url, actor)
    async with subscriber.running(hand=hand):
        captured = capture(subscriber, 1)
        await receiver.until(lambda: receiver.events == captured)
        if how == "revoked":
            subscriber.scribe.call("key-revoked", KeyRevoked("k0", "k1"))
        else:
            hand.time += 2 * 10**9
        capture(subscriber, 2)
        await subscriber.gone(name, actor)
    assert receiver.events == captured


async def test_a_subscription_ends_when_it_is_unsubscribed(subscriber: Subscriber, receiver: Receiver) -> None:
    name = await subscriber.subscribe(receiver.url)
    other = await subscriber.subscribe(receiver.url)
    async with subscriber.running():
        await unsubscribe(subscriber.ledger, subscriber.actor, name)
        capture(subscriber, 1)
        await subscriber.settled(other, 1)
    assert [report.document["epcisBody"]["queryResults"]["subscriptionID"] for report in receiver.reports] == [other]


async def test_a_schedule_runs_at_its_times_and_says_nothing_when_there_is_nothing(
    subscriber: Subscriber, receiver: Receiver
) -> None:
    hand = Hand(parse_time("2100-01-01T00:00:00Z")[0])
    name = await subscriber.subscribe(receiver.url, schedule={"hour": "[0-23]", "minute": "5"})
    captured = capture(subscriber, 1, 2)
    async with subscriber.running(hand=hand):
        await subscriber.settled(name, 1)
        first = hand.time
        await subscriber.eventually(lambda: hand.time > first + 3 * 3_600 * 10**6)
        captured += capture(subscriber, 3)
        settled = await subscriber.settled(name, 2)
    assert receiver.events == captured
    assert len(receiver.reports) == 2
    assert settled.progress.last_run is not None
    assert format_time(settled.progress.last_run)[13:19] == ":05:00"


async def test_an_empty_run_is_reported_to_who_wants_it(subscriber: Subscriber, receiver: Receiver) -> None:
    hand = Hand(parse_time("2100-01-01T00:00:00Z")[0])
    name = await subscriber.subscribe(receiver.url, schedule={"minute": "0"}, report_if_empty=True)
    captured = capture(subscriber, 1)
    async with subscriber.running(hand=hand):
        await subscriber.settled(name, 3)
    assert receiver.events == captured
    assert [len(report.events) for report in receiver.reports[:3]] == [1, 0, 0]


async def test_a_run_that_a_stopped_server_has_missed_is_made_up_once(
    subscriber: Subscriber, receiver: Receiver
) -> None:
    name = await subscriber.subscribe(receiver.url, schedule={"minute": "0"})
    captured = capture(subscriber, 1)
    hand = Hand(now() + 10 * 86_400 * 10**6)
    async with subscriber.running(hand=hand):
        await subscriber.settled(name, 1)
    assert hand.slept == [] or hand.time < now() + 11 * 86_400 * 10**6
    assert receiver.events == captured


async def test_a_subscription_may_begin_in_the_past(subscriber: Subscriber, receiver: Receiver) -> None:
    before = capture(subscriber, 1)
    ((time,),) = subscriber.scribe.rows("SELECT MAX(record_time) FROM event")
    after = capture(subscriber, 2) + capture(subscriber, 3)
    name = await subscriber.subscribe(receiver.url, initial_record_time=time + 1)
    async with subscriber.running():
        await subscriber.settled(name, 1)
    assert receiver.events == after
    assert before[0] not in receiver.events


async def test_a_run_over_max_event_count_is_told_as_a_problem_and_nothing_is_skipped(
    subscriber: Subscriber, receiver: Receiver
) -> None:
    hand = Hand(parse_time("2100-01-01T00:00:00Z")[0])
    name = await subscriber.subscribe(receiver.url, schedule={"minute": "0"}, parameters={"maxEventCount": 2})
    capture(subscriber, 1, 2, 3)
    async with subscriber.running(hand=hand):
        progress = await subscriber.until(name, lambda progress: progress.failures >= 3)
    assert "QueryTooLargeException" in progress.problem
    (report,) = receiver.reports
    assert report.headers["Content-Type"] == "application/problem+json"
    assert report.document["type"] == "epcisException:QueryTooLargeException"
    assert progress.cursor == subscriber.find(name).idx + 1


async def test_reports_go_to_no_address_that_the_operator_has_not_opened(
    subscriber: Subscriber, receiver: Receiver
) -> None:
    named = receiver.url.replace("127.0.0.1", "localhost")
    numbered, by_name = await subscriber.subscribe(receiver.url), await subscriber.subscribe(named)
    capture(subscriber, 1)
    async with subscriber.running(reach=Reach()):
        first = await subscriber.until(numbered, lambda progress: progress.failures > 0)
        second = await subscriber.until(by_name, lambda progress: progress.failures > 0)
    assert first.problem == "127.0.0.1 is not a public address"
    assert "webhook_networks" in second.problem
    assert receiver.reports == []


@pytest.mark.parametrize(("version", "schema"), [("2.0", "urn:epcglobal:epcis-query:xsd:2"), ("1.2", "xsd:1")])
async def test_reports_come_in_the_form_that_was_ordered(
    subscriber: Subscriber, receiver: Receiver, version: str, schema: str
) -> None:
    form = Form(XML, version, "Always_GS1_Digital_Link", "Always_URN")
    name = await subscriber.subscribe(receiver.url, form=form)
    async with subscriber.running():
        capture(subscriber, 1)
        await subscriber.settled(name, 1)
    (report,) = receiver.reports
    assert report.headers["Content-Type"] == "application/xml"
    assert schema.encode() in report.body
    assert f"<subscriptionID>{name}</subscriptionID>".encode() in report.body
    assert b"<epc>https://id.gs1.org/01/" in report.body
    assert b"<bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>" in report.body


async def test_a_subscriber_of_xml_is_told_in_xml_that_a_run_was_too_large(
    subscriber: Subscriber, receiver: Receiver
) -> None:
    hand = Hand(parse_time("2100-01-01T00:00:00Z")[0])
    name = await subscriber.subscribe(
        receiver.url, schedule={"minute": "0"}, parameters={"maxEventCount": 1}, form=Form(XML, "1.2")
    )
    capture(subscriber, 1, 2)
    async with subscriber.running(hand=hand):
        await subscriber.until(name, lambda progress: progress.failures >= 1)
    body = receiver.reports[0].body
    assert receiver.reports[0].headers["Content-Type"] == "application/xml"
    assert b"<epcisq:QueryTooLargeException><reason>" in body
    assert f"<subscriptionID>{name}</subscriptionID></epcisq:QueryTooLargeException>".encode() in body


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_fails_each_event_arrives_in_order_and_a_number_is_one_content(
    subscriber: Subscriber, receiver: Receiver, seed: int
) -> None:
    chance = random.Random(seed)
    name = await subscriber.subscribe(receiver.url)
    captured: list[str] = []
    restarts = 6
    for _ in range(restarts):
        receiver.answers.extend(chance.choices([204, 500, 0, 413, 302], [6, 1, 1, 1, 1], k=8))
        async with subscriber.running():
            for _ in range(chance.randrange(1, 5)):
                first = len(captured)
                captured += capture(subscriber, *range(first, first + chance.randrange(1, 6)))
                await asyncio.sleep(chance.choice([0, 0, 0.02]))
            if chance.random() < 0.5:
                await receiver.until(lambda: captured[-1] in receiver.events)  # noqa: B023 - at once
    receiver.answers.clear()
    async with subscriber.running():
        await receiver.until(lambda: captured[-1] in receiver.events)
        await subscriber.settled(name, receiver.acknowledged[-1].sequence)
    numbers = [report.sequence for report in receiver.acknowledged]
    assert numbers == sorted(numbers)
    assert len(numbers) - len(set(numbers)) <= restarts
    contents = {report.sequence: report.body for report in receiver.reports}
    assert sorted(contents) == list(range(1, len(contents) + 1))
    assert all(contents[report.sequence] == report.body for report in receiver.reports)
    once = {report.sequence: report.events for report in receiver.acknowledged}
    events = [each for events in once.values() for each in events]
    assert list(dict.fromkeys(events)) == captured
