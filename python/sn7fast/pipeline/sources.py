"""What a source has for each AOI: images for a network, or masks and probabilities already.

Images are taken from a folder in the layout of SpaceNet 7, else the monthly
rasters that `sn7fast.data.discover` finds in a folder, or the CSV of a manifest. If these rasters
are masks or probabilities already, there is nothing to predict and no network is needed: so it is
for files that `sn7fast predict` wrote, for rasters of one band, and for cubes (``<AOI>.npz``,
``<AOI>.zarr``; see `sn7fast.postprocess.cubes`). ``kind`` says it where that guess is wrong.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from sn7fast.data.catalog import Catalog
from sn7fast.data.discover import Frame, discover
from sn7fast.data.images import ImageEntry, ImageSettings
from sn7fast.data.manifest import Manifest, read_manifest
from sn7fast.errors import InputError, RasterError, StackError
from sn7fast.io.rasters import opened
from sn7fast.nn.outputs import TAG

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from sn7fast.pipeline.frames import ImageFrame

Kind: TypeAlias = Literal["images", "probabilities", "cube"]
Found: TypeAlias = "dict[str, tuple[Kind, tuple[ImageFrame, ...], Path | None]]"


def frames_of(
    source: str | os.PathLike[str] | Catalog | Manifest, settings: ImageSettings, kind: str
) -> Found:
    """Kind, frames and cube of each AOI; see the top of this module.

    Args:
        source: Folder, file of a manifest, cube, or a catalog or manifest that is read already.
        settings: How to read rasters that are not of SpaceNet 7, where a manifest does not say.
        kind: ``auto``, ``images`` or ``probabilities``.

    Raises:
        InputError: Nothing was found, or something else than was asked for.
        StackError: Two files for one month of an AOI, a name without a month.
    """
    if isinstance(source, Catalog):
        return _of_catalog(source)
    if isinstance(source, Manifest):
        return _of_entries(source.by_aoi(), kind)
    root = Path(source)
    if root.suffix.lower() == ".csv" and root.is_file():
        return _of_entries(read_manifest(root, settings).by_aoi(), kind)
    cubes = _cubes(root)
    if cubes:
        if kind == "images":
            raise InputError(f"{cubes[0]}: got a cube, wanted images")
        return {path.stem: ("cube", (), path) for path in cubes}
    if root.is_dir() and kind != "probabilities":
        catalog = _scanned(root)
        if catalog is not None:
            return _of_catalog(catalog)
    try:
        frames = discover(root, kinds=("masks",)).by_aoi()
    except StackError as error:
        raise StackError(f"{error}; a manifest can say which file is which month") from error
    entries = {aoi: [_entry(frame, settings) for frame in of_aoi] for aoi, of_aoi in frames.items()}
    return _of_entries(entries, kind)


def _of_catalog(catalog: Catalog) -> Found:
    found: Found = {}
    for aoi in catalog:
        months = tuple(files for files in aoi.months if files.best_image is not None)
        if months:
            found[aoi.name] = ("images", months, None)
    if not found:
        raise InputError(f"{catalog.root}: has no images")
    return found


def _scanned(root: Path) -> Catalog | None:
    """The catalog of a folder, if it has images of SpaceNet 7."""
    try:
        catalog = Catalog.scan(root)
    except StackError:
        raise
    except InputError:
        return None
    return catalog if any(files.best_image for files in catalog.files()) else None


def _of_entries(groups: dict[str, list[ImageEntry]], kind: str) -> Found:
    if kind == "auto":
        paths = (entry.path for entries in groups.values() for entry in entries)
        kind = "probabilities" if _are_probabilities(paths) else "images"
    of: Kind = "images" if kind == "images" else "probabilities"
    return {aoi: (of, tuple(entries), None) for aoi, entries in groups.items()}


def _cubes(root: Path) -> list[Path]:
    """Files of cubes at a path, as `sn7fast.postprocess.cubes` finds them."""
    for suffix in (".npz", ".zarr"):
        found = [root] if root.suffix == suffix else sorted(root.glob(f"[!.]*{suffix}"))
        if found:
            return found
    return []


def _are_probabilities(paths: Iterable[Path]) -> bool:
    """Whether the first raster that can be opened is a mask or has probabilities."""
    for path in paths:
        try:
            with opened(path) as dataset:
                return dataset.count == 1 or TAG in dataset.tags()
        except RasterError:
            # Its AOI will tell of it.
            continue
    return False


def _entry(frame: Frame, settings: ImageSettings) -> ImageEntry:
    year, month, *day = map(int, frame.month.split("_"))
    date = datetime.date(year, month, *(day or [1]))
    return ImageEntry(frame.path, frame.aoi, date, frame.month, settings=settings)
