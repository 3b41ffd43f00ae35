//! Text formats, both ways, with coordinates that need all their digits.
#![allow(clippy::expect_used)]

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use sn7fast_benches::frames::{Frames, Stack, all};
use sn7fast_benches::pools;
use sn7fast_core::Cancel;
use sn7fast_core::codec::csv::{self, Rows};
use sn7fast_core::codec::geojson::{self, Column};
use sn7fast_core::codec::wkt::{read_wkt, write_wkt};
use sn7fast_core::track::frame_ranges;
use std::hint::black_box;

/// The proposal turned by 0.1 rad, so that no corner lies on the pixel grid.
fn turned(frames: &Frames) -> Stack {
    let mut stack = Stack::of(&frames.proposal);
    let (sin, cos) = 0.1_f64.sin_cos();
    for point in &mut stack.footprints.coords {
        let [x, y] = *point;
        *point = [cos * x - sin * y, sin * x + cos * y];
    }
    stack
}

fn both_ways<W, R>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    format: &str,
    text_len: usize,
    write: impl Fn() -> W + Sync,
    read: impl Fn() -> R + Sync,
) where
    W: Send,
    R: Send,
{
    group.throughput(Throughput::Bytes(text_len as u64));
    for (name, pool) in pools() {
        group.bench_function(format!("write {format}, {name}"), |b| {
            b.iter(|| pool.install(|| black_box(write())));
        });
        group.bench_function(format!("read {format}, {name}"), |b| {
            b.iter(|| pool.install(|| black_box(read())));
        });
    }
}

fn bench_wkt(group: &mut BenchmarkGroup<'_, WallTime>, stack: &Stack) {
    let write = || write_wkt(stack.footprints.view(), None).expect("texts");
    let texts = write();
    let read = || read_wkt(texts.iter().map(String::as_str)).expect("geometries");
    assert!(read() == stack.footprints, "WKT does not read back");
    both_ways(group, "WKT", texts.iter().map(String::len).sum(), write, read);
}

fn bench_csv(group: &mut BenchmarkGroup<'_, WallTime>, stack: &Stack) {
    let cancel = Cancel::new();
    let count = stack.footprints.len();
    let frames = frame_ranges("stack", &stack.frame_offsets, count).expect("offsets");
    let months: Vec<String> =
        (0..frames.len()).map(|k| format!("{}_{:02}", 2018 + k / 12, k % 12 + 1)).collect();
    let ids: Vec<i64> = frames.into_iter().flat_map(|frame| 0..frame.len() as i64).collect();
    let rows = Rows {
        aoi: "L15-0368E-1245N_1474_3210_13",
        months: &months,
        frame_offsets: &stack.frame_offsets,
        footprints: stack.footprints.view(),
        ids: &ids,
    };
    let write = || {
        let mut text = Vec::new();
        csv::write_csv(&mut text, &[rows], None, &cancel).expect("rows");
        text
    };
    let text = write();
    let read =
        || csv::read_csv(text.as_slice(), csv::ReadOptions::default(), &cancel).expect("a table");
    let tables = read();
    assert_eq!(tables.len(), 1);
    assert!(tables[0].footprints == stack.footprints, "CSV does not read back");
    assert!(tables[0].ids == ids && tables[0].months == months, "CSV does not read back");
    both_ways(group, "CSV", text.len(), write, read);
}

fn bench_geojson(group: &mut BenchmarkGroup<'_, WallTime>, stack: &Stack) {
    let cancel = Cancel::new();
    let ids = (0..stack.footprints.len() as i64).collect();
    let columns = [("Id".to_owned(), Column::Int(ids))];
    let write = || {
        let (mut text, view) = (Vec::new(), stack.footprints.view());
        geojson::write_geojson(&mut text, view, &columns, None, None, &cancel).expect("features");
        text
    };
    let text = write();
    let read = || {
        geojson::read_geojson(&text, &geojson::ReadOptions::default(), &cancel)
            .expect("a collection")
    };
    let found = read();
    assert!(found.footprints == stack.footprints, "GeoJSON does not read back");
    assert!(found.columns == columns, "GeoJSON does not read back");
    both_ways(group, "GeoJSON", text.len(), write, read);
}

fn benches(c: &mut Criterion) {
    for frames in all() {
        let stack = turned(&frames);
        let mut group = c.benchmark_group(format!("codecs {}", frames.name));
        bench_wkt(&mut group, &stack);
        bench_csv(&mut group, &stack);
        bench_geojson(&mut group, &stack);
    }
}

criterion_group! {
    name = codecs;
    config = Criterion::default().sample_size(10);
    targets = benches
}
criterion_main!(codecs);
