"""The settings of all that comes after the network, as one object and as YAML."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from sn7fast._arguments import number_from_zero
from sn7fast.errors import InputError
from sn7fast.postprocess.methods import METHODS
from sn7fast.postprocess.segmentation import (
    REFINE_SPACE,
    SEPARATE_PRESETS,
    SEPARATE_SPACE,
    THRESHOLD_SPACE,
    Refinement,
    Threshold,
)
from sn7fast.separate import SeparateParams

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from sn7fast.postprocess.methods import Method
    from sn7fast.postprocess.ranges import Space

# Stages beside the method itself: defaults, presets, ranges.
_STAGES: dict[str, tuple[Any, Mapping[str, Any], Space]] = {
    "refine": (Refinement(), {}, REFINE_SPACE),
    "segment": (Threshold(), {}, THRESHOLD_SPACE),
    "separate": (SeparateParams(), SEPARATE_PRESETS, SEPARATE_SPACE),
}
_SEGMENTATIONS = ("segment", "separate")


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
        segment: How methods that start from footprints find them, unless ``separate`` says it;
            None for other methods.
        refine: Whether each month is drawn towards the mean of all before anything else; None for
            no. See `sn7fast.refine`.
        separate: How they find them where touching buildings are to be kept apart; see
            `sn7fast.separate`. Areas are in pixels of the image, whatever the scale.
        simplify_px: Tolerance of `sn7fast.simplify` for the tracked footprints; 0 leaves them.

    Raises:
        InputError: An unknown method, parameters of another one, or a value out of range.
    """

    method: str = "collapse"
    params: Any = None
    segment: Threshold | None = None
    separate: SeparateParams | None = None
    refine: Refinement | None = None
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
        given = [name for name in _SEGMENTATIONS if getattr(self, name) is not None]
        if entry.segments and not given:
            object.__setattr__(self, "segment", Threshold())
        if len(given) > int(entry.segments):
            wanted = "one of them" if entry.segments else "none: it has its own way to find them"
            raise InputError(
                f"{given[0]}: got {' and '.join(given)} for {self.method}, wanted {wanted}"
            )
        number_from_zero("simplify_px", self.simplify_px)

    def space(self) -> Space:
        """Range of each parameter that a search varies, by place, such as ``params.min_iou``."""
        entry = METHODS[self.method]
        space = {f"params.{name}": values for name, values in entry.space.items()}
        for part, (_, _, ranges) in _STAGES.items():
            if getattr(self, part) is not None:
                space |= {f"{part}.{name}": values for name, values in ranges.items()}
        return space

    @property
    def segmentation(self) -> Threshold | SeparateParams:
        """How footprints are found.

        Raises:
            InputError: The method starts from none.
        """
        found = self.separate if self.segment is None else self.segment
        if found is None:
            raise InputError(f"segment: the method {self.method} starts from no footprints")
        return found

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
        parts = {name: getattr(self, name) for name in (*_STAGES, "params")}
        plain = {name: asdict(value) for name, value in parts.items() if value is not None}
        return {"method": self.method, **plain, "simplify_px": self.simplify_px}

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

        ``params`` and ``separate`` may have a key ``preset`` that names published parameters; their
        other keys change these.

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
        name = given.get("method", "collapse")
        entry = _method(name, f"{source}: method")
        parts = {"params": (entry.default, entry.presets, entry.space), **_STAGES}
        for part, (default, presets, _) in parts.items():
            if given.get(part) is not None:
                given[part] = _part(default, presets, given[part], f"{source}: {part}")
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


def _part(
    default: Any,  # noqa: ANN401 - any dataclass
    presets: Mapping[str, Any],
    data: Mapping[str, Any],
    source: str,
) -> Any:  # noqa: ANN401 - of its class
    """One part of the settings: a preset or the default, with some values changed."""
    data = dict(data)
    preset = data.pop("preset", None)
    if preset is not None and preset not in presets:
        known = f"one of {', '.join(presets)}" if presets else "none: there are no presets for it"
        raise InputError(f"{source}.preset: got {preset!r}, wanted {known}")
    return _filled(default if preset is None else presets[preset], data, source)


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
