"""The page of a report in Debian's Chromium, with the network off."""

import csv
import io
import json
import re

import numpy as np
import pytest

import page_scene
from browser import absent, launched
from sn7fast import Footprints, Stack, score_scot
from sn7fast.report import write_report

pytestmark = pytest.mark.skipif(absent() is not None, reason=str(absent()))

WIDE, PHONE = {"width": 1300, "height": 820}, {"width": 390, "height": 780}

_score = score_scot(page_scene.stack(page_scene.TRUTH), page_scene.stack(page_scene.TRACKS))
SCORES = {"scot": _score.score, "track": _score.track, "change": _score.change}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    page_scene.write(folder / "scored.html")
    page_scene.write(folder / "plain.html", truth=False, images=None, valid=None, buildings=None)
    return folder


@pytest.fixture(scope="module")
def browser():
    with launched() as started:
        yield started


class Tab:
    """One page; anything the browser complains about is a failure."""

    def __init__(self, browser, path, link="", **settings):
        self.complaints = []
        settings = {"viewport": WIDE, "accept_downloads": True} | settings
        self._context = browser.new_context(offline=True, **settings)
        self.page = self._context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda request: self.complaints.append(request.url))
        self.page.on("dialog", lambda dialog: self.complaints.append("a dialog"))
        self.page.goto(path.as_uri() + link)
        self.page.wait_for_selector("html[data-images]", state="attached")

    def __enter__(self):
        return self

    def __exit__(self, kind, *others):
        self._context.close()
        if kind is None:
            assert self.complaints == []

    def state(self):
        return self.page.evaluate("sn7fast.state()")

    def month(self):
        return self.page.inner_text("#month")

    def pixels(self):
        """What the map shows when no building is pointed at, as text."""
        return self.page.evaluate(
            "sn7fast.show({hover: null}); sn7fast.drawNow(); "
            "document.getElementById('map').toDataURL()"
        )

    def wait(self, script):
        """Until a script says true; the policy of the page forbids playwright's own way."""
        for _ in range(200):
            if self.page.evaluate(script):
                return
            self.page.wait_for_timeout(25)
        pytest.fail(f"never: {script}")

    def at(self, x, y):
        """Where a point of the image lies on the screen."""
        box = self.page.locator("#map").bounding_box()
        place = self.page.evaluate(f"sn7fast.toScreen({x}, {y})")
        return box["x"] + place["x"], box["y"] + place["y"]

    def click(self, x, y, **options):
        self.page.mouse.click(*self.at(x, y), **options)

    def chosen(self):
        return [(one["side"], one["id"]) for one in self.state()["selected"]]

    def facts(self):
        names = self.page.locator("#selected dt").all_inner_texts()
        return dict(zip(names, self.page.locator("#selected dd").all_inner_texts(), strict=True))

    def download(self, button):
        with self.page.expect_download() as started:
            self.page.click(button)
        return started.value.suggested_filename, started.value.path().read_text()


@pytest.fixture
def opened(browser, pages):
    def make(name="scored", link="", **settings):
        return Tab(browser, pages / f"{name}.html", link, **settings)

    return make


def test_it_opens_with_the_network_off_and_shows_the_last_month(opened):
    with opened() as tab:
        assert tab.page.title() == page_scene.AOI
        assert tab.month() == "Jun 2020"
        assert tab.page.inner_text("#subtitle") == "Jan 2020 to Jun 2020 · 6 months · 6 buildings"
        for name, value in SCORES.items():
            assert tab.page.inner_text(f".tile.{name} strong") == f"{value:.3f}"


def test_the_slider_changes_the_month_and_the_pixels(opened):
    with opened() as tab:
        before = tab.pixels()
        tab.page.locator("#slider").fill("1")
        assert tab.month() == "Feb 2020"
        assert tab.pixels() != before
        bars = tab.page.locator("#slider").bounding_box()
        tab.page.mouse.click(bars["x"] + bars["width"] * 3.5 / 6, bars["y"] + 20)
        assert tab.month() == "Apr 2020"


def test_arrows_step_through_the_months_wherever_the_focus_is(opened):
    with opened() as tab:
        for place in ("#map", "#slider", "#play"):
            tab.page.focus(place)
            tab.page.keyboard.press("ArrowLeft")
            tab.page.keyboard.press("ArrowLeft")
            assert tab.month() == "Apr 2020"
            tab.page.keyboard.press("ArrowRight")
            assert tab.month() == "May 2020"
            tab.page.keyboard.press("End")
            assert tab.month() == "Jun 2020"
            tab.page.keyboard.press("ArrowRight")
            assert tab.month() == "Jun 2020"


def test_play_goes_on_by_itself_until_it_is_paused(opened):
    with opened() as tab:
        tab.page.click("#play")
        assert tab.page.get_attribute("#play", "aria-label") == "Pause"
        tab.wait("sn7fast.state().month === 1")
        tab.page.focus("#map")
        tab.page.keyboard.press("Space")
        stopped = tab.state()["month"]
        tab.page.wait_for_timeout(800)
        assert tab.state()["month"] == stopped
        assert not tab.state()["playing"]


def test_a_click_selects_the_building_under_it_and_tells_all_of_it(opened):
    with opened() as tab:
        tab.click(33, 13)
        assert tab.chosen() == [("tracks", 8)]
        facts = tab.facts()
        assert facts["Built"] == ("Mar 2020 (72 % sure), 80 % interval Feb 2020 to May 2020")
        # 36 pixels at 15° north, each of 4.777 x 4.777 m on the map.
        assert re.fullmatch(r"\d+ m²", facts["Area"])
        assert facts["Seen"] == "in 4 of 6 months"
        assert facts["This month"] == "found, IoU 1.000"
        assert facts["Costs"].startswith("nothing")
        cells = tab.page.locator("#selected .cell")
        assert cells.count() == 6
        assert cells.nth(2).get_attribute("title") == "Mar 2020, seen, new, found, IoU 1.00"
        assert cells.nth(1).get_attribute("title") == "Feb 2020, not seen"
        cells.nth(2).click()
        assert tab.month() == "Mar 2020"
        tab.page.keyboard.press("Escape")
        assert tab.chosen() == []


def test_the_area_is_that_on_the_ground(opened):
    grid = page_scene.stack(page_scene.TRACKS).grid
    wanted = grid.ground_area_m2(page_scene.footprints([(11, (90, 40, 110, 60))]))[0]
    with opened() as tab:
        tab.click(92, 42)
        shown = int(tab.facts()["Area"].replace(",", "").split()[0])
        assert abs(shown - wanted) <= 1


def test_a_hole_is_not_the_building(opened):
    with opened() as tab:
        tab.click(100, 50)
        assert tab.chosen() == []
        tab.click(93, 50)
        assert tab.chosen() == [("tracks", 11)]


def test_what_was_missed_is_of_the_truth_and_can_be_selected(opened):
    with opened() as tab:
        tab.click(74, 14)
        assert tab.chosen() == [("truth", 90)]
        assert "missed" in tab.facts()["Costs"]
        assert tab.facts()["This month"] == "missed"
        tab.page.keyboard.press("2")
        tab.page.keyboard.press("Escape")
        tab.click(74, 14)
        assert tab.chosen() == []


def test_costs_of_a_building_are_those_of_the_attribution(opened):
    from sn7fast import attribute_scot

    truth, tracks = page_scene.stack(page_scene.TRUTH), page_scene.stack(page_scene.TRACKS)
    (aoi,) = attribute_scot(truth, tracks, truth_min_area_px=4).aois.values()
    cost = next(row["cost"] for row in aoi.rows() if (row["side"], row["id"]) == ("proposal", 9))
    with opened() as tab:
        tab.click(53, 13)
        assert tab.facts()["Costs"] == f"{cost:.5f} of SCOT: false {cost:.5f}"


def test_clouds_are_marked_where_they_hide_a_building(opened):
    with opened() as tab:
        tab.click(15, 45)
        assert tab.chosen() == [("tracks", 5)]
        titles = [cell.get_attribute("title") for cell in tab.page.locator("#selected .cell").all()]
        assert [("under cloud" in title) for title in titles] == [k == 4 for k in range(6)]
        assert tab.facts()["Seen"] == "in 3 of 6 months, 1 under cloud"
        tab.page.keyboard.press("ArrowLeft")
        covered = tab.pixels()
        tab.page.click('[data-layer="clouds"]')
        assert tab.page.get_attribute('[data-layer="clouds"]', "aria-pressed") == "false"
        assert tab.pixels() != covered


def test_colours_by_truth_id_and_age_differ(opened):
    with opened() as tab:
        shown = set()
        for key, mode in (("1", "truth"), ("2", "id"), ("3", "age")):
            tab.page.keyboard.press(key)
            assert tab.state()["colour"] == mode
            shown.add(tab.pixels())
        assert len(shown) == 3


def test_the_legend_counts_and_hides(opened):
    with opened() as tab:
        tab.page.locator("#slider").fill("3")
        counts = dict(
            zip(
                tab.page.locator("#legend .what").all_inner_texts(),
                tab.page.locator("#legend .number").all_inner_texts(),
                strict=True,
            )
        )
        assert counts == {
            "Found": "3", "False": "0", "Missed": "2", "Identifier switched": "0",
            "New, found": "0", "Wrongly new": "2", "New, missed": "0",
        }  # fmt: skip
        before = tab.pixels()
        tab.page.uncheck('[data-verdict="fn"]')
        assert tab.pixels() != before


def test_lists_jump_to_changes_and_to_the_worst_errors(opened):
    with opened() as tab:
        tab.page.click("#tab-changes")
        tab.page.select_option("#change-kind", "new")
        rows = tab.page.locator("#page-changes .rows button")
        assert rows.all_inner_texts() == ["Building 8\nNew, found\nMar 2020"]
        rows.first.click()
        assert (tab.month(), tab.chosen()) == ("Mar 2020", [("tracks", 8)])
        view = tab.state()["view"]
        assert (view["x"], view["y"]) == (33, 13)
        tab.page.click("#tab-errors")
        worst = tab.page.locator("#page-errors .rows button")
        costs = [float(text) for text in tab.page.locator("#page-errors .number").all_inner_texts()]
        assert costs == sorted(costs, reverse=True)
        assert sum(costs) == pytest.approx(1 - SCORES["scot"], abs=1e-3)
        worst.first.click()
        assert len(tab.chosen()) == 1


def test_a_link_brings_the_view_back(opened):
    with opened() as tab:
        tab.click(33, 13)
        tab.page.keyboard.press("ArrowLeft")
        tab.page.keyboard.press("3")
        tab.page.keyboard.press("c")
        tab.page.keyboard.press("+")
        tab.wait("location.hash.includes('tracks=8') && location.hash.includes('colour=age')")
        tab.page.wait_for_timeout(300)
        link, wanted, pixels = tab.page.evaluate("location.hash"), tab.state(), tab.pixels()
    with opened(link=link) as tab:
        got = tab.state()
        for name in ("month", "colour", "layers", "selected"):
            assert got[name] == wanted[name]
        assert got["view"]["zoom"] == pytest.approx(wanted["view"]["zoom"], abs=1e-3)
        tab.page.evaluate(f"sn7fast.show({{view: {json.dumps(wanted['view'])}}})")
        assert tab.pixels() == pixels
        tab.page.evaluate("location.hash = '#month=2020_02&tracks=7 11&colour=nonsense&zoom=x'")
        tab.wait("sn7fast.state().month === 1")
        assert tab.chosen() == [("tracks", 7), ("tracks", 11)]
        assert tab.state()["colour"] == "age"


def test_export_of_the_selection(opened):
    truth = page_scene.stack(page_scene.TRACKS)
    with opened() as tab:
        tab.click(33, 13)
        name, text = tab.download("#export-csv")
        assert name == f"{page_scene.AOI}-buildings.csv"
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [row["month"] for row in rows] == list(page_scene.MONTHS[2:])
        assert {row["id"] for row in rows} == {"8"}
        assert [row["verdict"] for row in rows] == ["new", "tp", "tp", "tp"]
        assert {row["partner"] for row in rows} == {"80"}
        assert rows[0]["first_month_lo"] == "2020_02"
        tab.click(93, 50)
        name, text = tab.download("#export-geojson")
        found = json.loads(text)
        assert [f["properties"]["id"] for f in found["features"]] == [11] * 6
        outer, hole = (np.array(ring) for ring in found["features"][0]["geometry"]["coordinates"])
        wanted = truth.grid.px_to_lon_lat(np.array(page_scene.box(90, 40, 110, 60), float))
        assert {tuple(point) for point in outer.round(7)} == {tuple(p) for p in wanted.round(7)}
        assert (outer[0] == outer[-1]).all()

        def turn(ring):
            (x, y) = ring.T
            return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())

        assert turn(outer) > 0 > turn(hole)


def test_several_are_selected_by_shift_and_exported_without_a_selection_those_in_view(opened):
    with opened() as tab:
        tab.page.keyboard.down("Shift")
        tab.click(33, 13)
        tab.click(15, 14)
        tab.page.keyboard.up("Shift")
        assert tab.chosen() == [("tracks", 8), ("tracks", 7)]
        tab.page.keyboard.press("Escape")
        tab.page.keyboard.down("Shift")
        tab.page.mouse.move(*tab.at(5, 5))
        tab.page.mouse.down()
        tab.page.mouse.move(*tab.at(30, 30), steps=3)
        tab.page.mouse.move(*tab.at(60, 30), steps=3)
        tab.page.mouse.up()
        tab.page.keyboard.up("Shift")
        assert {name for _, name in tab.chosen()} == {7, 8, 9}
        tab.page.keyboard.press("Escape")
        _, text = tab.download("#export-csv")
        assert {row["id"] for row in csv.DictReader(io.StringIO(text))} == {
            "5",
            "7",
            "8",
            "9",
            "11",
        }


def test_dark_by_the_system_and_by_the_button(opened):
    ground = "getComputedStyle(document.body).backgroundColor"
    with opened(color_scheme="dark") as tab:
        assert tab.page.evaluate(ground) == "rgb(16, 20, 26)"
        tab.page.click("#theme")
        assert tab.page.evaluate(ground) == "rgb(244, 245, 247)"
    with opened(color_scheme="light") as tab:
        light = tab.pixels()
        tab.page.click("#theme")
        assert tab.page.evaluate(ground) == "rgb(16, 20, 26)"
        assert tab.pixels() != light


@pytest.mark.parametrize("name", ["scored", "plain"])
def test_a_phone_shows_all_without_scrolling_sideways(opened, name):
    with opened(name, viewport=PHONE, has_touch=True, is_mobile=True) as tab:
        for tab_name in ("score", "changes"):
            tab.page.tap(f"#tab-{tab_name}")
            wide = tab.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= PHONE["width"]
        tab.page.evaluate("scrollTo(0, 0)")
        tab.page.touchscreen.tap(*tab.at(15, 14))
        assert tab.chosen() == [("tracks", 7)]
        assert tab.page.is_visible("#hint")
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_it_can_be_used_by_keyboard_alone(opened):
    with opened() as tab:
        seen = []
        for _ in range(40):
            tab.page.keyboard.press("Tab")
            seen.append(
                tab.page.evaluate("document.activeElement.id || document.activeElement.tagName")
            )
        for needed in ("map", "slider", "play", "share", "theme", "zoom-in", "export-csv"):
            assert needed in seen
        tab.page.focus("#map")
        tab.page.keyboard.press("n")
        assert len(tab.chosen()) == 1
        before = tab.state()["view"]
        tab.page.keyboard.press("Shift+ArrowDown")
        assert tab.state()["view"]["y"] > before["y"]
        tab.page.keyboard.press("?")
        assert tab.page.is_visible("#keys")
        tab.page.keyboard.press("Escape")
        assert not tab.page.is_visible("#keys")


def test_everything_that_acts_has_a_name(opened):
    with opened() as tab:
        tab.click(33, 13)
        nameless = tab.page.evaluate(
            """() => [...document.querySelectorAll("button, input, select, canvas")]
              .filter((one) => !(one.getAttribute("aria-label") || one.textContent.trim() ||
                one.labels?.length)).map((one) => one.outerHTML)"""
        )
        assert nameless == []


def test_without_a_truth_there_is_no_score(opened):
    with opened("plain") as tab:
        assert tab.state()["colour"] == "id"
        assert tab.page.locator("#tab-errors").count() == 0
        assert tab.page.locator('[data-layer="image"]').count() == 0
        tab.page.click("#tab-changes")
        rows = tab.page.locator("#page-changes .rows .what").all_inner_texts()
        assert rows == ["Building 6", "Building 8", "Building 5", "Building 9"]
        tab.click(33, 13)
        assert tab.facts()["Built"] == "first seen Mar 2020"


def test_pixels_stay_crisp_when_zoomed(opened):
    with opened("plain") as tab:
        tab.page.evaluate("sn7fast.show({view: {x: 33, y: 13, zoom: 4}, hover: null})")
        colours = tab.page.evaluate(
            """() => { sn7fast.drawNow(); const map = document.getElementById("map");
            const middle = map.height / 2; const found = new Set();
            const row = map.getContext("2d").getImageData(map.width / 2 - 40, middle, 80, 1).data;
            for (let at = 0; at < row.length; at += 4) found.add(row.slice(at, at + 3).join());
            return [...found]; }"""
        )
        # The ground and the building, nothing in between.
        assert len(colours) == 2


def test_a_large_area_is_painted_coarsely_and_says_so(browser, tmp_path):
    tracks = page_scene.stack({7: (range(6), 2000, 1900, 2040, 1960)}, grid=False)
    image = np.zeros((2300, 2400), np.uint8)
    write_report(tmp_path / "page.html", tracks, images={"2020_01": image}, image_bytes=60_000)
    with Tab(browser, tmp_path / "page.html") as tab:
        notes = tab.page.inner_text("#notes")
        assert "Images are shown at 1/3 of their resolution" in notes
        assert "at 1/2 of the resolution" in notes
        plain = tab.pixels()
        tab.page.click('[data-layer="footprints"]')
        assert tab.pixels() != plain
        tab.page.click('[data-layer="footprints"]')
        tab.page.evaluate("sn7fast.show({view: {x: 2000, y: 1930, zoom: 3}})")
        tab.click(1990, 1930)
        assert tab.chosen() == []
        tab.click(2003, 1930)
        assert tab.chosen() == [("tracks", 7)]


def test_a_footprint_without_points_does_no_harm(browser, tmp_path):
    empty = Footprints(np.empty((0, 2)), np.array([0]), np.array([0, 0]))
    both = Footprints.concatenate([empty, page_scene.footprints([(2, (5, 5, 9, 9))])])
    tracks = Stack.from_frames([both] * 2, months=["2020_01", "2020_02"], aoi="a", ids=[[1, 2]] * 2)
    write_report(tmp_path / "page.html", tracks, truth=tracks)
    with Tab(browser, tmp_path / "page.html", "#tracks=1") as tab:
        assert tab.chosen() == [("tracks", 1)]
        tab.page.click("text=Go there")
        _, text = tab.download("#export-geojson")
        geometry = json.loads(text)["features"][0]["geometry"]
        assert geometry == {"type": "MultiPolygon", "coordinates": []}
        tab.click(7, 7)
        assert tab.chosen() == [("tracks", 2)]


HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)">&amp;{{content}}\u2028'


def test_a_hostile_name_is_only_a_name(browser, tmp_path):
    months = ("2020_01", "<b>2020</b>")
    tracks = page_scene.stack({7: (range(2), 10, 10, 20, 18)}, grid=False)
    tracks = type(tracks).from_frames(
        [tracks.frame("2020_01"), tracks.frame("2020_02")],
        months=months, aoi=HOSTILE, ids=[[7], [7]],
    )  # fmt: skip
    write_report(tmp_path / "page.html", tracks, truth=tracks)
    with Tab(browser, tmp_path / "page.html") as tab:
        assert tab.page.inner_text("h1") == HOSTILE.replace("\u2028", " ").strip() or (
            tab.page.text_content("h1") == HOSTILE
        )
        assert tab.page.locator("img").count() == 0
        assert tab.month() == "<b>2020</b>"
        tab.page.evaluate("sn7fast.show({view: {x: 15, y: 14, zoom: 8}})")
        tab.click(15, 14)
        name, text = tab.download("#export-csv")
        assert re.fullmatch(r"[\w.-]+", name)
        assert next(csv.DictReader(io.StringIO(text)))["aoi"] == HOSTILE


def test_the_policy_stops_scripts_that_are_not_the_page_s_own(opened):
    with opened() as tab:
        ran = tab.page.evaluate(
            """() => { const script = document.createElement("script");
            script.textContent = "window.ran = true"; document.body.append(script);
            return window.ran === true; }"""
        )
        assert ran is False
        assert any("Content Security Policy" in text for text in tab.complaints)
        tab.complaints.clear()


@pytest.mark.slow
def test_the_real_stack_shows_its_scores(browser, real_data, tmp_path):
    from reference.real_stack import AOI
    from sn7fast.cli.group import commands

    out, labels = tmp_path / "real.html", tmp_path / "labels"
    labels.mkdir()
    for path in (real_data / "sn7-pred-stack").glob("**/*.tif"):
        # Of the months that have predictions.
        name = f"{path.stem}_Buildings.tif"
        (label,) = (real_data / "sn7-label-stack").glob(f"**/{name}")
        (labels / name).symlink_to(label)
    arguments = [
        "report", str(real_data / "sn7-pred-stack"), "--truth", str(labels), "--aoi", AOI,
        "--out", str(out), "--min-area", "4", "--quiet",
    ]  # fmt: skip
    with pytest.raises(SystemExit) as ended:
        commands.main(arguments)
    assert ended.value.code == 0
    assert out.stat().st_size < 4e6
    with Tab(browser, out) as tab:
        assert tab.page.inner_text(".tile.scot strong") == "0.495"
        assert tab.page.inner_text(".tile.track strong") == "0.862"
        assert tab.page.inner_text(".tile.change strong") == "0.183"
