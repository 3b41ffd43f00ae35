//! Identifiers for the months of the proposal.
#![allow(clippy::expect_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use sn7fast_benches::frames::{Stack, all};
use sn7fast_benches::pools;
use sn7fast_benches::synthetic::house_at;
use sn7fast_core::Cancel;
use sn7fast_core::track::{Options, Tracks, frame_ranges, track};
use std::collections::{HashMap, HashSet};
use std::hint::black_box;

const OPTIONS: Options = Options::BASELINE;

/// In each month every identifier once; the founder of one has IoU 0, all others enough.
fn check(tracks: &Tracks, stack: &Stack) {
    let frames = frame_ranges("stack", &stack.frame_offsets, tracks.ids.len()).expect("offsets");
    let mut known: HashSet<i64> = HashSet::new();
    for frame in frames {
        let ids = &tracks.ids[frame.clone()];
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        for (id, &iou) in ids.iter().zip(&tracks.iou[frame]) {
            assert!(if known.contains(id) { iou >= OPTIONS.min_iou } else { iou == 0.0 });
        }
        known.extend(ids);
    }
    assert!((0..known.len() as i64).all(|id| known.contains(&id)));
}

/// One identifier for each house, one house for each identifier.
fn check_houses(tracks: &Tracks, stack: &Stack) {
    let (mut house_of, mut id_of) = (HashMap::new(), HashMap::new());
    for (footprint, &id) in stack.footprints.view().iter().zip(&tracks.ids) {
        let house = house_at(&footprint);
        assert_eq!(*house_of.entry(id).or_insert(house), house);
        assert_eq!(*id_of.entry(house).or_insert(id), id);
    }
}

fn benches(c: &mut Criterion) {
    let cancel = Cancel::new();
    for frames in all() {
        let stack = Stack::of(&frames.proposal);
        let run = || {
            track(stack.footprints.view(), &stack.frame_offsets, &OPTIONS, &cancel)
                .expect("a stack")
        };
        check(&run(), &stack);
        if frames.is_town {
            check_houses(&run(), &stack);
        }
        let mut group = c.benchmark_group(format!("track {}", frames.name));
        for (name, pool) in pools() {
            let id = format!("{} footprints, {name}", stack.footprints.len());
            group.bench_function(id, |b| b.iter(|| pool.install(|| black_box(run()))));
        }
    }
}

criterion_group! {
    name = tracking;
    config = Criterion::default().sample_size(10);
    targets = benches
}
criterion_main!(tracking);
