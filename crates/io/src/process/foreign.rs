//! What Windows tells of a process.
#![allow(unsafe_code, reason = "the system is asked by foreign calls")]

use std::ptr;

use quarry_sync::process::{Facts, OpenFiles};
use windows_sys::Win32::System::JobObjects::{
    JOBOBJECT_CPU_RATE_CONTROL_INFORMATION, JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JOBOBJECTINFOCLASS,
    JobObjectCpuRateControlInformation, JobObjectExtendedLimitInformation, QueryInformationJobObject,
};
use windows_sys::Win32::System::SystemInformation::{GlobalMemoryStatusEx, MEMORYSTATUSEX};

/// Handles that a process may have, which nobody can change.
const HANDLES_MAX: u64 = 1 << 24;

pub(super) fn facts() -> Facts {
    let mut facts = Facts::read();
    facts.open_files = Some(OpenFiles { soft: HANDLES_MAX, hard: HANDLES_MAX });
    if let Some(memory) = memory() {
        facts.memory_bytes = Some(memory.ullTotalPhys);
        facts.memory_available_bytes = Some(memory.ullAvailPhys);
    }
    if let Some(limits) = ask_job::<JOBOBJECT_EXTENDED_LIMIT_INFORMATION>(JobObjectExtendedLimitInformation) {
        let flags = limits.BasicLimitInformation.LimitFlags;
        let bytes = |limit: usize| limit as u64;
        facts.cgroup.memory_bytes =
            super::job_memory(flags, bytes(limits.ProcessMemoryLimit), bytes(limits.JobMemoryLimit));
    }
    if let Some(rate) = ask_job::<JOBOBJECT_CPU_RATE_CONTROL_INFORMATION>(JobObjectCpuRateControlInformation)
    {
        // SAFETY: all of its forms are numbers, for which any bits are good.
        let number = unsafe { rate.Anonymous.CpuRate };
        facts.cgroup.processors = super::job_processors(rate.ControlFlags, number, facts.processors.get());
    }
    facts
}

fn memory() -> Option<MEMORYSTATUSEX> {
    let length = u32::try_from(size_of::<MEMORYSTATUSEX>()).ok()?;
    let mut memory = MEMORYSTATUSEX { dwLength: length, ..MEMORYSTATUSEX::default() };
    // SAFETY: its length is said in it.
    let told = unsafe { GlobalMemoryStatusEx(&raw mut memory) };
    (told != 0).then_some(memory)
}

/// Asks the job of this process, if it is in one. `T` is the structure of numbers that belongs to the question.
fn ask_job<T: Default + Copy>(question: JOBOBJECTINFOCLASS) -> Option<T> {
    let mut answer = T::default();
    let (into, length) = ((&raw mut answer).cast(), u32::try_from(size_of::<T>()).ok()?);
    let (this, none) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the length is that of the memory, and whatever is written there are numbers.
    let told = unsafe { QueryInformationJobObject(this, question, into, length, none) };
    (told != 0).then_some(answer)
}
