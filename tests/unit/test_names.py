import pytest

from sn7fast import FormatError, _core

AOI = "L15-0331E-1257N_1327_3160_13"


@pytest.mark.parametrize(
    ("name", "aoi", "month"),
    [
        (f"global_monthly_2018_01_mosaic_{AOI}", AOI, "2018_01"),
        (f"global_monthly_2018_01_mosaic_{AOI}_Buildings.geojson", AOI, "2018_01"),
        ("tokyo_2018-01.tif", "tokyo", "2018_01"),
        ("2018_12.tif", "", "2018_12"),
        ("tokyo_2018-01-15.tif", "tokyo", "2018_01"),
    ],
)
def test_area_and_month_of_a_name(name, aoi, month):
    assert _core.parse_name(name) == (aoi, month)


@pytest.mark.parametrize("name", ["tokyo.tif", "a_2018_13.tif", "a_2018_01_2018_02", f"{AOI}.tif"])
def test_a_name_without_one_month_is_refused(name):
    with pytest.raises(FormatError, match="month") as error:
        _core.parse_name(name)
    assert name in str(error.value)
