//! What of a crate's sources ends up in what is built for users: everything but the modules that are for its tests.
//!
//! Rust's own grammar is not needed for that: the sources are formatted, so that a module ends where a brace stands as
//! far to the left as the word `mod` that opened it.

use std::path::{Path, PathBuf};

use crate::sources;

/// A source file of a crate, without comments and without the modules for tests.
#[derive(Debug)]
pub struct Shipped {
    /// Where it lies, below the repository's root.
    pub path: PathBuf,
    /// Its lines that are code.
    pub lines: Vec<String>,
}

/// The sources of the crate in `folder` below `crates/`.
///
/// # Panics
/// When one cannot be read.
#[must_use]
pub fn of_crate(folder: &str) -> Vec<Shipped> {
    let source = sources::root().join("crates").join(folder).join("src");
    let files: Vec<(PathBuf, String)> = sources::rust_files()
        .into_iter()
        .filter(|path| path.starts_with(&source))
        .map(|path| (path.clone(), sources::read(&path)))
        .collect();
    let for_tests: Vec<PathBuf> = files
        .iter()
        .flat_map(|(path, text)| split(text).1.into_iter().flat_map(|name| places(path, &name)))
        .collect();
    let shipped =
        files.into_iter().filter(|(path, _)| !for_tests.iter().any(|place| path.starts_with(place)));
    shipped
        .map(|(path, text)| Shipped {
            path: path.strip_prefix(sources::root()).map(Path::to_owned).unwrap_or(path),
            lines: split(&text).0,
        })
        .collect()
}

/// The lines of code that are not in a module for tests, and the names of such modules that are files of their own.
fn split(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut code, mut modules) = (Vec::new(), Vec::new());
    let mut lines = text.lines().filter(|line| !line.trim_start().starts_with("//")).peekable();
    while let Some(line) = lines.next() {
        let module = is_for_tests(line).then(|| lines.next_if(|next| module(next).is_some())).flatten();
        let Some(declaration) = module else {
            code.push(line.to_owned());
            continue;
        };
        match module_name(declaration) {
            Some(name) => modules.push(name.to_owned()),
            None => {
                let indent: String = declaration.chars().take_while(|c| c.is_whitespace()).collect();
                let end = format!("{indent}}}");
                lines.by_ref().find(|line| *line == end);
            }
        }
    }
    (code, modules)
}

/// Whether an attribute leaves what follows out of all that is not a test.
fn is_for_tests(line: &str) -> bool {
    let line = line.trim();
    line == "#[cfg(test)]" || (line.starts_with("#[cfg(all(test,") && line.ends_with(")]"))
}

/// What follows the word `mod` in a declaration, whoever may see it.
fn module(line: &str) -> Option<&str> {
    let line = line.trim();
    let line = line.strip_prefix("pub").map_or(line, |rest| {
        rest.trim_start().strip_prefix('(').and_then(|rest| Some(rest.split_once(')')?.1)).unwrap_or(rest)
    });
    line.trim_start().strip_prefix("mod ")
}

/// The name of a module that is a file of its own: `tests` of `mod tests;`.
fn module_name(line: &str) -> Option<&str> {
    module(line)?.strip_suffix(';')
}

/// Where the module `name` of the file at `path` can lie.
fn places(path: &Path, name: &str) -> [PathBuf; 2] {
    let is_root = path.file_stem().is_some_and(|stem| stem == "mod" || stem == "lib" || stem == "main");
    let folder = if is_root { path.with_file_name("") } else { path.with_extension("") };
    [folder.join(name), folder.join(name).with_added_extension("rs")]
}

/// The names that a use of `path` (`std::`) takes from it, also out of `use std::{fs, io::Read};`.
#[must_use]
pub fn names_after(lines: &[String], path: &str) -> Vec<String> {
    let text = lines.join("\n");
    let mut names = Vec::new();
    for (at, _) in text.match_indices(path) {
        let rest = &text[at + path.len()..];
        match rest.strip_prefix('{') {
            None => names.push(first_word(rest)),
            Some(group) => names.extend(members(group)),
        }
    }
    names
}

/// The first words of what stands in a group, up to its closing brace.
fn members(group: &str) -> Vec<String> {
    let (mut depth, mut start, mut names) = (1, 0, Vec::new());
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && character == ',') {
            names.push(first_word(&group[start..at]));
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[cfg(test)]
mod tests {
    use super::{names_after, places, split};
    use std::path::Path;

    #[test]
    fn only_modules_for_tests_are_left_out() {
        let check = |text: &str, code: &[&str], modules: &[&str]| {
            let (found, files) = split(text);
            assert_eq!(
                (found.iter().map(String::as_str).collect::<Vec<_>>(), files),
                (code.to_vec(), modules.iter().map(ToString::to_string).collect())
            );
        };
        check("a\n#[cfg(test)]\nmod tests {\n    b\n    {\n    }\n}\nc", &["a", "c"], &[]);
        check(
            "#[cfg(test)]\nfn only() {\n}\n// x\n    // y\nd",
            &["#[cfg(test)]", "fn only() {", "}", "d"],
            &[],
        );
        check("#[cfg(test)]\npub(super) mod samples;\ne", &["e"], &["samples"]);
        check("    #[cfg(all(test, unix))]\n    mod tests {\n    f\n    }\ng", &["g"], &[]);
        check("#[cfg(not(test))]\nmod tests;\nmod h;", &["#[cfg(not(test))]", "mod tests;", "mod h;"], &[]);
    }

    #[test]
    fn a_module_lies_beside_a_root_and_below_other_files() {
        let check =
            |path: &str, expected: &str| assert_eq!(places(Path::new(path), "m")[1], Path::new(expected));
        check("src/lib.rs", "src/m.rs");
        check("src/a/mod.rs", "src/a/m.rs");
        check("src/a.rs", "src/a/m.rs");
    }

    #[test]
    fn names_are_taken_out_of_groups_too() {
        let lines =
            ["use std::fmt;", "use std::{fs::{self, File},", "    io, env};", "let a = std::process::id();"];
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(names_after(&lines, "std::"), ["fmt", "fs", "io", "env", "process"]);
    }
}
