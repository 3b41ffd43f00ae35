"""Find the monthly frames of one or many AOIs below a folder.

Three layouts, of which the first that holds frames is taken:

1. ``folder/<file>``: one AOI, or several told apart by the file names;
2. ``folder/<AOI>/<file>``;
3. ``folder/<AOI>/<role>/<file>``, as in SpaceNet 7: roles are ``masks``, ``labels_match_pix``, ...

``folder`` may also be one AOI of layout 3. Files are masks (.tif, .tiff, .png) or GeoJSON
(.geojson, .json). The month, and the AOI of ``global_monthly_YYYY_MM_mosaic_<AOI>`` names, come
from the file name. With other names the AOI is the folder's name in layouts 2 and 3, and in layout
1 the rest of the file name, or the folder's name if the file name is a month alone. Files of one
AOI folder whose names differ in more than the month count as several AOIs; but if most names have a
rest of their own, such as a day or an orbit, and no month comes twice, they are one AOI.

Left out: hidden files, other suffixes, cloud masks (names that end in ``_UDM``, folders with
``UDM`` in their name), and ``images`` and ``images_masked`` where the AOI has another folder of
rasters. Of the label folders of SpaceNet 7 only ``labels_match_pix`` is taken where it exists: it
alone is in pixel coordinates with identifiers that last.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from sn7fast import _core
from sn7fast.errors import InputError, StackError

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterable, Sequence

Kind: TypeAlias = Literal["masks", "geojson", "csv", "parquet"]
_ONE_FILE: tuple[Kind, ...] = ("csv", "parquet")  # which holds all frames

_SUFFIXES: dict[str, Kind] = {
    ".tif": "masks",
    ".tiff": "masks",
    ".png": "masks",
    ".geojson": "geojson",
    ".json": "geojson",
    ".csv": "csv",
    ".parquet": "parquet",
    ".geoparquet": "parquet",
}
_IMAGES = ("images", "images_masked")
_LABELS = ("labels", "labels_match", "labels_match_pix")
_ROLES = (*_IMAGES, *_LABELS, "masks", "preds", "predictions", "grayscale", "polygons")
_WANTED = {
    "masks": "masks (*.tif, *.tiff, *.png)",
    "geojson": "GeoJSON (*.geojson, *.json)",
    "csv": "an SN7 CSV file",
    "parquet": "a GeoParquet file of sn7fast",
}


@dataclass(frozen=True, order=True, slots=True)
class Frame:
    """One file: one AOI in one month.

    Attributes:
        aoi: Name of the area.
        month: ``YYYY_MM``.
        path: The file.
    """

    aoi: str
    month: str
    path: Path


@dataclass(frozen=True, slots=True)
class Source:
    """What was found at a path.

    Attributes:
        path: Where.
        kind: ``masks``, ``geojson``, ``csv`` or ``parquet``.
        frames: The files by AOI and month; none for a CSV or GeoParquet, which hold many frames in
            one file.
        has_sn7_names: True if the AOI names are from SpaceNet 7 file names (or a CSV or GeoParquet,
            whose rows have them), False if some are from folders or from the rest of other names.
    """

    path: Path
    kind: Kind
    frames: tuple[Frame, ...]
    has_sn7_names: bool = True

    def by_aoi(self) -> dict[str, list[Frame]]:
        """The frames of each AOI in time order, AOIs in order of their names."""
        groups: dict[str, list[Frame]] = {}
        for frame in self.frames:
            groups.setdefault(frame.aoi, []).append(frame)
        return groups


def discover(
    path: str | os.PathLike[str],
    *,
    kinds: Sequence[Kind] = ("masks", "geojson", "csv", "parquet"),
) -> Source:
    """Find frames; see the top of this module for the layouts. Reads names, not files.

    Args:
        path: A folder, or a single mask, GeoJSON, CSV or GeoParquet file.
        kinds: What may be found; files of other kinds are not looked at.

    Raises:
        InputError: The path does not exist, or nothing was found; says what was looked for.
        StackError: A name without a month, two files for one month of an AOI, or several kinds of
            frames or several folders that could be meant.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: does not exist, wanted {_list(kinds)}")
    if path.is_dir():
        return _in_folder(path, kinds)
    kind = _SUFFIXES.get(path.suffix.lower())
    if kind is None or kind not in kinds:
        raise InputError(f"{path}: got a {path.suffix or 'nameless'} file, wanted {_list(kinds)}")
    if kind in _ONE_FILE:
        return Source(path, kind, ())
    frames, has_sn7_names = _named([path], by_folder=False)
    return Source(path, kind, tuple(frames), has_sn7_names)


def _in_folder(root: Path, kinds: Sequence[Kind]) -> Source:
    kinds = [kind for kind in kinds if kind not in _ONE_FILE]
    files = _files(root, kinds)
    if files:
        homes = [files]
    else:
        # Role folders right below: the root is the folder of one AOI.
        below = _folders(root)
        roles = [folder for folder in below if folder.name.lower() in _ROLES]
        homes = [_of_aoi(root, roles, kinds)] if roles else []
        others = [folder for folder in below if folder not in roles]
        homes += [_files(home, kinds) or _of_aoi(home, _folders(home), kinds) for home in others]
        homes = [home for home in homes if home]
    if not homes:
        alone = next((file for kind in _ONE_FILE for file in root.glob(f"*.{kind}")), None)
        hint = f"; to read {alone.name}, give its own path" if alone else ""
        raise InputError(
            f"{root}: nothing found, looked for {_list(kinds)} in it, in its folders and in theirs"
            f"{hint}"
        )
    found = [path for home in homes for path in home]
    kind = _one_kind(root, found)
    frames: list[Frame] = []
    has_sn7_names = True
    for home in homes:
        named, all_sn7 = _named(home, by_folder=not files)
        frames += named
        has_sn7_names &= all_sn7
    frames.sort()
    for one, other in pairwise(frames):
        if (one.aoi, one.month) == (other.aoi, other.month):
            raise StackError(
                f"{root}: two files for month {one.month} of {one.aoi}: {one.path} and {other.path}"
            )
    return Source(root, kind, tuple(frames), has_sn7_names)


def _files(folder: Path, kinds: Collection[Kind | None]) -> list[Path]:
    """The frames right in a folder."""
    return sorted(
        path
        for path in folder.iterdir()
        if _SUFFIXES.get(path.suffix.lower()) in kinds
        and not path.name.startswith(".")
        and not path.stem.lower().endswith("_udm")
        and path.is_file()
    )


def _folders(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_dir() and not path.name.startswith(".") and "udm" not in path.name.lower()
    )


def _of_aoi(home: Path, folders: Sequence[Path], kinds: Collection[Kind]) -> list[Path]:
    """The frames of the one folder below an AOI's that is meant."""
    found = {folder: files for folder in folders if (files := _files(folder, kinds))}
    labels = [folder for folder in found if folder.name.lower() == "labels_match_pix"]
    if labels:
        return found[labels[0]]
    no_images = [folder for folder in found if folder.name.lower() not in _IMAGES]
    chosen = no_images or list(found)
    if len(chosen) > 1:
        raise StackError(
            f"{home}: several folders hold frames: {', '.join(f.name for f in chosen)}; "
            "wanted one, give its own path"
        )
    return found[chosen[0]] if chosen else []


def _one_kind(root: Path, paths: Sequence[Path]) -> Kind:
    kinds = {_SUFFIXES[path.suffix.lower()]: path for path in reversed(paths)}
    if len(kinds) > 1:
        examples = " and ".join(str(kinds[kind]) for kind in sorted(kinds))
        raise StackError(f"{root}: holds masks as well as GeoJSON, wanted one kind: {examples}")
    return next(iter(kinds))


def _named(paths: Sequence[Path], *, by_folder: bool) -> tuple[list[Frame], bool]:
    """The frames of one folder, and whether all have names as in SpaceNet 7."""
    names = []
    for path in paths:
        try:
            rest, month = _core.parse_name(path.name)
        except InputError as error:
            raise StackError(f"{path.parent}: {error}") from error
        names.append((path, rest, month, f"global_monthly_{month}_mosaic_" in path.name))
    one_rest = len({rest for _, rest, _, is_sn7 in names if not is_sn7}) < 2
    own = [count for count in Counter(rest for _, rest, _, _ in names).values() if count == 1]
    months = {month for _, _, month, _ in names}
    is_one = 2 < len(months) == len(names) < 2 * len(own)
    frames = []
    for path, rest, month, is_sn7 in names:
        from_folder = not is_sn7 and (not rest or is_one or (by_folder and one_rest))
        frames.append(Frame(_home_name(path) if from_folder else rest, month, path))
    return frames, all(is_sn7 for *_, is_sn7 in names)


def _home_name(path: Path) -> str:
    """Name of the AOI folder in which the file lies, perhaps in a role folder."""
    folder = path.resolve().parent
    return folder.parent.name if folder.name.lower() in _ROLES else folder.name


def _list(kinds: Iterable[Kind]) -> str:
    return " or ".join(_WANTED[kind] for kind in kinds)
