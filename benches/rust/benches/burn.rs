//! Footprints back to pixels, and training masks.
#![allow(clippy::expect_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use sn7fast_benches::frames::{SIZE, all};
use sn7fast_benches::pools;
use sn7fast_core::Cancel;
use sn7fast_core::burn::{BoundaryType, Channel, Shape, TrainingMask, rasterize, training_mask};
use sn7fast_core::mask::{Options, polygonize};
use std::hint::black_box;

fn benches(c: &mut Criterion) {
    let cancel = Cancel::new();
    let shape = Shape::try_new([SIZE, SIZE]).expect("a size");
    let mask = TrainingMask {
        shape,
        channels: vec![Channel::Footprint, Channel::Boundary, Channel::Contact],
        boundary_width: 3,
        boundary_type: BoundaryType::Inner,
        per_building_boundary: false,
        contact_spacing_px: 10.0,
        value: 255,
    };
    for frames in all() {
        let [frame, _] = frames.last();
        let footprints = polygonize(frame, [SIZE, SIZE], &Options::default()).expect("a mask");
        let view = footprints.view();
        let burn = || rasterize(view, shape, 255, &cancel).expect("an image");
        let train = || training_mask(view, &mask, &cancel).expect("an image");
        assert!(burn() == frame, "rasterize does not give the mask back");
        assert!(train().iter().step_by(3).eq(frame), "the first channel is not the mask");
        let mut group = c.benchmark_group(format!("burn {}", frames.name));
        for (name, pool) in pools() {
            group.bench_function(format!("rasterize, {name}"), |b| {
                b.iter(|| pool.install(|| black_box(burn())));
            });
            group.bench_function(format!("training mask, {name}"), |b| {
                b.iter(|| pool.install(|| black_box(train())));
            });
        }
    }
}

criterion_group! {
    name = burning;
    config = Criterion::default().sample_size(20);
    targets = benches
}
criterion_main!(burning);
