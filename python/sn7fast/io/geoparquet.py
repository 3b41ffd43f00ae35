"""GeoParquet 1.1: the metadata of geometry columns, and writing of tables as whole files."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from sn7fast._optional import require
from sn7fast.errors import FormatError, InputError
from sn7fast.io.outputs import whole_file

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

# Rows that a reader can pass over by their bounds.
_GROUP_ROWS = 65_536

_FORMAT = {"compression": "zstd", "compression_level": 6, "write_page_checksum": True}


def geometry_metadata(
    encoding: str, kinds: list[str], crs: str | None, bounds: NDArray[np.float64]
) -> dict[str, Any]:
    """What the ``geo`` metadata says about one column, ``geometry``, covered by ``bbox``.

    Args:
        encoding: ``polygon``, ``multipolygon``, ``point`` or ``WKB``.
        kinds: Types of its geometries.
        crs: As text, or None for none.
        bounds: float64 (n, 4): min x, min y, max x, max y; NaN where empty.

    Raises:
        InputError: The CRS is none.
        MissingDependencyError: pyproj is not installed.
    """
    column: dict[str, Any] = {
        "encoding": encoding,
        "geometry_types": kinds,
        "crs": None if crs is None else projjson(crs),
        "covering": {"bbox": {name: ["bbox", name] for name in ("xmin", "ymin", "xmax", "ymax")}},
    }
    known = bounds[~np.isnan(bounds[:, 0])]
    if len(known):
        column["bbox"] = [*known[:, :2].min(0).tolist(), *known[:, 2:].max(0).tolist()]
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}


def projjson(crs: str) -> dict[str, Any]:
    """PROJ's JSON for a CRS.

    Raises:
        InputError: It is none that PROJ understands.
        MissingDependencyError: pyproj is not installed.
    """
    pyproj = require("pyproj", extra="vector")
    try:
        out: dict[str, Any] = pyproj.CRS.from_user_input(crs).to_json_dict()
    except pyproj.exceptions.CRSError as error:
        raise InputError(f"crs: got {crs!r}, which PROJ does not understand: {error}") from error
    return out


def bbox_column(bounds: NDArray[np.float64]) -> Any:  # noqa: ANN401 - pyarrow
    """The covering of each row as a struct; null where it is empty."""
    pa = require("pyarrow", extra="vector")
    names = ("xmin", "ymin", "xmax", "ymax")
    columns = [pa.array(np.ascontiguousarray(values)) for values in bounds.T]
    return pa.StructArray.from_arrays(columns, names, mask=pa.array(np.isnan(bounds[:, 0])))


def plain_column(values: NDArray[Any]) -> Any:  # noqa: ANN401 - pyarrow
    """A column of numbers (NaN as null), truth values or texts."""
    pa = require("pyarrow", extra="vector")
    if values.dtype.kind == "O":
        return pa.array(values, pa.string())
    return pa.array(values, from_pandas=True)


def numpy_column(column: Any) -> NDArray[Any]:  # noqa: ANN401 - pyarrow
    """The inverse of `plain_column`."""
    pa = require("pyarrow", extra="vector")
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    out: NDArray[Any] = column.to_numpy()
    return out


def write_table(
    path: str | os.PathLike[str],
    columns: Mapping[str, Any],
    metadata: Mapping[str, Any],
    *,
    repetitive: list[str],
) -> None:
    """Write arrow columns as a Parquet file, whole or not at all; equal input, equal bytes.

    Args:
        path: File to write.
        columns: Arrow arrays by name.
        metadata: What is kept as JSON in the file's metadata, by key.
        repetitive: Columns of few values, stored as dictionaries.

    Raises:
        OSError: The file cannot be written.
    """
    pa, parquet = require("pyarrow", extra="vector"), require("pyarrow.parquet", extra="vector")
    texts = {key: json.dumps(value, separators=(",", ":")) for key, value in metadata.items()}
    table = pa.table(dict(columns)).replace_schema_metadata(texts)
    # pyarrow writes to a file of ours, so that errors come with their number.
    with whole_file(path) as part, part.open("wb") as file:
        parquet.write_table(
            table,
            file,
            row_group_size=_GROUP_ROWS,
            use_dictionary=repetitive,
            **_FORMAT,
        )


class TableParts:
    """A Parquet file that grows part by part; see `open_table`.

    Attributes:
        metadata: What is kept as JSON in the file's metadata, by key; to be set before the end.
    """

    def __init__(self, file: BinaryIO, repetitive: list[str]) -> None:
        self.metadata: Mapping[str, Any] = {}
        self._file, self._repetitive = file, repetitive
        self._writer: Any = None
        self._waiting: list[Any] = []

    def write(self, columns: Mapping[str, Any]) -> None:
        """Further rows: arrow arrays by name, of the types of the first part."""
        pa, parquet = require("pyarrow", extra="vector"), require("pyarrow.parquet", extra="vector")
        table = pa.table(dict(columns))
        if self._writer is None:
            self._writer = parquet.ParquetWriter(
                self._file, table.schema, use_dictionary=self._repetitive, **_FORMAT
            )
        self._waiting.append(table)
        while sum(map(len, self._waiting)) >= _GROUP_ROWS:
            waiting = pa.concat_tables(self._waiting)
            self._writer.write_table(waiting.slice(0, _GROUP_ROWS))
            self._waiting = [waiting.slice(_GROUP_ROWS)]

    def finish(self) -> None:
        """All rows have come."""
        pa = require("pyarrow", extra="vector")
        if self._writer is None:
            raise InputError("columns: got no part, wanted at least one")
        waiting = pa.concat_tables(self._waiting)
        if len(waiting):
            self._writer.write_table(waiting)
        texts = {k: json.dumps(v, separators=(",", ":")) for k, v in self.metadata.items()}
        self._writer.add_key_value_metadata(texts)
        self._writer.close()


@contextmanager
def open_table(path: str | os.PathLike[str], *, repetitive: list[str]) -> Iterator[TableParts]:
    """A Parquet file to be written part by part, whole or not at all; see `write_table`.

    In memory is one group of rows. Equal rows give equal bytes, however they come in parts.

    Raises:
        InputError: Nothing was written.
        OSError: The file cannot be written.
    """
    with whole_file(path) as part, part.open("wb") as file:
        table = TableParts(file, repetitive)
        yield table
        table.finish()


def read_table(path: str | os.PathLike[str]) -> tuple[Any, dict[str, Any]]:
    """A Parquet file as a ``pyarrow.Table``, and its metadata that are JSON, by key.

    Raises:
        FormatError: It is no Parquet file, or a damaged one; names it.
        OSError: The file cannot be read.
    """
    pa, parquet = require("pyarrow", extra="vector"), require("pyarrow.parquet", extra="vector")
    with open(path, "rb") as file:  # noqa: PTH123 - any path-like
        try:
            table = parquet.ParquetFile(file, page_checksum_verification=True).read()
        except (pa.ArrowException, OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno:
                raise
            raise FormatError(f"{path}: no Parquet file, or a damaged one: {error}") from error
    found: dict[str, Any] = {}
    for key, text in (table.schema.metadata or {}).items():
        try:
            found[key.decode(errors="replace")] = json.loads(text)
        except ValueError:
            continue
    return table, found
