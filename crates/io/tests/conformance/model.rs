//! Random operations, many in flight, against an array of bytes.

use std::collections::HashMap;
use std::ops::Range;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use quarry_io::Buffer;
use quarry_io::port::{Beyond, Buffers, Completion, Flush, Op};

use crate::Harness;
use crate::harness::{TestPort, buffer, contents, empty};

const DEVICE_BYTES: usize = 40_000;

#[derive(Debug, Clone)]
enum Step {
    Read {
        at: usize,
        lengths: Vec<usize>,
    },
    Write {
        at: usize,
        lengths: Vec<usize>,
        fill: u8,
    },
    Flush(bool),
    Packet,
    /// Takes what is there.
    Take(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let at = 0..DEVICE_BYTES + 1000;
    let lengths = || prop::collection::vec(0usize..6000, 1..5);
    prop_oneof![
        4 => (at.clone(), lengths()).prop_map(|(at, lengths)| Step::Read { at, lengths }),
        4 => (at, lengths(), 1u8..=0xDD).prop_map(|(at, lengths, fill)| Step::Write { at, lengths, fill }),
        1 => any::<bool>().prop_map(Step::Flush),
        1 => Just(Step::Packet),
        2 => (1usize..8).prop_map(Step::Take),
    ]
}

/// What is in flight, and what it must come back as.
struct Expected {
    /// What no other may touch meanwhile; a write that moves the end takes the hole that it leaves along.
    span: Range<usize>,
    writes: bool,
    /// Bytes that a write must move.
    count: usize,
    /// What a read must give.
    bytes: Vec<u8>,
}

struct Run<'a> {
    port: &'a TestPort,
    model: Vec<u8>,
    in_flight: HashMap<u64, Expected>,
}

impl Run<'_> {
    /// Operations on the same bytes are not ordered by a port, so the caller orders them.
    fn wait_for_overlaps(&mut self, span: &Range<usize>, writes: bool) {
        let conflict = |other: &Expected| {
            (writes || other.writes) && span.start < other.span.end && other.span.start < span.end
        };
        while self.in_flight.values().any(conflict) {
            let done = self.port.wait().unwrap();
            self.check(done);
        }
    }

    fn check(&mut self, done: Completion<u64>) {
        let expected = self.in_flight.remove(&done.context).expect("in flight, and not seen before");
        let count = done.result.expect("nothing fails here");
        if expected.writes {
            assert_eq!(count, expected.count);
        } else {
            let read: Vec<u8> = done.buffers.into_vec().iter().flat_map(|buffer| buffer.to_vec()).collect();
            assert_eq!(count, expected.bytes.len());
            assert_eq!(read[..count], expected.bytes);
            assert!(read[count..].iter().all(|&byte| byte == 0xEE), "touched beyond the end");
        }
    }

    fn begin(&mut self, context: u64, step: &Step, device: &quarry_io::port::PortDevice) {
        let in_parts = |mut parts: Vec<Buffer>, op: fn(_, _, Buffers, u64) -> Op<u64>, at: usize| {
            let buffers = if parts.len() == 1 { Buffers::One(parts.remove(0)) } else { Buffers::Many(parts) };
            op(device, at as u64, buffers, context)
        };
        let (op, expected) = match step {
            Step::Read { at, lengths } => {
                let span = *at..at + lengths.iter().sum::<usize>();
                self.wait_for_overlaps(&span, false);
                let end = span.end.min(self.model.len());
                let bytes = self.model.get(span.start..end).unwrap_or_default().to_vec();
                let parts = lengths.iter().map(|&len| empty(len)).collect();
                (in_parts(parts, read, *at), Expected { span, writes: false, count: 0, bytes })
            }
            Step::Write { at, lengths, fill } => {
                let span = *at..at + lengths.iter().sum::<usize>();
                // A write moves the end, which every read beyond it depends on.
                let all = if span.end > self.model.len() { 0..usize::MAX } else { span.clone() };
                self.wait_for_overlaps(&all, true);
                let touched = span.start.min(self.model.len())..span.end;
                if !span.is_empty() {
                    self.model.resize(self.model.len().max(span.end), 0);
                    self.model[span.clone()].fill(*fill);
                }
                let parts = lengths.iter().map(|&len| buffer(&vec![*fill; len])).collect();
                (
                    in_parts(parts, write, *at),
                    Expected { span: touched, writes: true, count: span.len(), bytes: Vec::new() },
                )
            }
            Step::Flush(all) => {
                let flush = if *all { Flush::All } else { Flush::Data };
                (
                    Op::flush(device, flush, context),
                    Expected { span: 0..0, writes: false, count: 0, bytes: Vec::new() },
                )
            }
            Step::Packet => {
                (Op::packet(0, context), Expected { span: 0..0, writes: false, count: 0, bytes: Vec::new() })
            }
            Step::Take(count) => {
                let mut done = Vec::new();
                self.port.wait_many(*count, Some(std::time::Duration::ZERO), &mut done).unwrap();
                done.into_iter().for_each(|done| self.check(done));
                return;
            }
        };
        self.in_flight.insert(context, expected);
        self.port.enqueue(op).unwrap();
    }
}

fn read(device: &quarry_io::port::PortDevice, at: u64, buffers: Buffers, context: u64) -> Op<u64> {
    match buffers {
        Buffers::One(buffer) => Op::read(device, at, buffer, context),
        many => Op::read_vectored(device, at, many.into_vec(), context),
    }
}

fn write(device: &quarry_io::port::PortDevice, at: u64, buffers: Buffers, context: u64) -> Op<u64> {
    match buffers {
        Buffers::One(buffer) => Op::write(device, at, buffer, context),
        many => Op::write_vectored(device, at, many.into_vec(), context),
    }
}

pub(crate) fn random_operations_do_what_a_byte_array_does(h: &impl Harness) {
    let strategy = (1usize..12, prop::collection::vec(step(), 1..60));
    // A case opens a port and moves a megabyte: dear, so fewer of them unless more are asked for.
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { 48 };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let run = TestRunner::new(config).run(&strategy, |(depth, steps)| {
        let port = h.port_with_depth(depth, |options| options.beyond(Beyond::Pend { max: 1000 }));
        let model = vec![0x11; DEVICE_BYTES];
        let device = port.register(h.holding(&model), 0).unwrap();
        let mut run = Run { port: &port, model, in_flight: HashMap::new() };
        for (context, step) in (0..).zip(&steps) {
            run.begin(context, step, &device);
        }
        while !run.in_flight.is_empty() {
            let done = port.wait().unwrap();
            run.check(done);
        }
        let (model, len) = (run.model, 2 * DEVICE_BYTES);
        prop_assert_eq!(contents(&port, &device, 0, len), model);
        Ok(())
    });
    run.unwrap();
}
