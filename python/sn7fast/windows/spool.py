"""Footprints kept on disk, in the order in which they came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.footprints import Footprints
from sn7fast.large import BATCH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_TYPES = (np.float64, np.int32, np.int32, np.int32)


class Spool:
    """Footprints in a file, appended and read in batches; as they were, to the bit.

    Args:
        path: File to make; who made the folder takes it away.

    Attributes:
        starts: Number of the first footprint of each batch, and the number of all.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b")
        # Place in the file, and the lengths of the four arrays; None for one that is not there.
        self._batches: list[tuple[int, list[int | None]]] = []
        self.starts = [0]

    def __len__(self) -> int:
        """Number of footprints."""
        return self.starts[-1]

    def append(self, footprints: Footprints) -> None:
        """Keep them behind the others."""
        for first in range(0, len(footprints), BATCH):
            whole = len(footprints) <= BATCH
            part = footprints if whole else footprints[first : first + BATCH]
            lengths = [None if array is None else array.size for array in part.arrays]
            self._batches.append((self._file.seek(0, 2), lengths))
            for array in part.arrays:
                if array is not None:
                    self._file.write(np.ascontiguousarray(array).data.cast("B"))
            self.starts.append(self.starts[-1] + len(part))

    def batches(self) -> Iterator[tuple[int, Footprints]]:
        """(number of its first footprint, footprints) of each batch, in order."""
        for k, start in enumerate(self.starts[:-1]):
            yield start, self._read(k)

    def _read(self, k: int) -> Footprints:
        place, lengths = self._batches[k]
        self._file.flush()
        self._file.seek(place)
        arrays: list[Any] = [
            None if length is None else np.fromfile(self._file, dtype, length)
            for length, dtype in zip(lengths, _TYPES, strict=True)
        ]
        return Footprints._trusted((arrays[0].reshape(-1, 2), *arrays[1:]))

    def take(self, numbers: NDArray[np.int64]) -> Footprints:
        """The footprints with these numbers, in this order; reads the batches that hold some."""
        order = np.argsort(numbers, kind="stable")
        ordered = numbers[order]
        places = np.searchsorted(ordered, self.starts)
        parts = [
            self._read(int(k))[ordered[places[k] : places[k + 1]] - self.starts[k]]
            for k in np.flatnonzero(np.diff(places))
        ]
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        return Footprints.concatenate(parts)[back]

    def close(self) -> None:
        """No more use of the file."""
        self._file.close()
