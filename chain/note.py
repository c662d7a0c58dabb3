"""Signed notes: text with Ed25519 signatures and timestamped cosignatures (c2sp.org/signed-note, tlog-cosignature).

Strict where Go's reader is lenient: base64 has one spelling only, so that no byte of a note can change unseen.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from suyuan.base.errors import InvalidInput, InvalidProof, InvalidSetting, TooLarge

#: Limits that Go's reader sets as well: bytes of a note, signature lines of a note.
MAX_NOTE_BYTES: Final = 1_000_000
MAX_SIGNATURES: Final = 100
#: Bytes of an Ed25519 public key, of its private seed, and of a signature.
KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

_KEY_ID = re.compile(r"[0-9a-f]{8}")
#: Every signature line begins so: em dash, space.
_DASH = "\u2014 "
_PRIVATE = "PRIVATE+KEY+"
_MAX_UNIX = (1 << 63) - 1


class Kind(IntEnum):
    """Signature type bytes of c2sp.org/signed-note that are read here."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


def decode_base64(text: str) -> bytes:
    """Standard base64 in its one canonical spelling: padded, and no stray bits behind the last byte."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidProof(f"{text[:60]!r} is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise InvalidProof(f"base64 {text[:60]!r} is not in its canonical spelling")
    return data


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode("ascii")


def check_name(name: str) -> str:
    """A key name is not empty and has neither a plus nor any Unicode space or control character."""
    if not name or "+" in name or any(letter.isspace() or letter < " " for letter in name):
        raise InvalidProof(f"{name[:60]!r} is not a key name: no spaces, no plus, not empty")
    return name


# --- keys -----------------------------------------------------------------------------------------------------------


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key with the name it signs under; its text form is ``name+key id+base64(type || key)``."""

    name: str
    kind: Kind
    public: bytes

    @property
    def key_id(self) -> bytes:
        """First four bytes of SHA-256(name || LF || type || key): a label that tells keys apart, not a proof."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Reads a vkey; `InvalidProof` for a wrong form, an unknown signature type or a key id that does not fit."""
        name, key_id, packed = _split_key(text)
        if len(packed) != 1 + KEY_BYTES or packed[0] not in (Kind.ED25519, Kind.COSIGNATURE):
            raise InvalidProof(f"key of {name[:60]!r} is neither an Ed25519 key (type 1) nor a cosigner's (type 4)")
        key = cls(name, Kind(packed[0]), packed[1:])
        if key.key_id.hex() != key_id:
            raise InvalidProof(
                f"key id {key_id} does not belong to the key of {name[:60]!r}: it has {key.key_id.hex()}"
            )
        return key

    def verify(self, text: str, signature: bytes) -> int | None:
        """Raises `InvalidProof` unless ``signature`` is this key's over ``text``.

        Returns the Unix time in seconds that a cosignature states, None for a plain signature.
        """
        message, time = text.encode(), None
        if self.kind is Kind.COSIGNATURE:
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = _cosigned(text, time)
        if len(signature) != SIGNATURE_BYTES or (time or 0) > _MAX_UNIX:
            raise InvalidProof(f"signature of {self.name!r} has the wrong length or time")
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise InvalidProof(f"signature of {self.name!r} ({self.key_id.hex()}) does not fit the text") from None
        return time


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A private Ed25519 key; its text form is ``PRIVATE+KEY+name+key id+base64(type || seed)``."""

    name: str
    #: Left out of the repr: tracebacks end in log files.
    seed: bytes = field(repr=False)
    kind: Kind = Kind.ED25519

    def text(self) -> str:
        """The skey form, secret."""
        packed = encode_base64(bytes([self.kind]) + self.seed)
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{packed}"

    @classmethod
    def generate(cls, name: str, kind: Kind = Kind.ED25519) -> SignerKey:
        """A new random key."""
        return cls(check_name(name), Ed25519PrivateKey.generate().private_bytes_raw(), kind)

    @classmethod
    def parse(cls, text: str) -> SignerKey:
        """Reads an skey; `InvalidSetting` for anything else, never repeating the secret in its message."""
        try:
            name, key_id, packed = _split_key(text.removeprefix(_PRIVATE))
        except InvalidProof:
            packed = b""
        wrong = len(packed) != 1 + KEY_BYTES or packed[0] not in (Kind.ED25519, Kind.COSIGNATURE)
        if wrong or not text.startswith(_PRIVATE):
            raise InvalidSetting("this is not a private key of the form PRIVATE+KEY+name+id+base64")
        key = cls(name, packed[1:], Kind(packed[0]))
        if key.verifier.key_id.hex() != key_id:
            raise InvalidSetting(f"key id {key_id} does not belong to the private key of {name!r}")
        return key

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifierKey(self.name, self.kind, public)

    def sign(self, text: str, time: int = 0) -> Signature:
        """Signs ``text``; ``time`` is the Unix time in seconds that a cosignature states."""
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        if self.kind is Kind.COSIGNATURE:
            stamp = time.to_bytes(8, "big")
            return Signature(self.name, self.verifier.key_id, stamp + private.sign(_cosigned(text, time)))
        return Signature(self.name, self.verifier.key_id, private.sign(text.encode()))


def _split_key(text: str) -> tuple[str, str, bytes]:
    """Name, key id and packed key of a vkey, or of an skey without its prefix."""
    name, _, rest = text.partition("+")
    key_id, _, packed = rest.partition("+")
    if not _KEY_ID.fullmatch(key_id):
        raise InvalidProof(f"{text[:60]!r} is not a key of the form name+id+base64")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InvalidProof("key name is not valid Unicode") from None
    return check_name(name), key_id, decode_base64(packed)


def _cosigned(text: str, time: int) -> bytes:
    """What a witness signs: header, time and the whole note text (tlog-cosignature, "Ed25519 signed message")."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


# --- notes ----------------------------------------------------------------------------------------------------------


class Signature(msgspec.Struct, frozen=True):
    """One signature line: who says to have signed, and the bytes behind the key id."""

    name: str
    key_id: bytes
    payload: bytes

    def line(self) -> str:
        """The line with its newline."""
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.payload)}\n"


class Note(msgspec.Struct, frozen=True):
    """A note as it is written; nothing in it is trusted before `open_note`."""

    text: str
    signatures: tuple[Signature, ...]

    def to_bytes(self) -> bytes:
        """The note's only encoding."""
        return (self.text + "\n" + "".join(signature.line() for signature in self.signatures)).encode()


class Verified(msgspec.Struct, frozen=True):
    """A signature that holds: by which key, and the Unix time in seconds where it is a cosignature."""

    key: VerifierKey
    time: int | None = None


class OpenedNote(msgspec.Struct, frozen=True):
    """A note with at least one signature of a trusted key. ``unknown`` signatures say nothing either way."""

    text: str
    verified: tuple[Verified, ...]
    unknown: tuple[Signature, ...] = ()


def parse_note(data: bytes) -> Note:
    """Text and signature lines. `InvalidProof` for every deviation from the form, `TooLarge` over 1,000,000 bytes."""
    if len(data) > MAX_NOTE_BYTES:
        raise TooLarge(f"note has {len(data)} bytes, at most {MAX_NOTE_BYTES} are read")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidProof("note is not UTF-8", place=f"byte {error.start}") from None
    if any(letter < " " and letter != "\n" for letter in whole):
        raise InvalidProof("note has a control character other than newline")
    text, blank, signed = whole.rpartition("\n\n")
    if not blank or not signed.endswith("\n"):
        raise InvalidProof("note does not end in a blank line and signature lines, each with its newline")
    lines = signed[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise InvalidProof(f"note has {len(lines)} signatures, at most {MAX_SIGNATURES} are read")
    return Note(text + "\n", tuple(_parse_signature(line) for line in lines))


def _parse_signature(line: str) -> Signature:
    name, _, packed = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH):
        raise InvalidProof(f"signature line {line[:60]!r} does not begin with an em dash and a space")
    data = decode_base64(packed)
    if len(data) < 5:
        raise InvalidProof(f"signature of {name[:60]!r} has {len(data)} bytes, at least 5 are needed")
    return Signature(check_name(name), data[:4], data[4:])


def open_note(data: bytes, keys: Sequence[VerifierKey]) -> OpenedNote:
    """Verifies a note against trusted keys.

    A trusted key's signature that fails makes the whole note fail, signatures of other keys are set apart, a line
    that repeats a key counts once. `InvalidProof` also where no trusted key has signed.
    """
    note = parse_note(data)
    verified: dict[tuple[str, bytes], Verified] = {}
    unknown: dict[Signature, None] = {}
    for signature in note.signatures:
        identity = (signature.name, signature.key_id)
        if identity in verified:
            continue
        matching = [key for key in keys if (key.name, key.key_id) == identity]
        if len(matching) > 1:
            raise InvalidProof(f"two trusted keys have the name {signature.name!r} and the id {signature.key_id.hex()}")
        if matching:
            verified[identity] = Verified(matching[0], matching[0].verify(note.text, signature.payload))
        else:
            unknown[signature] = None
    if not verified:
        names = ", ".join(sorted({signature.name for signature in unknown}))
        raise InvalidProof(f"no trusted key has signed this note, only {names[:200]}")
    return OpenedNote(note.text, tuple(verified.values()), tuple(unknown))


def sign_note(text: str, signers: Iterable[SignerKey], time: int = 0) -> bytes:
    """A new note. ``text`` ends in a newline; ``time`` in Unix seconds is what cosigners among the signers state."""
    if not text.endswith("\n") or any(letter < " " and letter != "\n" for letter in text):
        raise InvalidInput("the text of a note ends in a newline and has no other control character")
    return Note(text, tuple(signer.sign(text, time) for signer in signers)).to_bytes()


def canonical_note(data: bytes, keys: Sequence[VerifierKey]) -> bytes:
    """The note with exactly the signature lines that hold under ``keys``, in the order of their bytes, each once.

    For a bundle, in which no byte may change unseen: a line that nobody checks could.
    """
    trusted = {(entry.key.name, entry.key.key_id) for entry in open_note(data, keys).verified}
    note = parse_note(data)
    chosen: dict[tuple[str, bytes], Signature] = {}
    for signature in note.signatures:
        identity = (signature.name, signature.key_id)
        if identity in trusted:
            chosen.setdefault(identity, signature)
    return Note(note.text, tuple(sorted(chosen.values(), key=Signature.line))).to_bytes()
