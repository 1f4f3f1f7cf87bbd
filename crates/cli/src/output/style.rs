//! The few colours that there are. They are the terminal's own, so that a user's theme holds.

use anstyle::{AnsiColor, Style};

use quarry_index::{Kind, RowFlags};

use super::row::Row;

/// The names of the columns.
pub(crate) const HEADER: Style = Style::new().bold();
/// The way to a name.
pub(crate) const PARENT: Style = Style::new().dimmed();
/// What went wrong.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What a user would type, and what stands out otherwise.
pub(crate) const STRONG: Style = Style::new().bold();

/// The style of a row's name.
pub(crate) fn of_name(row: &dyn Row) -> Style {
    if row.flags().intersects(RowFlags::DELETED | RowFlags::DAMAGED) {
        return AnsiColor::Red.on_default();
    }
    match row.kind() {
        Kind::File => Style::new(),
        Kind::Folder => AnsiColor::Blue.on_default().bold(),
        Kind::Link => AnsiColor::Cyan.on_default(),
        Kind::Stream => AnsiColor::Yellow.on_default(),
    }
}

/// Appends `text` in `style`.
pub(crate) fn push_styled(out: &mut Vec<u8>, style: Style, text: &[u8]) {
    if style.is_plain() || text.is_empty() {
        return out.extend_from_slice(text);
    }
    // Writing to a vector does not fail.
    let _ = style.write_to(out);
    out.extend_from_slice(text);
    let _ = style.write_reset_to(out);
}
