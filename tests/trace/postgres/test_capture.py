"""Capture into PostgreSQL, as the application's own role: what holds on SQLite holds here."""

from __future__ import annotations

import pytest
from tests.trace.test_capture import TestAnswers, TestConflicts, TestDuplicates, TestErrorDeclarations

pytestmark = pytest.mark.postgres

__all__ = ["TestAnswers", "TestConflicts", "TestDuplicates", "TestErrorDeclarations"]
