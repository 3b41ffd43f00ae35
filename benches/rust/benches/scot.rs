//! The score of all months.
#![allow(clippy::expect_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use sn7fast_benches::frames::{Stack, all};
use sn7fast_benches::pools;
use sn7fast_core::Cancel;
use sn7fast_core::scot::{Month, Options, Score, Side, score};
use sn7fast_core::track;
use std::hint::black_box;

struct Tracked {
    stack: Stack,
    ids: Vec<i64>,
}

impl Tracked {
    fn of(masks: &[Vec<u8>]) -> Self {
        let stack = Stack::of(masks);
        let view = stack.footprints.view();
        let tracks =
            track::track(view, &stack.frame_offsets, &track::Options::BASELINE, &Cancel::new());
        Self { ids: tracks.expect("a stack").ids, stack }
    }

    fn side(&self) -> Side<'_> {
        Side {
            footprints: self.stack.footprints.view(),
            ids: &self.ids,
            frame_offsets: &self.stack.frame_offsets,
        }
    }
}

/// Every footprint is counted once on its side.
fn check(found: &Score, truth: &Tracked, proposal: &Tracked) {
    assert_eq!(found.track.tp + found.track.fn_, truth.ids.len() as i64);
    assert_eq!(found.track.tp + found.track.fp, proposal.ids.len() as i64);
    assert!(found.track.tp > 1000);
}

fn benches(c: &mut Criterion) {
    let (options, cancel) = (Options::default(), Cancel::new());
    for frames in all() {
        let (truth, proposal) = (Tracked::of(&frames.truth), Tracked::of(&frames.proposal));
        let months: Vec<Month> =
            (0..frames.truth.len()).map(|k| Month { truth: Some(k), proposal: Some(k) }).collect();
        let run =
            || score(&truth.side(), &proposal.side(), &months, &options, &cancel).expect("ids");
        let found = run();
        check(&found, &truth, &proposal);
        if frames.is_town {
            // Whatever is seen is right and keeps its name.
            assert_eq!((found.track.fp, found.mismatches), (0, 0));
        }
        let mut group = c.benchmark_group(format!("scot {}", frames.name));
        for (name, pool) in pools() {
            let id = format!("{} months, {name}", months.len());
            group.bench_function(id, |b| b.iter(|| pool.install(|| black_box(run()))));
        }
    }
}

criterion_group! {
    name = scot;
    config = Criterion::default().sample_size(10);
    targets = benches
}
criterion_main!(scot);
