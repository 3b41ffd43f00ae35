//! Temporal collapse: evidence of all months pooled, one shape for each building, then its months.
//!
//! ```text
//! cube --register--> where each month lies
//!      --rise------> mean of each pixel; pixels where something began
//! what began:  components -> history -> mean while it stands -> split -> scores -> history
//! the rest:    mean                                          -> split -> scores -> history
//! all scores:  how often standing buildings are found here -> histories again -> months
//! ```
//!
//! The idea is that of the winner of SpaceNet 7 (spatio-temporal collapse): a network errs
//! differently in every month, while a building stays where it is. Here pixels are taken apart
//! where they began at different times and where gaps show in some months ([`basins`]); months are
//! moved on top of each other first ([`register`]); and the months of a building follow from
//! probabilities ([`history`]), with clouds as months that say nothing.
//!
//! All levels are bytes inside, whatever the cube holds. The cube is read row by row, so it may be
//! a memory map.

mod basins;
mod beta;
mod history;
mod months;
mod outlines;
mod params;
mod pixels;
mod register;
mod rise;
mod series;
mod window;

pub use beta::Beta;
pub use params::Params;
pub use series::Series;
pub use window::{Candidate, Frame, Seen, register_parts, sample, window};

use crate::cancel::Cancel;
use crate::cube::{Cube, Probability};
use crate::error::Result;
use crate::footprints::Footprints;
use crate::mask::Connectivity;
use crate::watershed::{Components, mask_components};
use basins::{Split, split};
use beta::Counts;
use history::{History, Judge, Prior, Span, running_counts};
use months::{Months, Offset};
use rayon::prelude::*;

/// Number of buildings that tell as much as what is known beforehand.
const FEW: f64 = 50.0;

/// What is known about a building.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Building {
    /// The month from which on it stands; 0 if it stood before all.
    pub first: u32,
    /// The last month in which it stands.
    pub last: u32,
    /// Range that holds `first`.
    pub first_range: [u32; 2],
    /// Probability that `first` is right to the month.
    pub confidence: f64,
    /// Number of months in which it can be seen.
    pub observed: u32,
}

/// Buildings, and the months in which they are there.
#[derive(Debug)]
pub struct Collapsed {
    /// One footprint for each building, in pixels of the image.
    pub footprints: Footprints,
    /// As many.
    pub buildings: Vec<Building>,
    /// For each month the buildings in it, in order.
    pub months: Vec<Vec<u32>>,
    /// By how many pixels of the image each month was found to lie off: y, x.
    pub offsets: Vec<[f64; 2]>,
}

/// Finds the buildings of an area and their months. Each pixel of the image is `scale` x `scale` of
/// the cube.
///
/// # Errors
/// [`crate::Error::Argument`] for a parameter, a scale or a value out of range, or an image that is too
/// large; [`crate::Error::Cancelled`].
pub fn collapse<P: Probability>(
    cube: &Cube<'_, P>,
    scale: usize,
    params: &Params,
    cancel: &Cancel,
) -> Result<Collapsed> {
    params.check()?;
    let cube = &Months::try_new(cube, scale)?;
    let offsets = register::register(cube, params.max_shift_px, cancel)?;
    let run = Run { cube, params, offsets: &offsets, cancel };
    let scale = cube.scale as f64;
    let places = offsets.iter().map(|offset| offset.pixels().map(|v| v / scale)).collect();
    let mut found = run.candidates(run.rise()?)?.all;
    let Decided { keep, buildings, months } = decide(&found.series, cube.frames, params);
    found.retain(&keep);
    let footprints = outlines::outlines(&found.shapes, cube.scale, cancel)?;
    Ok(Collapsed { footprints, buildings, months, offsets: places })
}

/// Buildings that may be, and their scores.
struct Candidates {
    shapes: Components,
    series: Series,
    /// The highest pixel of each.
    places: Vec<u32>,
}

/// All candidates, those that are new first.
struct Found {
    all: Candidates,
    new_count: usize,
}

struct Run<'a, P> {
    cube: &'a Months<'a, P>,
    params: &'a Params,
    offsets: &'a [Offset],
    cancel: &'a Cancel,
}

impl<P: Probability> Run<'_, P> {
    fn rise(&self) -> Result<rise::Rise> {
        let (least, sure) = (self.params.min_mean_new as f32, self.params.min_rise as f32);
        rise::rise(self.cube, self.offsets, least, sure, self.cancel)
    }

    /// Everything that can be a building: what is new, and the rest.
    fn candidates(&self, mut rise: rise::Rise) -> Result<Found> {
        let (cube, params) = (self.cube, self.params);
        let new = self.new_buildings(&rise)?;
        for run in &new.shapes.runs {
            let start = run.row as usize * cube.columns;
            rise.mean[start + run.start as usize..start + run.end as usize].fill(0);
        }
        let floor = (params.min_mean * 255.0) as u8;
        rise.mean.iter_mut().for_each(|mean| *mean = if *mean > floor { *mean } else { 0 });
        let old = self.scored(self.split(&mut rise.mean)?)?;
        let new_count = new.shapes.count;
        Ok(Found { all: joined(new, old), new_count })
    }

    fn new_buildings(&self, rise: &rise::Rise) -> Result<Candidates> {
        let (cube, params) = (self.cube, self.params);
        let shape = cube.shape();
        let mut places = mask_components(&rise.since, shape, 0.0, &[], Connectivity::Four)?;
        let spans = likeliest(&self.series(&places)?, &params.prior());
        places.retain(|label| begins(&spans[label as usize - 1]));
        let spans: Vec<Span> = spans.into_iter().filter(begins).collect();
        let mut means =
            pixels::means_while_standing(cube, self.offsets, &places, &spans, self.cancel)?;
        let mut found = self.scored(self.split(&mut means)?)?;
        drop(means);
        let spans = likeliest(&found.series, &params.prior());
        let mut is_sure = vec![false; found.shapes.count];
        for run in &found.shapes.runs {
            let start = run.row as usize * cube.columns;
            let pixels = start + run.start as usize..start + run.end as usize;
            is_sure[run.label as usize - 1] |= rise.is_sure[pixels].contains(&1);
        }
        let keep: Vec<bool> = (0..found.shapes.count)
            .map(|k| {
                is_sure[k] && begins(&spans[k]) && is_enough(&found.series, k, spans[k], params)
            })
            .collect();
        found.retain(&keep);
        let mut is_new = vec![false; rise.mean.len()];
        for run in &found.shapes.runs {
            let start = run.row as usize * cube.columns;
            is_new[start + run.start as usize..start + run.end as usize].fill(true);
        }
        let contact =
            pixels::contact(&found.shapes, shape, |pixel| rise.mean[pixel] > 127 && !is_new[pixel]);
        let keep: Vec<bool> = contact.iter().map(|&share| share <= params.max_contact).collect();
        found.retain(&keep);
        Ok(found)
    }

    fn split(&self, means: &mut [u8]) -> Result<(Components, Vec<u32>)> {
        let params = self.params;
        let area = (self.cube.scale * self.cube.scale) as f64;
        let options = Split {
            depth: (params.min_gap * 255.0).round() as u8,
            core: (params.min_core_px * area).round() as u32,
            share: params.outline,
        };
        split(means, self.cube.shape(), &options, self.cancel)
    }

    fn series(&self, shapes: &Components) -> Result<Series> {
        Series::read(self.cube, self.offsets, shapes, self.cancel)
    }

    /// Candidates of enough pixels, with their scores.
    fn scored(&self, (mut shapes, places): (Components, Vec<u32>)) -> Result<Candidates> {
        let least = self.params.min_area_px * (self.cube.scale * self.cube.scale) as f64;
        let sizes = shapes.sizes();
        let is_large = |k: usize| f64::from(sizes[k]) >= least.max(1.0);
        shapes.retain(|label| is_large(label as usize - 1));
        let large = places.into_iter().enumerate().filter(|&(k, _)| is_large(k));
        let places = large.map(|(_, place)| place).collect();
        let series = self.series(&shapes)?;
        Ok(Candidates { shapes, series, places })
    }
}

/// The likeliest months of each.
fn likeliest(series: &Series, prior: &Prior) -> Vec<Span> {
    let judge = Judge::new(*prior, series.months().len());
    (0..series.len())
        .into_par_iter()
        .map(|k| judge.likeliest(&running_counts(series.of(k))))
        .collect()
}

/// True if it is seen in enough months of its span, or in all there are.
fn is_enough(series: &Series, building: usize, span: Span, params: &Params) -> bool {
    let seen: Vec<bool> = series.of(building).map(|(_, seen)| seen > 0.5).collect();
    let all = seen.iter().filter(|&&seen| seen).count();
    let standing = seen[span.first..span.end].iter().filter(|&&seen| seen).count();
    standing > 0 && standing >= params.min_months.min(all)
}

/// The priors, moved towards what the scores of all candidates show.
fn adapted(series: &Series, frames: usize, params: &Params) -> Prior {
    let mut prior = params.prior();
    if params.adapt == 0.0 {
        return prior;
    }
    let spans = likeliest(series, &prior);
    let counts: Vec<(Counts, Counts)> = (0..series.len())
        .into_par_iter()
        .map(|k| {
            let running = running_counts(series.of(k));
            let Span { first, end } = spans[k];
            let standing = running[end] - running[first];
            (standing, running[frames] - standing)
        })
        .collect();
    let bounds = [2.0, 20.0];
    // The fewer there are, the less they tell.
    let share = |count: usize| params.adapt * count as f64 / (count as f64 + FEW);
    if let Some(present) = Beta::fit(counts.iter().map(|c| c.0), bounds) {
        prior.present = prior.present.towards(present, share(counts.len()));
    }
    let absent = counts.iter().filter(|c| c.1 != Counts::default()).map(|c| c.1);
    if let Some(beta) = Beta::fit(absent.clone(), bounds) {
        prior.absent = prior.absent.towards(beta, share(absent.count()));
    }
    prior
}

/// Which candidates are buildings, and when.
#[derive(Debug)]
pub struct Decided {
    /// For each candidate whether it is one.
    pub keep: Vec<bool>,
    /// Those that are, in order.
    pub buildings: Vec<Building>,
    /// For each month the buildings in it, in order.
    pub months: Vec<Vec<u32>>,
}

/// Judges the candidates of an area by their scores alone.
pub fn decide(series: &Series, frames: usize, params: &Params) -> Decided {
    let judge = Judge::new(adapted(series, frames, params), frames);
    let histories: Vec<History> = (0..series.len())
        .into_par_iter()
        .map(|k| judge.judge(&running_counts(series.of(k)), params.level))
        .collect();
    let mut months = vec![Vec::new(); frames];
    let mut buildings = Vec::new();
    let mut keep = vec![false; histories.len()];
    for (k, history) in histories.iter().enumerate() {
        keep[k] = !history.span.is_never() && is_enough(series, k, history.span, params);
        if !keep[k] {
            continue;
        }
        let Span { first, end } = history.span;
        let mut observed = 0;
        for (month, (_, seen)) in series.of(k).enumerate() {
            let is_seen = seen > 0.5;
            observed += u32::from(is_seen);
            let stands = (first..end).contains(&month);
            if stands && (is_seen || !params.drop_hidden) {
                months[month].push(buildings.len() as u32);
            }
        }
        buildings.push(Building {
            first: first as u32,
            last: end as u32 - 1,
            first_range: history.first_range.map(|month| month as u32),
            confidence: history.confidence,
            observed,
        });
    }
    Decided { keep, buildings, months }
}

impl Candidates {
    fn retain(&mut self, keep: &[bool]) {
        self.shapes.retain(|label| keep[label as usize - 1]);
        let kept: Vec<u32> = (0..keep.len() as u32).filter(|&k| keep[k as usize]).collect();
        self.series = self.series.select(&kept);
        self.places = kept.iter().map(|&k| self.places[k as usize]).collect();
    }
}

/// Up, left, right, down of a pixel, inside the image.
fn neighbours(pixel: usize, [rows, columns]: [usize; 2]) -> impl Iterator<Item = usize> {
    let x = pixel % columns;
    [
        pixel.checked_sub(columns),
        (x > 0).then(|| pixel - 1),
        (x + 1 < columns).then_some(pixel + 1),
        Some(pixel + columns).filter(|&below| below < rows * columns),
    ]
    .into_iter()
    .flatten()
}

/// True if a building comes later than in the first month.
fn begins(span: &Span) -> bool {
    span.first > 0 && !span.is_never()
}

/// All of both; where both claim a pixel there is none of the second.
fn joined(one: Candidates, mut other: Candidates) -> Candidates {
    let mut shapes = one.shapes;
    let count = shapes.count as u32;
    other.shapes.runs.iter_mut().for_each(|run| run.label += count);
    shapes.runs.append(&mut other.shapes.runs);
    shapes.runs.sort_by_key(|run| (run.row, run.start));
    shapes.count += other.shapes.count;
    let mut places = one.places;
    places.append(&mut other.places);
    Candidates { shapes, series: one.series.join(other.series), places }
}
