"""Tables of EPCIS master data: elements of vocabularies, version by version (EPCIS 2.0 section 6.5, 9.6).

A version is never changed: it counts from the log index of the act that brought it until a later one of the same
element. ``owner`` is who said it, a party's canonical name or ``key:<id>``, empty for the administrator.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text, UniqueConstraint

from suyuan.base.database import BigInt, metadata

#: ``class_key`` and ``serial`` name the element as the ledger names things (`suyuan.gs1.names.Name`), with ``term`` as
#: the class where the vocabulary is one of words; ``name`` is the id as it was written, ``body`` the element's JSON.
vocabulary_element = Table(
    "vocabulary_element", metadata,
    Column("id", BigInt, primary_key=True, autoincrement=False),
    Column("type", Text, nullable=False),
    Column("class_key", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("idx", BigInt, nullable=False),
    Column("name", Text, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("class_key", "serial", "type", "owner", "idx"),
)  # fmt: skip
Index("ix_vocabulary_element_type_idx", vocabulary_element.c.type, vocabulary_element.c.idx)

#: Attributes of a version, for queries: ``value`` is NULL where it is no string, number or truth value.
vocabulary_attribute = Table(
    "vocabulary_attribute", metadata,
    Column("element", BigInt, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("attribute", Text, nullable=False),
    Column("value", Text),
)  # fmt: skip
Index("ix_vocabulary_attribute_attribute_value", vocabulary_attribute.c.attribute, vocabulary_attribute.c.value)

#: The direct children of a version, named as elements are.
vocabulary_child = Table(
    "vocabulary_child", metadata,
    Column("element", BigInt, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("class_key", Text, nullable=False),
    Column("serial", Text, nullable=False),
)  # fmt: skip
