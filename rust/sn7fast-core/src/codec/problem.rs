//! What is wrong with a piece of text, before anyone has said where it lies.

use crate::error::Error;

/// What reading a piece of text gives.
pub(super) type Parsed<T> = std::result::Result<T, Problem>;

/// A complaint without a place.
#[derive(Debug)]
pub(super) enum Problem {
    /// The text breaks its format.
    Syntax(String),
    /// The text is well formed, but no footprint can come of it.
    Geometry(String),
}

impl Problem {
    /// `got ..., wanted ...`.
    pub(super) fn syntax(got: impl std::fmt::Display, wanted: &str) -> Self {
        Self::Syntax(format!("got {got}, wanted {wanted}"))
    }

    /// `got ..., wanted ...`.
    pub(super) fn geometry(got: impl std::fmt::Display, wanted: &str) -> Self {
        Self::Geometry(format!("got {got}, wanted {wanted}"))
    }

    /// The same problem with the name of what it is about before it.
    pub(super) fn about(self, what: &str) -> Self {
        match self {
            Self::Syntax(problem) => Self::Syntax(format!("{what}: {problem}")),
            Self::Geometry(problem) => Self::Geometry(format!("{what}: {problem}")),
        }
    }

    /// The error for this problem at `place`.
    pub(super) fn at(self, place: impl Into<String>) -> Error {
        match self {
            Self::Syntax(problem) => Error::Format { place: place.into(), problem },
            Self::Geometry(problem) => Error::TextGeometry { place: place.into(), problem },
        }
    }
}

/// At most `MAX` characters of text in quotes, for a message.
pub(super) fn quoted(text: &[u8]) -> String {
    const MAX: usize = 40;
    // A character has 4 bytes at most; one that is cut in half at the end falls to the limit.
    let head = &text[..text.len().min(4 * MAX)];
    let head = String::from_utf8_lossy(head);
    let mut shown: String = head.chars().take(MAX).collect();
    if shown.len() < head.len() || head.len() < text.len() {
        shown.push_str("...");
    }
    format!("{shown:?}")
}
