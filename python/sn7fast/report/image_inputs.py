"""Images of AOIs, whatever they are kept in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sn7fast.data.catalog import AoiFiles, Catalog
from sn7fast.data.discover import discover
from sn7fast.data.manifest import read_manifest
from sn7fast.errors import InputError, StackError
from sn7fast.io.rasters import count_bands, read_grid
from sn7fast.postprocess.cubes import cube_loaders
from sn7fast.report.sources import CatalogImages, CubeImages, ManifestImages, RasterImages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sn7fast.cube import Cube
    from sn7fast.data.discover import Frame
    from sn7fast.data.images import ImageEntry
    from sn7fast.grid import Grid
    from sn7fast.report.strips import Strips


class AoiImages(NamedTuple):
    """What there is of one AOI: the first two as in `sn7fast.report.write_report`."""

    images: Mapping[str, Strips] | None = None
    valid: Mapping[str, Strips] | None = None
    grid: Grid | None = None


class ImageInputs:
    """Images at a path.

    Args:
        path: A manifest, a folder of SpaceNet 7, or rasters or cubes that
            `sn7fast.postprocess.cubes` takes.

    Raises:
        InputError: Nothing found.
    """

    def __init__(self, path: Path) -> None:
        self._files: dict[str, AoiFiles] = {}
        self._entries: dict[str, list[ImageEntry]] = {}
        self._cubes: dict[str, Callable[[], Cube]] = {}
        self._frames: dict[str, list[Frame]] = {}
        if path.suffix.lower() == ".csv":
            self._entries = read_manifest(path).by_aoi()
            return
        try:
            self._files = {aoi.name: aoi for aoi in Catalog.scan(path)}
        except StackError:
            raise
        except InputError:
            # No folder of SpaceNet 7: other rasters, or cubes.
            self._cubes = cube_loaders(path)
            if path.is_dir() and not any(path.glob("*.npz")) and not any(path.glob("*.zarr")):
                self._frames = discover(path, kinds=["masks"]).by_aoi()

    @property
    def aois(self) -> tuple[str, ...]:
        """Names of the AOIs."""
        return (*self._files, *self._entries, *self._cubes)

    def of(self, aoi: str, months: Sequence[str]) -> AoiImages:
        """The images of an AOI, and what is valid in these months; nothing if it has none.

        Raises:
            RasterError: A file cannot be read.
        """
        if aoi in self._files:
            delivered = CatalogImages(self._files[aoi])
            if not len(delivered):
                return AoiImages()
            return AoiImages(delivered, delivered.valid(months), delivered.grid())
        if aoi in self._entries:
            own = ManifestImages(self._entries[aoi])
            return AoiImages(own, own.valid(), read_grid(self._entries[aoi][0].path))
        frames = self._frames.get(aoi)
        if frames and count_bands(frames[0].path) >= 3:
            return AoiImages(RasterImages(frames), None, read_grid(frames[0].path))
        if aoi in self._cubes:
            cube = self._cubes[aoi]()
            shown = CubeImages(cube)
            return AoiImages(shown, shown.valid(), cube.grid)
        return AoiImages()
