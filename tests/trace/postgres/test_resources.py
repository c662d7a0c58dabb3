"""The collections of what events hold: what holds on SQLite holds on PostgreSQL."""

from __future__ import annotations

import pytest
from tests.trace.test_resources import *  # noqa: F403 - all of its tests and its ledger

pytestmark = pytest.mark.postgres
