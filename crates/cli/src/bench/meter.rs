//! What a phase takes: time, processor time, and memory at its peak.

use std::time::Instant;

use serde::Serialize;

/// Counts from when it is started.
#[derive(Debug)]
pub(super) struct Meter {
    began: Instant,
    cpu: Option<f64>,
}

/// What was counted.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Taken {
    /// Seconds.
    pub(super) wall: f64,
    /// Seconds of all processors; nothing where the system does not tell.
    pub(super) cpu: Option<f64>,
    /// Bytes of memory at the peak, all of the process.
    pub(super) peak_bytes: Option<u64>,
}

impl Meter {
    pub(super) fn start() -> Self {
        forget_peak();
        Self { cpu: cpu_seconds(), began: Instant::now() }
    }

    pub(super) fn stop(&self) -> Taken {
        let wall = self.began.elapsed().as_secs_f64();
        let cpu = self.cpu.zip(cpu_seconds()).map(|(before, now)| now - before);
        Taken { wall, cpu, peak_bytes: peak_bytes() }
    }
}

#[cfg(target_os = "linux")]
fn cpu_seconds() -> Option<f64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    #[expect(clippy::cast_precision_loss, reason = "seconds since the process began")]
    let seconds = time.tv_sec as f64 + time.tv_nsec as f64 / 1e9;
    Some(seconds)
}

#[cfg(target_os = "linux")]
fn forget_peak() {
    // Where it cannot be reset, the peak is that of the process so far.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

#[cfg(target_os = "linux")]
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim_end_matches("kB").trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(not(target_os = "linux"))]
fn cpu_seconds() -> Option<f64> {
    None
}

#[cfg(not(target_os = "linux"))]
fn forget_peak() {}

#[cfg(not(target_os = "linux"))]
fn peak_bytes() -> Option<u64> {
    None
}
