"""GS1 keys as values: immutable, hashable, ordered, and never wrong, because only checked text becomes one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import digital_link
from suyuan.gs1.application_identifiers import PRIMARY, check_value
from suyuan.gs1.check_digit import check_digit


@dataclass(frozen=True, order=True, slots=True)
class _Key:
    """A value of one AI. Raises InvalidIdentifier when made from text that the AI does not allow."""

    value: str
    ai: ClassVar[str]

    def __post_init__(self) -> None:
        check_value(self.ai, self.value)

    def __str__(self) -> str:
        return self.value

    @property
    def digital_link(self) -> str:
        """The canonical Digital Link of the key alone."""
        return digital_link.build(((self.ai, self.value),))


@dataclass(frozen=True, order=True, slots=True)
class _CheckedKey(_Key):
    """A key that begins with digits and their check digit."""

    @classmethod
    def from_body(cls, body: str, serial: str = "") -> Self:
        """The key of the digits in front of its check digit, which is worked out, and of a serial that follows."""
        return cls(body + check_digit(body) + serial)

    @property
    def check_digit(self) -> str:
        """The check digit."""
        return self.value[PRIMARY[self.ai].checked - 1]


@dataclass(frozen=True, order=True, slots=True)
class _SerialKey(_CheckedKey):
    """A key whose serial number, if there is one, follows the check digit."""

    @property
    def serial(self) -> str:
        """The serial number; empty where the key names a class."""
        return self.value[PRIMARY[self.ai].checked :]


@dataclass(frozen=True, order=True, slots=True)
class GTIN(_CheckedKey):
    """Global Trade Item Number, AI 01: always 14 digits here."""

    ai: ClassVar[str] = "01"

    @classmethod
    def from_short(cls, digits: str) -> Self:
        """A GTIN-8, GTIN-12, GTIN-13 or GTIN-14 as 14 digits. Raises InvalidIdentifier for other lengths."""
        if len(digits) not in {8, 12, 13, 14}:
            raise InvalidIdentifier(f"a GTIN has 8, 12, 13 or 14 digits, found {digits[:40]!a} ({len(digits)})")
        return cls(digits.rjust(14, "0"))

    @property
    def indicator(self) -> str:
        """The indicator digit: 0 for the item itself, 1 to 8 for packs of it, 9 for variable measure."""
        return self.value[0]


@dataclass(frozen=True, order=True, slots=True)
class SSCC(_CheckedKey):
    """Serial Shipping Container Code, AI 00: one logistic unit."""

    ai: ClassVar[str] = "00"


@dataclass(frozen=True, order=True, slots=True)
class GLN(_CheckedKey):
    """Global Location Number of a physical location, AI 414."""

    ai: ClassVar[str] = "414"


@dataclass(frozen=True, order=True, slots=True)
class PartyGLN(_CheckedKey):
    """Global Location Number of a party, AI 417."""

    ai: ClassVar[str] = "417"


@dataclass(frozen=True, order=True, slots=True)
class GRAI(_SerialKey):
    """Global Returnable Asset Identifier, AI 8003: 0, 13 digits, serial."""

    ai: ClassVar[str] = "8003"


@dataclass(frozen=True, order=True, slots=True)
class GIAI(_Key):
    """Global Individual Asset Identifier, AI 8004."""

    ai: ClassVar[str] = "8004"


@dataclass(frozen=True, order=True, slots=True)
class GSRN(_CheckedKey):
    """Global Service Relation Number of a recipient, AI 8018."""

    ai: ClassVar[str] = "8018"


@dataclass(frozen=True, order=True, slots=True)
class GSRNP(_CheckedKey):
    """Global Service Relation Number of a provider, AI 8017."""

    ai: ClassVar[str] = "8017"


@dataclass(frozen=True, order=True, slots=True)
class GDTI(_SerialKey):
    """Global Document Type Identifier, AI 253."""

    ai: ClassVar[str] = "253"


@dataclass(frozen=True, order=True, slots=True)
class GCN(_SerialKey):
    """Global Coupon Number, AI 255."""

    ai: ClassVar[str] = "255"


@dataclass(frozen=True, order=True, slots=True)
class GINC(_Key):
    """Global Identification Number for Consignment, AI 401."""

    ai: ClassVar[str] = "401"


@dataclass(frozen=True, order=True, slots=True)
class GSIN(_CheckedKey):
    """Global Shipment Identification Number, AI 402."""

    ai: ClassVar[str] = "402"


@dataclass(frozen=True, order=True, slots=True)
class CPID(_Key):
    """Component / Part Identifier, AI 8010."""

    ai: ClassVar[str] = "8010"


@dataclass(frozen=True, order=True, slots=True)
class ITIP(_Key):
    """Individual Trade Item Piece, AI 8006: GTIN, piece, total."""

    ai: ClassVar[str] = "8006"


@dataclass(frozen=True, order=True, slots=True)
class GMN(_Key):
    """Global Model Number, AI 8013, with its check pair."""

    ai: ClassVar[str] = "8013"
