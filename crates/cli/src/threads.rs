//! Work on no more threads than the user allows.

/// Does `work` on so many threads; 0 stands for as many as there are processors.
pub(crate) fn on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool.install(work),
        // Where no thread can be had, this one does.
        Err(_) => work(),
    }
}
