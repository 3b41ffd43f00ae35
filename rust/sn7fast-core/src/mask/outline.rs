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
//! are set crosswise (`a = d != b = c`): there two corners meet. With bit rows all corners of 64
//! points come out of a few operations on words, and nothing else is looked at: where a vertical
//! edge runs straight through a line, nothing happens.
//!
//! Rings run with the foreground on their left: down along left sides, right along bottom sides.
//! So each corner has one edge that comes in and one that goes out, and a ring is a chain of
//! `next`. Corners are met in raster order; the vertical edge from above is remembered for each
//! column, the horizontal one from the left for the line.
//!
//! Every corner belongs to a fragment, a piece of a region. That of a vertical edge is the one of
//! the corner it comes from; so the fragment of a run of pixels is found at its left edge, which is
//! the nearest edge to the left. The pixels of a fragment are counted at the ends of its vertical
//! edges: what lies left of right edges, less what lies left of left edges.
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

/// The corners of a raster, or of what is left of it, linked; grows line by line.
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
    /// The line that comes next, below the last row.
    line: u32,
    /// The last row.
    above: Row,
    /// Memory for the next one.
    below: Row,
    /// For each column line the corner from which a vertical edge comes down, if one does.
    from_above: Vec<u32>,
}

impl Outline {
    /// Of a raster with that many columns and no row yet. `corners` is memory to use again; what it
    /// holds does not matter.
    pub fn new(columns: usize, corners: Vec<Corner>) -> Self {
        Self {
            corners,
            count: 0,
            meetings: Vec::new(),
            fragments: Fragments::default(),
            line: 0,
            above: Row::new(columns),
            below: Row::new(columns),
            from_above: vec![0; columns + 1],
        }
    }

    /// Number of rows read.
    pub fn rows(&self) -> usize {
        self.line as usize
    }

    /// Reads the next row, and sweeps the line above it.
    ///
    /// # Errors
    /// [`Error::Argument`] if there are more corners than 32 bits can count.
    pub fn read<T: Pixel>(&mut self, row: &[T], cut: Cut<T>) -> Result<()> {
        self.below.read(row, cut);
        self.sweep()
    }

    /// Sweeps the line below the last row. No row may follow.
    ///
    /// # Errors
    /// [`Error::Argument`] if there are more corners than 32 bits can count.
    pub fn end(&mut self) -> Result<()> {
        self.below.clear();
        self.sweep()
    }

    fn sweep(&mut self) -> Result<()> {
        // Room for the most that a line can bring, so that the sweep only has to write.
        let room = self.count + 2 * self.from_above.len();
        corners_fit(room)?;
        if self.corners.len() < room {
            self.corners.resize(2 * room, Corner::default());
        }
        self.count = self.sweep_line();
        self.line += 1;
        std::mem::swap(&mut self.above, &mut self.below);
        Ok(())
    }

    /// Columns where a vertical edge leads on below the last line that was swept.
    pub fn open_edges(&self) -> impl Iterator<Item = usize> {
        let bits = |(k, &word): (usize, &u64)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(k * 64 + bit)
            })
        };
        self.above.edges.iter().enumerate().flat_map(bits)
    }

    /// Corners from which a vertical edge leads on below the last line that was swept.
    pub fn open_corners(&self) -> impl Iterator<Item = Corner> {
        self.open_edges().map(|x| self.corners[self.from_above[x] as usize])
    }

    /// Fragments that can still grow.
    pub fn open_fragments(&self) -> impl Iterator<Item = u32> {
        self.open_corners().map(|corner| corner.fragment)
    }

    /// For each fragment the region that stands for all that are connected by corners: the lowest.
    pub fn groups(&self, root: &[u32]) -> Vec<u32> {
        let mut groups = Fragments::of(root);
        for meeting in &self.meetings {
            let fragments = meeting.corners.map(|k| self.corners[k as usize].fragment);
            let [one, other] = fragments.map(|fragment| groups.find(fragment));
            groups.redirect(one.max(other), one.min(other));
        }
        groups.roots()
    }

    /// Forgets the regions that are not live and numbers the others anew, in order. `root` and
    /// `is_live` are by fragment.
    pub fn keep_live(&mut self, root: &[u32], is_live: &[bool]) {
        let mut fragments = Fragments::default();
        let mut number = vec![0; root.len()];
        for k in (0..root.len()).filter(|&k| is_live[k] && root[k] as usize == k) {
            number[k] = fragments.add();
        }
        for k in (0..root.len()).filter(|&k| is_live[k]) {
            number[k] = number[root[k] as usize];
            fragments.tallies[number[k] as usize].add(&self.fragments.tallies[k]);
        }
        self.fragments = fragments;

        let corners = &mut self.corners[..self.count];
        let stays = |corner: &Corner| is_live[corner.fragment as usize];
        self.meetings
            .retain(|meeting| meeting.corners.iter().all(|&k| stays(&corners[k as usize])));
        let mut place = Vec::with_capacity(corners.len());
        self.count = 0;
        for corner in corners.iter() {
            place.push(self.count as u32);
            self.count += usize::from(stays(corner));
        }
        for k in 0..corners.len() {
            let corner = corners[k];
            if stays(&corner) {
                let (next, fragment) =
                    (place[corner.next as usize], number[corner.fragment as usize]);
                corners[place[k] as usize] = Corner { next, fragment, ..corner };
            }
        }
        for corner in self.meetings.iter_mut().flat_map(|meeting| &mut meeting.corners) {
            *corner = place[*corner as usize];
        }
        let open: Vec<usize> = self.open_edges().collect();
        for x in open {
            self.from_above[x] = place[self.from_above[x] as usize];
        }
    }

    /// Finds the corners on the next line. Returns the number of corners after it.
    fn sweep_line(&mut self) -> usize {
        let Self { corners, count, meetings, fragments, line, above, below, from_above } = self;
        sweep_line(corners, meetings, fragments, from_above, (*count, *line), (above, below))
    }
}

/// Corners are counted in 32 bits.
fn corners_fit(corners: usize) -> Result<()> {
    if corners < u32::MAX as usize {
        return Ok(());
    }
    let wanted = format!("a mask with fewer than {} corners; split it", u32::MAX);
    Err(Error::argument("mask", format!("up to {corners} corners"), wanted))
}

/// A row of pixels.
#[derive(Debug)]
struct Row {
    bits: Vec<u64>,
    /// Bit x is set where pixel x - 1 and pixel x differ: starts and ends of runs in turn.
    edges: Vec<u64>,
}

impl Row {
    fn new(columns: usize) -> Self {
        let words = words_per_row(columns);
        Self { bits: vec![0; words], edges: vec![0; words] }
    }

    fn read<T: Pixel>(&mut self, row: &[T], cut: Cut<T>) {
        pack(row, cut, &mut self.bits);
        let mut carry = 0;
        for (edges, &bits) in self.edges.iter_mut().zip(&self.bits) {
            *edges = bits ^ (bits << 1 | carry);
            carry = bits >> 63;
        }
    }

    fn clear(&mut self) {
        self.bits.fill(0);
        self.edges.fill(0);
    }
}

/// What is known of the runs of one row while a sweep goes along it.
#[derive(Clone, Copy)]
struct Runs {
    /// The last edge in the words before this one.
    last_edge: u32,
    /// The start of a run that was a corner on this line, and its fragment.
    met: (u32, u32),
}

impl Runs {
    const NONE: Self = Self { last_edge: 0, met: (u32::MAX, 0) };

    /// Fragment of the run that holds the pixel left of a point, in word `k` of the edges.
    fn fragment(&self, edges: u64, k: usize, point: u64, line: &Line<'_>) -> u32 {
        let before = edges & (point - 1);
        let start = if before == 0 { self.last_edge } else { last_bit(before, k) };
        // A start that is no corner lies on an edge that runs straight through.
        if self.met.0 == start { self.met.1 } else { line.fragment_of_edge(start) }
    }

    fn end_word(&mut self, edges: u64, k: usize) {
        if edges != 0 {
            self.last_edge = last_bit(edges, k);
        }
    }
}

fn last_bit(word: u64, k: usize) -> u32 {
    k as u32 * 64 + 63 - word.leading_zeros()
}

/// Finds the corners on line `y` between two rows. `from_above` holds for each column line the
/// corner from which a vertical edge comes down; `count` is the number of corners before and,
/// returned, after.
fn sweep_line(
    corners: &mut [Corner],
    meetings: &mut Vec<Meeting>,
    fragments: &mut Fragments,
    from_above: &mut [u32],
    (count, y): (usize, u32),
    (above, below): (&Row, &Row),
) -> usize {
    let mut line = Line { corners, from_above, count, from_left: 0, y };
    let (mut runs_above, mut runs_below) = (Runs::NONE, Runs::NONE);
    let words = above.edges.iter().zip(&below.edges).zip(above.bits.iter().zip(&below.bits));
    for (k, ((&up_edges, &down_edges), (&up_bits, &down_bits))) in words.enumerate() {
        let crosswise = up_edges & down_edges & (up_bits ^ down_bits);
        let mut points = up_edges ^ down_edges | crosswise;
        while points != 0 {
            let point = points & points.wrapping_neg();
            points ^= point;
            let x = k as u32 * 64 + point.trailing_zeros();
            let (up, down) = (up_edges & point != 0, down_edges & point != 0);
            let (b, d) = (up_bits & point != 0, down_bits & point != 0);
            let (a, c) = (b ^ up, d ^ down);
            if up != down {
                let fragment = if up {
                    let fragment = line.fragment_of_edge(x);
                    if b {
                        runs_above.met = (x, fragment);
                    }
                    if b && d {
                        let run = runs_below.fragment(down_edges, k, point, &line);
                        if run != fragment {
                            fragments.redirect(fragment, run);
                        }
                    }
                    fragment
                } else if d {
                    let fragment = if b {
                        runs_above.fragment(up_edges, k, point, &line)
                    } else {
                        fragments.add()
                    };
                    runs_below.met = (x, fragment);
                    fragment
                } else {
                    runs_below.fragment(down_edges, k, point, &line)
                };
                // One pixel of the four is set, or three are.
                let convex = !(a & b | c & d);
                let tally = &mut fragments.tallies[fragment as usize];
                tally.add_corner(convex, y);
                let corner = line.corner(x, fragment);
                if up {
                    tally.add_edge(x, line.end_vertical(x, b, corner), b);
                } else {
                    line.from_above[x as usize] = corner;
                }
                if a != c {
                    line.end_horizontal(a, corner);
                }
                line.from_left = corner;
            } else {
                // The edge from above belongs to pixel a or b, the edge below to the other's
                // opposite: to d, where a run begins, or to c, where one ends.
                let of_upper = line.fragment_of_edge(x);
                let of_lower = if d {
                    let fragment = fragments.add();
                    runs_below.met = (x, fragment);
                    fragment
                } else {
                    runs_above.met = (x, of_upper);
                    runs_below.fragment(down_edges, k, point, &line)
                };
                let upper = line.corner(x, of_upper);
                let lower = line.corner(x, of_lower);
                let tally = &mut fragments.tallies[of_upper as usize];
                tally.add_corner(true, y);
                tally.add_edge(x, line.end_vertical(x, b, upper), b);
                fragments.tallies[of_lower as usize].add_corner(true, y);
                line.from_above[x as usize] = lower;
                // The edge from the left belongs to the pixel on the left, a or c; the edge to the
                // right to the other one.
                line.end_horizontal(a, if a { upper } else { lower });
                line.from_left = if a { lower } else { upper };
                meetings.push(Meeting { corners: [upper, lower] });
            }
        }
        runs_above.end_word(up_edges, k);
        runs_below.end_word(down_edges, k);
    }
    line.count
}

/// The corners, as the sweep of one line adds to them.
struct Line<'a> {
    corners: &'a mut [Corner],
    from_above: &'a mut [u32],
    count: usize,
    /// The corner from which a horizontal edge comes.
    from_left: u32,
    y: u32,
}

impl Line<'_> {
    fn corner(&mut self, x: u32, fragment: u32) -> u32 {
        let number = self.count as u32;
        self.corners[self.count] = Corner { x, y: self.y, next: number, fragment };
        self.count += 1;
        number
    }

    /// Fragment of the vertical edge that comes down at `x`.
    fn fragment_of_edge(&self, x: u32) -> u32 {
        self.corners[self.from_above[x as usize] as usize].fragment
    }

    /// Ends the edge from above; it runs down if the pixel on its right is set. Returns its length.
    fn end_vertical(&mut self, x: u32, right_is_set: bool, corner: u32) -> u32 {
        let other = self.from_above[x as usize];
        let (from, to) = if right_is_set { (other, corner) } else { (corner, other) };
        self.corners[from as usize].next = to;
        self.y - self.corners[other as usize].y
    }

    /// Ends the edge from the left; it runs right if the pixel above it is set.
    fn end_horizontal(&mut self, above_is_set: bool, corner: u32) {
        let other = self.from_left;
        let (from, to) = if above_is_set { (other, corner) } else { (corner, other) };
        self.corners[from as usize].next = to;
    }
}
