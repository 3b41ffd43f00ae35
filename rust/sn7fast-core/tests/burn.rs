//! Burning held against pixel-by-pixel and distance-by-distance answers.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use sn7fast_core::burn::{BoundaryType, Channel, Shape, TrainingMask, rasterize, training_mask};
use sn7fast_core::footprints::Builder;
use sn7fast_core::{Cancel, Footprints, Point};

/// Footprints of one polygon each, by their rings without the closing point.
fn footprints(polygons: &[Vec<Vec<Point>>]) -> Footprints {
    let mut builder = Builder::new();
    for rings in polygons {
        for ring in rings {
            builder.ring(ring.iter().chain(ring.first()).copied());
        }
        builder.end_polygon();
        builder.end_footprint();
    }
    builder.finish().unwrap()
}

fn burn(footprints: &Footprints, rows: usize, cols: usize) -> Vec<u8> {
    let shape = Shape::try_new([rows, cols]).unwrap();
    rasterize(footprints.view(), shape, 255, &Cancel::new()).unwrap()
}

fn burn_channel(
    footprints: &Footprints,
    shape: [usize; 2],
    change: impl Fn(&mut TrainingMask),
) -> Vec<u8> {
    let mut mask = TrainingMask {
        shape: Shape::try_new(shape).unwrap(),
        channels: vec![Channel::Contact],
        boundary_width: 3,
        boundary_type: BoundaryType::Inner,
        per_building_boundary: false,
        contact_spacing_px: 10.0,
        value: 1,
    };
    change(&mut mask);
    training_mask(footprints.view(), &mask, &Cancel::new()).unwrap()
}

/// Corners on columns of centres as often as can be, and between rows of centres: horizontal edges
/// through centres go by a rule of their own.
fn corner() -> impl Strategy<Value = Point> {
    (-6..40i32, -6..40i32).prop_map(|(x, y)| [f64::from(x) / 2.0, f64::from(y) / 2.0 + 0.25])
}

fn ring() -> impl Strategy<Value = Vec<Point>> {
    proptest::collection::vec(corner(), 3..9)
}

/// Even-odd rule by the column at which each crossing starts to count.
fn is_in(rings: &[Vec<Point>], row: usize, col: usize) -> bool {
    let y = row as f64 + 0.5;
    let mut inside = false;
    for ring in rings {
        for (k, &a) in ring.iter().enumerate() {
            let b = ring[(k + 1) % ring.len()];
            let (low, high) = if a[1] < b[1] { (a, b) } else { (b, a) };
            if low[1] <= y && y < high[1] {
                let cross = (y - low[1]) * (high[0] - low[0]) / (high[1] - low[1]) + low[0];
                inside ^= (cross + 0.5).floor() <= col as f64;
            }
        }
    }
    inside
}

/// Distance of a point from the nearest edge.
fn distance(ring: &[Point], p: Point) -> f64 {
    let to_edge = |k: usize| {
        let (a, b) = (ring[k], ring[(k + 1) % ring.len()]);
        let d = [b[0] - a[0], b[1] - a[1]];
        let squared = d[0] * d[0] + d[1] * d[1];
        let t = if squared > 0.0 {
            ((p[0] - a[0]) * d[0] + (p[1] - a[1]) * d[1]) / squared
        } else {
            0.0
        };
        let t = t.clamp(0.0, 1.0);
        (a[0] + t * d[0] - p[0]).hypot(a[1] + t * d[1] - p[1])
    };
    (0..ring.len()).map(to_edge).fold(f64::INFINITY, f64::min)
}

/// A simple ring: corners at growing angles around a centre.
fn star() -> impl Strategy<Value = Vec<Point>> {
    let spoke = proptest::collection::vec(1.0..7.0f64, 3..9);
    ((2.0..28.0f64, 2.0..28.0f64), spoke, any::<bool>()).prop_map(|((x, y), spokes, backwards)| {
        let step = std::f64::consts::TAU / spokes.len() as f64;
        let at = |(k, r): (usize, &f64)| {
            let (sin, cos) = (k as f64 * step).sin_cos();
            [x + r * cos, y + r * sin]
        };
        let mut ring: Vec<Point> = spokes.iter().enumerate().map(at).collect();
        if backwards {
            ring.reverse();
        }
        ring
    })
}

proptest! {
    #[test]
    fn a_pixel_is_set_if_its_centre_is_in_some_polygon(
        polygons in proptest::collection::vec(proptest::collection::vec(ring(), 1..3), 0..5),
        rows in 1..18usize, cols in 1..18usize,
    ) {
        let got = burn(&footprints(&polygons), rows, cols);
        for row in 0..rows {
            for col in 0..cols {
                let want = polygons.iter().any(|rings| is_in(rings, row, col));
                prop_assert_eq!(got[row * cols + col] > 0, want, "row {} column {}", row, col);
            }
        }
    }

    #[test]
    fn far_corners_do_not_matter(ring in ring(), shift in -1e9..1e9f64) {
        // Burning costs the image's rows, not the polygon's: this ends at once, and what lies
        // beyond the image does not show.
        let mut far = ring.clone();
        for p in &mut far {
            p[1] = if p[1] > 10.0 { 1e9 } else { p[1] };
            p[0] = if p[0] > 10.0 { shift } else { p[0] };
        }
        let got = burn(&footprints(&[vec![far.clone()]]), 8, 8);
        for (k, &pixel) in got.iter().enumerate() {
            let rings = std::slice::from_ref(&far);
            prop_assert_eq!(pixel > 0, is_in(rings, k / 8, k % 8));
        }
    }

    #[test]
    fn contact_lies_between_true_circles_and_their_polygons(
        a in star(), b in star(), spacing in 0.5..16.0f64,
    ) {
        let set = footprints(&[vec![a.clone()], vec![b.clone()]]);
        let got = burn_channel(&set, [30, 30], |mask| mask.contact_spacing_px = spacing);
        let radius = spacing / 2.0;
        // Chords of the 16 segments of a quarter circle lie at most so much inside.
        let inner = radius * (std::f64::consts::PI / 64.0).cos();
        for (k, &pixel) in got.iter().enumerate() {
            let (row, col) = (k / 30, k % 30);
            let p = [col as f64 + 0.5, row as f64 + 0.5];
            let inside = is_in(std::slice::from_ref(&a), row, col) || is_in(std::slice::from_ref(&b), row, col);
            let reach = distance(&a, p).max(distance(&b, p));
            if inside || reach > radius + 1e-9 {
                prop_assert_eq!(pixel, 0, "row {} column {}", row, col);
            } else if reach < inner - 1e-9 {
                prop_assert_eq!(pixel, 1, "row {} column {}", row, col);
            }
        }
    }

    #[test]
    fn boundaries_of_buildings_alone_add_up(
        polygons in proptest::collection::vec(star(), 0..6), width in 1..7usize, outer in any::<bool>(),
    ) {
        let set = |mask: &mut TrainingMask| {
            mask.channels = vec![Channel::Boundary];
            mask.boundary_width = width;
            mask.boundary_type = if outer { BoundaryType::Outer } else { BoundaryType::Inner };
        };
        let rings: Vec<_> = polygons.iter().map(|ring| vec![ring.clone()]).collect();
        let got = burn_channel(&footprints(&rings), [30, 30], |mask| {
            set(mask);
            mask.per_building_boundary = true;
        });
        let mut want = vec![0; 900];
        for ring in rings {
            let one = burn_channel(&footprints(&[ring]), [30, 30], set);
            want.iter_mut().zip(one).for_each(|(w, o)| *w |= o);
        }
        prop_assert_eq!(got, want);
    }
}

#[test]
fn horizontal_edges_through_centres() {
    let square = |low: f64, high: f64| vec![[low, low], [high, low], [high, high], [low, high]];
    let turned = |mut ring: Vec<Point>| {
        ring.reverse();
        ring
    };
    for hole in [square(2.5, 4.5), turned(square(2.5, 4.5))] {
        for outer in [square(0.5, 6.5), turned(square(0.5, 6.5))] {
            let got = burn(&footprints(&[vec![outer, hole.clone()]]), 8, 8);
            let set = |row: usize, col: usize| got[row * 8 + col] > 0;
            // Outer ring: top in, bottom out, left out, right in. Hole: both top and bottom in.
            let rows: Vec<usize> = (0..8).filter(|&row| set(row, 1)).collect();
            assert_eq!(rows, [0, 1, 2, 3, 4, 5]);
            let cols: Vec<usize> = (0..8).filter(|&col| set(5, col)).collect();
            assert_eq!(cols, [1, 2, 3, 4, 5, 6]);
            let empty: Vec<(usize, usize)> =
                (0..36).map(|k| (k / 6, k % 6 + 1)).filter(|&(row, col)| !set(row, col)).collect();
            assert_eq!(empty, [(3, 3), (3, 4)]);
        }
    }
}

#[test]
fn more_crossings_than_are_held_at_once() {
    // A comb of 6000 teeth over 900 rows: 10.8 million crossings.
    let mut comb = vec![[0.0, 900.0]];
    for tooth in 0..6000 {
        let x = f64::from(tooth);
        comb.extend([[x, 0.0], [x + 0.5, 0.0], [x + 0.75, 899.0], [x + 1.0, 899.0]]);
    }
    comb.push([6000.0, 900.0]);
    let got = burn(&footprints(&[vec![comb.clone()]]), 900, 50);
    for row in [0, 1, 449, 450, 451, 898, 899] {
        for col in 0..50 {
            let want = is_in(std::slice::from_ref(&comb), row, col);
            assert_eq!(got[row * 50 + col] > 0, want, "row {row} column {col}");
        }
    }
}

#[test]
fn threads_do_not_show() {
    let ring = |k: u32| {
        let (x, y) = (f64::from(k % 61) * 5.03, f64::from(k / 61) * 4.71);
        vec![vec![[x, y], [x + 3.3, y + 0.4], [x + 4.1, y + 3.9], [x - 0.2, y + 3.1]]]
    };
    let polygons: Vec<_> = (0..4000).map(ring).collect();
    let set = footprints(&polygons);
    let all = |mask: &mut TrainingMask| {
        mask.channels = vec![Channel::Footprint, Channel::Boundary, Channel::Contact];
    };
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| burn_channel(&set, [301, 307], all))
    };
    let one = on(1);
    assert!(one.iter().any(|&p| p > 0));
    assert!([2, 3, 8].iter().all(|&threads| on(threads) == one));
}

#[test]
fn settings_out_of_range_are_refused() {
    let set = footprints(&[]);
    let shape = Shape::try_new([4, 4]).unwrap();
    let good = TrainingMask {
        shape,
        channels: vec![Channel::Footprint],
        boundary_width: 3,
        boundary_type: BoundaryType::Inner,
        per_building_boundary: false,
        contact_spacing_px: 10.0,
        value: 255,
    };
    let refused = |mask: TrainingMask| {
        training_mask(set.view(), &mask, &Cancel::new()).unwrap_err().to_string()
    };
    assert!(refused(TrainingMask { channels: vec![], ..good.clone() }).starts_with("channels: "));
    assert!(
        refused(TrainingMask { boundary_width: 0, ..good.clone() }).starts_with("boundary_width: ")
    );
    assert!(refused(TrainingMask { value: 0, ..good.clone() }).starts_with("value: "));
    for spacing in [-1.0, f64::NAN, f64::INFINITY] {
        let text = refused(TrainingMask { contact_spacing_px: spacing, ..good.clone() });
        assert!(text.starts_with("contact_spacing_px: "), "{text}");
    }
    for bad in [[0, 4], [4, 0], [1 << 31, 4]] {
        assert!(Shape::try_new(bad).unwrap_err().to_string().starts_with("shape_yx: "));
    }
    let cancel = Cancel::new();
    cancel.cancel();
    assert!(matches!(
        rasterize(
            footprints(&[vec![vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]]]).view(),
            shape,
            1,
            &cancel
        ),
        Err(sn7fast_core::Error::Cancelled)
    ));
}
