//! Threads whose stacks are deep enough for what the limits let through.

use std::cell::Cell;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::lint::Error;

/// Code from strangers can be nested deeply; every stage bounds its depth to what fits this many bytes.
pub const STACK_BYTES: usize = 16 << 20;

thread_local! {
    static IS_DEEP: Cell<bool> = const { Cell::new(false) };
}

/// Threads to look at configurations on: so many, or with 0 as many as rayon takes. What runs on them starts no
/// others. `stack_bytes` is [`STACK_BYTES`], or more where frames are larger than in a usual build.
pub fn threads(count: usize, stack_bytes: usize) -> Result<ThreadPool, Error> {
    let threads = ThreadPoolBuilder::new().num_threads(count).stack_size(stack_bytes);
    let threads = threads.start_handler(|_| IS_DEEP.set(true)).build();
    threads.map_err(|error| Error::NoThreads(error.to_string()))
}

/// Threads to run on, as many as the caller's pool has; none where the caller's are deep enough.
pub(super) fn missing() -> Result<Option<ThreadPool>, Error> {
    if IS_DEEP.get() {
        return Ok(None);
    }
    let count = if rayon::current_thread_index().is_some() { rayon::current_num_threads() } else { 0 };
    threads(count, STACK_BYTES).map(Some)
}

/// Runs on threads with deep stacks.
pub(super) fn on<T: Send>(threads: Option<&ThreadPool>, run: impl FnOnce() -> T + Send) -> T {
    match threads {
        Some(threads) if !IS_DEEP.get() => threads.install(run),
        Some(_) | None => run(),
    }
}
