"""Arrays in npz files, whole or piece by piece: written to equal bytes, read without trust."""

from __future__ import annotations

import math
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sn7fast.errors import FormatError
from sn7fast.io.outputs import whole_file

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from typing import IO

    from numpy.typing import NDArray

# What reading a damaged file raises; the second line is for bits that ask for what zipfile lacks.
_DAMAGE = (ValueError, EOFError, KeyError, TypeError, OSError, zipfile.BadZipFile, zlib.error,
            NotImplementedError, RuntimeError)  # fmt: skip

_SUFFIX = ".npy"

# Of versions 1.0 and 2.0; 3.0 is for names of fields that are not in ASCII, and here are none.
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}

# Bytes that are packed or unpacked at a time; always the same, so that a file does not depend on
# the pieces of its arrays.
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


@dataclass(frozen=True, slots=True)
class ArrayHead:
    """What stands before the bytes of an array.

    Attributes:
        shape: Of the array.
        is_fortran: True if its columns come first.
        dtype: Of the array.
    """

    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype[Any]

    @classmethod
    def of(cls, file: IO[bytes]) -> ArrayHead:
        """The head of a member that is open; what comes next are the bytes of the array."""
        version = np.lib.format.read_magic(file)
        if version not in _HEADERS:
            raise ValueError(f"got an array in version {version} of npy, wanted 1.0 or 2.0")
        shape, is_fortran, dtype = _HEADERS[version](file)
        if dtype.hasobject:
            raise ValueError("got an array of objects, wanted numbers or texts")
        return cls(shape, is_fortran and len(shape) > 1, dtype)

    @property
    def size_bytes(self) -> int:
        """Of the array."""
        return math.prod(self.shape) * self.dtype.itemsize


class ArrayReader:
    """An array of an npz file that is read from its first row to its last.

    Attributes:
        left: Rows that have not been read.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._head = ArrayHead.of(file)
        if self._head.is_fortran:
            raise ValueError("got an array with columns first, wanted rows first")
        self._file = file
        self._row = self._head.shape[1:]
        self.left = self._head.shape[0] if self._head.shape else 1

    def take(self, count: int) -> NDArray[Any]:
        """So many more rows.

        Raises:
            EOFError: There are fewer.
        """
        size = self._head.dtype.itemsize * math.prod(self._row)
        if not 0 <= count <= self.left:
            raise EOFError(f"got {self.left} more rows, wanted {count}")
        content = self._file.read(count * size)
        if len(content) != count * size:
            raise EOFError(f"got {len(content)} bytes, wanted {count * size}")
        self.left -= count
        if not self.left:
            _check_end(self._file)
        values = np.frombuffer(bytearray(content), self._head.dtype)
        return values.reshape(count, *self._row)


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

    def head(self, name: str) -> ArrayHead:
        """What an array is."""
        with self._archive.open(name + _SUFFIX) as file:
            return ArrayHead.of(file)

    @contextmanager
    def reader(self, name: str) -> Iterator[ArrayReader]:
        """An array to be read row by row; several may be open at once."""
        with self._archive.open(name + _SUFFIX) as file:
            yield ArrayReader(file)

    def read(self, name: str) -> NDArray[Any]:
        """All of an array."""
        with self._archive.open(name + _SUFFIX) as file:
            head = ArrayHead.of(file)
            size = self._archive.getinfo(name + _SUFFIX).file_size
            if head.size_bytes > size:
                # Before so much is asked for.
                raise EOFError(f"{name} has {size} bytes, wanted {head.size_bytes}")
            content = bytearray(head.size_bytes)
            count = 0
            while more := file.readinto(memoryview(content)[count:]):  # type: ignore[attr-defined]
                count += more
            if count < len(content):
                raise EOFError(f"{name} lacks {len(content) - count} bytes")
            _check_end(file)
        order: Literal["F", "C"] = "F" if head.is_fortran else "C"
        return np.ndarray(head.shape, head.dtype, content, order=order)

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of an array, some at a time."""
        with self._archive.open(name + _SUFFIX) as file:
            left = ArrayHead.of(file).size_bytes
            while left:
                piece = file.read(min(left, _BLOCK))
                if not piece:
                    raise EOFError(f"{name} lacks {left} bytes")
                left -= len(piece)
                yield piece
            _check_end(file)


def _check_end(file: IO[bytes]) -> None:
    """Nothing more comes; looking for it compares the checksum, too."""
    if file.read(1):
        raise ValueError("got more bytes than an array has")


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
        except _DAMAGE as error:
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
