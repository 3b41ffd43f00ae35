"""The rows of the report: what is timed, and what was set as target (design, section 6)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One job, timed for sn7fast and its rivals on one input.

    Attributes:
        title: Shown in reports.
        target: The target in words.
        limits: Threads -> seconds that sn7fast may take at most.
        mb_per_s: The target as a rate instead, on one thread.
    """

    title: str
    target: str = "none set"
    limits: tuple[tuple[int, float], ...] = ()
    mb_per_s: float | None = None


ROWS = {
    "polygonize": Row("polygonize one frame", "1.5 ms", ((1, 1.5e-3), (2, 1.5e-3))),
    "iou_pairs": Row("iou_pairs, labels 18 months apart", "6 ms", ((1, 6e-3), (2, 6e-3))),
    "iou_pairs_proposal": Row("iou_pairs, labels and predictions", "6 ms", ((1, 6e-3), (2, 6e-3))),
    "track": Row("track the predicted stack", "150 ms", ((1, 0.15), (2, 0.15))),
    "track_no_rules": Row("track, filtered without rules"),
    "track_motokimura": Row("track, preset motokimura"),
    "track_cannab": Row("track, preset cannab"),
    "track_selim_sef": Row("track, preset selim_sef"),
    "scot": Row("SCOT of the stack", "150 ms", ((1, 0.15), (2, 0.15))),
    "attribution": Row("SCOT of the stack with its attribution"),
    "search_trial": Row("one search trial, baseline tracker", "300 ms", ((1, 0.3), (2, 0.3))),
    "end_to_end": Row(
        "polygonize + track + SCOT, both sides", "300 ms, 200 ms on 2", ((1, 0.3), (2, 0.2))
    ),
    "write_geojson": Row("write 240k polygons as GeoJSON", "500 ms", ((1, 0.5), (2, 0.5))),
    "read_geojson": Row("read 240k polygons from GeoJSON", "500 ms", ((1, 0.5), (2, 0.5))),
    "read_csv": Row("read an SN7 truth CSV", "150 MB/s a core", mb_per_s=150),
    "extract": Row("unpack an archive of one AOI"),
    "rasterize": Row("rasterize one frame"),
    "collapse_1x": Row("STC-2 of 24 x 1024 x 1024", "200 ms on 2", ((2, 0.2),)),
    "collapse_3x": Row("STC-2 of 24 x 3072 x 3072", "2 s on 2", ((2, 2.0),)),
    "collapse_default_1x": Row("collapse of 24 x 1024 x 1024", "200 ms on 2", ((2, 0.2),)),
    "collapse_default_3x": Row("collapse of 24 x 3072 x 3072", "2 s on 2", ((2, 2.0),)),
    "watershed": Row("watershed of one 3072 x 3072 frame"),
    "simplify": Row("simplify one frame, tolerance 1 px"),
    "small_torch": Row("small network, 1024² image, torch", "2x torch eager float32"),
    "small_onnx": Row("small network, 1024² image, onnxruntime", "2x torch eager float32"),
    "xdxd_torch": Row("xdxd, 256² image, torch", "2x torch eager float32"),
    "xdxd_onnx": Row("xdxd, 256² image, onnxruntime"),
}
