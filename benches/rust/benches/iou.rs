//! Two sets of footprints made ready, and the IoU of all pairs.
#![allow(clippy::expect_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use sn7fast_benches::frames::{SIZE, all};
use sn7fast_benches::{naive, pools};
use sn7fast_core::Cancel;
use sn7fast_core::geom::{Repair, Shapes};
use sn7fast_core::iou::pairs;
use sn7fast_core::mask::{Options, polygonize};
use std::hint::black_box;

fn benches(c: &mut Criterion) {
    let cancel = Cancel::new();
    for frames in all() {
        let mut group = c.benchmark_group(format!("iou {}", frames.name));
        let masks = frames.last();
        let [a, b] =
            masks.map(|mask| polygonize(mask, [SIZE, SIZE], &Options::default()).expect("a mask"));
        let prepare = || [&a, &b].map(|side| Shapes::prepare(side.view(), Repair::MakeValid));
        let [one, other] = prepare();
        let find = || pairs(&one, &other, &cancel).expect("not cancelled");

        let mut found: Vec<f64> = find().iter().map(|pair| pair.iou).collect();
        found.sort_by(f64::total_cmp);
        assert_eq!(found, naive::ious(masks[0], masks[1]));

        for (name, pool) in pools() {
            group.bench_function(format!("prepare {} + {}, {name}", a.len(), b.len()), |b| {
                b.iter(|| pool.install(|| black_box(prepare())));
            });
            group.bench_function(format!("{} pairs, {name}", found.len()), |b| {
                b.iter(|| pool.install(|| black_box(find())));
            });
        }
    }
}

criterion_group! {
    name = iou;
    config = Criterion::default().sample_size(30);
    targets = benches
}
criterion_main!(iou);
