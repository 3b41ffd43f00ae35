"""Where the images of a report come from: by month, each read as rows of it are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from sn7fast.io.rasters import read_grid
from sn7fast.report.reading import (
    CatalogMask,
    CubeRows,
    EveryOther,
    ManifestRows,
    RasterRows,
    ShownRows,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sn7fast.cube import Cube
    from sn7fast.data.catalog import AoiFiles
    from sn7fast.data.discover import Frame
    from sn7fast.data.images import ImageEntry
    from sn7fast.grid import Grid
    from sn7fast.report.strips import Strips


_Found = TypeVar("_Found", bound="Strips", covariant=True)


class _ByMonth(Mapping[str, _Found]):
    """Images or masks by month."""

    def __init__(self, months: Sequence[str]) -> None:
        self._months = tuple(months)

    def __contains__(self, month: object) -> bool:
        # Without this a mapping reads the image to see whether there is one.
        return month in self._months

    def __iter__(self) -> Iterator[str]:
        return iter(self._months)

    def __len__(self) -> int:
        return len(self._months)

    def _place(self, month: str) -> int:
        if month not in self._months:
            raise KeyError(month)
        return self._months.index(month)


class CatalogImages(_ByMonth[RasterRows]):
    """Images of SpaceNet 7 as delivered, where there is none those with clouds blacked out."""

    def __init__(self, aoi: AoiFiles) -> None:
        self._paths = {
            files.month: path for files in aoi.months if (path := files.image or files.image_masked)
        }
        super().__init__(tuple(self._paths))
        self._aoi = aoi

    def __getitem__(self, month: str) -> RasterRows:
        return RasterRows(self._paths[month])

    def valid(self, months: Sequence[str]) -> Mapping[str, CatalogMask]:
        """What is valid in these months, see `sn7fast.data.clouds.valid_stack`."""
        return _CatalogMasks(self._aoi, months)

    def grid(self) -> Grid:
        """That of the first image."""
        return read_grid(next(iter(self._paths.values())))


class _CatalogMasks(_ByMonth[CatalogMask]):
    """What is valid of SpaceNet 7, in the months that have files which say so."""

    def __init__(self, aoi: AoiFiles, months: Sequence[str]) -> None:
        found = {files.month: files for files in aoi.months if files.best_image or files.udm_mask}
        self._files = {month: found[month] for month in months if month in found}
        super().__init__(tuple(self._files))

    def __getitem__(self, month: str) -> CatalogMask:
        return CatalogMask(self._files[month])


class ManifestImages(_ByMonth[ManifestRows]):
    """Images of one AOI of a manifest."""

    def __init__(self, entries: Sequence[ImageEntry]) -> None:
        self._entries = {entry.label: entry for entry in entries}
        super().__init__(tuple(self._entries))

    def __getitem__(self, month: str) -> ManifestRows:
        return ManifestRows(self._entries[month])

    def valid(self) -> Mapping[str, ManifestRows]:
        """What is valid in each month."""
        return _ManifestMasks(self._entries)


class _ManifestMasks(_ByMonth[ManifestRows]):
    """What is valid of the images of a manifest."""

    def __init__(self, entries: Mapping[str, ImageEntry]) -> None:
        super().__init__(tuple(entries))
        self._entries = entries

    def __getitem__(self, month: str) -> ManifestRows:
        return ManifestRows(self._entries[month], is_mask=True)


class RasterImages(_ByMonth[ShownRows]):
    """Rasters of one AOI, such as masks, one a month."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._rows = {frame.month: ShownRows(frame.path) for frame in frames}
        super().__init__(tuple(self._rows))

    def __getitem__(self, month: str) -> ShownRows:
        return self._rows[month]


class CubeImages(_ByMonth[CubeRows]):
    """Probabilities of a cube, at the resolution of its grid."""

    def __init__(self, cube: Cube) -> None:
        super().__init__(cube.months)
        self._cube = cube

    def __getitem__(self, month: str) -> CubeRows:
        return CubeRows(self._cube.prob[self._place(month)], self._cube.scale)

    def valid(self) -> Mapping[str, EveryOther] | None:
        """Bool (rows, columns) by month, or None if all is valid."""
        return None if self._cube.valid is None else _CubeMasks(self._cube, self._cube.valid)


class _CubeMasks(_ByMonth[EveryOther]):
    """What is valid of a cube, at the resolution of its grid."""

    def __init__(self, cube: Cube, valid: NDArray[np.bool_]) -> None:
        super().__init__(cube.months)
        self._valid = valid
        self._step = cube.scale if valid.shape == cube.prob.shape else 1

    def __getitem__(self, month: str) -> EveryOther:
        return EveryOther(self._valid[self._place(month)], self._step)
