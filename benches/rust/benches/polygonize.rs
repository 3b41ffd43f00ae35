//! One frame to footprints, and all months of a side.
#![allow(clippy::expect_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use sn7fast_benches::frames::{SIZE, all};
use sn7fast_benches::{naive, pools};
use sn7fast_core::Cancel;
use sn7fast_core::footprints::Footprints;
use sn7fast_core::geom::areas;
use sn7fast_core::mask::{Options, polygonize, polygonize_frames};
use std::hint::black_box;

fn check(found: &Footprints, mask: &[u8]) {
    let mut pixels = naive::regions(mask).pixels.split_off(1);
    let mut areas: Vec<usize> = areas(found.view()).iter().map(|&area| area as usize).collect();
    pixels.sort_unstable();
    areas.sort_unstable();
    assert_eq!(areas, pixels);
}

fn benches(c: &mut Criterion) {
    let (options, cancel) = (Options::default(), Cancel::new());
    for frames in all() {
        let mut group = c.benchmark_group(format!("polygonize {}", frames.name));
        let [frame, _] = frames.last();
        let one = || polygonize(frame, [SIZE, SIZE], &options).expect("a mask");
        check(&one(), frame);
        group.bench_function("one frame", |b| b.iter(|| black_box(one())));

        let masks: Vec<&[u8]> = frames.proposal.iter().map(Vec::as_slice).collect();
        let many = || polygonize_frames(&masks, [SIZE, SIZE], &options, &cancel).expect("masks");
        many().iter().zip(&masks).for_each(|(found, mask)| check(found, mask));
        for (name, pool) in pools() {
            let id = format!("{} frames, {name}", masks.len());
            group.bench_function(id, |b| b.iter(|| pool.install(|| black_box(many()))));
        }
    }
}

criterion_group! {
    name = polygonizing;
    config = Criterion::default().sample_size(30);
    targets = benches
}
criterion_main!(polygonizing);
