//! Does a footprint meet a disc?

use super::segments::{Meeting, Segment, meet};
use crate::footprints::{FootprintRef, Point};
use std::f64::consts::{FRAC_PI_2, TAU};

/// As GEOS draws the buffer of a point.
const SEGMENTS_PER_QUARTER: usize = 16;

/// True if the region shares a point with the disc, drawn with 64 corners as GEOS does.
pub fn meets_disc(footprint: &FootprintRef<'_>, centre: Point, radius: f64) -> bool {
    let nearest = distance(footprint, centre);
    // The corners lie on the circle; the middles of the sides are nearer to the centre. Only
    // between the two does the outline decide.
    let side = FRAC_PI_2 / SEGMENTS_PER_QUARTER as f64;
    let inner = radius * (side / 2.0).cos();
    if nearest <= inner * (1.0 - 1e-12) {
        return true;
    }
    if nearest > radius * (1.0 + 1e-12) {
        return false;
    }
    let corner = |k: usize| {
        let (sin, cos) = (TAU * k as f64 / (4 * SEGMENTS_PER_QUARTER) as f64).sin_cos();
        [centre[0] + radius * cos, centre[1] + radius * sin]
    };
    let sides = (0..4 * SEGMENTS_PER_QUARTER).map(|k| [corner(k), corner(k + 1)]);
    let mut sides: Vec<Segment> = sides.collect();
    if let [first, .., last] = &mut sides[..] {
        last[1] = first[0];
    }
    segments(footprint).any(|s| sides.iter().any(|&t| meet(s, t) != Meeting::Apart))
}

/// Distance of a point from the region: 0 inside, infinite if it is empty.
fn distance(footprint: &FootprintRef<'_>, p: Point) -> f64 {
    let (mut nearest, mut is_inside) = (f64::INFINITY, false);
    for [a, b] in segments(footprint) {
        nearest = nearest.min(distance_to_segment(p, a, b));
        if (a[1] > p[1]) != (b[1] > p[1]) {
            let x = a[0] + (p[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0]);
            is_inside ^= x > p[0];
        }
    }
    if is_inside { 0.0 } else { nearest }
}

fn distance_to_segment(p: Point, a: Point, b: Point) -> f64 {
    let (along, to) = ([b[0] - a[0], b[1] - a[1]], [p[0] - a[0], p[1] - a[1]]);
    let squared = along[0] * along[0] + along[1] * along[1];
    let share = if squared > 0.0 { (to[0] * along[0] + to[1] * along[1]) / squared } else { 0.0 };
    let t = share.clamp(0.0, 1.0);
    (to[0] - t * along[0]).hypot(to[1] - t * along[1])
}

fn segments<'a>(footprint: &FootprintRef<'a>) -> impl Iterator<Item = Segment> + use<'a> {
    footprint.rings().flat_map(|(_, ring)| ring.windows(2).map(|w| [w[0], w[1]]))
}
