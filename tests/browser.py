"""Debian's Chromium for the tests of pages; importable at collection, before any fixture."""

import importlib.util
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

REQUIRE = "SN7FAST_REQUIRE_BROWSER"


def executable():
    """Path of the browser: what SN7FAST_CHROMIUM names, else Debian's, else None."""
    named = os.environ.get("SN7FAST_CHROMIUM")
    found = named or shutil.which("chromium") or shutil.which("chromium-browser")
    return found if found and Path(found).exists() else None


def absent():
    """Why there can be no browser tests, or None."""
    if importlib.util.find_spec("playwright") is None:
        return "no browser: the package playwright is not installed"
    if executable() is None:
        return "no browser: chromium is not installed, and SN7FAST_CHROMIUM does not name one"
    return None


@contextmanager
def launched():
    """The browser, without a sandbox where it would refuse to run (as root)."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable(), args=arguments)
        try:
            yield browser
        finally:
            browser.close()
