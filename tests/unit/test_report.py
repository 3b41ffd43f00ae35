"""The report without a browser: its bytes, what it compares, its command."""

import base64
import hashlib
import json
import re
import zlib

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import page_scene
import scenes
from sn7fast import Cube, Footprints, Stack, score_scot, write_csv, write_parquet
from sn7fast.cli.group import commands
from sn7fast.errors import InputError
from sn7fast.report import comparison, write_report
from sn7fast.report.backgrounds import Backgrounds
from sn7fast.report.clouds import Masks, hidden_of
from sn7fast.report.comparison import MATCHED, NEW, PARTNER_NEW, SCORED, SWITCHED, compare
from sn7fast.report.document import joined_script
from sn7fast.report.packing import folded, packed, varints
from sn7fast.report.shapes import shapes_of
from sn7fast.report.sources import CubeImages


def read_varints(data):
    """Numbers, the slow way."""
    numbers, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(value)
            value, shift = 0, 0
    return numbers


def unfolded(values):
    return [-(value + 1) // 2 if value % 2 else value // 2 for value in values]


def read_shapes(shapes):
    """For each shape its rings as (starts a polygon, points), as the page reads them."""
    rings, heads, starts, steps = (
        iter(read_varints(shapes.columns[name])) for name in ("rings", "heads", "starts", "steps")
    )
    starts, steps = iter(unfolded(starts)), iter(unfolded(steps))
    first = np.zeros(2, int)
    out = []
    for count in rings:
        shape = []
        for _ in range(count):
            head = next(heads)
            first = np.add(first, [next(starts), next(starts)])
            points = [first.tolist()]
            for place in range(1, head >> 3):
                x, y = points[-1]
                if head & 3 == 0:
                    points.append([x + next(steps), y + next(steps)])
                elif (place % 2 == 1) == (head & 3 == 1):
                    points.append([x + next(steps), y])
                else:
                    points.append([x, y + next(steps)])
            shape.append((bool(head >> 2 & 1), (np.array(points) / shapes.parts).tolist()))
        out.append(shape)
    assert len(out) == shapes.count
    return out


def rings_of(geometry):
    """The same of a shapely geometry."""
    polygons = getattr(geometry, "geoms", [geometry])
    return [
        (at == 0, shapely.get_coordinates(ring)[:-1].tolist())
        for polygon in polygons
        for at, ring in enumerate([polygon.exterior, *polygon.interiors])
    ]


@given(st.lists(st.integers(-(2**53), 2**53)))
def test_numbers_come_back(numbers):
    assert unfolded(read_varints(varints(folded(numbers)))) == numbers


def test_the_container_holds_header_and_columns():
    data = zlib.decompress(
        base64.b64decode(packed({"aoi": "é</script>"}, {"a": b"12", "b": b"345"}))
    )
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + length])
    assert header == {"aoi": "é</script>", "columns": {"a": [0, 2], "b": [2, 3]}}
    assert data[4 + length :] == b"12345"


@given(scenes.seeds(), st.booleans())
def test_shapes_come_back(random, is_on_grid):
    make = scenes.boxes if is_on_grid else scenes.stars
    geometries = make(random, 6)
    if not is_on_grid:
        geometries += [scenes.holed(random, one) for one in geometries[:3]]
        geometries.append(shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(2, 2, 3, 4)]))
    sides = [scenes.footprints(geometries[:4]), scenes.footprints(geometries[2:])]
    shapes = shapes_of(sides)
    assert shapes.is_rounded != is_on_grid
    found = read_shapes(shapes)
    for row, geometry in zip(shapes.of_row, geometries[:4] + geometries[2:], strict=True):
        for (starts, points), (wanted_starts, wanted) in zip(
            found[row], rings_of(geometry), strict=True
        ):
            assert starts == wanted_starts
            np.testing.assert_allclose(points, wanted, atol=0 if is_on_grid else 0.5 / 16)
    # Two of the first side come again in the second, and boxes may be alike.
    assert shapes.count <= len(geometries)


def test_a_ring_and_a_polygon_of_the_same_points_are_two_shapes():
    one = Footprints.from_shapely([shapely.box(0, 0, 2, 2), shapely.box(0, 0, 2, 2)])
    holed = Footprints(
        one.coords, one.ring_offsets, np.array([0, 2], np.int32)
    )  # the second box as a hole
    assert shapes_of([one, holed]).count == 2


@pytest.mark.parametrize("parts", [1, 2, 3, 8])
def test_parts_of_pixels_are_kept_exactly(parts):
    square = Footprints.from_shapely([shapely.box(1 / parts, 0, 1, 1)])
    shapes = shapes_of([square])
    assert (shapes.parts, shapes.is_rounded) == (parts, False)


def worked_example():
    """The one by which the metric is explained: A, B and C, D is false."""

    def squares(*lefts):
        return Footprints.from_shapely([shapely.box(x, 0, x + 4, 4) for x in lefts])

    truth = Stack.from_frames(
        [squares(0), squares(0, 10), squares(0, 10, 20)],
        months=["1", "2", "3"], aoi="a", ids=[[1], [1, 2], [1, 2, 3]],
    )  # fmt: skip
    tracks = Stack.from_frames(
        [squares(0), squares(0, 11, 30), squares(0, 11, 22)],
        months=["1", "2", "3"], aoi="a", ids=[[10], [10, 20, 40], [10, 21, 30]],
    )  # fmt: skip
    return truth, tracks


def test_rows_of_the_worked_example():
    truth, tracks = worked_example()
    compared = compare(truth, tracks)
    plain, both = SCORED | MATCHED, SCORED | MATCHED | NEW | PARTNER_NEW
    assert compared.tracks.flags.tolist() == [
        plain, plain, both, SCORED | NEW, plain, plain | SWITCHED | NEW, both,
    ]  # fmt: skip
    assert compared.truth.flags.tolist() == [
        plain, plain, both, plain, plain | SWITCHED | PARTNER_NEW, both,
    ]  # fmt: skip
    assert compared.tracks.partner.tolist() == [0, 1, 2, -1, 3, 4, 5]
    np.testing.assert_allclose(
        compared.tracks.iou, [1, 1, 0.6, np.nan, 1, 0.6, 1 / 3], equal_nan=True
    )


@given(scenes.scored())
def test_rows_tell_what_the_score_counts_month_by_month(pair):
    truth, tracks = pair
    compared = compare(truth, tracks, truth_min_area_px=0)
    for month, counts in score_scot(truth, tracks).aois[truth.aoi].months.items():
        g = compared.truth.flags[truth.rows(month)]
        p = compared.tracks.flags[tracks.rows(month)]
        right = (p & (NEW | MATCHED | PARTNER_NEW)) == NEW | MATCHED | PARTNER_NEW
        assert (p & MATCHED > 0).sum() == (g & MATCHED > 0).sum() == counts.tp
        assert (p & SWITCHED > 0).sum() == (g & SWITCHED > 0).sum() == counts.mismatches
        assert right.sum() == counts.change_tp
        assert ((p & NEW > 0) & ~right).sum() == counts.change_fp
        assert (g & NEW > 0).sum() - right.sum() == counts.change_fn


def test_what_is_too_small_or_in_no_scored_month_is_not_scored():
    truth, tracks = worked_example()
    small = compare(truth, tracks, truth_min_area_px=17)
    assert not small.truth.flags.any()
    assert not small.tracks.flags.any()
    fewer = truth.take(truth.month_index < 2)
    flags = compare(fewer, tracks).tracks.flags
    assert (flags[tracks.rows("3")] == 0).all()
    assert (flags[tracks.rows("2")] & SCORED > 0).all()


def test_a_count_that_does_not_add_up_is_a_bug_and_is_told(monkeypatch):
    from sn7fast.errors import InternalError

    truth, tracks = worked_example()
    monkeypatch.setattr(comparison, "SWITCHED", 0)
    with pytest.raises(InternalError, match="rows add up to"):
        compare(truth, tracks)


@given(st.lists(st.booleans(), min_size=12, max_size=12))
def test_hidden_pixels_come_back(hidden):
    mask = ~np.array(hidden).reshape(3, 4)
    found = hidden_of({"m": mask})
    if mask.all():
        assert found == {}
        return
    pixels, is_hidden = [], False
    for count in read_varints(found["m"].runs):
        pixels += [is_hidden] * count
        is_hidden = not is_hidden
    assert pixels == hidden
    assert found["m"].share == sum(hidden) / 12


def test_masks_of_what_is_valid_are_checked():
    assert dict(Masks(None, ["a"])) == {}
    with pytest.raises(InputError, match=r"valid: got shape \(2, 3, 3\), wanted \(1, rows"):
        Masks(np.ones((2, 3, 3), bool), ["a"])
    with pytest.raises(InputError, match="month a: got uint8"):
        dict(Masks({"a": np.ones((3, 3), np.uint8)}, ["a"]))


def noise(side=64, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (side, side, 3)).astype(np.uint8)


def decoded(data):
    from rasterio.io import MemoryFile

    from sn7fast.io.rasters import unreferenced_too

    with unreferenced_too(), MemoryFile(data) as memory, memory.open(driver="WEBP") as dataset:
        return dataset.read()


def test_images_keep_to_their_bytes_by_quality_and_then_by_resolution():
    images = {"a": noise(), "b": noise(seed=1)}
    free = Backgrounds.of(images, {}, months="ab", limit=10**6)
    tight = Backgrounds.of(images, {}, months="ab", limit=6000)
    tiny = Backgrounds.of(images, {}, months="ab", limit=300)
    assert (free.factor, tight.factor) == (1, 1)
    assert tight.quality < free.quality
    assert sum(map(len, tight.files.values())) <= 6000
    assert tiny.factor > 1
    assert decoded(tiny.files["a"]).shape[1:] == (-(-64 // tiny.factor),) * 2
    assert free.shape_yx == tiny.shape_yx == (64, 64)


def test_the_stretch_looks_at_clear_pixels_only():
    image = np.full((64, 64, 4), 255, np.uint8)
    image[:32, :, :3] = np.linspace(40, 80, 64).astype(np.uint8)[:, None]
    clear = np.zeros((64, 64), bool)
    clear[:32] = True
    shown = decoded(Backgrounds.of({"a": image}, {"a": clear}, months="a", limit=10**6).files["a"])
    assert shown[0, 10, 2] < 20
    assert shown[0, 10, 61] > 235
    unmasked = decoded(Backgrounds.of({"a": image}, {}, months="a", limit=10**6).files["a"])
    assert unmasked[0, 10, 61] < 120


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_images_of_any_type_are_made_smaller_before_they_are_stretched(dtype):
    ramp = np.repeat(np.arange(50), 4)[None].repeat(200, axis=0)
    image = np.stack([ramp, ramp, ramp], axis=2).astype(dtype)
    if dtype is np.float32:
        image[:, :4] = np.nan
    coded = Backgrounds.of({"a": image}, {}, months="a", limit=150)
    assert coded.factor == 4
    shown = decoded(coded.files["a"])[0].astype(int)
    assert shown.shape == (50, 50)
    assert (np.diff(shown[:, 2:].mean(axis=0)) > 0).mean() > 0.8


@pytest.mark.parametrize("dtype", [bool, np.uint8])
def test_masks_are_shown_without_loss(dtype):
    mask = np.random.default_rng(0).random((40, 50)) > 0.5
    image = mask if dtype is bool else np.where(mask, np.uint8(255), np.uint8(0))
    shown = decoded(Backgrounds.of({"a": image}, {}, months="a", limit=10**6).files["a"])
    np.testing.assert_array_equal(shown[0] > 0, mask)


def test_without_webp_there_are_formats_that_every_browser_shows(monkeypatch):
    import rasterio

    drivers = {name: name for name in ("PNG", "JPEG", "GTiff")}
    monkeypatch.setattr(rasterio.Env, "drivers", lambda self: drivers)
    files = Backgrounds.of({"a": noise()}, {}, months="a", limit=10**6).files
    assert files["a"].startswith(b"\xff\xd8\xff")
    files = Backgrounds.of({"a": noise()[..., 0] > 99}, {}, months="a", limit=10**6).files
    assert files["a"].startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((3, 3, 3, 3)), "month a: got float64 of shape"),
        (np.zeros((3, 3), complex), "month a: got complex128"),
        (np.zeros((0, 3)), "month a: got float64 of shape"),
    ],
)
def test_images_are_checked(image, message):
    with pytest.raises(InputError, match=message):
        Backgrounds.of({"a": image}, {}, months="a", limit=1000)
    with pytest.raises(InputError, match="month b: got 5 x 5"):
        Backgrounds.of({"a": noise(4), "b": noise(5)}, {}, months="ab", limit=10**5)


def test_the_same_input_gives_the_same_bytes(tmp_path):
    report = page_scene.write(tmp_path / "a.html")
    page_scene.write(tmp_path / "b.html")
    first = (tmp_path / "a.html").read_bytes()
    assert first == (tmp_path / "b.html").read_bytes()
    assert report.size_bytes == len(first)
    assert (report.months, report.buildings) == (6, 6)
    score = score_scot(page_scene.stack(page_scene.TRUTH), page_scene.stack(page_scene.TRACKS))
    assert report.score["scot"] == score.score


def test_nothing_in_the_page_points_elsewhere(tmp_path):
    page_scene.write(tmp_path / "a.html")
    text = (tmp_path / "a.html").read_text()
    addresses = set(re.findall(r"https?://[^\s\"']+", text))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\ssrc=|@import|url\(", text)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for name in ("script", "style"):
        (inner,) = re.findall(f"<{name}>(.*?)</{name}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy


def test_scripts_cannot_end_their_element():
    assert "</script" not in joined_script().lower()
    assert "innerHTML" not in joined_script()


def test_a_hostile_name_does_not_reach_the_markup(tmp_path):
    hostile = '</title><script>alert(1)</script>{{script}}"'
    tracks = page_scene.stack({7: (range(2), 10, 10, 20, 18)}, aoi=hostile, grid=False)
    write_report(tmp_path / "a.html", tracks)
    text = (tmp_path / "a.html").read_text()
    assert "<script>alert" not in text
    assert text.count("&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;{{script}}&quot;") == 2


def test_a_cube_brings_its_probabilities_and_what_is_hidden(tmp_path):
    rng = np.random.default_rng(0)
    prob = rng.integers(0, 255, (6, 160, 256)).astype(np.uint8)
    grid = page_scene.stack(page_scene.TRACKS).grid
    cube = Cube.from_arrays(
        prob, months=page_scene.MONTHS, valid=page_scene.valid(), scale=2, grid=grid
    )
    page_scene.write(tmp_path / "a.html", truth=False, images=cube, valid=None)
    text = (tmp_path / "a.html").read_text()
    assert text.count("application/base64") == 1 + 6
    header = read_header(text)
    assert header["hidden"] == [[4, 25 * 30 / (80 * 128), 80, 128]]


def test_images_may_lack_months_and_are_read_only_to_be_shown(tmp_path):
    box = shapely.box(1, 1, 5, 5)
    shapes = Footprints.from_shapely([box])
    months = ["2018_01", "2018_02", "2018_03"]
    ids = [[1]] * 3
    truth = Stack.from_frames([shapes] * 3, months=months, aoi="a", ids=ids)
    tracks = Stack.from_frames([shapes] * 2, months=months[:2], aoi="a", ids=ids[:2])
    prob = np.full((2, 8, 8), 200, np.uint8)
    valid = np.ones((2, 8, 8), bool)
    valid[1, 0] = False
    images = CubeImages(Cube.from_arrays(prob, months=months[:2], valid=valid))
    assert "2018_03" not in images
    for one in (images, images.valid()):
        assert one.get("2018_03") is None
    read = []

    class Noted(CubeImages):
        def __getitem__(self, month):
            read.append(month)
            return super().__getitem__(month)

    noted = Noted(Cube.from_arrays(prob, months=months[:2], valid=valid))
    report = write_report(tmp_path / "a.html", tracks, truth=truth, images=noted)
    assert report.months == 3
    # Once for the form, and once for the quality; what was made for that is coded.
    assert sorted(read) == ["2018_01"] * 2 + ["2018_02"]


def read_header(text):
    content = re.search(r'id="content">([^<]+)<', text)[1]
    data = zlib.decompress(base64.b64decode(content))
    return json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])


def test_large_identifiers_are_kept_to_the_last_digit(tmp_path):
    tracks = page_scene.stack({2**62 + 1: (range(6), 1, 1, 5, 5)})
    write_report(tmp_path / "a.html", tracks, truth=tracks)
    assert read_header((tmp_path / "a.html").read_text())["tracks"]["ids"] == [str(2**62 + 1)]


@pytest.mark.parametrize("side", ["tracks", "truth"])
def test_ids_are_needed(tmp_path, side):
    stack = page_scene.stack(page_scene.TRACKS)
    sides = {"tracks": stack, "truth": stack} | {side: stack.with_ids(None)}
    with pytest.raises(InputError, match=f"{side}: AOI .* has no ids"):
        write_report(tmp_path / "a.html", sides["tracks"], truth=sides["truth"])
    assert list(tmp_path.iterdir()) == []


def test_an_id_comes_once_a_month(tmp_path):
    twice = Footprints.from_shapely([shapely.box(0, 0, 2, 2), shapely.box(4, 4, 6, 6)])
    tracks = Stack.from_frames([twice], months=["2020_01"], aoi="a", ids=[[3, 3]])
    with pytest.raises(InputError, match="AOI a: id 3 comes twice in month 2020_01"):
        write_report(tmp_path / "a.html", tracks)


def test_what_does_not_fit_is_refused_and_the_old_page_stays(tmp_path):
    path = tmp_path / "a.html"
    path.write_text("before")
    with pytest.raises(InputError, match=r"images: got 64 x 64 .* the grid has 80 x 128"):
        page_scene.write(path, images={"2020_01": noise()})
    with pytest.raises(InputError, match="no months"):
        write_report(path, Stack.from_frames([], months=[], aoi="a", ids=[]))
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_stack_without_footprints_has_a_page(tmp_path):
    empty = Stack.from_frames([Footprints.empty()] * 2, months=["1", "2"], aoi="a", ids=[[], []])
    report = write_report(tmp_path / "a.html", empty, truth=empty)
    assert (report.buildings, report.score["scot"]) == (0, 0)


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        commands.main([str(one) for one in arguments])
    return ended.value.code or 0


def test_report_of_a_run_of_the_pipeline(tmp_path, capsys):
    from sn7fast.buildings import write_buildings
    from sn7fast.data.sn7 import sn7_stem
    from sn7fast.io.rasters import write_mask

    folder = tmp_path / "run"
    (folder / "buildings").mkdir(parents=True)
    (folder / "probabilities" / page_scene.AOI).mkdir(parents=True)
    tracks = page_scene.stack(page_scene.TRACKS)
    write_csv(folder / "tracks.csv", tracks)
    write_csv(folder / "truth.csv", page_scene.stack(page_scene.TRUTH))
    dates = {page_scene.AOI: (page_scene.MONTHS, page_scene.dates())}
    write_buildings(folder / "buildings" / f"{page_scene.AOI}.csv", dates)
    for month in page_scene.MONTHS:
        name = f"{sn7_stem(page_scene.AOI, month)}.tif"
        write_mask(folder / "probabilities" / page_scene.AOI / name, noise(80)[:, :, 0][:80], None)
    # The grid is that of the probabilities.
    assert run("report", folder, "--out", tmp_path / "a.html", "--json") == 0
    told = json.loads(capsys.readouterr().out)["reports"][page_scene.AOI]
    header = read_header((tmp_path / "a.html").read_text())
    assert told["score"]["scot"] == header["score"]["scot"]
    assert header["dates"]["first"] == [3, 0, 0, 2, 3, -1]
    assert header["dates"]["high"] == [4, 0, 0, 4, 3, -1]
    assert header["images"]["months"] == list(range(6))
    assert header["shape"] == [80, 80]
    assert run("report", folder, "--out", tmp_path / "a.html") == 2


def test_reports_of_several_aois_have_a_page_of_contents(tmp_path, capsys):
    stacks = {
        name: page_scene.stack(page_scene.TRACKS, aoi=name, grid=False) for name in ("a & b", "<i>")
    }
    write_csv(tmp_path / "tracks.csv", stacks)
    write_csv(tmp_path / "truth.csv", {"<i>": stacks["<i>"]})
    source, out = tmp_path / "tracks.csv", tmp_path / "pages"
    assert run("report", source, "--out", tmp_path / "one.html") == 2
    assert "wanted a folder, or one of them by --aoi" in capsys.readouterr().err
    assert run("report", source, "--truth", tmp_path / "truth.csv", "--out", out) == 0
    assert {path.name for path in out.iterdir()} == {"index.html", "a & b.html", "<i>.html"}
    index = (out / "index.html").read_text()
    assert '<a href="a%20%26%20b.html">a &amp; b</a>' in index
    assert '<a href="%3Ci%3E.html">&lt;i&gt;</a>' in index
    assert index.count("<td>1.0000</td>") == 4
    assert '<th scope="col">SCOT</th>' in index
    assert run("report", source, "--out", tmp_path / "unscored") == 0
    unscored = (tmp_path / "unscored" / "index.html").read_text()
    assert "SCOT" not in unscored
    assert unscored.count("<td>") == 2 * 2
    assert run("report", source, "--aoi", "a & b", "--out", tmp_path / "one.html") == 0
    assert run("report", source, "--aoi", "c", "--out", tmp_path / "two.html") == 2
    assert "'c', which is not among" in capsys.readouterr().err


def test_an_aoi_that_cannot_be_a_file_is_told(tmp_path, capsys):
    stacks = {
        name: page_scene.stack(page_scene.TRACKS, aoi=name, grid=False) for name in ("good", "../x")
    }
    write_parquet(tmp_path / "tracks.parquet", stacks)
    assert run("report", tmp_path / "tracks.parquet", "--out", tmp_path / "pages") == 4
    assert "cannot be the name of a folder" in capsys.readouterr().err
    assert not (tmp_path / "x.html").exists()


def test_masks_are_tracked_and_images_are_found(tmp_path, capsys):
    from sn7fast.io.rasters import write_mask

    for folder in ("masks", "pictures"):
        (tmp_path / folder).mkdir()
    for month in page_scene.MONTHS[:2]:
        mask = np.zeros((40, 50), np.uint8)
        mask[5:10, 5:12] = 255
        write_mask(tmp_path / "masks" / f"{month}.tif", mask)
        write_mask(tmp_path / "pictures" / f"{month}.tif", mask)
    arguments = ["report", tmp_path / "masks", "--truth", tmp_path / "masks"]
    assert run(*arguments, "--images", tmp_path / "masks", "--out", tmp_path / "a.html") == 0
    assert "had no identifiers" in capsys.readouterr().err
    header = read_header((tmp_path / "a.html").read_text())
    assert header["images"]["months"] == [0, 1]
    assert header["score"]["f1"] == 1
    # One AOI on either side belongs together, whatever the folders are called.
    assert run(*arguments, "--images", tmp_path / "pictures", "--out", tmp_path / "b.html") == 0
    assert "images are those of pictures" in capsys.readouterr().err
    assert (tmp_path / "b.html").read_bytes() == (tmp_path / "a.html").read_bytes()


def test_images_of_space_net_7_bring_clouds_and_place(tmp_path, capsys):
    from sn7fast.data.synthetic import synthetic_scene

    scene = synthetic_scene(seed=3, shape_yx=(96, 96), months=3, cloud_chance=1.0)
    scene.write_sn7(tmp_path / "data")
    other = synthetic_scene(seed=4, shape_yx=(96, 96), months=3)
    other.write_sn7(tmp_path / "other")
    write_csv(tmp_path / "tracks.csv", scene.truth)
    arguments = ["report", tmp_path / "tracks.csv", "--images", tmp_path / "data"]
    assert run(*arguments, "--out", tmp_path / "a.html", "--quiet") == 0
    header = read_header((tmp_path / "a.html").read_text())
    arguments[-1] = tmp_path / "other"
    assert run(*arguments, "--out", tmp_path / "b.html") == 0
    assert "no images in " in capsys.readouterr().err
    assert read_header((tmp_path / "b.html").read_text())["images"]["months"] == []
    assert header["shape"] == [96, 96]
    assert header["ground"] is not None
    assert len(header["hidden"]) == 3
    for month, share, *_ in header["hidden"]:
        assert share == pytest.approx(1 - scene.valid[month].mean())
