//! Candidates: from the mean image to outlines that keep apart.

use super::Params;
use super::grow::grown_outlines;
use crate::cancel::Cancel;
use crate::error::Result;
use crate::footprints::{Builder, Footprints};
use crate::mask::{self, Connectivity, polygonize};
use crate::simplify::simplify;
use crate::watershed::{Flood, Labels, Peaks, equal_components, flood, mask_components, peaks};

/// Tolerance of the outlines of regions, in pixels of the probabilities.
const TOLERANCE: f64 = 0.5;

/// Regions of the mean image.
#[derive(Clone, Debug)]
pub struct Regions {
    /// Simplified, with holes; those that were grown have none.
    pub polygons: Footprints,
    /// Their outer rings alone.
    pub contours: Footprints,
}

/// Peaks above the level `low` and all pixels above `high` are seeds of a watershed inside what
/// lies above `low`; each connected label is a region.
///
/// # Errors
/// Those of [`peaks`], [`flood`] and [`polygonize`].
pub fn regions(
    mean: &[f64],
    shape: [usize; 2],
    high: f64,
    low: f64,
    params: &Params,
    cancel: &Cancel,
) -> Result<Regions> {
    let (distance, rules) = (params.distance, params.rules);
    let options = Peaks { floor: low, ceiling: Some(high), distance, rules };
    let tops = peaks(mean, shape, &options)?;
    cancel.check()?;
    let seeds = mask_components(mean, shape, high, &tops, Connectivity::Four)?;
    let options = Flood { floor: low, lines: true, order: params.order() };
    let labels = flood(mean, shape, &seeds, &options, cancel)?;
    // Dividing lines keep labels from sharing an edge, so the polygons of one mask are those of
    // all labels.
    let mut mask = labels.to_mask();
    if params.labels_8bit {
        clear_every_256th(&labels, shape, &mut mask)?;
    }
    let is_grown = params.polygon_buffer > 0.0;
    // A region that grows may become large enough.
    let min_area_px = if is_grown { 0.0 } else { params.min_area };
    let options = mask::Options { min_area_px, ..Default::default() };
    let mut polygons = polygonize(&mask, shape, &options)?;
    if is_grown {
        polygons = grown_outlines(&polygons, params.polygon_buffer, params.min_area)?;
    }
    let polygons = simplify(polygons.view(), TOLERANCE, cancel)?;
    let contours = outer_rings(&polygons)?;
    Ok(Regions { polygons, contours })
}

/// What becomes of labels kept in 8 bits: every 256th is 0.
fn clear_every_256th(labels: &Labels, shape: [usize; 2], mask: &mut [u8]) -> Result<()> {
    let numbered = equal_components(&labels.to_vec(), shape, Connectivity::Eight)?;
    for run in numbered.runs.iter().filter(|run| run.label % 256 == 0) {
        let start = run.row as usize * shape[1];
        mask[start + run.start as usize..start + run.end as usize].fill(0);
    }
    Ok(())
}

/// Footprints without their holes, at whole coordinates.
fn outer_rings(polygons: &Footprints) -> Result<Footprints> {
    let mut out = Builder::new();
    for footprint in polygons.view().iter() {
        for mut rings in footprint.polygons() {
            if let Some(outer) = rings.next() {
                out.ring(outer.iter().map(|&[x, y]| [x.trunc(), y.trunc()]));
            }
            out.end_polygon();
        }
        out.end_footprint();
    }
    out.finish()
}
