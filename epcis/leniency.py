"""How strictly a source's events are read: which rules may be broken, and what that did.

Strict is the rule. A lenient source is forgiven what leaves no doubt about what its event says; each forgiveness is
told, so that it can be kept beside the event. What would make the ledger ambiguous is forgiven nobody: a time without
a zone, a prefix that nobody defined, names that stand twice, two parents, an unknown action.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from suyuan.base.errors import InvalidDocument
from suyuan.epcis.profiles import Profile
from suyuan.gs1.company_prefix import NONE, CompanyPrefixes

#: An event with more faults than this is not forgiven but wrong.
MOST_FORGIVEN = 100


class Rule(StrEnum):
    """Rules that an event can break, by the name that errors and forgiven faults carry."""

    #: The form of a field: its JSON type, a list where one is due, a number that is one.
    FORM = "form"
    #: A field that the standard requires.
    REQUIRED = "required"
    #: A name without prefix that is no field there.
    FIELD = "field"
    #: A prefix that no @context defines.
    PREFIX = "prefix"
    #: A time with its zone.
    TIME = "time"
    #: The zone offset of the event, ``+hh:mm``.
    OFFSET = "zone-offset"
    #: An identifier of GS1: check digit, lengths, characters; or no absolute URI at all.
    IDENTIFIER = "identifier"
    #: A bare word that the standard vocabulary of its place has.
    VOCABULARY = "vocabulary"
    #: The form of an event ID that is a content hash, and the version of its algorithm.
    EVENT_ID = "event-id"
    #: What an event of its type must hold, or must not (7.4).
    EVENT = "event"
    #: Each EPC once in a list.
    REPETITION = "repetition"
    #: Quantities are positive, whole without a unit, and units stand beside quantities only (7.3.3.3).
    QUANTITY = "quantity"
    #: Lists of EPCs name things, lists of quantities classes of them (7.3.3).
    LEVEL = "level"
    #: A unit is a code of UN/ECE Recommendation 20, and measures what the sensor report says.
    UNIT = "unit"
    #: Statistics of a sensor report fit together (7.3.7.3).
    STATISTICS = "statistics"
    #: A sensor's period begins before it ends (7.3.7.2).
    PERIOD = "period"
    #: The order of elements in XML.
    ORDER = "order"
    #: The length of a company prefix, where the installation's list tells it.
    COMPANY_PREFIX = "company-prefix"
    #: What the installation's profile of this kind of event demands.
    PROFILE = "profile"


class Forgiven(msgspec.Struct, frozen=True):
    """A rule that was broken and forgiven: where (JSON pointer), which, and what was found."""

    place: str
    rule: str
    detail: str


class Leniency(msgspec.Struct, frozen=True):
    """How strictly a source's events are read.

    ``rules`` are those that it may break; rules not in `FORGIVABLE` stay in force whatever is named there. ``profiles``
    are those of the installation, ``party`` the firm behind the source, by its canonical name, and ``company_prefixes``
    the list that the installation has.
    """

    rules: frozenset[str] = frozenset()
    profiles: tuple[Profile, ...] = ()
    party: str = ""
    company_prefixes: CompanyPrefixes = NONE

    @property
    def demands_more(self) -> bool:
        """Whether the installation demands more than the standard: see `suyuan.epcis.lenient_reader`."""
        return bool(self.profiles or self.company_prefixes.lengths)

    def covers(self, rule: str) -> bool:
        """Whether breaking this rule is forgiven."""
        return rule in self.rules and rule in FORGIVABLE


#: Rules that may be forgiven: breaking them leaves no doubt about what the event says.
FORGIVABLE = frozenset(
    {
        Rule.FIELD, Rule.OFFSET, Rule.IDENTIFIER, Rule.VOCABULARY, Rule.QUANTITY, Rule.UNIT,
        Rule.STATISTICS, Rule.PERIOD, Rule.ORDER, Rule.PROFILE,
        Rule.COMPANY_PREFIX, Rule.LEVEL,
    }
)  # fmt: skip
STRICT = Leniency()
LENIENT = Leniency(frozenset(FORGIVABLE))
#: Forgives only what changes nothing of what the event says: its content hash is that of the event as it was written.
LITERAL = Leniency(frozenset({Rule.ORDER, Rule.LEVEL, Rule.QUANTITY, Rule.UNIT, Rule.STATISTICS, Rule.PERIOD}))


class Pardon:
    """Collects what one event is forgiven."""

    def __init__(self, leniency: Leniency) -> None:
        self.leniency = leniency
        self.given: list[Forgiven] = []

    def ask(self, error: InvalidDocument) -> None:
        """Take note of a broken rule; raises the error where it is not forgiven, or where it is one too many."""
        if not self.leniency.covers(error.rule):
            raise error
        if len(self.given) >= MOST_FORGIVEN:
            raise InvalidDocument(
                f"more than {MOST_FORGIVEN} faults in one event; the next: {error.detail}",
                place=error.place,
                remedy=error.remedy,
                rule=error.rule,
            )
        self.given.append(Forgiven(error.place or "/", error.rule, error.detail[:500]))


#: Of strict readers: forgives nothing, and so keeps nothing.
NO_PARDON = Pardon(STRICT)
