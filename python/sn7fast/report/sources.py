"""Where the images of a report come from: by month, each read as rows of it are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from sn7fast.io.rasters import read_grid
from sn7fast.report.cube_rows import CubeRows, EveryOther
from sn7fast.report.reading import CatalogMask, ManifestRows, RasterRows, ShownRows

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


class _OfFiles(Mapping[str, _Found]):
    """Images or masks on disk by month."""

    def __init__(self, rows: Mapping[str, _Found]) -> None:
        # Each remembers what it has once seen of its file.
        self._rows = rows

    def __getitem__(self, month: str) -> _Found:
        return self._rows[month]

    def __contains__(self, month: object) -> bool:
        return month in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class CatalogImages(_OfFiles[RasterRows]):
    """Images of SpaceNet 7 as delivered, where there is none those with clouds blacked out."""

    def __init__(self, aoi: AoiFiles) -> None:
        self._paths = {
            files.month: path for files in aoi.months if (path := files.image or files.image_masked)
        }
        super().__init__({month: RasterRows(path) for month, path in self._paths.items()})
        self._aoi = aoi

    def valid(self, months: Sequence[str]) -> Mapping[str, CatalogMask]:
        """What is valid in those of these months that have files which say so.

        See `sn7fast.data.clouds.valid_stack`.
        """
        found = {
            files.month: CatalogMask(files)
            for files in self._aoi.months
            if files.best_image or files.udm_mask
        }
        return _OfFiles({month: found[month] for month in months if month in found})

    def grid(self) -> Grid:
        """That of the first image."""
        return read_grid(next(iter(self._paths.values())))


class ManifestImages(_OfFiles[ManifestRows]):
    """Images of one AOI of a manifest."""

    def __init__(self, entries: Sequence[ImageEntry]) -> None:
        self._entries = {entry.label: entry for entry in entries}
        super().__init__({month: ManifestRows(entry) for month, entry in self._entries.items()})

    def valid(self) -> Mapping[str, ManifestRows]:
        """What is valid in each month."""
        entries = self._entries.items()
        return _OfFiles({month: ManifestRows(entry, is_mask=True) for month, entry in entries})


class RasterImages(_OfFiles[ShownRows]):
    """Rasters of one AOI, such as masks, one a month."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        super().__init__({frame.month: ShownRows(frame.path) for frame in frames})


class _OfCube(Mapping[str, _Found]):
    """Images or masks of the months of a cube."""

    def __init__(self, cube: Cube) -> None:
        self._cube = cube

    def __contains__(self, month: object) -> bool:
        # Without this a mapping looks for the image to see whether there is one.
        return month in self._cube.months

    def __iter__(self) -> Iterator[str]:
        return iter(self._cube.months)

    def __len__(self) -> int:
        return len(self._cube.months)

    def _place(self, month: str) -> int:
        if month not in self._cube.months:
            raise KeyError(month)
        return self._cube.months.index(month)


class CubeImages(_OfCube[CubeRows]):
    """Probabilities of a cube, at the resolution of its grid."""

    def __getitem__(self, month: str) -> CubeRows:
        return CubeRows(self._cube.prob[self._place(month)], self._cube.scale)

    def valid(self) -> Mapping[str, EveryOther] | None:
        """Bool (rows, columns) by month, or None if all is valid."""
        return None if self._cube.valid is None else _CubeMasks(self._cube, self._cube.valid)


class _CubeMasks(_OfCube[EveryOther]):
    """What is valid of a cube, at the resolution of its grid."""

    def __init__(self, cube: Cube, valid: NDArray[np.bool_]) -> None:
        super().__init__(cube)
        self._valid = valid
        self._step = cube.scale if valid.shape == cube.prob.shape else 1

    def __getitem__(self, month: str) -> EveryOther:
        return EveryOther(self._valid[self._place(month)], self._step)
