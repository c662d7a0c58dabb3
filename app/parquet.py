"""Exported events as Parquet, for pandas, Spark and the like. Needs pyarrow: ``pip install 'suyuan[parquet]'``."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from suyuan.app.ledger_files import EVENTS_IN_DOCUMENT, told
from suyuan.base.errors import InvalidDocument, InvalidSetting
from suyuan.epcis.json_codec import write_document
from suyuan.trace.ledger_export import ExportedEvent, ExportedThing

#: Columns that are not plain text; the order is that of `ExportedEvent`.
_TIMES = frozenset({"time", "record_time"})


class ParquetFiles:
    """One row an event; ``things`` is a list of structs, ``body`` and ``context`` are the exact JSON texts."""

    suffix = ".parquet"

    def __init__(self) -> None:
        """Raises `InvalidSetting` where pyarrow is not installed."""
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError:
            raise InvalidSetting(
                "Parquet needs pyarrow, which is not installed", remedy="pip install 'suyuan[parquet]'"
            ) from None
        self._arrow, self._parquet = pa, pq

    def _schema(self) -> Any:
        arrow = self._arrow
        thing = arrow.struct(
            [("id", arrow.string()), ("role", arrow.string()), ("quantity", arrow.float64()), ("uom", arrow.string())]
        )
        kinds = {
            "index": arrow.int64(), "offset": arrow.int16(), "declaration": arrow.bool_(), "things": arrow.list_(thing),
            **dict.fromkeys(_TIMES, arrow.timestamp("us", tz="UTC")),
        }  # fmt: skip
        return arrow.schema([(name, kinds.get(name, arrow.string())) for name in ExportedEvent.__struct_fields__])

    def write(self, events: Sequence[ExportedEvent]) -> bytes:
        """One file, compressed with zstd."""
        rows = [_row(event) for event in events]
        table = self._arrow.Table.from_pylist(rows, schema=self._schema())
        out = io.BytesIO()
        self._parquet.write_table(table, out, compression="zstd")
        return out.getvalue()

    def documents(self, content: bytes) -> Iterator[bytes]:
        """The events as EPCIS documents; `InvalidDocument` where the file is none of ours."""
        try:
            file = self._parquet.ParquetFile(io.BytesIO(content))
            if file.schema_arrow != self._schema():
                raise InvalidDocument("its columns are not those of an export")
            for batch in file.iter_batches(EVENTS_IN_DOCUMENT):
                rows = batch.cast(self._untimed()).to_pylist()
                yield write_document((told(_event(row)) for row in rows), creation_date=rows[0]["record_time"])
        except (self._arrow.ArrowException, msgspec.MsgspecError) as error:
            raise InvalidDocument(f"not a Parquet file of an export: {error}"[:300]) from None

    def _untimed(self) -> Any:
        """Times as numbers again: Python's own type would be slower, and knows fewer years."""
        arrow = self._arrow
        return arrow.schema(
            [(field.name, arrow.int64() if field.name in _TIMES else field.type) for field in self._schema()]
        )


def _row(event: ExportedEvent) -> dict[str, Any]:
    row = msgspec.structs.asdict(event)
    row["things"] = [msgspec.structs.asdict(thing) for thing in event.things]
    row["body"], row["context"] = event.body.decode(), event.context.decode()
    return row


def _event(row: dict[str, Any]) -> ExportedEvent:
    row["things"] = [ExportedThing(**thing) for thing in row["things"]]
    row["body"], row["context"] = row["body"].encode(), row["context"].encode()
    return ExportedEvent(**row)
