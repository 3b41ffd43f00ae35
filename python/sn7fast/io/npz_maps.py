"""Arrays of npz files that are larger than memory: what they are, and their bytes on disk.

Members of an npz file are streams from which no row can be taken alone. So a large one is unpacked,
piece by piece, into a file without a name, which is gone with the last use of its array however the
process ends.
"""

from __future__ import annotations

import mmap
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.io.npz import open_npz

if TYPE_CHECKING:
    import os
    from collections.abc import Collection

    from numpy.typing import NDArray

    from sn7fast.io.npz import ArrayHead


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
    with open_npz(path) as archive:
        for name in archive.names:
            if name in large:
                head = archive.head(name)
                found[name] = np.broadcast_to(np.zeros((), head.dtype), head.shape)
            else:
                found[name] = archive.read(name)
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
    with (
        open_npz(path) as archive,
        tempfile.TemporaryFile(prefix=".sn7fast-", dir=folder, buffering=0) as file,
    ):
        head = archive.head(name)
        for piece in archive.pieces(name):
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

    def __init__(self, file: int, head: ArrayHead) -> None:
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
