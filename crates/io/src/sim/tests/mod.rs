//! The devices themselves, and that a run is the same again.

mod faults;
mod power;
mod time;

use std::num::NonZeroUsize;
use std::time::Duration;

use super::*;
use crate::port::{Completion, Flush, Op, OpError, Port, PortDevice, PortOptions};
use crate::{Buffer, Device};

const MIB: u64 = 1 << 20;

fn on(sim: &Sim, disk: &SimDevice) -> (Port<u64>, PortDevice) {
    let port: Port<u64> = PortOptions::new().simulated(sim).open().unwrap();
    let device = port.register(disk.clone(), 0).unwrap();
    (port, device)
}

fn buffer(bytes: &[u8]) -> Buffer {
    let mut buffer = Buffer::alone(bytes.len()).unwrap();
    buffer.copy_from_slice(bytes);
    buffer
}

fn write(port: &Port<u64>, device: &PortDevice, offset: u64, bytes: &[u8]) -> Completion<u64> {
    port.submit(Op::write(device, offset, buffer(bytes), 0)).unwrap().wait()
}

fn read(port: &Port<u64>, device: &PortDevice, offset: u64, len: usize) -> Completion<u64> {
    port.submit(Op::read(device, offset, Buffer::alone(len).unwrap(), 0)).unwrap().wait()
}

fn flush(port: &Port<u64>, device: &PortDevice) -> Completion<u64> {
    port.submit(Op::flush(device, Flush::Data, 0)).unwrap().wait()
}

/// Virtual time that `act` takes.
fn time(sim: &Sim, act: impl FnOnce()) -> Duration {
    let before = sim.now();
    act();
    sim.now() - before
}

/// A run with everything in it: several devices, ports and kinds of faults.
fn eventful(seed: u64, log: bool) -> (String, u64) {
    let sim = Sim::new(seed);
    if log {
        sim.keep_log();
    }
    let rates = FaultRates {
        short: 100_000,
        error: 20_000,
        full: 10_000,
        stall: 10_000,
        stall_for: Duration::from_millis(30),
        misdirected: 20_000,
        phantom: 20_000,
        flipped_bit: 20_000,
    };
    let disks = [SimProfile::hdd(), SimProfile::ssd(), SimProfile::nvme()].map(|profile| {
        let disk = sim.disk(profile, 64 * MIB);
        disk.set_faults(rates);
        disk
    });
    let depth = NonZeroUsize::new(500).unwrap();
    let port = || PortOptions::new().simulated(&sim).depth(depth).open::<u64>().unwrap();
    let ports = [port(), port()];
    for (number, disk) in (0..).zip(&disks) {
        let devices = ports.each_ref().map(|port| port.register(disk.clone(), number).unwrap());
        for step in 0..400_u64 {
            let offset = (step * 7919 * 512) % (60 * MIB);
            let which = usize::from(step % 3 == 0);
            let op = match step % 10 {
                0..4 => Op::write(&devices[which], offset, buffer(&[1; 8192]), step),
                9 => Op::flush(&devices[which], Flush::All, step),
                _ => Op::read(&devices[which], offset, Buffer::alone(8192).unwrap(), step),
            };
            ports[which].enqueue(op).unwrap();
            if step % 17 == 0 {
                sim.charge(Duration::from_micros(step));
                let _ = ports[which].wait_for(Duration::from_millis(1)).unwrap();
            }
        }
        for port in &ports {
            while port.stats().in_flight > 100 {
                drop(port.wait().unwrap());
            }
        }
    }
    disks[1].vanish();
    let _ = ports[0].wait_for(Duration::from_secs(1)).unwrap();
    let after = disks[0].crash();
    ports.into_iter().for_each(drop);
    let (port, device) = on(&sim, &after);
    let _ = read(&port, &device, 0, 4096);
    (sim.log(), sim.digest())
}

#[test]
fn the_same_seed_gives_the_same_run_to_the_byte() {
    let (log, digest) = eventful(7, true);
    assert!(log.lines().count() > 1500, "{}", log.lines().count());
    assert_eq!(eventful(7, true), (log.clone(), digest));
    assert_eq!(eventful(7, false), (String::new(), digest));
    let (other, other_digest) = eventful(8, true);
    assert!(other != log && other_digest != digest);
    for word in
        ["Short", "Error", "Full", "Stall", "Misdirected", "Phantom", "FlippedBit", "goes on", "vanishes"]
    {
        assert!(log.contains(word), "no {word} in the log");
    }
}

#[test]
fn the_same_device_is_read_and_written_by_blocking_calls() {
    use crate::port::BlockingDevice;
    let sim = Sim::new(1);
    let disk = sim.disk(SimProfile::ssd(), MIB);
    let took = time(&sim, || assert_eq!(BlockingDevice::write_at(&disk, b"four", 100).unwrap(), 4));
    assert!(took >= Duration::from_micros(30), "{took:?}");
    assert_eq!(disk.read_bytes(99, 6).unwrap(), b"\0four\0");
    assert_eq!((Device::len(&disk), disk.observed().reads.count), (MIB, 1));
    let threads: Port<()> = PortOptions::new().backend(crate::port::BackendKind::Threads).open().unwrap();
    let device = threads.register(disk.clone(), 0).unwrap();
    let done = threads.submit(Op::read(&device, 100, Buffer::alone(4).unwrap(), ())).unwrap().wait();
    assert_eq!(done.into_buffer().unwrap()[..], *b"four");
    // A port of another simulation knows nothing of it.
    let other: Port<()> = PortOptions::new().simulated(&Sim::new(1)).open().unwrap();
    assert!(other.register(disk, 0).is_err());
}
