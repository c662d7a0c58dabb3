"""What the SOAP query interface asks the ledger: polls, names of queries, what a subscription will ask."""

from __future__ import annotations

from suyuan.base.clock import parse_time
from suyuan.base.errors import InvalidInput, InvalidSubscription, QueryTooLarge, SubscribeNotPermitted
from suyuan.base.identity import Actor
from suyuan.epcis import master_data_query, xml_master_data, xml_writer
from suyuan.epcis.query_parameters import read_query, typed
from suyuan.epcis.soap import Message, Wrapping, check_whole_numbers
from suyuan.epcis.vocabulary_elements import vocabulary_list
from suyuan.trace.epcis_headers import XML, CbvFormat, EpcFormat, Wishes
from suyuan.trace.event_answers import in_form
from suyuan.trace.event_query import LARGEST_PAGE, FoundEvent, run_query
from suyuan.trace.event_scope import scope_of
from suyuan.trace.master_data_query import run_query as run_master_data_query
from suyuan.trace.named_queries import MASTER_DATA_QUERY, PREDEFINED, Definition, find_query, listed
from suyuan.trace.subscriptions import ON_CAPTURE, Form, Terms
from suyuan.trace.view import View
from suyuan.trace.vocabularies import owners_for

#: Most events that one poll answers: there are no pages in SOAP.
MOST_EVENTS = 10_000


def poll(view: View, actor: Actor, message: Message) -> str:
    """The written ``EventList`` or ``VocabularyList`` that answers a poll."""
    if message.query_name == MASTER_DATA_QUERY:
        # Documents by AS2 are older than the parameter, and count on children.
        usual = {"includeChildren": "true"} if message.wrapping is Wrapping.DOCUMENT else {}
        query = master_data_query.read_query(usual | message.parameters)
        elements = run_master_data_query(view, owners_for(actor), query)
        return xml_master_data.write_vocabulary_list(vocabulary_list(elements)["vocabularyList"])
    events = _events(view, actor, _definition(view, actor, message))
    return xml_writer.write_event_list(in_form(view, _form(message.version), events), message.version)


def _form(version: str) -> Wishes:
    """The form of events: clients of EPCIS 1.x know URNs and nothing else."""
    if version == "2.0":
        return Wishes(XML, version)
    return Wishes(XML, version, EpcFormat.URN, CbvFormat.URN)


def _events(view: View, actor: Actor, definition: Definition) -> list[FoundEvent]:
    query, scope = read_query(definition.parameters, definition.namespaces), scope_of(view, actor)
    found: list[FoundEvent] = []
    token: str | None = None
    while True:
        page = run_query(view, query, scope, LARGEST_PAGE, token)
        found += page.events
        if len(found) > MOST_EVENTS:
            raise QueryTooLarge(
                f"more than {MOST_EVENTS} events match", remedy="ask for fewer, or over REST, which has pages"
            )
        token = page.next_token
        if token is None:
            return found


def _definition(view: View, actor: Actor, message: Message) -> Definition:
    """What a query of this name asks, and what the call asks beyond it."""
    check_whole_numbers(message)
    stored = find_query(view, actor, message.query_name).definition
    twice = sorted(set(stored.parameters) & set(message.parameters))
    if twice:
        raise InvalidInput(f"query {message.query_name[:60]!a} sets this parameter itself", place=twice[0][:80])
    return Definition(stored.parameters | typed(message.parameters), message.namespaces | stored.namespaces)


def query_names(view: View, actor: Actor) -> list[str]:
    """Every query that the actor may name, the standard's first."""
    names, after = list(PREDEFINED), -1
    while part := listed(view, actor, after, 100):
        names += [query.name for query in part]
        after = part[-1].idx or 0
    return names


def standing(view: View, actor: Actor, message: Message) -> Terms:
    """What a call to subscribe orders. The query is read once, so that a wrong parameter is refused now."""
    if message.query_name == MASTER_DATA_QUERY:
        raise SubscribeNotPermitted(f"there are no subscriptions to {MASTER_DATA_QUERY}", remedy="poll it")
    definition, controls = _definition(view, actor, message), message.controls
    definition.read()
    if controls.trigger and controls.trigger != ON_CAPTURE:
        raise InvalidSubscription(
            f"no trigger {controls.trigger[:80]!a} is known here", place="trigger", remedy=f"use {ON_CAPTURE}"
        )
    wishes = _form(message.version)
    form = Form(XML, message.version, wishes.epc_format.value, wishes.cbv_format.value)
    return Terms(
        query_name=message.query_name, parameters=definition.parameters, namespaces=definition.namespaces,
        dest=message.dest, stream=bool(controls.trigger), schedule=controls.schedule,
        report_if_empty=controls.report_if_empty, initial_record_time=_time(controls.initial_record_time), form=form,
    )  # fmt: skip


def _time(text: str) -> int | None:
    if not text:
        return None
    try:
        return parse_time(text)[0]
    except InvalidInput as error:
        raise InvalidSubscription(error.detail, place="initialRecordTime", remedy=error.remedy) from None
