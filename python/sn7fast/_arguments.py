"""Checks of plain arguments, with messages that name them."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def whole_number(name: str, value: Any, low: int, high: int) -> int:  # noqa: ANN401 - to be checked
    """``value`` as an int from ``low`` to ``high``.

    Raises:
        InputError: It is none.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or not low <= number <= high:
        raise InputError(f"{name}: got {value!r}, wanted a whole number from {low} to {high}")
    return number


def real_number(name: str, value: Any) -> float:  # noqa: ANN401 - to be checked
    """``value`` as a float.

    Raises:
        InputError: It is none.
    """
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name}: got {value!r}, wanted a number") from None


def number_from_zero(name: str, value: Any) -> float:  # noqa: ANN401 - to be checked
    """``value`` as a float that is not negative.

    Raises:
        InputError: It is none.
    """
    number = real_number(name, value)
    if not number >= 0:
        raise InputError(f"{name}: got {value!r}, wanted a number from 0")
    return number


def shape_of_image(name: str, value: Any) -> tuple[int, int]:  # noqa: ANN401 - to be checked
    """``value`` as (rows, columns), both from 1 to 2^31 - 1.

    Raises:
        InputError: It is none.
    """
    try:
        rows, cols = value
    except (TypeError, ValueError):
        raise InputError(f"{name}: got {value!r}, wanted (rows, columns)") from None
    return whole_number(name, rows, 1, 2**31 - 1), whole_number(name, cols, 1, 2**31 - 1)


def index_array(index: ArrayLike) -> NDArray[Any]:
    """What selects rows as an array; an empty list, of which numpy makes floats, selects none."""
    array = np.asarray(index)
    return array.astype(np.int64) if isinstance(index, list | tuple) and not index else array
