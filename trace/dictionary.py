"""The writer's dictionary: words, classes and things to their dense ids, new ids in order of first appearance.

Only the writer uses it, inside its transaction, so ids have no gaps and a replay of the log gives the same ones
(DESIGN section 4). What a rolled-back transaction learned is forgotten by `Dictionary.forget`, and what is committed is
looked up again at the next use: a rollback itself asks the database nothing, because it may be the database that fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from suyuan.gs1.names import Name
from suyuan.trace.tables import thing, thing_class
from suyuan.trace.write_database import WriteDatabase

#: Entries of each cache; past that it is emptied, which costs one look-up for each name met again.
_CACHE_ENTRIES = 100_000


class Dictionary:
    """Ids of words, classes and things over the writer's connection."""

    def __init__(self, db: WriteDatabase) -> None:
        self._db = db
        self.forget()

    def forget(self) -> None:
        """Start again from what is committed: after a rollback the caches name ids that do not exist."""
        self._terms: dict[str, int] = {}
        self._classes: dict[str, tuple[int, int | None]] = {}
        self._things: dict[Name, int] = {}
        self._next: dict[str, int] = {}

    def forget_ends(self) -> None:
        """Another writer has written: ids stay what they are; the next ones and unknown lengths are read anew."""
        self._next = {}
        self._classes = {key: known for key, known in self._classes.items() if known[1] is not None}

    def _take(self, table: str, count: int) -> int:
        """The first of the next ``count`` ids of a table."""
        if table not in self._next:
            self._next[table] = self._after(table)
        first = self._next[table]
        self._next[table] += count
        return first

    def _after(self, table: str) -> int:
        row = self._db.execute(f"SELECT COALESCE(MAX(id), 0) + 1 FROM {table}").fetchone()  # noqa: S608 - a constant
        return int(row[0])

    def term(self, value: str | None) -> int | None:
        """The id of a word; None stays None."""
        if value is None:
            return None
        found = self._terms.get(value)
        if found is None:
            found = self._terms[value] = self._find_term(value)
            if len(self._terms) > _CACHE_ENTRIES:
                self._terms = {value: found}
        return found

    def _find_term(self, value: str) -> int:
        row = self._db.execute("SELECT id FROM term WHERE value = ?", (value,)).fetchone()
        if row:
            return int(row[0])
        term = self._take("term", 1)
        self._db.execute("INSERT INTO term (id, value) VALUES (?, ?)", (term, value))
        return term

    def things(self, names: Iterable[Name]) -> Mapping[Name, int]:
        """Ids of all these things, and of others met before; unknown ones get the next ids in the order given.

        The mapping is the cache itself, which the next call may change.
        """
        self._trim()
        known = self._things
        missing = [name for name in dict.fromkeys(names) if name not in known]
        if missing:
            self._find_classes(missing)
            classes = self._classes
            keys = {name: (classes[name.class_key][0], name.serial) for name in missing}
            ids = self._find_things(list(dict.fromkeys(keys.values())))
            known.update({name: ids[key] for name, key in keys.items()})
        return known

    def _trim(self) -> None:
        if len(self._things) > _CACHE_ENTRIES:
            self._things = {}
        if len(self._classes) > _CACHE_ENTRIES:
            self._classes = {}

    def _find_classes(self, names: Iterable[Name]) -> None:
        lengths: dict[str, int | None] = {}
        for class_key, _, length in names:
            if lengths.get(class_key) is None:
                lengths[class_key] = length
        missing = [key for key in lengths if key not in self._classes]
        if missing:
            self._load_classes(missing)
            fresh = [key for key in missing if key not in self._classes]
            first = self._take("thing_class", len(fresh))
            rows = [(first + place, key, lengths[key]) for place, key in enumerate(fresh)]
            self._db.insert(thing_class, rows)
            self._classes.update({key: (class_id, length) for class_id, key, length in rows})
        for key, length in lengths.items():
            if length is not None and self._classes[key][1] is None:
                self._learn_length(key, length)

    def _load_classes(self, keys: list[str]) -> None:
        rows = self._db.by_keys(
            "SELECT c.key, c.id, c.company_prefix_length FROM {keys} thing_class c ON c.key = f.a",
            ["text"],
            [(key,) for key in keys],
        )
        self._classes.update({key: (class_id, length) for key, class_id, length in rows})

    def _learn_length(self, key: str, length: int) -> None:
        """A link that came first did not say how long the company prefix is; the first EPC URI does."""
        class_id = self._classes[key][0]
        self._db.execute("UPDATE thing_class SET company_prefix_length = ? WHERE id = ?", (length, class_id))
        self._classes[key] = (class_id, length)

    def _find_things(self, keys: list[tuple[int, str]]) -> dict[tuple[int, str], int]:
        """Ids by class and serial."""
        rows = self._db.by_keys(
            "SELECT t.class_id, t.serial, t.id FROM {keys} thing t ON t.class_id = f.a AND t.serial = f.b",
            ["bigint", "text"],
            keys,
        )
        ids = {(class_id, serial): number for class_id, serial, number in rows}
        fresh = [key for key in keys if key not in ids]
        first = self._take("thing", len(fresh))
        new = [(first + place, *key) for place, key in enumerate(fresh)]
        self._db.insert(thing, new)
        ids.update({(class_id, serial): number for number, class_id, serial in new})
        return ids
