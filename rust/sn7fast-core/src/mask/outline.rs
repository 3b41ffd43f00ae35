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
use super::regions::{Fragments, Tally};

/// A vertex of a ring.
#[derive(Clone, Copy, Debug)]
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
    /// In raster order.
    pub corners: Vec<Corner>,
    /// Points with two corners.
    pub meetings: Vec<Meeting>,
    /// Which fragments are one.
    pub fragments: Fragments,
    /// What each fragment is made of.
    pub tallies: Vec<Tally>,
    /// Rows of the raster.
    pub rows: usize,
}

/// Sweeps the raster.
pub fn trace<T: Pixel>(pixels: &[T], [rows, columns]: [usize; 2], cut: Cut<T>) -> Outline {
    let words = words_per_row(columns);
    let (mut above, mut below) = (Row::new(words), Row::new(words));
    let mut sweep = Sweep {
        outline: Outline {
            corners: Vec::new(),
            meetings: Vec::new(),
            fragments: Fragments::default(),
            tallies: Vec::new(),
            rows,
        },
        from_above: vec![0; columns + 1],
    };
    for y in 0..=rows {
        match pixels.get(y * columns..(y + 1) * columns) {
            Some(row) if y < rows => below.read(row, cut),
            _ => below.clear(),
        }
        sweep.line(y as u32, &above, &mut below);
        std::mem::swap(&mut above, &mut below);
    }
    sweep.outline
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
    fn new(words: usize) -> Self {
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

struct Sweep {
    outline: Outline,
    /// For each column line the corner from which a vertical edge comes down.
    from_above: Vec<u32>,
}

impl Sweep {
    fn line(&mut self, y: u32, above: &Row, below: &mut Row) {
        // Where the sweep stands: the pixels left of the point, the runs they are in, where the
        // run below began, and the corner from which a horizontal edge comes.
        let (mut a, mut c) = (false, false);
        let mut runs_above = 0;
        let (mut fragment_above, mut fragment_below) = (0, 0);
        let mut run_start = 0;
        let mut from_left = 0;
        for (k, (&up_edges, &down_edges)) in above.edges.iter().zip(&below.edges).enumerate() {
            let mut points = up_edges | down_edges;
            while points != 0 {
                let shift = points.trailing_zeros();
                points &= points - 1;
                let x = k as u32 * 64 + shift;
                let up = up_edges >> shift & 1 != 0;
                let down = down_edges >> shift & 1 != 0;
                let (b, d) = (a ^ up, c ^ down);
                if up && b {
                    fragment_above = above.fragments[runs_above];
                    runs_above += 1;
                }
                if down && d {
                    fragment_below = if b { fragment_above } else { self.new_fragment() };
                    below.fragments.push(fragment_below);
                    run_start = x;
                } else if down {
                    let tally = &mut self.outline.tallies[fragment_below as usize];
                    tally.pixels += u64::from(x - run_start);
                    tally.last_row = y;
                } else if up && b && d && fragment_above != fragment_below {
                    self.outline.fragments.redirect(fragment_above, fragment_below);
                }
                if up != down {
                    // An edge is where a run starts or ends: that run's fragment it is.
                    let fragment = if up { fragment_above } else { fragment_below };
                    // One pixel of the four is set, or three are.
                    let convex = !(a & b | c & d);
                    let corner = self.corner(x, y, fragment, convex);
                    self.join_vertical(x, up, b, corner);
                    from_left = self.join_horizontal(a, c, from_left, corner);
                } else if b != d {
                    from_left = if a {
                        // Pixel a: in from the left, out upwards. Pixel d: in from the right, out
                        // downwards.
                        let upper = self.corner(x, y, fragment_above, true);
                        let lower = self.corner(x, y, fragment_below, true);
                        self.join_vertical(x, true, b, upper);
                        self.join_horizontal(a, c, from_left, upper);
                        self.meet(x, upper, lower);
                        lower
                    } else {
                        // Pixel b: in from above, out to the right. Pixel c: in from below, out to
                        // the left.
                        let upper = self.corner(x, y, fragment_above, true);
                        let lower = self.corner(x, y, fragment_below, true);
                        self.join_vertical(x, true, b, upper);
                        self.join_horizontal(a, c, from_left, lower);
                        self.meet(x, upper, lower);
                        upper
                    };
                }
                (a, c) = (b, d);
            }
        }
    }

    fn new_fragment(&mut self) -> u32 {
        self.outline.tallies.push(Tally::default());
        self.outline.fragments.add()
    }

    fn corner(&mut self, x: u32, y: u32, fragment: u32, convex: bool) -> u32 {
        let tally = &mut self.outline.tallies[fragment as usize];
        tally.corners += 1;
        tally.turns += if convex { 1 } else { -1 };
        let number = self.outline.corners.len() as u32;
        self.outline.corners.push(Corner { x, y, next: number, fragment });
        number
    }

    /// Ends the edge from above in this corner, or begins one that goes down.
    fn join_vertical(&mut self, x: u32, up: bool, right_is_set: bool, corner: u32) {
        if up {
            let other = self.from_above[x as usize];
            let (from, to) = if right_is_set { (other, corner) } else { (corner, other) };
            self.outline.corners[from as usize].next = to;
        } else {
            self.from_above[x as usize] = corner;
        }
    }

    /// Ends the edge from the left in this corner; in any case the next one begins here.
    fn join_horizontal(&mut self, a: bool, c: bool, from_left: u32, corner: u32) -> u32 {
        if a != c {
            let (from, to) = if a { (from_left, corner) } else { (corner, from_left) };
            self.outline.corners[from as usize].next = to;
        }
        corner
    }

    fn meet(&mut self, x: u32, upper: u32, lower: u32) {
        self.from_above[x as usize] = lower;
        self.outline.meetings.push(Meeting { corners: [upper, lower] });
    }
}
