"""Tracked stacks that may be larger than memory: their footprints come in parts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sn7fast.errors import InputError
from sn7fast.footprints import Footprints
from sn7fast.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sn7fast.buildings import Buildings
    from sn7fast.grid import Grid

BATCH = 65_536
"""Most footprints that are looked at together."""


@dataclass(eq=False, kw_only=True)
class LargeStack(ABC):
    """What a `Stack` holds after tracking, its footprints read in parts.

    Used in a ``with`` block, or until `close`.

    Attributes:
        aoi: Name of the area.
        months: T labels.
        counts: Footprints of each month.
        ids: int64 (n,), as of a `Stack`.
        iou: float64 (n,) or None, as of a `Stack`.
        grid: Where the pixels lie on the ground, or None.
        buildings: What is known of each building, or None; by the collapse.
        may_be_several: True if some footprint may be a multipolygon.
    """

    aoi: str
    months: tuple[str, ...]
    counts: tuple[int, ...]
    ids: NDArray[np.int64]
    iou: NDArray[np.float64] | None = None
    grid: Grid | None = None
    buildings: Buildings | None = None
    may_be_several: bool = False

    @abstractmethod
    def shapes(self, months: range) -> Iterator[tuple[int, Footprints]]:
        """Footprints of some months by their positions, in the order of the rows.

        Yields:
            Position of a month and some ten thousand of its footprints at most; as often as it
            takes, and never for a month without any.
        """

    def close(self) -> None:  # noqa: B027 - not all have something to take away
        """Take what is on disk away."""

    def __len__(self) -> int:
        """Number of footprints of all months."""
        return sum(self.counts)

    @property
    def building_count(self) -> int:
        """Number of identifiers that have footprints."""
        return len(np.unique(self.ids))

    @property
    def frame_offsets(self) -> NDArray[np.int64]:
        """int64 (T + 1,), start of each month in the rows."""
        return np.cumsum([0, *self.counts])

    @property
    def month_index(self) -> NDArray[np.int64]:
        """int64 (n,), position of the month of each footprint."""
        return np.repeat(np.arange(len(self.months)), self.counts)

    def parts(self, months: range | None = None) -> Iterator[Stack]:
        """Stacks of consecutive rows, with ids, of some ten thousand footprints at most.

        One after the other they are the rows of the whole stack in its order. Each has the months
        whose rows it holds; a month without footprints comes in one of them.

        Args:
            months: Positions of consecutive months; None means all.
        """
        chosen = range(len(self.months)) if months is None else months
        row = int(self.frame_offsets[chosen.start])
        waiting: list[Footprints] = []
        first, sizes = chosen.start, [0]
        for month, footprints in self.shapes(chosen):
            size = sum(sizes)
            if size and size + len(footprints) > BATCH:
                yield self._part(first, sizes, waiting, row)
                row, waiting = row + size, []
                last = first + len(sizes) - 1
                first, sizes = (last, [0]) if month == last else (last + 1, [0])
            sizes += [0] * (month - first - len(sizes) + 1)
            sizes[-1] += len(footprints)
            waiting.append(footprints)
        sizes += [0] * (chosen.stop - first - len(sizes))
        if chosen:
            yield self._part(first, sizes, waiting, row)

    def _part(self, first: int, sizes: list[int], shapes: list[Footprints], row: int) -> Stack:
        rows = slice(row, row + sum(sizes))
        return Stack(
            self.aoi,
            self.months[first : first + len(sizes)],
            shapes[0] if len(shapes) == 1 else Footprints.concatenate(shapes),
            np.cumsum([0, *sizes]),
            self.ids[rows],
            None if self.iou is None else self.iou[rows],
            self.grid,
        )

    def take(self, rows: NDArray[np.int64]) -> Footprints:
        """The footprints of these rows, which ascend; only they are in memory."""
        found = []
        start = 0
        for _, footprints in self.shapes(range(len(self.months))):
            end = start + len(footprints)
            here = rows[slice(*np.searchsorted(rows, [start, end]).tolist())]
            if len(here):
                found.append(footprints[here - start])
            start = end
        return Footprints.concatenate(found)

    def to_stack(self) -> Stack:
        """All of it in memory."""
        shapes = [footprints for _, footprints in self.shapes(range(len(self.months)))]
        return Stack(
            self.aoi,
            self.months,
            shapes[0] if len(shapes) == 1 else Footprints.concatenate(shapes),
            self.frame_offsets.astype(np.int32),
            self.ids,
            self.iou,
            self.grid,
            self.buildings,
        )

    def __enter__(self) -> LargeStack:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class WholeStack(LargeStack):
    """A stack that is in memory, for those who go through one in parts.

    Raises:
        InputError: It has no ids.
    """

    def __init__(self, stack: Stack) -> None:
        if stack.ids is None:
            raise InputError(
                f"{stack.aoi}: got a stack without ids, wanted one with: run track first"
            )
        super().__init__(
            aoi=stack.aoi,
            months=stack.months,
            counts=tuple(np.diff(stack.frame_offsets).tolist()),
            ids=stack.ids,
            iou=stack.iou,
            grid=stack.grid,
            buildings=stack.buildings,
            may_be_several=stack.footprints.footprint_offsets is not None,
        )
        self._stack = stack

    def shapes(self, months: range) -> Iterator[tuple[int, Footprints]]:
        """See `LargeStack`."""
        for month in months:
            start, end = self._stack.frame_offsets[month : month + 2].tolist()
            for first in range(start, end, BATCH):
                yield month, self._stack.footprints[first : min(first + BATCH, end)]

    def parts(self, months: range | None = None) -> Iterator[Stack]:
        """See `LargeStack`."""
        if months is None and len(self) <= BATCH:
            yield self._stack
        else:
            yield from super().parts(months)

    def to_stack(self) -> Stack:
        """The stack."""
        return self._stack


class NamedStack(LargeStack):
    """The footprints of another stack, with other ids and what goes with them."""

    def __init__(
        self,
        of: LargeStack,
        ids: NDArray[np.int64],
        iou: NDArray[np.float64] | None,
        buildings: Buildings | None,
    ) -> None:
        super().__init__(
            aoi=of.aoi,
            months=of.months,
            counts=of.counts,
            ids=ids,
            iou=iou,
            grid=of.grid,
            buildings=buildings,
            may_be_several=of.may_be_several,
        )
        self._of = of

    def shapes(self, months: range) -> Iterator[tuple[int, Footprints]]:
        """See `LargeStack`."""
        return self._of.shapes(months)

    def parts(self, months: range | None = None) -> Iterator[Stack]:
        """See `LargeStack`."""
        row = int(self.frame_offsets[0 if months is None else months.start])
        for part in self._of.parts(months):
            rows = slice(row, row := row + len(part))
            iou = None if self.iou is None else self.iou[rows]
            yield replace(part, ids=self.ids[rows], iou=iou, buildings=None)
