"""The deadline of a search on PostgreSQL."""

from __future__ import annotations

import pytest
from tests.trace.scribe import Scribe
from tests.trace.test_query_deadline import (
    test_a_statement_ends_at_its_deadline_and_the_next_view_answers as ends,
)

pytestmark = pytest.mark.postgres


def test_a_statement_ends_at_its_deadline(scribe: Scribe) -> None:
    ends(scribe)
