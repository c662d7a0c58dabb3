"""Subscriptions to standing queries (EPCIS 2.0 section 8.2.5): what was ordered, how far each one has come.

A subscription belongs to the key that made it and is seen by all keys of the same firm. It asks with the eyes of that
key at the time of each run, and ends when the key does.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import text

from suyuan.base.database import history_of
from suyuan.base.errors import InvalidSubscription, NotFound
from suyuan.base.identity import Actor
from suyuan.epcis.query_parameters import read_query
from suyuan.epcis.schedule import Schedule, read_schedule
from suyuan.trace.ledger import Ledger
from suyuan.trace.view import View

#: Trigger URI of EPCIS 1.2's SubscriptionControls for "whenever an event is captured", which 2.0 calls a stream.
ON_CAPTURE: Final = "https://ns.suyuan.example/voc/onCapture"
#: Live subscriptions of one owner, and of a server.
MOST_OF_AN_OWNER, MOST = 100, 2_000
_LONGEST_ADDRESS, _LONGEST_TOKEN, _LONGEST_ID = 2_000, 500, 200
#: Media types that a report may have.
JSON, XML = "application/ld+json", "application/xml"


class Form(msgspec.Struct, frozen=True, omit_defaults=True):
    """How reports are written: media type, version of the schema (XML), and the GS1-... headers of that name."""

    media_type: str = JSON
    version: str = "2.0"
    epc_format: str = ""
    cbv_format: str = ""


class Terms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a subscriber has ordered. Times in microseconds UTC.

    ``parameters`` are those of the query as they stood when it was subscribed to, ``namespaces`` what their prefixes
    mean. Either ``stream``, or ``schedule`` with the standard's fields.
    """

    query_name: str
    parameters: dict[str, Any]
    namespaces: dict[str, str] = {}
    dest: str
    stream: bool = False
    schedule: dict[str, str] = {}
    report_if_empty: bool = False
    initial_record_time: int | None = None
    form: Form = Form()

    @property
    def times(self) -> Schedule | None:
        """When it runs; None for a stream."""
        return None if self.stream else read_schedule(self.schedule)


class Batch(msgspec.Struct, frozen=True, omit_defaults=True):
    """A report that was begun: sent with the same number and the same bytes until it is acknowledged.

    ``events`` are log indexes; ``upto`` is where the subscription stands once the report is acknowledged.
    """

    sequence: int
    upto: int
    events: list[int]
    created: int


class Progress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a subscription has come. Times in microseconds UTC.

    ``cursor``: events below this log index are dealt with; None until ``initialRecordTime`` has come. ``goal``: the log
    size that the present run goes up to. ``sequence``: number of the last report that was acknowledged, or refused as
    too large. ``history``: of which of the database's histories all this is told.
    """

    cursor: int | None = None
    goal: int = 0
    sequence: int = 0
    batch: Batch | None = None
    last_run: int | None = None
    last_notified: int | None = None
    failures: int = 0
    failing_since: int | None = None
    problem: str = ""
    history: int = 0

    def carried_into(self, history: int, time: int) -> Progress:
        """Where the subscription stands in another history of the database: restored from a backup, or promoted.

        Numbers that were given after the backup are not known here, and what is reported under the next ones may be
        something else; a receiver would drop it as seen. So numbers go on from the time (microseconds since 1970),
        beyond all that were ever given, and what was under way is looked for anew.
        """
        if self.history == history:
            return self
        return msgspec.structs.replace(self, history=history, sequence=max(self.sequence, time), batch=None)


class Subscription(msgspec.Struct, frozen=True):
    """A live subscription. ``token`` signs its reports; it is shown to nobody."""

    idx: int
    id: str
    key_id: str
    owner: str
    created: int
    terms: Terms
    progress: Progress
    token: str

    def __repr__(self) -> str:
        """Without the secret, which must not get into a log."""
        return f"<Subscription {self.idx} to {self.terms.query_name}>"


class Subscribed(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of the writer's operation ``subscribed``."""

    actor: str
    owner: str
    id: str
    terms: Terms
    token: str
    history: int = 0


class Unsubscribed(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of ``unsubscribed``. ``idx`` is that of the subscription."""

    actor: str
    idx: int
    reason: str


class Advanced(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of ``subscription-advanced``."""

    idx: int
    progress: Progress


def owner_of(actor: Actor) -> str:
    """Whose the subscriptions of this key are."""
    return actor.party or f"key:{actor.key_id}"


def check_terms(terms: Terms, token: str = "", subscription_id: str = "") -> None:
    """Refuse controls that the standard or this service does not allow, with the name of the bad one."""
    if terms.stream == bool(terms.schedule):
        raise InvalidSubscription(
            "exactly one of schedule and stream is needed", place="schedule",
            remedy='give "stream": true, or a schedule such as {"hour": "1", "minute": "5"}',
        )  # fmt: skip
    if not terms.stream:
        read_schedule(terms.schedule)
    _check_address(terms.dest)
    _check_query(terms)
    if len(token) > _LONGEST_TOKEN or "\0" in token:
        raise InvalidSubscription(
            f"the token is over {_LONGEST_TOKEN} characters, or holds U+0000", place="signatureToken"
        )
    if len(subscription_id) > _LONGEST_ID or not subscription_id.isprintable():
        raise InvalidSubscription(f"an ID has at most {_LONGEST_ID} printable characters", place="subscriptionID")


def _check_query(terms: Terms) -> None:
    query = read_query(terms.parameters, terms.namespaces)
    if query.event_count_limit is not None or query.order_by:
        raise InvalidSubscription(
            "a subscription reports every event, in the log's order", place="eventCountLimit",
            remedy="leave eventCountLimit and orderBy out of the query; maxEventCount is taken",
        )  # fmt: skip


def _check_address(dest: str) -> None:
    place = "dest"
    try:
        parts = urlsplit(dest)
        port = parts.port
    except ValueError:
        raise InvalidSubscription("the address cannot be read", place=place, remedy="give an https URL") from None
    if len(dest) > _LONGEST_ADDRESS or not dest.isascii() or not dest.isprintable() or " " in dest:
        raise InvalidSubscription(f"an address has at most {_LONGEST_ADDRESS} ASCII characters", place=place)
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise InvalidSubscription("the address is no http or https URL", place=place, remedy="give an https URL")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InvalidSubscription(
            "the address holds a user name or a fragment", place=place,
            remedy="reports are signed with signatureToken: leave passwords out of addresses",
        )  # fmt: skip


async def subscribe(ledger: Ledger, actor: Actor, terms: Terms, token: str = "", subscription_id: str = "") -> str:
    """Make a subscription; its ID. `Conflict` when the owner has a live one of this ID. Returns after the commit."""
    check_terms(terms, token, subscription_id)
    order = Subscribed(
        actor=actor.key_id, owner=owner_of(actor), id=subscription_id or secrets.token_hex(16), terms=terms,
        token=token, history=await run_in_threadpool(_history, ledger),
    )  # fmt: skip
    return await ledger.writer.call("subscribed", order, str)


def _history(ledger: Ledger) -> int:
    with ledger.view() as view:
        return history_of(view.connection)


async def unsubscribe(ledger: Ledger, actor: Actor, subscription_id: str, query_name: str | None = None) -> None:
    """End a subscription of the actor's firm; `NotFound` for any other. A report under way may still arrive."""
    found = await run_in_threadpool(_find, ledger, actor, subscription_id, query_name)
    await ledger.writer.call(
        "unsubscribed", Unsubscribed(actor=actor.key_id, idx=found.idx, reason="unsubscribed"), bool
    )


def _find(ledger: Ledger, actor: Actor, subscription_id: str, query_name: str | None) -> Subscription:
    with ledger.view() as view:
        return find(view, actor, subscription_id, query_name)


def ids_of(view: View, actor: Actor, query_name: str) -> list[str]:
    """IDs of the actor's live subscriptions to a query, oldest first."""
    return [found.id for found in listed(view, actor, query_name, limit=MOST_OF_AN_OWNER)]


def find(view: View, actor: Actor, subscription_id: str, query_name: str | None = None) -> Subscription:
    """A live subscription of the actor's firm; `NotFound` for any other."""
    rows = _select(view, "s.owner = :owner AND s.id = :id", {"owner": owner_of(actor), "id": subscription_id})
    if not rows or (query_name is not None and rows[0].terms.query_name != query_name):
        raise NotFound(f"there is no subscription {subscription_id[:60]!a} of yours", place="subscriptionID")
    return rows[0]


def listed(view: View, actor: Actor, query_name: str, after: int = -1, limit: int = 30) -> list[Subscription]:
    """The actor's live subscriptions to a query, oldest first, from behind the one of index ``after``."""
    condition = "s.owner = :owner AND s.query_name = :name AND s.idx > :after ORDER BY s.idx LIMIT :limit"
    bound = {"owner": owner_of(actor), "name": query_name, "after": after, "limit": limit}
    return _select(view, condition, bound)


def live(view: View) -> list[Subscription]:
    """Every live subscription, whosever: for the runner."""
    return _select(view, "s.idx >= 0 ORDER BY s.idx", {})


def _select(view: View, condition: str, bound: Mapping[str, Any]) -> list[Subscription]:
    statement = (
        "SELECT s.idx, s.id, s.key_id, s.owner, s.created, s.body, t.body, t.token FROM subscription s"  # noqa: S608 - our words
        f" JOIN subscription_state t ON t.subscription = s.idx WHERE {condition}"
    )
    return [
        Subscription(
            idx, name, key_id, owner, created,
            msgspec.json.decode(terms, type=Terms), msgspec.json.decode(progress, type=Progress), token,
        )
        for idx, name, key_id, owner, created, terms, progress, token in view.connection.execute(text(statement), bound)
    ]  # fmt: skip
