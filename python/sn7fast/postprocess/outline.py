"""What YAML may hold: schemas that refuse unknown keys with a hint. Needs pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, get_type_hints

from pydantic import create_model

from sn7fast.settings import Settings


class Outline(Settings):
    """The keys of `sn7fast.postprocess.PostProcessing`; parts are checked by the method."""

    method: str = "collapse"
    refine: dict[str, Any] | None = None
    segment: dict[str, Any] | None = None
    separate: dict[str, Any] | None = None
    params: dict[str, Any] | None = None
    simplify_px: float = 0.0


@cache
def schema_of(kind: type[Any]) -> type[Settings]:
    """A dataclass as a schema: its names, types and defaults. Ranges it checks itself."""
    # Modules import what only their annotations need for the type checker alone.
    hints, start = get_type_hints(kind, localns={"Mapping": Mapping}), kind()
    members: dict[str, Any] = {
        field.name: (hints[field.name], getattr(start, field.name)) for field in fields(kind)
    }
    return create_model(kind.__name__, __base__=Settings, **members)
