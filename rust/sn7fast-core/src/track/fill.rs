//! Footprints for months in which a track was not seen.

use super::follow::Scene;
use crate::Result;
use crate::burn::{Looker, SeenMonth, Sight};
use crate::footprints::Footprints;
use crate::index::Index;

/// Which months are filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillSpan {
    /// None.
    Nothing,
    /// Those between the first and the last detection.
    Between,
    /// Those after the first detection, to the end of the stack.
    ToEnd,
}

/// What they are filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillShape {
    /// The master of the track.
    Master,
    /// The first that fits of its shapes, the one most like the others (mean IoU) first.
    Typical,
}

/// What becomes of a shape of which clouds hide some pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clouds {
    /// The visible part is filled in, if there is one.
    Clip,
    /// It does not fit.
    Skip,
}

/// How gaps are filled.
#[derive(Clone, Copy, Debug)]
pub struct Fill {
    /// Which months.
    pub span: FillSpan,
    /// With what.
    pub shape: FillShape,
    /// What clouds do.
    pub clouds: Clouds,
    /// Only tracks with that many detections.
    pub min_detections: usize,
    /// Only tracks without a longer gap within the span; `None` for any.
    pub max_gap: Option<usize>,
    /// A shape fits only where it meets no footprint that is left in the month.
    pub only_free: bool,
    /// Months with fewer invalid pixels count as clear.
    pub min_cloud_px: usize,
}

/// What a month is filled with.
pub enum Filling {
    /// A footprint of the stack.
    Row(usize),
    /// What is seen of one.
    Part(Footprints),
}

/// The stack as the rules see it.
pub struct Ground<'a> {
    pub scene: &'a Scene<'a>,
    /// Footprints that are left in each month, if it matters.
    pub left: Vec<Index>,
    /// Valid pixels of each month that does not count as clear.
    pub clouded: Vec<Option<SeenMonth<'a>>>,
}

impl Fill {
    /// (month, filling) of a track with these footprints, given with their months in time order.
    pub fn fill<'a>(
        &self,
        ground: &Ground<'a>,
        rows: &[usize],
        months: &[usize],
        master: usize,
        looker: &mut Looker<'a>,
    ) -> Result<Vec<(usize, Filling)>> {
        let (Some(&first), Some(&last)) = (months.first(), months.last()) else {
            return Ok(Vec::new());
        };
        let end = match self.span {
            FillSpan::Nothing => return Ok(Vec::new()),
            FillSpan::Between => last + 1,
            FillSpan::ToEnd => ground.scene.frames.len(),
        };
        let gaps = months.windows(2).map(|w| w[1] - w[0] - 1).chain([end - last - 1]);
        let is_too_long = |gap: usize| self.max_gap.is_some_and(|most| gap > most);
        if months.len() == end - first
            || rows.len() < self.min_detections
            || gaps.into_iter().any(is_too_long)
        {
            return Ok(Vec::new());
        }
        let candidates = match self.shape {
            FillShape::Master => vec![master],
            FillShape::Typical => by_likeness(ground.scene, rows),
        };
        let mut filled = Vec::new();
        for month in (first..end).filter(|month| months.binary_search(month).is_err()) {
            for &row in &candidates {
                if let Some(filling) = self.fits(ground, month, row, looker)? {
                    filled.push((month, filling));
                    break;
                }
            }
        }
        Ok(filled)
    }

    fn fits<'a>(
        &self,
        ground: &Ground<'a>,
        month: usize,
        row: usize,
        looker: &mut Looker<'a>,
    ) -> Result<Option<Filling>> {
        if self.only_free
            && let Some(bounds) = ground.scene.shapes.bounds(row)
            && ground.left[month].near(bounds).any(|other| meet(ground.scene, row, other))
        {
            return Ok(None);
        }
        let Some(seen) = &ground.clouded[month] else { return Ok(Some(Filling::Row(row))) };
        let footprint = ground.scene.footprints.get(row);
        Ok(match looker.look(&footprint, seen)? {
            Sight::Clear => Some(Filling::Row(row)),
            Sight::Partly(part) if self.clouds == Clouds::Clip => Some(Filling::Part(part)),
            Sight::Partly(_) | Sight::Hidden => None,
        })
    }
}

/// True if two footprints share a point.
fn meet(scene: &Scene<'_>, one: usize, other: usize) -> bool {
    scene.shapes.shared_area(one, &scene.shapes, other) > 0.0 || scene.touch(one, other)
}

/// Shapes by falling sum of the IoU with all others; the earliest first among equals.
fn by_likeness(scene: &Scene<'_>, rows: &[usize]) -> Vec<usize> {
    let mut ranked: Vec<(f64, usize)> = rows.iter().map(|&row| (0.0, row)).collect();
    for k in 0..rows.len() {
        for other in 0..k {
            // Once for both, since rounding may depend on which is first: two shapes tie.
            let iou = scene.iou(rows[k], rows[other]);
            ranked[k].0 += iou;
            ranked[other].0 += iou;
        }
    }
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked.into_iter().map(|(_, row)| row).collect()
}
