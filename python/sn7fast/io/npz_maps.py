"""Arrays of npz files that are larger than memory: what they are, and their bytes on disk.

Members of an npz file are streams from which no row can be taken alone. So a large one is unpacked,
piece by piece, into a file without a name, which is gone with the last use of its array however the
process ends.
"""

from __future__ import annotations

import math
import mmap
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.errors import FormatError
from sn7fast.io.npz import DAMAGE

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterator
    from typing import IO

    from numpy.typing import NDArray

_PIECE = 1 << 20

# Of versions 1.0 and 2.0; 3.0 is for names of fields that are not in ASCII, and here are none.
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_npz_heads(path: str | os.PathLike[str], large: Collection[str]) -> dict[str, NDArray[Any]]:
    """The arrays of an npz file, some of which have a shape and a type, and zeros for pixels.

    Args:
        path: File.
        large: Names of arrays whose pixels are not read; the zeros take no memory.

    Raises:
        FormatError: The file is none, or a damaged one; names it.
        OSError: It cannot be opened.
    """
    found: dict[str, NDArray[Any]] = {}
    with Path(path).open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                for name, member in _members(archive).items():
                    with archive.open(member) as stream:
                        if name in large:
                            head = _Head.of(stream)
                            found[name] = np.broadcast_to(np.zeros((), head.dtype), head.shape)
                        else:
                            found[name] = np.lib.format.read_array(stream, allow_pickle=False)
        except DAMAGE as error:
            raise _damaged(path, error) from error
    return found


def unpacked(
    path: str | os.PathLike[str], name: str, folder: str | os.PathLike[str] | None = None
) -> MappedArray:
    """An array of an npz file, on disk as it would be in memory.

    Args:
        path: File.
        name: Of the array.
        folder: Where there is room for it; None means the system's folder for temporary files.

    Raises:
        FormatError: The file is none, or a damaged one; names it.
        OSError: It cannot be opened, or the disk is full; names the folder.
    """
    folder = folder or tempfile.gettempdir()
    with tempfile.TemporaryFile(prefix=".sn7fast-", dir=folder, buffering=0) as file:
        head: _Head
        for head, piece in _pieces(path, name):
            try:
                left = memoryview(piece)
                while left:
                    left = left[file.write(left) :]
            except OSError as error:
                reason = (
                    f"{error.strerror or error}, while {path} is unpacked there; its {name} takes "
                    f"{head.size_bytes / 1e6:.0f} MB"
                )
                raise OSError(error.errno, reason, str(folder)) from error
        return MappedArray(file.fileno(), head)


class MappedArray:
    """An array whose bytes lie in a file; slices of it are read when they are taken.

    Attributes:
        shape: As numpy has it.
        dtype: As numpy has it.
        ndim: As numpy has it.
    """

    def __init__(self, file: int, head: _Head) -> None:
        self.shape, self.dtype, self.ndim = head.shape, head.dtype, len(head.shape)
        self._map = mmap.mmap(file, 0, access=mmap.ACCESS_READ) if head.size_bytes else None
        self._array: NDArray[Any] = np.ndarray(
            head.shape, head.dtype, self._map or b"", order="F" if head.is_fortran else "C"
        )

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, where: Any) -> NDArray[Any]:  # noqa: ANN401 - as numpy takes it
        """A copy of a part, C-contiguous, which alone stays in memory."""
        part: NDArray[Any] = np.array(self._array[where], order="C")
        if self._map is not None and hasattr(mmap, "MADV_DONTNEED"):
            # Else what was read would count as memory of this process until others want it.
            self._map.madvise(mmap.MADV_DONTNEED)
        return part


@dataclass(frozen=True)
class _Head:
    """What stands before the bytes of an array."""

    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype[Any]

    @classmethod
    def of(cls, stream: IO[bytes]) -> _Head:
        version = np.lib.format.read_magic(stream)
        if version not in _HEADERS:
            raise ValueError(f"got an array in version {version} of npy, wanted 1.0 or 2.0")
        head = cls(*_HEADERS[version](stream))
        if head.dtype.hasobject:
            raise ValueError("Object arrays cannot be loaded when allow_pickle=False")
        return head

    @property
    def size_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def _pieces(path: str | os.PathLike[str], name: str) -> Iterator[tuple[_Head, bytes]]:
    """The head of an array and all its bytes, some at a time; at first none."""
    with Path(path).open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive, archive.open(_members(archive)[name]) as stream:
                head = _Head.of(stream)
                left = head.size_bytes
                yield head, b""
                # To the end of the member, where the checksum is compared.
                while piece := stream.read(_PIECE):
                    yield head, piece[:left]
                    left -= min(left, len(piece))
                if left:
                    raise EOFError(f"{name} lacks {left} of {head.size_bytes} bytes")
        except DAMAGE as error:
            raise _damaged(path, error) from error


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """By the names that numpy gives them."""
    return {info.filename.removesuffix(".npy"): info for info in archive.infolist()}


def _damaged(path: str | os.PathLike[str], error: Exception) -> FormatError:
    return FormatError(f"{path}: cannot be read as npz: {error}")
