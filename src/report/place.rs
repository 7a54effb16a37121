//! Places as formats print them: path with `/`, lines and columns from 1.

use std::path::{Component, Path};

use serde::Serialize;

use crate::finding::Finding;
use crate::source::{SourceFile, SourceMap, Span};

/// A range in a file. Lines and columns count from 1, columns in Unicode scalar values; the end is exclusive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Location {
    /// The path relative to the working directory, with `/`.
    pub file: String,
    /// The first line.
    pub line: u32,
    /// The first column.
    pub column: u32,
    /// The line of the end.
    pub end_line: u32,
    /// The column after the last one.
    pub end_column: u32,
}

impl Location {
    /// The location of a span.
    pub fn of(sources: &SourceMap, span: Span) -> Location {
        let file = sources.file(span.file);
        let start = file.position(span.start);
        let end = file.position(span.end.max(span.start));
        Location {
            file: path_text(&file.path),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    }

    /// `path:line:column`.
    pub fn short(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A path with `/` between its parts and without `.` parts.
pub fn path_text(path: &Path) -> String {
    let mut out = String::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::RootDir => out.push('/'),
            Component::Prefix(prefix) => out.push_str(&prefix.as_os_str().to_string_lossy()),
            Component::ParentDir | Component::Normal(_) => {
                if !out.is_empty() && !out.ends_with('/') {
                    out.push('/');
                }
                out.push_str(&part.as_os_str().to_string_lossy());
            }
        }
    }
    if out.is_empty() { ".".to_owned() } else { out }
}

/// The path counted from the directory that `prefix` leads down from: `infra` and `../net/a.tf` give `net/a.tf`.
pub fn rebase(prefix: &Path, path: &Path) -> String {
    if path.is_absolute() {
        return path_text(path);
    }
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in prefix.components().chain(path.components()) {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(parts.last(), Some(Component::Normal(_))) => {
                parts.pop();
            }
            Component::ParentDir | Component::Normal(_) | Component::RootDir | Component::Prefix(_) => {
                parts.push(part);
            }
        }
    }
    path_text(&parts.iter().collect::<std::path::PathBuf>())
}

/// Line and column from 1, the column in UTF-16 code units, as SARIF and editors count.
pub fn utf16_position(file: &SourceFile, offset: u32) -> (u32, u32) {
    let position = file.position(offset);
    let start = file.line_starts()[position.line as usize - 1];
    let before = file.text.get(start as usize..offset.min(file.text.len() as u32) as usize).unwrap_or("");
    let before = if position.line == 1 { before.trim_start_matches('\u{feff}') } else { before };
    (position.line, before.encode_utf16().count() as u32 + 1)
}

/// Line and column from 1, the column in bytes of UTF-8.
pub fn byte_position(file: &SourceFile, offset: u32) -> (u32, u32) {
    let position = file.position(offset);
    let start = file.line_starts()[position.line as usize - 1];
    (position.line, offset.min(file.text.len() as u32).saturating_sub(start) + 1)
}

/// Where a finding is shown to somebody who sees the repository only: a file under `.terraform` is not in it, so what
/// is found there goes to the outermost call that is.
pub fn in_repository(sources: &SourceMap, finding: &Finding) -> Option<Span> {
    let is_installed = |span: Span| {
        let file = sources.file(span.file);
        file.path.components().any(|part| part == Component::Normal(".terraform".as_ref()))
    };
    match finding.primary.as_ref().map(|label| label.span) {
        Some(span) if !is_installed(span) => Some(span),
        own => finding.calls.iter().copied().find(|call| !is_installed(*call)).or(own),
    }
}

/// A path as a URI reference: percent-encoded, `/` between its parts, `file://` before an absolute one.
pub fn uri(path: &Path) -> String {
    let text = path_text(path);
    let mut out = String::with_capacity(text.len());
    if path.is_absolute() {
        out.push_str(if text.starts_with('/') { "file://" } else { "file:///" });
    }
    for byte in text.bytes() {
        // RFC 3986: unreserved characters; a colon in the first part would read as a scheme.
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_relative_references() {
        assert_eq!(uri(Path::new("infra/a b/ä:1%.tf")), "infra/a%20b/%C3%A4%3A1%25.tf");
    }

    #[test]
    fn paths_are_counted_from_the_repository() {
        assert_eq!(rebase(Path::new("infra/prod"), Path::new("../net/./a b.tf")), "infra/net/a b.tf");
        assert_eq!(rebase(Path::new(""), Path::new("main.tf")), "main.tf");
        assert_eq!(rebase(Path::new(""), Path::new("../x/main.tf")), "../x/main.tf");
        assert_eq!(path_text(Path::new("./a//b")), "a/b");
        assert_eq!(path_text(Path::new(".")), ".");
    }
}
