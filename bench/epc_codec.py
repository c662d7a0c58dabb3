"""Tag to EPC URI and back, SGTIN-96 and SSCC-96, one thread: `gs1/tag_encoding.py` beside epcpy.

Both translate the same random EPCs, of every length of company prefix, in alternating rounds; what they say is compared
and must be equal. Each rate is the best of its rounds: what else runs on the machine only ever makes one slower. In a
round epcpy has a tenth of the EPCs, so that both are as long under way and as likely to be disturbed. It is told which
scheme a tag or URI has, which we find out by ourselves: its general entry takes up to twice the time.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import platform
import random
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from suyuan.gs1.tag_encoding import encode, tag_to_uri, uri_to_tag

try:
    from epcpy.epc_schemes.sgtin import SGTIN, SGTINFilterValue
    from epcpy.epc_schemes.sscc import SSCC, SSCCFilterValue
except ImportError:
    raise SystemExit("this benchmark measures itself against epcpy: .venv/bin/pip install epcpy") from None

SEED = 2026
#: epcpy translates one EPC in so many in each round, and another one in the next.
SHARE = 10


class Task(NamedTuple):
    """One translation, by us and by the reference."""

    name: str
    ours: Callable[[str], object]
    theirs: Callable[[str], object]
    texts: list[str]


def digits(source: random.Random, count: int) -> str:
    """So many random digits."""
    return f"{source.randrange(10**count):0{count}d}"


def uris(count: int) -> tuple[list[str], list[str]]:
    """Random SGTINs whose serial fits 38 bits, and random SSCCs."""
    source = random.Random(SEED)
    sgtins, ssccs = [], []
    for _ in range(count):
        length = source.randint(6, 12)
        sgtins.append(
            f"urn:epc:id:sgtin:{digits(source, length)}.{digits(source, 13 - length)}.{source.getrandbits(38)}"
        )
        ssccs.append(f"urn:epc:id:sscc:{digits(source, length)}.{digits(source, 17 - length)}")
    return sgtins, ssccs


def tasks(count: int) -> list[Task]:
    """The four translations, with filter value 0."""
    item = {"binary_coding_scheme": SGTIN.BinaryCodingScheme.SGTIN_96, "filter_value": SGTINFilterValue.ALL_OTHERS}
    case = {"binary_coding_scheme": SSCC.BinaryCodingScheme.SSCC_96, "filter_value": SSCCFilterValue.ALL_OTHERS}
    sgtins, ssccs = uris(count)
    return [
        Task("sgtin_96_hex_to_uri", tag_to_uri, lambda tag: SGTIN.from_hex(tag).epc_uri, list(map(uri_to_tag, sgtins))),
        Task("sgtin_96_uri_to_hex", encode, lambda uri: SGTIN(uri).hex(**item), sgtins),
        Task("sscc_96_hex_to_uri", tag_to_uri, lambda tag: SSCC.from_hex(tag).epc_uri, list(map(uri_to_tag, ssccs))),
        Task("sscc_96_uri_to_hex", encode, lambda uri: SSCC(uri).hex(**case), ssccs),
    ]


def seconds(translate: Callable[[str], object], texts: list[str]) -> float:
    """Processor time of one pass over all texts: what waits for a processor is not counted."""
    started = time.process_time()
    for text in texts:
        translate(text)
    return time.process_time() - started


def check(task: Task) -> None:
    """Ends the benchmark where the two disagree."""
    for text in task.texts:
        ours, theirs = task.ours(text), task.theirs(text)
        if ours != theirs:
            raise SystemExit(f"{task.name} of {text}: {ours} here, {theirs} with epcpy")


def mean(values: list[float]) -> float:
    """Geometric mean."""
    return math.exp(sum(map(math.log, values)) / len(values))


def measure(quick: bool) -> dict[str, Any]:
    """All figures of one run."""
    count, rounds = (2_000, 80) if quick else (5_000, 250)
    ours: dict[str, float] = {}
    theirs: dict[str, float] = {}
    work = tasks(count)
    for task in work:
        check(task)  # and a warm-up
    gc.disable()
    for number in range(rounds):
        if number % 50 == 0:
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for task in work:
            share = task.texts[number % SHARE :: SHARE]
            ours[task.name] = max(ours.get(task.name, 0.0), count / seconds(task.ours, task.texts))
            theirs[task.name] = max(theirs.get(task.name, 0.0), len(share) / seconds(task.theirs, share))
        gc.collect()
    ratios = {name: ours[name] / theirs[name] for name in ours}
    return {
        "name": "epc_codec",
        "value": round(mean(list(ours.values()))),
        "unit": "translations/s, geometric mean of four",
        "reference": "epcpy in the same run, on the same EPCs",
        "reference_value": round(mean(list(theirs.values()))),
        "ratio": round(mean(list(ratios.values())), 2),
        "figures": {
            **{f"{name}_per_second": round(rate) for name, rate in ours.items()},
            **{f"{name}_ratio": round(ratio, 2) for name, ratio in ratios.items()},
            "smallest_ratio": round(min(ratios.values()), 2),
        },
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
    }


def main() -> None:
    """The command line of a benchmark; the last line on stdout is the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short look: fewer EPCs and rounds")
    print(json.dumps(measure(parser.parse_args().quick)))


if __name__ == "__main__":
    main()
