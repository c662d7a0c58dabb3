"""Large documents into PostgreSQL, as the application's own role: what holds on SQLite holds here."""

from __future__ import annotations

import pytest
from tests.trace.test_large_capture import TestProceeding, TestPromises, TestResuming, TestStoring, small_parts

pytestmark = pytest.mark.postgres

__all__ = ["TestProceeding", "TestPromises", "TestResuming", "TestStoring", "small_parts"]
