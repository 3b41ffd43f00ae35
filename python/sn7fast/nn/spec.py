"""ModelSpec: all that must be known to feed a network and to read what it gives.

It travels in the file of the weights, as JSON, so that no network gets bands, numbers or pixel
sizes that it was not trained with.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

from sn7fast._arguments import real_number, whole_number
from sn7fast.errors import InputError

METADATA_KEY = "sn7fast_model"
"""Under which name the JSON stands among the metadata of a file of weights."""

Resampling = Literal["nearest", "bilinear", "cubic", "network"]
_RESAMPLINGS = ("nearest", "bilinear", "cubic", "network")
_PIXELS = ("uint8", "uint16", "float32")
_GIVES = ("logits", "probabilities")
_VERSION = 1
_MOST = 1024
_RGB = ("red", "green", "blue")


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What a network is, what it takes and what it gives.

    Attributes:
        architecture: ``xdxd``, ``small``, ``smp:NAME`` (a class of segmentation-models-pytorch),
            ``module:callable`` (yours), or ``onnx`` (an ONNX file, which is its own architecture).
        arguments: Of the architecture, as JSON can hold them.
        bands: What the channels of the image are, in order; such as red, green, blue.
        pixels: Type of the numbers it was trained with: ``uint8`` (0 to 255), ``uint16`` or
            ``float32``.
        mean: Of each band; the network takes ``(number - mean) / std``.
        std: Of each band. Mean 0 and std 1, the defaults, mean raw numbers.
        outputs: What the channels of its answer are, in order; such as footprint, boundary.
        gives: ``logits`` or ``probabilities``.
        scale: Pixels of the answer along one pixel of the image, 1 to 4.
        resampling: How the image is enlarged to that: ``nearest``, ``bilinear``, ``cubic``, or
            ``network`` if the network takes the image as it is and enlarges by itself. Does not
            matter at scale 1.
        multiple: Rows and columns of what the network takes must be multiples of this.
        info: Anything else worth keeping: data, training, figures, licence; as JSON can hold it.

    Raises:
        InputError: A value is out of range; the message starts with its name.
    """

    architecture: str
    arguments: dict[str, Any] = field(default_factory=dict)
    bands: tuple[str, ...] = _RGB
    pixels: str = "uint8"
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    outputs: tuple[str, ...] = ("footprint",)
    gives: str = "logits"
    scale: int = 1
    resampling: str = "bilinear"
    multiple: int = 1
    info: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.architecture, str) or not _is_architecture(self.architecture):
            raise InputError(
                f"architecture: got {self.architecture!r}, wanted xdxd, small, onnx, smp:NAME or "
                "module:callable"
            )
        for name in ("arguments", "info"):
            object.__setattr__(self, name, _json_object(name, getattr(self, name)))
        for name in ("bands", "outputs"):
            object.__setattr__(self, name, _names(name, getattr(self, name)))
        for name, default in (("mean", 0.0), ("std", 1.0)):
            values = getattr(self, name)
            values = tuple(real_number(name, value) for value in values) if values else ()
            values = values or (default,) * len(self.bands)
            if len(values) != len(self.bands) or not all(map(math.isfinite, values)):
                raise InputError(
                    f"{name}: got {values}, wanted {len(self.bands)} finite numbers, one a band"
                )
            object.__setattr__(self, name, values)
        if min(self.std) <= 0:
            raise InputError(f"std: got {self.std}, wanted numbers above 0")
        for name, allowed in (("pixels", _PIXELS), ("gives", _GIVES), ("resampling", _RESAMPLINGS)):
            if getattr(self, name) not in allowed:
                raise InputError(
                    f"{name}: got {getattr(self, name)!r}, wanted {' or '.join(allowed)}"
                )
        whole_number("scale", self.scale, 1, 4)
        whole_number("multiple", self.multiple, 1, _MOST)

    @classmethod
    def xdxd(cls, **changes: Any) -> ModelSpec:  # noqa: ANN401 - any attribute
        """That of the SpaceNet 7 baseline: raw 0 to 255, red, green, blue; logits of footprints."""
        return replace(cls("xdxd", multiple=32), **changes)

    @classmethod
    def small(
        cls,
        *,
        width: int = 16,
        depth: int = 4,
        outputs: tuple[str, ...] = ("footprint", "boundary", "contact"),
        **changes: Any,  # noqa: ANN401 - any attribute
    ) -> ModelSpec:
        """That of our own small network for 8-bit imagery; see `sn7fast.nn.small`."""
        changes = {"mean": (110.0,) * 3, "std": (45.0,) * 3, "resampling": "network"} | changes
        spec = cls("small", multiple=2 ** (depth - 1), outputs=outputs)
        return replace(spec, arguments={"width": width, "depth": depth}, **changes)

    @property
    def input_scale(self) -> int:
        """Pixels of what the network takes along one pixel of the image."""
        return 1 if self.resampling == "network" else self.scale

    @property
    def is_foreign(self) -> bool:
        """True if building it imports a module that is not of this package."""
        return ":" in self.architecture and not self.architecture.startswith("smp:")

    def to_json(self) -> str:
        """The spec as JSON, the same text for the same spec."""
        return json.dumps({"version": _VERSION, **asdict(self)}, sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> ModelSpec:
        """The spec of what `to_json` gave.

        Raises:
            InputError: No JSON, an unknown or missing key, a value out of range.
        """
        try:
            values = json.loads(text)
        except ValueError as error:
            raise InputError(f"spec: no JSON: {error}") from error
        if not isinstance(values, dict):
            raise InputError(f"spec: got {type(values).__name__}, wanted a JSON object")
        version = values.pop("version", None)
        if version != _VERSION:
            raise InputError(f"spec: version: got {version!r}, this sn7fast reads {_VERSION}")
        known = {one.name for one in fields(cls)}
        if odd := sorted(set(values) - known):
            raise InputError(f"spec: got unknown key {odd[0]!r}, wanted {', '.join(sorted(known))}")
        if "architecture" not in values:
            raise InputError("spec: has no architecture")
        for name in ("bands", "outputs", "mean", "std"):
            if not isinstance(values.get(name, []), list):
                raise InputError(f"{name}: got {values[name]!r}, wanted a list")
        return cls(**values)

    def differences(self, other: ModelSpec) -> list[str]:
        """What does not agree, but for ``info``: ``name: one against other``."""
        return [
            f"{one.name}: {getattr(self, one.name)!r} against {getattr(other, one.name)!r}"
            for one in fields(self)
            if one.name != "info" and getattr(self, one.name) != getattr(other, one.name)
        ]


def _is_architecture(text: str) -> bool:
    if text in ("xdxd", "small", "onnx"):
        return True
    module, _, name = text.partition(":")
    return name.isidentifier() and all(part.isidentifier() for part in module.split("."))


def _json_object(name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - to be checked
    """A copy of ``value`` as JSON gives it back: lists for tuples."""
    try:
        copy = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: got what JSON cannot hold: {error}") from error
    if not isinstance(copy, dict):
        raise InputError(f"{name}: got {type(value).__name__}, wanted a mapping")
    return copy


def _names(name: str, value: Any) -> tuple[str, ...]:  # noqa: ANN401 - to be checked
    if isinstance(value, str):
        raise InputError(f"{name}: got the text {value!r}, wanted a sequence of names")
    names = tuple(value)
    if not names or not all(isinstance(one, str) and one for one in names):
        raise InputError(f"{name}: got {names or 'none'}, wanted at least one name")
    if len(set(names)) < len(names):
        raise InputError(f"{name}: got {', '.join(names)}, wanted each once")
    return names
