"""Arrays in npz files, whole or piece by piece: written to equal bytes, read without trust."""

from __future__ import annotations

import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from sn7fast.errors import FormatError
from sn7fast.io.outputs import whole_file

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

# What reading a damaged file raises; the second line is for bits that ask for what zipfile lacks.
DAMAGE = (ValueError, EOFError, KeyError, TypeError, OSError, zipfile.BadZipFile, zlib.error,
           NotImplementedError, RuntimeError)  # fmt: skip

_SUFFIX = ".npy"

# Bytes that are compressed at a time; always the same, so that bytes do not depend on the pieces.
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """An array that is written piece by piece.

    Attributes:
        shape: Of the array.
        dtype: Of the array.
        pieces: Its rows from first to last, some at a time.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    pieces: Iterable[NDArray[Any]]


class ArrayReader:
    """An array of an npz file that is read from its first row to its last.

    Attributes:
        shape: Of the array.
        dtype: Of the array.
        left: Rows that have not been read.
    """

    def __init__(self, file: BinaryIO) -> None:
        version = np.lib.format.read_magic(file)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"got version {version} of npy, wanted 1.0 or 2.0")
        head = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        self.shape, is_fortran, self.dtype = head(file)
        if self.dtype.hasobject or (is_fortran and len(self.shape) > 1):
            raise ValueError(f"got {self.dtype} objects or columns first, wanted plain rows")
        self._file = file
        self.left = self.shape[0] if self.shape else 1

    def take(self, count: int | None = None) -> NDArray[Any]:
        """So many more rows, or all that are left.

        Raises:
            EOFError: There are fewer.
        """
        count = self.left if count is None else count
        row = self.dtype.itemsize * int(np.prod(self.shape[1:], dtype=np.int64))
        if not 0 <= count <= self.left:
            raise EOFError(f"got {self.left} more rows, wanted {count}")
        content = self._file.read(count * row)
        if len(content) != count * row:
            raise EOFError(f"got {len(content)} bytes, wanted {count * row}")
        self.left -= count
        if not self.left and self._file.read(1):
            # This also reads the checksum at the end.
            raise ValueError("got more bytes than rows")
        values = np.frombuffer(bytearray(content), self.dtype)
        return values.reshape((count, *self.shape[1:]) if self.shape else ())


class Npz:
    """An npz file that is open; see `open_npz`.

    Attributes:
        names: Of its arrays.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.names = tuple(
            name.removesuffix(_SUFFIX) for name in archive.namelist() if name.endswith(_SUFFIX)
        )

    @contextmanager
    def reader(self, name: str) -> Iterator[ArrayReader]:
        """An array to be read row by row; several may be open at once."""
        with self._archive.open(name + _SUFFIX) as file:
            yield ArrayReader(file)  # type: ignore[arg-type]

    def read(self, name: str) -> NDArray[Any]:
        """All of an array, also of one that has its columns first."""
        with self._archive.open(name + _SUFFIX) as file:
            values: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
            if file.read(1):
                # This also reads the checksum at the end.
                raise ValueError("got more bytes than rows")
        return values


@contextmanager
def open_npz(path: str | os.PathLike[str]) -> Iterator[Npz]:
    """An npz file to read from; nothing in it may need pickle.

    What goes wrong in the block when something is read is an error of the file, too.

    Raises:
        FormatError: The file is none, or a damaged one; names it.
        OSError: It cannot be read.
    """
    with Path(path).open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                yield Npz(archive)
        except DAMAGE as error:
            if isinstance(error, FormatError) or (isinstance(error, OSError) and error.errno):
                raise
            raise FormatError(f"{path}: cannot be read as npz: {error}") from error


def read_npz(
    path: str | os.PathLike[str], names: Collection[str] | None = None
) -> dict[str, NDArray[Any]]:
    """The arrays of an npz file by name; none that would need pickle.

    Args:
        path: File.
        names: Of those that are wanted; None means all.

    Raises:
        FormatError: The file is none, or a damaged one; names it.
        OSError: It cannot be read.
    """
    with open_npz(path) as archive:
        return {
            name: archive.read(name) for name in archive.names if names is None or name in names
        }


def write_npz(
    path: str | os.PathLike[str], arrays: Mapping[str, NDArray[Any] | Pieces], *, level: int = 6
) -> None:
    """Write arrays, whole or not at all; equal input, equal bytes.

    Args:
        path: File to write.
        arrays: By name; written in this order.
        level: Of the compression, 1 (fast) to 9.

    Raises:
        OSError: The file cannot be written.
    """
    with whole_file(path) as part, zipfile.ZipFile(
        part, "w", zipfile.ZIP_DEFLATED, compresslevel=level
    ) as archive:  # fmt: skip
        for name, values in arrays.items():
            if not isinstance(values, Pieces):
                array = np.asanyarray(values)
                values = Pieces(array.shape, array.dtype, [array])
            # Members that are opened by name have a fixed date.
            with archive.open(name + _SUFFIX, "w", force_zip64=True) as file:
                head = {
                    "descr": np.lib.format.dtype_to_descr(values.dtype),
                    "fortran_order": False,
                    "shape": values.shape,
                }
                np.lib.format.write_array_header_1_0(file, head)
                for block in _blocks(values.pieces):
                    file.write(block)


def _blocks(pieces: Iterable[NDArray[Any]]) -> Iterator[memoryview]:
    """The bytes of pieces, cut at the same places whatever the pieces."""
    rest = bytearray()
    for piece in pieces:
        flat = np.ascontiguousarray(piece).reshape(-1)
        content = flat.view(np.uint8).data if flat.size else memoryview(b"")
        start = 0
        if rest:
            start = min(_BLOCK - len(rest), len(content))
            rest += content[:start]
            if len(rest) == _BLOCK:
                yield memoryview(rest)
                rest = bytearray()
        whole = start + (len(content) - start) // _BLOCK * _BLOCK
        for first in range(start, whole, _BLOCK):
            yield content[first : first + _BLOCK]
        rest += content[whole:]
    if rest:
        yield memoryview(rest)
