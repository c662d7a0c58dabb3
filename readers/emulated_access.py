"""The access operations of an emulated reader: its AccessSpecs, and the tags that they are carried out on.

Clause numbers are those of LLRP 1.0.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from suyuan.readers.emulated_capabilities import ACCESS_SPEC_LIMIT, OP_SPEC_LIMIT
from suyuan.readers.emulated_tags import EmulatedField
from suyuan.readers.llrp_wire import Message, Parameter, message, parameter
from suyuan.readers.script import FieldTag

#: LLRPStatus.StatusCode (14.2.1).
SUCCESS, PARAMETER_ERROR, FIELD_ERROR, UNSUPPORTED_MESSAGE, UNSUPPORTED_PARAMETER = 0, 100, 101, 109, 111
#: AccessSpec.CurrentState.
DISABLED, ACTIVE = 0, 1
_OPERATIONS = {"C1G2Read", "C1G2Write", "C1G2Lock"}


def status(code: int = SUCCESS, text: str = "") -> Parameter:
    """The LLRPStatus of an answer."""
    return parameter("LLRPStatus", StatusCode=code, ErrorDescription=text[:500])


class WritingStation:
    """AccessSpecs in the order in which they came, over a field of tags. Without groups of tags it refuses all."""

    def __init__(self, groups: Iterable[Iterable[FieldTag]]) -> None:
        groups = [tuple(group) for group in groups]
        self.writes = bool(groups)
        self.field = EmulatedField(groups)
        self._specs: dict[int, Parameter] = {}
        self.handlers: dict[str, Callable[[Message], Message]] = {
            "ADD_ACCESSSPEC": self._add,
            "DELETE_ACCESSSPEC": self._delete,
            "ENABLE_ACCESSSPEC": lambda request: self._switch(request, ACTIVE),
            "DISABLE_ACCESSSPEC": lambda request: self._switch(request, DISABLED),
            "GET_ACCESSSPECS": self._get,
        }

    def clear(self) -> None:
        """Forget all AccessSpecs."""
        self._specs.clear()

    def reports(self, rospec: Parameter) -> list[Parameter]:
        """One round of a ROSpec: a TagReportData for each tag. AccessSpecs go when they have been carried out."""
        antennas = rospec.find("AISpec")
        chosen = antennas["AntennaIDs"] if antennas else (0,)
        antenna_ids = [item for item in chosen if isinstance(item, int)] if isinstance(chosen, tuple) else []
        enabled = [
            spec
            for spec in self._specs.values()
            if spec.number("CurrentState") == ACTIVE and spec.number("ROSpecID") in {0, rospec.number("ROSpecID")}
        ]
        reports = self.field.inventory(antenna_ids, enabled)
        for report in reports:
            used = report.find("AccessSpecID")
            self._count(used.number("AccessSpecID") if used else 0)
        return reports

    def _count(self, number: int) -> None:
        """Once more carried out: AccessSpecStopTrigger (11.2.1.1)."""
        spec = self._specs.get(number)
        stop = spec.find("AccessSpecStopTrigger") if spec else None
        if spec is None or stop is None or not stop.number("AccessSpecStopTrigger"):
            return
        left = stop.number("OperationCountValue") - 1
        if not left:
            del self._specs[number]
            return
        after = parameter("AccessSpecStopTrigger", AccessSpecStopTrigger=1, OperationCountValue=left)
        others = [item for item in spec.parameters if item is not stop]
        self._specs[number] = msgspec.structs.replace(spec, parameters=(after, *others))

    def _add(self, request: Message) -> Message:
        answer, spec = "ADD_ACCESSSPEC_RESPONSE", request.find("AccessSpec")
        if not self.writes:
            return message(answer, status(UNSUPPORTED_PARAMETER, "no access operations here"))
        command = spec.find("AccessCommand") if spec else None
        if spec is None or command is None or command.find("C1G2TagSpec") is None or not spec.number("AccessSpecID"):
            return message(answer, status(PARAMETER_ERROR, "no AccessSpec with a C1G2TagSpec and an ID of 1 or more"))
        number, operations = spec.number("AccessSpecID"), command.parameters[1:]
        if not operations or len(operations) > OP_SPEC_LIMIT or {item.name for item in operations} - _OPERATIONS:
            text = f"1 to {OP_SPEC_LIMIT} OpSpecs of {', '.join(sorted(_OPERATIONS))}, behind the C1G2TagSpec"
            return message(answer, status(UNSUPPORTED_PARAMETER, text))
        if number in self._specs or spec.number("CurrentState") != DISABLED or len(self._specs) >= ACCESS_SPEC_LIMIT:
            text = f"AccessSpec {number} exists, is not disabled, or is one too many"
            return message(answer, status(FIELD_ERROR, text))
        self._specs[number] = spec
        return message(answer, status())

    def _delete(self, request: Message) -> Message:
        chosen = self._chosen(request)
        for number in chosen:
            del self._specs[number]
        return self._done(request, chosen)

    def _switch(self, request: Message, state: int) -> Message:
        chosen = self._chosen(request)
        for number in chosen:
            spec = self._specs[number]
            values = (*spec.values[:3], state, *spec.values[4:])
            self._specs[number] = msgspec.structs.replace(spec, values=values)
        return self._done(request, chosen)

    def _get(self, _: Message) -> Message:
        return message("GET_ACCESSSPECS_RESPONSE", status(), *self._specs.values())

    def _chosen(self, request: Message) -> list[int]:
        """The AccessSpecs a request names; 0 is all of them."""
        number = request.number("AccessSpecID")
        return [known for known in self._specs if number in {0, known}]

    def _done(self, request: Message, chosen: list[int]) -> Message:
        number = request.number("AccessSpecID")
        good = bool(chosen) or number == 0
        return message(f"{request.name}_RESPONSE", status() if good else status(FIELD_ERROR, f"no AccessSpec {number}"))
