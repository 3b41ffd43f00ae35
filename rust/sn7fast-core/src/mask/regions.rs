//! Fragments to regions: which belong together, which are large enough, in which order they go.
//!
//! Fragment numbers are those of GDAL's polygonizer. In a raster scan a run of pixels takes the
//! number of the pixel above its first one, or the next new number if that is background. Where a
//! later pixel of the run lies below another fragment, that one is redirected to the run's. The
//! number that is left for a region orders regions whose last pixels lie in the same row.

use super::outline::Outline;
use super::{Connectivity, Options};

/// What a fragment, and then a region, is made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Number of pixels.
    pub pixels: u64,
    /// Number of corners.
    pub corners: u32,
    /// Convex corners less concave ones: 4 for the outer ring, -4 for each hole.
    pub turns: i32,
    /// Row of the last pixel.
    pub last_row: u32,
}

impl Tally {
    /// Counts the pixels of a run in a row.
    pub fn add_run(&mut self, pixels: u32, row: u32) {
        self.pixels += u64::from(pixels);
        self.last_row = row;
    }

    /// Counts a corner.
    pub fn add_corner(&mut self, convex: bool) {
        self.corners += 1;
        self.turns += if convex { 1 } else { -1 };
    }

    fn add(&mut self, other: &Self) {
        self.pixels += other.pixels;
        self.corners += other.corners;
        self.turns += other.turns;
        self.last_row = self.last_row.max(other.last_row);
    }

    /// Number of rings: the outer one and the holes.
    pub fn rings(&self) -> usize {
        ((8 - self.turns) / 4) as usize
    }
}

/// Union-find over fragments in which the caller says who survives.
#[derive(Debug, Default)]
pub struct Fragments {
    /// What each is made of.
    pub tallies: Vec<Tally>,
    parent: Vec<u32>,
}

impl Fragments {
    /// A new fragment, which stands for itself.
    pub fn add(&mut self) -> u32 {
        let number = self.parent.len() as u32;
        self.parent.push(number);
        self.tallies.push(Tally::default());
        number
    }

    /// The fragment that stands for this one. Halves the path on the way.
    pub fn find(&mut self, mut fragment: u32) -> u32 {
        loop {
            let parent = self.parent[fragment as usize];
            if parent == fragment {
                return fragment;
            }
            let grandparent = self.parent[parent as usize];
            self.parent[fragment as usize] = grandparent;
            fragment = grandparent;
        }
    }

    /// From now on whoever stands for `survivor` stands for `absorbed` too.
    pub fn redirect(&mut self, absorbed: u32, survivor: u32) {
        let (absorbed, survivor) = (self.find(absorbed), self.find(survivor));
        self.parent[absorbed as usize] = survivor;
    }

    /// Who stands for each fragment.
    fn roots(&mut self) -> Vec<u32> {
        (0..self.parent.len() as u32).map(|fragment| self.find(fragment)).collect()
    }
}

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
            let order = sort_by_row(kept, *rows, |k| tallies[k as usize].last_row);
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
        let groups = sort_by_row(kept, *rows, |k| totals[k as usize].last_row);
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

/// Stable counting sort by row.
fn sort_by_row(
    regions: impl Iterator<Item = u32> + Clone,
    rows: usize,
    row_of: impl Fn(u32) -> u32,
) -> Vec<u32> {
    let mut starts = vec![0usize; rows + 1];
    let mut count = 0;
    for region in regions.clone() {
        starts[row_of(region) as usize + 1] += 1;
        count += 1;
    }
    for row in 0..rows {
        starts[row + 1] += starts[row];
    }
    let mut order = vec![0; count];
    for region in regions {
        let slot = &mut starts[row_of(region) as usize];
        order[*slot] = region;
        *slot += 1;
    }
    order
}
