"""Stack: the footprints of one AOI through time, as one columnar table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sn7fast._arguments import index_array
from sn7fast.errors import InputError, StackError
from sn7fast.footprints import Footprints

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import geopandas
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from sn7fast.buildings import Buildings
    from sn7fast.grid import Grid
    from sn7fast.io.placement import Place


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """All footprints of one AOI, month after month.

    Attributes:
        aoi: Name of the area.
        months: T labels that sort in time order as text (``2018_01``), without repetition.
        footprints: Those of all months, one after the other.
        frame_offsets: int32 (T + 1,), start of each month in ``footprints``.
        ids: int64 (n,) building identifiers, or None before tracking.
        iou: float64 (n,) IoU with the building's earlier shape, NaN for a footprint that was filled
            in where none was seen, or None before tracking.
        grid: Where the pixels lie on the ground, or None for bare pixel coordinates.
        buildings: What is known of each building, or None; `sn7fast.collapse` fills it.

    Raises:
        StackError: Months repeat, or the columns have unequal lengths.
    """

    aoi: str
    months: tuple[str, ...]
    footprints: Footprints
    frame_offsets: NDArray[np.int32]
    ids: NDArray[np.int64] | None = None
    iou: NDArray[np.float64] | None = None
    grid: Grid | None = None
    buildings: Buildings | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "months", tuple(self.months))
        offsets = np.asarray(self.frame_offsets)
        count = len(self.footprints)
        if len(set(self.months)) != len(self.months):
            repeated = next(m for m in self.months if self.months.count(m) > 1)
            raise StackError(f"{self.aoi}: month {repeated} comes more than once")
        if (
            offsets.shape != (len(self.months) + 1,)
            or offsets.dtype.kind not in "iu"
            or offsets[0] != 0
            or offsets[-1] != count
            or (offsets[1:] < offsets[:-1]).any()
        ):
            raise StackError(
                f"{self.aoi}: frame_offsets: got {offsets.dtype} of shape {offsets.shape} "
                f"({offsets.ravel().tolist()[:4]}...), "
                f"wanted {len(self.months) + 1} offsets from 0 to {count}"
            )
        offsets = np.require(offsets, np.int32, ["C_CONTIGUOUS", "ALIGNED"])
        object.__setattr__(self, "frame_offsets", offsets)
        for name, dtype in (("ids", np.int64), ("iou", np.float64)):
            values = getattr(self, name)
            if values is None:
                continue
            values = np.asarray(values)
            if values.shape != (count,):
                raise StackError(
                    f"{self.aoi}: {name}: got shape {values.shape}, wanted ({count},), "
                    "one for each footprint"
                )
            if values.size and values.dtype.kind not in ("iu" if name == "ids" else "iuf"):
                wanted = "integers" if name == "ids" else "numbers"
                raise StackError(f"{self.aoi}: {name}: got {values.dtype}, wanted {wanted}")
            if (
                name == "ids"
                and values.dtype == np.uint64
                and values.size
                and values.max() > np.iinfo(np.int64).max
            ):
                raise StackError(f"{self.aoi}: ids: got {values.max()}, wanted 64-bit integers")
            values = np.require(values, dtype, ["C_CONTIGUOUS", "ALIGNED"])
            object.__setattr__(self, name, values)

    @classmethod
    def from_frames(
        cls,
        frames: Iterable[Footprints],
        *,
        months: Sequence[str],
        aoi: str,
        ids: Iterable[ArrayLike] | None = None,
        grid: Grid | None = None,
    ) -> Stack:
        """Join the footprints of single months.

        Args:
            frames: One Footprints a month.
            months: Their labels.
            aoi: Name of the area.
            ids: For each month the identifiers of its footprints, or None.
            grid: Where the pixels lie on the ground.

        Raises:
            StackError: The numbers of frames, months and ids differ.
        """
        frames = list(frames)
        if len(frames) != len(months):
            raise StackError(f"{aoi}: got {len(frames)} frames for {len(months)} months")
        columns = None
        if ids is not None:
            per_month = [np.asarray(values) for values in ids]
            lengths = [len(values) for values in per_month]
            if lengths != [len(frame) for frame in frames]:
                raise StackError(
                    f"{aoi}: ids: got {lengths} per month, wanted {[len(f) for f in frames]}"
                )
            # An empty list would make floats of all.
            columns = np.concatenate([np.empty(0, np.int64), *(v for v in per_month if len(v))])
        offsets = np.cumsum([0] + [len(frame) for frame in frames])
        return cls(aoi, tuple(months), Footprints.concatenate(frames), offsets, columns, grid=grid)

    def __len__(self) -> int:
        """Number of footprints in all months."""
        return len(self.footprints)

    def __repr__(self) -> str:
        ids = "no ids" if self.ids is None else f"{self.building_count} ids"
        return f"Stack({self.aoi}, {len(self.months)} months, {len(self)} footprints, {ids})"

    def rows(self, month: str) -> slice:
        """Where the footprints of a month lie in the columns.

        Raises:
            InputError: The stack has no such month.
        """
        try:
            index = self.months.index(month)
        except ValueError:
            raise InputError(
                f"{self.aoi}: month: got {month}, wanted one of {', '.join(self.months)}"
            ) from None
        return slice(int(self.frame_offsets[index]), int(self.frame_offsets[index + 1]))

    def frame(self, month: str) -> Footprints:
        """The footprints of one month."""
        return self.footprints[self.rows(month)]

    def frames(self) -> Iterator[tuple[str, Footprints]]:
        """(month, footprints) in order."""
        return ((month, self.frame(month)) for month in self.months)

    @property
    def building_count(self) -> int:
        """Number of different identifiers; 0 without any."""
        return 0 if self.ids is None else len(np.unique(self.ids))

    @property
    def month_index(self) -> NDArray[np.int64]:
        """int64 (n,): position in ``months`` of each footprint's month."""
        return np.repeat(np.arange(len(self.months)), np.diff(self.frame_offsets))

    def with_ids(self, ids: ArrayLike | None, iou: ArrayLike | None = None) -> Stack:
        """The same footprints with other identifiers, or with none; ``buildings`` goes."""
        ids = None if ids is None else np.asarray(ids)
        iou = None if iou is None else np.asarray(iou)
        return replace(self, ids=ids, iou=iou, buildings=None)

    def take(self, index: ArrayLike) -> Stack:
        """Keep the rows of a boolean mask or an index array, in their order; all months stay.

        ``buildings`` keeps the rows of those that are left.

        Raises:
            IndexError: A row is out of range, or the mask has another length.
        """
        keep = np.zeros(len(self), bool)
        keep[index_array(index)] = True
        counts = np.bincount(self.month_index[keep], minlength=len(self.months))
        buildings = self.buildings
        if buildings is not None and self.ids is not None:
            buildings = buildings.take(np.isin(buildings.ids, self.ids[keep]))
        return replace(
            self,
            footprints=self.footprints[keep],
            frame_offsets=np.concatenate([[0], np.cumsum(counts)]),
            ids=None if self.ids is None else self.ids[keep],
            iou=None if self.iou is None else self.iou[keep],
            buildings=buildings,
        )

    def plot(
        self,
        month: str | None = None,
        *,
        by: Literal["id", "first_month"] = "id",
        ax: Axes | None = None,
        image: ArrayLike | None = None,
        **style: Any,  # noqa: ANN401 - of a PathCollection
    ) -> Axes:
        """Draw one month with matplotlib, in pixels, rows from the top.

        Args:
            month: Which; None is the last.
            by: ``id``: each building in a colour that it keeps in all months and pictures, grey
                without ids. ``first_month``: by the month in which it comes first.
            ax: Where to draw; None makes a figure.
            image: What lies below, (rows, columns) or (rows, columns, 3 or 4).
            **style: Properties of a ``matplotlib.collections.PathCollection``.

        Returns:
            The Axes; the footprints are its last collection, one path each.

        Raises:
            InputError: No such month, no months at all, another ``by``, ``first_month`` without
                ids, or an image of another shape.
            MissingDependencyError: matplotlib is not installed.
        """
        from sn7fast.plotting.footprints import plot_stack

        return plot_stack(self, month, by=by, ax=ax, image=image, **style)

    def to_geopandas(
        self, *, columns: Mapping[str, ArrayLike] | None = None, place: Place | None = None
    ) -> geopandas.GeoDataFrame:
        """GeoDataFrame with one row a footprint; see `sn7fast.io.frames.to_geopandas`."""
        from sn7fast.io.frames import to_geopandas

        return to_geopandas(self, columns=columns, place=place)

    @classmethod
    def from_geopandas(
        cls,
        frame: geopandas.GeoDataFrame,
        *,
        aoi: str | None = None,
        grid: Grid | None = None,
        months: Sequence[str] | None = None,
    ) -> Stack:
        """From a frame with the columns month, id and iou; see `sn7fast.io.frames`."""
        from sn7fast.io.frames import from_geopandas

        return from_geopandas(frame, aoi=aoi, grid=grid, months=months)
