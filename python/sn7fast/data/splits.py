"""Splits into training and validation: by AOI, never by image.

Months of one AOI show the same houses. A network that is trained on some of them and validated on
the others is asked what it has learnt by heart.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from sn7fast._arguments import real_number, whole_number
from sn7fast.data.sn7 import sn7_aoi
from sn7fast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# The AOIs with which the winner of the challenge, lxastro0, validated; by web map tile.
_LXASTRO0 = (
    (1549, 3087), (2265, 3451), (2528, 4620), (4061, 3941), (4802, 4803),
    (5105, 3761), (5753, 3655), (6460, 3366), (6763, 3346), (7394, 5018),
)  # fmt: skip

NAMED_SPLITS: dict[str, tuple[str, ...]] = {
    "lxastro0": tuple(sn7_aoi(x, y) for x, y in _LXASTRO0),
}
"""Validation AOIs by the name of the split; all others are for training."""


@dataclass(frozen=True, slots=True)
class Split:
    """AOIs to train on and AOIs to validate with; none is in both.

    Attributes:
        name: Says how it was made.
        train: Names, sorted.
        validation: Names, sorted.
        missing: Validation AOIs of a named split that are not in the data.
    """

    name: str
    train: tuple[str, ...]
    validation: tuple[str, ...]
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        both = sorted(set(self.train) & set(self.validation))
        if both:
            raise InputError(f"split {self.name}: got {both[0]} in training and in validation")
        for side in ("train", "validation"):
            if not getattr(self, side):
                raise InputError(f"split {self.name}: leaves no AOI for {side}")


def named_split(name: str, aois: Iterable[str]) -> Split:
    """A split that others have used: ``lxastro0``.

    Args:
        name: A key of `NAMED_SPLITS`.
        aois: Names of the AOIs that there are.

    Raises:
        InputError: No such split, or none of its AOIs, or no others, are there.
    """
    if name not in NAMED_SPLITS:
        raise InputError(f"split: got {name!r}, wanted one of {', '.join(NAMED_SPLITS)}")
    names = _sorted(aois)
    held_out = set(NAMED_SPLITS[name])
    return Split(
        name,
        tuple(aoi for aoi in names if aoi not in held_out),
        tuple(aoi for aoi in names if aoi in held_out),
        tuple(sorted(held_out - set(names))),
    )


def random_split(aois: Iterable[str], fraction: float = 0.1, *, seed: int = 0) -> Split:
    """A share of the AOIs for validation, drawn at random.

    The order of ``aois`` makes no difference, nor does the machine.

    Args:
        aois: Names, at least two.
        fraction: Share for validation, between 0 and 1; at least one AOI is on either side.
        seed: Another seed, another draw.

    Raises:
        InputError: An argument is out of range.
    """
    fraction = real_number("fraction", fraction)
    if not 0 < fraction < 1:
        raise InputError(f"fraction: got {fraction}, wanted between 0 and 1")
    order = _shuffled(aois, seed, least=2)
    count = min(max(round(fraction * len(order)), 1), len(order) - 1)
    return _cut(f"random, fraction {fraction}, seed {seed}", order, order[:count])


def k_folds(aois: Iterable[str], k: int, *, seed: int = 0) -> tuple[Split, ...]:
    """``k`` splits in which each AOI is for validation once; their sizes differ by one at most.

    Args:
        aois: Names, at least ``k``.
        k: From 2.
        seed: Another seed, another draw.

    Raises:
        InputError: An argument is out of range.
    """
    k = whole_number("k", k, 2, 2**31 - 1)
    order = _shuffled(aois, seed, least=k)
    return tuple(
        _cut(f"fold {fold} of {k}, seed {seed}", order, order[fold::k]) for fold in range(k)
    )


def _cut(name: str, aois: Sequence[str], validation: Sequence[str]) -> Split:
    held_out = set(validation)
    return Split(
        name,
        tuple(sorted(aoi for aoi in aois if aoi not in held_out)),
        tuple(sorted(held_out)),
    )


def _sorted(aois: Iterable[str]) -> list[str]:
    if isinstance(aois, str):
        raise InputError(f"aois: got the text {aois!r}, wanted a list of names")
    names = sorted(aois)
    twice = next((one for one, other in pairwise(names) if one == other), None)
    if twice is not None:
        raise InputError(f"aois: got {twice} twice")
    return names


def _shuffled(aois: Iterable[str], seed: int, *, least: int) -> list[str]:
    """In the order of a hash, which no version of a random generator can change."""
    seed = whole_number("seed", seed, 0, 2**63 - 1)
    names = _sorted(aois)
    if len(names) < least:
        raise InputError(f"aois: got {len(names)}, wanted at least {least}")
    return sorted(names, key=lambda name: hashlib.sha256(f"{seed}/{name}".encode()).digest())
