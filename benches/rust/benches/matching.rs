//! Pairs to matches: many small components as months have them, and a single large one.
#![allow(clippy::expect_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use sn7fast_benches::frames::{Frames, SIZE, all};
use sn7fast_benches::random::Random;
use sn7fast_core::Cancel;
use sn7fast_core::geom::{Repair, Shapes};
use sn7fast_core::iou::{Pair, pairs};
use sn7fast_core::mask::{Options, polygonize};
use sn7fast_core::matching::{Edge, Rule, assign, match_pairs};
use std::collections::HashSet;
use std::hint::black_box;

const THRESHOLD: f64 = 0.25;

fn pairs_of(frames: &Frames) -> (Vec<Pair>, [usize; 2]) {
    let [a, b] = frames.last().map(|mask| {
        let footprints = polygonize(mask, [SIZE, SIZE], &Options::default()).expect("a mask");
        Shapes::prepare(footprints.view(), Repair::MakeValid)
    });
    (pairs(&a, &b, &Cancel::new()).expect("not cancelled"), [a.len(), b.len()])
}

/// One to one, above the threshold, and none left out that could have been added.
fn check(matches: &[Pair], pairs: &[Pair]) {
    let a: HashSet<u32> = matches.iter().map(|pair| pair.a).collect();
    let b: HashSet<u32> = matches.iter().map(|pair| pair.b).collect();
    assert_eq!([a.len(), b.len()], [matches.len(); 2]);
    assert!(matches.iter().all(|pair| pair.iou > THRESHOLD));
    let could_be_added = |p: &&Pair| p.iou > THRESHOLD && !a.contains(&p.a) && !b.contains(&p.b);
    assert_eq!(pairs.iter().find(could_be_added), None);
}

fn months(c: &mut Criterion) {
    for frames in all() {
        let (pairs, sizes) = pairs_of(&frames);
        let matched = |rule| match_pairs(&pairs, sizes, THRESHOLD, rule);
        let [optimal, greedy] = [Rule::Optimal, Rule::Greedy].map(matched);
        check(&optimal, &pairs);
        check(&greedy, &pairs);
        let total = |matches: &[Pair]| matches.iter().map(|pair| 100.0 + pair.iou).sum::<f64>();
        assert!(total(&optimal) >= total(&greedy) - 1e-9);
        if frames.is_town {
            // Nobody overlaps anyone but himself.
            assert_eq!(optimal, pairs);
            assert_eq!(greedy, pairs);
        }
        let mut group = c.benchmark_group(format!("matching {}", frames.name));
        for (name, rule) in [("optimal", Rule::Optimal), ("greedy", Rule::Greedy)] {
            let id = format!("{name}, {} pairs", pairs.len());
            group.bench_function(id, |b| b.iter(|| black_box(matched(rule))));
        }
    }
}

fn one_component(c: &mut Criterion) {
    const SIDE: usize = 200;
    let mut random = Random::new(1);
    // Row r belongs to column (7 r + 3) mod 200; every other edge is worth less than any of these.
    let own = |row: usize| (7 * row + 3) % SIDE;
    let edges: Vec<Edge> = (0..SIDE * SIDE)
        .map(|k| {
            let (row, column) = (k / SIDE, k % SIDE);
            let more = if column == own(row) { 100.0 } else { 0.0 };
            let weight = more + random.below(1000) as f64 / 1000.0;
            Edge { row: row as u32, column: column as u32, weight }
        })
        .collect();
    let solve = || assign(&edges, [SIDE, SIDE]);
    assert_eq!(solve(), (0..SIDE).map(|row| row * SIDE + own(row)).collect::<Vec<_>>());
    c.bench_function("assign one component of 200 x 200", |b| b.iter(|| black_box(solve())));
}

criterion_group! {
    name = matching;
    config = Criterion::default().sample_size(30);
    targets = months, one_component
}
criterion_main!(matching);
