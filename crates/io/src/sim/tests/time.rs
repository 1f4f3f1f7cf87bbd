//! How long a device takes, and what it saw meanwhile.

use super::*;

#[test]
fn a_head_takes_its_way_and_a_disk_its_turn() {
    let sim = Sim::new(1);
    let disk = sim.disk(SimProfile::hdd(), 1 << 40);
    let (port, device) = on(&sim, &disk);
    let at = |offset| time(&sim, || drop(read(&port, &device, offset, 4096)));
    // Where it is, next to it, and far away: each up to a turn of 8.3 ms beside the seek.
    let here = at(0);
    assert!(here < Duration::from_micros(200), "{here:?}");
    let on_from_there = at(4096);
    assert!(on_from_there < Duration::from_micros(200), "{on_from_there:?}");
    for _ in 0..20 {
        let far = at(1 << 39);
        assert!(far > Duration::from_millis(10) && far < Duration::from_millis(24), "{far:?}");
        let back = at(0);
        assert!(back > Duration::from_millis(10) && back < Duration::from_millis(24), "{back:?}");
    }
    // 200 MB a second from where the head is.
    let long = time(&sim, || drop(read(&port, &device, 4096, 20_000_000)));
    assert!(long > Duration::from_millis(100) && long < Duration::from_millis(101), "{long:?}");
}

#[test]
fn channels_serve_at_once_and_share_the_bus() {
    let profile = SimProfile { channels: 4, spread_percent: 0, ..SimProfile::nvme() };
    let latency = profile.read_latency;
    for (reads, rounds) in [(1, 1), (4, 1), (5, 2), (12, 3)] {
        let sim = Sim::new(1);
        let (port, device) = on(&sim, &sim.disk(SimProfile { bytes_per_second: 0, ..profile.clone() }, MIB));
        let took = time(&sim, || {
            let ops = (0..reads).map(|at| Op::read(&device, at * 4096, Buffer::alone(4096).unwrap(), at));
            port.enqueue_many(ops).unwrap();
            (0..reads).for_each(|_| drop(port.wait().unwrap()));
        });
        assert_eq!(took, latency * rounds, "{reads} reads");
    }
    // Large ones are as fast as the bus, however many channels there are.
    let sim = Sim::new(1);
    let (port, device) = on(&sim, &sim.disk(profile, 100 * MIB));
    let took = time(&sim, || {
        let ops = (0..70).map(|at| Op::read(&device, at * MIB, Buffer::alone(1 << 20).unwrap(), at));
        port.enqueue_many(ops).unwrap();
        (0..70).for_each(|_| drop(port.wait().unwrap()));
    });
    let bus = Duration::from_secs_f64(70.0 * (1 << 20) as f64 / 3.5e9);
    assert!(took > bus && took < bus + 2 * latency, "{took:?} for {bus:?}");
}

#[test]
fn what_a_device_saw_can_be_asked() {
    let profile = SimProfile { channels: 8, spread_percent: 0, bytes_per_second: 0, ..SimProfile::nvme() };
    let sim = Sim::new(1);
    let disk = sim.disk(profile.clone(), MIB);
    let (port, device) = on(&sim, &disk);
    let read = |depth: u64| {
        let ops = (0..depth).map(|at| Op::read(&device, at * 512, Buffer::alone(512).unwrap(), at));
        port.enqueue_many(ops).unwrap();
        (0..depth).for_each(|_| drop(port.wait().unwrap()));
    };
    read(6);
    sim.charge(Duration::from_secs(1));
    read(2);
    let seen = disk.observed();
    assert_eq!((seen.reads.count, seen.reads.bytes, seen.reads.depth_max()), (8, 8 * 512, 6));
    assert_eq!(seen.reads.busy(), profile.read_latency * 2);
    assert_eq!(
        (seen.reads.time_at_depth[6], seen.reads.time_at_depth[2]),
        (profile.read_latency, profile.read_latency)
    );
    assert!((seen.reads.depth_mean() - 4.0).abs() < 1e-9);
    assert_eq!(seen.reads.service.mean(), profile.read_latency);
    assert_eq!((seen.writes.count, seen.writes.depth_max(), seen.writes.depth_mean()), (0, 0, 0.0));
    disk.forget_observed();
    assert_eq!(disk.observed().reads.count, 0);
}

#[test]
fn computing_takes_time_only_if_it_is_charged() {
    let sim = Sim::new(1);
    let profile = SimProfile { spread_percent: 0, ..SimProfile::ssd() };
    let (port, device) = on(&sim, &sim.disk(profile.clone(), MIB));
    port.enqueue(Op::read(&device, 0, Buffer::alone(512).unwrap(), 0)).unwrap();
    // Done meanwhile, so that nobody waits for it.
    sim.charge(profile.read_latency * 3);
    assert_eq!(time(&sim, || drop(port.wait().unwrap())), Duration::ZERO);
}
