//! Building anew: a view taken apart into what a source would tell, and an index made of that.

use super::View;
use super::delta::{DeltaFile, Link, Slot};
use crate::build::BuildError;
use crate::{Batch, Builder, Evidence, File, FileFlags, FileId, Findings, Index, Kind};

/// Where the state of a file is.
enum Kept<'a> {
    /// In the rows of the index; this is the first name.
    Index(u32),
    Delta(&'a DeltaFile),
}

impl View {
    /// The index of the source as it is now: the same to the byte as one built from what its records say.
    ///
    /// # Errors
    /// If there is more than an index holds, or what is there is damaged.
    pub fn rebuild(&self) -> Result<(Index, Findings), BuildError> {
        let index = &self.base.index;
        let root = index.row(Index::ROOT);
        let id = FileId { record: root.record().unwrap_or_default(), sequence: root.sequence() };
        let mut batch = if root.evidence().is_some() { Batch::with_evidence() } else { Batch::new() };
        let mut files: Vec<(u32, Kept<'_>)> = Vec::new();
        for row in index.rows().filter(|row| index.rows.primary.contains(row.number() as usize)) {
            if let Some(record) = row.record().filter(|&record| self.delta.slot(record).is_none()) {
                files.push((record, Kept::Index(row.number())));
            }
        }
        for (&record, slot) in &self.delta.slots {
            if let Slot::File(file) | Slot::Facts(file) = *slot
                && let Some(file) = self.delta.files.get(file as usize)
            {
                files.push((record, Kept::Delta(file)));
            }
        }
        files.sort_unstable_by_key(|&(record, _)| record);
        batch.begin(0);
        for (_, kept) in &files {
            batch.open_file();
            match kept {
                Kept::Index(row) => self.push_kept(&mut batch, *row),
                Kept::Delta(file) => self.push_set(&mut batch, file),
            }
        }
        let note = index.note()?.to_vec();
        index.sound()?;
        Builder::new(id, index.names().case_table().clone()).note(note).build(vec![batch])
    }

    /// Pushes a file of the index that is as it was.
    fn push_kept(&self, batch: &mut Batch, row: u32) {
        self.push_names(batch, row, None);
        for row in self.base.rows_of_file(row) {
            if let Some(stream) = self.row(row).stream() {
                let name = self.base.index.row(row).name();
                batch.stream(stream, |blob| blob.extend_from_slice(&name));
            }
        }
        let evidence = self.base.index.row(row).evidence().unwrap_or_default();
        close(batch, self.row(row).file(), evidence);
    }

    /// Pushes a file that was set: its rows, and if it has only its streams there, its names from the index.
    fn push_set(&self, batch: &mut Batch, file: &DeltaFile) {
        let delta = &self.delta;
        let rows = || {
            (file.rows.start as usize..file.rows.end as usize)
                .zip(delta.rows.get(file.rows.start as usize..).unwrap_or_default())
        };
        if delta.slot(file.file.record).is_some_and(|slot| matches!(slot, Slot::Facts(_)))
            && let Some(row) = self.base.row_of(file.file.record)
        {
            let first =
                rows().find_map(|(_, row)| if let Link::Row(row) = row.link { Some(row) } else { None });
            self.push_names(batch, row, first);
        }
        for (place, row) in rows() {
            let name = delta.name(place).0;
            match (row.link, row.stream) {
                (Link::Claim(parent), _) => batch.name(parent, false, |blob| blob.extend_from_slice(name)),
                (_, Some(stream)) => batch.stream(stream, |blob| blob.extend_from_slice(name)),
                (_, None) => {}
            }
        }
        close(batch, file.file, file.evidence);
    }

    /// Pushes the names that a file has in the index: first the one that its streams hang on, which is told or holds rows.
    fn push_names(&self, batch: &mut Batch, row: u32, first: Option<u32>) {
        let index = &self.base.index;
        let mut rows: Vec<_> = self.base.rows_of_file(row).map(|row| index.row(row)).collect();
        rows.retain(|row| row.kind() != Kind::Stream);
        rows.sort_by_key(|row| match first {
            Some(first) => row.number() != first,
            None => row.subtree_end() == row.number() + 1,
        });
        for row in rows {
            if let Some(parent) = row.claimed_parent() {
                batch.name(parent, false, |blob| blob.extend_from_slice(&row.name()));
            }
        }
    }
}

fn close(batch: &mut Batch, file: File, evidence: Evidence) {
    batch.close_file_with(File { flags: file.flags | FileFlags::SIZED, ..file }, evidence);
}
