"""Crops of decoded pixels: which, and what the network gets of them.

A crop is named by (epoch, index). Everything random about it comes from the seed and this name, so
that it is the same in any process and after any interruption.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from torch.utils.data import Dataset

from sn7fast.errors import InputError
from sn7fast.nn.pixels import enlarge
from sn7fast.nn.training.augment import changes_light, relit, turned
from sn7fast.nn.training.pixels import CHANNEL_BIT, VALID_BIT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sn7fast.nn.spec import ModelSpec
    from sn7fast.nn.training.pixels import Pixels
    from sn7fast.nn.training.recipe import Recipe

Crop: TypeAlias = "tuple[NDArray[Any], NDArray[np.bool_], NDArray[np.bool_]]"
"""Image, uint8 or float32 (3, rows, columns), 0 to 255 and enlarged as the network wants it; target
(channels, rows, columns) of the mask; which of its pixels count (1, rows, columns)."""


@dataclass(frozen=True, slots=True)
class Window:
    """A crop's place: which image, and its first row and column in pixels of the image."""

    image: int
    row: int
    column: int


class Crops(Dataset["Crop"]):
    """Crops of several images.

    Args:
        cache: Where the pixels are.
        pixels: Of the images.
        recipe: What is cut and changed.
        spec: Of the network.
        training: Random crops as the recipe has them, changed at random; else those to validate
            with, unchanged.

    Raises:
        InputError: An image is smaller than a crop, or lacks a channel, or has another scale.
    """

    def __init__(
        self,
        cache: Path,
        pixels: Sequence[Pixels],
        recipe: Recipe,
        spec: ModelSpec,
        *,
        training: bool,
    ) -> None:
        self._cache, self._pixels, self._recipe, self._spec = cache, list(pixels), recipe, spec
        self._side = recipe.crops.size // recipe.data.scale
        self._bits = np.array([CHANNEL_BIT[name] for name in recipe.data.channels], np.uint8)
        self._training = training
        self._relights = training and changes_light(recipe.augment)
        for one in self._pixels:
            self._check(one)
        kind = recipe.crops.training if training else recipe.crops.validation
        self._windows = None if kind == "random" else self._fixed(kind)

    def __len__(self) -> int:
        if self._windows is not None:
            return len(self._windows)
        return len(self._pixels) * self._recipe.crops.per_image

    def __getitem__(self, name: tuple[int, int]) -> Crop:
        """The crop of this name: (epoch, index)."""
        rng = np.random.default_rng([self._recipe.seed, *name])
        at = self._image_of(name[1])
        image, target = self._pixels[at].arrays(self._cache)
        window = self._drawn(rng, at, target) if self._windows is None else self._windows[name[1]]
        image, target = self._cut(image, target, window)
        if self._training:
            image, target = turned(rng, image, target, self._recipe.augment)
        light: NDArray[Any] = np.moveaxis(image, -1, 0)
        if self._relights:
            light = np.moveaxis(relit(rng, image, self._recipe.augment), -1, 0)
            # What is masked is black in the files, and stays so.
            scale = self._recipe.data.scale
            light = light * ((target[::scale, ::scale] & VALID_BIT) != 0)
        light = enlarge(light, self._spec.input_scale, self._spec.resampling)
        truth = (target & self._bits[:, None, None]) != 0
        if self._recipe.data.ignore_masked:
            counts = (target[None] & VALID_BIT) != 0
        else:
            counts = np.ones((1, *target.shape), bool)
        return np.ascontiguousarray(light), truth, counts

    def describe(self, index: int) -> str:
        """AOI and name of the image that a crop is of."""
        one = self._pixels[self._image_of(index)]
        return f"{one.aoi}/{one.stem}"

    def _image_of(self, index: int) -> int:
        return index % len(self._pixels) if self._windows is None else self._windows[index].image

    def _check(self, one: Pixels) -> None:
        recipe, name = self._recipe, f"{one.aoi}/{one.stem}"
        if one.scale != recipe.data.scale:
            raise InputError(
                f"data.scale: got {recipe.data.scale}, the mask of {name} has scale {one.scale}; "
                f"run sn7fast prep --scale {recipe.data.scale}"
            )
        absent = [channel for channel in recipe.data.channels if channel not in one.channels]
        if absent:
            raise InputError(
                f"data.channels: got {absent[0]}, the mask of {name} has "
                f"{', '.join(one.channels)}; run sn7fast prep --channels "
                f"{','.join(recipe.data.channels)}"
            )
        if min(one.shape_yx) < self._side:
            raise InputError(
                f"crops.size: got {recipe.crops.size}, which is {self._side} pixels of the image; "
                f"{name} has {one.shape_yx[0]} x {one.shape_yx[1]}"
            )

    def _fixed(self, kind: str) -> list[Window]:
        windows = []
        for index, one in enumerate(self._pixels):
            ends = [extent - self._side for extent in one.shape_yx]
            if kind == "centre":
                windows.append(Window(index, ends[0] // 2, ends[1] // 2))
                continue
            rows, columns = ([*range(0, end, self._side), end] for end in ends)
            windows += [Window(index, row, column) for row, column in product(rows, columns)]
        return windows

    def _drawn(self, rng: np.random.Generator, at: int, target: NDArray[np.uint8]) -> Window:
        ends = [extent - self._side for extent in self._pixels[at].shape_yx]
        row, column = (int(rng.integers(end + 1)) for end in ends)
        centred = rng.random() < self._recipe.crops.building_centred
        if centred:
            building = np.flatnonzero(target & CHANNEL_BIT["footprint"])
            if building.size:
                middle = int(building[rng.integers(building.size)])
                places = (
                    part // self._recipe.data.scale for part in divmod(middle, target.shape[1])
                )
                row, column = (
                    min(max(place - self._side // 2, 0), end)
                    for place, end in zip(places, ends, strict=True)
                )
        return Window(at, row, column)

    def _cut(
        self, image: NDArray[np.uint8], target: NDArray[np.uint8], window: Window
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        scale = self._recipe.data.scale
        top, left = window.row, window.column
        bottom, right = top + self._side, left + self._side
        fine = target[top * scale : bottom * scale, left * scale : right * scale]
        return image[top:bottom, left:right], fine
