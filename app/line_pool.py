"""Answering very many lines with every core of the machine, in their order."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain

from suyuan.app.identifier_lines import Answerer, Group, Options
from suyuan.base.errors import Unavailable

#: Full groups of lines (64 KiB each) that are answered before other processes are worth their start of half a second.
_ALONE = 32
#: More cores than these are left to others.
_MOST_PROCESSES = 8
#: Groups of lines a process that wait for it or for their turn: they bound the memory.
_WAITING = 2


def answers(groups: Iterator[Group], options: Options) -> Iterator[bytes]:
    """The answers to groups of lines, in their order; to one who waits for each answer they come at once."""
    alone = Answerer(options)
    full = 0
    for group in groups:
        yield alone.answer(group.data)
        full += group.full
        if full == _ALONE:
            break
    processes = min(_cores(), _MOST_PROCESSES)
    if processes > 1:
        yield from _together(groups, options, processes)
    else:
        for group in groups:
            yield alone.answer(group.data)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _together(groups: Iterator[Group], options: Options, processes: int) -> Iterator[bytes]:
    first = next(groups, None)
    if first is None:
        return
    waiting: deque[Future[bytes]] = deque()
    context = multiprocessing.get_context("spawn")  # a fork would share what the parent has open
    try:
        with ProcessPoolExecutor(processes, context, _begin, (options,)) as pool:
            for group in chain((first,), groups):
                waiting.append(pool.submit(_answer, group.data))
                while len(waiting) > (_WAITING * processes if group.full else 0):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
    except BrokenProcessPool:
        raise Unavailable("a process that answers lines has ended", remedy="try again with smaller parts") from None


#: Of a process of the pool.
_answerers: list[Answerer] = []


def _begin(options: Options) -> None:
    """Make a process of the pool ready; Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _answerers.append(Answerer(options))


def _answer(data: bytes) -> bytes:
    return _answerers[0].answer(data)
