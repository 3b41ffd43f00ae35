"""True masks made worse: what a network of chosen faults would see of a known stack.

The faults are the usual ones of monthly predictions: frames that lie a pixel off, buildings that
are never seen or not in every month, neighbours that run together, buildings where there are none,
clouds, and outlines that swell and shrink. With them a tracker can be tried on real label masks,
whose buildings stand as they do, and not only on `synthetic_stack`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from sn7fast._arguments import number_from_zero, shape_of_image, whole_number
from sn7fast.data.synthetic.fields import value_noise
from sn7fast.data.synthetic.observe import boxes, clouds, dilated, eroded
from sn7fast.data.synthetic.settlement import as_footprints
from sn7fast.errors import InputError
from sn7fast.polygonize import polygonize_frames
from sn7fast.rasterize import rasterize
from sn7fast.stack import Stack
from sn7fast.tracking import track

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from sn7fast.footprints import Footprints

# Beyond this the shares would pass 1.
_MOST_STRENGTH = 3.0
# The larger a building, the less it is missed; this one, the median of SpaceNet 7, as given.
_TYPICAL_AREA_PX = 11.0


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong at strength 1; each is multiplied by the strength, and 0 switches it off.

    Attributes:
        shift_px: Longest shift of a month's frame against the truth; its direction and length vary.
        missed_always: Share of the buildings that are seen in no month.
        missed_monthly: Share of the others that is missed in a month; some are missed far more
            often than others.
        merged: Share of the places where gaps of 1 or 2 px close, mostly the same every month.
        false_always: False alarms, as a share of the number of buildings, that stay in place; each
            is seen in a share of the months of its own.
        false_monthly: False alarms that come up in one month only, as a share of the buildings.
        cloud_chance: That a month has clouds.
        cut: How far the cut through the blurred outlines moves from one half: a month with a lower
            one is dilated, with a higher one eroded.
    """

    shift_px: float = 1.5
    missed_always: float = 0.05
    missed_monthly: float = 0.04
    merged: float = 0.1
    false_always: float = 0.03
    false_monthly: float = 0.01
    cloud_chance: float = 0.3
    cut: float = 0.1

    def __post_init__(self) -> None:
        most = {"shift_px": 16.0, "cut": 0.5, "false_always": 10.0, "false_monthly": 10.0}
        for field in fields(self):
            value = number_from_zero(field.name, getattr(self, field.name))
            if value > most.get(field.name, 1.0):
                wanted = f"wanted 0 to {most.get(field.name, 1.0):g}"
                raise InputError(f"{field.name}: got {value:g}, {wanted}")


@dataclass(frozen=True, slots=True, eq=False)
class Degraded:
    """What is seen of a stack.

    Attributes:
        masks: uint8 (T, rows, columns), 0 and 255, empty under clouds.
        valid: bool, the same shape, False under cloud.
        prob: uint8, the same shape, probabilities; above 127 exactly where the mask is set, 0
            under cloud, faint where a building is missed. None unless asked for.
        shifts_px: float64 (T, 2), x and y by which each month was moved.
    """

    masks: NDArray[np.uint8]
    valid: NDArray[np.bool_]
    prob: NDArray[np.uint8] | None
    shifts_px: NDArray[np.float64]


def degrade(
    truth: Stack | ArrayLike,
    *,
    seed: int = 0,
    strength: float = 1.0,
    faults: Faults | None = None,
    shape_yx: tuple[int, int] | None = None,
    probabilities: bool = False,
) -> Degraded:
    """Make true masks into what an imperfect network would have predicted.

    A building is what has one id; masks, and stacks without ids, are tracked first.

    Args:
        truth: uint8 (T, rows, columns) masks, set where a pixel is above 0, or a Stack in pixel
            units.
        seed: The same arguments give the same bytes.
        strength: 0 gives the truth back, 1 the faults as given, up to 3 more of all.
        faults: What goes wrong; None for all at their defaults.
        shape_yx: Rows and columns, for a Stack without a grid.
        probabilities: Whether to make probabilities as well.

    Returns:
        Masks, and what is known about them.

    Raises:
        InputError: An argument is out of range, or the shape is not known.
    """
    seed = whole_number("seed", seed, 0, 2**63 - 1)
    strength = number_from_zero("strength", strength)
    if strength > _MOST_STRENGTH:
        raise InputError(f"strength: got {strength:g}, wanted 0 to {_MOST_STRENGTH:g}")
    stack, shape = _as_stack(truth, shape_yx)
    # One stream for each matter, so that more of one leaves the others as they were.
    streams = np.random.SeedSequence(seed).spawn(7)
    network = _Network(streams, stack, shape, faults or Faults(), strength)
    seen = [network.see(index, probabilities=probabilities) for index in range(len(stack.months))]
    probs = [prob for *_, prob in seen if prob is not None]
    empty = np.empty((0, *shape))
    return Degraded(
        np.stack([masks for masks, *_ in seen]) if seen else empty.astype(np.uint8),
        np.stack([valid for _, valid, *_ in seen]) if seen else empty.astype(bool),
        np.stack(probs) if probs else None,
        network.shifts,
    )


def _as_stack(
    truth: Stack | ArrayLike, shape_yx: tuple[int, int] | None
) -> tuple[Stack, tuple[int, int]]:
    if isinstance(truth, Stack):
        if shape_yx is None and truth.grid is None:
            raise InputError("shape_yx: got None, wanted (rows, columns) for a stack without grid")
        shape = shape_of_image("shape_yx", shape_yx or (truth.grid and truth.grid.shape_yx))
        return (truth if truth.ids is not None else track(truth)), shape
    masks = np.asarray(truth)
    if masks.ndim != 3 or masks.dtype.kind not in "bu":
        raise InputError(
            f"truth: got {masks.dtype} of shape {masks.shape}, wanted a Stack or uint8 "
            "(months, rows, columns)"
        )
    shape = shape_of_image("truth", masks.shape[1:])
    if shape_yx is not None and tuple(shape_yx) != shape:
        raise InputError(f"shape_yx: got {tuple(shape_yx)}, wanted {shape}, that of the masks")
    months = [f"{index:06}" for index in range(len(masks))]
    return track(polygonize_frames(masks, months=months)), shape


class _Network:
    """The habits of a network with one stack."""

    def __init__(
        self,
        streams: list[np.random.SeedSequence],
        stack: Stack,
        shape: tuple[int, int],
        faults: Faults,
        strength: float,
    ) -> None:
        self.stack, self.shape, self.faults, self.strength = stack, shape, faults, strength
        moves, sights, self.joining, self.alarms, self.weather, cuts, self.doubts = (
            np.random.default_rng(stream) for stream in streams
        )
        months = len(stack.months)
        angle, length = 2 * np.pi * moves.random(months), moves.random(months)
        self.shifts = (strength * faults.shift_px * length * [np.cos(angle), np.sin(angle)]).T
        self.cuts = 0.5 + np.clip(strength * faults.cut, 0, 0.45) * cuts.uniform(-1, 1, months)
        self.seen = self._sight(sights)
        # Persistent places of joined neighbours, of doubt, and of false alarms.
        self.joins = value_noise(self.joining, shape, cell_px=6)
        self.doubt = value_noise(self.doubts, shape, cell_px=12)
        bounds = stack.footprints.bounds
        # Empty footprints are nowhere.
        self.places = ((bounds[:, :2] + bounds[:, 2:]) / 2)[np.isfinite(bounds).all(axis=1)]
        self.buildings = len(np.unique(np.asarray(stack.ids)))
        count = self.alarms.poisson(strength * faults.false_always * self.buildings)
        self.sheds = self._boxes(count)
        self.shed_chance = self.alarms.uniform(0.05, 0.95, count)

    def _sight(self, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Which rows of the stack are seen."""
        _, first, building = np.unique(
            np.asarray(self.stack.ids), return_index=True, return_inverse=True
        )
        areas = self.stack.footprints.areas[first]
        # Half as often at four times the area.
        scale = self.strength * np.sqrt(_TYPICAL_AREA_PX / np.maximum(areas, 1))
        always = rng.random(len(first)) < self.faults.missed_always * scale
        chance = self.faults.missed_monthly * scale * rng.exponential(size=len(first))
        luck = rng.random(len(self.stack))
        seen: NDArray[np.bool_] = ~always[building] & (luck >= chance[building])
        return seen

    def _boxes(self, count: int) -> NDArray[np.float64]:
        return boxes(self.alarms, self.places, self.shape, count if len(self.places) else 0)

    def see(
        self, index: int, *, probabilities: bool
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_], NDArray[np.uint8] | None]:
        """Mask, valid pixels and probabilities of one month."""
        rows = self.stack.rows(self.stack.months[index])
        footprints, seen = self.stack.footprints[rows], self.seen[rows]
        mask = self._joined(rasterize(footprints[seen], self.shape) > 0)
        mask |= rasterize(self._false_alarms(), self.shape) > 0
        field = self._blurred(mask, index)
        cut = np.float32(self.cuts[index])
        found = field > cut
        chance = min(self.strength * self.faults.cloud_chance, 1)
        valid = ~clouds(self.weather, self.shape, chance=chance)
        prob = None
        if probabilities:
            missed = self._blurred(rasterize(footprints[~seen], self.shape) > 0, index)
            prob = np.where(valid, self._probabilities(field, cut, missed), np.uint8(0))
        return np.where(found & valid, np.uint8(255), np.uint8(0)), valid, prob

    def _false_alarms(self) -> Footprints:
        lasting = self.sheds[self.alarms.random(len(self.sheds)) < self.shed_chance]
        count = self.alarms.poisson(self.strength * self.faults.false_monthly * self.buildings)
        return as_footprints(np.concatenate([lasting, self._boxes(count)]))

    def _joined(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The mask with some of its narrow gaps closed."""
        share = min(self.strength * self.faults.merged, 1)
        field = self.joins + 0.4 * value_noise(self.joining, self.shape, cell_px=6)
        if share == 0:
            return mask
        # A sample of the pixels tells where the share lies well enough.
        level = np.quantile(field[::3, ::3], 1 - share)
        mask |= eroded(dilated(mask)) & (field >= level)
        return mask

    def _blurred(self, mask: NDArray[np.bool_], index: int) -> NDArray[np.float32]:
        """float32 from 0 to 1: the mask moved by the month's shift, its edges softened."""
        field = mask.astype(np.float32)
        softness = np.float32(min(self.strength, 1) / 4)
        for axis, shift in zip((1, 0), self.shifts[index], strict=True):
            field = _moved(field, float(shift), axis)
            if softness > 0:
                near = _moved(field, 1.0, axis) + _moved(field, -1.0, axis)
                field = field * (1 - 2 * softness) + near * softness
        return field

    def _probabilities(
        self, field: NDArray[np.float32], cut: np.float32, missed: NDArray[np.float32]
    ) -> NDArray[np.uint8]:
        """One half at the cut, less in places where the network doubts what it finds."""
        fickle = value_noise(self.doubts, self.shape, cell_px=12)
        doubt = np.float32(min(self.strength, 1)) * (0.45 + 0.3 * self.doubt + 0.15 * fickle)
        trust = 1 - np.clip(doubt, 0, 0.9)
        found = field > cut
        above = 0.5 + 0.5 * trust * (field - cut) / (1 - cut)
        # What is missed is not unseen: it stays below the cut.
        below = np.maximum(0.5 * field / cut, missed * (0.25 + 0.2 * fickle))
        value = np.where(found, np.clip(255 * above, 128, 255), np.clip(255 * below, 0, 127))
        return value.round().astype(np.uint8)


def _moved(field: NDArray[np.float32], shift: float, axis: int) -> NDArray[np.float32]:
    """The field moved along an axis by a number of pixels, between pixels linearly; 0 comes in."""
    if shift == 0:
        return field
    whole = int(np.floor(shift))
    part = np.float32(shift - whole)
    padding = abs(whole) + 1
    length = field.shape[axis]
    pads = [(padding, padding) if a == axis else (0, 0) for a in range(2)]
    padded = np.pad(field, pads)

    def taken(offset: int) -> NDArray[np.float32]:
        start = padding - offset
        return padded[start : start + length] if axis == 0 else padded[:, start : start + length]

    out: NDArray[np.float32] = taken(whole) * (1 - part)
    if part > 0:
        out = out + taken(whole + 1) * part
    return out
