"""The SCOT metric, as ``solaris.eval.scot``."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sn7fast._optional import require
from sn7fast.compat.vectors import codes_of, column_of, footprints_of
from sn7fast.errors import InputError
from sn7fast.scoring import score_scot
from sn7fast.stack import Stack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.footprints import Footprints
    from sn7fast.scoring import ScotAoi
