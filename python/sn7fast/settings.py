"""Settings from YAML: one schema, ``a.b=1`` on top, and errors that say which key is meant.

A schema is a class derived from `Settings`; keys it does not have are refused, with the nearest
that it has.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from sn7fast.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, Sequence


class Settings(BaseModel):
    """A schema that takes no other keys, and whose values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    def to_yaml(self) -> str:
        """All settings, those at their defaults too, as YAML."""
        data = self.model_dump(mode="json")
        return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))


_Schema = TypeVar("_Schema", bound=Settings)


def read_settings(
    schema: type[_Schema], path: str | os.PathLike[str], changes: Sequence[str] = ()
) -> _Schema:
    """Settings of a YAML file.

    Args:
        schema: What they have to be.
        path: The file.
        changes: ``key=value`` or ``part.key=value``, with the value in YAML, each on top of the
            last.

    Raises:
        InputError: The file cannot be read or is no YAML, or a key or value does not fit.
    """
    path = Path(path)
    data = load_yaml(path)
    return settings_of(schema, {} if data is None else data, changes, source=str(path))


def load_yaml(path: str | os.PathLike[str]) -> Any:  # noqa: ANN401 - what YAML holds
    """What a YAML file holds.

    Raises:
        InputError: The file cannot be read or is no YAML.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8") as file:
            return yaml.safe_load(file)
    except OSError as error:
        raise InputError(f"{path}: cannot be opened: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is no text in UTF-8") from error
    except yaml.YAMLError as error:
        raise InputError(f"{path}: is no YAML: {' '.join(str(error).split())}") from error


def settings_of(
    schema: type[_Schema],
    data: Mapping[str, Any],
    changes: Sequence[str] = (),
    *,
    source: str = "settings",
) -> _Schema:
    """Settings of a mapping; see `read_settings`.

    Args:
        schema: What they have to be.
        data: As YAML gives it.
        changes: As in `read_settings`.
        source: What errors call it.

    Raises:
        InputError: A key or value does not fit.
    """
    if not isinstance(data, dict):
        raise InputError(f"{source}: got {type(data).__name__}, wanted keys with values")
    merged = _copied(data)
    for change in changes:
        _set(merged, change)
    try:
        return schema.model_validate(merged)
    except ValidationError as error:
        found = "; ".join(_complaints(schema, error))
        raise InputError(f"{source}: {found}") from error


def _copied(value: Any) -> Any:  # noqa: ANN401 - what YAML holds
    return {key: _copied(item) for key, item in value.items()} if isinstance(value, dict) else value


def _set(data: dict[str, Any], change: str) -> None:
    key, equals, text = change.partition("=")
    names = key.strip().split(".")
    if not equals or not all(names):
        raise InputError(f"--set: got {change!r}, wanted key=value")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(f"--set {key}: got {text!r}, which is no YAML") from error
    part = data
    for name in names[:-1]:
        below = part.get(name)
        if below is None:
            below = part[name] = {}
        if not isinstance(below, dict):
            raise InputError(f"--set {key}: {name} is {below!r}, which has no keys")
        part = below
    part[names[-1]] = value


def _complaints(schema: type[BaseModel], error: ValidationError) -> Iterator[str]:
    for detail in error.errors():
        place = [str(name) for name in detail["loc"]]
        where = ".".join(place)
        if detail["type"] == "extra_forbidden":
            known = _keys(schema, place[:-1])
            yield f"{where}: unknown key{_hint(place[-1], known)}"
        elif detail["type"] == "missing":
            yield f"{where}: is missing"
        else:
            message = detail["msg"].removeprefix("Value error, ")
            yield f"{where}: got {detail['input']!r}, {message[:1].lower()}{message[1:]}"


def _hint(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return f"; did you mean {near[0]}?"
    return f", wanted one of {', '.join(known)}" if known else ""


def _keys(schema: type[BaseModel], place: Sequence[str]) -> set[str]:
    """Keys of the part of a schema at a place; of all alternatives where there are some."""
    parts = {schema}
    for name in place:
        below: set[type[BaseModel]] = set()
        for part in parts:
            if name in part.model_fields:
                below |= _schemas(part.model_fields[name].annotation)
        # Numbers of lists and names of alternatives are places too.
        parts = below or parts
    return {key for part in parts for key in part.model_fields}


def _schemas(annotation: Any) -> set[type[BaseModel]]:  # noqa: ANN401 - any type
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {found for inner in get_args(annotation) for found in _schemas(inner)}
