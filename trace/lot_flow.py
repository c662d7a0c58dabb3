"""Where an affected lot goes: rule F4, and which of its rows are the affected part (DESIGN section 5).

A lot is not one body: 40 kg in crate A and 60 kg in crate B are both true. The state is (lot, where, since), where is
a site or a container. From an affected (lot, where) the flow follows what is put into containers, taken out of them,
carried by them, shipped and moved on, and marks every row of the lot that may be about the affected part. Where the
data leaves it open, it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from suyuan.trace.geography import Geography
from suyuan.trace.sightings import Sighting
from suyuan.trace.tables import Action, Role


class Where(NamedTuple):
    """A site (canonical name), a container (id), or everywhere (both None): a seed means the whole lot."""

    site: str | None = None
    container: int | None = None


EVERYWHERE = Where()


class Reached(NamedTuple):
    """Since when the lot is affected somewhere, and the event that brought it there (None: as the caller said)."""

    since: int
    via: int | None


class Flow:
    """The flow of one lot. ``rows`` are its own, ``tracks`` those of every container it was ever in, in order."""

    def __init__(
        self, rows: Sequence[Sighting], tracks: Mapping[int, Sequence[Sighting]], geography: Geography
    ) -> None:
        self._rows = rows
        self._tracks = tracks
        self._geography = geography
        self.reached: dict[Where, Reached] = {}
        self._open: list[Where] = []
        places = {place for row in rows for place in (row.place, row.read_point)}
        self._operators = {geography.site(place): geography.operator(place) for place in places if place is not None}

    def spread(self, entries: Iterable[tuple[Where, int]]) -> dict[Where, Reached]:
        """Everywhere that the affected part gets to from these (where, since); earliest since of each."""
        for where, since in entries:
            self._reach(where, since, None)
        while self._open:
            where = self._open.pop()
            self._follow(where, self.reached[where].since)
        return self.reached

    def affected_rows(self) -> list[tuple[Sighting, int]]:
        """Rows of the lot that may be about the affected part, each with the time since when it is affected."""
        found = []
        for row in self._rows:
            since = [
                reach.since for where, reach in self.reached.items() if reach.since <= row.time and self.at(row, where)
            ]
            if since:
                found.append((row, min(since)))
        return found

    def covers(self, place: int | None, time: int) -> int | None:
        """Since when the lot is affected where an instance of it is made (None: it is not): rule F3.

        An instance without a place may be anywhere; a container last seen there may be where it came from.
        """
        site = self._geography.site(place)
        since = [
            reach.since
            for where, reach in self.reached.items()
            if site is None
            or where == EVERYWHERE
            or where.site == site
            or (where.container is not None and self._stood_at(where.container, site, time))
        ]
        return max(min(since), time) if since else None

    def at(self, row: Sighting, where: Where) -> bool:
        """Whether a row of the lot may be about what is at ``where``. A row that tells no place may be about any."""
        if where == EVERYWHERE:
            return True
        sites = {self._geography.site(row.place), self._geography.site(row.read_point)} - {None}
        if where.container is None:
            taken_out = row.role == Role.CHILD and row.action == Action.DELETE
            return where.site in sites or self._comes_from(row, where.site) or (not sites and not taken_out)
        if row.role == Role.CHILD and (row.partner == where.container or row.action == Action.DELETE):
            return row.partner == where.container
        return not sites or any(self._stood_at(where.container, site, row.time) for site in sites)

    def _comes_from(self, row: Sighting, site: str | None) -> bool:
        """Whether the row's source is the site, or the firm that runs it: the shipment itself may not be recorded."""
        if row.source_location is not None and self._geography.site(row.source_location) == site:
            return True
        return row.source_possessor is not None and self._operators.get(site) == self._geography.party(
            row.source_possessor
        )

    def _stood_at(self, container: int, site: str | None, time: int) -> bool:
        """Whether the container was last seen there: goods may be used without a recorded unpacking."""
        seen = [track for track in self._tracks.get(container, ()) if track.time <= time and track.place is not None]
        return bool(seen) and self._geography.site(seen[-1].place) == site

    def _reach(self, where: Where, since: int, via: int | None) -> None:
        """A where reached again with an earlier since is followed again: more of the past is affected."""
        known = self.reached.get(where)
        if known is None or since < known.since:
            self.reached[where] = Reached(since, via)
            self._open.append(where)

    def _follow(self, where: Where, since: int) -> None:
        if where == EVERYWHERE:
            return
        for row in self._rows:
            if row.time >= since and self.at(row, where):
                self._move(row)
        if where.container is not None:
            self._unpack(where.container, since)

    def _move(self, row: Sighting) -> None:
        """One row of the affected part: what it puts where."""
        if row.role == Role.CHILD and row.partner is not None:
            if row.action == Action.DELETE:
                self._reach_site(row.place if row.place is not None else self._last_place(row), row)
            else:
                self._reach(Where(container=row.partner), row.time, row.event)
        elif row.role == Role.EPC and row.action != Action.DELETE:
            if self._geography.sends(row):
                self._arrive(row)
            self._reach_site(row.biz_location if self._geography.sends(row) else row.place, row)

    def _last_place(self, row: Sighting) -> int | None:
        """Where the container was last seen before something was taken out of it at an unrecorded place."""
        seen = [track for track in self._tracks.get(row.partner or 0, ()) if track.order <= row.order and track.place]
        return seen[-1].place if seen else None

    def _unpack(self, container: int, since: int) -> None:
        """Emptying the container leaves the lot where that was done."""
        for track in self._tracks.get(container, ()):
            if track.time >= since and track.role == Role.PARENT and track.action == Action.EMPTY:
                self._reach_site(track.place, track)

    def _reach_site(self, place: int | None, row: Sighting) -> None:
        site = self._geography.site(place)
        if site is not None:
            self._reach(Where(site=site), row.time, row.event)

    def _arrive(self, departure: Sighting) -> None:
        """Where a shipment of the lot may have come to: its named destination, if the lot was seen there later.

        Where it was not (an unknown firm, goods sent on, a lost record), wherever the lot is seen later.
        """
        origin = self._geography.site(departure.place)
        named = {
            self._geography.site(departure.destination_location),
            self._geography.party(departure.destination_possessor),
        }
        later = [
            row
            for row in self._rows
            if row.order > departure.order and self._geography.site(row.place) not in {None, origin}
        ]
        meant = [row for row in later if self._ends_of(row) & (named - {None})]
        for row in meant or later:
            self._reach_site(row.place, row)

    def _ends_of(self, row: Sighting) -> set[str | None]:
        """The names under which a row may be a shipment's destination."""
        named = self._geography.party(row.destination_possessor)
        return {self._geography.site(row.place), self._geography.operator(row.place), named} - {None}
