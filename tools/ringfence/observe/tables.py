"""Files as streams of Arrow batches: lines with their numbers, and rows of CSV as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ringfence.observe.sieve import Batch
from ringfence.observe.troubles import Troubles

_BLOCK = 1 << 22


def lines(batches: Iterable[Batch]) -> Any:
    """A RecordBatchReader with the columns `line` and `text`."""
    import pyarrow as arrow

    schema = arrow.schema([("line", arrow.int64()), ("text", arrow.string())])

    def made() -> Iterator[Any]:
        for numbers, texts in batches:
            if numbers:
                columns = [arrow.array(numbers, arrow.int64()), arrow.array(texts, arrow.string())]
                yield arrow.RecordBatch.from_arrays(columns, schema=schema)

    return arrow.RecordBatchReader.from_batches(schema, made())


class _File:
    """Lines as a file, for Arrow's reader of CSV."""

    def __init__(self, batches: Iterable[Batch]) -> None:
        self._batches = iter(batches)
        self._rest = b""
        self.closed = False

    def read(self, size: int) -> bytes:
        while len(self._rest) < size:
            batch = next(self._batches, None)
            if batch is None:
                break
            self._rest += b"".join(text + b"\n" for text in batch[1])
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True


def rows(batches: Iterable[Batch], header: tuple[str, list[str]], where: str, troubles: Troubles) -> Any:
    """A RecordBatchReader of CSV, every column text. Rows with too many or too few values are counted."""
    import pyarrow as arrow
    from pyarrow import csv

    delimiter, names = header

    def bad(row: Any) -> str:
        troubles.add(where, "bad-row", line=row.number or 0, example=row.text or f"{row.actual_columns} values")
        return "skip"

    schema = arrow.schema([(name, arrow.string()) for name in names])

    def made() -> Iterator[Any]:
        try:
            reader = csv.open_csv(
                arrow.PythonFile(_File(batches), mode="r"),
                read_options=csv.ReadOptions(use_threads=False, block_size=_BLOCK),
                parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=bad),
                convert_options=csv.ConvertOptions(
                    column_types=schema, strings_can_be_null=True, null_values=[""], quoted_strings_can_be_null=True
                ),
            )
            for batch in reader:
                yield arrow.RecordBatch.from_arrays(batch.columns, schema=schema)
        except arrow.ArrowInvalid as error:
            troubles.add(where, "corrupt-file", example=str(error))

    return arrow.RecordBatchReader.from_batches(schema, made())
