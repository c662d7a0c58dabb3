"""Named queries: what holds on SQLite holds on PostgreSQL."""

from __future__ import annotations

import pytest
from tests.trace.test_named_queries import *  # noqa: F403 - all of its tests and its ledger

pytestmark = pytest.mark.postgres
