"""Where the shared data lie; importable at collection, when no fixture exists yet."""

import os
from pathlib import Path

REQUIRE = "SN7FAST_REQUIRE_SHARED"
ABSENT = (
    "no folder of shared data: SN7FAST_SHARED does not name one and ../shared is not beside "
    "the checkout"
)


def find_shared():
    """Path of the shared folder, or None."""
    named = os.environ.get("SN7FAST_SHARED")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    return folder.resolve() if (folder / "golden").is_dir() else None
