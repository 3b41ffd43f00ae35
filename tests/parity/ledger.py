"""Golden runs whose result differs from the original's on purpose, each with the reason.

A run that is listed here must differ: the entry of one that has come to agree is stale, and its
test fails until the entry is taken out.
"""

# "kind/case-run": reason
EXPECTED_DIFFERENCES: dict[str, str] = {}


def check(run, difference):
    """Assert that a run agrees, or that it differs as listed.

    ``difference`` says what differs; it is empty if nothing does.
    """
    reason = EXPECTED_DIFFERENCES.get(str(run))
    if reason is None:
        assert not difference, f"{run}: {difference}"
    else:
        assert difference, f"{run} agrees now; take it out of the ledger ({reason})"
