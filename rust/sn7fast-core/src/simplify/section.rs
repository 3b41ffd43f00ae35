//! Douglas-Peucker on the rings of one footprint, which see each other.

use super::crossing::{Rect, Segment, is_crossed_oddly};
use super::index::BoxIndex;
use crate::footprints::{Builder, FootprintRef, Point};

/// Points that a ring keeps, the closing one counted.
const MIN_POINTS: usize = 4;

/// A segment of the footprint in its present state.
#[derive(Clone, Copy, Debug)]
struct Piece {
    segment: Segment,
    /// False once a chord took its place.
    is_there: bool,
}

/// Simplifies one footprint after the other, and keeps its memory.
#[derive(Debug)]
pub(super) struct Simplifier {
    tolerance: f64,
    /// First those of the input, ring after ring, then the chords.
    pieces: Vec<Piece>,
    input_count: usize,
    pieces_index: BoxIndex,
    /// A point of each ring, to see whether a chord jumps over it: the second one before the ring
    /// is simplified, the first one after. GEOS takes these, and with rings that touch it shows.
    ring_points: Vec<Point>,
    ring_points_index: BoxIndex,
    /// Pieces of the ring in work that are final, in order.
    result: Vec<usize>,
    /// Sections still to do, the next one last: first and last point, depth of splitting.
    sections: Vec<(usize, usize, usize)>,
}

/// The ring in work.
#[derive(Clone, Copy)]
struct Ring<'a> {
    points: &'a [Point],
    /// Number among the rings of the footprint.
    number: usize,
    /// Its first piece.
    start: usize,
}

impl Simplifier {
    pub(super) fn new(tolerance: f64) -> Self {
        Self {
            tolerance,
            pieces: Vec::new(),
            input_count: 0,
            pieces_index: BoxIndex::default(),
            ring_points: Vec::new(),
            ring_points_index: BoxIndex::default(),
            result: Vec::new(),
            sections: Vec::new(),
        }
    }

    /// Adds the simplified footprint to `out`.
    pub(super) fn footprint(&mut self, footprint: &FootprintRef<'_>, out: &mut Builder) {
        self.load(footprint);
        let (mut number, mut start) = (0, 0);
        for polygon in footprint.polygons() {
            for points in polygon {
                self.ring(Ring { points, number, start });
                number += 1;
                start += points.len() - 1;
                let segments = self.result.iter().map(|&piece| self.pieces[piece].segment);
                let first = segments.clone().map(|segment| segment.0).take(1);
                out.ring(first.chain(segments.map(|segment| segment.1)));
            }
            out.end_polygon();
        }
        out.end_footprint();
    }

    fn load(&mut self, footprint: &FootprintRef<'_>) {
        self.pieces.clear();
        self.ring_points.clear();
        for (_, ring) in footprint.rings() {
            let segments = ring.windows(2).map(|w| Segment(w[0], w[1]));
            self.pieces.extend(segments.map(|segment| Piece { segment, is_there: true }));
            self.ring_points.push(ring[1]);
        }
        self.input_count = self.pieces.len();
        let extent = Rect::around(footprint.points());
        self.pieces_index.reset(self.pieces.len(), extent);
        for (k, piece) in self.pieces.iter().enumerate() {
            self.pieces_index.add(k as u32, piece.segment.rect());
        }
        self.ring_points_index.reset(self.ring_points.len(), extent);
        for (k, &point) in self.ring_points.iter().enumerate() {
            self.ring_points_index.add(k as u32, Rect::around(&[point]));
        }
    }

    /// Leaves the pieces that the ring becomes in `result`.
    fn ring(&mut self, ring: Ring<'_>) {
        self.result.clear();
        self.sections.clear();
        self.sections.push((0, ring.points.len() - 1, 1));
        while let Some((first, last, depth)) = self.sections.pop() {
            if first + 1 == last {
                self.result.push(ring.start + first);
                continue;
            }
            let chord = Segment(ring.points[first], ring.points[last]);
            let (farthest, distance) = farthest_from(&chord, ring.points, first, last);
            let enough_points = self.point_count() >= MIN_POINTS || depth + 1 >= MIN_POINTS;
            if enough_points
                && distance <= self.tolerance
                && !self.conflicts(&chord, ring.start + first..ring.start + last)
                && !self.jumps(&chord, &ring.points[first..=last], ring.number)
            {
                for piece in &mut self.pieces[ring.start + first..ring.start + last] {
                    piece.is_there = false;
                }
                let chord = self.add(chord);
                self.result.push(chord);
            } else {
                self.sections.push((farthest, last, depth + 1));
                self.sections.push((first, farthest, depth + 1));
            }
        }
        self.start_vertex(ring);
        if let Some(&first) = self.result.first() {
            let point = self.pieces[first].segment.0;
            self.ring_points[ring.number] = point;
            self.ring_points_index.add(ring.number as u32, Rect::around(&[point]));
        }
    }

    /// Takes the start vertex out of the ring if that is allowed.
    fn start_vertex(&mut self, ring: Ring<'_>) {
        let (Some(&first), Some(&last)) = (self.result.first(), self.result.last()) else { return };
        if self.point_count() <= MIN_POINTS {
            return;
        }
        let [Segment(vertex, after), Segment(before, _)] =
            [first, last].map(|k| self.pieces[k].segment);
        let chord = Segment(before, after);
        if chord.distance(vertex) > self.tolerance {
            return;
        }
        // In line with its neighbours the vertex makes no difference, and the pieces that end
        // there would be in the way of the chord.
        let is_free = chord.is_in_line_with(vertex)
            || !self.conflicts(&chord, 0..0)
                && !self.jumps(&chord, &[before, vertex, after], ring.number);
        if is_free {
            // GEOS keeps segments of the input in the way here, and so do we: they can only forbid
            // a chord of a later ring, never allow one.
            for piece in [first, last] {
                self.pieces[piece].is_there = piece < self.input_count;
            }
            let chord = self.add(chord);
            self.result.pop();
            self.result[0] = chord;
        }
    }

    /// Points of the ring in work that are final so far.
    fn point_count(&self) -> usize {
        if self.result.is_empty() { 0 } else { self.result.len() + 1 }
    }

    fn add(&mut self, chord: Segment) -> usize {
        let piece = self.pieces.len();
        self.pieces.push(Piece { segment: chord, is_there: true });
        self.pieces_index.add(piece as u32, chord.rect());
        piece
    }

    /// True if the chord conflicts with a piece outside the section that it would replace.
    fn conflicts(&self, chord: &Segment, section: std::ops::Range<usize>) -> bool {
        self.pieces_index.any(chord.rect(), |k| {
            let piece = &self.pieces[k];
            piece.is_there && !section.contains(&k) && chord.conflicts(&piece.segment)
        })
    }

    /// True if another ring lies between the section and its chord.
    fn jumps(&self, chord: &Segment, section: &[Point], number: usize) -> bool {
        if self.ring_points.len() == 1 {
            return false;
        }
        let rect = Rect::around(section);
        self.ring_points_index.any(rect, |k| {
            let p = self.ring_points[k];
            k != number
                && rect.contains(p)
                && is_crossed_oddly(section, p) != is_crossed_oddly(&[chord.0, chord.1], p)
        })
    }
}

/// The first of the farthest points from the chord between `first` and `last`, and its distance.
fn farthest_from(chord: &Segment, points: &[Point], first: usize, last: usize) -> (usize, f64) {
    let (mut farthest, mut largest) = (first, -1.0);
    for (k, &point) in points.iter().enumerate().take(last).skip(first + 1) {
        let distance = chord.distance(point);
        if distance > largest {
            (farthest, largest) = (k, distance);
        }
    }
    (farthest, largest)
}
