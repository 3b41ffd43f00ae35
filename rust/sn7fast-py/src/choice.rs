//! Choices by name.

use crate::error::InputError;
use pyo3::PyResult;

/// One of some names.
pub fn choice<T: Copy>(argument: &str, got: &str, choices: &[(&str, T)]) -> PyResult<T> {
    choices.iter().find(|(name, _)| *name == got).map(|&(_, value)| value).ok_or_else(|| {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("{name:?}")).collect();
        InputError::new_err(format!("{argument}: got {got:?}, wanted {}", names.join(" or ")))
    })
}
