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
    /// For each pair of corners that meet in a point, true if both are of one polygon that is
    /// ready.
    pub is_pinch: Vec<bool>,
    /// For each fragment the one that stands for its region.
    pub root: Vec<u32>,
    /// For each fragment true if its footprint can still grow; then it has no place.
    pub is_live: Vec<bool>,
}

impl Regions {
    /// Joins fragments, filters by area and sorts.
    pub fn resolve(outline: &mut Outline, options: &Options) -> Self {
        let root = outline.fragments.roots();
        let count = root.len();
        // What stands for a footprint: its region, or the lowest of the regions that corners
        // connect.
        let group = match options.connectivity {
            Connectivity::Four => root.clone(),
            Connectivity::Eight => outline.groups(&root),
        };
        let mut grows = vec![false; count];
        for fragment in outline.open_fragments() {
            grows[group[fragment as usize] as usize] = true;
        }
        let is_live: Vec<bool> = group.iter().map(|&group| grows[group as usize]).collect();

        let Outline { corners, meetings, fragments, .. } = outline;
        let mut tallies = vec![Tally::default(); count];
        for (tally, &root) in fragments.tallies.iter().zip(&root) {
            tallies[root as usize].add(tally);
        }
        let is_pinch: Vec<bool> = meetings
            .iter()
            .map(|meeting| {
                let fragments = meeting.corners.map(|k| corners[k as usize].fragment as usize);
                let [one, other] = fragments.map(|fragment| root[fragment] as usize);
                let is_pinch = one == other && !is_live[one];
                if is_pinch {
                    // Linked the other way, the two convex corners become concave ones.
                    tallies[one].turns -= 4;
                }
                is_pinch
            })
            .collect();

        let is_ready = |k: usize, numbers: &[u32]| numbers[k] as usize == k && !is_live[k];
        let enough = |tally: &Tally| tally.pixels as f64 >= options.min_area_px;
        if options.connectivity == Connectivity::Four {
            let kept =
                (0..count).filter(|&k| is_ready(k, &root) && enough(&tallies[k])).map(|k| k as u32);
            let order = sort_by_line(kept, |k| tallies[k as usize].last_line);
            return Self::place(root, &tallies, order, None, is_pinch, is_live);
        }
        let mut totals = vec![Tally::default(); count];
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); count];
        for k in (0..count).filter(|&k| is_ready(k, &root)) {
            totals[group[k] as usize].add(&tallies[k]);
            members[group[k] as usize].push(k as u32);
        }
        let kept =
            (0..count).filter(|&k| is_ready(k, &group) && enough(&totals[k])).map(|k| k as u32);
        let mut order = Vec::new();
        let mut offsets = vec![0];
        for group in sort_by_line(kept, |k| totals[k as usize].last_line) {
            order.extend_from_slice(&members[group as usize]);
            offsets.push(order.len() as i32);
        }
        let single = offsets.len() == order.len() + 1;
        let offsets = (!single).then_some(offsets);
        Self::place(root, &tallies, order, offsets, is_pinch, is_live)
    }

    fn place(
        root: Vec<u32>,
        tallies: &[Tally],
        order: Vec<u32>,
        footprint_offsets: Option<Vec<i32>>,
        is_pinch: Vec<bool>,
        is_live: Vec<bool>,
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
            root,
            is_live,
        }
    }
}

/// Stable counting sort by line.
fn sort_by_line(regions: impl Iterator<Item = u32>, line_of: impl Fn(u32) -> u32) -> Vec<u32> {
    let regions: Vec<u32> = regions.collect();
    let lines = || regions.iter().map(|&region| line_of(region));
    let (Some(first), Some(last)) = (lines().min(), lines().max()) else { return Vec::new() };
    let mut starts = vec![0u32; (last - first) as usize + 2];
    for line in lines() {
        starts[(line - first) as usize + 1] += 1;
    }
    for k in 1..starts.len() {
        starts[k] += starts[k - 1];
    }
    let mut order = vec![0; regions.len()];
    for region in regions {
        let slot = &mut starts[(line_of(region) - first) as usize];
        order[*slot as usize] = region;
        *slot += 1;
    }
    order
}
