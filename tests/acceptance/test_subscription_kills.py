"""A server that is killed while it reports: every event arrives, in order, and nothing that was acknowledged before."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path

import httpx
import pytest
from tests.serving import Service
from tests.trace.receiver import Receiver, receiving
from tests.trace.scribe import document, object_event

QUERY = "/epcis/queries/SimpleEventQuery/subscriptions"
KILLS = 3


@pytest.mark.slow
async def test_no_kill_loses_an_event_or_repeats_what_was_acknowledged(tmp_path: Path) -> None:
    service = Service(tmp_path / "data")
    chance = random.Random(7)
    captured: list[str] = []
    async with receiving() as receiver:
        receiver.answers.extend(chance.choice([204, 204, 500, 0]) for _ in range(16))
        await asyncio.to_thread(service.start)
        await asyncio.to_thread(service.make_keys)
        order = {"dest": receiver.url, "stream": True}
        made = await asyncio.to_thread(service.call, "POST", QUERY, "producer", json=order)
        assert made.status_code == 201, made.text
        for round_ in range(KILLS):
            capturing = asyncio.create_task(asyncio.to_thread(capture_until_killed, service, round_, captured))
            seen = len(receiver.reports)
            await receiver.until(lambda: len(receiver.reports) > seen + chance.randrange(1, 6))  # noqa: B023 - at once
            await asyncio.to_thread(service.kill if round_ % 2 else lambda: kill_writer(service))
            await asyncio.to_thread(service.kill)
            await capturing
            await asyncio.to_thread(service.start)
        await receiver.until(lambda: set(captured) <= set(receiver.events))
        await asyncio.to_thread(service.stop)
    check(receiver)


def kill_writer(service: Service) -> None:
    """End the writer first, as the kernel does when memory is short."""
    os.kill(service.writer_pid(), signal.SIGKILL)


def capture_until_killed(service: Service, round_: int, captured: list[str]) -> None:
    """Capture one event after the other; those that were answered must be reported."""
    for number in range(10_000):
        name = f"urn:x:{round_}:{number}"
        try:
            answer = service.capture(document(object_event(number, eventID=name)))
        except httpx.TransportError:
            return
        if answer.status_code == 202:
            captured.append(name)


def check(receiver: Receiver) -> None:
    """Numbers never go back; one number is one content; what repeats stood at the end when the kill came."""
    acknowledged = receiver.acknowledged
    numbers = [report.sequence for report in acknowledged]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, numbers[-1] + 1))
    contents = {(report.sequence, report.body) for report in receiver.reports}
    assert len(contents) == len({report.sequence for report in receiver.reports})
    assert len(numbers) - len(set(numbers)) <= KILLS
    events = list(dict.fromkeys(receiver.events))
    for round_ in range(KILLS):
        order = [int(name.rpartition(":")[2]) for name in events if name.startswith(f"urn:x:{round_}:")]
        assert order == sorted(order)
