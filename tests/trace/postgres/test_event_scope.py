"""Which events a firm may see, over PostgreSQL."""

from __future__ import annotations

import pytest
from tests.trace.test_event_scope import *  # noqa: F403 - each test of the module, with its fixture

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
