"""API keys of the demonstration: one for each edge, each firm that files documents, and the authority.

Each lies in ``DATA/demo/keys/NAME.key``, mode 0600, so that a later run finds it. A key that was made just before a
crash and never written down stays in the ledger without anybody knowing its text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from suyuan.app.demo.firms import Firm
from suyuan.app.demo.service import Service
from suyuan.base.errors import Unavailable
from suyuan.chain import durable

REGULATOR: Final = "regulator"
#: The firm whose key opens the label pages for a visitor: it packs what is sold by the piece.
LABELLER: Final = "cutting-plant"
_LARGEST_KEY: Final = 1000
#: What a firm's kind of business lets it do (base/permissions.py).
_ROLES: Final = {
    "farm": "producer",
    "slaughterhouse": "producer",
    "plant": "producer",
    "cold store": "logistics",
    "port": "logistics",
    "carrier": "logistics",
    "market": "retailer",
    "shop": "retailer",
    "canteen": "retailer",
}


def key_file(data: Path, name: str) -> Path:
    """The file that holds a key."""
    return data / "demo" / "keys" / f"{name}.key"


def firm_key_name(firm: str) -> str:
    """What the key of a firm is called."""
    return f"firm-{firm}"


class Keyring:
    """Keys by name, made on first use."""

    def __init__(self, data: Path, service: Service) -> None:
        self._data = data
        self._service = service
        key_file(data, REGULATOR).parent.mkdir(mode=0o700, exist_ok=True)

    async def device(self, name: str, firm: Firm) -> str:
        """The key of a gateway at a firm's site."""
        return await self._key(name, "device", firm.party_urn)

    async def firm(self, firm: Firm) -> str:
        """The key with which a firm files its documents."""
        return await self._key(firm_key_name(firm.key), _ROLES[firm.kind], firm.party_urn)

    async def regulator(self) -> str:
        """The authority's key."""
        return await self._key(REGULATOR, "regulator", None)

    def administrator(self) -> str:
        """The one-time key that the server has put into the data folder. `Unavailable` where it has not."""
        return self._read(self._data / "admin.key") or self._missing()

    async def _key(self, name: str, role: str, party: str | None) -> str:
        known = self._read(key_file(self._data, name))
        if known:
            return known
        order = {"role": role, "name": f"demo {name}"} | ({"party": party} if party else {})
        reply = await self._service.ask("POST", "/api/v1/keys", key=self.administrator(), body=order)
        text = str(reply.json()["key"])
        durable.replace(key_file(self._data, name), text.encode() + b"\n", durable.PRIVATE)
        return text

    def _read(self, path: Path) -> str:
        return (durable.read(path, _LARGEST_KEY) or b"").decode("ascii", "replace").strip()

    def _missing(self) -> str:
        raise Unavailable("the administrator's key is not there", place=str(self._data / "admin.key"))
