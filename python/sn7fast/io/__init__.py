"""Files in and out."""

from sn7fast.io.geojson import Features, dumps_geojson, loads_geojson, read_geojson, write_geojson
from sn7fast.io.parquet import StackFile, read_parquet, write_parquet
from sn7fast.io.tables import StackTable, dumps_csv, loads_csv, read_csv, write_csv
from sn7fast.io.vector import write_vector
from sn7fast.io.wkt import from_wkt, to_wkt

__all__ = [
    "Features",
    "StackFile",
    "StackTable",
    "dumps_csv",
    "dumps_geojson",
    "from_wkt",
    "loads_csv",
    "loads_geojson",
    "read_csv",
    "read_geojson",
    "read_parquet",
    "to_wkt",
    "write_csv",
    "write_geojson",
    "write_parquet",
    "write_vector",
]
