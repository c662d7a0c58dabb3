"""The one exception tree of Suyuan.

The split is by what the caller can do about it::

    SuyuanError
    ├── Refused                  the caller must change something (HTTP 4xx, exit code 2)
    │   ├── InvalidInput         400: malformed, or against a rule of the standard
    │   │   ├── InvalidIdentifier    a GS1 key, EPC, tag encoding or Digital Link
    │   │   ├── InvalidFrame         an LLRP message or parameter
    │   │   ├── InvalidDocument      an EPCIS document or event
    │   │   ├── InvalidProof         a checkpoint, note, proof or bundle
    │   │   ├── InvalidSetting       a setting, flag or configuration file
    │   │   └── InvalidSubscription  how a standing query is to run, or where it reports to
    │   ├── SubscribeNotPermitted    400: a query that is only polled
    │   ├── TooLarge             413: over a configured limit
    │   │   ├── QueryTooLarge        an answer of more events than the asker or the service allows
    │   │   └── QueryTooComplex      a question that would take too long
    │   ├── TooSlow              408: a body that does not come in
    │   ├── UnsupportedMedia     415: a media type or encoding nobody here reads
    │   ├── NotAcceptable        406: an answer was asked for in a form that nobody here writes
    │   ├── AddressTooLong       414: the URL is longer than is read
    │   ├── Unauthenticated      401: no key, or one that is unknown, expired or revoked
    │   ├── Forbidden            403: a valid key whose role does not cover this
    │   ├── NotFound             404
    │   └── Conflict             409: the same name with other content
    ├── Unavailable              503: try again later, nothing was changed
    └── IntegrityBroken          stop: what is stored contradicts what was signed

`app.problems` turns the tree into RFC 9457 problem details; the command line prints one line.
"""

from __future__ import annotations

from typing import ClassVar


class SuyuanError(Exception):
    """Something went wrong in Suyuan.

    ``detail`` says what was found and what was expected, ``place`` where (a JSON pointer, a byte offset, a line,
    a flag), ``remedy`` what to do about it. The class docstring's first line is the default detail.
    """

    #: Name of the problem type in URLs and logs: stable, lower case, with hyphens.
    slug: ClassVar[str] = "error"
    #: HTTP status that `app.problems` answers with.
    status: ClassVar[int] = 500

    def __init__(self, detail: str | None = None, *, place: str | None = None, remedy: str | None = None) -> None:
        self.detail = detail or (type(self).__doc__ or "").splitlines()[0]
        self.place = place
        self.remedy = remedy
        super().__init__(self.detail)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.detail, self.place, self.remedy))

    def __str__(self) -> str:
        """One line: place, detail and remedy."""
        where = f"{self.place}: " if self.place else ""
        cure = f" ({self.remedy})" if self.remedy else ""
        return f"{where}{self.detail}{cure}"


def _rebuild(kind: type[SuyuanError], detail: str, place: str | None, remedy: str | None) -> SuyuanError:
    return kind(detail, place=place, remedy=remedy)


class Refused(SuyuanError):
    """The request cannot be carried out as it is."""

    slug = "refused"
    status = 400


class InvalidInput(Refused):
    """The input is malformed or breaks a rule of its standard."""

    slug = "invalid-input"


class InvalidIdentifier(InvalidInput):
    """This is not a valid GS1 identifier."""

    slug = "invalid-identifier"


class InvalidFrame(InvalidInput):
    """This is not a valid LLRP message."""

    slug = "invalid-frame"


class InvalidDocument(InvalidInput):
    """This is not a valid EPCIS document or event."""

    slug = "invalid-document"

    def __init__(
        self,
        detail: str | None = None,
        *,
        place: str | None = None,
        remedy: str | None = None,
        rule: str = "form",
        others: tuple[SuyuanError, ...] = (),
    ) -> None:
        #: The rule that was broken, by its name in `suyuan.epcis.leniency.Rule`.
        self.rule = rule
        #: What else is wrong with the document, where somebody has looked.
        self.others = others
        super().__init__(detail, place=place, remedy=remedy)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_document, (type(self), self.detail, self.place, self.remedy, self.rule, self.others))


def _rebuild_document(
    kind: type[InvalidDocument],
    detail: str,
    place: str | None,
    remedy: str | None,
    rule: str,
    others: tuple[SuyuanError, ...],
) -> InvalidDocument:
    return kind(detail, place=place, remedy=remedy, rule=rule, others=others)


class InvalidProof(InvalidInput):
    """This proof does not hold."""

    slug = "invalid-proof"


class InvalidSetting(InvalidInput):
    """This setting cannot be used."""

    slug = "invalid-setting"


class InvalidSubscription(InvalidInput):
    """These are not valid controls of a subscription."""

    slug = "invalid-subscription"


class SubscribeNotPermitted(Refused):
    """This query cannot be subscribed to."""

    slug = "subscribe-not-permitted"


class TooLarge(Refused):
    """The input is over the configured limit."""

    slug = "too-large"
    status = 413


class QueryTooLarge(TooLarge):
    """The answer would be larger than was allowed."""

    slug = "query-too-large"


class QueryTooComplex(TooLarge):
    """The question takes more work than one may ask for."""

    slug = "query-too-complex"


class TooSlow(Refused):
    """The request's body did not come in in time."""

    slug = "too-slow"
    status = 408


class UnsupportedMedia(Refused):
    """Nothing here reads this media type."""

    slug = "unsupported-media-type"
    status = 415


class NotAcceptable(Refused):
    """Nothing here can answer in the form that was asked for."""

    slug = "not-acceptable"
    status = 406


class AddressTooLong(Refused):
    """The address is longer than is read here."""

    slug = "address-too-long"
    status = 414


class Unauthenticated(Refused):
    """A valid API key is needed."""

    slug = "unauthenticated"
    status = 401


class Forbidden(Refused):
    """The key's role does not allow this."""

    slug = "forbidden"
    status = 403


class NotFound(Refused):
    """There is nothing under this name."""

    slug = "not-found"
    status = 404


class Conflict(Refused):
    """The same name is already taken by other content."""

    slug = "conflict"
    status = 409


class Unavailable(SuyuanError):
    """Not now: try again in a few seconds. Nothing was changed."""

    slug = "unavailable"
    status = 503


class IntegrityBroken(SuyuanError):
    """What is stored contradicts what was signed."""

    slug = "integrity-broken"
    status = 500
