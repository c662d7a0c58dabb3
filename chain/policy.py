"""Whom a verifier trusts: logs, witnesses and the quorum of them that a checkpoint needs (c2sp.org/tlog-policy).

A policy comes from the verifier's own disk, never from what is being verified.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

import msgspec

from suyuan.base.errors import InvalidProof, InvalidSetting, SuyuanError, TooLarge
from suyuan.chain.note import Kind, VerifierKey

#: Longest policy file in bytes: hundreds of lines, more than the 32 logs, witnesses and groups the format asks for.
MAX_POLICY_BYTES: Final = 262_144
#: The predefined quorum that asks for no witness.
NONE: Final = b"none"

_FORBIDDEN = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_BLANKS = re.compile(rb"[ \t]+")
_THRESHOLD = re.compile(rb"[1-9][0-9]{0,3}")


class Group(msgspec.Struct, frozen=True):
    """Members of which at least ``threshold`` must have witnessed a checkpoint. Names are opaque octets."""

    threshold: int
    members: tuple[bytes, ...]


class Policy(msgspec.Struct, frozen=True):
    """A parsed policy. ``groups`` are in the order of the file: each refers only to earlier names."""

    logs: tuple[VerifierKey, ...]
    witnesses: dict[bytes, VerifierKey] = {}
    groups: dict[bytes, Group] = {}
    quorum: bytes = NONE

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """All keys whose signatures count for anything."""
        return (*self.logs, *self.witnesses.values())

    def is_satisfied(self, cosigners: Collection[VerifierKey]) -> bool:
        """Whether the cosignatures of these witnesses make the quorum."""
        if self.quorum == NONE:
            return True
        witnessed = {name for name, key in self.witnesses.items() if key in cosigners}
        for name, group in self.groups.items():
            if sum(member in witnessed for member in group.members) >= group.threshold:
                witnessed.add(name)
        return self.quorum in witnessed


def log_policy(log: VerifierKey) -> str:
    """The policy file of a fresh install: this one log, no witnesses yet."""
    return f"log {log}\nquorum none\n"


def parse_policy(data: bytes) -> Policy:
    """Reads a policy file; `InvalidSetting` with the line for whatever the format does not allow.

    The last line needs its newline: a file cut short could otherwise name a weaker quorum.
    """
    if len(data) > MAX_POLICY_BYTES:
        raise TooLarge(f"policy has {len(data)} bytes, at most {MAX_POLICY_BYTES} are read")
    if not data.endswith(b"\n"):
        raise InvalidSetting("policy does not end with a newline", remedy="end its last line, which may be cut short")
    reader = _Reader()
    for number, line in enumerate(data.split(b"\n"), start=1):
        try:
            reader.read(line)
        except SuyuanError as error:
            raise InvalidSetting(f"policy: {error.detail}", place=f"line {number}") from None
    return reader.finish()


class _Reader:
    """The state between lines: what is defined, and what has been used as a member."""

    def __init__(self) -> None:
        self.logs: list[VerifierKey] = []
        self.witnesses: dict[bytes, VerifierKey] = {}
        self.groups: dict[bytes, Group] = {}
        self.used: set[bytes] = set()
        self.quorum: bytes | None = None

    def read(self, line: bytes) -> None:
        if _FORBIDDEN.search(line):
            raise InvalidSetting("only tab, newline and printable characters are allowed")
        line = line.strip(b" \t")
        if not line or line.startswith(b"#"):
            return
        keyword, *words = _BLANKS.split(line)
        match keyword, len(words):
            case b"log", 1 | 2:
                self._log(words[0])
            case b"witness", 2 | 3:
                self._witness(words[0], words[1])
            case b"group", count if count > 2:
                self._group(words[0], words[1], tuple(words[2:]))
            case b"quorum", 1:
                self._quorum(words[0])
            case _:
                raise InvalidSetting(
                    f"{_show(line)} is not log <vkey> [url], witness <name> <vkey> [url],"
                    " group <name> <k|any|all> <member>... or quorum <name>"
                )

    def finish(self) -> Policy:
        if self.quorum is None:
            raise InvalidSetting("policy: there is no quorum line", remedy="end it with: quorum none")
        return Policy(tuple(self.logs), self.witnesses, self.groups, self.quorum)

    def _log(self, vkey: bytes) -> None:
        key = _key(vkey, Kind.ED25519, "a log")
        if any(key.public == other.public for other in self.logs):
            raise InvalidSetting(f"log {key.name!r} has the public key of another log")
        self.logs.append(key)

    def _witness(self, name: bytes, vkey: bytes) -> None:
        self._define(name)
        key = _key(vkey, Kind.COSIGNATURE, "a witness")
        if any(key.public == other.public for other in self.witnesses.values()):
            raise InvalidSetting(f"witness {_show(name)} has the public key of another witness")
        self.witnesses[name] = key

    def _group(self, name: bytes, amount: bytes, members: tuple[bytes, ...]) -> None:
        self._define(name)
        for member in members:
            if not self._is_defined(member):
                raise InvalidSetting(f"{_show(member)} is not defined on an earlier line")
            if member in self.used:
                raise InvalidSetting(f"{_show(member)} is a group member already: each may count once")
            self.used.add(member)
        if amount not in (b"any", b"all") and not _THRESHOLD.fullmatch(amount):
            raise InvalidSetting(f"threshold {_show(amount)} is neither any, all nor a number")
        threshold = {b"any": 1, b"all": len(members)}.get(amount) or int(amount)
        if threshold > len(members):
            raise InvalidSetting(f"threshold {threshold} is over the {len(members)} members of {_show(name)}")
        self.groups[name] = Group(threshold, members)

    def _quorum(self, name: bytes) -> None:
        if self.quorum is not None:
            raise InvalidSetting("there is a quorum line already")
        if name != NONE and not self._is_defined(name):
            raise InvalidSetting(f"quorum {_show(name)} is not defined on an earlier line")
        self.quorum = name

    def _is_defined(self, name: bytes) -> bool:
        return name in self.witnesses or name in self.groups

    def _define(self, name: bytes) -> None:
        if name == NONE or self._is_defined(name):
            raise InvalidSetting(f"name {_show(name)} is taken")


def _key(vkey: bytes, kind: Kind, role: str) -> VerifierKey:
    try:
        key = VerifierKey.parse(vkey.decode())
    except UnicodeDecodeError:
        raise InvalidProof("key is not UTF-8") from None
    if key.kind is not kind:
        raise InvalidSetting(f"key of {key.name!r} has type {key.kind:#04x}, {role} signs with {kind:#04x}")
    return key


def _show(name: bytes) -> str:
    return repr(name[:80].decode("utf-8", "backslashreplace"))
