"""What an act of the log commits to where the thing itself is long, or must not be guessed: SHA-256 over lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from suyuan.gs1.names import canonical
from suyuan.labels.batches import Batch


def batch_digest(batch: Batch) -> str:
    """SHA-256 in hex over a batch's JSON without the place and time that the log gives it."""
    return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(batch, index=0, opened=""))).hexdigest()


def serials_digest(names: Iterable[tuple[str, str]]) -> bytes:
    """SHA-256 over the labels' canonical names in order, one a line: what the act commits to."""
    return hashlib.sha256("".join(f"{canonical(name)}\n" for name in names).encode()).digest()


def tags_digest(tags: Iterable[tuple[int, str, bool]]) -> str:
    """SHA-256 in hex over lines ``number tid locked``, by number."""
    lines = (f"{number} {tid} {int(locked)}\n" for number, tid, locked in sorted(tags))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def weights_digest(weights: Iterable[tuple[str, str]]) -> str:
    """SHA-256 in hex over lines ``kilograms parent``, by number."""
    return hashlib.sha256("".join(f"{kilograms} {parent}\n" for kilograms, parent in weights).encode()).hexdigest()
