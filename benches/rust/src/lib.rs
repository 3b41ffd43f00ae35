//! Inputs shared by the benchmarks, and naive answers to hold theirs against.
#![allow(clippy::expect_used)] // a bench that cannot prepare its input has to stop

pub mod frames;
pub mod naive;
pub mod random;
pub mod synthetic;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Pools of one and two threads with their names.
pub fn pools() -> [(&'static str, ThreadPool); 2] {
    [("1 thread", 1), ("2 threads", 2)].map(|(name, count)| {
        let pool = ThreadPoolBuilder::new().num_threads(count).build();
        (name, pool.expect("threads can be started"))
    })
}
