//! A small table for people: as wide as its cells, all of which are there before it is printed.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// Where a cell stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows of cells below a header.
#[derive(Debug)]
pub(crate) struct Grid {
    table: Table,
}

impl Grid {
    /// A table with this header.
    pub(crate) fn new(columns: &[(&str, Align)]) -> Self {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(columns.iter().map(|(label, _)| *label));
        for (number, &(_, align)) in columns.iter().enumerate() {
            if let Some(column) = table.column_mut(number) {
                // One cell stands before each column, so that the first has none and two lie between others.
                column.set_padding(if number == 0 { (0, 1) } else { (1, 1) });
                if align == Align::Right {
                    column.set_cell_alignment(CellAlignment::Right);
                }
            }
        }
        Self { table }
    }

    /// Adds a row; its cells are safe to show.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.table.add_row(cells);
    }

    /// The lines, in a terminal of so many cells.
    pub(crate) fn text(mut self, cells: Option<usize>) -> String {
        if let Some(cells) = cells.and_then(|cells| u16::try_from(cells).ok()) {
            self.table.set_width(cells);
        }
        self.table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Align, Grid};

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let mut grid = Grid::new(&[("NAME", Align::Left), ("BYTES", Align::Right)]);
        grid.row(vec!["müller".to_owned(), "1".to_owned()]);
        grid.row(vec!["x".to_owned(), "1234567".to_owned()]);
        assert_eq!(grid.text(None), "NAME      BYTES\nmüller        1\nx       1234567\n");
    }
}
