"""Leaf v1: the one exact JSON (RFC 8785) that the log keeps for an event or an act. See docs/reference/leaf.md.

A leaf holds no personal data and nothing that can be guessed: contents and identifiers enter it only through hashes
with a random 32-byte salt, which lives beside the payload and is destroyed with it.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

import msgspec

from suyuan.base.errors import InvalidInput, InvalidProof, TooLarge

#: An entry bundle counts an entry's bytes in a uint16 (c2sp.org/tlog-tiles, "Log entries").
MAX_LEAF_BYTES: Final = 65_535
#: Bytes of a salt, and of every hash in a leaf.
SALT_BYTES: Final = 32
#: RFC 8785 writes numbers as doubles, exact up to here: as microseconds, the year 2255.
MAX_TIME: Final = (1 << 53) - 1

# Domain separation: a hash made for one purpose can never stand for another.
_EVENT_COMMITMENT = b"\x10"
_EVENT_ID = b"\x11"
_ACT_COMMITMENT = b"\x12"

_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_ACT = re.compile(r"[a-z][a-z0-9]{0,31}(?:-[a-z0-9]{1,32}){0,7}")

_HEX = rb'"([0-9a-f]{64})"'
_COMMITTED = rb'"commitment":' + _HEX + rb',"envelope":(?:null|' + _HEX + rb"),"
_HEAD = rb'"source":"([A-Za-z0-9][A-Za-z0-9._:-]{0,63})","time":(0|[1-9][0-9]{0,15}),"v":1}'
_EVENT_FORM = re.compile(rb"\{" + _COMMITTED + rb'"event_id":' + _HEX + rb',"kind":"event",' + _HEAD)
_ACT_FORM = re.compile(rb'\{"act":"([a-z0-9-]{1,300})",' + _COMMITTED + rb'"kind":"act",' + _HEAD)


class EventLeaf(msgspec.Struct, frozen=True):
    """A captured event.

    ``source`` names the capturing key (an id, never a person's name), ``time`` is the record time in microseconds
    since 1970 UTC, ``event_id`` and ``commitment`` are salted hashes (`hash_event_id`, `commit_event`), ``envelope``
    is the SHA-256 of the source's own signed envelope, or None for a source that does not sign.
    """

    source: str
    time: int
    event_id: bytes
    commitment: bytes
    envelope: bytes | None = None


class ActLeaf(msgspec.Struct, frozen=True):
    """An administrative act such as ``key-added``; ``commitment`` is made by `commit_act`, the rest as in an event."""

    source: str
    time: int
    act: str
    commitment: bytes
    envelope: bytes | None = None


Leaf = EventLeaf | ActLeaf


def hash_event_id(salt: bytes, event_id: str) -> bytes:
    """SHA-256(0x11 || salt || event ID): salted, since a bare hash of a hash ID lets anyone test a guess."""
    try:
        name = event_id.encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"event ID {event_id[:80]!r} is not valid Unicode") from None
    return sha256(_EVENT_ID + _checked(salt, "salt") + name).digest()


def commit_event(salt: bytes, cbv_hash: bytes, event: bytes, context_digest: bytes) -> bytes:
    """SHA-256(0x10 || salt || CBV hash || SHA-256(exact event bytes) || SHA-256(exact @context bytes)).

    The CBV hash alone would leave record time and error declaration unprotected: it ignores both. ``context_digest``
    is the SHA-256 of the context bytes, of b"" for an event without one.
    """
    parts = _checked(salt, "salt") + _checked(cbv_hash, "CBV hash")
    return sha256(_EVENT_COMMITMENT + parts + sha256(event).digest() + _checked(context_digest, "context")).digest()


def commit_act(salt: bytes, body: bytes) -> bytes:
    """SHA-256(0x12 || salt || SHA-256(body bytes))."""
    return sha256(_ACT_COMMITMENT + _checked(salt, "salt") + sha256(body).digest()).digest()


def encode_leaf(leaf: Leaf) -> bytes:
    """The leaf's only encoding. Raises `InvalidInput` for a field that leaf v1 cannot hold."""
    if isinstance(leaf, EventLeaf):
        return encode_event(leaf.source, leaf.time, leaf.event_id, leaf.commitment, leaf.envelope)
    if not _ACT.fullmatch(leaf.act):
        raise InvalidInput(f"act {leaf.act[:64]!r} is not a lower-case name with hyphens such as 'key-added'")
    commitment, rest = _checked(leaf.commitment, "commitment").hex(), _head(leaf.source, leaf.time)
    return (
        f'{{"act":"{leaf.act}","commitment":"{commitment}","envelope":{_envelope(leaf.envelope)},"kind":"act",{rest}'
    ).encode("ascii")


def encode_event(source: str, time: int, event_id: bytes, commitment: bytes, envelope: bytes | None = None) -> bytes:
    """`encode_leaf` of an `EventLeaf` that need not be made first: the capture path writes one for each event."""
    rest = _head(source, time)
    return (
        f'{{"commitment":"{_checked(commitment, "commitment").hex()}","envelope":{_envelope(envelope)},'
        f'"event_id":"{_checked(event_id, "event_id").hex()}","kind":"event",{rest}'
    ).encode("ascii")


def parse_leaf(data: bytes) -> Leaf:
    """Reads `encode_leaf`; `InvalidProof` for any other bytes, also for another JSON writing of the same leaf."""
    if len(data) > MAX_LEAF_BYTES:
        raise TooLarge(f"leaf has {len(data)} bytes, at most {MAX_LEAF_BYTES} fit into an entry bundle")
    leaf = _parse_event(data) or _parse_act(data)
    if leaf is None:
        raise InvalidProof(f"{data[:60]!r} is not the canonical JSON of a leaf v1 of kind event or act")
    if leaf.time > MAX_TIME:
        raise InvalidProof(f"record time {leaf.time} is over 2^53-1 microseconds")
    return leaf


def _parse_event(data: bytes) -> EventLeaf | None:
    match = _EVENT_FORM.fullmatch(data)
    if not match:
        return None
    commitment, envelope, event_id, source, time = match.groups()
    return EventLeaf(source.decode(), int(time), _unhex(event_id), _unhex(commitment), envelope and _unhex(envelope))


def _parse_act(data: bytes) -> ActLeaf | None:
    match = _ACT_FORM.fullmatch(data)
    if not match or not _ACT.fullmatch(match[1].decode()):
        return None
    act, commitment, envelope, source, time = match.groups()
    return ActLeaf(source.decode(), int(time), act.decode(), _unhex(commitment), envelope and _unhex(envelope))


def _unhex(digits: bytes) -> bytes:
    return bytes.fromhex(digits.decode("ascii"))


def _checked(value: bytes, name: str) -> bytes:
    if len(value) != SALT_BYTES:
        raise InvalidInput(f"{name} has {len(value)} bytes, {SALT_BYTES} are needed")
    return value


def _envelope(envelope: bytes | None) -> str:
    return "null" if envelope is None else f'"{_checked(envelope, "envelope").hex()}"'


def _head(source: str, time: int) -> str:
    """The members that every kind ends with; ``source`` is plain ASCII, so RFC 8785 has nothing to escape."""
    if not _SOURCE.fullmatch(source):
        raise InvalidInput(f"source {source[:64]!r} is not 1 to 64 of A-Z a-z 0-9 . _ : - after a letter or digit")
    if not 0 <= time <= MAX_TIME:
        raise InvalidInput(f"record time {time} is not in 0..2^53-1 microseconds since 1970")
    return f'"source":"{source}","time":{time},"v":1}}'
