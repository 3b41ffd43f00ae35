"""Images of all months as WebP, within a number of bytes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.io.rasters import GDAL_OPTIONS, unreferenced_too

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

IMAGE_BYTES = 2_000_000
"""What the images of a page may take, so that with text and footprints it stays below 4 MB."""

# WebP at fewer bytes a pixel shows blocks, and the image looks better at half the resolution.
_LEAST_BYTES_PER_PX = 0.055
_BEST, _WORST = 88, 5
# WebP has no longer side than that.
_LONGEST_PX = 16383
# Shares of the pixels that become black and white.
_STRETCH = (0.5, 99.7)


@dataclass(frozen=True, slots=True, eq=False)
class Backgrounds:
    """Images of the months that have one.

    Attributes:
        files: WebP by month.
        shape_yx: Rows and columns of the images as they came, or None without any.
        factor: Pixels of these along one of the files.
        quality: Of the files.
    """

    files: dict[str, bytes]
    shape_yx: tuple[int, int] | None = None
    factor: int = 1
    quality: int = _BEST

    @classmethod
    def of(
        cls, images: Mapping[str, NDArray[Any]], *, months: Sequence[str], limit: int
    ) -> Backgrounds:
        """Code the images as well as the limit allows.

        Raises:
            InputError: An image has another form, or another shape than the others.
        """
        chosen = [month for month in months if month in images]
        if not chosen:
            return cls({})
        webp = _Webp()
        first = _picture(chosen[0], images[chosen[0]], None, 1)
        shape = first.shape[1:]
        each = limit / len(chosen)
        factor = 1
        while each / (first[0].size / factor**2) < _LEAST_BYTES_PER_PX or (
            max(shape) / factor > _LONGEST_PX
        ):
            factor += 1

        def prepared() -> Iterator[NDArray[np.uint8]]:
            return (_picture(month, images[month], shape, factor) for month in chosen)

        quality = _quality(webp, _sample(chosen, images, shape, factor), each)
        with ThreadPoolExecutor(2) as pool:
            while True:
                files = list(pool.map(partial(webp, quality=quality), prepared()))
                if sum(map(len, files)) <= limit or quality <= _WORST:
                    break
                quality = max(_WORST, quality - 1 - quality // 12)
        return cls(dict(zip(chosen, files, strict=True)), (shape[0], shape[1]), factor, quality)


def _sample(
    months: Sequence[str], images: Mapping[str, NDArray[Any]], shape: tuple[int, ...], factor: int
) -> list[NDArray[np.uint8]]:
    """Three months, by which the quality is found."""
    places = sorted({0, len(months) // 2, len(months) - 1})
    return [_picture(months[at], images[months[at]], shape, factor) for at in places]


def _quality(webp: _Webp, pictures: Sequence[NDArray[np.uint8]], each: float) -> int:
    """The best quality at which the pictures take no more than so many bytes each."""
    low, high = _WORST, _BEST + 1
    while high - low > 1:
        middle = (low + high) // 2
        if sum(len(webp(one, middle)) for one in pictures) <= each * len(pictures):
            low = middle
        else:
            high = middle
    return low


def _picture(
    month: str, image: NDArray[Any], shape_yx: tuple[int, ...] | None, factor: int
) -> NDArray[np.uint8]:
    """uint8 (1 or 3, rows / factor, columns / factor)."""
    image = np.asarray(image)
    bands = image[..., None] if image.ndim == 2 else image
    if bands.ndim != 3 or bands.dtype.kind not in "buif" or not bands.size:
        raise InputError(
            f"images: month {month}: got {image.dtype} of shape {image.shape}, wanted numbers of "
            "(rows, columns) or (rows, columns, bands)"
        )
    if shape_yx is not None and bands.shape[:2] != tuple(shape_yx):
        raise InputError(
            f"images: month {month}: got {bands.shape[0]} x {bands.shape[1]} (rows x columns), "
            f"the first month has {shape_yx[0]} x {shape_yx[1]}"
        )
    count = 3 if bands.shape[2] >= 3 else 1
    alpha = bands[..., 3] if bands.shape[2] == 4 and bands.dtype == np.uint8 else None
    chosen = bands[..., :count].transpose(2, 0, 1)
    if chosen.dtype == bool:
        out = np.where(chosen, np.uint8(255), np.uint8(0))
    elif chosen.dtype == np.uint8 and count == 1:
        out = chosen
    else:
        out = np.stack([_stretched(band, alpha) for band in chosen])
    return _reduced(out, factor) if factor > 1 else np.ascontiguousarray(out)


def _stretched(band: NDArray[Any], alpha: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """Almost the darkest becomes black, almost the brightest white; what is not valid is black."""
    valid = np.isfinite(band) if band.dtype.kind == "f" else np.ones(band.shape, bool)
    if alpha is not None:
        valid &= alpha > 0
    # A few pixels tell as much as all.
    seen = band[valid][:: max(1, band.size // 200_000)]
    if not seen.size:
        return np.zeros(band.shape, np.uint8)
    low, high = np.percentile(seen.astype(np.float64), _STRETCH)
    scaled = (band.astype(np.float32) - low) * (255 / max(high - low, 1e-9))
    return np.where(valid, np.clip(np.nan_to_num(scaled), 0, 255), 0).astype(np.uint8)


def _reduced(picture: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Means of squares; those at the right and lower edge may be cut."""
    bands, rows, columns = picture.shape
    high, wide = -(-rows // factor), -(-columns // factor)
    padded = np.pad(
        picture, ((0, 0), (0, high * factor - rows), (0, wide * factor - columns)), mode="edge"
    )
    squares = padded.reshape(bands, high, factor, wide, factor)
    return np.ascontiguousarray(np.rint(squares.mean(axis=(2, 4), dtype=np.float32)), np.uint8)


class _Webp:
    """Codes pictures by GDAL, which comes with rasterio."""

    def __init__(self) -> None:
        self._rasterio = require("rasterio")
        self._memory = require("rasterio.io").MemoryFile

    def __call__(self, picture: NDArray[np.uint8], quality: int) -> bytes:
        if len(picture) == 1:
            picture = np.repeat(picture, 3, axis=0)
        bands, rows, columns = picture.shape
        form = {
            "driver": "WEBP",
            "dtype": "uint8",
            "count": bands,
            "height": rows,
            "width": columns,
        }
        with self._rasterio.Env(**GDAL_OPTIONS), unreferenced_too(), self._memory() as memory:
            with memory.open(**form, QUALITY=quality, METHOD=4) as dataset:
                dataset.write(picture)
            return bytes(memory.read())
