//! Requests that fail, devices that vanish, and bytes that change.

use super::*;

#[test]
fn faults_of_requests_come_as_ordered() {
    let sim = Sim::new(3);
    let disk = sim.disk(SimProfile::instant(), MIB);
    let (port, device) = on(&sim, &disk);
    let errno = |done: &Completion<u64>| match &done.result {
        Err(OpError::Failed { done: 0, source }) => {
            source.raw_os_error().map_or_else(|| source.kind(), |_| std::io::ErrorKind::Other)
        }
        other => panic!("{other:?}"),
    };
    // Short moves are gone on with.
    sim.keep_log();
    disk.inject(Fault::Short);
    assert_eq!(write(&port, &device, 0, &[5; 9000]).result.unwrap(), 9000);
    disk.inject(Fault::Short);
    assert_eq!(read(&port, &device, 0, 9000).into_buffer().unwrap()[..], [5; 9000]);
    assert_eq!(sim.log().matches("goes on").count(), 2);
    disk.inject(Fault::Error);
    assert_eq!(errno(&read(&port, &device, 0, 10)), std::io::ErrorKind::Other);
    // What cannot happen to a read waits for a write.
    disk.inject(Fault::Full);
    assert!(read(&port, &device, 0, 10).result.is_ok());
    assert_eq!(errno(&write(&port, &device, 0, &[6; 10])), std::io::ErrorKind::StorageFull);
    assert_eq!(disk.peek(0, 10), [5; 10]);
    disk.inject(Fault::Stall(Duration::from_secs(7)));
    assert_eq!(time(&sim, || drop(read(&port, &device, 0, 10))), Duration::from_secs(7));
    disk.fail_on(4096..4097);
    assert!(read(&port, &device, 0, 4096).result.is_ok());
    assert!(read(&port, &device, 0, 4097).result.is_err());
    // The end of a disk: what fits is written.
    let over = write(&port, &device, MIB - 4, &[7; 10]);
    assert_eq!(over.result.unwrap_err().done(), 4);
    assert_eq!(disk.peek(MIB - 4, 4), [7; 4]);
}

#[test]
fn a_device_that_vanishes_fails_what_it_has_and_may_come_back_stale() {
    let sim = Sim::new(3);
    let disk = sim.disk(SimProfile::hdd(), MIB);
    let (port, device) = on(&sim, &disk);
    drop(write(&port, &device, 0, b"old"));
    let image = disk.image();
    drop(write(&port, &device, 0, b"new"));
    disk.hold();
    port.enqueue(Op::read(&device, 0, Buffer::alone(3).unwrap(), 1)).unwrap();
    port.enqueue(Op::read(&device, 0, Buffer::alone(3).unwrap(), 2)).unwrap();
    assert!(port.wait_for(Duration::from_secs(3600)).unwrap().is_none());
    disk.vanish();
    for _ in 0..2 {
        assert!(matches!(port.wait().unwrap().result, Err(OpError::Failed { done: 0, .. })));
    }
    assert!(write(&port, &device, 0, b"xxx").result.is_err());
    assert!(flush(&port, &device).result.is_err());
    disk.release();
    disk.come_back();
    assert_eq!(read(&port, &device, 0, 3).into_buffer().unwrap()[..], *b"new");
    disk.vanish();
    disk.come_back_stale(&image);
    assert_eq!(read(&port, &device, 0, 3).into_buffer().unwrap()[..], *b"old");
}

#[test]
fn corruption_stays_through_a_flush_and_is_told() {
    for fault in [Fault::Phantom, Fault::Misdirected, Fault::FlippedBit] {
        let sim = Sim::new(5);
        let disk = sim.disk(SimProfile::instant(), MIB);
        let (port, device) = on(&sim, &disk);
        disk.inject(fault);
        assert_eq!(write(&port, &device, 8192, &[9; 4096]).result.unwrap(), 4096, "it says that all is well");
        assert!(flush(&port, &device).result.is_ok());
        let after = disk.crash();
        let damage = disk.take_damage();
        assert_eq!((damage.len(), damage[0].fault, damage[0].meant.clone()), (1, fault, 8192..12288));
        for at in 0..MIB {
            let byte = after.peek(at, 1)[0];
            let right = if (8192..12288).contains(&at) { 9 } else { 0 };
            let told = damage[0].wrong.iter().any(|range| range.contains(&at));
            assert!(byte == right || told, "{fault:?}: {byte} at {at}");
        }
        assert!(disk.peek(8192, 4096) != [9; 4096], "{fault:?} did nothing");
    }
    // A flush that lies loses what it acknowledged.
    let lost = (0..50).any(|seed| {
        let sim = Sim::new(seed);
        let disk = sim.disk(SimProfile::instant(), MIB);
        let (port, device) = on(&sim, &disk);
        drop(write(&port, &device, 0, &[9; 512]));
        disk.inject(Fault::Phantom);
        assert!(flush(&port, &device).result.is_ok());
        disk.crash().peek(0, 1) == [0]
    });
    assert!(lost);
}

#[test]
fn readers_are_fooled_as_well() {
    let sim = Sim::new(5);
    let disk = sim.disk(SimProfile::instant(), MIB);
    let (port, device) = on(&sim, &disk);
    disk.fill(0, &vec![1; 512 << 10]);
    disk.inject(Fault::FlippedBit);
    let bytes = read(&port, &device, 0, 512).into_buffer().unwrap();
    assert_eq!(bytes.iter().filter(|&&byte| byte != 1).count(), 1);
    assert_eq!(disk.peek(0, 512), bytes[..]);
    disk.inject(Fault::Misdirected);
    drop(read(&port, &device, 4096, 512));
    let damage = disk.take_damage();
    assert_eq!((damage.len(), damage[1].wrong.len()), (2, 0));
}
