"""Import of packages that only some functions need."""

from __future__ import annotations

import importlib
from typing import Any

from sn7fast.errors import MissingDependencyError


def require(module: str, *, extra: str) -> Any:  # noqa: ANN401 - a module of any kind
    """Import ``module``, or say which extra of sn7fast brings it.

    Raises:
        MissingDependencyError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"{module} is needed here and cannot be imported ({error}); "
            f"install it with: pip install 'sn7fast[{extra}]'"
        ) from error
