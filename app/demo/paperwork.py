"""The events that people write down: EPCIS 2.0 events and documents in JSON-LD, as a firm's office system would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from suyuan.app.demo.firms import Firm
from suyuan.base.clock import format_time

#: The zone of every firm: China has one, eight hours east of UTC.
OFFSET_MINUTES: Final = 480
_OFFSET: Final = "+08:00"
_CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"

#: An EPCIS event as a JSON object.
Event = dict[str, Any]


class Step(Struct, frozen=True):
    """Why something is seen where: business step and disposition (bare CBV words), read point and what follows."""

    biz_step: str
    disposition: str | None
    read_point: str | None = None
    biz_location: str | None = None


class Quantity(Struct, frozen=True):
    """So much of a lot; ``uom`` is a UN/CEFACT code, None for a count."""

    epc_class: str
    quantity: float
    uom: str | None = None

    def element(self) -> dict[str, object]:
        """The quantityElement of EPCIS 2.0 section 7.3.3.3."""
        value = int(self.quantity) if self.quantity == int(self.quantity) else self.quantity
        uom = {"uom": self.uom} if self.uom else {}
        return {"epcClass": self.epc_class, "quantity": value, **uom}


class Deal(Struct, frozen=True):
    """Goods change hands; where there is a ``seller``, the receiver owns them from then on.

    ``papers`` are (CBV business transaction type, number) pairs of the sender.
    """

    sender: Firm
    receiver: Firm
    seller: Firm | None = None
    papers: tuple[tuple[str, str], ...] = ()

    def fields(self) -> Event:
        """Source, destination and business transaction lists (EPCIS 2.0 sections 7.3.5.3 and 7.3.5.4)."""
        givers = {"possessing_party": self.sender, "owning_party": self.seller}
        parties = {kind: giver.party_urn for kind, giver in givers.items() if giver}
        lists: Event = {
            "sourceList": [{"type": kind, "source": giver} for kind, giver in parties.items()],
            "destinationList": [{"type": kind, "destination": self.receiver.party_urn} for kind in parties],
        }
        if self.papers:
            lists["bizTransactionList"] = [
                {"type": kind, "bizTransaction": self._paper(no)} for kind, no in self.papers
            ]
        return lists

    def _paper(self, number: str) -> str:
        """CBV 2.0 section 8.5: a business transaction in the name space of who issued it."""
        return f"urn:epcglobal:cbv:bt:{self.sender.party_gln}:{number}"


class Thermometer(Struct, frozen=True):
    """A reading in degrees Celsius by the device with this EPC (GIAI)."""

    device: str
    celsius: float

    def element(self, time_us: int) -> Event:
        """The sensorElement of EPCIS 2.0 section 7.3.7."""
        return {
            "sensorMetadata": {"time": format_time(time_us, OFFSET_MINUTES), "deviceID": self.device},
            "sensorReport": [{"type": "Temperature", "value": self.celsius, "uom": "CEL"}],
        }


def thermometer(owner: Firm, number: int, celsius: float) -> Thermometer:
    """What the owner's thermometer with this number says, to a tenth of a degree."""
    return Thermometer(f"urn:epc:id:giai:{owner.prefix}.T{number:02}", round(celsius, 1))


def observed(
    time_us: int,
    step: Step,
    epcs: Sequence[str] = (),
    quantities: Sequence[Quantity] = (),
    *,
    action: str = "OBSERVE",
    deal: Deal | None = None,
    ilmd: dict[str, str] | None = None,
    reading: Thermometer | None = None,
) -> Event:
    """An ObjectEvent at ``time_us``. ILMD keys are bare CBV words and go with action ADD only."""
    what: Event = {"epcList": sorted(epcs), "quantityList": _elements(quantities), "action": action}
    sensors = [reading.element(time_us)] if reading else []
    return _event("ObjectEvent", time_us, step, what, deal, ilmd, sensors)


def packed(
    time_us: int, step: Step, parent: str, children: Sequence[str] = (), quantities: Sequence[Quantity] = ()
) -> Event:
    """An AggregationEvent that puts the children into the parent."""
    return _aggregation("ADD", time_us, step, parent, children, quantities)


def unpacked(
    time_us: int, step: Step, parent: str, children: Sequence[str] = (), quantities: Sequence[Quantity] = ()
) -> Event:
    """An AggregationEvent that takes the children out of the parent."""
    return _aggregation("DELETE", time_us, step, parent, children, quantities)


def transformed(
    time_us: int,
    step: Step,
    *,
    inputs: Sequence[str] = (),
    input_quantities: Sequence[Quantity] = (),
    outputs: Sequence[str] = (),
    output_quantities: Sequence[Quantity] = (),
    transformation: str | None = None,
    ilmd: dict[str, str] | None = None,
) -> Event:
    """A TransformationEvent; events that share ``transformation`` (CBV 2.0 section 8.6) are one transformation."""
    what: Event = {
        "inputEPCList": sorted(inputs),
        "inputQuantityList": _elements(input_quantities),
        "outputEPCList": sorted(outputs),
        "outputQuantityList": _elements(output_quantities),
        "transformationID": transformation,
    }
    return _event("TransformationEvent", time_us, step, what, None, ilmd, [])


def document(time_us: int, events: Sequence[Event]) -> dict[str, Any]:
    """An EPCISDocument made at ``time_us`` with these events."""
    return {
        "@context": [_CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": format_time(time_us, OFFSET_MINUTES),
        "epcisBody": {"eventList": list(events)},
    }


def _elements(quantities: Sequence[Quantity]) -> list[Event]:
    return [quantity.element() for quantity in quantities]


def _aggregation(
    action: str, time_us: int, step: Step, parent: str, children: Sequence[str], quantities: Sequence[Quantity]
) -> Event:
    what: Event = {"parentID": parent, "childEPCs": sorted(children), "childQuantityList": _elements(quantities)}
    return _event("AggregationEvent", time_us, step, {**what, "action": action}, None, None, [])


def _event(
    kind: str,
    time_us: int,
    step: Step,
    what: Event,
    deal: Deal | None,
    ilmd: dict[str, str] | None,
    sensors: list[Event],
) -> Event:
    """One event without its empty fields, and without an ID: the CBV hash is it, so that sending twice is harmless."""
    event: Event = {
        "type": kind,
        "eventTime": format_time(time_us, OFFSET_MINUTES),
        "eventTimeZoneOffset": _OFFSET,
        **what,
        "bizStep": step.biz_step,
        "disposition": step.disposition,
        "readPoint": {"id": step.read_point} if step.read_point else None,
        "bizLocation": {"id": step.biz_location} if step.biz_location else None,
        **(deal.fields() if deal else {}),
        "ilmd": {f"cbvmda:{word}": value for word, value in ilmd.items()} if ilmd else None,
        "sensorElementList": sensors,
    }
    return {name: value for name, value in event.items() if value not in (None, [])}
