"""Events as answers: an EPCISQueryDocument in the media type, version and forms that were asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import Request, Response
from sqlalchemy import text

from suyuan.base.clock import now
from suyuan.base.identity import Actor
from suyuan.epcis import json_codec, xml_writer
from suyuan.epcis.query_parameters import Query, read_query
from suyuan.epcis.query_values import from_url
from suyuan.epcis.representation import BARE, PrefixLength, rewrite
from suyuan.trace.epcis_headers import CbvFormat, EpcFormat, Wishes
from suyuan.trace.event_query import FoundEvent, run_query
from suyuan.trace.event_scope import scope_of
from suyuan.trace.ledger import Ledger
from suyuan.trace.page_tokens import next_page, page_after
from suyuan.trace.view import View

#: Parameters that are no part of the question.
PAGING = frozenset({"perPage", "nextPageToken"})
#: The name that the business step's parameter had in the first versions of this service.
_OTHER_NAMES = {"bizStep": "EQ_bizStep"}
_AS_CAPTURED = {EpcFormat.NO_PREFERENCE, EpcFormat.AS_CAPTURED}


def query_of(request: Request, wishes: Wishes) -> Query:
    """The question that a URL asks; `InvalidInput` names the parameter that cannot be read."""
    pairs = [pair for pair in request.query_params.multi_items() if pair[0] not in PAGING]
    return read_query(from_url([(_OTHER_NAMES.get(name, name), value) for name, value in pairs]), wishes.extensions)


def ask(
    request: Request, ledger: Ledger, actor: Actor, wishes: Wishes, query: Query,
    per_page: int, token: str | None, query_name: str = "SimpleEventQuery",
) -> Response:  # fmt: skip
    """One page of a question's answer, with the way to the next one."""
    with ledger.view() as view:
        page = run_query(view, query, scope_of(view, actor), per_page, page_after(view, token))
        return answer_events(view, wishes, page.events, next_page(request, page.next_token), query_name)


def answer_events(
    view: View, wishes: Wishes, events: Iterable[FoundEvent], headers: Mapping[str, str],
    query_name: str = "SimpleEventQuery",
) -> Response:  # fmt: skip
    """The document that holds these events; ``headers`` lead to the next page."""
    bodies = in_form(view, wishes, events)
    if wishes.xml:
        body = xml_writer.write_query_document(
            bodies, creation_date=now(), version=wishes.version, query_name=query_name
        )
    else:
        body = json_codec.write_query_document(bodies, creation_date=now(), query_name=query_name)
    return Response(body, headers=wishes.headers | dict(headers), media_type=wishes.media_type)


def in_form(view: View, wishes: Wishes, events: Iterable[FoundEvent]) -> Iterable[dict[str, Any]]:
    """Event objects with identifiers and words as they were asked for; JSON-LD has the words of the CBV bare."""
    words = wishes.cbv_format.value if wishes.xml else BARE
    bodies = map(_of_version_1 if wishes.version != "2.0" else _whole, events)
    if wishes.epc_format in _AS_CAPTURED and words in {CbvFormat.NO_PREFERENCE, CbvFormat.AS_CAPTURED}:
        return bodies
    lengths = prefix_lengths(view)
    return (rewrite(body, wishes.epc_format, words, lengths) for body in bodies)


def _whole(event: FoundEvent) -> dict[str, Any]:
    return event.body


def _of_version_1(event: FoundEvent) -> dict[str, Any]:
    """In EPCIS 1.2 the ID of an event is a word of the capturing application (7.4.1): one of ours is left out."""
    return event.body if event.given else {name: value for name, value in event.body.items() if name != "eventID"}


def prefix_lengths(view: View) -> PrefixLength:
    """How long company prefixes are, as the ledger has learned it from URNs of the same class."""
    statement, known = text("SELECT company_prefix_length FROM thing_class WHERE key = :key"), dict[str, int | None]()

    def length(class_key: str) -> int | None:
        if class_key not in known:
            known[class_key] = view.connection.scalar(statement, {"key": class_key})
        return known[class_key]

    return length
