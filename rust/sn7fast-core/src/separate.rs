//! Separating the buildings of one frame: channels of a network to footprints that keep apart.
//!
//! ```text
//! score = body * (1 - a * boundary) * (1 - b * contact)
//! seeds = components of score > seed_threshold that are large enough
//! flood from the seeds inside field > mask_threshold, the highest first
//! footprints = labels that are large enough
//! ```
//!
//! The field is the score or the body. Without dividing lines labels share edges, so they are
//! dealt out to a few masks, none of which holds neighbours, and each mask is polygonized.

use crate::cancel::Cancel;
use crate::cube::Probability;
use crate::error::{Error, Result};
use crate::footprints::{Builder, Footprints};
use crate::mask::{self, Connectivity, polygonize};
use crate::watershed::{Flood, Labels, Order, flood, mask_components};
use rayon::prelude::*;

/// What is flooded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The combined score.
    Score,
    /// The body alone.
    Body,
}

/// How to separate.
#[derive(Clone, Copy, Debug)]
pub struct Separation {
    /// How much a boundary takes off the score, 0 to 1.
    pub boundary_weight: f64,
    /// How much a contact takes off the score, 0 to 1.
    pub contact_weight: f64,
    /// Scores above it are seeds.
    pub seed_threshold: f64,
    /// What belongs to one seed.
    pub seed_connectivity: Connectivity,
    /// Seeds with fewer pixels are left out.
    pub min_seed_px: f64,
    /// What is flooded.
    pub field: Field,
    /// Only pixels in which the field is above it are flooded.
    pub mask_threshold: f64,
    /// Keep footprints apart by lines of pixels.
    pub lines: bool,
    /// Footprints with fewer pixels are dropped.
    pub min_area_px: f64,
}

impl Separation {
    /// # Errors
    /// [`Error::Argument`] for a number that is negative or NaN, or a weight above 1.
    pub fn check(&self) -> Result<()> {
        let weights =
            [("boundary_weight", self.boundary_weight), ("contact_weight", self.contact_weight)];
        for (name, weight) in weights {
            if !(0.0..=1.0).contains(&weight) {
                return Err(Error::argument(name, weight, "a number from 0 to 1"));
            }
        }
        let numbers = [
            ("seed_threshold", self.seed_threshold),
            ("min_seed_px", self.min_seed_px),
            ("mask_threshold", self.mask_threshold),
            ("min_area_px", self.min_area_px),
        ];
        for (name, number) in numbers {
            if !(number >= 0.0 && number.is_finite()) {
                return Err(Error::argument(name, number, "a number from 0"));
            }
        }
        Ok(())
    }
}

/// Footprints of the buildings of one frame, in the order of the first pixels of their seeds.
///
/// A label whose pixels meet in corners only at some place is one footprint of several polygons.
/// Pixels that are NaN in some channel are no building. The field is flooded in 65,535 steps.
///
/// # Errors
/// Those of [`Separation::check`]; [`Error::Argument`] if channels differ in length, or are not
/// `rows * columns` long or too long; [`Error::Cancelled`].
pub fn separate<T: Probability>(
    body: &[T],
    boundary: Option<&[T]>,
    contact: Option<&[T]>,
    shape: [usize; 2],
    options: &Separation,
    cancel: &Cancel,
) -> Result<Footprints> {
    options.check()?;
    for (name, channel) in [("boundary", boundary), ("contact", contact)] {
        if let Some(channel) = channel.filter(|channel| channel.len() != body.len()) {
            let wanted = format!("{}, as the body has", body.len());
            return Err(Error::argument(name, format!("{} pixels", channel.len()), wanted));
        }
    }
    // Seeds as 1, and heights of the flood: 0 outside.
    let (mut seeds, mut heights) = (vec![0u8; body.len()], vec![0u16; body.len()]);
    let (seed_above, mask_above) = (options.seed_threshold as f32, options.mask_threshold as f32);
    let (a, b) = (options.boundary_weight as f32, options.contact_weight as f32);
    seeds.par_iter_mut().zip(&mut heights).enumerate().with_min_len(1 << 14).for_each(
        |(k, (seed, height))| {
            let value = |channel: Option<&[T]>| channel.map_or(0.0, |channel| channel[k].value());
            let body = body[k].value();
            let score = body * (1.0 - a * value(boundary)) * (1.0 - b * value(contact));
            let field = if options.field == Field::Score { score } else { body };
            if field > mask_above && !score.is_nan() {
                *height = (field.clamp(0.0, 1.0) * 65_534.0 + 0.5) as u16 + 1;
                *seed = u8::from(score > seed_above);
            }
        },
    );
    cancel.check()?;
    let mut seeds = mask_components(&seeds, shape, 0.0, &[], options.seed_connectivity)?;
    let sizes = seeds.sizes();
    seeds.retain(|label| f64::from(sizes[label as usize - 1]) >= options.min_seed_px);
    let how = Flood { floor: 0.0, lines: options.lines, order: Order::Raster };
    let labels = flood(&heights, shape, &seeds, &how, cancel)?;
    footprints(&labels, seeds.count, shape, options)
}

/// One footprint for each label that is large enough.
fn footprints(
    labels: &Labels,
    count: usize,
    shape: [usize; 2],
    options: &Separation,
) -> Result<Footprints> {
    let labels = labels.to_vec();
    let mut sizes = vec![0u32; count + 1];
    labels.iter().for_each(|&label| sizes[label as usize] += 1);
    let is_kept =
        |label: u32| label != 0 && f64::from(sizes[label as usize]) >= options.min_area_px;
    let group = if options.lines { vec![0; count + 1] } else { groups(&labels, count, shape) };
    let group_count = group.iter().max().map_or(0, |&last| last + 1);
    let masks: Vec<Footprints> = (0..group_count)
        .into_par_iter()
        .map(|number| {
            let is_member = |label: u32| is_kept(label) && group[label as usize] == number;
            let mask: Vec<u8> = labels.iter().map(|&label| u8::from(is_member(label))).collect();
            polygonize(&mask, shape, &mask::Options::default())
        })
        .collect::<Result<_>>()?;
    // An outer ring starts at the upper left corner of a pixel of its polygon.
    let label_at = |[x, y]: [f64; 2]| labels[y as usize * shape[1] + x as usize];
    let mut parts: Vec<(u32, usize, usize)> = Vec::new();
    for (number, mask) in masks.iter().enumerate() {
        let starts = mask.view().iter().enumerate();
        parts.extend(starts.map(|(k, polygon)| (label_at(polygon.points()[0]), number, k)));
    }
    parts.sort_unstable();
    let mut out = Builder::new();
    for of_label in parts.chunk_by(|a, b| a.0 == b.0) {
        for &(_, number, k) in of_label {
            for polygon in masks[number].view().get(k).polygons() {
                polygon.for_each(|ring| out.ring(ring.iter().copied()));
                out.end_polygon();
            }
        }
        out.end_footprint();
    }
    out.finish()
}

/// A number for each label, small, so that labels which share an edge have different ones.
fn groups(labels: &[u32], count: usize, [_, columns]: [usize; 2]) -> Vec<u32> {
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    let mut push = |a: u32, b: u32| {
        if a != b && a != 0 && b != 0 {
            pairs.extend([(a, b), (b, a)]);
        }
    };
    for row in labels.chunks_exact(columns.max(1)) {
        row.windows(2).for_each(|pair| push(pair[0], pair[1]));
    }
    labels.iter().zip(labels.iter().skip(columns)).for_each(|(&a, &b)| push(a, b));
    pairs.sort_unstable();
    pairs.dedup();
    let mut group = vec![0; count + 1];
    let mut taken = Vec::new();
    for of_label in pairs.chunk_by(|a, b| a.0 == b.0) {
        let label = of_label[0].0;
        taken.clear();
        // Labels behind this one have no number yet.
        taken.extend(of_label.iter().filter(|p| p.1 < label).map(|p| group[p.1 as usize]));
        taken.sort_unstable();
        taken.dedup();
        let free = taken.iter().zip(0..).position(|(&number, place)| number != place);
        group[label as usize] = free.unwrap_or(taken.len()) as u32;
    }
    group
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const HOW: Separation = Separation {
        boundary_weight: 0.5,
        contact_weight: 1.0,
        seed_threshold: 0.6,
        seed_connectivity: Connectivity::Eight,
        min_seed_px: 1.0,
        field: Field::Body,
        mask_threshold: 0.3,
        lines: false,
        min_area_px: 1.0,
    };

    #[test]
    fn a_contact_divides_what_the_body_joins() {
        let body = [1.0f32, 1.0, 1.0, 1.0, 1.0, 0.1, f32::NAN];
        let contact = [0.0f32, 0.0, 0.9, 0.0, 0.0, 0.0, 0.0];
        let run = |options: &Separation| {
            let found =
                separate(&body, None, Some(&contact), [1, 7], options, &Cancel::new()).unwrap();
            crate::geom::areas(found.view())
        };
        assert_eq!(run(&HOW), [3.0, 2.0]);
        assert_eq!(run(&Separation { lines: true, ..HOW }), [2.0, 2.0]);
        assert_eq!(run(&Separation { min_area_px: 3.0, ..HOW }), [3.0]);
        assert_eq!(run(&Separation { contact_weight: 0.0, ..HOW }), [5.0]);
        assert!(run(&Separation { min_seed_px: 3.0, ..HOW }).is_empty());
    }

    #[test]
    fn neighbours_are_of_different_groups() {
        let labels = [1, 1, 2, 3, 4, 2, 3, 3, 5];
        let group = groups(&labels, 5, [3, 3]);
        for (a, b) in [(1, 2), (1, 3), (1, 4), (2, 4), (2, 5), (3, 4), (3, 5)] {
            assert_ne!(group[a], group[b], "{a} {b}");
        }
    }
}
