//! Simplification: what must hold for every footprint.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use sn7fast_core::footprints::Builder;
use sn7fast_core::simplify::simplify;
use sn7fast_core::{Cancel, Footprints, Point};

fn run(footprints: &Footprints, tolerance: f64) -> Footprints {
    simplify(footprints.view(), tolerance, &Cancel::new()).unwrap()
}

/// Outline of the cells below a skyline of whole numbers, with a hole in the first wide block.
fn skyline(heights: &[u32], steps: u32) -> Footprints {
    let mut ring: Vec<Point> = vec![[0.0, 0.0]];
    for (k, &height) in heights.iter().enumerate() {
        let (x, y) = (k as f64, f64::from(height));
        ring.extend([[x, y], [x + 1.0, y]]);
    }
    ring.extend([[heights.len() as f64, 0.0], [0.0, 0.0]]);
    ring.dedup();
    let mut builder = Builder::new();
    builder.ring(ring);
    // A stair of a hole close under the skyline.
    let low = f64::from(*heights.iter().min().unwrap());
    let mut hole: Vec<Point> = Vec::new();
    for k in 0..steps {
        let (x, y) = (0.25 + f64::from(k) * 0.5, low - 0.5 - f64::from(k % 2) * 0.25);
        hole.extend([[x, y], [x + 0.5, y]]);
    }
    if steps > 0 && 0.5 * f64::from(steps) + 0.5 < heights.len() as f64 {
        hole.push([0.25 + 0.5 * f64::from(steps), 0.25]);
        hole.push([0.25, 0.25]);
        hole.push(hole[0]);
        builder.ring(hole);
    }
    builder.end_polygon();
    builder.end_footprint();
    builder.finish().unwrap()
}

fn cross(a: Point, b: Point, c: Point) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Segments that share more than ends, for coordinates small enough for plain arithmetic.
fn conflicts(a: [Point; 2], b: [Point; 2]) -> bool {
    let proper = cross(a[0], a[1], b[0]) * cross(a[0], a[1], b[1]) < 0.0
        && cross(b[0], b[1], a[0]) * cross(b[0], b[1], a[1]) < 0.0;
    let inside = |s: [Point; 2], p: Point| {
        s[0] != p
            && s[1] != p
            && cross(s[0], s[1], p) == 0.0
            && (0..2).all(|k| s[0][k].min(s[1][k]) <= p[k] && p[k] <= s[0][k].max(s[1][k]))
    };
    proper || b.iter().any(|&p| inside(a, p)) || a.iter().any(|&p| inside(b, p))
}

fn segments(set: &Footprints) -> Vec<[Point; 2]> {
    let view = set.view();
    let rings = view.iter().flat_map(|footprint| footprint.rings().collect::<Vec<_>>());
    rings.flat_map(|(_, ring)| ring.windows(2).map(|w| [w[0], w[1]]).collect::<Vec<_>>()).collect()
}

proptest! {
    #[test]
    fn rings_stay_simple_and_apart(
        heights in proptest::collection::vec(3..9u32, 3..60), steps in 0..70u32,
        tolerance in prop_oneof![Just(0.0), Just(0.5), Just(1.0), 0.0..20.0f64],
    ) {
        let before = skyline(&heights, steps);
        let after = run(&before, tolerance);
        prop_assert_eq!(after.ring_offsets.len(), before.ring_offsets.len());
        prop_assert!(sn7fast_core::FootprintsRef::try_new(
            "after", &after.coords, &after.ring_offsets, &after.polygon_offsets, None).is_ok());
        let all = segments(&after);
        for (k, &a) in all.iter().enumerate() {
            for &b in &all[..k] {
                prop_assert!(!conflicts(a, b), "{:?} and {:?}", a, b);
            }
        }
    }

    #[test]
    fn kept_vertices_stay_and_keep_their_order(
        heights in proptest::collection::vec(3..9u32, 3..60), tolerance in 0.0..4.0f64,
    ) {
        let before = skyline(&heights, 0);
        let after = run(&before, tolerance);
        let position = |p: &Point| before.coords.iter().position(|q| p == q);
        let kept: Option<Vec<usize>> = after.coords[..after.coords.len() - 1].iter().map(position).collect();
        let mut kept = kept.expect("a vertex moved");
        // The ring may start anywhere; from its smallest member on the order is that of the input.
        let start = (0..kept.len()).min_by_key(|&k| kept[k]).unwrap();
        kept.rotate_left(start);
        prop_assert!(kept.windows(2).all(|w| w[0] < w[1]), "{:?}", kept);
    }

    #[test]
    fn what_is_left_out_lies_near(
        heights in proptest::collection::vec(3..9u32, 3..60), tolerance in 0.0..4.0f64,
    ) {
        let before = skyline(&heights, 0);
        let after = segments(&run(&before, tolerance));
        for &p in &before.coords {
            let near = after.iter().map(|&[a, b]| {
                let d = [b[0] - a[0], b[1] - a[1]];
                let t = ((p[0] - a[0]) * d[0] + (p[1] - a[1]) * d[1]) / (d[0] * d[0] + d[1] * d[1]);
                let t = t.clamp(0.0, 1.0);
                (a[0] + t * d[0] - p[0]).hypot(a[1] + t * d[1] - p[1])
            });
            // The start vertex goes last, next to chords that may have left others out before.
            prop_assert!(near.fold(f64::INFINITY, f64::min) <= 2.0 * tolerance + 1e-9);
        }
    }
}

#[test]
fn footprints_keep_their_places() {
    // More than one chunk, with an empty footprint and a multipolygon among them.
    let mut builder = Builder::new();
    for k in 0..1000 {
        let (x, copies) = (f64::from(k) * 3.0, if k == 700 { 2 } else { 1 });
        for copy in 0..copies {
            if k != 500 {
                let y = f64::from(copy) * 5.0;
                builder.ring([
                    [x, y],
                    [x + 1.0, y],
                    [x + 2.0, y],
                    [x + 2.0, y + 2.0],
                    [x, y + 2.0],
                    [x, y],
                ]);
            }
            builder.end_polygon();
        }
        builder.end_footprint();
    }
    let before = builder.finish().unwrap();
    let after = run(&before, 0.0);
    assert_eq!(after.footprint_offsets, before.footprint_offsets);
    assert_eq!(after.polygon_offsets, before.polygon_offsets);
    assert_eq!(after.coords.len(), 1000 * 5);
    let areas = |set: &Footprints| sn7fast_core::geom::areas(set.view());
    assert_eq!(areas(&after), areas(&before));
}

#[test]
fn tolerance_must_be_a_distance() {
    let none = Footprints::default();
    for bad in [-0.1, f64::NAN, f64::NEG_INFINITY] {
        let text = simplify(none.view(), bad, &Cancel::new()).unwrap_err().to_string();
        assert!(text.starts_with("tolerance: got "), "{text}");
    }
    assert!(run(&none, f64::INFINITY).is_empty());
}

#[test]
fn deep_splitting_needs_no_deep_stack() {
    // A spiral of ever smaller steps splits off one vertex at a time.
    let mut ring: Vec<Point> =
        (0..20_000).map(|k| [f64::from(k), 1e8 / f64::from(k + 1)]).collect();
    ring.push([20_000.0, -1.0]);
    ring.push(ring[0]);
    let mut builder = Builder::new();
    builder.ring(ring);
    builder.end_polygon();
    builder.end_footprint();
    let before = builder.finish().unwrap();
    assert!(run(&before, 1e-6).coords.len() > 10_000);
}
