"""Images to the numbers a network takes: enlargement and normalisation, in training and use."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.nn.spec import ModelSpec

# Keys' cubic with the parameter of torch and OpenCV, so that both of our backends enlarge alike.
_CUBIC_A = -0.75


def check_image(spec: ModelSpec, image: NDArray[Any], name: str) -> None:
    """The image is one that the network may be given.

    Args:
        spec: Of the network.
        image: (bands, rows, columns).
        name: Of the image, for the message.

    Raises:
        InputError: Number of bands or type do not fit. float32 fits any: it is what scaling to the
            range of the network gives.
    """
    if image.ndim != 3 or len(image) != len(spec.bands):
        got = f"shape {image.shape}"
        if image.ndim == 3:
            got = "1 band" if len(image) == 1 else f"{len(image)} bands"
        raise InputError(
            f"{name}: got {got}, the network wants {len(spec.bands)}: {', '.join(spec.bands)}"
        )
    if str(image.dtype) not in (spec.pixels, "float32"):
        raise InputError(
            f"{name}: got {image.dtype}, the network was trained with {spec.pixels}; scale the "
            "image to its range (scale and offset of a manifest)"
        )


def normalise(spec: ModelSpec, image: Any) -> Any:  # noqa: ANN401 - an array or a tensor
    """The numbers the network takes: ``(image - mean) / std`` for each band.

    Args:
        spec: Of the network.
        image: numpy array or torch tensor (..., bands, rows, columns) of real numbers.

    Returns:
        float32 of the same kind and shape, new.
    """
    factor = np.array([1 / std for std in spec.std], np.float32)[:, None, None]
    shift = np.array(
        [-mean / std for mean, std in zip(spec.mean, spec.std, strict=True)], np.float32
    )[:, None, None]
    if isinstance(image, np.ndarray):
        result = image * factor if image.dtype == np.float32 else image.astype(np.float32) * factor
        result += shift
        return result
    import torch

    numbers = image.to(torch.float32)
    return numbers * torch.from_numpy(factor).to(image.device) + torch.from_numpy(shift).to(
        image.device
    )


def enlarge(image: NDArray[Any], scale: int, resampling: str) -> NDArray[Any]:
    """The image with ``scale`` pixels along each of its pixels.

    A pixel of the result has its centre where it lies in the image (``align_corners`` is false);
    beyond the edge the image goes on with its last pixel.

    Args:
        image: (..., rows, columns).
        scale: 1 to 4.
        resampling: ``nearest``, ``bilinear`` or ``cubic`` (Keys, a = -0.75, as torch has it).

    Returns:
        (..., rows * scale, columns * scale): of the same type for nearest, else float32. The image
        itself at scale 1.

    Raises:
        InputError: Another resampling.
    """
    if scale == 1:
        return image
    if resampling == "nearest":
        return image.repeat(scale, axis=-2).repeat(scale, axis=-1)
    if resampling not in ("bilinear", "cubic"):
        raise InputError(f"resampling: got {resampling!r}, wanted nearest, bilinear or cubic")
    rows = _enlarge_last(np.swapaxes(image.astype(np.float32), -1, -2), scale, resampling)
    return _enlarge_last(np.ascontiguousarray(np.swapaxes(rows, -1, -2)), scale, resampling)


def _enlarge_last(image: NDArray[np.float32], scale: int, resampling: str) -> NDArray[np.float32]:
    """Along the last axis: each of the ``scale`` phases is one short filter."""
    size = image.shape[-1]
    padded = np.pad(image, [(0, 0)] * (image.ndim - 1) + [(2, 2)], mode="edge")
    result = np.empty((*image.shape, scale), np.float32)
    for phase, weights in enumerate(_phases(scale, resampling)):
        total = np.zeros(image.shape, np.float32)
        for tap, weight in enumerate(weights):
            if weight:
                total += np.float32(weight) * padded[..., tap : tap + size]
        result[..., phase] = total
    return result.reshape(*image.shape[:-1], size * scale)


@cache
def _phases(scale: int, resampling: str) -> tuple[tuple[float, ...], ...]:
    """For each phase the weights of the pixels at -2 to +2."""
    kernel = _linear if resampling == "bilinear" else _cubic
    return tuple(
        tuple(kernel(abs(tap - ((phase + 0.5) / scale - 0.5))) for tap in range(-2, 3))
        for phase in range(scale)
    )


def _linear(distance: float) -> float:
    return max(0.0, 1.0 - distance)


def _cubic(distance: float) -> float:
    d, a = distance, _CUBIC_A
    if d <= 1:
        return ((a + 2) * d - (a + 3)) * d * d + 1
    return (((d - 5) * d + 8) * d - 4) * a if d < 2 else 0.0


def prepared(spec: ModelSpec, images: Any) -> Any:  # noqa: ANN401 - an array or a tensor
    """Raw images to what the network takes: enlarged as the spec says, and normalised.

    Args:
        spec: Of the network.
        images: numpy array or torch tensor (N, bands, rows, columns).

    Returns:
        float32 of the same kind, (N, bands, rows * k, columns * k), k being ``spec.input_scale``.
    """
    if isinstance(images, np.ndarray):
        return normalise(spec, enlarge(images, spec.input_scale, spec.resampling))
    numbers = normalise(spec, images)
    if spec.input_scale == 1:
        return numbers
    import torch

    if spec.resampling == "nearest":
        return torch.nn.functional.interpolate(numbers, scale_factor=spec.input_scale)
    return torch.nn.functional.interpolate(
        numbers,
        scale_factor=spec.input_scale,
        mode="bilinear" if spec.resampling == "bilinear" else "bicubic",
        align_corners=False,
    )
