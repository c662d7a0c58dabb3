"""The same random queries over PostgreSQL."""

from __future__ import annotations

import pytest
from tests.trace.scribe import Scribe
from tests.trace.test_random_queries import check

pytestmark = pytest.mark.postgres


def test_every_query_finds_what_the_standard_says(scribe: Scribe) -> None:
    assert check(scribe, 7, 150, 200) > 0.4
