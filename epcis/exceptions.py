"""Which exception of the standard an error of ours is (EPCIS 2.0, 8.2.5 and 12.5; the REST binding's problem types).

One table for all bindings: SOAP faults have the bare name, problem documents a URI of it. The machine-readable binding
knows one exception for whatever is not there, NoSuchNameException, and one for whatever is there already.
"""

from __future__ import annotations

from suyuan.base import errors
from suyuan.base.errors import SuyuanError

#: By the nearest class. What a question is refused for is told apart from what a document is: `exception_of`.
_EXCEPTIONS: dict[type[SuyuanError], str] = {
    errors.InvalidInput: "QueryParameterException",
    errors.InvalidDocument: "ValidationException",
    errors.InvalidSubscription: "SubscriptionControlsException",
    errors.SubscribeNotPermitted: "SubscribeNotPermittedException",
    errors.TooLarge: "CaptureLimitExceededException",
    errors.QueryTooLarge: "QueryTooLargeException",
    errors.QueryTooComplex: "QueryTooComplexException",
    errors.UnsupportedMedia: "UnsupportedMediaTypeException",
    errors.NotAcceptable: "NotAcceptableException",
    errors.AddressTooLong: "URITooLongException",
    errors.Unauthenticated: "SecurityException",
    errors.Forbidden: "SecurityException",
    errors.NotFound: "NoSuchNameException",
    errors.Conflict: "ResourceAlreadyExistsException",
    errors.Refused: "ValidationException",
    SuyuanError: "ImplementationException",
}
#: Prefix of the exceptions as problem types.
PROBLEM_PREFIX = "epcisException:"


def exception_of(kind: type[SuyuanError], capturing: bool = False) -> str:
    """The exception's name in the standard. ``capturing``: what was wrong is something to store, not a question."""
    name = next(_EXCEPTIONS[each] for each in kind.__mro__ if each in _EXCEPTIONS)
    return "ValidationException" if capturing and name == "QueryParameterException" else name
