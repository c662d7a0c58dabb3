"""The whole schema: importing this module has seen every table."""

from __future__ import annotations

from suyuan.base.database import metadata
from suyuan.chain import tables as chain_tables
from suyuan.labels import tables as label_tables
from suyuan.labels import tag_job_tables
from suyuan.regulators import tables as regulator_tables
from suyuan.trace import capture_tables, named_query_tables, subscription_tables, vocabulary_tables
from suyuan.trace import tables as trace_tables

#: The modules that define tables, so that a linter sees that the imports are wanted.
TABLE_MODULES = (
    chain_tables,
    trace_tables,
    capture_tables,
    regulator_tables,
    label_tables,
    tag_job_tables,
    vocabulary_tables,
    subscription_tables,
    named_query_tables,
)

__all__ = ["TABLE_MODULES", "metadata"]
