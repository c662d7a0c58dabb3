"""Verifying the log as an outsider would, with checkpoints that were taken while the story was still going on."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final
from urllib.parse import quote

from msgspec import Struct

from suyuan.app.demo.service import Service
from suyuan.app.verification import verify_bundle_file, verify_log
from suyuan.base.errors import InvalidProof, Unavailable
from suyuan.chain import durable
from suyuan.trace.publication import POLICY_FILE

_CHECKPOINT: Final = "/log/checkpoint"
#: Seconds between two looks whether everything is signed, and how long that may take.
_PAUSE, _PATIENCE = 0.1, 30.0


class Signed(Struct, frozen=True):
    """A checkpoint's size and root (base64, as it stands there)."""

    size: int
    root: str


class Evidence:
    """Checkpoints and a proof bundle of one demonstration, kept in ``DATA/demo/evidence``."""

    def __init__(self, data: Path, service: Service) -> None:
        self._data = data
        self._service = service
        self._folder = data / "demo" / "evidence"
        self._folder.mkdir(mode=0o700, exist_ok=True)

    async def take(self) -> Signed:
        """Keep the log's checkpoint as it is now: no later log may contradict it."""
        note = (await self._service.ask("GET", _CHECKPOINT)).body
        signed = _signed(note)
        durable.replace(self._folder / f"checkpoint-{signed.size}", note)
        return signed

    async def settled(self) -> Signed:
        """The checkpoint that covers all that is in the log. `Unavailable` where signing does not catch up."""
        patience = time.monotonic() + _PATIENCE
        while True:
            size = (await self._service.ask("GET", "/api/v1/figures")).json()["log_size"]
            signed = await self.take()
            if signed.size >= size:
                return signed
            if time.monotonic() > patience:
                raise Unavailable(f"the log has {size} entries, but only {signed.size} are signed")
            await asyncio.sleep(_PAUSE)

    async def bundle(self, event_id: str) -> Path:
        """The proof bundle of an event, as anybody may fetch it."""
        reply = await self._service.ask("GET", f"/api/v1/proof/{quote(event_id, safe='')}")
        path = self._folder / "proof.json"
        durable.replace(path, reply.body)
        return path

    async def check(self, bundle: Path) -> None:
        """The log (over HTTP and in the folder), the earlier checkpoints and the bundle agree, or it is raised.

        `InvalidProof` says what doesn't hold, `Unavailable` that the server was away.
        """
        await asyncio.to_thread(self._verify, bundle)

    def _verify(self, bundle: Path) -> None:
        """Trust comes from the folder's policy file, never from the server that is verified."""
        policy = durable.read(self._data / POLICY_FILE, 1 << 20) or b""
        earlier = sorted(self._folder.glob("checkpoint-*"))
        for place in (self._service.url, str(self._data)):
            list(verify_log(place, policy, earlier))
        list(verify_bundle_file(bundle, policy))


def _signed(note: bytes) -> Signed:
    """Size and root of a checkpoint (c2sp.org/tlog-checkpoint: origin, size, root, one a line)."""
    try:
        _, size, root = note.decode().splitlines()[:3]
        return Signed(int(size), root)
    except ValueError as error:
        raise InvalidProof(f"this is not a checkpoint: {error}", place=_CHECKPOINT) from None
