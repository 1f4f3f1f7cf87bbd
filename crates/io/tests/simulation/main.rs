//! Random operations on a simulated device, with every fault it knows and power cuts in between, against a model that
//! knows of each sector what a read must find and what a power cut may leave.
//!
//! `QUARRY_SIM_OPERATIONS` says how many operations (20,000 unless told otherwise; a soak asks for a million), and
//! `QUARRY_SIM_SEED` by which seed. Both are printed, and the same two give the same run.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod model;

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::time::Duration;

use model::{Expected, GARBAGE, Sector, find, stamp};
use quarry_io::Buffer;
use quarry_io::port::{Completion, Flush, Op, OpId, OpKind, Port, PortDevice, PortOptions};
use quarry_io::sim::{Damage, FaultRates, Sim, SimDevice, SimImage, SimProfile};

const SECTOR: usize = 512;
const SECTORS: usize = 512;
const WRITE_SECTORS_MAX: u64 = 24;

struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

struct Run {
    rng: Rng,
    sim: Sim,
    disk: SimDevice,
    port: Port<u64>,
    device: PortDevice,
    sectors: Vec<Sector>,
    in_flight: HashMap<u64, (OpId, Expected)>,
    /// Sectors that corruption touched while a write to them was in flight.
    spoiled: BTreeSet<usize>,
    /// Reads that corruption fooled.
    fooled: Vec<Range<usize>>,
    image: Option<(SimImage, Vec<Sector>)>,
    operations: u64,
    crashes: u64,
    damages: u64,
}

fn open(sim: &Sim, disk: &SimDevice, rng: &mut Rng) -> (Port<u64>, PortDevice) {
    let depth = NonZeroUsize::new(1 + usize::try_from(rng.below(16)).unwrap()).unwrap();
    let port: Port<u64> = PortOptions::new().simulated(sim).depth(depth).open().unwrap();
    let device = port.register(disk.clone(), 0).unwrap();
    disk.set_faults(FaultRates {
        short: 50_000,
        error: 10_000,
        full: 5_000,
        stall: 5_000,
        stall_for: Duration::from_millis(50),
        misdirected: 1_000,
        phantom: 1_000,
        flipped_bit: 1_000,
    });
    (port, device)
}

impl Run {
    fn new(seed: u64) -> Self {
        let (sim, mut rng) = (Sim::new(seed), Rng(seed));
        let profiles = [SimProfile::instant(), SimProfile::hdd(), SimProfile::ssd(), SimProfile::nvme()];
        let profile = profiles[usize::try_from(rng.below(4)).unwrap()].clone();
        // Short moves then end between sectors, as those of disks do.
        let profile = SimProfile { alignment: 512, cache_bytes: 1 << 18, ..profile };
        let disk = sim.disk(profile, (SECTORS * SECTOR) as u64);
        let (port, device) = open(&sim, &disk, &mut rng);
        let sectors = vec![Sector::default(); SECTORS];
        let (in_flight, spoiled, fooled) = (HashMap::new(), BTreeSet::new(), Vec::new());
        let (operations, crashes, damages) = (0, 0, 0);
        Self {
            rng,
            sim,
            disk,
            port,
            device,
            sectors,
            in_flight,
            spoiled,
            fooled,
            image: None,
            operations,
            crashes,
            damages,
        }
    }

    fn step(&mut self) {
        match self.rng.below(1000) {
            0..430 => self.write(),
            430..860 => self.read(),
            860..920 => self.flush(),
            920..950 => self.cancel_one(),
            950..980 => self.sim.charge(Duration::from_micros(self.rng.below(5000))),
            980..985 => self.crash(),
            985..990 => self.vanish(),
            990..993 => self.remember(),
            _ => self.take_all(),
        }
        while self.in_flight.len() > 64 {
            self.take();
        }
    }

    fn span(&mut self) -> Range<usize> {
        let start = usize::try_from(self.rng.below(SECTORS as u64)).unwrap();
        let len = usize::try_from(1 + self.rng.below(WRITE_SECTORS_MAX)).unwrap();
        start..(start + len).min(SECTORS)
    }

    /// A port orders nothing, so whoever wants an order waits.
    fn wait_for_overlaps(&mut self, span: &Range<usize>, writes: bool) {
        let conflicts = |other: &Expected| {
            let theirs = other.span();
            (writes || other.writes()) && span.start < theirs.end && theirs.start < span.end
        };
        while self.in_flight.values().any(|(_, other)| conflicts(other)) {
            self.take();
        }
    }

    fn send(&mut self, op: Op<u64>, expected: Expected) {
        let id = self.port.enqueue(op).unwrap();
        self.in_flight.insert(self.operations, (id, expected));
    }

    fn write(&mut self) {
        let sectors = self.span();
        self.wait_for_overlaps(&sectors, true);
        self.operations += 1;
        let id = self.operations;
        let mut buffer = Buffer::alone(sectors.len() * SECTOR).unwrap();
        for (bytes, sector) in buffer.chunks_mut(SECTOR).zip(sectors.clone()) {
            bytes.chunks_mut(8).for_each(|word| word.copy_from_slice(&stamp(id, sector).to_le_bytes()));
            self.sectors[sector].since.push(id);
        }
        let op = Op::write(&self.device, (sectors.start * SECTOR) as u64, buffer, id);
        self.send(op, Expected::Write { id, sectors });
    }

    fn read(&mut self) {
        let sectors = self.span();
        self.wait_for_overlaps(&sectors, false);
        self.operations += 1;
        let buffer = Buffer::alone(sectors.len() * SECTOR).unwrap();
        let op = Op::read(&self.device, (sectors.start * SECTOR) as u64, buffer, self.operations);
        self.send(op, Expected::Read(sectors));
    }

    fn flush(&mut self) {
        self.operations += 1;
        let dirty = self.sectors.iter().enumerate().filter(|(_, sector)| !sector.since.is_empty());
        let covers = dirty.map(|(number, sector)| (number, sector.current)).collect();
        self.send(Op::flush(&self.device, Flush::Data, self.operations), Expected::Flush(covers));
    }

    fn cancel_one(&mut self) {
        // The smallest, so that the table's order plays no part.
        if let Some(oldest) = self.in_flight.keys().min() {
            self.port.cancel(self.in_flight[oldest].0);
        }
    }

    fn take_all(&mut self) {
        while !self.in_flight.is_empty() {
            self.take();
        }
    }

    fn take(&mut self) {
        let done = self.port.wait().unwrap();
        self.note_damage();
        self.check(done);
    }

    fn note_damage(&mut self) {
        for Damage { kind, meant, wrong, .. } in self.disk.take_damage() {
            self.damages += 1;
            let sectors = |range: &Range<u64>| {
                let sector = |at: u64| usize::try_from(at).unwrap();
                sector(range.start) / SECTOR..sector(range.end).div_ceil(SECTOR)
            };
            if kind == OpKind::Read {
                self.fooled.push(sectors(&meant));
            }
            for sector in wrong.iter().flat_map(sectors) {
                self.sectors[sector].spoil();
                self.spoiled.insert(sector);
            }
        }
    }

    fn check(&mut self, done: Completion<u64>) {
        let (_, expected) = self.in_flight.remove(&done.context).expect("in flight, and not seen before");
        let moved = done.result.as_ref().map_or_else(|error| error.done(), |&count| count);
        match expected {
            Expected::Read(sectors) => {
                let fooled =
                    self.fooled.iter().any(|other| other.start < sectors.end && sectors.start < other.end);
                let all = moved == sectors.len() * SECTOR;
                assert!(all || done.result.is_err(), "{moved} bytes of {sectors:?}");
                let buffer = done.into_buffer().unwrap();
                for (bytes, sector) in buffer[..moved].chunks(SECTOR).zip(sectors) {
                    let current = self.sectors[sector].current;
                    let right = find(bytes, sector, [current]).is_some() || current == GARBAGE;
                    assert!(right || fooled, "sector {sector} does not hold write {current}");
                }
            }
            Expected::Write { id, sectors } => {
                assert_eq!(moved % SECTOR, 0);
                assert!(done.result.is_err() || moved == sectors.len() * SECTOR);
                let written = sectors.start..sectors.start + moved / SECTOR;
                for number in sectors {
                    let sector = &mut self.sectors[number];
                    if !written.contains(&number) {
                        sector.since.retain(|&other| other != id);
                    } else if self.spoiled.remove(&number) {
                        sector.spoil();
                    } else {
                        sector.current = id;
                    }
                }
            }
            Expected::Flush(covers) if done.result.is_ok() => {
                for (number, id) in covers {
                    let sector = &mut self.sectors[number];
                    if let Some(at) = sector.since.iter().position(|&other| other == id) {
                        sector.since.drain(..=at);
                        sector.settled = id;
                    }
                }
            }
            Expected::Flush(_) => {}
        }
        if !self.in_flight.values().any(|(_, other)| other.writes()) {
            self.spoiled.clear();
        }
        if self.in_flight.is_empty() {
            self.fooled.clear();
        }
    }

    /// The power fails, whatever is in flight, and what is found then must be something that was written.
    fn crash(&mut self) {
        self.crashes += 1;
        let after = self.disk.crash();
        self.note_damage();
        for (number, sector) in self.sectors.iter_mut().enumerate() {
            let bytes = after.peek((number * SECTOR) as u64, SECTOR);
            let spoiled = sector.settled == GARBAGE || sector.since.contains(&GARBAGE);
            let possible = std::iter::once(sector.settled).chain(sector.since.iter().copied());
            let found = find(&bytes, number, possible);
            assert!(
                found.is_some() || spoiled,
                "sector {number} holds neither the flushed write {} nor one of {:?}",
                sector.settled,
                sector.since
            );
            let found = found.unwrap_or(GARBAGE);
            *sector = Sector { current: found, settled: found, since: Vec::new() };
        }
        self.disk = after;
        let (port, device) = open(&self.sim, &self.disk, &mut self.rng);
        (self.port, self.device) = (port, device);
        self.in_flight.clear();
        self.spoiled.clear();
        self.fooled.clear();
        self.image = None;
    }

    /// It is gone for a while and comes back, sometimes with what it held long ago.
    fn vanish(&mut self) {
        self.disk.vanish();
        self.read();
        self.take_all();
        match self.image.take_if(|_| self.rng.0.is_multiple_of(2)) {
            Some((image, sectors)) => {
                self.disk.come_back_stale(&image);
                self.sectors = sectors;
            }
            None => self.disk.come_back(),
        }
    }

    fn remember(&mut self) {
        self.take_all();
        self.image = Some((self.disk.image(), self.sectors.clone()));
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}

/// Runs `operations` by `seed`, a new device every few thousand. Says how much of each there was, and the digests.
fn run(seed: u64, operations: u64) -> (u64, u64, u64) {
    const OF_ONE_DEVICE: u64 = 4000;
    let (mut left, mut crashes, mut damages, mut digest, mut seed) = (operations, 0, 0, 0_u64, seed);
    while left > 0 {
        let part = left.min(OF_ONE_DEVICE);
        let mut run = Run::new(seed);
        while run.operations < part {
            run.step();
        }
        run.take_all();
        crashes += run.crashes;
        damages += run.damages;
        digest = digest.rotate_left(1) ^ run.sim.digest();
        (left, seed) = (left - part, seed.wrapping_add(1));
    }
    (crashes, damages, digest)
}

#[test]
fn random_operations_faults_and_power_cuts_against_a_model() {
    let (seed, operations) = (number("QUARRY_SIM_SEED", 1), number("QUARRY_SIM_OPERATIONS", 20_000));
    eprintln!("QUARRY_SIM_SEED={seed} QUARRY_SIM_OPERATIONS={operations}");
    let (crashes, damages, _) = run(seed, operations);
    eprintln!("{crashes} power cuts, {damages} corruptions");
    if operations >= 20_000 {
        assert!(crashes > 20 && damages > 20, "a run that meets too little");
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    assert_eq!(run(42, 3000), run(42, 3000));
    assert_ne!(run(42, 500).2, run(43, 500).2);
}
