"""The files of SpaceNet 7 below a folder, as one typed catalog.

An AOI is a folder that holds folders of these names, each with one file a month::

    images             global_monthly_YYYY_MM_mosaic_<AOI>.tif
    images_masked      the same names, clouds blacked out
    labels             ..._Buildings.geojson (longitude, latitude), ..._UDM.geojson (clouds)
    labels_match       ..._Buildings.geojson (EPSG:3857), with identifiers that last
    labels_match_pix   ..._Buildings.geojson (pixels), with identifiers that last
    UDM_masks          ..._UDM.tif, for months with clouds only
    masks              ..._Buildings.tif, made by ``sn7fast prep``

Any folder and any month may be missing, and none of the files is opened here. AOI and month come
from the names of the files; the name of the AOI's folder does not matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sn7fast.data.splits import Split, named_split
from sn7fast.errors import InputError, StackError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

_NAME = re.compile(
    r"global_monthly_(?P<month>\d{4}_(?:0[1-9]|1[0-2]))_mosaic_"
    r"(?P<aoi>L15-\d{4}E-\d{4}N_\d+_\d+_13)(?P<tail>|_Buildings|_UDM)",
    re.ASCII,
)
_RASTER, _VECTOR = (".tif", ".tiff"), (".geojson", ".json")

# By folder (in small letters) and end of the name: the slot, and the suffixes that fit.
_SLOTS = {
    ("images", ""): ("image", _RASTER),
    ("images_masked", ""): ("image_masked", _RASTER),
    ("labels", "_Buildings"): ("labels", _VECTOR),
    ("labels_match", "_Buildings"): ("labels_match", _VECTOR),
    ("labels_match_pix", "_Buildings"): ("labels_match_pix", _VECTOR),
    ("labels", "_UDM"): ("labels_udm", _VECTOR),
    ("udm_masks", "_UDM"): ("udm_mask", _RASTER),
    ("masks", "_Buildings"): ("mask", _RASTER),
}
_FOLDERS = {folder for folder, _ in _SLOTS}

# root/SN7_buildings_train/train/<AOI>: the deepest place at which tarballs leave an AOI.
_DEPTH = 3


@dataclass(frozen=True, slots=True)
class MonthFiles:
    """The files of one AOI in one month; those that are not there are None.

    Attributes:
        aoi: Name of the area.
        month: ``YYYY_MM``.
        image: RGBA as delivered.
        image_masked: The same with clouds blacked out (alpha 0).
        labels: Footprints in longitude and latitude, without identifiers.
        labels_match: Footprints in EPSG:3857.
        labels_match_pix: Footprints in pixels.
        labels_udm: Clouds as polygons, in longitude and latitude.
        udm_mask: Clouds as raster, 255 = unusable; clear months have none.
        mask: Training mask.
    """

    aoi: str
    month: str
    image: Path | None = None
    image_masked: Path | None = None
    labels: Path | None = None
    labels_match: Path | None = None
    labels_match_pix: Path | None = None
    labels_udm: Path | None = None
    udm_mask: Path | None = None
    mask: Path | None = None

    @property
    def best_image(self) -> Path | None:
        """The masked image, which is the one to work with, else the image as delivered."""
        return self.image_masked or self.image

    @property
    def best_labels(self) -> Path | None:
        """Footprints in pixels, else in EPSG:3857, else in longitude and latitude."""
        return self.labels_match_pix or self.labels_match or self.labels


@dataclass(frozen=True, slots=True)
class AoiFiles:
    """One AOI: its months in time order.

    Attributes:
        name: Such as ``L15-0368E-1245N_1474_3210_13``.
        months: At least one; months may be missing in between.
    """

    name: str
    months: tuple[MonthFiles, ...]

    @property
    def is_labelled(self) -> bool:
        """True if some month has footprints; test_public has none."""
        return any(files.best_labels is not None for files in self.months)

    def __getitem__(self, month: str) -> MonthFiles:
        for files in self.months:
            if files.month == month:
                return files
        has = ", ".join(files.month for files in self.months)
        raise InputError(f"month: got {month!r}, AOI {self.name} has {has}")


@dataclass(frozen=True, slots=True)
class Catalog:
    """AOIs by name.

    Attributes:
        root: Where they were found.
        aois: In order of their names.
        ignored: Files in the folders of SpaceNet 7 whose names are none of those above.
    """

    root: Path
    aois: tuple[AoiFiles, ...]
    ignored: tuple[Path, ...] = field(default=(), repr=False)

    @classmethod
    def scan(cls, root: str | os.PathLike[str]) -> Catalog:
        """Find the files of SpaceNet 7.

        Args:
            root: One AOI, a folder of AOIs such as ``train``, or a folder up to two levels above
                that, where ``train`` and ``test_public`` lie beside each other.

        Raises:
            InputError: ``root`` is no folder or cannot be read, or nothing was found; says what
                was looked for.
            StackError: Two files for one place in the catalog; names both.
        """
        root = Path(root)
        if not root.is_dir():
            what = "is no folder" if root.exists() else "does not exist"
            raise InputError(f"{root}: {what}, wanted one with AOIs of SpaceNet 7")
        slots: dict[tuple[str, str], dict[str, Path]] = {}
        ignored = []
        try:
            for folder in _slot_folders(root, _DEPTH):
                for path in _visible(folder):
                    place = _place(folder, path)
                    if place is None:
                        ignored.append(path)
                        continue
                    aoi, month, slot = place
                    other = slots.setdefault((aoi, month), {}).setdefault(slot, path)
                    if other is not path:
                        raise StackError(
                            f"{root}: two files for {slot} of {aoi} in {month}: {other} and {path}"
                        )
        except OSError as error:
            raise InputError(
                f"{error.filename or root}: cannot be read: {error.strerror or error}"
            ) from error
        if not slots:
            raise InputError(
                f"{root}: nothing found, looked for <AOI>/images/global_monthly_YYYY_MM_mosaic_"
                "<AOI>.tif, and the like in images_masked, labels, labels_match, labels_match_pix, "
                f"UDM_masks and masks, in it and up to {_DEPTH} folders below"
                + (f"; {len(ignored)} files have other names: {ignored[0]}" if ignored else "")
            )
        months: dict[str, list[MonthFiles]] = {}
        for (aoi, month), paths in sorted(slots.items()):
            months.setdefault(aoi, []).append(MonthFiles(aoi, month, **paths))
        aois = tuple(AoiFiles(aoi, tuple(files)) for aoi, files in months.items())
        return cls(root, aois, tuple(ignored))

    @property
    def names(self) -> tuple[str, ...]:
        """The AOIs' names."""
        return tuple(aoi.name for aoi in self.aois)

    def __len__(self) -> int:
        return len(self.aois)

    def __iter__(self) -> Iterator[AoiFiles]:
        return iter(self.aois)

    def __getitem__(self, name: str) -> AoiFiles:
        return self.select([name]).aois[0]

    def files(self) -> Iterator[MonthFiles]:
        """All months of all AOIs."""
        return (files for aoi in self.aois for files in aoi.months)

    def select(self, aois: Iterable[str]) -> Catalog:
        """The AOIs of these names.

        Raises:
            InputError: ``aois`` is one text, or names an AOI that is not there.
        """
        if isinstance(aois, str):
            raise InputError(f"aois: got the text {aois!r}, wanted a list of names")
        wanted = set(aois)
        absent = sorted(wanted - set(self.names))
        if absent:
            raise InputError(f"aois: got {absent[0]!r}, which is not among the {len(self)} AOIs "
                             f"below {self.root}")  # fmt: skip
        kept = tuple(aoi for aoi in self.aois if aoi.name in wanted)
        return Catalog(self.root, kept, self.ignored)

    def labelled(self) -> Catalog:
        """The AOIs that have footprints in some month.

        Raises:
            InputError: None has.
        """
        names = [aoi.name for aoi in self.aois if aoi.is_labelled]
        if not names:
            raise InputError(
                f"{self.root}: none of the {len(self)} AOIs has labels, looked in "
                "labels_match_pix, labels_match and labels"
            )
        return self.select(names)

    def split(self, split: str | Split) -> tuple[Catalog, Catalog]:
        """The AOIs to train on and those to validate with.

        Args:
            split: The name of one, such as ``lxastro0``, or what a function of
                `sn7fast.data.splits` gave for `names`.

        Raises:
            InputError: No split of this name, or it leaves one side empty, or has other AOIs.
        """
        if isinstance(split, str):
            split = named_split(split, self.names)
        return self.select(split.train), self.select(split.validation)


def _slot_folders(folder: Path, depth: int) -> Iterator[Path]:
    """Folders with names of `_FOLDERS`, in the order of their paths."""
    below = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
    for path in below:
        if path.name.lower() in _FOLDERS:
            yield path
        elif depth:
            yield from _slot_folders(path, depth - 1)


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name[0] != "." and path.is_file())


def _place(folder: Path, path: Path) -> tuple[str, str, str] | None:
    """AOI, month and slot of a file, or None if it has none."""
    name = _NAME.fullmatch(path.stem)
    if name is None:
        return None
    slot, suffixes = _SLOTS.get((folder.name.lower(), name["tail"]), ("", ()))
    if path.suffix.lower() not in suffixes:
        return None
    return name["aoi"], name["month"], slot
