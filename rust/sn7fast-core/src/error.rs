//! What can go wrong in the core, by what a caller can do about it.

/// Result of a core function.
pub type Result<T> = std::result::Result<T, Error>;

/// Every failure of the core. None of them is a panic.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument has a value that the function does not take.
    #[error("{argument}: got {got}, wanted {wanted}")]
    Argument {
        /// Name of the argument, as the caller writes it.
        argument: &'static str,
        /// The value that came.
        got: String,
        /// What would have been accepted.
        wanted: String,
    },
    /// A footprint breaks the rules of the geometry arrays.
    #[error("{argument}: footprint {footprint}: {problem}")]
    Geometry {
        /// Name of the argument that holds the footprints.
        argument: &'static str,
        /// Position of the footprint, from 0.
        footprint: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// Text that is not what its format asks for.
    #[error("{place}: {problem}")]
    Format {
        /// Where in the text: `line 7`, `feature 12`, ...
        place: String,
        /// What came and what was wanted.
        problem: String,
    },
    /// Text in order by its format, with a geometry in it that cannot be used.
    #[error("{place}: {problem}")]
    TextGeometry {
        /// Where in the text.
        place: String,
        /// What came and what was wanted.
        problem: String,
    },
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The caller asked to stop (Ctrl-C).
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    /// An [`Error::Argument`], for short.
    pub fn argument(argument: &'static str, got: impl ToString, wanted: impl Into<String>) -> Self {
        Self::Argument { argument, got: got.to_string(), wanted: wanted.into() }
    }
}
