"""The log's private key: an Ed25519 key in a file that only its owner may read, outside the database."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from suyuan.base.errors import InvalidSetting
from suyuan.chain import durable
from suyuan.chain.note import SignerKey

#: Longest key file in bytes; a key is one line.
_MAX_KEY_BYTES: Final = 4096


def create_key(path: Path, origin: str) -> SignerKey:
    """Makes a new key for the log ``origin`` and writes it, mode 0600. `Conflict` where the file exists.

    The key is on disk before this returns: nothing can be signed with a key that a crash would lose.
    """
    key = SignerKey.generate(origin)
    durable.create(path, key.text().encode() + b"\n", durable.PRIVATE)
    return key


def load_key(path: Path) -> SignerKey:
    """Reads the key; `InvalidSetting` where the file is missing, malformed or readable by others."""
    data = durable.read(path, _MAX_KEY_BYTES)
    if data is None:
        raise InvalidSetting("there is no key file", place=str(path))
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise InvalidSetting(
            f"key file has mode {mode:04o}: others could read or change it",
            place=str(path),
            remedy=f"chmod 600 {path}, and make a new key if anyone may have read this one",
        )
    try:
        return SignerKey.parse(data.decode("ascii", "replace").removesuffix("\n"))
    except InvalidSetting as error:
        raise InvalidSetting(error.detail, place=str(path)) from None


def load_or_create_key(path: Path, origin: str) -> SignerKey:
    """The key of the log ``origin``, made on first use; `InvalidSetting` where the file has another log's key."""
    if not path.exists():
        return create_key(path, origin)
    key = load_key(path)
    if key.name != origin:
        raise InvalidSetting(f"this is the key of log {key.name!r}, not of {origin!r}", place=str(path))
    return key
