"""Profiles of user vocabularies: what an installation demands of events beyond the standard (CBV 2.0 section 3).

A profile says which words of its namespace there are, and which fields events of certain steps must have, so that a
misspelt word or a forgotten fact is told when it is captured and not when a recall needs it. It is written in TOML::

    name = "cleaning"
    namespace = "https://ns.example.com/voc/"
    parties = ["https://id.gs1.org/417/4012345000009"]      # optional

    [words]
    bizStep = ["BizStep-cleaning"]

    [[rule]]
    eventType = "ObjectEvent"                               # these three are optional
    bizStep = "https://ns.example.com/voc/BizStep-cleaning"
    action = "OBSERVE"
    required = ["readPoint", "https://ns.example.com/voc/agent"]
    ilmd = ["https://ns.example.com/voc/colour"]            # nothing else may stand there
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from suyuan.base.errors import InvalidSetting
from suyuan.epcis import vocabulary
from suyuan.epcis.context import split
from suyuan.epcis.events import EVENT_TYPES, Event, Extensions
from suyuan.epcis.vocabulary import Action

#: Fields of the standard that a rule may require, and where the model has them.
FIELDS: Mapping[str, str] = {
    "eventID": "event_id", "bizStep": "biz_step", "disposition": "disposition", "readPoint": "read_point",
    "persistentDisposition": "persistent_disposition", "bizLocation": "biz_location", "parentID": "parent_id",
    "bizTransactionList": "biz_transaction_list", "sourceList": "source_list", "destinationList": "destination_list",
    "sensorElementList": "sensor_element_list", "certificationInfo": "certification_info", "epcList": "epc_list",
    "quantityList": "quantity_list", "childEPCs": "child_epcs", "childQuantityList": "child_quantity_list",
    "inputEPCList": "input_epc_list", "inputQuantityList": "input_quantity_list", "outputEPCList": "output_epc_list",
    "outputQuantityList": "output_quantity_list", "transformationID": "transformation_id", "ilmd": "ilmd",
}  # fmt: skip


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The words of the profile's namespace, without it, by the field that they stand in."""

    biz_step: tuple[str, ...] = ()
    disposition: tuple[str, ...] = ()
    biz_transaction_type: tuple[str, ...] = ()
    source_dest_type: tuple[str, ...] = ()
    measurement_type: tuple[str, ...] = ()
    error_reason: tuple[str, ...] = ()


class ProfileRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What events of a kind must have. Empty conditions hold of every event."""

    event_type: str = ""
    biz_step: str = ""
    action: str = ""
    #: Fields of the standard by name, extensions by full URI.
    required: tuple[str, ...] = ()
    #: The only fields of ILMD, by full URI; None where any may stand there.
    ilmd: tuple[str, ...] | None = None


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One profile. It holds of events of ``parties``, and of all that name its namespace."""

    name: str
    namespace: str
    parties: tuple[str, ...] = ()
    words: Words = Words()
    rule: tuple[ProfileRule, ...] = ()


class Breach(msgspec.Struct, frozen=True):
    """A demand that an event does not meet: JSON pointer below the event, what is wrong, what to do."""

    place: str
    detail: str
    remedy: str


def read_profile(text: str) -> Profile:
    """A profile from its TOML. Raises `InvalidSetting` with the member that is wrong."""
    try:
        profile = msgspec.convert(tomllib.loads(text), Profile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise InvalidSetting(f"not a profile: {error}"[:300]) from None
    if not profile.name or "://" not in profile.namespace:
        raise InvalidSetting("a profile has a name, and a namespace that is an absolute URI", place="namespace")
    for number, rule in enumerate(profile.rule, 1):
        _check_rule(rule, f"rule {number}")
    return profile


def _check_rule(rule: ProfileRule, place: str) -> None:
    if rule.event_type and rule.event_type not in EVENT_TYPES:
        raise InvalidSetting(f"there is no event type {rule.event_type[:40]!r}", place=f"{place}, eventType")
    if rule.action and rule.action not in {action.value for action in Action}:
        raise InvalidSetting(f"there is no action {rule.action[:40]!r}", place=f"{place}, action")
    if rule.biz_step and "://" not in rule.biz_step and rule.biz_step not in vocabulary.BIZ_STEP.words:
        raise InvalidSetting(f"{rule.biz_step[:60]!r} is no word of CBV 2.0 and no URI", place=f"{place}, bizStep")
    for name in rule.required:
        if name not in FIELDS and ":" not in name:
            raise InvalidSetting(
                f"{name[:60]!r} is no field of an event",
                place=f"{place}, required",
                remedy="use a field's name, or an extension's full URI",
            )


def breaches(event: Event, prefixes: Mapping[str, str], party: str, profile: Profile) -> Iterator[Breach]:
    """What of the profile the event breaks; ``prefixes`` hold in it, ``party`` is the firm that sends it."""
    words = list(_words(event))
    if not _concerns(event, words, prefixes, party, profile):
        return
    known = {profile.namespace + word: kind for kind, listed in _listed(profile.words).items() for word in listed}
    for place, kind, value in words:
        if value.startswith(profile.namespace) and known.get(value) != kind:
            yield Breach(
                place, f"profile {profile.name} has no {kind} {value[len(profile.namespace) :][:60]!r}",
                f"use one of its words: {', '.join(_listed(profile.words)[kind])[:200] or 'it has none'}",
            )  # fmt: skip
    for rule in profile.rule:
        if _is_meant(event, rule):
            yield from _missing(event, prefixes, profile, rule)


def _listed(words: Words) -> dict[str, tuple[str, ...]]:
    return {field.encode_name: getattr(words, field.name) for field in msgspec.structs.fields(Words)}


def _words(event: Event) -> Iterator[tuple[str, str, str]]:
    """Place, kind and value of each word of a vocabulary."""
    if event.biz_step:
        yield "/bizStep", "bizStep", event.biz_step
    if event.disposition:
        yield "/disposition", "disposition", event.disposition
    if event.persistent_disposition:
        for name, listed in (("set", event.persistent_disposition.set), ("unset", event.persistent_disposition.unset)):
            for number, word in enumerate(listed):
                yield f"/persistentDisposition/{name}/{number}", "disposition", word
    yield from _types(event)
    if event.error_declaration and event.error_declaration.reason:
        yield "/errorDeclaration/reason", "errorReason", event.error_declaration.reason


def _types(event: Event) -> Iterator[tuple[str, str, str]]:
    """Types of transactions, parties and measurements."""
    for number, transaction in enumerate(event.biz_transaction_list):
        if transaction.type:
            yield f"/bizTransactionList/{number}/type", "bizTransactionType", transaction.type
    for name, parties in (("sourceList", event.source_list), ("destinationList", event.destination_list)):
        for number, party in enumerate(parties):
            yield f"/{name}/{number}/type", "sourceDestType", party.type
    for number, element in enumerate(event.sensor_element_list):
        for other, report in enumerate(element.reports):
            if report.type:
                yield f"/sensorElementList/{number}/sensorReport/{other}/type", "measurementType", report.type


def _concerns(
    event: Event, words: list[tuple[str, str, str]], prefixes: Mapping[str, str], party: str, profile: Profile
) -> bool:
    if party and party in profile.parties:
        return True
    if any(value.startswith(profile.namespace) for _, _, value in words):
        return True
    names = (*event.extensions, *(getattr(event, "ilmd", None) or ()))
    return any(_full(name, prefixes).startswith(profile.namespace) for name in names)


def _full(name: str, prefixes: Mapping[str, str]) -> str:
    found = split(name, prefixes)
    return name if found is None else "".join(found)


def _is_meant(event: Event, rule: ProfileRule) -> bool:
    return (
        rule.event_type in {"", event.type}
        and rule.biz_step in {"", event.biz_step}
        and rule.action in {"", getattr(event, "action", "")}
    )


def _missing(event: Event, prefixes: Mapping[str, str], profile: Profile, rule: ProfileRule) -> Iterator[Breach]:
    ilmd: Extensions = getattr(event, "ilmd", None) or {}
    given = {_full(name, prefixes): value for name, value in (*event.extensions.items(), *ilmd.items())}
    for name in rule.required:
        value: Any = given.get(name) if ":" in name else getattr(event, FIELDS[name], None)
        if value in (None, "", (), [], {}):
            what = event.biz_step or event.type
            yield Breach("", f"profile {profile.name}: an event of {what} needs {name}", f"add {name}")
    if rule.ilmd is not None:
        for name in ilmd:
            if _full(name, prefixes) not in rule.ilmd:
                place = f"/ilmd/{name.replace('~', '~0').replace('/', '~1')}"
                yield Breach(place, f"profile {profile.name} has no ILMD field {name[:60]!r} here", "leave it out")
