"""The demonstration in figures: the one JSON object at its end."""

from __future__ import annotations

from msgspec import Struct

from suyuan.app.demo.launch import Launched


class Summary(Struct, frozen=True):
    """Every number is counted from what happened: by the edges (reads, observations), by the server, by our clock.

    ``log_root`` is base64 as in the checkpoint; ``clone_alerts`` counts alerts, of which a thing may raise one of each
    kind; ``recall`` is ``recalls[0]``; ``pages`` are addresses that answered; ``seconds`` is the time since the start.
    """

    tag_reads: int
    observations: int
    events: int
    things: int
    log_size: int
    log_root: str
    log_verified: bool
    recall: Launched
    recalls: list[Launched]
    pages: list[str]
    clone_alerts: int
    seconds: float
