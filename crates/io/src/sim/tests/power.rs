//! What is found after a power cut.

use super::*;

/// What is found at the places of three writes of 8 KiB each, the last two to the same place, after a power cut.
fn after_a_crash(seed: u64, atom_bytes: usize, flushed: usize) -> Vec<u8> {
    let sim = Sim::new(seed);
    let disk = sim.disk(SimProfile { atom_bytes, ..SimProfile::instant() }, MIB);
    let (port, device) = on(&sim, &disk);
    for (number, (fill, offset)) in [(1, 0), (2, 8192), (3, 8192)].into_iter().enumerate() {
        assert!(write(&port, &device, offset, &[fill; 8192]).result.is_ok());
        if number + 1 == flushed {
            assert!(flush(&port, &device).result.is_ok());
        }
    }
    let after = disk.crash();
    assert!(read(&port, &device, 0, 1).result.is_err(), "the old one is gone");
    after.peek(0, 16384)
}

#[test]
fn a_power_cut_loses_any_subset_of_what_was_not_flushed_torn_by_atoms() {
    for atom_bytes in [512, 4096] {
        let (mut lost, mut kept, mut torn, mut older) = (0, 0, 0, 0);
        for seed in 0..200 {
            let found = after_a_crash(seed, atom_bytes, 0);
            let atoms: Vec<u8> = found
                .chunks(atom_bytes)
                .map(|atom| {
                    assert!(atom.iter().all(|&byte| byte == atom[0]), "an atom is torn");
                    atom[0]
                })
                .collect();
            let (first, second) = atoms.split_at(atoms.len() / 2);
            assert!(first.iter().all(|&atom| atom <= 1) && second.iter().all(|&atom| atom != 1));
            lost += usize::from(first.iter().all(|&atom| atom == 0));
            kept += usize::from(first.iter().all(|&atom| atom == 1));
            torn += usize::from(first.contains(&0) && first.contains(&1));
            older += usize::from(second.iter().all(|&atom| atom == 2));
            // What was flushed is there, and later writes may or may not be.
            let found = after_a_crash(seed, atom_bytes, 2);
            assert!(found[..8192].iter().all(|&byte| byte == 1));
            assert!(found[8192..].iter().all(|&byte| byte == 2 || byte == 3));
            assert_eq!(after_a_crash(seed, atom_bytes, 3)[8192..], [3; 8192]);
        }
        assert!(lost > 0 && kept > 0 && torn > 0 && older > 0, "{lost} {kept} {torn} {older}");
    }
}

#[test]
fn writes_at_work_when_the_power_fails_may_be_there_in_part() {
    let mut seen = [false; 3];
    for seed in 0..100 {
        let sim = Sim::new(seed);
        let disk = sim.disk(SimProfile::hdd(), MIB);
        let (port, device) = on(&sim, &disk);
        port.enqueue(Op::write(&device, 0, buffer(&[1; 8192]), 0)).unwrap();
        let atoms = disk.crash().peek(0, 8192);
        assert!(port.wait().unwrap().result.is_err());
        let there = atoms.iter().filter(|&&byte| byte == 1).count();
        seen[if there == 0 { 0 } else { 1 + usize::from(there == 8192) }] = true;
    }
    assert_eq!(seen, [true; 3]);
}

/// A flush covers what had completed when it was asked for. One that waits in the device's queue behind a write begins when that one
/// is over, and covered it then: a program that forgot to wait was never found out.
#[test]
fn a_flush_covers_nothing_that_was_under_way_when_it_came() {
    let mut lost = 0;
    for seed in 0..50 {
        let sim = Sim::new(seed);
        let disk = sim.disk(SimProfile::hdd(), MIB);
        let (port, device) = on(&sim, &disk);
        port.enqueue(Op::write(&device, 0, buffer(&[1; 512]), 0)).unwrap();
        assert!(flush(&port, &device).result.is_ok());
        assert!(port.wait().unwrap().result.is_ok());
        lost += usize::from(disk.crash().peek(0, 1) == [0]);
    }
    assert!(lost > 0 && lost < 50, "{lost}");
}

/// Unflushed writes beyond what the cache holds are made durable in their order.
#[test]
fn a_cache_that_is_full_empties_itself() {
    let sim = Sim::new(5);
    let disk = sim.disk(SimProfile { cache_bytes: 8192, ..SimProfile::instant() }, MIB);
    let (port, device) = on(&sim, &disk);
    for number in 0..10 {
        drop(write(&port, &device, number * 4096, &[1; 4096]));
    }
    assert_eq!(disk.crash().peek(0, 8 * 4096), [1; 8 * 4096]);
}
