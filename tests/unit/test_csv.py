import csv

import numpy as np
import pytest
import shapely

from sn7fast import Footprints, FormatError, GeometryError, InputError, Stack, read_csv, write_csv
from sn7fast.io import dumps_csv, from_wkt, loads_csv, to_wkt

HEADER = "filename,id,geometry\n"
AOI = "L15-0331E-1257N_1327_3160_13"
JAN = f"global_monthly_2018_01_mosaic_{AOI}"
FEB = f"global_monthly_2018_02_mosaic_{AOI}"
SQUARE = "POLYGON ((0 0, 4 0, 4 4, 0 0))"


def stack(ids=(7, 3), months=("2018_01", "2018_02"), offsets=(0, 2, 2), aoi="x"):
    footprints = from_wkt([SQUARE, "POLYGON ((1 1, 2.5 1, 2 2, 1 1))"])
    return Stack(aoi, months, footprints, np.array(offsets), np.array(ids))


def refused(tmp_path, text, error=FormatError):
    path = tmp_path / "table.csv"
    path.write_text(text, newline="")
    with pytest.raises(error) as raised:
        read_csv(path)
    message = str(raised.value)
    assert message.startswith(f"{path}: line ")
    return message.removeprefix(f"{path}: ")


def test_rows_become_stacks(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text(
        f'{HEADER}{FEB},5,"{SQUARE}"\n{JAN},12,"{SQUARE}"\n{JAN},2,"{SQUARE}"\n'
        f"tokyo_2019-03.tif,1.0,POLYGON EMPTY\n"
    )
    stacks = read_csv(path)
    assert list(stacks) == [AOI, "tokyo"]
    found = stacks[AOI]
    assert (found.aoi, found.months, len(found)) == (AOI, ("2018_01", "2018_02"), 3)
    assert found.ids.tolist() == [12, 2, 5]
    assert found.ids.dtype == np.int64
    assert to_wkt(found.frame("2018_02")) == [SQUARE]
    assert (stacks["tokyo"].months, len(stacks["tokyo"])) == (("2019_03",), 0)
    assert stacks.empty_rows == {AOI: 0, "tokyo": 1}


def test_empty_rows_are_kept_on_request():
    text = (
        f'{HEADER}{JAN},0,POLYGON EMPTY\n{FEB},-1,LINESTRING EMPTY\n{JAN},4,"{SQUARE}"\n'.encode()
    )
    dropped = loads_csv(text)
    assert dropped.empty_rows == {AOI: 1}
    assert dropped[AOI].ids.tolist() == [4]
    assert dropped[AOI].months == ("2018_01", "2018_02")
    kept = loads_csv(text, keep_empty=True)
    assert kept.empty_rows == {AOI: 0}
    assert kept[AOI].ids.tolist() == [0, 4, -1]
    assert kept[AOI].footprints.areas.tolist() == [0, 8, 0]


@pytest.mark.parametrize("text", ["", "\n\n", HEADER, HEADER.strip(), "\ufeff" + HEADER])
def test_a_file_without_rows_holds_no_stack(tmp_path, text):
    path = tmp_path / "nothing.csv"
    path.write_text(text, encoding="utf-8")
    assert read_csv(path) == {}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (f'{JAN},b7,"{SQUARE}"', 'line 3: id: got "b7", wanted an integer'),
        (f'{JAN},7,"POLYGON ((1 2"', 'line 3: geometry: got the end of "POLYGON ((1 2", wanted'),
        (f'house,7,"{SQUARE}"', 'line 3: filename: "house": got no month in the name'),
        (f"{JAN},7,{SQUARE}", "line 3: got 6 fields, wanted 3"),
        (f'{JAN},7,"{SQUARE}', "line 3: got the end of the text"),
        (f"{JAN},7", "line 3: got 2 fields"),
        (f'{JAN},1,"{SQUARE}"', "line 3: got id 1 again for 2018_01 of"),
    ],
)
def test_bad_rows_are_named_by_file_and_line(tmp_path, row, said):
    message = refused(tmp_path, f'{HEADER}{JAN},1,"{SQUARE}"\r\n{row}\n')
    assert message.startswith(said)


def test_a_repeated_id_names_both_lines_and_can_be_kept(tmp_path):
    text = f'{HEADER}{JAN},1,"{SQUARE}"\n\n{FEB},1,"{SQUARE}"\n{JAN}.tif,1,"{SQUARE}"\n'
    assert "line 5: got id 1 again" in (message := refused(tmp_path, text))
    assert "first in line 2" in message
    kept = loads_csv(text.encode(), duplicate_ids="keep")[AOI]
    assert kept.ids.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("geometry", "said"),
    [
        ("POINT (1 2)", "wanted a POLYGON or MULTIPOLYGON"),
        ("POLYGON ((0 0, 4 0, 4 4, 0 1))", "not closed"),
        ("POLYGON ((0 0, 1e18 0, 4 4, 0 0))", "1e18"),
        ("POLYGON ((0 0, 1e999 0, 4 4, 0 0))", "inf"),
    ],
)
def test_geometries_that_cannot_be_used(tmp_path, geometry, said):
    text = f'{HEADER}{JAN},1,"{geometry}"\n'
    assert said in refused(tmp_path, text, GeometryError)


def test_a_wrong_header_is_shown(tmp_path):
    message = refused(tmp_path, f'ImageId,id,geometry\n{JAN},1,"{SQUARE}"\n')
    assert message.startswith('line 1: got no column filename in the header "ImageId,id,geometry"')


def test_arguments_are_checked(tmp_path):
    with pytest.raises(InputError, match="duplicate_ids: got 'drop', wanted 'error' or 'keep'"):
        loads_csv(b"", duplicate_ids="drop")
    with pytest.raises(InputError, match="decimals: got 21"):
        dumps_csv(stack(), decimals=21)
    missing = tmp_path / "no" / "table.csv"
    with pytest.raises(FileNotFoundError, match=r"table\.csv"):
        read_csv(missing)
    with pytest.raises(FileNotFoundError, match="no"):
        write_csv(missing, stack())
    with pytest.raises(IsADirectoryError):
        write_csv(tmp_path, stack())
    assert list(tmp_path.iterdir()) == []


def test_what_is_written(tmp_path):
    path = tmp_path / "proposal.csv"
    write_csv(path, {AOI: stack(), "tokyo": stack(offsets=(0, 1, 2))}, decimals=0)
    assert path.read_text() == (
        f'{HEADER}{JAN},7,"{SQUARE}"\n{JAN},3,"POLYGON ((1 1, 2 1, 2 2, 1 1))"\n'
        f"{FEB},-1,POLYGON EMPTY\n"
        f'global_monthly_2018_01_mosaic_tokyo,7,"{SQUARE}"\n'
        f'global_monthly_2018_02_mosaic_tokyo,3,"POLYGON ((1 1, 2 1, 2 2, 1 1))"\n'
    )
    assert [file.name for file in tmp_path.iterdir()] == ["proposal.csv"]
    back = read_csv(path)
    assert list(back) == [AOI, "tokyo"]
    assert back[AOI].months == ("2018_01", "2018_02")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (stack().with_ids(None), "without ids, wanted one with: run track first"),
        (stack(months=("2018-01", "2018-02")), "'2018-01'|\"2018-01\""),
        (stack(months=("2018_01", "2018_13")), "2018_13"),
        (stack(aoi="a/b"), "a/b"),
        (stack(ids=(3, 3)), "ids: got 3 twice in 2018_01"),
    ],
)
def test_what_cannot_be_read_back_is_not_written(tmp_path, bad, said):
    path = tmp_path / "proposal.csv"
    path.write_text("as before")
    with pytest.raises(InputError, match=said):
        write_csv(path, bad)
    assert path.read_text() == "as before"
    assert [file.name for file in tmp_path.iterdir()] == ["proposal.csv"]


def test_a_written_file_follows_the_umask_and_links(tmp_path):
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    write_csv(tmp_path / "link.csv", stack())
    assert (tmp_path / "link.csv").is_symlink()
    plain = tmp_path / "plain"
    plain.touch()
    assert (tmp_path / "real.csv").stat().st_mode == plain.stat().st_mode


def test_golden_tables_equal_an_independent_reader(golden_folder):
    paths = sorted(golden_folder.glob("*/*.csv"))
    assert paths
    for path in paths:
        stacks = read_csv(path, keep_empty=True)
        rows = {}
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                key = row["filename"][30:58], row["filename"][15:22]
                rows.setdefault(key, []).append((int(row["id"]), shapely.from_wkt(row["geometry"])))
        assert {(a, m) for a, s in stacks.items() for m in s.months} == set(rows)
        for (aoi, month), wanted in rows.items():
            found = stacks[aoi]
            assert found.ids[found.rows(month)].tolist() == [id_ for id_, _ in wanted]
            expected = Footprints.from_shapely([geometry for _, geometry in wanted])
            for a, b in zip(found.frame(month).arrays, expected.arrays, strict=True):
                assert np.array_equal(a, b) if a is not None else b is None


def test_wkt_of_the_solaris_table_equals_shapely(real_data):
    with (real_data / "solaris-reference" / "sample.csv").open(newline="") as file:
        texts = [row["PolygonWKT_Pix"] for row in csv.DictReader(file)]
    expected = Footprints.from_shapely(shapely.from_wkt(texts))
    for a, b in zip(from_wkt(texts).arrays[:3], expected.arrays[:3], strict=True):
        assert np.array_equal(a, b)
    with pytest.raises(FormatError, match="ImageId"):
        read_csv(real_data / "solaris-reference" / "sample.csv")
