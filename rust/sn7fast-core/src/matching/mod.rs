//! Matching of two sets of footprints: each takes part in one pair at most.

mod assign;
mod greedy;

pub use assign::{Edge, assign};
pub use greedy::{Candidate, take_best};

use crate::iou::Pair;

/// How to choose between pairs that exclude each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// As many pairs as possible, and among those the largest sum of IoU.
    Optimal,
    /// The pair with the highest IoU first; ties by position.
    Greedy,
}

/// What a pair is worth beside its IoU under [`Rule::Optimal`]: more than the IoU of all pairs
/// that could be given up for it (SCOT's base reward).
const BASE_REWARD: f64 = 100.0;

/// Pairs with an IoU above the threshold such that no footprint is in two of them, sorted by
/// (a, b). `pairs` must be sorted so; `sizes` are the numbers of footprints on both sides.
pub fn match_pairs(pairs: &[Pair], sizes: [usize; 2], iou_threshold: f64, rule: Rule) -> Vec<Pair> {
    let mut eligible: Vec<Pair> =
        pairs.iter().copied().filter(|pair| pair.iou > iou_threshold).collect();
    match rule {
        Rule::Optimal => {
            let edges: Vec<Edge> = eligible
                .iter()
                .map(|p| Edge { row: p.a, column: p.b, weight: BASE_REWARD + p.iou })
                .collect();
            assign(&edges, sizes).into_iter().map(|k| eligible[k]).collect()
        }
        Rule::Greedy => {
            eligible.sort_by(|p, q| q.iou.total_cmp(&p.iou));
            let mut taken = sizes.map(|size| vec![false; size]);
            eligible.retain(|pair| {
                let [a, b] = &mut taken;
                let (a, b) = (&mut a[pair.a as usize], &mut b[pair.b as usize]);
                let free = !*a && !*b;
                if free {
                    (*a, *b) = (true, true);
                }
                free
            });
            eligible.sort_unstable_by_key(|pair| (pair.a, pair.b));
            eligible
        }
    }
}
