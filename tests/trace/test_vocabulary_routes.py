"""EPCIS vocabularies over HTTP: by the administrator for all, by firms in their documents for themselves."""

from __future__ import annotations

from typing import Any

import httpx
from tests.serving import Service

KIND = "urn:epcglobal:epcis:vtype:ReadPoint"
DOCUMENT = """<md:EPCISMasterDataDocument xmlns:md="urn:epcglobal:epcis-masterdata:xsd:1" schemaVersion="1.2"
  creationDate="2026-10-12T06:00:00Z"><EPCISBody><VocabularyList><Vocabulary type="{kind}"><VocabularyElementList>
  <VocabularyElement id="{name}"><attribute id="urn:v:door">north &amp; east</attribute>
    <attribute id="urn:v:address"><a:Address xmlns:a="http://a.example/ns"><Street>1 Way</Street></a:Address>
    </attribute>
  <children><id>{name}.1</id></children></VocabularyElement>
</VocabularyElementList></Vocabulary></VocabularyList></EPCISBody></md:EPCISMasterDataDocument>"""
POLL = """<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>
  <q:Poll xmlns:q="urn:epcglobal:epcis-query:xsd:1"><queryName>SimpleMasterDataQuery</queryName><params>
  <param><name>includeAttributes</name><value>true</value></param>
  <param><name>includeChildren</name><value>true</value></param>
  <param><name>EQ_name</name><value><string>{name}</string></value></param>
</params></q:Poll></soapenv:Body></soapenv:Envelope>"""


def put(service: Service, name: str, *attributes: tuple[str, Any]) -> None:
    """An element of the administrator's."""
    element = {"id": name, "attributes": [{"id": key, "attribute": value} for key, value in attributes]}
    whole = {"vocabularyList": [{"type": KIND, "vocabularyElementList": [element]}]}
    answer = service.call("PUT", "/api/v1/vocabularies", "administrator", json=whole)
    assert answer.status_code == 200, answer.text


def found(service: Service, role: str | None, **parameters: Any) -> list[dict[str, Any]]:
    """The elements that somebody finds."""
    answer = service.get("/api/v1/vocabularies", role, params=parameters)
    assert answer.status_code == 200, answer.text
    return [
        element for vocabulary in answer.json()["vocabularyList"] for element in vocabulary["vocabularyElementList"]
    ]


def test_what_the_administrator_puts_is_found_by_everybody(service: Service) -> None:
    put(service, "urn:v:gate1", ("urn:v:side", "left"), ("urn:v:lanes", 2))
    assert found(service, None, EQ_name="urn:v:gate1", includeAttributes="false") == [{"id": "urn:v:gate1"}]
    by_value = found(service, "producer", **{"EQATTR_urn:v:lanes": "2|3", "HASATTR": "urn:v:side"})
    assert [element["id"] for element in by_value] == ["urn:v:gate1"]
    types = service.get("/api/v1/vocabularies/types", None).json()
    assert types[KIND] >= 1


def test_earlier_versions_are_shown_and_looked_back_to(service: Service) -> None:
    put(service, "urn:v:gate2", ("urn:v:side", "left"))
    put(service, "urn:v:gate2", ("urn:v:side", "right"))
    shown = service.get("/api/v1/vocabularies/versions", None, params={"vocabulary": KIND, "element": "urn:v:gate2"})
    first, second = shown.json()
    assert first["element"]["attributes"][0]["attribute"] == "left"
    past = found(service, None, EQ_name="urn:v:gate2", as_of=second["index"])
    assert past[0]["attributes"][0]["attribute"] == "left"
    assert found(service, None, EQ_name="urn:v:gate2", as_of=first["index"]) == []


def test_a_master_data_document_is_captured_and_polled_as_it_was_by_its_firm_and_the_authorities(
    service: Service,
) -> None:
    name = "urn:v:gate3"
    sent = service.capture(DOCUMENT.format(kind=KIND, name=name).encode(), media="application/xml")
    assert sent.status_code == 202, sent.text
    for role, sees in {"producer": True, "regulator": True, "retailer": False}.items():
        content = POLL.format(name=name).encode()
        answer = service.call("POST", "/epcis/query", role, content=content, headers={"Content-Type": "text/xml"})
        assert ("north &amp; east" in answer.text) is sees
        assert bool(found(service, role, WD_name=name)) is sees
        if sees:
            assert ":Address xmlns" in answer.text or 'xmlns:a="http://a.example/ns"' in answer.text
            assert f"<children><id>{name}.1</id></children>" in answer.text


def test_what_a_firm_has_captured_is_not_public(service: Service) -> None:
    name = "urn:v:gate6"
    counted = service.get("/api/v1/vocabularies/types", None).json()
    assert service.capture(DOCUMENT.format(kind=KIND, name=name).encode(), media="application/xml").status_code == 202
    for reader in ("producer", "regulator"):
        versions = service.get("/api/v1/vocabularies/versions", reader, params={"vocabulary": KIND, "element": name})
        assert len(versions.json()) == 1
    for role in (None, "retailer", "device", "witness", "administrator"):
        assert found(service, role, EQ_name=name) == []
        versions = service.get("/api/v1/vocabularies/versions", role, params={"vocabulary": KIND, "element": name})
        assert versions.json() == []
    assert service.get("/api/v1/vocabularies/types", None).json() == counted


def test_only_the_administrator_puts_elements_for_all(service: Service) -> None:
    whole: dict[str, Any] = {"vocabularyList": []}
    assert service.call("PUT", "/api/v1/vocabularies", "producer", json=whole).status_code == 403
    assert service.call("PUT", "/api/v1/vocabularies", None, json=whole).status_code == 401
    nothing = service.call("PUT", "/api/v1/vocabularies", "administrator", json=whole)
    assert (nothing.status_code, nothing.json()["place"]) == (400, "/vocabularyList")
    refused: list[Any] = [[], {"vocabularyList": [{"type": 1}]}, {"vocabularyList": 1}]
    for wrong in refused:
        answer = service.call("PUT", "/api/v1/vocabularies", "administrator", json=wrong)
        assert answer.status_code == 400, answer.text


def test_a_parameter_that_is_none_is_refused_by_name(service: Service) -> None:
    for name, value in {"EQ_nome": "x", "includeChildren": "perhaps", "maxElementCount": "0", "EQATTR_": "x"}.items():
        answer = service.get("/api/v1/vocabularies", None, params={name: value})
        assert (answer.status_code, answer.json()["place"]) == (400, name)
    too_many = service.get("/api/v1/vocabularies", None, params={"EQ_name": ["x"] * 501})
    assert too_many.status_code == 413
    put(service, "urn:v:gate4")
    put(service, "urn:v:gate5")
    larger = service.get("/api/v1/vocabularies", None, params={"vocabularyName": KIND, "maxElementCount": "1"})
    assert larger.status_code == 413


def test_a_key_comes_as_the_password_of_http_basic_to_the_soap_interface_only(service: Service) -> None:
    call = POLL.format(name="urn:v:none").encode()
    headers = {"Content-Type": "text/xml"}
    key = ("anybody", service.keys["regulator"])
    with httpx.Client() as client:
        assert client.post(f"{service.url}/epcis/query", auth=key, content=call, headers=headers).status_code == 200
        assert client.get(f"{service.url}/epcis/events", auth=key).status_code == 401
        wrong = client.post(f"{service.url}/epcis/query", auth=("a", "b"), content=call, headers=headers)
    assert wrong.status_code == 401
    assert "SecurityException" in wrong.text
    assert "Basic" in wrong.headers["www-authenticate"]
