"""Every error of ours has an exception of the standard."""

from __future__ import annotations

import pytest

from suyuan.base import errors
from suyuan.base.errors import SuyuanError
from suyuan.epcis.exceptions import exception_of


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (errors.InvalidInput, "QueryParameterException"), (errors.InvalidIdentifier, "QueryParameterException"),
        (errors.InvalidDocument, "ValidationException"),
        (errors.InvalidSubscription, "SubscriptionControlsException"),
        (errors.QueryTooLarge, "QueryTooLargeException"), (errors.QueryTooComplex, "QueryTooComplexException"),
        (errors.TooLarge, "CaptureLimitExceededException"), (errors.Forbidden, "SecurityException"),
        (errors.NotFound, "NoSuchNameException"), (errors.Conflict, "ResourceAlreadyExistsException"),
        (errors.Unavailable, "ImplementationException"), (errors.IntegrityBroken, "ImplementationException"),
    ],
)  # fmt: skip
def test_the_nearest_class_decides(kind: type[SuyuanError], name: str) -> None:
    assert exception_of(kind) == name


def test_what_is_wrong_with_something_to_store_is_no_question() -> None:
    assert exception_of(errors.InvalidIdentifier, capturing=True) == "ValidationException"
    assert exception_of(errors.TooLarge, capturing=True) == "CaptureLimitExceededException"
