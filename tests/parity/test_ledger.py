"""The ledger of expected differences names runs that exist, with a reason."""

import pytest

from golden_cases import runs
from parity import ledger


def test_listed_runs_exist_and_have_a_reason(shared):
    existing = {
        str(param.values[0])
        for kind in ("polygonize", "masks", "tracking", "scot", "f1", "scot_csv", "pipeline")
        for param in runs(kind) + runs(kind, raising=True)
    }
    assert ledger.EXPECTED_DIFFERENCES.keys() <= existing
    assert all(len(reason) > 20 for reason in ledger.EXPECTED_DIFFERENCES.values())


def test_a_stale_entry_fails(monkeypatch):
    monkeypatch.setitem(ledger.EXPECTED_DIFFERENCES, "kind/case-0", "a reason")
    with pytest.raises(AssertionError, match="agrees now"):
        ledger.check("kind/case-0", "")
    ledger.check("kind/case-0", "3 pixels differ")


def test_an_unlisted_difference_fails():
    with pytest.raises(AssertionError, match="3 pixels differ"):
        ledger.check("kind/case-0", "3 pixels differ")
    ledger.check("kind/case-0", "")
