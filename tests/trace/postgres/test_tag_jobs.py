"""Tag-write jobs over PostgreSQL."""

from __future__ import annotations

import pytest
from tests.labels.test_tag_job_operations import (
    batch,
    test_a_chip_that_turns_out_to_carry_a_label_spoils_the_second,
    test_a_writer_is_taken_by_one_job_and_other_firms_learn_nothing_of_it,
    test_an_epc_that_may_be_on_a_chip_goes_on_that_chip_again_or_on_none,
    test_an_outcome_is_written_once,
    test_labels_that_are_spoken_for_are_refused,
    test_only_a_running_job_of_the_firm_writes,
)
from tests.trace.postgres.test_labels import desk

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

__all__ = [
    "batch", "desk", "test_a_chip_that_turns_out_to_carry_a_label_spoils_the_second",
    "test_a_writer_is_taken_by_one_job_and_other_firms_learn_nothing_of_it",
    "test_an_epc_that_may_be_on_a_chip_goes_on_that_chip_again_or_on_none", "test_an_outcome_is_written_once",
    "test_labels_that_are_spoken_for_are_refused", "test_only_a_running_job_of_the_firm_writes",
]  # fmt: skip
