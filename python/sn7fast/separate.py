"""Separating the buildings of one frame."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from sn7fast import _core
from sn7fast._arguments import real_number
from sn7fast.errors import InputError
from sn7fast.footprints import Footprints

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class SeparateParams:
    """Parameters of :func:`separate`. Areas are in pixels of the frame.

    Attributes:
        boundary_weight: How much a boundary takes off the score, 0 to 1.
        contact_weight: How much a contact (or separation) takes off the score, 0 to 1.
        seed_threshold: Where the score is above it there are seeds.
        seed_connectivity: 4 or 8: what belongs to one seed.
        min_seed_px: Seeds with fewer pixels are left out.
        field: What is flooded from the seeds, the highest first: ``score``, or ``body``.
        mask_threshold: Only pixels with a field above it are flooded.
        lines: Keep footprints apart by lines of pixels that belong to none.
        min_area_px: Footprints with fewer pixels are dropped.

    Raises:
        InputError: A number is negative, infinite or NaN, a weight is above 1, or a choice is none
            of its values.
    """

    boundary_weight: float = 0.5
    contact_weight: float = 1.0
    seed_threshold: float = 0.7
    seed_connectivity: Literal[4, 8] = 8
    min_seed_px: float = 0.0
    field: Literal["score", "body"] = "score"
    mask_threshold: float = 0.3
    lines: bool = True
    min_area_px: float = 6.0

    _PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "motokimura": {},
        "cannab": {
            "contact_weight": 0.5,
            "seed_threshold": 0.6,
            "field": "body",
            "mask_threshold": 140 / 255,
            "lines": False,
            "min_area_px": 40.0,
        },
        "selim_sef": {
            "boundary_weight": 0.2,
            "contact_weight": 0.7,
            "seed_threshold": 0.6,
            "min_seed_px": 10.0,
            "field": "body",
            "mask_threshold": 0.4,
            "min_area_px": 55.0,
        },
        "maksimov": {"boundary_weight": 0.0, "field": "body", "min_area_px": 4.0},
    }

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type == "float":
                object.__setattr__(self, field.name, real_number(field.name, value))
            elif field.name == "lines":
                object.__setattr__(self, field.name, bool(value))
        if isinstance(self.seed_connectivity, bool) or self.seed_connectivity not in (4, 8):
            raise InputError(f"seed_connectivity: got {self.seed_connectivity!r}, wanted 4 or 8")
        if not isinstance(self.field, str):
            raise InputError(f"field: got {self.field!r}, wanted 'score' or 'body'")
        _core.separate_check(self)

    @classmethod
    def preset(cls, name: str) -> SeparateParams:
        """The thresholds of a winner of SpaceNet 7.

        ``motokimura`` is for frames at native resolution and is the default, ``cannab`` for frames
        enlarged 4 times, ``selim_sef`` for 3 times (without its centre map and compactness),
        ``maksimov`` for native ones (without the vote over months; dividing lines are our choice).

        Raises:
            InputError: There is no such preset.
        """
        if name not in cls._PRESETS:
            raise InputError(f"preset: got {name!r}, wanted one of {', '.join(cls._PRESETS)}")
        return cls(**cls._PRESETS[name])


def separate(
    body: ArrayLike,
    boundary: ArrayLike | None = None,
    contact: ArrayLike | None = None,
    *,
    params: SeparateParams | None = None,
) -> Footprints:
    """Turn the channels of one frame into footprints that keep touching buildings apart.

    score = body * (1 - boundary_weight * boundary) * (1 - contact_weight * contact). Connected
    pixels of a high score are seeds; from them the score (or the body) is flooded, the highest
    pixels first and those that have waited longest (seeds in raster order), as in scikit-image's
    ``watershed``. The field is flooded in 65,535 steps.

    Args:
        body: (rows, columns), uint8 (0 to 255) or float32 (0 to 1); NaN is no building.
        boundary: The same for outlines, or None.
        contact: The same for gaps between buildings, or None.
        params: Thresholds; :meth:`SeparateParams.preset` has those of the winners.

    Returns:
        Footprints in pixel coordinates, in the order of the first pixels of their seeds. One whose
        pixels meet in a corner only is a multipolygon.

    Raises:
        InputError: Channels are not uint8 or float32, or differ in dtype or shape.
    """
    channels = (
        _channel("body", body),
        None if boundary is None else _channel("boundary", boundary),
        None if contact is None else _channel("contact", contact),
    )
    for name, channel in zip(("boundary", "contact"), channels[1:], strict=True):
        if channel is not None and channel.dtype != channels[0].dtype:
            raise InputError(f"{name}: got {channel.dtype}, wanted {channels[0].dtype} as the body")
    return Footprints._trusted(_core.separate(channels, params or SeparateParams()))


def _channel(name: str, values: ArrayLike) -> NDArray[Any]:
    array = np.asarray(values)
    if array.ndim != 2 or array.dtype not in (np.dtype(np.uint8), np.dtype(np.float32)):
        raise InputError(
            f"{name}: got {array.dtype} of shape {array.shape}, "
            "wanted (rows, columns) of uint8 or float32"
        )
    return np.require(array, array.dtype.newbyteorder("="), ["C_CONTIGUOUS", "ALIGNED"])
