//! The tracks whose centroids are nearest to a point.
//!
//! Centroids lie in the cells of a grid that has about as many cells as centroids. From the cell of
//! the point the search goes outwards in square rings, until what is nearest so far is nearer than
//! all that is outside of the rings.

use crate::footprints::Point;

/// Centroids, asked for those near a point.
#[derive(Debug, Default)]
pub struct Centres {
    all: Vec<(Point, u32)>,
    grid: Grid,
}

#[derive(Debug, Default)]
struct Grid {
    corner: Point,
    cell: f64,
    /// Columns and rows.
    size: [usize; 2],
    /// Start of each cell in `sorted`, and the end of the last.
    starts: Vec<usize>,
    sorted: Vec<(Point, u32)>,
}

impl Centres {
    /// Adds a track; it is seen from the next [`Centres::settle`] on.
    pub fn push(&mut self, centre: Option<Point>, track: u32) {
        self.all.extend(centre.map(|centre| (centre, track)));
    }

    /// What was pushed is seen from now on.
    pub fn settle(&mut self) {
        if self.grid.sorted.len() != self.all.len() {
            self.grid = Grid::new(&self.all);
        }
    }

    /// Up to `count` tracks, the nearest first; the lowest come first among equally near ones.
    pub fn nearest(&self, point: Point, count: usize) -> Vec<u32> {
        let grid = &self.grid;
        let mut near: Vec<(f64, u32)> = Vec::with_capacity(count + 1);
        let home = [0, 1].map(|k| grid.place(point, k));
        let most = grid.size[0].max(grid.size[1]);
        for ring in 0..most {
            // Outside of the rings visited so far everything is at least as far as this.
            let reach = (ring as f64 - 1.0).max(0.0) * grid.cell;
            if near.len() == count && near.last().is_none_or(|last| last.0 < reach * reach) {
                break;
            }
            grid.visit_ring(home, ring, |&(centre, track)| {
                let squared = (centre[0] - point[0]).powi(2) + (centre[1] - point[1]).powi(2);
                let place = near.partition_point(|other| *other < (squared, track));
                if place < count {
                    near.insert(place, (squared, track));
                    near.truncate(count);
                }
            });
        }
        near.into_iter().map(|(_, track)| track).collect()
    }
}

impl Grid {
    fn new(all: &[(Point, u32)]) -> Self {
        let low = |k: usize| all.iter().map(|c| c.0[k]).fold(f64::INFINITY, f64::min);
        let high = |k: usize| all.iter().map(|c| c.0[k]).fold(f64::NEG_INFINITY, f64::max);
        let corner = [low(0), low(1)];
        let extent = [high(0) - corner[0], high(1) - corner[1]];
        let count = all.len() as f64;
        // Centroids on a line have no area: there the length is shared out.
        let cell = (extent[0] * extent[1] / count).sqrt().max(extent[0].max(extent[1]) / count);
        let cell = if cell > 0.0 { cell } else { 1.0 };
        let size = extent.map(|length| (length / cell) as usize + 1);
        let mut grid = Self { corner, cell, size, starts: Vec::new(), sorted: Vec::new() };
        let cells: Vec<usize> = all.iter().map(|c| grid.cell_of(c.0)).collect();
        let mut starts = vec![0; size[0] * size[1] + 1];
        for &cell in &cells {
            starts[cell + 1] += 1;
        }
        for k in 1..starts.len() {
            starts[k] += starts[k - 1];
        }
        let mut next = starts.clone();
        grid.sorted = all.to_vec();
        for (&cell, centre) in cells.iter().zip(all) {
            grid.sorted[next[cell]] = *centre;
            next[cell] += 1;
        }
        grid.starts = starts;
        grid
    }

    /// Column (0) or row (1) of a point, the nearest one for a point beside the grid.
    fn place(&self, point: Point, axis: usize) -> usize {
        // A cast saturates.
        let place = ((point[axis] - self.corner[axis]) / self.cell) as usize;
        place.min(self.size[axis].saturating_sub(1))
    }

    fn cell_of(&self, point: Point) -> usize {
        self.place(point, 1) * self.size[0] + self.place(point, 0)
    }

    fn visit_ring(&self, home: [usize; 2], ring: usize, mut visit: impl FnMut(&(Point, u32))) {
        let range = |axis: usize| {
            home[axis].saturating_sub(ring)..(home[axis] + ring + 1).min(self.size[axis])
        };
        let mut visit_cell = |row: usize, column: usize| {
            let cell = row * self.size[0] + column;
            self.sorted[self.starts[cell]..self.starts[cell + 1]].iter().for_each(&mut visit);
        };
        for row in range(1) {
            if row.abs_diff(home[1]) == ring {
                range(0).for_each(|column| visit_cell(row, column));
                continue;
            }
            // Between the top and the bottom of the ring there are only the two sides.
            let sides = [home[0].checked_sub(ring), Some(home[0] + ring)];
            for column in sides.into_iter().flatten().filter(|&column| column < self.size[0]) {
                visit_cell(row, column);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A few places only, so that many are equally near; on a line or in one point as well.
    fn points() -> impl Strategy<Value = Vec<Point>> {
        let places = (0..9_i32, 0..9_i32).prop_map(|(x, y)| [f64::from(x), f64::from(y)]);
        let stretch = (0..3_i32, 0..3_i32).prop_map(|(x, y)| [f64::from(x * x), f64::from(y)]);
        (prop::collection::vec(places, 0..40), stretch)
            .prop_map(|(points, by)| points.iter().map(|p| [p[0] * by[0], p[1] * by[1]]).collect())
    }

    proptest! {
        #[test]
        fn the_nearest_of_all(
            points in points(), asked in (-5.0..40.0_f64, -5.0..20.0_f64), count in 0..6_usize
        ) {
            let asked = [asked.0.round(), asked.1.round()];
            let mut centres = Centres::default();
            for (track, &point) in points.iter().enumerate() {
                centres.push(Some(point), track as u32);
            }
            prop_assert!(centres.nearest(asked, count).is_empty());
            centres.settle();
            let squared = |p: &Point| (p[0] - asked[0]).powi(2) + (p[1] - asked[1]).powi(2);
            let mut wanted: Vec<u32> = (0..points.len() as u32).collect();
            wanted.sort_by(|&i, &j| {
                squared(&points[i as usize]).total_cmp(&squared(&points[j as usize]))
            });
            wanted.truncate(count);
            prop_assert_eq!(centres.nearest(asked, count), wanted);
        }
    }
}
