"""Who is logged in: a small file for each session, so that a restart of the server throws nobody out.

The cookie holds 256 random bits and nothing else; the file is named by their SHA-256, so that whoever reads the
folder can't become anybody. The file says whose API key opened the session, its time of change when it was last used.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

import msgspec

from suyuan.base.clock import Clock, now
from suyuan.base.errors import Unavailable
from suyuan.chain import durable

#: Folder of the sessions inside the data folder, mode 0700.
FOLDER = "sessions"
_MINUTE = 60 * 1_000_000
#: Unused for so long, a session ends (microseconds): a tablet that was left in the packing hall.
IDLE = 60 * _MINUTE
#: It ends after so long in any case (microseconds): one long shift.
LONGEST = 14 * 60 * _MINUTE
#: How exactly the last use is kept (microseconds); more would be a write for every picture on a page.
_STEP = _MINUTE
_LARGEST = 1_000
_TOKEN = re.compile(r"[0-9A-Za-z_-]{43}")


class Session(msgspec.Struct, frozen=True):
    """One login."""

    key_id: str  #: of the API key that opened it
    started: int  #: microseconds UTC


class Sessions:
    """The sessions of one data folder. Several server processes on the folder share them."""

    def __init__(self, data: Path, clock: Clock = now) -> None:
        self._folder = data / FOLDER
        self._clock = clock

    def open(self, key_id: str) -> str:
        """A new session; the token that its cookie holds. Sessions that have ended are cleared away.

        `Unavailable` where the folder cannot be written: a full disk.
        """
        try:
            return self._open(key_id)
        except OSError as error:
            raise Unavailable(f"the login cannot be kept: {error.strerror}") from None

    def _open(self, key_id: str) -> str:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in self._folder.iterdir():
            if not path.name.startswith(".") and self._read(path) is None:  # a dot: being written at this moment
                path.unlink(missing_ok=True)
        token = secrets.token_urlsafe(32)
        path = self._path(token)
        durable.replace(path, msgspec.json.encode(Session(key_id, self._clock())), durable.PRIVATE)
        self._touch(path)
        return token

    def find(self, token: str) -> Session | None:
        """The session of a token, which counts as a use of it; None where there is none, or it has ended."""
        if not _TOKEN.fullmatch(token):
            return None
        path = self._path(token)
        session = self._read(path)
        if session is not None and self._clock() - self._used(path) >= _STEP:
            self._touch(path)
        return session

    def close(self, token: str) -> None:
        """End a session at once, wherever its token may have been copied to."""
        if _TOKEN.fullmatch(token):
            self._path(token).unlink(missing_ok=True)

    def _path(self, token: str) -> Path:
        return self._folder / hashlib.sha256(token.encode()).hexdigest()

    def _read(self, path: Path) -> Session | None:
        try:
            session = msgspec.json.decode(durable.read(path, _LARGEST) or b"", type=Session)
            unused = self._clock() - self._used(path)
        except (msgspec.MsgspecError, FileNotFoundError):
            return None
        return session if unused < IDLE and self._clock() - session.started < LONGEST else None

    def _used(self, path: Path) -> int:
        return path.stat().st_mtime_ns // 1000

    def _touch(self, path: Path) -> None:
        with contextlib.suppress(FileNotFoundError):  # somebody logs out at this moment
            os.utime(path, ns=(self._clock() * 1000,) * 2)


def form_token(token: str) -> str:
    """What every form of a session carries, so that no other site can fill one in: it can't read the cookie."""
    return hmac.digest(token.encode(), b"form", "sha256").hex()


def is_form_token(token: str, given: str) -> bool:
    """Whether a form came from a page of this session."""
    return hmac.compare_digest(form_token(token).encode(), given.encode())
