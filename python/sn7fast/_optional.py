"""Import of packages that only some functions need."""

from __future__ import annotations

import importlib
from typing import Any

from sn7fast.errors import MissingDependencyError


def require(module: str, *, extra: str | None = None) -> Any:  # noqa: ANN401 - any module
    """Import ``module``, or say which extra of sn7fast brings it (None: none, it stands alone).

    Raises:
        MissingDependencyError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        wanted = module.partition(".")[0] if extra is None else f"'sn7fast[{extra}]'"
        raise MissingDependencyError(
            f"{module} is needed here and cannot be imported ({error}); "
            f"install it with: pip install {wanted}"
        ) from error
