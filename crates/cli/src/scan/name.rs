//! What an entry is called if nobody says: short, fit for a shell and a terminal, and the same each time.

use quarry_catalog::{NAME_BYTES_MAX, Name};
use quarry_index::query::is_unprintable;
use quarry_io::DeviceKind;

use crate::entries;
use crate::failure::Complaint;
use crate::place::{stem, with_partition};
use crate::volumes::Opened;

/// The file's stem; of a device the volume's label. The partition's number stands behind it if there are `several`.
pub(super) fn usual(opened: &Opened, several: bool) -> Result<Name, Complaint> {
    let volume = &opened.volume;
    let partition = volume.partition().filter(|_| several);
    let label = String::from_utf8_lossy(&volume.label()).into_owned();
    let is_device = volume.device().kind() == DeviceKind::Block;
    let name = if is_device && !safe(&label, None).is_empty() {
        // Labels tell the volumes of a disk apart, or are the same.
        safe(&label, partition)
    } else {
        safe(&stem(&opened.source, None), partition)
    };
    entries::name(&name).map_err(|complaint| complaint.then("choose a name with --name"))
}

/// `text` as a name, with the number of a partition: what would mislead a shell or a terminal becomes `_`, and what is too
/// long is cut.
fn safe(text: &str, partition: Option<u32>) -> String {
    let harmless = |c: char| !is_unprintable(c) && !c.is_control() && !"/\\:'\"`$*?[]<>|".contains(c);
    let text: String = text.chars().map(|c| if harmless(c) { c } else { '_' }).collect();
    let behind = with_partition("", partition);
    let mut text = text.trim();
    while text.len() + behind.len() > NAME_BYTES_MAX {
        let mut shorter = text.chars();
        shorter.next_back();
        text = shorter.as_str().trim_end();
    }
    if text.is_empty() { behind } else { format!("{text}{behind}") }
}

#[cfg(test)]
mod tests {
    use super::safe;
    use quarry_catalog::{NAME_BYTES_MAX, Name};

    fn check(text: &str, partition: Option<u32>, expected: &str) {
        let found = safe(text, partition);
        assert_eq!(found, expected);
        assert!(found.is_empty() || Name::new(&found).is_ok(), "{found:?}");
    }

    #[test]
    fn names_are_safe_and_bounded() {
        check("Household", None, "Household");
        check("C:", Some(3), "C_#3");
        check(" a/b\u{1b}[2J\u{202e}'; rm *", None, "a_b__2J__; rm _");
        check("  ", None, "");
        check("  ", Some(2), "#2");
        check(&"ü".repeat(40), Some(12), &format!("{}#12", "ü".repeat(30)));
        check(&"x ".repeat(40), None, &format!("{}x", "x ".repeat(31)));
        assert_eq!(safe(&"x".repeat(999), None).len(), NAME_BYTES_MAX);
    }
}
