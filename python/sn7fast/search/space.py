"""What a search varies, and as YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sn7fast.errors import InputError
from sn7fast.postprocess.ranges import Choice, Range, Real, Whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sn7fast.postprocess import PostProcessing

_KEYS = {"low", "high", "log", "step"}


def space_of(
    start: PostProcessing, data: Mapping[str, Any] | None = None, *, source: str = "space"
) -> dict[str, Range]:
    """The ranges to search.

    Args:
        start: Where the search starts; it tells which parameters there are.
        data: As YAML gives it: for each place either ``{low: 0.1, high: 0.9}``, with ``log: true``
            or ``step: 0.1`` if wanted, or a list of values, or null for the range of the method.
            None means all ranges of the method.
        source: What errors call it.

    Raises:
        InputError: There is no such parameter, or no such range.
    """
    known = dict(start.space())
    if data is None:
        return known
    if not isinstance(data, dict) or not data:
        raise InputError(f"{source}: got {data!r}, wanted parameters with their ranges")
    space = {}
    for place, given in data.items():
        try:
            value = start.value(str(place))
        except InputError as error:
            raise InputError(f"{source}: {error}") from None
        if given is None and place not in known:
            raise InputError(f"{source}: {place}: the method has no range for it, wanted one")
        try:
            space[place] = known[place] if given is None else _range(given, value)
            if isinstance(given, list):
                for one in given:
                    start.with_values({place: one})
        except InputError as error:
            raise InputError(f"{source}: {place}: {error}") from None
    return space


def _range(given: Any, value: Any) -> Range:  # noqa: ANN401 - what YAML holds
    if isinstance(given, list):
        return Choice(tuple(given))
    if value is None and isinstance(given, dict):
        # A parameter that is off by default: the kind of its ends tells its own.
        value = given.get("low")
    if not isinstance(given, dict) or not {"low", "high"} <= given.keys() <= _KEYS:
        raise InputError(
            f"range: got {given!r}, wanted a list of values, or low and high with log or step"
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"range: got low and high for {value!r}, wanted a list of values")
    whole = isinstance(value, int)
    for key in given.keys() - {"log"}:
        number = given[key]
        if isinstance(number, bool) or not isinstance(number, int if whole else int | float):
            kind = "whole number" if whole else "number"
            raise InputError(f"range: {key}: got {number!r}, wanted a {kind}")
    low, high, log = given["low"], given["high"], bool(given.get("log", False))
    if whole:
        return Whole(low, high, log, given.get("step"))
    return Real(float(low), float(high), log, given.get("step"))


def space_to_dict(space: Mapping[str, Range]) -> dict[str, Any]:
    """As `space_of` takes it."""
    data: dict[str, Any] = {}
    for place, values in space.items():
        if isinstance(values, Choice):
            data[place] = list(values.values)
            continue
        data[place] = {"low": values.low, "high": values.high}
        data[place] |= {"log": True} if values.log else {}
        if values.step is not None:
            data[place]["step"] = values.step
    return data
