//! Fragments to regions: which belong together, which are large enough, in which order they go.

use super::fragments::Tally;
use super::outline::Outline;
use super::{Connectivity, Options};

/// No place in the output.
pub const DROPPED: u32 = u32::MAX;

/// The regions to be written, in order.
#[derive(Debug)]
pub struct Regions {
    /// For each fragment the place of its polygon in the output, or [`DROPPED`].
    pub place: Vec<u32>,
    /// What each polygon is made of, in order.
    pub polygons: Vec<Tally>,
    /// First polygon of each footprint, and the end; `None` if each is one polygon.
    pub footprint_offsets: Option<Vec<i32>>,
    /// For each pair of corners that meet in a point, true if both are of one polygon.
    pub is_pinch: Vec<bool>,
}

impl Regions {
    /// Joins fragments, filters by area and sorts.
    pub fn resolve(outline: &mut Outline, options: &Options) -> Self {
        let Outline { corners, meetings, fragments, rows, .. } = outline;
        let fragment_of = |corner: u32| corners[corner as usize].fragment;
        let root = fragments.roots();
        let count = root.len();
        let mut tallies = vec![Tally::default(); count];
        for (tally, &root) in fragments.tallies.iter().zip(&root) {
            tallies[root as usize].add(tally);
        }
        let is_pinch: Vec<bool> = meetings
            .iter()
            .map(|meeting| {
                let [one, other] = meeting.corners.map(|k| root[fragment_of(k) as usize]);
                if one == other {
                    // Linked the other way, the two convex corners become concave ones.
                    tallies[one as usize].turns -= 4;
                }
                one == other
            })
            .collect();

        // A footprint is a group of regions: itself alone unless corners connect.
        let group: Option<Vec<u32>> = (options.connectivity == Connectivity::Eight).then(|| {
            for meeting in meetings.iter() {
                let [one, other] = meeting.corners.map(|k| fragments.find(fragment_of(k)));
                // The lower number stands for the group.
                fragments.redirect(one.max(other), one.min(other));
            }
            fragments.roots()
        });

        let is_root = |k: usize| root[k] == k as u32;
        let Some(group) = group else {
            let kept = (0..count)
                .filter(|&k| is_root(k) && tallies[k].pixels as f64 >= options.min_area_px)
                .map(|k| k as u32);
            let order = sort_by_line(kept, *rows, |k| tallies[k as usize].last_line);
            return Self::place(&root, &tallies, order, None, is_pinch);
        };

        let mut totals = vec![Tally::default(); count];
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); count];
        for k in (0..count).filter(|&k| is_root(k)) {
            totals[group[k] as usize].add(&tallies[k]);
            members[group[k] as usize].push(k as u32);
        }
        let kept = (0..count as u32).filter(|&k| {
            let k = k as usize;
            !members[k].is_empty() && totals[k].pixels as f64 >= options.min_area_px
        });
        let groups = sort_by_line(kept, *rows, |k| totals[k as usize].last_line);
        let mut order = Vec::new();
        let mut offsets = vec![0];
        for group in groups {
            order.extend_from_slice(&members[group as usize]);
            offsets.push(order.len() as i32);
        }
        let single = offsets.len() == order.len() + 1;
        let offsets = (!single).then_some(offsets);
        Self::place(&root, &tallies, order, offsets, is_pinch)
    }

    fn place(
        root: &[u32],
        tallies: &[Tally],
        order: Vec<u32>,
        footprint_offsets: Option<Vec<i32>>,
        is_pinch: Vec<bool>,
    ) -> Self {
        let mut place_of_root = vec![DROPPED; root.len()];
        for (place, &region) in order.iter().enumerate() {
            place_of_root[region as usize] = place as u32;
        }
        Self {
            place: root.iter().map(|&root| place_of_root[root as usize]).collect(),
            polygons: order.iter().map(|&region| tallies[region as usize]).collect(),
            footprint_offsets,
            is_pinch,
        }
    }
}

/// Stable counting sort by line, from 1 to `rows`.
fn sort_by_line(
    regions: impl Iterator<Item = u32>,
    rows: usize,
    line_of: impl Fn(u32) -> u32,
) -> Vec<u32> {
    let regions: Vec<u32> = regions.collect();
    let mut starts = vec![0u32; rows + 2];
    for &region in &regions {
        starts[line_of(region) as usize + 1] += 1;
    }
    for line in 0..=rows {
        starts[line + 1] += starts[line];
    }
    let mut order = vec![0; regions.len()];
    for region in regions {
        let slot = &mut starts[line_of(region) as usize];
        order[*slot as usize] = region;
        *slot += 1;
    }
    order
}
