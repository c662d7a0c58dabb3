"""Deliveries to real receivers: at least once, in order, and never again what was acknowledged."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.trace.receiver import Receiver, receiving
from tests.trace.scribe import Scribe, document, object_event
from tests.trace.subscribing import Subscriber


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
