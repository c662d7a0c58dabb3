"""Which exception of the query control interface a refusal is (EPCIS 1.2 and 2.0, section 8.2.6).

SOAP tells apart what the REST binding calls by one name: a missing query from a missing subscription, and what is wrong
with a subscription.
"""

from __future__ import annotations

from suyuan.base.errors import Conflict, InvalidSubscription, NotFound, QueryTooLarge, SuyuanError, TooLarge
from suyuan.epcis.exceptions import exception_of

#: Exceptions that the operations of the interface know.
_KNOWN = frozenset(
    {
        "NoSuchNameException", "NoSuchSubscriptionException", "DuplicateSubscriptionException", "InvalidURIException",
        "QueryParameterException", "QueryTooLargeException", "QueryTooComplexException",
        "SubscriptionControlsException", "SubscribeNotPermittedException", "SecurityException", "ValidationException",
        "ImplementationException",
    }
)  # fmt: skip
_BY_OPERATION: dict[tuple[str, type[SuyuanError]], str] = {
    ("Unsubscribe", NotFound): "NoSuchSubscriptionException",
    ("Subscribe", Conflict): "DuplicateSubscriptionException",
    ("Subscribe", TooLarge): "SubscribeNotPermittedException",
}


def fault_name(error: SuyuanError, operation: str) -> str:
    """The exception's name; ``operation`` is empty where the call could not be read."""
    if isinstance(error, InvalidSubscription) and error.place == "dest":
        return "InvalidURIException"
    special = _BY_OPERATION.get((operation, type(error)))
    name = special or exception_of(type(error), capturing=not operation)
    if name in _KNOWN:
        return name
    return "ValidationException" if error.status < 500 else "ImplementationException"


def fault_members(error: SuyuanError, name: str, query_name: str, subscription_id: str) -> dict[str, str]:
    """What the exception has beside its reason."""
    if name == "ImplementationException":
        return {"severity": "ERROR", "queryName": query_name, "subscriptionID": subscription_id}
    if isinstance(error, QueryTooLarge):
        return {"queryName": query_name, "subscriptionID": subscription_id}
    return {}
