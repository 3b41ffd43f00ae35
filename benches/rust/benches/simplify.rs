//! Fewer vertices for the footprints of a frame.
#![allow(clippy::expect_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use sn7fast_benches::frames::{SIZE, all};
use sn7fast_benches::pools;
use sn7fast_core::Cancel;
use sn7fast_core::footprints::Footprints;
use sn7fast_core::geom::is_valid;
use sn7fast_core::mask::{Options, polygonize};
use sn7fast_core::simplify::simplify;
use std::hint::black_box;

const TOLERANCE_PX: f64 = 1.0;

/// Still valid, and made of vertices that were there.
fn check(found: &Footprints, given: &Footprints) {
    assert_eq!(found.len(), given.len());
    assert!(found.coords.len() < given.coords.len());
    for (after, before) in found.view().iter().zip(given.view().iter()) {
        assert!(is_valid(&after));
        assert!(after.points().iter().all(|point| before.points().contains(point)));
    }
}

fn benches(c: &mut Criterion) {
    let cancel = Cancel::new();
    for frames in all() {
        // Predictions have ragged outlines.
        let [_, frame] = frames.last();
        let given = polygonize(frame, [SIZE, SIZE], &Options::default()).expect("a mask");
        let run = || simplify(given.view(), TOLERANCE_PX, &cancel).expect("a tolerance");
        check(&run(), &given);
        let mut group = c.benchmark_group(format!("simplify {}", frames.name));
        for (name, pool) in pools() {
            let id = format!("{} points, {name}", given.coords.len());
            group.bench_function(id, |b| b.iter(|| pool.install(|| black_box(run()))));
        }
    }
}

criterion_group! {
    name = simplifying;
    config = Criterion::default().sample_size(30);
    targets = benches
}
criterion_main!(simplifying);
