"""Images of all months, coded within a number of bytes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.io.rasters import GDAL_OPTIONS, unreferenced_too

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

Images: TypeAlias = "Mapping[str, NDArray[Any]]"
Masks: TypeAlias = "Mapping[str, NDArray[np.bool_]]"

IMAGE_BYTES = 1_900_000
"""What the images of a page may take, so that as text and with footprints it stays below 4 MB."""

# WebP at fewer bytes a pixel shows blocks, and the image looks better at a lower resolution.
_LEAST_BYTES_PER_PX = 0.055
_BEST, _WORST = 88, 5
# WebP has no longer side than that.
_LONGEST_PX = 16383
# Shares of the pixels, in %, that become black and white; so many pixels tell.
_STRETCH, _TELLING = (0.5, 99.5), 200_000
# Quality is looked for on a square of this side in the middle of some months.
_SAMPLE_PX, _SAMPLE_MONTHS = 512, 3


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
    def of(cls, images: Images, valid: Masks, *, months: Sequence[str], limit: int) -> Backgrounds:
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
        rows, columns = _bands(chosen[0], images[chosen[0]]).shape[:2]
        each = limit / len(chosen)
        factor = -(-max(rows, columns) // _LONGEST_PX)
        while each / (rows * columns / factor**2) < _LEAST_BYTES_PER_PX:
            factor += 1
        pictures = _Pictures(images, valid, (rows, columns), factor)
        coder = _Coder()
        every = max(1, len(chosen) // _SAMPLE_MONTHS)
        quality = _quality(coder, [pictures.of(month) for month in chosen[::every]], each)

        def coded(month: str) -> bytes:
            return coder(pictures.of(month), quality)

        with ThreadPoolExecutor(2) as pool:
            files = list(pool.map(coded, chosen))
            while sum(map(len, files)) > limit and quality > _WORST:
                quality = max(_WORST, quality - 1 - quality // 12)
                files = list(pool.map(coded, chosen))
        return cls(dict(zip(chosen, files, strict=True)), (rows, columns), factor, quality)


class _Pictures:
    """Images as they are shown: uint8 (1 or 3, rows / factor, columns / factor)."""

    def __init__(
        self, images: Images, valid: Masks, shape_yx: tuple[int, int], factor: int
    ) -> None:
        self._images, self._valid = images, valid
        self._shape_yx, self._factor = shape_yx, factor

    def of(self, month: str) -> NDArray[np.uint8]:
        """The picture of a month.

        Raises:
            InputError: The image has another form, or not the shape of the first.
        """
        bands = _bands(month, self._images[month])
        rows, columns = self._shape_yx
        if bands.shape[:2] != (rows, columns):
            raise InputError(
                f"images: month {month}: got {bands.shape[0]} x {bands.shape[1]} (rows x columns), "
                f"the first month has {rows} x {columns}"
            )
        count = 3 if bands.shape[2] >= 3 else 1
        chosen = bands[..., :count].transpose(2, 0, 1)
        if chosen.dtype == bool:
            chosen = np.where(chosen, np.uint8(255), np.uint8(0))
        # Before the stretch, which would otherwise need many times the memory of a large image.
        picture = _reduced(chosen, self._factor)
        if count == 1 and picture.dtype == np.uint8:
            return picture
        clear = self._clear(month, bands)[:: self._factor, :: self._factor]
        return np.stack([_stretched(band, clear) for band in picture])

    def _clear(self, month: str, bands: NDArray[Any]) -> NDArray[np.bool_]:
        """Pixels that tell what is dark and what is bright."""
        clear = np.ones(bands.shape[:2], bool)
        if bands.shape[2] == 4 and bands.dtype == np.uint8:
            clear &= bands[..., 3] > 0
        if month in self._valid:
            # Masks may have a row or column more, or less.
            valid = self._valid[month]
            rows, columns = np.minimum(valid.shape, clear.shape)
            clear[:rows, :columns] &= valid[:rows, :columns]
        return clear


def _bands(month: str, image: NDArray[Any]) -> NDArray[Any]:
    """(rows, columns, bands)."""
    image = np.asarray(image)
    bands = image[..., None] if image.ndim == 2 else image
    if bands.ndim != 3 or bands.dtype.kind not in "buif" or not bands.size:
        raise InputError(
            f"images: month {month}: got {image.dtype} of shape {image.shape}, wanted numbers of "
            "(rows, columns) or (rows, columns, bands)"
        )
    return bands


def _stretched(band: NDArray[Any], clear: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Almost the darkest clear pixel becomes black, almost the brightest white."""
    is_number = np.isfinite(band) if band.dtype.kind == "f" else True
    seen = band[clear & is_number]
    seen = seen[:: max(1, len(seen) // _TELLING)]
    if not len(seen):
        seen = np.array([0, 255])
    low, high = np.percentile(seen.astype(np.float64), _STRETCH)
    scaled = (band.astype(np.float32) - low) * (255 / max(high - low, 1e-9))
    shown: NDArray[np.uint8] = np.clip(np.nan_to_num(scaled), 0, 255).astype(np.uint8)
    return shown


def _reduced(picture: NDArray[Any], factor: int) -> NDArray[Any]:
    """Means of squares, of bytes as bytes; those at the right and lower edge may be cut."""
    if factor == 1:
        return np.ascontiguousarray(picture)
    _, rows, columns = picture.shape
    kind = np.uint8 if picture.dtype == np.uint8 else np.float32
    out = np.empty((len(picture), -(-rows // factor), -(-columns // factor)), kind)
    high, wide = out.shape[1:]
    edge = ((0, high * factor - rows), (0, wide * factor - columns))
    for index, band in enumerate(picture):
        squares = np.pad(band, edge, mode="edge").reshape(high, factor, wide, factor)
        means = squares.mean(axis=(1, 3), dtype=np.float32)
        out[index] = np.rint(means) if kind is np.uint8 else means
    return out


def _quality(coder: _Coder, pictures: Sequence[NDArray[np.uint8]], each: float) -> int:
    """The best quality at which pictures like these take no more than so many bytes each."""
    squares, share = [], 0.0
    for picture in pictures:
        top, left = (max(0, (side - _SAMPLE_PX) // 2) for side in picture.shape[1:])
        squares.append(picture[:, top : top + _SAMPLE_PX, left : left + _SAMPLE_PX])
        share += squares[-1].size / picture.size
    low, high = _WORST, _BEST + 1
    while high - low > 1:
        middle = (low + high) // 2
        if sum(len(coder(square, middle)) for square in squares) <= each * share:
            low = middle
        else:
            high = middle
    return low


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
        is_mask = len(picture) == 1 and not ((picture > 0) & (picture < 255)).any()
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
