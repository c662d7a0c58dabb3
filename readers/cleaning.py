"""Cleaning: the tag reads of one read point become passages of observations. Pure: no clock, no I/O.

Two ways of telling where a passage ends:

* **passage mode** (gates, portals, tunnels): the reader brackets it itself with ROSpec start and end events
  (LLRP 1.0.1 section 16.2.7, ROSpecEvent).
* **window mode** (an inventory that never ends): it ends when the reader's clock is ``gap_seconds`` past the last read,
  or the passage is ``longest_seconds`` old.

Within a passage nothing depends on the order in which reads arrive, and nothing ever on how TCP cut them up: the same
reads give the same observations. That is what makes replays harmless, so keep it when you change this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from suyuan.base.errors import InvalidIdentifier, InvalidSetting
from suyuan.gs1.names import epc_scheme
from suyuan.readers.reads import Moment, TagRead

#: Turns the hex content of a tag's EPC bank into its EPC URI or Digital Link, or raises InvalidIdentifier.
Decoder = Callable[[str], str]

#: EPC schemes of TDS 2.x that ``accept`` may name, as they stand in ``urn:epc:id:<scheme>:``.
SCHEMES: Final = frozenset(
    {"sgtin", "sscc", "sgln", "grai", "giai", "gsrn", "gsrnp", "gdti", "cpi", "sgcn", "ginc", "gsin", "itip", "upui"}
    | {"pgln", "gid", "usdod", "adi", "bic", "imovn"}
)
_HEX = re.compile(r"[0-9A-F]+")
_SECOND: Final = 1_000_000
#: So many undecodable tags of a passage are named, for the log; all are counted.
_NAMED_UNDECODABLE: Final = 5


class CleaningSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to clean. The defaults drop nothing but what is no GS1 tag.

    ``min_reads`` and ``min_rssi`` (dBm) drop strays: tags seen too seldom or too weakly in a passage. ``accept`` keeps
    only tags whose hex begins with one of its prefixes (``"3074257B"``) or whose EPC is of one of its schemes
    (``"sscc"``). ``dedupe_seconds`` leaves out what was observed at most so long before, in an earlier passage; it
    is 0 by default since its memory doesn't survive a crash, so that a replay could give other events.
    ``idle_seconds`` of silence on top of the gap end a window by our clock, for a reader that reports nothing at all
    while it sees nothing. ``max_tags`` bounds the memory: a passage with more tags is cut.
    """

    mode: Literal["passage", "window"] = "passage"
    gap_seconds: Annotated[float, Meta(gt=0, le=3600)] = 2.0
    longest_seconds: Annotated[float, Meta(gt=0, le=86400)] = 300.0
    idle_seconds: Annotated[float, Meta(gt=0, le=3600)] = 10.0
    min_reads: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    min_rssi: Annotated[float, Meta(ge=-128, le=127)] | None = None
    accept: tuple[Annotated[str, Meta(min_length=1, max_length=128)], ...] = ()
    dedupe_seconds: Annotated[float, Meta(ge=0, le=86400)] = 0.0
    max_tags: Annotated[int, Meta(ge=1, le=1_000_000)] = 50_000


class Observation(Struct, frozen=True):
    """One EPC that passed a read point once.

    Times are microseconds UTC of the reader's clock; ``reads`` is how often the tag was seen, ``rssi`` the best in dBm;
    ``antennas`` stand in the order in which they first saw the tag, which tells the direction.
    """

    reader: str
    read_point: str
    epc_hex: str
    #: The EPC URI; the Digital Link of a "+" tag, which does not tell where the company prefix ends.
    epc_uri: str
    first_us: int
    last_us: int
    reads: int
    rssi: float | None
    antennas: tuple[int, ...]


class Tally(Struct, frozen=True):
    """What became of the reads of one passage. ``tag_reads`` counts reports, the others count tags."""

    tag_reads: int = 0
    observations: int = 0
    strays: int = 0
    masked: int = 0
    repeats: int = 0
    undecodable: int = 0


class Passage(Struct, frozen=True):
    """What passed between two moments: observations in the order of their EPCs, and the count of what was left out.

    ``start_us`` is the ROSpec start (else the first read), ``end_us`` the reader's time when the passage was over.
    ``undecodable`` names a few tags that are no EPCs.
    """

    reader: str
    start_us: int
    end_us: int
    observations: tuple[Observation, ...]
    tally: Tally
    undecodable: tuple[str, ...] = ()


class _Tag(Struct):
    """What a passage knows of one tag so far; every update is commutative, so arrival order doesn't matter."""

    first_us: int
    last_us: int
    reads: int
    rssi: float | None
    antennas: dict[int, int]

    def add(self, read: TagRead) -> None:
        self.first_us = min(self.first_us, read.first_us)
        self.last_us = max(self.last_us, read.last_us)
        self.reads += read.count
        if read.rssi is not None and (self.rssi is None or read.rssi > self.rssi):
            self.rssi = read.rssi
        self.antennas[read.antenna] = min(self.antennas.get(read.antenna, read.first_us), read.first_us)


class _Open(Struct):
    """The passage that is going on. ``bracketed``: the reader announced its start, and will announce its end."""

    start_us: int
    last_us: int
    bracketed: bool
    tag_reads: int = 0
    tags: dict[str, _Tag] = {}


class _State(Struct):
    """All that a cleaner remembers, in a form that can be kept on disk while the edge is stopped."""

    clock_us: int
    open: _Open | None
    seen: dict[str, int]


class Cleaner:
    """Cleans the reads of one read point of one reader.

    Feed it reads and moments in the order in which they came; take the finished passages from `advance` or `drain`.
    """

    def __init__(self, reader: str, read_point: str, settings: CleaningSettings, decode: Decoder) -> None:
        self._reader = reader
        self._read_point = read_point
        self._settings = settings
        self._decode = decode
        self._prefixes, self._schemes = _accepted(settings.accept)
        self._gap_us = round(settings.gap_seconds * _SECOND)
        self._idle_us = round(settings.idle_seconds * _SECOND)
        self._longest_us = round(settings.longest_seconds * _SECOND)
        self._dedupe_us = round(settings.dedupe_seconds * _SECOND)
        self._clock_us = 0
        self._open: _Open | None = None
        self._seen: dict[str, int] = {}
        self._finished: list[Passage] = []

    @property
    def waiting(self) -> bool:
        """True while reads wait for a passage to end that the reader won't end itself."""
        return self._open is not None and not self._open.bracketed

    def feed(self, read: TagRead) -> None:
        """Take one read. It may finish a passage, which the next `advance` or `drain` returns."""
        self._pass_time(max(read.first_us, self._clock_us))
        passage = self._open
        if passage is not None and len(passage.tags) >= self._settings.max_tags and read.epc not in passage.tags:
            # Memory is bounded. The rest is a passage of its own, with the same start: a replay takes it back.
            self._close(passage, passage.last_us)
            passage = self._open = (
                _Open(passage.start_us, passage.last_us, passage.bracketed) if passage.bracketed else None
            )
        if passage is None:
            passage = self._open = _Open(read.first_us, read.last_us, bracketed=False)
        passage.tag_reads += 1
        passage.start_us = passage.start_us if passage.bracketed else min(passage.start_us, read.first_us)
        passage.last_us = max(passage.last_us, read.last_us)
        tag = passage.tags.get(read.epc)
        if tag is None:
            tag = passage.tags[read.epc] = _Tag(read.first_us, read.last_us, 0, None, {})
        tag.add(read)
        self._clock_us = max(self._clock_us, read.last_us)

    def advance(self, moment: Moment | int) -> list[Passage]:
        """Let the reader's time come to this moment (or number of microseconds); gives the passages that are over."""
        time_us = moment if isinstance(moment, int) else moment.time_us
        kind = "keepalive" if isinstance(moment, int) else moment.kind
        if self._settings.mode == "passage" and kind == "rospec_start":
            self._begin(time_us)
        elif self._settings.mode == "passage" and kind == "rospec_end" and self._open is not None:
            self._close(self._open, max(time_us, self._open.last_us))
        else:
            self._pass_time(time_us)
        self._clock_us = max(self._clock_us, time_us)
        return self.drain()

    def idle(self, elapsed_us: int) -> list[Passage]:
        """The reader has said nothing for so long by our clock: after a while its time is taken to have gone on, too.

        A passage that the reader itself brackets stays open: the reader may come back and tell it again from its start.
        """
        if not self.waiting or elapsed_us <= self._gap_us + self._idle_us:
            return []
        return self.advance(self._clock_us + elapsed_us)

    def drain(self) -> list[Passage]:
        """The passages finished since the last call."""
        finished, self._finished = self._finished, []
        return finished

    def snapshot(self) -> bytes:
        """What is not over yet, for `restore` in a later process."""
        return msgspec.json.encode(_State(self._clock_us, self._open, self._seen))

    def restore(self, state: bytes) -> None:
        """Go on where `snapshot` was taken. Raises InvalidSetting when the state is of another version."""
        try:
            kept = msgspec.json.decode(state, type=_State)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidSetting(f"the kept state of reader {self._reader} can't be read: {error}") from None
        self._clock_us, self._open, self._seen = kept.clock_us, kept.open, kept.seen

    def _begin(self, time_us: int) -> None:
        """A ROSpec starts. The same start again is the same passage told anew, after a broken connection."""
        passage = self._open
        if passage is not None and not (passage.bracketed and passage.start_us == time_us):
            self._close(passage, passage.last_us)
        self._open = _Open(time_us, time_us, bracketed=True)

    def _pass_time(self, time_us: int) -> None:
        """Close the passage that this time leaves behind; one that the reader brackets waits for the reader."""
        passage = self._open
        if passage is None or passage.bracketed:
            return
        too_long = time_us - passage.start_us > self._longest_us
        if too_long or time_us - passage.last_us > self._gap_us:
            self._close(passage, passage.last_us)

    def _close(self, passage: _Open, end_us: int) -> None:
        """The passage is over: judge its tags, and queue what is left."""
        self._open = None
        found: list[Observation] = []
        dropped = {"strays": 0, "masked": 0, "repeats": 0}
        undecodable: list[str] = []
        for epc, tag in passage.tags.items():
            try:
                uri = self._decode(epc)
            except InvalidIdentifier:
                undecodable.append(epc)
                continue
            reason = self._reason_to_drop(epc, uri, tag)
            if reason is None:
                found.append(self._observation(epc, uri, tag))
            else:
                dropped[reason] += 1
        self._remember(found, end_us)
        tally = Tally(passage.tag_reads, len(found), undecodable=len(undecodable), **dropped)
        found.sort(key=lambda seen: (seen.epc_uri, seen.epc_hex))
        strange = tuple(sorted(undecodable)[:_NAMED_UNDECODABLE])
        self._finished.append(Passage(self._reader, passage.start_us, end_us, tuple(found), tally, strange))

    def _reason_to_drop(self, epc: str, uri: str, tag: _Tag) -> Literal["strays", "masked", "repeats"] | None:
        accepted = epc.startswith(self._prefixes) or epc_scheme(uri) in self._schemes
        if self._settings.accept and not accepted:
            return "masked"
        floor = self._settings.min_rssi
        if tag.reads < self._settings.min_reads or (floor is not None and tag.rssi is not None and tag.rssi < floor):
            return "strays"
        before = self._seen.get(uri)
        return "repeats" if before is not None and tag.first_us - before <= self._dedupe_us else None

    def _observation(self, epc: str, uri: str, tag: _Tag) -> Observation:
        antennas = tuple(sorted(tag.antennas, key=lambda antenna: (tag.antennas[antenna], antenna)))
        return Observation(
            self._reader, self._read_point, epc, uri, tag.first_us, tag.last_us, tag.reads, tag.rssi, antennas
        )

    def _remember(self, found: list[Observation], end_us: int) -> None:
        """Note what was observed, for as long as `dedupe_seconds` looks back."""
        if not self._dedupe_us:
            return
        self._seen = {uri: last for uri, last in self._seen.items() if end_us - last <= self._dedupe_us}
        for seen in found:
            self._seen[seen.epc_uri] = max(seen.last_us, self._seen.get(seen.epc_uri, 0))


def _accepted(entries: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Hex prefixes and schemes that ``accept`` names. Raises InvalidSetting for what is neither."""
    prefixes: list[str] = []
    schemes: set[str] = set()
    for entry in entries:
        if entry.lower() in SCHEMES:
            schemes.add(entry.lower())
        elif _HEX.fullmatch(entry.upper()):
            prefixes.append(entry.upper())
        else:
            raise InvalidSetting(
                f"{entry!r} is neither a hex prefix nor an EPC scheme",
                place="accept",
                remedy='write for example accept = ["sscc", "3074257B"]',
            )
    return tuple(prefixes), frozenset(schemes)
