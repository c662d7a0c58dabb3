"""GS1 keys as values: immutable, hashable, ordered, and never wrong, because only checked text becomes one.

One type a key (General Specifications section 2), one for each role of a GLN, and lot and serial number, which qualify
a key. A value equals no value of another type: the GLN of a place is not that of a party, nor where goods go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import digital_link, element_string
from suyuan.gs1.application_identifiers import IDENTIFIERS, PRIMARY, check_value
from suyuan.gs1.check_digit import check_digit, check_pair


@dataclass(frozen=True, order=True, slots=True)
class Value:
    """A value of one AI. Raises InvalidIdentifier when made from text that the AI does not allow."""

    value: str
    #: Application identifier of the type.
    ai: ClassVar[str]

    def __post_init__(self) -> None:
        check_value(self.ai, self.value)

    def __str__(self) -> str:
        return self.value

    @classmethod
    def parse(cls, text: str) -> Self:
        """The value in plain, or behind its AI in brackets: ``(00)095201234567891235``. Raises InvalidIdentifier."""
        if not text.startswith(f"({cls.ai})"):
            return cls(text)
        (_, value), *others = element_string.parse(text, complete=False)
        if others:
            raise InvalidIdentifier(f"{text[:60]!a} holds more than AI {cls.ai}", place=f"({others[0][0]})")
        return cls(value)

    @property
    def element_string(self) -> str:
        """The value behind its AI in brackets."""
        return element_string.build(((self.ai, self.value),))

    @property
    def digital_link(self) -> str:
        """The canonical Digital Link of the value alone. Raises InvalidIdentifier where the AI is no key."""
        if self.ai not in PRIMARY:
            raise InvalidIdentifier(f"AI {self.ai} ({IDENTIFIERS[self.ai].title}) is no key, so no link begins with it")
        return digital_link.build(((self.ai, self.value),))


@dataclass(frozen=True, order=True, slots=True)
class Lot(Value):
    """Batch or lot number, AI 10: 1 to 20 characters."""

    ai: ClassVar[str] = "10"


@dataclass(frozen=True, order=True, slots=True)
class Serial(Value):
    """Serial number, AI 21: 1 to 20 characters."""

    ai: ClassVar[str] = "21"


@dataclass(frozen=True, order=True, slots=True)
class CheckedValue(Value):
    """A value that begins with digits and their check digit."""

    @classmethod
    def from_body(cls, body: str, serial: str = "") -> Self:
        """The value of the digits in front of its check digit, which is worked out, and of what follows."""
        return cls(body + check_digit(body) + serial)

    @property
    def body(self) -> str:
        """The digits in front of the check digit."""
        return self.value[: IDENTIFIERS[self.ai].checked - 1]

    @property
    def check_digit(self) -> str:
        """The check digit."""
        return self.value[IDENTIFIERS[self.ai].checked - 1]


@dataclass(frozen=True, order=True, slots=True)
class SerialKey(CheckedValue):
    """A key whose serial number, if there is one, follows the check digit."""

    @property
    def serial(self) -> str:
        """The serial number; empty where the key names a class."""
        return self.value[IDENTIFIERS[self.ai].checked :]

    @property
    def type(self) -> Self:
        """The key without its serial number: the class that the thing belongs to."""
        return type(self)(self.value[: IDENTIFIERS[self.ai].checked])


@dataclass(frozen=True, order=True, slots=True)
class GTIN(CheckedValue):
    """Global Trade Item Number, AI 01: always 14 digits here."""

    ai: ClassVar[str] = "01"

    @classmethod
    def parse(cls, text: str) -> Self:
        """A GTIN-8, GTIN-12, GTIN-13 or GTIN-14, also with its AI in brackets. Raises InvalidIdentifier."""
        return cls.from_short(text) if len(text) in {8, 12, 13} else super(GTIN, cls).parse(text)

    @classmethod
    def from_short(cls, digits: str) -> Self:
        """A GTIN-8, GTIN-12, GTIN-13 or GTIN-14 as 14 digits. Raises InvalidIdentifier for other lengths."""
        if len(digits) not in {8, 12, 13, 14}:
            raise InvalidIdentifier(f"a GTIN has 8, 12, 13 or 14 digits, found {digits[:40]!a} ({len(digits)})")
        return cls(digits.rjust(14, "0"))

    @property
    def short(self) -> str:
        """The GTIN in as many digits as a retail symbol holds: 8, 12 or 13, or 14 where it names a pack."""
        for length in (8, 12, 13):
            if self.value.startswith("0" * (14 - length)):
                return self.value[-length:]
        return self.value

    @property
    def indicator(self) -> str:
        """The indicator digit: 0 for the item itself, 1 to 8 for packs of it, 9 for variable measure."""
        return self.value[0]

    def pack(self, indicator: str) -> Self:
        """The GTIN of a pack of this item, indicator 1 to 8, or of the item in variable measure, 9."""
        if indicator not in tuple("123456789"):
            raise InvalidIdentifier(f"indicator is {indicator[:20]!a}, expected a digit 1 to 9", place="(01)")
        return type(self).from_body(indicator + self.body[1:])


@dataclass(frozen=True, order=True, slots=True)
class SSCC(CheckedValue):
    """Serial Shipping Container Code, AI 00: one logistic unit."""

    ai: ClassVar[str] = "00"

    @property
    def extension(self) -> str:
        """The extension digit, which gives a firm ten times as many serial references."""
        return self.value[0]


@dataclass(frozen=True, order=True, slots=True)
class GLN(CheckedValue):
    """Global Location Number of a physical location, AI 414."""

    ai: ClassVar[str] = "414"


@dataclass(frozen=True, order=True, slots=True)
class ShipToGLN(CheckedValue):
    """Global Location Number of where a unit is to go, AI 410."""

    ai: ClassVar[str] = "410"


@dataclass(frozen=True, order=True, slots=True)
class BillToGLN(CheckedValue):
    """Global Location Number of who is to be billed, AI 411."""

    ai: ClassVar[str] = "411"


@dataclass(frozen=True, order=True, slots=True)
class PurchasedFromGLN(CheckedValue):
    """Global Location Number of whom goods are bought from, AI 412."""

    ai: ClassVar[str] = "412"


@dataclass(frozen=True, order=True, slots=True)
class ShipForGLN(CheckedValue):
    """Global Location Number of where a unit goes on to after delivery, AI 413."""

    ai: ClassVar[str] = "413"


@dataclass(frozen=True, order=True, slots=True)
class PayToGLN(CheckedValue):
    """Global Location Number of the invoicing party, AI 415."""

    ai: ClassVar[str] = "415"


@dataclass(frozen=True, order=True, slots=True)
class ProducedAtGLN(CheckedValue):
    """Global Location Number of where goods are made or a service is given, AI 416."""

    ai: ClassVar[str] = "416"


@dataclass(frozen=True, order=True, slots=True)
class PartyGLN(CheckedValue):
    """Global Location Number of a party, AI 417."""

    ai: ClassVar[str] = "417"


@dataclass(frozen=True, order=True, slots=True)
class GRAI(SerialKey):
    """Global Returnable Asset Identifier, AI 8003: 0, 13 digits, serial."""

    ai: ClassVar[str] = "8003"


@dataclass(frozen=True, order=True, slots=True)
class GIAI(Value):
    """Global Individual Asset Identifier, AI 8004."""

    ai: ClassVar[str] = "8004"


@dataclass(frozen=True, order=True, slots=True)
class GSRN(CheckedValue):
    """Global Service Relation Number of a recipient, AI 8018."""

    ai: ClassVar[str] = "8018"


@dataclass(frozen=True, order=True, slots=True)
class GSRNP(CheckedValue):
    """Global Service Relation Number of a provider, AI 8017."""

    ai: ClassVar[str] = "8017"


@dataclass(frozen=True, order=True, slots=True)
class GDTI(SerialKey):
    """Global Document Type Identifier, AI 253."""

    ai: ClassVar[str] = "253"


@dataclass(frozen=True, order=True, slots=True)
class GCN(SerialKey):
    """Global Coupon Number, AI 255."""

    ai: ClassVar[str] = "255"


@dataclass(frozen=True, order=True, slots=True)
class GINC(Value):
    """Global Identification Number for Consignment, AI 401."""

    ai: ClassVar[str] = "401"


@dataclass(frozen=True, order=True, slots=True)
class GSIN(CheckedValue):
    """Global Shipment Identification Number, AI 402."""

    ai: ClassVar[str] = "402"


@dataclass(frozen=True, order=True, slots=True)
class CPID(Value):
    """Component / Part Identifier, AI 8010."""

    ai: ClassVar[str] = "8010"


@dataclass(frozen=True, order=True, slots=True)
class ITIP(CheckedValue):
    """Individual Trade Item Piece, AI 8006: GTIN, piece, total."""

    ai: ClassVar[str] = "8006"

    @property
    def gtin(self) -> GTIN:
        """The trade item that the pieces make."""
        return GTIN(self.value[:14])

    @property
    def piece(self) -> int:
        """Number of this piece, from 1 on."""
        return int(self.value[14:16])

    @property
    def total(self) -> int:
        """How many pieces there are, at most 99."""
        return int(self.value[16:])


@dataclass(frozen=True, order=True, slots=True)
class GMN(Value):
    """Global Model Number, AI 8013, with its check pair."""

    ai: ClassVar[str] = "8013"

    @classmethod
    def from_body(cls, body: str) -> Self:
        """The number of company prefix and model reference; the check pair is worked out."""
        return cls(body + check_pair(body))

    @property
    def body(self) -> str:
        """Company prefix and model reference, without the check pair."""
        return self.value[:-2]


#: The type of each AI that has one.
TYPES: dict[str, type[Value]] = {
    kind.ai: kind
    for kind in (
        SSCC, GTIN, Lot, Serial, GDTI, GCN, GINC, GSIN, ShipToGLN, BillToGLN, PurchasedFromGLN, ShipForGLN, GLN,
        PayToGLN, ProducedAtGLN, PartyGLN, GRAI, GIAI, ITIP, CPID, GMN, GSRNP, GSRN,
    )
}  # fmt: skip
