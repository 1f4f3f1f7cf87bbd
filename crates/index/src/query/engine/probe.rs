//! The first rows in the order of the tree, found by asking one row after another.
//!
//! Who wants twenty rows of sixty thousand does not want to wait for all of them. Where hits are as dense as that, the first twenty
//! stand among the first few hundred rows; where they are not, that shows soon, and the sweeps do it. Few are asked until then, for their names
//! lie in as many blocks, each of which is checked when it is first touched.

use super::plan::Plan;
use crate::Index;

/// Rows that are asked before it is decided whether to go on.
const ROWS_MIN: usize = 128;
/// At most one row in so many is asked: one by itself costs some 100 ns, in a sweep a few.
const SHARE: usize = 32;

/// The first `end` of `rows` that pass, or all, if that is found soon.
pub(super) fn first(
    plan: &Plan<'_>,
    index: &Index,
    rows: impl Iterator<Item = u32>,
    end: usize,
) -> Option<Vec<u32>> {
    if !plan.is_local() {
        return None;
    }
    let most = (index.len() as usize / SHARE).max(ROWS_MIN);
    let mut found = Vec::new();
    let mut look = ROWS_MIN;
    for (asked, row) in rows.enumerate() {
        if found.len() >= end {
            break;
        }
        if asked == look {
            // As many as are missing, if the rest is like what was seen.
            let needed = asked.checked_div(found.len())?.saturating_mul(end);
            if needed > most {
                return None;
            }
            look = asked * 2;
        }
        if plan.holds(index, row) {
            found.push(row);
        }
    }
    Some(found)
}
