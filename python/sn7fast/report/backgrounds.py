"""Images of all months, coded within a number of bytes."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._optional import require
from sn7fast.io.rasters import GDAL_OPTIONS, unreferenced_too
from sn7fast.report.pictures import Pictures, checked_image
from sn7fast.report.strips import strip_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sn7fast.report.strips import Strips

IMAGE_BYTES = 1_900_000
"""What the images of a page may take, so that as text and with footprints it stays below 4 MB."""

# WebP at fewer bytes a pixel shows blocks, and the image looks better at a lower resolution.
_LEAST_BYTES_PER_PX = 0.055
_BEST, _WORST = 88, 5
# WebP has no longer side than that.
_LONGEST_PX = 16383
# Quality is looked for on a square of this side in the middle of some months.
_SAMPLE_PX, _SAMPLE_MONTHS = 512, 3
# Larger pictures, and those of images in larger strips, are made one after the other.
_TOGETHER_PX, _TOGETHER_BYTES = 4_000_000, 32 * 2**20
# Of a picture that are looked at together.
_ROWS = 256


@dataclass(frozen=True, slots=True, eq=False)
class Backgrounds:
    """Images of the months that have one.

    Attributes:
        files: By month, WebP as a rule.
        shape_yx: Rows and columns of the images as they came, or None without any.
        factor: Pixels of these along one of the files.
        quality: Of the files; that of masks of two values is not lowered.
    """

    files: dict[str, bytes]
    shape_yx: tuple[int, int] | None = None
    factor: int = 1
    quality: int = _BEST

    @classmethod
    def of(
        cls,
        images: Mapping[str, Any],
        valid: Mapping[str, Strips],
        *,
        months: Sequence[str],
        limit: int,
    ) -> Backgrounds:
        """Code the images as well as the limit allows.

        Args:
            images: See `sn7fast.report.write_report`.
            valid: By month; what is hidden does not count for the stretch.
            months: Of the page.
            limit: Bytes of all.

        Raises:
            InputError: An image has another form, or another shape than the others.
        """
        chosen = [month for month in months if month in images]
        if not chosen:
            return cls({})
        first = checked_image(chosen[0], images[chosen[0]])
        rows, columns = first.shape[:2]
        each = limit / len(chosen)
        factor = -(-max(rows, columns) // _LONGEST_PX)
        while each / (rows * columns / factor**2) < _LEAST_BYTES_PER_PX:
            factor += 1
        pictures = Pictures(images, valid, (rows, columns), factor)
        coder = _Coder()
        every = max(1, len(chosen) // _SAMPLE_MONTHS)
        quality = _quality(coder, pictures, chosen[::every], each)
        final: set[str] = set()

        def coded(month: str) -> bytes:
            picture = pictures.of(month)
            if _is_mask(picture):
                final.add(month)
            return coder(picture, quality)

        # A coder needs some times the memory of its picture, and reading that of its strip.
        is_small = math.prod(pictures.shape_yx) <= _TOGETHER_PX
        is_small &= strip_bytes(first, factor) <= _TOGETHER_BYTES
        with ThreadPoolExecutor(2 if is_small else 1) as pool:
            files = dict(zip(chosen, pool.map(coded, chosen), strict=True))
            while sum(map(len, files.values())) > limit and quality > _WORST:
                quality = max(_WORST, quality - 1 - quality // 12)
                again = [month for month in chosen if month not in final]
                files |= zip(again, pool.map(coded, again), strict=True)
        return cls(files, (rows, columns), factor, quality)


def _quality(coder: _Coder, pictures: Pictures, months: Sequence[str], each: float) -> int:
    """The best quality at which pictures like those of the months take so many bytes each."""
    squares, share = [], 0.0
    for month in months:
        picture = pictures.of(month)
        top, left = (max(0, (side - _SAMPLE_PX) // 2) for side in picture.shape[1:])
        square = picture[:, top : top + _SAMPLE_PX, left : left + _SAMPLE_PX]
        squares.append(square.copy())
        share += square.size / picture.size
    low, high = _WORST, _BEST + 1
    while high - low > 1:
        middle = (low + high) // 2
        if sum(len(coder(square, middle)) for square in squares) <= each * share:
            low = middle
        else:
            high = middle
    return low


def _is_mask(picture: NDArray[np.uint8]) -> bool:
    """True if all is black or white."""
    if len(picture) > 1:
        return False
    strips = (picture[0, top : top + _ROWS] for top in range(0, picture.shape[1], _ROWS))
    return not any(((strip > 0) & (strip < 255)).any() for strip in strips)


class _Coder:
    """Codes pictures by GDAL, which comes with rasterio.

    That of PyPI can write WebP. One that cannot writes JPEG, and PNG of masks, which every browser
    shows too, but which take more bytes for the same quality.
    """

    def __init__(self) -> None:
        self._rasterio = require("rasterio")
        self._memory = require("rasterio.io").MemoryFile
        with self._rasterio.Env() as env:
            self._has_webp = "WEBP" in env.drivers()

    def __call__(self, picture: NDArray[np.uint8], quality: int) -> bytes:
        # A mask of two values takes less without loss.
        is_mask = _is_mask(picture)
        options: dict[str, Any] = {"driver": "WEBP", "QUALITY": quality, "METHOD": 3}
        if self._has_webp and is_mask:
            options = {"driver": "WEBP", "LOSSLESS": True}
        elif not self._has_webp:
            options = {"driver": "PNG"} if is_mask else {"driver": "JPEG", "QUALITY": quality}
        _, rows, columns = picture.shape
        form = {"dtype": "uint8", "count": 3, "height": rows, "width": columns, **options}
        with self._rasterio.Env(**GDAL_OPTIONS), unreferenced_too(), self._memory() as memory:
            with memory.open(**form) as dataset:
                dataset.write(np.broadcast_to(picture, (3, rows, columns)))
            return bytes(memory.read())
