"""Fixtures of all tests: the folder of shared data, and what its absence means.

The folder is where SN7FAST_SHARED points, else ``../shared`` beside the checkout. Tests that need
it skip if it is absent. With SN7FAST_REQUIRE_SHARED=1 each such skip is a failure, and with
SN7FAST_REQUIRE_BROWSER=1 each skip for want of a browser.

Property tests take their number of examples from a profile of hypothesis: ``fast``, or what
HYPOTHESIS_PROFILE names. ``ci`` draws the same examples every time, ``deep`` looks for hours.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

import browser
from shared_folder import ABSENT, REQUIRE, find_shared

# A slow or loaded machine is no failure.
settings.register_profile(
    "fast", max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("fast"), max_examples=150, derandomize=True)
settings.register_profile("deep", settings.get_profile("fast"), max_examples=20_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.fixture(scope="session")
def shared():
    """Path of the folder with golden cases and real data."""
    folder = find_shared()
    if folder is None:
        (pytest.fail if required(REQUIRE) else pytest.skip)(ABSENT)
    return folder


@pytest.fixture(scope="session")
def golden_folder(shared):
    return shared / "golden"


@pytest.fixture(scope="session")
def real_data(shared):
    return shared / "data" / "real"


def required(name):
    return os.environ.get(name, "") not in ("", "0")


def turn_skip_into_failure(report):
    """A skip for want of the shared folder or the browser is a failure where that is required."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    for name, word in ((REQUIRE, "shared"), (browser.REQUIRE, "browser")):
        if required(name) and word in reason.lower():
            report.outcome = "failed"
            report.longrepr = f"{name} is set, but this was skipped: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    turn_skip_into_failure(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    turn_skip_into_failure(report)
    return report
