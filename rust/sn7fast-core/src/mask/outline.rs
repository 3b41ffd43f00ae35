//! One sweep over the lines between pixel rows: finds all corners and links them to rings.
//!
//! Line y separates row y - 1 (above) from row y (below). Around the point (x, y) lie four pixels:
//!
//! ```text
//!     a | b      row y - 1        up   = vertical edge above the point: a != b
//!     --+--                       down = vertical edge below it:        c != d
//!     c | d      row y
//! ```
//!
//! The point is a corner if exactly one of `up`, `down` is an edge, or if both are and the pixels
//! are set crosswise (`a = d != b = c`): there two corners meet. With bit rows all points of a line
//! where anything happens are `up | down`, 64 points a word.
//!
//! Rings run with the foreground on their left: down along left sides, right along bottom sides.
//! So each corner has one edge that comes in and one that goes out, and a ring is a chain of
//! `next`. Corners are met in raster order; the vertical edge from above is remembered for each
//! column, the horizontal one from the left for the line.
//!
//! Where two corners meet they are linked around the foreground at first. If both turn out to be
//! of one region, linking around the background instead keeps the ring from touching itself; that
//! exchanges their `next` and is done in [`super::emit`] when regions are known.

use super::bits::{Cut, Pixel, pack, words_per_row};
use super::fragments::Fragments;
use crate::error::{Error, Result};

/// A vertex of a ring.
#[derive(Clone, Copy, Debug, Default)]
pub struct Corner {
    /// Column line.
    pub x: u32,
    /// Row line.
    pub y: u32,
    /// The vertex that follows on the ring.
    pub next: u32,
    /// Fragment whose outline this is.
    pub fragment: u32,
}

/// Two corners on one point, of two pixels that touch crosswise.
#[derive(Clone, Copy, Debug)]
pub struct Meeting {
    /// Their positions in the list of corners.
    pub corners: [u32; 2],
}

/// All corners of a raster, linked.
#[derive(Debug)]
pub struct Outline {
    /// In raster order; behind the first `count` lies memory for more.
    pub corners: Vec<Corner>,
    /// Number of corners.
    pub count: usize,
    /// Points with two corners.
    pub meetings: Vec<Meeting>,
    /// Which fragments are one, and what each is made of.
    pub fragments: Fragments,
    /// Rows of the raster.
    pub rows: usize,
}

/// Sweeps the raster. `corners` is memory to use again; what it holds does not matter.
///
/// # Errors
/// [`Error::Argument`] if there are more corners than 32 bits can count.
pub fn trace<T: Pixel>(
    pixels: &[T],
    [rows, columns]: [usize; 2],
    cut: Cut<T>,
    corners: Vec<Corner>,
) -> Result<Outline> {
    let (mut above, mut below) = (Row::new(columns), Row::new(columns));
    let mut outline =
        Outline { corners, count: 0, meetings: Vec::new(), fragments: Fragments::default(), rows };
    let mut from_above = vec![0; columns + 1];
    let mut count = 0;
    for y in 0..=rows {
        match pixels.get(y * columns..(y + 1) * columns) {
            Some(row) if y < rows => below.read(row, cut),
            _ => below.clear(),
        }
        // Room for the most that a line can bring, so that the sweep only has to write.
        let room = count + 2 * (columns + 1);
        corners_fit(room)?;
        if outline.corners.len() < room {
            outline.corners.resize(2 * room, Corner::default());
        }
        count = sweep_line(&mut outline, &mut from_above, count, y as u32, &above, &mut below);
        std::mem::swap(&mut above, &mut below);
    }
    outline.count = count;
    Ok(outline)
}

/// Corners are counted in 32 bits.
fn corners_fit(corners: usize) -> Result<()> {
    if corners < u32::MAX as usize {
        return Ok(());
    }
    let wanted = format!("a mask with fewer than {} corners; split it", u32::MAX);
    Err(Error::argument("mask", format!("up to {corners} corners"), wanted))
}

/// A row of pixels: its bits, its vertical edges, and the fragment of each run.
#[derive(Debug)]
struct Row {
    bits: Vec<u64>,
    /// Bit x is set where pixel x - 1 and pixel x differ: starts and ends of runs in turn.
    edges: Vec<u64>,
    fragments: Vec<u32>,
}

impl Row {
    fn new(columns: usize) -> Self {
        let words = words_per_row(columns);
        Self { bits: vec![0; words], edges: vec![0; words], fragments: Vec::new() }
    }

    fn read<T: Pixel>(&mut self, row: &[T], cut: Cut<T>) {
        pack(row, cut, &mut self.bits);
        let mut carry = 0;
        for (edges, &bits) in self.edges.iter_mut().zip(&self.bits) {
            *edges = bits ^ (bits << 1 | carry);
            carry = bits >> 63;
        }
        self.fragments.clear();
    }

    fn clear(&mut self) {
        self.bits.fill(0);
        self.edges.fill(0);
        self.fragments.clear();
    }
}

/// Finds the corners on line `y` and gives the runs below their fragments. `from_above` holds for
/// each column line the corner from which a vertical edge comes down; `count` is the number of
/// corners before and, returned, after.
fn sweep_line(
    outline: &mut Outline,
    from_above: &mut [u32],
    mut count: usize,
    y: u32,
    above: &Row,
    below: &mut Row,
) -> usize {
    let Outline { corners, meetings, fragments, .. } = outline;
    let corners = corners.as_mut_slice();
    // Where the sweep stands: the pixels left of the point, the fragments of the runs they are in,
    // where the run below began, and the corner from which a horizontal edge comes.
    let (mut a, mut c) = (false, false);
    let mut runs_above = above.fragments.iter();
    let (mut fragment_above, mut fragment_below) = (0, 0);
    let mut run_start = 0;
    let mut from_left = 0;
    for (k, (&up_edges, &down_edges)) in above.edges.iter().zip(&below.edges).enumerate() {
        let mut points = up_edges | down_edges;
        while points != 0 {
            let point = points & points.wrapping_neg();
            points ^= point;
            let x = k as u32 * 64 + point.trailing_zeros();
            let (up, down) = (up_edges & point != 0, down_edges & point != 0);
            let (b, d) = (a ^ up, c ^ down);

            if up && b {
                fragment_above = runs_above.next().copied().unwrap_or_default();
            }
            if down {
                if d {
                    fragment_below = if b { fragment_above } else { fragments.add() };
                    below.fragments.push(fragment_below);
                    run_start = x;
                } else {
                    fragments.tallies[fragment_below as usize].add_run(x - run_start, y);
                }
            } else if b && d && fragment_above != fragment_below {
                fragments.redirect(fragment_above, fragment_below);
            }

            if up != down {
                // An edge is where a run starts or ends: that run's fragment it is.
                let fragment = if up { fragment_above } else { fragment_below };
                // One pixel of the four is set, or three are.
                let convex = !(a & b | c & d);
                fragments.tallies[fragment as usize].add_corner(convex);
                let corner = count as u32;
                corners[count] = Corner { x, y, next: 0, fragment };
                count += 1;
                // An edge from above runs down if the pixel on its right is set, an edge from the
                // left runs right if the pixel above it is set.
                if up {
                    link(corners, b, from_above[x as usize], corner);
                }
                if a != c {
                    link(corners, a, from_left, corner);
                }
                from_above[x as usize] = corner;
                from_left = corner;
            } else if b != d {
                fragments.tallies[fragment_above as usize].add_corner(true);
                fragments.tallies[fragment_below as usize].add_corner(true);
                let (upper, lower) = (count as u32, count as u32 + 1);
                corners[count] = Corner { x, y, next: 0, fragment: fragment_above };
                corners[count + 1] = Corner { x, y, next: 0, fragment: fragment_below };
                count += 2;
                link(corners, b, from_above[x as usize], upper);
                from_above[x as usize] = lower;
                // The edge from the left belongs to the pixel on the left, a or c; the edge to the
                // right to the other one.
                link(corners, a, from_left, if a { upper } else { lower });
                from_left = if a { lower } else { upper };
                meetings.push(Meeting { corners: [upper, lower] });
            }
            (a, c) = (b, d);
        }
    }
    count
}

/// Links two corners, forward or backward.
fn link(corners: &mut [Corner], forward: bool, earlier: u32, corner: u32) {
    let (from, to) = if forward { (earlier, corner) } else { (corner, earlier) };
    corners[from as usize].next = to;
}
