"""The functions of solaris 0.4 and of the SN7 baseline, under their own names, on top of sn7fast.

An old notebook runs by changing its imports: same names, arguments and return types (GeoDataFrames
and files). Where results of the originals depend on one of their quirks, these functions have it
too, name it in their docstring by its number in DESIGN.md ("Quirks of the originals"), and offer
the better behaviour by a keyword. The functions of sn7fast itself do not have them.

Needs the extra ``vector``: ``pip install 'sn7fast[vector]'``.
"""

from __future__ import annotations

from sn7fast.compat.challenge import multi_temporal_buildings
from sn7fast.compat.convert import sn7_convert_geojsons_to_csv
from sn7fast.compat.f1 import Evaluator
from sn7fast.compat.iou import calculate_iou
from sn7fast.compat.masks import boundary_mask, contact_mask, df_to_px_mask, footprint_mask
from sn7fast.compat.polygons import mask_to_poly_geojson
from sn7fast.compat.prep import make_geojsons_and_masks
from sn7fast.compat.quirk import QuirkWarning
from sn7fast.compat.scot import FootprintMatch, match_footprints, scot_multi_aoi, scot_one_aoi
from sn7fast.compat.tracking import track_footprint_identifiers

__all__ = [
    "Evaluator",
    "FootprintMatch",
    "QuirkWarning",
    "boundary_mask",
    "calculate_iou",
    "contact_mask",
    "df_to_px_mask",
    "footprint_mask",
    "make_geojsons_and_masks",
    "mask_to_poly_geojson",
    "match_footprints",
    "multi_temporal_buildings",
    "scot_multi_aoi",
    "scot_one_aoi",
    "sn7_convert_geojsons_to_csv",
    "track_footprint_identifiers",
]
