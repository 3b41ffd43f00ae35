"""What is compared: every way from the masks of an AOI to tracked buildings, by name."""

from dataclasses import dataclass

import numpy as np

from sn7fast import Cube, FilterParams, Stack, collapse, polygonize_frames, track

MIN_AREA_PX = 4
MIN_IOU = 0.25


@dataclass(frozen=True, eq=False)
class Scene:
    """What a method is given.

    Attributes:
        aoi: Name of the area.
        months: T labels.
        masks: uint8 (T, rows, columns), 0 and 255.
        valid: bool, the same shape, False under cloud.
    """

    aoi: str
    months: tuple[str, ...]
    masks: np.ndarray
    valid: np.ndarray

    def footprints(self, min_area_px=MIN_AREA_PX):
        """The masks as a stack without ids."""
        return polygonize_frames(
            self.masks, months=self.months, aoi=self.aoi, min_area_px=min_area_px
        )


def baseline(scene: Scene) -> Stack:
    return track(scene.footprints(), min_iou=MIN_IOU)


def preset(name):
    def filtered(scene: Scene) -> Stack:
        params = FilterParams.preset(name)
        return track(scene.footprints(), method="filtered", params=params, valid=scene.valid)

    return filtered


def stc(variant):
    """As published: on what is enlarged three times, each pixel repeated."""

    def collapsed(scene: Scene) -> Stack:
        prob = scene.masks.repeat(3, axis=1).repeat(3, axis=2)
        cube = Cube.from_arrays(prob, months=scene.months, valid=scene.valid, scale=3)
        return collapse(cube, variant, aoi=scene.aoi)

    return collapsed


def default(scene: Scene) -> Stack:
    cube = Cube.from_arrays(scene.masks, months=scene.months, valid=scene.valid)
    return collapse(cube, aoi=scene.aoi)


# Name in the table -> function of a Scene that returns a Stack with ids.
METHODS = {
    "baseline tracker": baseline,
    **{f"preset {name}": preset(name) for name in ("motokimura", "cannab", "selim_sef")},
    "STC-1": stc("stc1"),
    "STC-2": stc("stc2"),
    "collapse": default,
}
