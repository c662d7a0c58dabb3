"""Questions of EPCIS 1.x beyond the published cases, over SOAP: each answer is counted by hand in the documents."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from html import escape
from pathlib import Path

import pytest
from tests.serving import Service
from tests.trace.interop import ENVELOPE, QUERY, result_in

from suyuan.base.clock import parse_time
from suyuan.epcis.soap import QUERY_1, QUERY_2

Given = dict[str, str | list[str] | None]
HLS = "{http://schema.hls.com/extension}"
LOC, STEP = "urn:epcglobal:fmcg:loc:", "urn:epcglobal:fmcg:bizstep:"
PALLET = "urn:epc:id:sscc:0614141.0000000001"


@pytest.fixture(scope="module")
def events(suite: Path) -> list[ET.Element]:
    """Every event of the suite's documents."""
    found: list[ET.Element] = []
    for path in sorted((suite / "events").glob("*.xml")):
        found += ET.parse(path).getroot().iterfind("EPCISBody/EventList/*")
    return found


def call(operation: str, content: str = "", namespace: str = QUERY_1) -> str:
    """An operation's element."""
    return f'<q:{operation} xmlns:q="{namespace}">{content}</q:{operation}>'


def params(given: Given) -> str:
    """The parameters of a poll."""
    written = []
    for name, value in given.items():
        listed = "".join(f"<string>{escape(one)}</string>" for one in value) if isinstance(value, list) else value or ""
        written.append(f"<param><name>{escape(name)}</name><value>{listed}</value></param>")
    return f"<params>{''.join(written)}</params>"


def poll(given: Given, name: str = "SimpleEventQuery") -> str:
    """A poll."""
    return call("Poll", f"<queryName>{name}</queryName>{params(given)}")


def ask(service: Service, message: str) -> ET.Element:
    """The result of a call."""
    headers = {"Content-Type": "text/xml"}
    answer = service.call(
        "POST", "/epcis/soap", "regulator", content=ENVELOPE.format(message).encode(), headers=headers
    )
    return result_in(answer.content)


def times_in(result: ET.Element) -> Counter[int]:
    """The events of an answer, each by its time: no two of the suite have the same."""
    assert result.tag == f"{QUERY}QueryResults", ET.tostring(result)[:500]
    return Counter(
        parse_time(event.findtext("eventTime", ""))[0] for event in result.iterfind("resultsBody/EventList/*")
    )


def text(event: ET.Element, path: str) -> str:
    """The text of a field."""
    return event.findtext(path, "").strip()


def texts(event: ET.Element, path: str) -> set[str]:
    """The texts of a list."""
    return {(element.text or "").strip() for element in event.iterfind(path)}


def number(event: ET.Element, path: str) -> float:
    """A number, below every other where it is missing."""
    return float(text(event, path) or "-inf")


def at(event: ET.Element) -> int:
    """The event's time."""
    return parse_time(text(event, "eventTime"))[0]


NOON = "2006-06-25T05:10:05Z"
QUESTIONS: list[tuple[Given, Callable[[ET.Element], bool]]] = [
    ({"GE_eventTime": NOON}, lambda event: at(event) >= parse_time(NOON)[0]),
    ({"GE_recordTime": NOON}, lambda event: at(event) >= parse_time(NOON)[0]),
    ({"GE_recordTime": NOON, "LT_recordTime": "2006-06-25T09:28:00+00:00"},
     lambda event: parse_time(NOON)[0] <= at(event) < parse_time("2006-06-25T09:28:00Z")[0]),
    ({"GE_eventTime": "2006-06-25T00:51:00Z", "LT_eventTime": "2006-06-25T01:05:00+00:00"},
     lambda event: "00:51:00" <= text(event, "eventTime")[11:19] < "01:05:00"),
    ({"EQ_action": ["ADD"]}, lambda event: text(event, "action") == "ADD"),
    ({"EQ_action": ["OBSERVE", "DELETE"]}, lambda event: text(event, "action") in ("OBSERVE", "DELETE")),
    ({"EQ_bizStep": [f"{STEP}receiving", f"{STEP}picking"]},
     lambda event: text(event, "bizStep") in (f"{STEP}receiving", f"{STEP}picking")),
    ({"EQ_disposition": ["urn:epcglobal:hls:disp:active"]},
     lambda event: text(event, "disposition") == "urn:epcglobal:hls:disp:active"),
    ({"EQ_readPoint": [f"{LOC}0614141073468.RP-1"]},
     lambda event: text(event, "readPoint/id") == f"{LOC}0614141073468.RP-1"),
    ({"EQ_bizLocation": [f"{LOC}0614141073468"]}, lambda event: False),
    ({"EQ_bizLocation": [f"{LOC}0614141073468.1", f"{LOC}0614141073468.3"]},
     lambda event: text(event, "bizLocation/id") in (f"{LOC}0614141073468.1", f"{LOC}0614141073468.3")),
    ({"WD_bizLocation": [f"{LOC}0614141073469", f"{LOC}0614141073467"]},
     lambda event: text(event, "bizLocation/id")[:36].endswith(("73469", "73467"))),
    ({"WD_readPoint": [f"{LOC}0614141073468.RP-2"]},
     lambda event: text(event, "readPoint/id") == f"{LOC}0614141073468.RP-2"),
    ({"HASATTR_bizLocation": ["urn:epcglobal:fmcg:mda:sslta"]},
     lambda event: text(event, "bizLocation/id")[-15:] in ("0614141073467.1", "0614141073468.2")),
    ({"HASATTR_readPoint": ["urn:epcglobal:fmcg:mda:sslta"]},
     lambda event: text(event, "readPoint/id") != ""),
    ({"EQATTR_readPoint_urn:epcglobal:fmcg:mda:sslta": ["414"]},
     lambda event: text(event, "readPoint/id")[-18:] in (
         "0614141073468.RP-1", "0614141073468.RP-3", "0614141073469.RP-1")),
    ({"EQATTR_bizLocation_urn:epcglobal:fmcg:mda:sslt": ["210", "299"]},
     lambda event: text(event, "bizLocation/id")[-15:] in ("0614141073468.2", "0614141073468.3")),
    ({"EQ_bizTransaction_urn:epcglobal:fmcg:btt:po": ["urn:epcglobal:fmcg:bti:po:0614141073468.1"]},
     lambda event: "urn:epcglobal:fmcg:bti:po:0614141073468.1" in texts(event, "bizTransactionList/bizTransaction")),
    ({"EQ_bizTransaction_urn:epcglobal:fmcg:btt:bol": ["urn:epcglobal:fmcg:bti:po:0614141073468.1"]},
     lambda event: False),
    ({"MATCH_epc": ["urn:epc:id:sgtin:0614141.107340.1"]},
     lambda event: "urn:epc:id:sgtin:0614141.107340.1" in texts(event, "epcList/epc") | texts(event, "childEPCs/epc")),
    ({"MATCH_epc": ["urn:epc:idpat:sgtin:0614141.*.*"]},
     lambda event: any("sgtin:0614141." in epc for epc in texts(event, "epcList/epc") | texts(event, "childEPCs/epc"))),
    ({"MATCH_epc": [PALLET]}, lambda event: PALLET in texts(event, "epcList/epc") | texts(event, "childEPCs/epc")),
    ({"MATCH_anyEPC": [PALLET]},
     lambda event: PALLET in texts(event, "epcList/epc") | texts(event, "childEPCs/epc") | texts(event, "parentID")),
    ({"MATCH_parentID": [PALLET]}, lambda event: text(event, "parentID") == PALLET),
    ({"MATCH_parentID": ["urn:epc:idpat:sscc:0614141.*"]}, lambda event: "sscc:0614141" in text(event, "parentID")),
    ({"MATCH_anyEPC": ["urn:epc:idpat:sscc:*.*"]},
     lambda event: any(":sscc:" in epc for epc in texts(event, "epcList/epc") | texts(event, "parentID"))),
    ({"MATCH_epcClass": ["urn:epc:idpat:sgtin:0614141.107340.*"]},
     lambda event: text(event, "epcClass") == "urn:epc:idpat:sgtin:0614141.107340.*"),
    ({"EQ_quantity": "10"}, lambda event: number(event, "quantity") == 10),
    ({"GT_quantity": "8"}, lambda event: number(event, "quantity") > 8),
    ({"LT_quantity": "3"}, lambda event: 0 < number(event, "quantity") < 3),
    ({"GE_quantity": "4", "LE_quantity": "6"}, lambda event: 4 <= number(event, "quantity") <= 6),
    ({"EQ_http://schema.hls.com/extension#temperature": "20"}, lambda event: number(event, f"{HLS}temperature") == 20),
    ({"GE_http://schema.hls.com/extension#temperature": "22"}, lambda event: number(event, f"{HLS}temperature") >= 22),
    ({"LT_http://schema.hls.com/extension#temperature": "20"},
     lambda event: 0 < number(event, f"{HLS}temperature") < 20),
    ({"LE_http://schema.hls.com/extension#temperature": "20"},
     lambda event: 0 < number(event, f"{HLS}temperature") <= 20),
    ({"EQ_http://schema.hls.com/extension#batchNumber": "2", "eventType": ["ObjectEvent"]},
     lambda event: number(event, f"{HLS}batchNumber") == 2),
    ({"EXISTS_http://schema.hls.com/extension#batchNumber": None},
     lambda event: event.find(f"{HLS}batchNumber") is not None),
    ({"EXISTS_http://schema.hls.com/extension#humidity": None}, lambda event: False),
    ({"eventType": ["QuantityEvent"]}, lambda event: event.tag == "QuantityEvent"),
    ({"eventType": ["AggregationEvent", "TransactionEvent"]},
     lambda event: event.tag in ("AggregationEvent", "TransactionEvent")),
    ({"eventType": ["ObjectEvent"]}, lambda event: event.tag == "ObjectEvent"),
    ({}, lambda event: True),
]  # fmt: skip


def test_each_question_finds_the_events_that_it_means(repository: Service, events: list[ET.Element]) -> None:
    assert len({at(event) for event in events}) == 155
    wrong = []
    for given, means in QUESTIONS:
        found, meant = times_in(ask(repository, poll(given))), Counter(at(event) for event in events if means(event))
        if found != meant:
            wrong.append(f"{given}: {len(found)} instead of {len(meant)} events")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_events_come_in_the_order_that_was_asked(repository: Service, events: list[ET.Element], direction: str) -> None:
    for field, key in {"eventTime": at, "recordTime": at}.items():
        given: Given = {"orderBy": field, "orderDirection": direction, "eventCountLimit": "7"}
        result = ask(repository, poll(given))
        found = [at(event) for event in result.iterfind("resultsBody/EventList/*")]
        assert found == sorted(map(key, events), reverse=direction == "DESC")[:7]


@pytest.mark.parametrize(
    ("message", "exception"),
    [
        (poll({"maxEventCount": "5"}), "QueryTooLargeException"),
        (poll({"EQ_nonsense": ["x"]}), "QueryParameterException"),
        (poll({"GE_eventTime": "yesterday"}), "QueryParameterException"),
        (poll({"eventCountLimit": "five"}), "QueryParameterException"),
        (poll({"orderBy": "eventTime", "orderDirection": "SIDEWAYS"}), "QueryParameterException"),
        (poll({"eventType": ["WeatherEvent"]}), "QueryParameterException"),
        (poll({"EQ_action": ["LOOK"]}), "QueryParameterException"),
        (poll({"GT_quantity": ["1", "2"]}), "QueryParameterException"),
        (poll({}, "Nobody's"), "NoSuchNameException"),
        (poll({"vocabularyName": ["urn:x"]}, "SimpleMasterDataQuery"), "QueryParameterException"),
        (call("GetSubscriptionIDs", "<queryName>Nobody's</queryName>"), "NoSuchNameException"),
        (call("Unsubscribe", "<subscriptionID>nobody's</subscriptionID>"), "NoSuchSubscriptionException"),
        (call("Poll"), "ValidationException"),
        (call("Explode"), "ValidationException"),
        ("<x", "ValidationException"),
    ],
)
def test_what_cannot_be_answered_is_an_exception_of_the_standard(
    repository: Service, message: str, exception: str
) -> None:
    assert ask(repository, message).tag == f"{QUERY}{exception}"


def subscribe(name: str, dest: str = "http://127.0.0.1:9/", controls: str | None = None) -> str:
    """A call to subscribe."""
    usual = "<schedule><second>0</second><minute>0</minute></schedule>"
    return call(
        "Subscribe",
        f"<queryName>SimpleEventQuery</queryName>{params({'eventType': ['ObjectEvent']})}<dest>{dest}</dest>"
        f"<controls>{usual if controls is None else controls}<reportIfEmpty>false</reportIfEmpty></controls>"
        f"<subscriptionID>{name}</subscriptionID>",
    )


def test_subscriptions_are_made_listed_and_ended(repository: Service) -> None:
    listing = call("GetSubscriptionIDs", "<queryName>SimpleEventQuery</queryName>")
    assert ask(repository, subscribe("S1")).tag == f"{QUERY}SubscribeResult"
    assert "S1" in [element.text for element in ask(repository, listing)]
    assert ask(repository, subscribe("S1")).tag == f"{QUERY}DuplicateSubscriptionException"
    ending = call("Unsubscribe", "<subscriptionID>S1</subscriptionID>")
    assert ask(repository, ending).tag == f"{QUERY}UnsubscribeResult"
    assert "S1" not in [element.text for element in ask(repository, listing)]
    assert ask(repository, ending).tag == f"{QUERY}NoSuchSubscriptionException"


@pytest.mark.parametrize(
    ("dest", "controls", "exception"),
    [
        ("not a URI", None, "InvalidURIException"),
        ("ftp://a.example/", None, "InvalidURIException"),
        ("http://127.0.0.1:9/", "", "SubscriptionControlsException"),
        ("http://127.0.0.1:9/", "<trigger>urn:epc:id:sgtin:1.2.3</trigger>", "SubscriptionControlsException"),
        ("http://127.0.0.1:9/", "<schedule><dayOfMonth>31</dayOfMonth><month>2</month></schedule>",
         "SubscriptionControlsException"),
        ("http://127.0.0.1:9/", "<schedule><second>0</second></schedule><initialRecordTime>soon</initialRecordTime>",
         "SubscriptionControlsException"),
    ],
)  # fmt: skip
def test_what_cannot_be_subscribed_to_is_refused(
    repository: Service, dest: str, controls: str | None, exception: str
) -> None:
    assert ask(repository, subscribe("S2", dest, controls)).tag == f"{QUERY}{exception}"


def test_a_client_of_2_0_is_answered_in_its_schema(repository: Service) -> None:
    message = call("Poll", f"<queryName>SimpleEventQuery</queryName>{params({'EQ_quantity': '1'})}", QUERY_2)
    headers = {"Content-Type": "application/soap+xml"}
    envelope = ENVELOPE.replace("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
    answer = repository.call(
        "POST", "/epcis/query", "regulator", content=envelope.format(message).encode(), headers=headers
    )
    assert answer.headers["content-type"].startswith("application/soap+xml")
    (event,) = ET.fromstring(answer.content).iterfind(f".//{{{QUERY_2}}}QueryResults/resultsBody/EventList/*")
    assert event.tag == "ObjectEvent"
    assert event.findtext("quantityList/quantityElement/quantity") == "1"


def test_the_wsdl_leads_to_this_server(repository: Service) -> None:
    answer = repository.call("GET", "/epcis/query?wsdl")
    assert answer.status_code == 200
    assert "/epcis/query" in answer.text


def test_rest_shows_an_id_of_ours_in_2_0_and_none_in_1_2(repository: Service) -> None:
    wanted = {"GS1-EPCIS-Max": "1.2", "Accept": "application/xml"}
    for headers, shown in ((wanted, False), ({"Accept": "application/xml"}, True)):
        answer = repository.get("/epcis/events", params={"EQ_action": "ADD", "perPage": "1"}, headers=headers)
        assert answer.status_code == 200, answer.text
        assert ("eventID" in answer.text) is shown


BOTH: Given = {"includeAttributes": "true", "includeChildren": "true"}
BOMB = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))


@pytest.mark.parametrize(
    ("body", "exception"),
    [
        (f'<!DOCTYPE x [<!ENTITY a "ha">{BOMB}]><x>&j;</x>', "ValidationException"),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', "ValidationException"),
        ("<x>" * 10_000, "ValidationException"),
        (f"<x>{'y' * (2 << 20)}</x>", "ValidationException"),
        (poll({f"EQ_n{number}": "1" for number in range(10_000)}), "QueryTooComplexException"),
        (poll({"EQ_readPoint": [f"urn:x:{number}" for number in range(5_000)]}), "QueryTooComplexException"),
        (
            poll(BOTH | {"EQ_name": [f"urn:x:{n}" for n in range(501)]}, "SimpleMasterDataQuery"),
            "QueryTooComplexException",
        ),
        (poll({"GE_eventTime": "9999-12-31T23:59:59Z"}), "QueryParameterException"),
        (poll({"GE_eventTime": "0001-01-01T00:00:00Z"}), "QueryParameterException"),
        (poll({"EQ_quantity": "9" * 400}), "QueryParameterException"),
        (poll({"EQ_x'; DROP TABLE event; --": ["1"]}), "QueryParameterException"),
        (
            poll({"EQ_action": ["ADD"]}).replace("<params>", f"{params({'EQ_action': ['ADD']})[:-9]}"),
            "QueryParameterException",
        ),
    ],
)
def test_hostile_calls_end_in_an_exception(repository: Service, body: str, exception: str) -> None:
    content = body if body.startswith("<!") else ENVELOPE.format(body)
    answer = repository.call(
        "POST", "/epcis/query", "regulator", content=content.encode(), headers={"Content-Type": "text/xml"}
    )
    assert result_in(answer.content).tag == f"{QUERY}{exception}", answer.text[:500]


def test_sql_in_values_finds_nothing(repository: Service) -> None:
    evil = "x' OR '1'='1"
    questions: list[Given] = [
        {"EQ_bizStep": [f"urn:{evil}"]}, {"WD_readPoint": [f"urn:x:{evil}"]}, {"EQ_http://x#y": [evil]},
        {"EQATTR_readPoint_urn:x": [evil]},
    ]  # fmt: skip
    for given in questions:
        result = ask(repository, poll(given))
        assert result.tag == f"{QUERY}QueryParameterException" or not times_in(result)
