//! The one door: release the GIL, run on our own pool, answer Ctrl-C, map errors.
//!
//! The job runs on a thread of the pool while the calling thread waits without the GIL and looks
//! every 50 ms whether Python has a signal for it. A panic of the job becomes `InternalError`.

use crate::error::{InputError, InternalError, to_python};
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use sn7fast_core::{Cancel, Result};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const SIGNAL_CHECK: Duration = Duration::from_millis(50);

/// More than any machine has; a number above it is a slip that would bring the machine down.
const MOST_THREADS: usize = 1024;

struct Pool {
    process: u32,
    threads: Arc<ThreadPool>,
}

static POOL: Mutex<Option<Pool>> = Mutex::new(None);

fn lock() -> MutexGuard<'static, Option<Pool>> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

fn build(count: usize) -> PyResult<Arc<ThreadPool>> {
    let name = |k| format!("sn7fast-{k}");
    match ThreadPoolBuilder::new().num_threads(count).thread_name(name).build() {
        Ok(pool) => Ok(Arc::new(pool)),
        Err(error) => Err(InternalError::new_err(format!("no threads: {error}"))),
    }
}

/// Threads asked for by `SN7FAST_NUM_THREADS`, else as many as the process may use.
fn default_count() -> PyResult<usize> {
    let Ok(text) = std::env::var("SN7FAST_NUM_THREADS") else {
        return Ok(std::thread::available_parallelism().map_or(1, usize::from));
    };
    match text.trim().parse() {
        Ok(count) if (1..=MOST_THREADS).contains(&count) => Ok(count),
        _ => Err(refuse("SN7FAST_NUM_THREADS", &text)),
    }
}

fn refuse(name: &str, got: &str) -> PyErr {
    InputError::new_err(format!("{name}: got {got}, wanted a number from 1 to {MOST_THREADS}"))
}

/// The pool of this process. The threads of a parent do not live on in a forked child, so a child
/// gets a pool of its own, of one thread: who forks already runs several processes.
fn pool() -> PyResult<Arc<ThreadPool>> {
    let process = std::process::id();
    let mut slot = lock();
    match slot.take() {
        Some(pool) if pool.process == process => {
            let threads = Arc::clone(&pool.threads);
            *slot = Some(pool);
            Ok(threads)
        }
        parent => {
            let count = if parent.is_some() { 1 } else { default_count()? };
            // The parent's pool waits for threads that are not here: it must not be dropped.
            std::mem::forget(parent);
            let threads = build(count)?;
            *slot = Some(Pool { process, threads: Arc::clone(&threads) });
            Ok(threads)
        }
    }
}

/// Runs `job` without the GIL on the pool.
pub fn enter<T: Send>(
    py: Python<'_>,
    job: impl FnOnce(&Cancel) -> Result<T> + Send,
) -> PyResult<T> {
    let pool = pool()?;
    let cancel = Cancel::new();
    let mut interrupt = None;
    let outcome = py.detach(|| {
        pool.in_place_scope(|scope| {
            let (send, receive) = sync_channel(1);
            let cancel = &cancel;
            scope.spawn(move |_| {
                // The receiver is gone only if the caller unwinds: then nobody wants the result.
                let _ = send.send(catch_unwind(AssertUnwindSafe(|| job(cancel))));
            });
            loop {
                match receive.recv_timeout(SIGNAL_CHECK) {
                    Ok(outcome) => return Some(outcome),
                    Err(RecvTimeoutError::Disconnected) => return None,
                    Err(RecvTimeoutError::Timeout) => {
                        if interrupt.is_none()
                            && let Err(signal) = Python::attach(|py| py.check_signals())
                        {
                            cancel.cancel();
                            interrupt = Some(signal);
                        }
                    }
                }
            }
        })
    });
    if let Some(signal) = interrupt {
        return Err(signal);
    }
    match outcome {
        Some(Ok(result)) => result.map_err(to_python),
        Some(Err(panic)) => Err(InternalError::new_err(bug_report(panic.as_ref()))),
        None => Err(InternalError::new_err("the job ended without a result")),
    }
}

fn bug_report(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    format!("a bug in sn7fast, please report it with the input: {text}")
}

/// Number of threads the core uses.
#[pyfunction]
fn get_num_threads() -> PyResult<usize> {
    Ok(pool()?.current_num_threads())
}

/// Sets the number of threads the core uses from now on.
#[pyfunction]
fn set_num_threads(count: i64) -> PyResult<()> {
    let threads = match usize::try_from(count) {
        Ok(count) if (1..=MOST_THREADS).contains(&count) => build(count)?,
        _ => return Err(refuse("count", &count.to_string())),
    };
    let old = lock().replace(Pool { process: std::process::id(), threads });
    if let Some(old) = old
        && old.process != std::process::id()
    {
        std::mem::forget(old);
    }
    Ok(())
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(get_num_threads, m)?)?;
    m.add_function(wrap_pyfunction!(set_num_threads, m)?)
}
