"""The pipeline on the real stack as a user's own data: outputs by other readers, one more month."""

import geopandas
import numpy as np
import pandas as pd
import pyproj
import pystac
import pytest
from rio_cogeo.cogeo import cog_validate

from sn7fast import read_csv
from sn7fast.data.discover import discover
from sn7fast.pipeline import plan, run_aoi, run_pipeline
from sn7fast.pipeline.stacks import read_stack

AOI = "las vegas"


@pytest.fixture(scope="module")
def frames(real_data):
    return discover(real_data / "sn7-pred-stack").frames


def write_manifest(folder, frames):
    """The predicted masks under names that say nothing."""
    lines = ["path,aoi,date"]
    for index, frame in enumerate(frames):
        path = folder / f"image{index}.tif"
        if not path.exists():
            path.symlink_to(frame.path)
        lines.append(f"image{index}.tif,{AOI},{frame.month}")
    (folder / "own.csv").write_text("\n".join(lines) + "\n")
    return folder / "own.csv"


@pytest.fixture(scope="module")
def out(frames, tmp_path_factory):
    """The folder of a run with all outputs."""
    folder = tmp_path_factory.mktemp("own")
    source = write_manifest(folder, frames)
    result = run_pipeline(source, folder / "out", formats=[".parquet"], change=True, report=False)
    assert result.failed == {}
    return folder / "out"


def test_geoparquet_by_geopandas_with_geodesic_areas(out):
    frame = geopandas.read_parquet(out / "buildings" / f"{AOI}.parquet")
    assert frame.crs == "EPSG:3857"
    assert frame["month"].nunique() == 19
    assert {"id", "month", "area_m2", "confidence", "observed", "status"} <= set(frame.columns)
    assert frame["confidence"].between(0, 1).all()
    assert frame["confidence"].mean() > 0.8
    assert frame.geometry.is_valid.all()
    some = frame.iloc[:: len(frame) // 3000]
    geod = pyproj.Geod(ellps="WGS84")
    expected = np.array(
        [abs(geod.geometry_area_perimeter(shape)[0]) for shape in some.to_crs(4326).geometry]
    )
    odd = np.abs(some["area_m2"].to_numpy() / expected - 1)
    assert odd.max() < 0.005
    # In fact they differ only since edges along parallels are no geodesics.
    assert odd.max() < 5e-5


def test_table_tracks_change_and_item(out):
    frame = geopandas.read_parquet(out / "buildings" / f"{AOI}.parquet")
    table = pd.read_csv(out / "buildings" / f"{AOI}.csv").set_index("id")
    assert sorted(table.index) == sorted(frame["id"].unique())
    seen = frame.groupby("id")["month"]
    assert table["first_seen"].sort_index().tolist() == seen.min().tolist()
    assert table["last_seen"].sort_index().tolist() == seen.max().tolist()
    assert table["observed_months"].sort_index().tolist() == seen.nunique().tolist()
    assert (table["first_month_lo"] <= table["first_month_hi"]).all()
    standing = table["status"] == "standing"
    assert (table["last_seen"][standing] == frame["month"].max()).all()
    assert (table["last_seen"][~standing] < frame["month"].max()).all()
    assert table["latitude"].between(36.2, 36.26).all()
    tracks = read_csv(out / "tracks.csv")[AOI]
    assert len(tracks) == len(frame)
    assert cog_validate(out / "change" / f"{AOI}.tif", strict=True)[0]
    item = pystac.Item.from_file(out / "items" / f"{AOI}.json")
    # The schemas of its extensions are not on this machine.
    item.stac_extensions = []
    item.validate()
    assert sorted(item.assets) == ["buildings", "change", "footprints_parquet"]
    for asset in item.assets.values():
        assert asset.get_absolute_href().startswith(str(out))


@pytest.mark.parametrize("method", ["collapse", "baseline"])
def test_one_more_month(frames, tmp_path, method):
    """Identifiers of the run before are those of this one, month for month."""
    from sn7fast.postprocess import PostProcessing

    found = []
    for count in (18, 19):
        source = write_manifest(tmp_path, frames[:count])
        post = PostProcessing(method=method)
        (job,) = plan(source, tmp_path / "out", post=post, formats=[".parquet"], report=False)
        outcome = run_aoi(job)
        assert outcome.failed is None
        found.append(read_stack(tmp_path / "out" / "state" / AOI / "tracks.npz"))
    one, other = found
    assert other.months[:18] == one.months
    kept = np.isin(one.ids, other.ids).mean()
    if method == "baseline":
        # It goes forward in time: nothing of what was changes.
        rows = len(one)
        assert np.array_equal(one.ids, other.ids[:rows])
        assert np.array_equal(one.footprints.coords, other.footprints[:rows].coords)
        return
    # A collapse looks at all months, and drops some buildings that the last one does not bear out.
    assert kept > 0.99
    last = {}
    for stack in found:
        for month in one.months:
            rows = stack.rows(month)
            centres = stack.footprints[rows].bounds.reshape(-1, 2, 2).mean(axis=1)
            for name, centre in zip(stack.ids[rows].tolist(), centres, strict=True):
                assert np.hypot(*(last.setdefault(name, centre) - centre)) < 15
    fresh = np.setdiff1d(other.ids, one.ids)
    assert fresh.min() == one.ids.max() + 1
