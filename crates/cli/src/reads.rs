//! How a volume was read, for people and for programs.

use quarry_scan::{BitmapUse, Reads};
use serde::Serialize;

use crate::output::words::count;

/// The JSON object.
#[derive(Debug, Serialize)]
pub(crate) struct HowRead {
    asked: &'static str,
    mode: &'static str,
    why: Option<&'static str>,
    drive: String,
    backend: &'static str,
    past_cache: bool,
    readers: usize,
    parsers: usize,
    depth_first: usize,
    depth_most: usize,
    depth_last: usize,
    chunk_bytes: u32,
    chunks: u64,
    records: u64,
    bytes: u64,
    bitmap: &'static str,
    left_out_records: u64,
    put_last_records: u64,
    hole_records: u64,
}

impl HowRead {
    /// Whether the mode was left to the program.
    pub(crate) fn was_chosen(&self) -> bool {
        self.asked != self.mode
    }

    pub(crate) fn new(reads: &Reads) -> Self {
        Self {
            asked: reads.asked.name(),
            mode: reads.mode.name(),
            why: reads.why,
            drive: reads.drive.to_string(),
            backend: reads.backend,
            past_cache: reads.past_cache,
            readers: reads.readers,
            parsers: reads.parsers,
            depth_first: reads.depth_first,
            depth_most: reads.depth_most,
            depth_last: reads.depth_last,
            chunk_bytes: reads.chunk_bytes,
            chunks: reads.chunks,
            records: reads.records,
            bytes: reads.bytes,
            bitmap: match reads.bitmap {
                BitmapUse::Skip => "skip",
                BitmapUse::Order => "order",
                BitmapUse::OrderOnly => "order only",
                _ => "none",
            },
            left_out_records: reads.left_out,
            put_last_records: reads.put_last,
            hole_records: reads.holes,
        }
    }
}

/// What was not read because it need not be, or not kept, and why. `unused` are the records that were read and are not in use, if what
/// was deleted was not kept.
pub(crate) fn left_out(reads: &Reads, unused: Option<u64>) -> String {
    let records = |number| count(number, "record", "records");
    let last = format!("{} that the bitmap calls free were read last", records(reads.put_last));
    let mut text = match reads.bitmap {
        BitmapUse::Skip => format!("{} that the bitmap calls free", records(reads.left_out)),
        BitmapUse::Order if reads.put_last > 0 => format!("nothing; {last}"),
        BitmapUse::OrderOnly => format!("nothing, for the source may change; {last}"),
        _ => "nothing".to_owned(),
    };
    if let Some(unused) = unused {
        let kept = format!("{} not in use that were read and not kept", records(unused));
        text = match text.strip_prefix("nothing") {
            Some(rest) => kept + rest,
            None => format!("{text}; {kept}"),
        };
    }
    if reads.holes > 0 {
        text.push_str(&format!("; {} in holes", records(reads.holes)));
    }
    text
}
