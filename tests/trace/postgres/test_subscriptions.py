"""Subscriptions over PostgreSQL: the same deliveries, with the application's own role."""

from __future__ import annotations

import pytest
from tests.trace.test_subscription_runner import (
    receiver,
    subscriber,
    test_a_backlog_comes_in_bounded_reports_and_in_order,
    test_a_firm_gets_only_what_it_may_see,
    test_a_receiver_that_is_gone_for_good_ends_its_subscription,
    test_a_schedule_runs_at_its_times_and_says_nothing_when_there_is_nothing,
    test_after_the_runners_death_the_batch_that_was_begun_comes_again,
    test_only_what_the_query_asks_for_is_reported,
)

pytestmark = pytest.mark.postgres

__all__ = [
    "receiver",
    "subscriber",
    "test_a_backlog_comes_in_bounded_reports_and_in_order",
    "test_a_firm_gets_only_what_it_may_see",
    "test_a_receiver_that_is_gone_for_good_ends_its_subscription",
    "test_a_schedule_runs_at_its_times_and_says_nothing_when_there_is_nothing",
    "test_after_the_runners_death_the_batch_that_was_begun_comes_again",
    "test_only_what_the_query_asks_for_is_reported",
]
