"""Firms file the scenario's documents, in the order of scenario time, through ``POST /epcis/capture``."""

from __future__ import annotations

from suyuan.app.demo.firms import FIRMS
from suyuan.app.demo.keyring import Keyring
from suyuan.app.demo.scenario import Scenario
from suyuan.app.demo.service import Service


class Filing:
    """All documents on their way. ``filed`` of ``documents`` have been answered: they are stored and logged."""

    def __init__(self, scenario: Scenario, service: Service, keys: Keyring) -> None:
        self.filed = 0
        self.documents = len(scenario.documents)
        self._scenario = scenario
        self._service = service
        self._keys = keys

    async def run(self) -> None:
        """File them one after the other. One whose answer was lost is filed again: the server knows its events."""
        for document in self._scenario.documents:
            key = await self._keys.firm(FIRMS[document.site])
            await self._service.ask("POST", "/epcis/capture", key=key, body=document.body)
            self.filed += 1
