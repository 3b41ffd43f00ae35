"""Decoded images and masks on disk, so that training only slices.

``sn7fast prep`` leaves a table of images and masks. Decoding them for every crop would be most of
the work of an epoch, so they are decoded once, to arrays that are mapped into memory::

    <cache>/<AOI>/<stem>.image.npy   uint8 (rows, columns, 3), 0 where not valid
    <cache>/<AOI>/<stem>.target.npy  uint8 (rows * scale, columns * scale), one bit a channel
    <cache>/index.json               what there is, of which files, with sums for mean and deviation

A cache is made anew if a file that it was made of has changed, and appears whole or not at all.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._core import get_num_threads
from sn7fast.data.catalog import MonthFiles
from sn7fast.data.images import read_sn7_image
from sn7fast.data.prep import CHANNELS, TRAIN_TABLE
from sn7fast.data.valid import fitted
from sn7fast.errors import InputError, RasterError
from sn7fast.io.outputs import whole_folder
from sn7fast.io.rasters import opened, read_mask

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from numpy.typing import NDArray

CHANNEL_BIT = {name: np.uint8(1 << bit) for bit, name in enumerate(CHANNELS)}
VALID_BIT = np.uint8(1 << 7)
_FORMAT = 2
_INDEX = "index.json"


@dataclass(frozen=True, slots=True)
class Sample:
    """One image with its mask.

    Attributes:
        aoi: Name of the area.
        stem: Of the image's file name.
        image: The image.
        mask: Its mask.
    """

    aoi: str
    stem: str
    image: Path
    mask: Path


@dataclass(frozen=True, slots=True)
class Pixels:
    """The decoded pixels of one sample.

    Attributes:
        aoi: Name of the area.
        stem: Of the image's file name.
        shape_yx: Of the image.
        scale: Enlargement of the mask.
        channels: Bands that the mask had.
        valid: Number of valid pixels.
        sums: Of red, green and blue over the valid pixels.
        squares: The same of their squares.
        sha256: Of the pixels of image and target.
    """

    aoi: str
    stem: str
    shape_yx: tuple[int, int]
    scale: int
    channels: tuple[str, ...]
    valid: int
    sums: tuple[int, int, int]
    squares: tuple[int, int, int]
    sha256: str

    def arrays(self, cache: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Image and target, mapped into memory."""
        home = cache / self.aoi
        image: NDArray[np.uint8] = np.load(home / f"{self.stem}.image.npy", mmap_mode="r")
        target: NDArray[np.uint8] = np.load(home / f"{self.stem}.target.npy", mmap_mode="r")
        return image, target


def read_table(prepared: Path) -> list[Sample]:
    """The samples that ``sn7fast prep`` wrote, in the order of AOI and name.

    Raises:
        InputError: There is no table, or it has no rows or other columns.
    """
    path = prepared / TRAIN_TABLE
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise InputError(
            f"{path}: cannot be opened: {error.strerror or error}; data.prepared wants a folder "
            "that sn7fast prep wrote"
        ) from error
    if not rows or not {"image", "label"} <= rows[0].keys():
        raise InputError(f"{path}: wanted the columns image and label, and at least one row")
    samples = []
    for row in rows:
        image, mask = Path(row["image"]), Path(row["label"])
        samples.append(Sample(mask.parent.parent.name, image.stem, image, mask))
    samples.sort(key=lambda sample: (sample.aoi, sample.stem))
    return samples


def decode(
    samples: Collection[Sample],
    cache: Path,
    progress: Callable[[Collection[Sample]], Iterable[Sample]] = iter,
) -> list[Pixels]:
    """Decode samples into a cache, unless it holds them already.

    Args:
        samples: What to decode.
        cache: Folder; replaced if it holds something else that was decoded, or files that have
            changed.
        progress: Wraps the samples to show how far it is.

    Returns:
        What the cache holds, in the order of the samples.

    Raises:
        InputError: A file cannot be read, a mask does not fit its image, or the folder holds
            something that is no cache.
    """
    sources = [_fingerprint(sample) for sample in samples]
    known = _read_index(cache, sources)
    if known is not None:
        return known
    with whole_folder(cache) as folder:
        for aoi in {sample.aoi for sample in samples}:
            (folder / aoi).mkdir()
        pool = ThreadPoolExecutor(get_num_threads())
        try:
            found = list(pool.map(partial(_decode, folder), progress(samples)))
        finally:
            pool.shutdown(cancel_futures=True)
        index = {
            "format": _FORMAT,
            "sources": sources,
            "pixels": [asdict(pixels) for pixels in found],
        }
        (folder / _INDEX).write_text(json.dumps(index, indent=1), encoding="utf-8")
    return found


def mean_and_deviation(
    pixels: Iterable[Pixels],
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of red, green and blue, 0 to 255, over all valid pixels.

    Raises:
        InputError: No pixel is valid, or a band has one value everywhere.
    """
    count, sums, squares = 0, [0, 0, 0], [0, 0, 0]
    for one in pixels:
        count += one.valid
        sums = [a + b for a, b in zip(sums, one.sums, strict=True)]
        squares = [a + b for a, b in zip(squares, one.squares, strict=True)]
    if not count:
        raise InputError("data.normalise: no pixel of the training images is valid")
    # Whole numbers, so nothing is lost by the difference of large sums.
    variances = [count * b - a * a for a, b in zip(sums, squares, strict=True)]
    if 0 in variances:
        raise InputError("data.normalise: a band has one value in all training images")
    mean = tuple(a / count for a in sums)
    return mean, tuple(math.sqrt(v) / count for v in variances)


def hash_of(pixels: Iterable[Pixels]) -> str:
    """One SHA-256 of the pixels of all samples, by their names."""
    lines = sorted(f"{one.aoi}/{one.stem} {one.sha256}\n" for one in pixels)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _fingerprint(sample: Sample) -> dict[str, Any]:
    """What tells that a sample's files are still the same."""
    files = {}
    for path in (sample.image, sample.mask, _valid_path(sample)):
        try:
            stat = path.stat()
        except FileNotFoundError:
            if path != _valid_path(sample):
                raise InputError(f"{path}: does not exist; run sn7fast prep again") from None
            continue
        files[str(path)] = [stat.st_size, stat.st_mtime_ns]
    return {"aoi": sample.aoi, "stem": sample.stem, "files": files}


def _valid_path(sample: Sample) -> Path:
    return sample.mask.parent.parent / "valid" / f"{sample.stem}_valid.tif"


def _read_index(cache: Path, sources: list[dict[str, Any]]) -> list[Pixels] | None:
    """What a cache holds, or None if it is absent or of other files."""
    if not cache.exists() or not any(cache.iterdir()):
        return None
    try:
        index = json.loads((cache / _INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{cache}: is no cache of decoded pixels ({error}); choose another folder for "
            "data.cache, or remove it"
        ) from error
    if index.get("format") != _FORMAT or index.get("sources") != sources:
        return None
    found = []
    for one in index["pixels"]:
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in one.items()
        }
        found.append(Pixels(**values))
    return found


def _decode(folder: Path, sample: Sample) -> Pixels:
    files = MonthFiles(sample.aoi, "", image_masked=sample.image)
    image, valid, _ = read_sn7_image(files)
    target, scale, channels = _target(sample, valid.shape)
    path = _valid_path(sample)
    if path.exists():
        rows, columns = (side * scale for side in valid.shape)
        seen = fitted(read_mask(path)[0] != 0, (rows, columns), path)
        valid = valid & seen[::scale, ::scale]
        image[:, ~valid] = 0
    target |= np.where(valid, VALID_BIT, np.uint8(0)).repeat(scale, 0).repeat(scale, 1)
    home = folder / sample.aoi
    bands_last = np.ascontiguousarray(np.moveaxis(image, 0, -1))
    np.save(home / f"{sample.stem}.image.npy", bands_last)
    np.save(home / f"{sample.stem}.target.npy", target)
    wide = image[:, valid].astype(np.int64)
    red, green, blue = (int(value) for value in wide.sum(1))
    red2, green2, blue2 = (int(value) for value in (wide * wide).sum(1))
    return Pixels(
        sample.aoi,
        sample.stem,
        (valid.shape[0], valid.shape[1]),
        scale,
        channels,
        wide.shape[1],
        (red, green, blue),
        (red2, green2, blue2),
        hashlib.sha256(bands_last.tobytes() + target.tobytes()).hexdigest(),
    )


def _target(
    sample: Sample, shape_yx: tuple[int, ...]
) -> tuple[NDArray[np.uint8], int, tuple[str, ...]]:
    """Bits of the mask's bands, its enlargement and the bands' names."""
    with opened(sample.mask) as dataset:
        bands = dataset.read()
        channels = tuple(name or "footprint" for name in dataset.descriptions)
    rows, columns = shape_yx
    scale = bands.shape[1] // rows
    if not 1 <= scale <= 4 or bands.shape[1:] != (rows * scale, columns * scale):
        raise RasterError(
            f"{sample.mask}: got {bands.shape[1]} x {bands.shape[2]} (rows x columns), its image "
            f"{sample.image} has {rows} x {columns}; wanted the same, or 2 to 4 times that"
        )
    if not set(channels) <= set(CHANNELS) or len(set(channels)) < len(channels):
        raise RasterError(
            f"{sample.mask}: got bands {', '.join(channels)}, wanted some of {', '.join(CHANNELS)}"
        )
    target = np.zeros(bands.shape[1:], np.uint8)
    for name, band in zip(channels, bands, strict=True):
        target[band != 0] |= CHANNEL_BIT[name]
    return target, scale, channels
