//! One polygon for each building.

use crate::cancel::Cancel;
use crate::error::Result;
use crate::footprints::{Builder, Footprints};
use crate::mask::{Options, polygonize};
use crate::watershed::{Components, Run};
use rayon::prelude::*;

/// Outlines of the buildings in pixels of the image, in the order of their labels. Of a building in
/// several parts the largest one.
pub fn outlines(buildings: &Components, scale: usize, cancel: &Cancel) -> Result<Footprints> {
    let runs = by_label(buildings);
    let polygons: Vec<Footprints> = runs
        .par_iter()
        .map(|runs| {
            cancel.check()?;
            outline(runs, scale)
        })
        .collect::<Result<_>>()?;
    let mut all = Builder::new();
    for polygon in &polygons {
        polygon.view().iter().for_each(|footprint| all.push(&footprint));
    }
    all.finish()
}

fn by_label(buildings: &Components) -> Vec<Vec<Run>> {
    let mut runs = vec![Vec::new(); buildings.count];
    for &run in &buildings.runs {
        runs[run.label as usize - 1].push(run);
    }
    runs
}

fn outline(runs: &[Run], scale: usize) -> Result<Footprints> {
    let left = runs.iter().map(|run| run.start).min().unwrap_or(0);
    let right = runs.iter().map(|run| run.end).max().unwrap_or(0);
    let top = runs.first().map_or(0, |run| run.row);
    let bottom = runs.last().map_or(0, |run| run.row + 1);
    let columns = (right - left) as usize;
    let rows = (bottom - top) as usize;
    let mut mask = vec![0u8; rows * columns];
    for run in runs {
        let start = (run.row - top) as usize * columns;
        mask[start + (run.start - left) as usize..start + (run.end - left) as usize].fill(1);
    }
    let found = polygonize(&mask, [rows, columns], &Options::default())?;
    let areas = crate::geom::areas(found.view());
    let largest = (0..areas.len()).max_by(|&i, &j| areas[i].total_cmp(&areas[j]).then(j.cmp(&i)));
    let mut outline = found.view().select(largest.into_iter())?;
    let scale = scale as f64;
    for [x, y] in &mut outline.coords {
        *x = (*x + f64::from(left)) / scale;
        *y = (*y + f64::from(top)) / scale;
    }
    Ok(outline)
}
