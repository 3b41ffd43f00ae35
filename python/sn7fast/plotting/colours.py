"""Colours that can be told apart by those who see red and green alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Of Okabe and Ito.
ORANGE, SKY, GREEN, YELLOW = "#e69f00", "#56b4e9", "#009e73", "#f0e442"
BLUE, RED, PINK, GREY = "#0072b2", "#d55e00", "#cc79a7", "#8c8c8c"

# Of buildings, told apart from their neighbours; grey is for what has no id.
PALETTE = (ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PINK)

# What became of a footprint, in all pictures.
RIGHT, INVENTED, MISSED, SWITCHED = BLUE, RED, ORANGE, PINK


def of_ids(ids: ArrayLike) -> NDArray[np.float64]:
    """float64 (n, 4): a colour for each id, which depends on nothing else.

    So a building keeps its colour through all months and pictures, and ids that follow each other,
    which often lie side by side, differ.
    """
    colours = np.array([rgba(colour) for colour in PALETTE])
    return colours[np.asarray(ids, np.int64) % len(PALETTE)]


def rgba(colour: str) -> tuple[float, float, float, float]:
    """Red, green, blue and alpha, 0 to 1, of ``#rrggbb``."""
    red, green, blue = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return red, green, blue, 1.0
