//! Masks of both sides, month after month: the synthetic town, and real ones where they are given.

use crate::synthetic::town;
use sn7fast_core::Cancel;
use sn7fast_core::footprints::Footprints;
use sn7fast_core::mask::{Options, polygonize_frames};
use std::path::Path;

/// Rows and columns of all frames.
pub const SIZE: usize = 1024;

/// Names the folder of real masks that `benches/python/export.py` writes.
pub const FOLDER: &str = "SN7FAST_BENCH_FRAMES";

/// One byte a pixel, 0 or 255, row-major.
#[derive(Debug)]
pub struct Frames {
    /// Shown in the names of benches.
    pub name: &'static str,
    /// Labels, month after month.
    pub truth: Vec<Vec<u8>>,
    /// Predictions of the same months.
    pub proposal: Vec<Vec<u8>>,
    /// True if these are the frames of [`town`], whose houses are known.
    pub is_town: bool,
}

/// Footprints of all months, one after the other.
#[derive(Debug)]
pub struct Stack {
    /// All footprints.
    pub footprints: Footprints,
    /// Start of each month, and the end of the last one.
    pub frame_offsets: Vec<i32>,
}

impl Frames {
    /// The last month of both sides.
    pub fn last(&self) -> [&[u8]; 2] {
        [&self.truth, &self.proposal].map(|side| side[side.len() - 1].as_slice())
    }
}

impl Stack {
    /// Polygonizes months; regions of fewer than 4 pixels are noise.
    pub fn of(masks: &[Vec<u8>]) -> Self {
        let masks: Vec<&[u8]> = masks.iter().map(Vec::as_slice).collect();
        let options = Options { min_area_px: 4.0, ..Options::default() };
        let frames = polygonize_frames(&masks, [SIZE, SIZE], &options, &Cancel::new());
        let mut builder = sn7fast_core::footprints::Builder::new();
        let mut frame_offsets = vec![0];
        for frame in frames.expect("masks are of one size") {
            for footprint in frame.view().iter() {
                builder.push(&footprint);
            }
            frame_offsets.push(frame_offsets[frame_offsets.len() - 1] + frame.len() as i32);
        }
        let footprints = builder.finish().expect("points can be counted in 32 bits");
        Self { footprints, frame_offsets }
    }
}

/// The town, and the real frames if [`FOLDER`] says where they are.
pub fn all() -> Vec<Frames> {
    let mut all = vec![town()];
    if let Some(folder) = std::env::var_os(FOLDER) {
        let [truth, proposal] =
            ["truth.u8", "proposal.u8"].map(|name| months(&Path::new(&folder).join(name)));
        assert_eq!(truth.len(), proposal.len(), "{FOLDER}: sides of unequal length");
        all.push(Frames { name: "exported", truth, proposal, is_town: false });
    }
    all
}

fn months(path: &Path) -> Vec<Vec<u8>> {
    let wanted = "SN7FAST_BENCH_FRAMES: wanted the folder that benches/python/export.py wrote";
    let bytes = std::fs::read(path).expect(wanted);
    let whole = !bytes.is_empty() && bytes.len().is_multiple_of(SIZE * SIZE);
    assert!(whole, "{}: {} bytes, wanted frames of {SIZE} x {SIZE}", path.display(), bytes.len());
    bytes.chunks(SIZE * SIZE).map(<[u8]>::to_vec).collect()
}
