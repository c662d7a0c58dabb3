"""The form of an answer: EPCs as URNs or Digital Links, words of the CBV as URNs, web URIs or bare (EPCIS 2.0, 12.7).

The values of ``GS1-EPC-Format`` and ``GS1-CBV-XML-Format`` are those of the standard. What has no such form stays as
it was captured: a Digital Link whose company prefix nobody knows the length of, a URI that is no GS1 key, a word of
somebody's own vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from suyuan.base.errors import InvalidDocument, InvalidIdentifier
from suyuan.epcis import vocabulary
from suyuan.epcis.context import STANDARD_PREFIXES, expand, extended
from suyuan.epcis.identifiers import identify
from suyuan.epcis.vocabulary import Vocabulary
from suyuan.gs1.names import epc_urn

DIGITAL_LINK, EPC_URN = "Always_GS1_Digital_Link", "Always_EPC_URN"
WEB_URI, CBV_URN = "Always_Web_URI", "Always_URN"
#: Bare words, the only form that JSON-LD has: not a value of the header, which is about XML.
BARE = "bare"

#: Digits of the company prefix of a class key, where the ledger or the installation's list knows them.
PrefixLength = Callable[[str], int | None]
_Form = Callable[[str], str]


def rewrite(
    event: Mapping[str, Any], epc_format: str, cbv_format: str, prefix_length: PrefixLength | None = None
) -> dict[str, Any]:
    """The event object with its identifiers and words in the forms asked for; other formats leave them as they are.

    ``prefix_length`` helps to write URNs of things that were captured as Digital Links. Extensions stay as they are.
    """
    written = dict(event)
    _write_words(written, cbv_format)
    form = _epc_form(epc_format, prefix_length)
    if form is not None:
        _write_identifiers(written, form)
    return written


def _epc_form(epc_format: str, prefix_length: PrefixLength | None) -> _Form | None:
    if epc_format == DIGITAL_LINK:
        return _digital_link
    if epc_format == EPC_URN:
        return lambda uri: _urn(uri, prefix_length)
    return None


def _digital_link(uri: str) -> str:
    """The canonical Digital Link of an EPC URN. Links stay: they may say more, such as the lot beside the serial."""
    if not uri.startswith("urn:"):
        return uri
    try:
        return identify(uri).uri
    except InvalidIdentifier:
        return uri


def _urn(uri: str, prefix_length: PrefixLength | None) -> str:
    if uri.startswith("urn:"):
        return uri
    try:
        class_key, serial, length = identify(uri).name
        if length is None and prefix_length is not None:
            length = prefix_length(class_key)
        return epc_urn(class_key, serial, length) or uri
    except InvalidIdentifier:
        return uri


def _write_identifiers(event: dict[str, Any], form: _Form) -> None:
    for name in _LISTS:
        if name in event:
            event[name] = [form(uri) for uri in event[name]]
    if "parentID" in event:
        event["parentID"] = form(event["parentID"])
    for name in ("readPoint", "bizLocation"):
        if name in event:
            event[name] = {**event[name], "id": form(event[name]["id"])}
    for name, member in _RECORDS.items():
        if name in event:
            event[name] = [_with(one, member, form) for one in event[name]]
    if "sensorElementList" in event:
        event["sensorElementList"] = [_sensor(one, form) for one in event["sensorElementList"]]


def _with(record: Mapping[str, Any], member: str, form: _Form) -> dict[str, Any]:
    return {**record, member: form(record[member])} if member in record else dict(record)


def _sensor(element: Mapping[str, Any], form: _Form) -> dict[str, Any]:
    written = {**element, "sensorReport": [_with(report, "deviceID", form) for report in element["sensorReport"]]}
    if "sensorMetadata" in element:
        written["sensorMetadata"] = _with(element["sensorMetadata"], "deviceID", form)
    return written


def _write_words(event: dict[str, Any], cbv_format: str) -> None:
    """Words in one form; ``No_Preference`` and ``Never_Translates`` leave them as they were captured."""
    choose = _WORD_FORMS.get(cbv_format)
    if choose is None:
        return
    own = event.get("@context")
    prefixes = STANDARD_PREFIXES if own is None else extended(STANDARD_PREFIXES, own)

    def word(known: Vocabulary, value: str) -> str:
        if cbv_format == BARE and value.startswith("cbv:"):
            return value  # JSON-LD's own abbreviation, as GS1's examples have it
        try:
            short = known.short(expand(value, prefixes))
        except InvalidDocument:
            return value
        return choose(known, short) if short in known.words else value

    for name, known in (("bizStep", vocabulary.BIZ_STEP), ("disposition", vocabulary.DISPOSITION)):
        if name in event:
            event[name] = word(known, event[name])
    for name, known in _TYPED.items():
        if name in event:
            event[name] = [{**one, "type": word(known, one["type"])} if "type" in one else one for one in event[name]]
    _write_rare_words(event, word)


def _write_rare_words(event: dict[str, Any], word: Callable[[Vocabulary, str], str]) -> None:
    if "persistentDisposition" in event:
        event["persistentDisposition"] = {
            name: [word(vocabulary.DISPOSITION, one) for one in listed]
            for name, listed in event["persistentDisposition"].items()
        }
    if "reason" in event.get("errorDeclaration", ()):
        declared = event["errorDeclaration"]
        event["errorDeclaration"] = {**declared, "reason": word(vocabulary.ERROR_REASON, declared["reason"])}
    if "sensorElementList" in event:
        event["sensorElementList"] = [
            {**element, "sensorReport": [_report(report, word) for report in element["sensorReport"]]}
            for element in event["sensorElementList"]
        ]


def _report(report: Mapping[str, Any], word: Callable[[Vocabulary, str], str]) -> dict[str, Any]:
    return {name: word(_REPORT[name], value) if name in _REPORT else value for name, value in report.items()}


_LISTS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_RECORDS = {
    "quantityList": "epcClass",
    "childQuantityList": "epcClass",
    "inputQuantityList": "epcClass",
    "outputQuantityList": "epcClass",
    "bizTransactionList": "bizTransaction",
    "sourceList": "source",
    "destinationList": "destination",
}
_TYPED = {
    "bizTransactionList": vocabulary.BIZ_TRANSACTION_TYPE,
    "sourceList": vocabulary.SOURCE_DEST_TYPE,
    "destinationList": vocabulary.SOURCE_DEST_TYPE,
}
_REPORT = {
    "type": vocabulary.MEASUREMENT_TYPE,
    "exception": vocabulary.SENSOR_ALERT_TYPE,
    "component": vocabulary.COMPONENT,
}
_WORD_FORMS: Mapping[str, Callable[[Vocabulary, str], str]] = {
    WEB_URI: Vocabulary.full,
    CBV_URN: Vocabulary.urn,
    BARE: lambda _, short: short,
}
