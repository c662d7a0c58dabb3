"""What else operations write and requests read, over PostgreSQL: the tests of SQLite, on a ledger of this one's."""

from __future__ import annotations

import pytest
from tests.trace.test_large_capture import *  # noqa: F403 - each test of these modules, with its fixtures
from tests.trace.test_lenient_capture import *  # noqa: F403
from tests.trace.test_named_queries import *  # noqa: F403
from tests.trace.test_page_tokens import *  # noqa: F403
from tests.trace.test_resources import *  # noqa: F403
from tests.trace.test_visibility import *  # type: ignore[assignment]  # noqa: F403 - helpers of one name there
from tests.trace.test_vocabularies import *  # noqa: F403

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

# It changes rows as whoever owns SQLite's file can; here the role may not, which `test_append_only` holds.
del test_rows_that_somebody_changes_are_not_those_of_the_log  # noqa: F821 - from a module above
