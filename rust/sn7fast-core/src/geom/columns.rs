//! Edges of a large region by column, so that an edge meets only those near it.
//!
//! The plane is cut into columns of equal width. An edge starts in the column of its left end and
//! runs on through those up to its right end. Asked for an edge, the columns give what starts in
//! or runs through its first column, and what starts in its others:
//!
//! ```text
//!        |     |     |     |        asked: the edge from a to b
//!   r----+-----r     |     |        runs through the first column of ab
//!        | a---+-----+--b  |
//!        |     |   s-+-----s        starts in a later one
//! ```
//!
//! So every edge that shares some x comes once and whole, and sums stay exact where their terms
//! are.

use super::edges::Edge;

/// Number of edges from which on columns pay.
pub const FROM_EDGES: usize = 64;

/// Edges that may run through a column, counted column by column, for each edge.
const RUNNING_PER_EDGE: f64 = 3.0;

/// Edges of a region by column.
#[derive(Debug)]
pub struct Columns {
    left: f64,
    per_unit: f64,
    starting: Lists,
    running: Lists,
}

/// One list of edges for each column, from top to bottom by their left ends.
#[derive(Debug)]
struct Lists {
    /// Start of each list, and the end of the last.
    starts: Vec<usize>,
    edges: Vec<Edge>,
}

impl Columns {
    /// Columns of a region that has edges.
    pub fn new(edges: &[Edge]) -> Self {
        let left = edges.iter().map(|e| e.left[0]).fold(f64::INFINITY, f64::min);
        let right = edges.iter().map(|e| e.right[0]).fold(f64::NEG_INFINITY, f64::max);
        let (reach, count) = (right - left, edges.len() as f64);
        let total: f64 = edges.iter().map(|e| e.right[0] - e.left[0]).sum();
        // A column for eight edges, unless they are long.
        let columns = (count / 8.0).min(RUNNING_PER_EDGE * count * reach / total) as usize + 1;
        let per_unit = columns as f64 / reach;
        let column = |x: f64| (((x - left) * per_unit) as usize).min(columns - 1);

        let mut sorted = edges.to_vec();
        sorted.sort_by(|a, b| a.left[1].total_cmp(&b.left[1]));
        let first = |e: &Edge| column(e.left[0]);
        let starting = Lists::new(&sorted, columns, |e| first(e)..first(e) + 1);
        let running = Lists::new(&sorted, columns, |e| first(e) + 1..column(e.right[0]) + 1);
        Self { left, per_unit, starting, running }
    }

    /// Slices that hold every edge which shares some x with this one, and few others; each edge
    /// once, each slice from top to bottom by left ends.
    pub fn near(&self, asked: &Edge) -> impl Iterator<Item = &[Edge]> {
        let last = self.starting.starts.len() - 2;
        // Monotone in x, so what shares some x is found whatever the rounding; a cast saturates.
        let column = |x: f64| (((x - self.left) * self.per_unit) as usize).min(last);
        let (first, end) = (column(asked.left[0]), column(asked.right[0]) + 1);
        let starting = (first..end).map(|k| self.starting.of(k));
        std::iter::once(self.running.of(first)).chain(starting)
    }
}

impl Lists {
    fn new(
        edges: &[Edge],
        columns: usize,
        range_of: impl Fn(&Edge) -> std::ops::Range<usize>,
    ) -> Self {
        let mut starts = vec![0; columns + 1];
        for column in edges.iter().flat_map(&range_of) {
            starts[column + 1] += 1;
        }
        for column in 0..columns {
            starts[column + 1] += starts[column];
        }
        let mut next = starts.clone();
        let empty = Edge { left: [0.0; 2], right: [0.0; 2], sign: 0.0 };
        let mut out = vec![empty; starts[columns]];
        for edge in edges {
            for column in range_of(edge) {
                out[next[column]] = *edge;
                next[column] += 1;
            }
        }
        Self { starts, edges: out }
    }

    fn of(&self, column: usize) -> &[Edge] {
        &self.edges[self.starts[column]..self.starts[column + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edge() -> impl Strategy<Value = Edge> {
        let length = prop_oneof![Just(1.0), 0.001..3.0, 50.0..200.0];
        (-50.0..50.0, -9..9i32, length, -9..9i32).prop_map(|(x, y1, length, y2)| Edge {
            left: [x, f64::from(y1)],
            right: [x + length, f64::from(y2)],
            sign: 1.0,
        })
    }

    proptest! {
        #[test]
        fn every_edge_that_shares_some_x_comes_once(
            edges in proptest::collection::vec(edge(), 1..200),
            asked in edge(),
        ) {
            let columns = Columns::new(&edges);
            let near: Vec<Edge> = columns.near(&asked).flatten().copied().collect();
            for edge in &edges {
                let found = near.iter().filter(|other| *other == edge).count();
                let same = edges.iter().filter(|other| *other == edge).count();
                let shares = edge.left[0] < asked.right[0] && asked.left[0] < edge.right[0];
                let right = if shares { found == same } else { found <= same };
                prop_assert!(right, "{edge:?}: {found} of {same}");
            }
            let entries = columns.running.edges.len();
            prop_assert!(entries <= 4 * edges.len(), "{entries} for {}", edges.len());
            for slice in columns.near(&asked) {
                prop_assert!(slice.is_sorted_by(|a, b| a.left[1] <= b.left[1]));
            }
        }
    }
}
