"""Rules around the tracker: who may found an identifier, which ones stay, what fills their gaps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from sn7fast._arguments import number_from_zero, whole_number
from sn7fast.errors import InputError

_MOST = 2**31 - 1
_CHOICES = {
    "matching": ("overlapping", "nearest"),
    "shape_update_method": ("none", "latest", "median_area"),
    "fill": ("none", "between", "to_end"),
    "fill_shape": ("master", "typical"),
    "fill_clouds": ("clip", "skip"),
}
_LEAST_COUNTS = {
    "nearest_tracks": 1,
    "nearest_shapes": 1,
    "num_ahead_frames": 0,
    "max_num_intersect_polys": 0,
    "min_detections": 1,
    "small_min_detections": 1,
    "min_duration": 1,
    "fill_min_detections": 1,
    "fill_min_cloud_px": 0,
}
_SHARES = ("min_iou", "min_iou_new_building", "min_share", "min_ratio", "small_min_ratio")
_NUMBERS = ("max_area_occupied", "search_radius_pixel", "small_area_px")


@dataclass(frozen=True, slots=True)
class FilterParams:
    """What `track` with ``method="filtered"`` does beside following.

    By default every rule is off, and the result is that of the baseline. The rules are those of the
    second to fourth places of SpaceNet 7, each with the name and the threshold of its author where
    it has one; `preset` gives them as they were used. Areas and distances are in pixels of the
    image at its own scale.

    Rules come in this order. *Following*: ``matching`` to ``shape_update_method``. *Founding*: a
    footprint that finds no identifier founds one if all rules from ``num_ahead_frames`` to
    ``max_num_intersect_polys`` let it, else it is dropped. *Staying*: rules from ``min_share`` to
    ``min_duration`` drop identifiers with all their footprints. *Filling*: those from ``fill`` on
    add footprints in months in which an identifier was not seen. Staying and filling look at the
    months in time order, whichever way was tracked.

    Attributes:
        min_iou: Least IoU (not strict) for taking an identifier.
        matching: ``overlapping``: compare with every free building near it. ``nearest``: compare
            with the ``nearest_tracks`` identifiers whose first shapes have the nearest centroids,
            each by the best IoU with one of its first ``nearest_shapes`` shapes; if the best is
            taken already, the footprint is dropped (selim_sef).
        nearest_tracks: See ``matching``.
        nearest_shapes: See ``matching``.
        shape_update_method: Which shape stands for an identifier: ``none``, the first; ``latest``;
            or ``median_area``, a new one if its area is nearer to the median of all so far
            (cannab).
        num_ahead_frames: In one of so many next months a footprint must confirm the new building
            (motokimura). 0 for off, and the last month needs nothing.
        min_iou_new_building: Least IoU that confirms.
        max_area_occupied: No known building may cover a larger share of the new one (motokimura).
            1 or more for off.
        search_radius_pixel: Not too many known buildings may meet the disc of this radius around
            its centroid (motokimura). 0 for off.
        max_num_intersect_polys: How many may, less one: the author takes the footprint itself for
            one of them (quirk 24).
        min_share: Least share of all months in which an identifier was seen, rounded down to whole
            months (selim_sef). 0 for off.
        late_starts: Exceptions from it, each (months left, detections, score): an identifier that
            starts when so many months are left, its first one included, stays with so many
            detections and a median score above. Without scores the detections decide.
        min_detections: Months in which an identifier must be seen that starts after the first month
            (cannab).
        min_ratio: And the share of the months from its start to the end.
        small_area_px: Below this median area the next two count instead. 0 for off.
        small_min_detections: As ``min_detections``.
        small_min_ratio: As ``min_ratio``.
        min_duration: Least number of months from the first to the last detection, both counted.
        fill: Months that are filled: ``none``, those ``between`` the first and the last detection
            (motokimura), or all after the first, ``to_end`` (selim_sef).
        fill_shape: With the shape that stands for the identifier in the end (``master``), or with
            the first of its shapes that fits, the most ``typical`` one first: that of the highest
            mean IoU with the others.
        fill_clouds: What happens where clouds hide some pixels: ``clip`` to the visible ones, or
            ``skip``. What is hidden wholly is never filled in. Clipped shapes run along pixels.
        fill_min_detections: Only identifiers seen so often are filled.
        fill_max_gap: Only those without a longer gap in the months to be filled; None for any.
        fill_only_free: A shape fits only where it meets no footprint of the month.
        fill_min_cloud_px: Months with fewer hidden pixels count as clear.

    Raises:
        InputError: A value is out of range.
    """

    min_iou: float = 0.25
    matching: Literal["overlapping", "nearest"] = "overlapping"
    nearest_tracks: int = 3
    nearest_shapes: int = 7
    shape_update_method: Literal["none", "latest", "median_area"] = "none"
    num_ahead_frames: int = 0
    min_iou_new_building: float = 0.25
    max_area_occupied: float = 1.0
    search_radius_pixel: float = 0.0
    max_num_intersect_polys: int = 4
    min_share: float = 0.0
    late_starts: tuple[tuple[int, int, float], ...] = ()
    min_detections: int = 1
    min_ratio: float = 0.0
    small_area_px: float = 0.0
    small_min_detections: int = 1
    small_min_ratio: float = 0.0
    min_duration: int = 1
    fill: Literal["none", "between", "to_end"] = "none"
    fill_shape: Literal["master", "typical"] = "master"
    fill_clouds: Literal["clip", "skip"] = "clip"
    fill_min_detections: int = 1
    fill_max_gap: int | None = None
    fill_only_free: bool = False
    fill_min_cloud_px: int = 0

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                wanted = ", ".join(choices)
                raise InputError(f"{name}: got {getattr(self, name)!r}, wanted one of {wanted}")
        for name, least in _LEAST_COUNTS.items():
            self._set(name, whole_number(name, getattr(self, name), least, _MOST))
        if self.fill_max_gap is not None:
            self._set("fill_max_gap", whole_number("fill_max_gap", self.fill_max_gap, 0, _MOST))
        for name in (*_SHARES, *_NUMBERS):
            value = number_from_zero(name, getattr(self, name))
            if name in _SHARES and value > 1:
                raise InputError(f"{name}: got {value:g}, wanted a number from 0 to 1")
            self._set(name, value)
        self._set("fill_only_free", bool(self.fill_only_free))
        self._set("late_starts", tuple(_late_start(rule) for rule in self.late_starts))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    @staticmethod
    def preset(name: str) -> FilterParams:
        """The rules of one of the SpaceNet 7 winners, with the published thresholds.

        * ``motokimura`` (4th): confirmation, no overlap and few neighbours for new buildings; gaps
          are filled.
        * ``cannab`` (2nd): the shape follows the median area; identifiers that start late must be
          seen often, small ones more often. Published at 4x: areas are divided by 16.
        * ``selim_sef`` (3rd): nearest centroids, a quarter of all months, typical shapes in gaps.
          His code takes a number of detections for a month where it treats late starters; this is
          what it means to do. Absence before the first detection is no gap here.

        Args:
            name: One of these three.

        Raises:
            InputError: There is no such preset.
        """
        if name not in PRESETS:
            raise InputError(f"preset: got {name!r}, wanted one of {', '.join(PRESETS)}")
        return PRESETS[name]

    def with_min_iou(self, min_iou: float | None) -> FilterParams:
        """The same rules with another least IoU; None leaves it."""
        return self if min_iou is None else replace(self, min_iou=min_iou)


def _late_start(rule: Any) -> tuple[int, int, float]:  # noqa: ANN401 - to be checked
    try:
        left, detections, score = rule
    except (TypeError, ValueError):
        raise InputError(
            f"late_starts: got {rule!r}, wanted (months left, detections, score)"
        ) from None
    return (
        whole_number("late_starts: months left", left, 1, _MOST),
        whole_number("late_starts: detections", detections, 1, _MOST),
        number_from_zero("late_starts: score", score),
    )


PRESETS = {
    "motokimura": FilterParams(
        min_iou=0.1,
        num_ahead_frames=3,
        min_iou_new_building=0.25,
        max_area_occupied=0.0,
        search_radius_pixel=12.0,
        max_num_intersect_polys=4,
        fill="between",
    ),
    "cannab": FilterParams(
        min_iou=0.15,
        shape_update_method="median_area",
        min_detections=2,
        min_ratio=0.5,
        small_area_px=220 / 16,
        small_min_detections=5,
        small_min_ratio=0.8,
    ),
    "selim_sef": FilterParams(
        # The next number above 0.2: he asks for more than that.
        min_iou=0.2 + 2**-55,
        matching="nearest",
        nearest_tracks=3,
        nearest_shapes=7,
        min_share=0.25,
        late_starts=((3, 3, 0.92), (4, 3, 0.90), (5, 4, 0.85)),
        fill="to_end",
        fill_shape="typical",
        fill_clouds="skip",
        fill_min_detections=7,
        fill_max_gap=8,
        fill_only_free=True,
        fill_min_cloud_px=64,
    ),
}
