//! What a volume is called, and how the paths on it begin.

use std::collections::HashSet;
use std::path::Path;

/// The name of a volume and what stands before its paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    name: String,
    /// The source as the user named it, and `#` and the partition if that has several volumes.
    source: String,
    /// `NAME:` where several volumes are searched, the mount point where it is mounted.
    prefix: Vec<u8>,
    mounted: bool,
}

/// A volume before it has a name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin<'a> {
    /// Read here: the source as given, and its partition if that has several volumes.
    Volume { source: &'a Path, partition: Option<u32> },
    /// An entry of the catalogue, which has a name.
    Entry { name: &'a str },
}

impl Place {
    /// Names the volumes, each differently, entries as the catalogue does; where there are `several`, paths begin
    /// with the name.
    pub(crate) fn name_all(origins: &[Origin<'_>], several: bool) -> Vec<Self> {
        let mut taken = HashSet::new();
        let mut names = vec![String::new(); origins.len()];
        for entries in [true, false] {
            let now = |origin: &Origin<'_>| matches!(origin, Origin::Entry { .. }) == entries;
            for (name, origin) in names.iter_mut().zip(origins).filter(|(_, origin)| now(origin)) {
                *name = unique(label(*origin), &mut taken);
            }
        }
        let named = |(name, origin): (String, &Origin<'_>)| {
            let prefix = if several { format!("{name}:").into_bytes() } else { Vec::new() };
            Self { name, source: source(*origin), prefix, mounted: false }
        };
        names.into_iter().zip(origins).map(named).collect()
    }

    /// Lets paths begin with the place where the volume is mounted, so that the user can open them.
    #[cfg(any(target_os = "linux", test))]
    pub(crate) fn mounted_at(mut self, mount_point: &Path) -> Self {
        let path = mount_point.as_os_str().as_encoded_bytes();
        self.prefix = path.strip_suffix(b"/").unwrap_or(path).to_vec();
        self.mounted = true;
        self
    }

    /// What the volume is called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The source that it comes from.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Whether paths begin with a mount point.
    pub(crate) fn is_mounted(&self) -> bool {
        self.mounted
    }

    /// Appends what stands before `path`. What hangs on no folder cannot be opened below a mount point.
    pub(crate) fn push_prefix(&self, out: &mut Vec<u8>, orphan: bool) {
        if !(self.mounted && orphan) {
            out.extend_from_slice(&self.prefix);
        }
    }
}

/// What the user named it by: the entry, or the path of the source and the number of the partition.
fn source(origin: Origin<'_>) -> String {
    match origin {
        Origin::Entry { name } => name.to_owned(),
        Origin::Volume { source, partition } => with_partition(&source.to_string_lossy(), partition),
    }
}

/// The entry's name; else the file's stem or the device's name, and the number of the partition.
fn label(origin: Origin<'_>) -> String {
    match origin {
        Origin::Entry { name } => name.to_owned(),
        Origin::Volume { source, partition } => stem(source, partition),
    }
}

/// The file's stem or the device's name, and the number of the partition.
pub(crate) fn stem(source: &Path, partition: Option<u32>) -> String {
    let text = source.to_string_lossy();
    // A volume or a disk of Windows: all root and no file, perhaps with a separator behind it.
    let device = text.strip_prefix(r"\\.\").or_else(|| text.strip_prefix(r"\\?\"));
    let stem = match device.map(|device| device.trim_end_matches('\\')) {
        Some(device) if !device.is_empty() && !device.contains('\\') => device.into(),
        _ => source.file_stem().unwrap_or(source.as_os_str()).to_string_lossy(),
    };
    // A colon ends the name where it stands before a path; a drive of Windows has one of its own.
    with_partition(stem.trim_end_matches(':'), partition)
}

/// `disk#2`.
pub(crate) fn with_partition(source: &str, partition: Option<u32>) -> String {
    partition.map_or_else(|| source.to_owned(), |number| format!("{source}#{number}"))
}

/// `label`, or with `~2`, `~3` … behind it if that is taken.
fn unique(label: String, taken: &mut HashSet<String>) -> String {
    let numbered = (2_u32..).map(|number| format!("{label}~{number}"));
    let free = std::iter::once(label.clone()).chain(numbered).find(|name| !taken.contains(name));
    let name = free.unwrap_or(label);
    taken.insert(name.clone());
    name
}

#[cfg(test)]
mod tests {
    use super::{Origin, Place};
    use std::path::Path;

    fn check(sources: &[(&str, Option<u32>)], expected: &[(&str, &str)]) {
        let origins: Vec<_> = sources
            .iter()
            .map(|&(source, partition)| Origin::Volume { source: Path::new(source), partition })
            .collect();
        let places = Place::name_all(&origins, origins.len() > 1);
        let found: Vec<_> = places
            .iter()
            .map(|place| (place.name.as_str(), std::str::from_utf8(&place.prefix).expect("text")))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn names_are_short_and_differ() {
        check(&[("images/disk.img", None)], &[("disk", "")]);
        check(
            &[("a/disk.img", Some(1)), ("a/disk.img", Some(3))],
            &[("disk#1", "disk#1:"), ("disk#3", "disk#3:")],
        );
        check(
            &[("a/x.img", None), ("b/x.img", None), ("x~2", None), ("x.dd", None), ("/dev/sda1", None)],
            &[("x", "x:"), ("x~2", "x~2:"), ("x~2~2", "x~2~2:"), ("x~3", "x~3:"), ("sda1", "sda1:")],
        );
        check(&[("C:", None), ("..", None)], &[("C", "C:"), ("..", "..:")]);
        check(
            &[(r"\\.\C:", None), (r"\\?\Volume{26a21bda-a627}\", None)],
            &[("C", "C:"), ("Volume{26a21bda-a627}", "Volume{26a21bda-a627}:")],
        );
    }

    #[test]
    fn entries_keep_their_names() {
        let disk = Origin::Volume { source: Path::new("disk.img"), partition: None };
        let places = Place::name_all(&[disk, Origin::Entry { name: "disk" }], true);
        let named: Vec<_> = places.iter().map(|place| (place.name(), place.source())).collect();
        assert_eq!(named, [("disk~2", "disk.img"), ("disk", "disk")]);
    }

    #[test]
    fn a_mount_point_replaces_the_name() {
        let place =
            Place::name_all(&[Origin::Volume { source: Path::new("/dev/sdb1"), partition: None }], true)
                .remove(0);
        for (mount_point, orphan, expected) in
            [("/mnt/win", false, "/mnt/win"), ("/", false, ""), ("/mnt", true, "")]
        {
            let mut out = Vec::new();
            place.clone().mounted_at(Path::new(mount_point)).push_prefix(&mut out, orphan);
            assert_eq!(out, expected.as_bytes());
        }
    }
}
