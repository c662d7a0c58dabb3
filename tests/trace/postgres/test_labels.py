"""Labels over PostgreSQL: numbers are taken once, marks come with their events, no EPC gets on two tags."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.labels.desk import Desk, desk_in
from tests.labels.test_allocation import (
    test_a_group_that_is_rolled_back_leaves_its_numbers_to_the_next,
    test_serials_of_the_ledger_and_of_other_labels_are_never_taken_again,
    test_ssccs_come_in_sequence_per_prefix_and_extension_over_all_batches,
    test_the_same_request_gives_the_same_labels_and_takes_no_more,
)
from tests.labels.test_marking import TestPacking, TestTags, batch, test_a_crash_between_marks_and_events_leaves_neither
from tests.trace.postgres.conftest import WRITER, Cluster

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

__all__ = [
    "TestPacking", "TestTags", "batch", "test_a_crash_between_marks_and_events_leaves_neither",
    "test_a_group_that_is_rolled_back_leaves_its_numbers_to_the_next",
    "test_serials_of_the_ledger_and_of_other_labels_are_never_taken_again",
    "test_ssccs_come_in_sequence_per_prefix_and_extension_over_all_batches",
    "test_the_same_request_gives_the_same_labels_and_takes_no_more",
]  # fmt: skip


@pytest.fixture
def desk(cluster: Cluster, database: str, tmp_path: Path) -> Iterator[Desk]:
    """A producer's desk."""
    folder = tmp_path / "desk"
    folder.mkdir()
    with desk_in(folder, cluster.url(database, WRITER)) as found:
        yield found
