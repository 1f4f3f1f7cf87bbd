//! Bytes go where they should, and everything comes back.

use quarry_io::port::{Buffers, Flush, Op, OpKind};
use quarry_io::{BufferPool, WritableFile, WriteOptions};

use crate::Harness;
use crate::harness::{buffer, contents, empty, pattern};

pub(crate) fn what_is_written_is_read(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(&[]), 1).unwrap();
    for len in [1, 511, 4096, 100_000, 3 << 20] {
        let bytes = pattern(len);
        let written = port.submit(Op::write(&device, 7, buffer(&bytes), 0)).unwrap().wait();
        assert_eq!(written.result.unwrap(), len);
        assert_eq!(contents(&port, &device, 7, len), bytes);
    }
}

pub(crate) fn only_the_bytes_asked_for_are_touched(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(&[9; 10]), 1).unwrap();
    let write = Op::write(&device, 2, buffer(b"abcdef"), 0).bytes(1..4);
    assert_eq!(port.submit(write).unwrap().wait().result.unwrap(), 3);
    assert_eq!(contents(&port, &device, 0, 20), [9, 9, b'b', b'c', b'd', 9, 9, 9, 9, 9]);
    let read = port.submit(Op::read(&device, 2, empty(6), 0).bytes(2..5)).unwrap().wait();
    assert_eq!(read.result.as_ref().unwrap(), &3);
    assert_eq!(read.into_buffer().unwrap()[..], *b"\xEE\xEEbcd\xEE");
}

pub(crate) fn vectored_operations_are_one_stretch_of_the_device(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(&[]), 1).unwrap();
    let parts = || [&b"one"[..], b"", b"three", b"x"].map(buffer).into();
    let written = port.submit(Op::write_vectored(&device, 5, parts(), 0)).unwrap().wait();
    assert_eq!((written.result.unwrap(), written.buffers.into_vec().len()), (9, 4));
    assert_eq!(contents(&port, &device, 5, 100), b"onethreex");

    let lengths = [2, 4, 0, 9];
    let read = Op::read_vectored(&device, 5, lengths.map(empty).into(), 0);
    let read = port.submit(read).unwrap().wait();
    assert_eq!(read.result.as_ref().unwrap(), &9);
    let read: Vec<Vec<u8>> = read.buffers.into_vec().iter().map(|buffer| buffer.to_vec()).collect();
    assert_eq!(read, [&b"on"[..], b"ethr", b"", b"eex\xEE\xEE\xEE\xEE\xEE\xEE"]);

    // A range is counted through all of them.
    let part = Op::write_vectored(&device, 0, parts(), 0).bytes(2..5);
    assert_eq!(port.submit(part).unwrap().wait().result.unwrap(), 3);
    assert_eq!(contents(&port, &device, 0, 3), b"eth");
    let many = (0..1024).map(|_| buffer(b"m")).collect();
    assert_eq!(port.submit(Op::write_vectored(&device, 0, many, 0)).unwrap().wait().result.unwrap(), 1024);
}

pub(crate) fn reads_stop_at_the_end_of_the_device(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(&pattern(1000)), 1).unwrap();
    for (offset, len, expected) in
        [(0, 1000, 1000), (0, 5000, 1000), (999, 2, 1), (1000, 1, 0), (1 << 40, 9, 0)]
    {
        let read = port.submit(Op::read(&device, offset, empty(len), 0)).unwrap().wait();
        assert_eq!(read.result.as_ref().unwrap(), &expected, "{len} bytes at {offset}");
        let read = read.into_buffer().unwrap();
        assert!(read[expected..].iter().all(|&byte| byte == 0xEE), "{len} bytes at {offset}");
    }
}

pub(crate) fn writes_lengthen_a_file(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(b"12"), 1).unwrap();
    assert_eq!(port.submit(Op::write(&device, 4, buffer(b"56"), 0)).unwrap().wait().result.unwrap(), 2);
    assert_eq!(contents(&port, &device, 0, 10), b"12\0\x0056");
}

pub(crate) fn nothing_asked_for_is_nothing_done(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(b"12"), 1).unwrap();
    for op in [
        Op::read(&device, 0, empty(0), 0),
        Op::read(&device, 0, empty(5), 0).bytes(5..5),
        Op::write(&device, 0, buffer(b"xx"), 0).bytes(1..1),
        Op::write_vectored(&device, 1 << 50, Vec::new(), 0),
    ] {
        assert_eq!(port.submit(op).unwrap().wait().result.unwrap(), 0);
    }
    assert_eq!(contents(&port, &device, 0, 10), b"12");
}

pub(crate) fn flushes_complete(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(&[]), 1).unwrap();
    port.enqueue(Op::write(&device, 0, buffer(&pattern(10_000)), 0)).unwrap();
    let _ = port.wait().unwrap();
    for flush in [Flush::Data, Flush::All] {
        port.enqueue(Op::flush(&device, flush, 8)).unwrap();
        let done = port.wait().unwrap();
        assert_eq!((done.kind(), done.context, done.result.unwrap()), (OpKind::Flush(flush), 8, 0));
        assert!(matches!(done.buffers, Buffers::None));
    }
}

pub(crate) fn memory_and_context_come_back(h: &impl Harness) {
    let port: quarry_io::Port<String> = h.options().open().unwrap();
    let device = port.register(h.holding(&pattern(64)), 3).unwrap();
    let pool = BufferPool::new(1, 64);
    for round in 0..20 {
        let buffer = pool.take();
        let address = buffer.as_ptr();
        let id = port.enqueue(Op::read(&device, round, buffer, format!("context {round}"))).unwrap();
        assert!(pool.try_take().is_none());
        let done = port.wait().unwrap();
        assert_eq!((done.id, done.key(), done.offset()), (id, 3, round));
        assert_eq!(done.context, format!("context {round}"));
        assert_eq!(done.into_buffer().unwrap().as_ptr(), address);
    }
    assert_eq!(pool.idle(), 1);
}

pub(crate) fn each_device_has_its_key(h: &impl Harness) {
    let port = h.port();
    let devices: Vec<_> =
        (0..5u8).map(|key| port.register(h.holding(&[key; 10]), u64::from(key) * 100).unwrap()).collect();
    for (context, device) in (0..).zip(&devices) {
        port.enqueue(Op::read(device, 0, empty(10), context)).unwrap();
    }
    for _ in &devices {
        let done = port.wait().unwrap();
        assert_eq!(done.key(), done.context * 100);
        let expected = u8::try_from(done.context).unwrap();
        assert_eq!(done.into_buffer().unwrap()[..], [expected; 10]);
    }
}

pub(crate) fn several_are_submitted_and_taken_at_once(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(&pattern(1000)), 1).unwrap();
    let reads = (0..100).map(|i| Op::read(&device, i, empty(8), i));
    assert_eq!(port.enqueue_many(reads).unwrap(), 100);
    let mut done = Vec::new();
    while done.len() < 100 {
        let before = done.len();
        let count = port.wait_many(16, Some(h.never()), &mut done).unwrap();
        assert!((1..=16).contains(&count) && done.len() == before + count);
    }
    let mut seen: Vec<u64> = done.iter().map(|done| done.context).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..100).collect::<Vec<u64>>());
    let bytes = pattern(1000);
    for done in done {
        let at = usize::try_from(done.offset()).unwrap();
        assert_eq!(done.into_buffer().unwrap()[..], bytes[at..at + 8]);
    }
}

pub(crate) fn pools_may_be_registered(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(&[]), 1).unwrap();
    let registered = BufferPool::new(8, 8192);
    // What the system refuses to pin works all the same.
    let _ = port.register_buffers(&registered);
    let other = BufferPool::new(8, 8192);
    for round in 0..40u8 {
        let mut from = if round % 2 == 0 { registered.take() } else { other.take() };
        from.fill(round);
        let at = u64::from(round) * 8192;
        assert_eq!(port.submit(Op::write(&device, at, from, 0)).unwrap().wait().result.unwrap(), 8192);
        let to = if round % 3 == 0 { registered.take() } else { other.take() };
        let read = port.submit(Op::read(&device, at + 1, to, 0).bytes(100..8000)).unwrap().wait();
        assert_eq!(read.result.as_ref().unwrap(), &7900);
        assert!(read.into_buffer().unwrap()[100..8000].iter().all(|&byte| byte == round));
    }
    drop(registered);
    assert_eq!(contents(&port, &device, 8192, 1), [1]);
}

pub(crate) fn direct_files_want_multiples(h: &impl Harness) {
    if !h.takes_files() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let options = WriteOptions::new().create_new().direct();
    // Not every file system takes O_DIRECT; the one of the temporary folder may not.
    let Ok(file) = WritableFile::open(folder.path().join("direct"), options) else { return };
    let port = h.port();
    let device = port.register(file.port_file(), 1).unwrap();
    let bytes = pattern(3 * 4096);
    let written = port.submit(Op::write(&device, 4096, buffer(&bytes), 0)).unwrap().wait();
    if cfg!(not(any(target_os = "linux", windows))) || written.result.is_err() {
        return;
    }
    // Cut between two multiples: a read that meets the end there is not continued.
    file.set_len(4096 + 5000).unwrap();
    let read = port.submit(Op::read(&device, 4096, empty(3 * 4096), 0)).unwrap().wait();
    assert_eq!(read.result.as_ref().unwrap(), &5000);
    assert_eq!(read.into_buffer().unwrap()[..5000], bytes[..5000]);
    for (offset, range) in [(1, 0..4096), (512, 0..4096), (0, 0..100), (0, 512..4096)] {
        assert!(port.submit(Op::read(&device, offset, empty(4096), 0).bytes(range)).is_err());
    }
}

pub(crate) fn packets_go_through(h: &impl Harness) {
    let port = h.port();
    for context in 0..10 {
        port.post(context * 7, context).unwrap();
    }
    for context in 0..10 {
        let packet = port.wait().unwrap();
        assert_eq!((packet.kind(), packet.key(), packet.context), (OpKind::Packet, context * 7, context));
        assert_eq!(packet.result.unwrap(), 0);
    }
    assert_eq!(port.submit(Op::packet(4, 5)).unwrap().wait().context, 5);
}
