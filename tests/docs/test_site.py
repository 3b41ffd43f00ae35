"""The site is built without a warning, and every link on it leads somewhere."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

import sn7fast
from doc_runner import ROOT
from sn7fast import compat

DOCS = ROOT / "docs"
# Its making, by whichever test comes first, takes a while.
pytestmark = pytest.mark.timeout(400)

NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.py"))


class Links(HTMLParser):
    """What a page links to, what it can be linked by, and what it loads."""

    def __init__(self, path):
        super().__init__()
        self.targets, self.anchors, self.loaded = [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        for name in ("id", "name"):
            if attributes.get(name):
                self.anchors.add(attributes[name])
        if tag == "a" and attributes.get("href"):
            self.targets.append(attributes["href"])
        elif tag == "link" and attributes.get("rel") != "canonical":
            self.loaded.append(attributes.get("href"))
        elif tag in ("img", "script", "iframe", "source") and attributes.get("src"):
            self.loaded.append(attributes["src"])


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Folder of the built site; its making runs the notebooks."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=390,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stderr.replace("[IPKernelApp] WARNING", "")
    return folder


@pytest.fixture(scope="session")
def pages(site):
    return {path: Links(path) for path in sorted(site.rglob("*.html"))}


@pytest.mark.slow
def test_every_link_leads_somewhere(site, pages):
    broken = []
    for page, links in pages.items():
        if page.name == "404.html":
            continue
        for target in [*links.targets, *links.loaded]:
            url = urlsplit(target)
            if url.scheme or url.netloc:
                assert url.scheme in ("http", "https"), target
                assert "." in url.netloc, target
                continue
            path = (page.parent / unquote(url.path)).resolve() if url.path else page
            if not path.is_file() or not path.is_relative_to(site):
                broken.append(f"{page.relative_to(site)}: {target}: no such file")
            elif url.fragment and path.suffix == ".html":
                anchors = pages[path].anchors | {"__tabbed"}
                if unquote(url.fragment) not in anchors:
                    broken.append(f"{page.relative_to(site)}: {target}: no such anchor")
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("path", sorted(ROOT.glob("*.md")), ids=lambda path: path.name)
def test_links_of_files_at_the_top_lead_to_files(path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not urlsplit(target).scheme:
            assert (ROOT / target).exists(), target


@pytest.mark.slow
def test_nothing_is_fetched_from_elsewhere(pages):
    elsewhere = {
        target
        for links in pages.values()
        for target in links.loaded
        if urlsplit(target).netloc or urlsplit(target).scheme not in ("", "data")
    }
    assert not elsewhere


@pytest.mark.slow
def test_every_public_name_has_its_place_in_the_reference(pages):
    places = {anchor for links in pages.values() for anchor in links.anchors}
    for package in (sn7fast, compat):
        things = {name: getattr(package, name) for name in package.__all__ if name[0] != "_"}
        missing = [
            name
            for name, thing in things.items()
            if not {f"{package.__name__}.{name}", f"{thing.__module__}.{name}"} & places
        ]
        assert not missing, package.__name__


@pytest.mark.slow
def test_every_command_has_its_section(pages, site):
    from sn7fast.cli.group import commands

    anchors = pages[site / "cli.html"].anchors
    for name in commands.list_commands(None):
        assert f"sn7fast-{name}" in anchors


@pytest.mark.slow
@pytest.mark.parametrize("source", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_show_their_pictures(source, site, pages):
    page = site / "notebooks" / f"{source.stem}.html"
    pictures = [target for target in pages[page].loaded if target.startswith(source.stem)]
    assert len(pictures) >= 3
    assert all((page.parent / name).stat().st_size > 5000 for name in pictures)


@pytest.mark.parametrize("source", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_those_of_their_sources(source):
    sys.path.insert(0, str(DOCS / "machinery"))
    try:
        from make_notebooks import notebook_of
    finally:
        sys.path.pop(0)
    assert source.with_suffix(".ipynb").read_text() == notebook_of(source), (
        "run docs/machinery/make_notebooks.py"
    )
