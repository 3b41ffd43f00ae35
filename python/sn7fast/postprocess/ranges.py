"""Within which values a parameter is searched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sn7fast.errors import InputError


@dataclass(frozen=True, slots=True)
class Real:
    """Numbers from ``low`` to ``high``.

    Attributes:
        low: The least.
        high: The greatest.
        log: Whether ratios count rather than differences; then ``low`` is above 0.
        step: Only ``low`` plus whole multiples of it; not together with ``log``.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise InputError(f"range: got {self.low} to {self.high}, wanted a low end below")
        if self.log and (self.low <= 0 or self.step is not None):
            raise InputError("range: log wants a low end above 0, and no step")
        if self.step is not None and not 0 < self.step <= self.high - self.low:
            raise InputError(f"range: step: got {self.step}, wanted one that fits between the ends")

    def __contains__(self, value: object) -> bool:
        return _is_number(value) and self.low <= float(value) <= self.high  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Whole:
    """Whole numbers from ``low`` to ``high``, both included.

    Attributes:
        low: The least.
        high: The greatest.
        log: Whether ratios count rather than differences; then ``low`` is above 0.
        step: Only ``low`` plus whole multiples of it; not together with ``log``. None means 1.
    """

    low: int
    high: int
    log: bool = False
    step: int | None = None

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise InputError(f"range: got {self.low} to {self.high}, wanted a low end below")
        if self.log and (self.low <= 0 or self.step is not None):
            raise InputError("range: log wants a low end above 0, and no step")
        if self.step is not None and not 0 < self.step <= self.high - self.low:
            raise InputError(f"range: step: got {self.step}, wanted one that fits between the ends")

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and _is_number(value) and self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values."""

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        if len(self.values) < 2:
            raise InputError(f"range: got the choice {list(self.values)}, wanted two or more")

    def __contains__(self, value: object) -> bool:
        return value in self.values


Range: TypeAlias = Real | Whole | Choice
Space: TypeAlias = Mapping[str, Range]
"""Ranges by the name of a parameter."""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
