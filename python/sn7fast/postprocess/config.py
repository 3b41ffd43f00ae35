"""The settings of all that comes after the network, as one object and as YAML."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from sn7fast._arguments import number_from_zero
from sn7fast.errors import InputError
from sn7fast.postprocess.methods import METHODS, SEGMENT_SPACE, Segmentation

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from sn7fast.postprocess.methods import Method, Space


@dataclass(frozen=True, slots=True)
class PostProcessing:
    """How probabilities become tracked buildings.

    As YAML, with all but ``method`` left out where the defaults will do::

        method: baseline
        segment: {threshold: 0.5, min_area_px: 4, connectivity: 4}
        params: {min_iou: 0.25, master: first, reverse: false}
        simplify_px: 0

    Attributes:
        method: A name in `sn7fast.postprocess.METHODS`.
        params: Its parameters, of the dataclass that the method names; None means the defaults.
        segment: How footprints are found, for methods that start from footprints; None for others.
        simplify_px: Tolerance of `sn7fast.simplify` for the tracked footprints; 0 leaves them.

    Raises:
        InputError: An unknown method, parameters of another one, or a value out of range.
    """

    method: str = "baseline"
    params: Any = None
    segment: Segmentation | None = None
    simplify_px: float = 0.0

    def __post_init__(self) -> None:
        entry = _method(self.method, "method")
        if self.params is None:
            object.__setattr__(self, "params", entry.default)
        if not isinstance(self.params, type(entry.default)):
            raise InputError(
                f"params: got {type(self.params).__name__} for the method {self.method}, "
                f"wanted {type(entry.default).__name__}"
            )
        if entry.segments and self.segment is None:
            object.__setattr__(self, "segment", Segmentation())
        if not entry.segments and self.segment is not None:
            raise InputError(
                f"segment: got {self.segment} for the method {self.method}, "
                "which finds buildings in its own way: wanted none"
            )
        number_from_zero("simplify_px", self.simplify_px)

    def space(self) -> Space:
        """Range of each parameter that a search varies, by place, such as ``params.min_iou``."""
        entry = METHODS[self.method]
        space = {f"params.{name}": values for name, values in entry.space.items()}
        if entry.segments:
            space |= {f"segment.{name}": values for name, values in SEGMENT_SPACE.items()}
        return space

    def value(self, place: str) -> Any:  # noqa: ANN401 - of any parameter
        """The value at a place such as ``params.min_iou``.

        Raises:
            InputError: There is no such place.
        """
        part, name = self._split(place)
        return getattr(self if part is None else getattr(self, part), name)

    def with_values(self, values: Mapping[str, Any]) -> PostProcessing:
        """The same with other values, by place.

        Raises:
            InputError: There is no such place, or a value is out of range.
        """
        data = self.to_dict()
        for place, value in values.items():
            part, name = self._split(place)
            (data if part is None else data[part])[name] = value
        return PostProcessing.from_dict(data)

    def _split(self, place: str) -> tuple[str | None, str]:
        data = self.to_dict()
        del data["method"]
        part, dot, name = place.rpartition(".")
        home = data if not dot else data.get(part)
        if not isinstance(home, dict) or name not in home or isinstance(home[name], dict):
            places = [
                f"{key}.{name}" if isinstance(value, dict) else key
                for key, value in data.items()
                for name in (value if isinstance(value, dict) else [key])
            ]
            raise InputError(
                f"{place}: no such parameter of the method {self.method}, "
                f"wanted one of {', '.join(places)}"
            )
        return part or None, name

    def to_dict(self) -> dict[str, Any]:
        """Plain values, those at their defaults too; `from_dict` takes them."""
        parts = {"method": self.method, "segment": self.segment, "params": self.params}
        plain = {
            name: value if isinstance(value, str) else asdict(value)
            for name, value in parts.items()
            if value is not None
        }
        return {**plain, "simplify_px": self.simplify_px}

    def to_yaml(self) -> str:
        """As `to_dict`, as YAML."""
        import yaml

        text: str = yaml.safe_dump(self.to_dict(), sort_keys=False)
        return text

    @classmethod
    def from_dict(
        cls, data: Mapping[str, Any], changes: Sequence[str] = (), *, source: str = "postprocess"
    ) -> PostProcessing:
        """Settings of plain values.

        ``params`` may have a key ``preset`` that names published parameters; its other keys change
        them.

        Args:
            data: As YAML gives it.
            changes: ``params.min_iou=0.3`` and the like, on top.
            source: What errors call it.

        Raises:
            InputError: A key or a value does not fit.
        """
        from sn7fast.postprocess.outline import Outline
        from sn7fast.settings import settings_of

        outline = settings_of(Outline, dict(data), changes, source=source)
        given = outline.model_dump(exclude_unset=True)
        name = given.get("method", "baseline")
        entry = _method(name, f"{source}: method")
        if "params" in given:
            given["params"] = _params(entry, dict(given["params"] or {}), f"{source}: params")
        if given.get("segment") is not None:
            given["segment"] = _filled(Segmentation(), given["segment"], f"{source}: segment")
        try:
            return cls(**given)
        except InputError as error:
            raise InputError(f"{source}: {error}") from None

    @classmethod
    def from_yaml(cls, path: str | os.PathLike[str], changes: Sequence[str] = ()) -> PostProcessing:
        """Settings of a YAML file; see `from_dict`.

        Raises:
            InputError: The file cannot be read, or a key or a value does not fit.
        """
        from sn7fast.postprocess.outline import Outline
        from sn7fast.settings import read_settings

        outline = read_settings(Outline, path, changes)
        return cls.from_dict(outline.model_dump(exclude_unset=True), source=str(path))


def _method(name: str, place: str) -> Method:
    if name not in METHODS:
        raise InputError(f"{place}: got {name!r}, wanted one of {', '.join(METHODS)}")
    return METHODS[name]


def _params(entry: Method, data: dict[str, Any], source: str) -> Any:  # noqa: ANN401 - of the entry's class
    preset = data.pop("preset", None)
    if preset is None:
        return _filled(entry.default, data, source)
    if preset not in entry.presets:
        known = ", ".join(entry.presets) or "none: this method has no presets"
        raise InputError(f"{source}.preset: got {preset!r}, wanted {known}")
    return _filled(entry.presets[preset], data, source)


def _filled(start: Any, data: Mapping[str, Any], source: str) -> Any:  # noqa: ANN401 - any dataclass
    """A dataclass with some of its values replaced, checked by type and name."""
    from sn7fast.postprocess.outline import schema_of
    from sn7fast.settings import settings_of

    checked = settings_of(schema_of(start.__class__), dict(data), source=source)
    values = {name: getattr(checked, name) for name in checked.model_fields_set}
    try:
        return replace(start, **values)
    except InputError as error:
        raise InputError(f"{source}.{error}") from None
