"""Random changes of training crops: mirror images, rotations, and other light.

All chance comes from the generator given, so that a crop is the same whoever makes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.nn.training.recipe import Augment

_WHITE = np.float32(255)
_GREY = np.array([0.299, 0.587, 0.114], np.float32)


def turned(
    rng: np.random.Generator,
    image: NDArray[np.uint8],
    target: NDArray[np.uint8],
    augment: Augment,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Mirrored and rotated by quarters, image and target alike; views of what was given.

    Args:
        rng: Source of chance.
        image: (rows, columns, bands).
        target: (rows * scale, columns * scale).
        augment: With what chances.
    """
    flip_x, flip_y, rotate = rng.random(3)
    quarters = int(rng.integers(4))
    if flip_x < augment.flip_x:
        image, target = image[:, ::-1], target[:, ::-1]
    if flip_y < augment.flip_y:
        image, target = image[::-1], target[::-1]
    if rotate < augment.rotate90:
        image, target = np.rot90(image, quarters), np.rot90(target, quarters)
    return image, target


def changes_light(augment: Augment) -> bool:
    """True if `relit` would change anything."""
    return any(
        getattr(augment, name) > 0
        for name in (
            "brightness", "contrast", "gamma", "colour", "saturation", "noise", "grain", "blur",
            "sharpen", "haze",
        )
    )  # fmt: skip


def relit(
    rng: np.random.Generator, image: NDArray[np.uint8], augment: Augment
) -> NDArray[np.float32]:
    """In other light, by another sensor.

    Args:
        rng: Source of chance.
        image: (rows, columns, 3).
        augment: How strongly at most; each strength is drawn evenly.

    Returns:
        float32 of the same shape, 0 to 255.
    """
    # One draw for each matter whether used or not: changing one setting leaves the others' draws.
    unit = rng.uniform(-1, 1, 4)
    positive = rng.random(4)
    colour = rng.uniform(-1, 1, 3).astype(np.float32)
    tint = rng.uniform(-1, 1, 3).astype(np.float32)
    values = image.astype(np.float32)
    if augment.blur or augment.sharpen:
        values = _refocused(values, unit[3], augment)
    if augment.gamma:
        exponent = np.float32(np.exp(unit[0] * augment.gamma))
        values = np.power(values.clip(0, _WHITE) / _WHITE, exponent, dtype=np.float32) * _WHITE
    if augment.saturation:
        values = _spread(values, (values @ _GREY)[..., None], unit[1] * augment.saturation)
    if augment.contrast:
        values = _spread(values, values.mean((0, 1)), unit[2] * augment.contrast)
    values += np.float32((2 * positive[0] - 1) * augment.brightness)
    values += colour * np.float32(augment.colour)
    if augment.haze:
        share = np.float32(positive[1] * augment.haze)
        tone = np.float32(150 + 80 * positive[2]) + np.float32(10) * tint
        values += share * (tone - values)
    if augment.grain:
        values += _grain(rng, values.shape[:2], augment.grain)
    if augment.noise:
        sigma = np.float32(positive[3] * augment.noise)
        values += sigma * rng.standard_normal(values.shape, dtype=np.float32)
    return np.clip(values, 0, _WHITE, out=values)


def _grain(rng: np.random.Generator, shape: tuple[int, ...], most: float) -> NDArray[np.float32]:
    """Noise that neighbours share: some in all bands alike, less in each by itself."""
    sigma = rng.uniform(0.5, 1.6)
    strengths = most * rng.random(2)
    noise = blurred(rng.standard_normal((*shape, 4), dtype=np.float32), sigma)
    noise /= noise.std() + np.float32(1e-6)
    return (
        np.float32(strengths[0]) * noise[..., :1] + np.float32(0.5 * strengths[1]) * noise[..., 1:]
    )


def _spread(
    values: NDArray[np.float32], around: NDArray[np.float32], exponent: float
) -> NDArray[np.float32]:
    """Differences from ``around`` times exp(exponent)."""
    return around + (values - around) * np.float32(np.exp(exponent))


def _refocused(values: NDArray[np.float32], draw: float, augment: Augment) -> NDArray[np.float32]:
    """Blurred where the draw is negative, else sharpened."""
    if draw < 0:
        return blurred(values, -draw * augment.blur)
    share = np.float32(draw * augment.sharpen)
    return values + share * (values - blurred(values, 1.0))


def blurred(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """By a Gaussian along rows and columns, with the edge repeated beyond it.

    Args:
        values: (rows, columns, bands).
        sigma: In pixels; below 0.1 nothing happens.
    """
    if sigma < 0.1:
        return values
    radius = max(int(np.ceil(2.5 * sigma)), 1)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        pad = [(radius, radius) if axis == one else (0, 0) for one in range(3)]
        padded = np.pad(values, pad, mode="edge")
        length = values.shape[axis]
        total = np.zeros_like(values)
        for shift, weight in enumerate(kernel):
            part = (
                padded[shift : shift + length] if axis == 0 else padded[:, shift : shift + length]
            )
            total += np.float32(weight) * part
        values = total
    return values
