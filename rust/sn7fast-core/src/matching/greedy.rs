//! The choice that the baseline tracker and F1 make for one footprint at its turn.

/// Something a footprint could be matched with.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Position of the other footprint.
    pub other: u32,
    /// IoU with it.
    pub iou: f64,
}

/// The candidate with the highest IoU that is not taken; the lowest position wins a tie.
pub fn take_best(candidates: impl Iterator<Item = Candidate>, is_taken: impl Fn(u32) -> bool) -> Option<Candidate> {
    let mut best: Option<Candidate> = None;
    for candidate in candidates.filter(|candidate| !is_taken(candidate.other)) {
        let wins = best.is_none_or(|best| {
            candidate.iou > best.iou || candidate.iou == best.iou && candidate.other < best.other
        });
        if wins {
            best = Some(candidate);
        }
    }
    best
}
