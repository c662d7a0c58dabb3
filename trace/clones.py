"""One serial number in two places: an item seen farther away than anything drives, or seen again after it was sold.

A tag or a printed code can be copied; the ledger then sees one thing do what no thing can. The answer is computed
from the timeline when it is asked for, so a corrected event takes a false alarm back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import text

from suyuan.trace.geography import Geography
from suyuan.trace.master_data import Site
from suyuan.trace.sightings import Sighting, sightings_of
from suyuan.trace.tables import Action, Role
from suyuan.trace.view import View

#: Faster than a lorry with a police escort, slower than any aircraft that carries food between inland sites.
LARGEST_SPEED_KMH = 150.0
#: Closer than this two readers may honestly see the same thing at the same time.
SMALLEST_DISTANCE_KM = 2.0
_EARTH_KM = 6371.0


class CloneAlert(NamedTuple):
    """A serial number that two things carry. Times in microseconds UTC, events as log indexes."""

    thing: int
    kind: str  #: ``impossible speed`` or ``seen after sale``
    first: Sighting
    second: Sighting
    distance_km: float | None
    speed_kmh: float | None


def clones_among(view: View, things: Iterable[int]) -> list[CloneAlert]:
    """Alerts on these instances, at most one of each kind a thing."""
    alerts = []
    for thing, rows in sightings_of(view, things).items():
        own = [row for row in rows if row.role == Role.EPC and row.place is not None and row.action != Action.DELETE]
        alerts += [alert for alert in (_too_fast(view, thing, own), _after_sale(view, thing, own)) if alert]
    return alerts


def suspects(view: View, since: int = 0) -> list[int]:
    """Serialised items that events from log index ``since`` on saw at several places: whom `clones_among` looks at."""
    rows = view.connection.execute(
        text(
            "SELECT t.thing FROM timeline t JOIN thing g ON g.id = t.thing JOIN thing_class c ON c.id = g.class_id"
            " WHERE t.role = :role AND t.event >= :since AND t.event < :size AND c.key LIKE '01/%/21'"
            " GROUP BY t.thing HAVING COUNT(DISTINCT t.place) > 1 ORDER BY t.thing"
        ),
        {"role": Role.EPC.value, "since": since, "size": view.size},
    )
    return [row[0] for row in rows]


def _too_fast(view: View, thing: int, rows: Sequence[Sighting]) -> CloneAlert | None:
    for first, second in pairwise(rows):
        distance = _distance(view, first, second)
        if distance is None or distance < SMALLEST_DISTANCE_KM:
            continue
        hours = max(second.time - first.time, 1) / 3_600_000_000
        if distance / hours > LARGEST_SPEED_KMH:
            return CloneAlert(thing, "impossible speed", first, second, distance, distance / hours)
    return None


def _after_sale(view: View, thing: int, rows: Sequence[Sighting]) -> CloneAlert | None:
    geography = Geography(view)
    sold = next((row for row in rows if geography.end(row) == "with the consumer"), None)
    if sold is None:
        return None
    site = view.site_key(sold.place)
    again = next((row for row in rows if row.order > sold.order and view.site_key(row.place) != site), None)
    return CloneAlert(thing, "seen after sale", sold, again, _distance(view, sold, again), None) if again else None


def _distance(view: View, first: Sighting, second: Sighting) -> float | None:
    """Kilometres between two sightings; None where the master data has no coordinates."""
    here, there = (view.sites.get(view.site_key(row.place) or "") for row in (first, second))
    if here is None or there is None:
        return None
    return distance_km(here, there)


def distance_km(here: Site, there: Site) -> float | None:
    """Great-circle distance of two sites in kilometres."""
    if here.latitude is None or here.longitude is None or there.latitude is None or there.longitude is None:
        return None
    lat, other = math.radians(here.latitude), math.radians(there.latitude)
    north, east = other - lat, math.radians(there.longitude - here.longitude)
    chord = math.sin(north / 2) ** 2 + math.cos(lat) * math.cos(other) * math.sin(east / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(chord))
