//! `sn7fast._core`: the door between Python and `sn7fast-core`. It holds no algorithms.

mod burn;
mod choice;
mod codec;
mod collapse;
mod convert;
mod cube;
mod enter;
mod error;
mod files;
mod mask;
mod matching;
mod score;
mod separate;
mod stc;
mod track;
mod watershed;

use pyo3::prelude::*;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Native core of sn7fast.
#[pymodule(gil_used = true)]
fn _core(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add("debug_build", cfg!(debug_assertions))?;
    enter::register(m)?;
    convert::register(m)?;
    mask::register(m)?;
    burn::register(m)?;
    matching::register(m)?;
    track::register(m)?;
    score::register(m)?;
    codec::register(m)?;
    collapse::register(m)?;
    watershed::register(m)?;
    stc::register(m)?;
    separate::register(m)
}
