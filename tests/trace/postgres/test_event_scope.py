"""What a firm may see of events: what holds on SQLite holds on PostgreSQL."""

from __future__ import annotations

import pytest
from tests.trace.test_event_scope import *  # noqa: F403 - all of its tests and its ledger

pytestmark = pytest.mark.postgres
