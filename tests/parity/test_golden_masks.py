"""compat.df_to_px_mask against the recorded results of the original."""

import numpy as np
import pandas as pd
import pytest

from golden_cases import polygons, runs
from parity.ledger import check
from sn7fast import compat

pytestmark = pytest.mark.usefixtures("shared")


@pytest.mark.parametrize("run", runs("masks"))
def test_same_pixels(run):
    params = run.params
    table = pd.DataFrame({"geometry": polygons(run.input["features"])})
    got = compat.df_to_px_mask(table, **params | {"shape": tuple(params["shape"])})
    expected = run.array(run.expected["array"])
    assert got.dtype == np.uint8
    assert got.shape == expected.shape
    count = np.count_nonzero(got != expected)
    check(run, f"{count} pixels differ" if count else "")
