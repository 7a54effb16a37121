//! Source text and places in it: files, byte spans, lines and columns.
//!
//! Spans are plain numbers; the text they point into lives in the [`SourceMap`], which is shared by all roots.

pub mod fs;
pub mod replace;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// A file in the [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A range of bytes in a file; `end` is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl Span {
    /// The smallest span that holds both; `other` must be of the same file.
    pub fn to(self, other: Span) -> Span {
        debug_assert_eq!(self.file, other.file);
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty span at the start of this one.
    pub fn at_start(self) -> Span {
        Span { end: self.start, ..self }
    }

    /// Whether `other` lies within this span.
    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }
}

/// A position as people count: both from 1, the column in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

/// One file: its path as it is shown, and its text.
#[derive(Debug)]
pub struct SourceFile {
    /// The handle.
    pub id: FileId,
    /// The path relative to the working directory, as it is printed.
    pub path: PathBuf,
    /// The whole text, byte order mark included.
    pub text: String,
    line_starts: OnceLock<Vec<u32>>,
}

impl SourceFile {
    /// A file that stands in no map (for tests and single expressions).
    pub fn new(id: FileId, path: PathBuf, text: String) -> SourceFile {
        SourceFile { id, path, text, line_starts: OnceLock::new() }
    }

    /// The span of the whole text.
    pub fn span(&self) -> Span {
        Span { file: self.id, start: 0, end: self.text.len() as u32 }
    }

    /// The byte offset at which each line starts.
    pub fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let newlines = self.text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
            std::iter::once(0).chain(newlines.map(|(i, _)| i as u32 + 1)).collect()
        })
    }

    /// The position of a byte offset; offsets past the end give the end.
    pub fn position(&self, offset: u32) -> Position {
        let offset = offset.min(self.text.len() as u32);
        let starts = self.line_starts();
        let line = starts.partition_point(|start| *start <= offset) - 1;
        let before = self.text.get(starts[line] as usize..offset as usize).unwrap_or("");
        let before = if line == 0 { before.trim_start_matches('\u{feff}') } else { before };
        Position { line: line as u32 + 1, column: before.chars().count() as u32 + 1 }
    }

    /// The text of a line (from 1), without its line break; empty past the end.
    pub fn line(&self, line: u32) -> &str {
        let starts = self.line_starts();
        let index = line.saturating_sub(1) as usize;
        let Some(start) = starts.get(index) else { return "" };
        let end = starts.get(index + 1).map_or(self.text.len(), |end| *end as usize);
        self.text[*start as usize..end].trim_end_matches(['\n', '\r'])
    }

    /// The text under a span of this file; empty where the span does not fit.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }
}

/// All files read in this run. Files are only ever added, from any thread.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: RwLock<Vec<Arc<SourceFile>>>,
    /// Where sensitive values are written.
    secrets: RwLock<BTreeSet<Span>>,
}

impl SourceMap {
    /// An empty map.
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    /// Adds a file and gives its handle holder.
    pub fn add(&self, path: &Path, text: String) -> Arc<SourceFile> {
        let mut files = self.files.write().expect("no thread panics while it adds a file");
        let id = FileId(files.len() as u32);
        let file = Arc::new(SourceFile::new(id, path.to_path_buf(), text));
        files.push(Arc::clone(&file));
        file
    }

    /// The file of a handle.
    pub fn file(&self, id: FileId) -> Arc<SourceFile> {
        let files = self.files.read().expect("no thread panics while it adds a file");
        Arc::clone(&files[id.0 as usize])
    }

    /// Takes note that a sensitive value is written there, so that no excerpt shows it.
    pub fn hide(&self, span: Span) {
        let is_known = self.secrets.read().is_ok_and(|secrets| secrets.contains(&span));
        if !is_known {
            self.secrets.write().unwrap_or_else(PoisonError::into_inner).insert(span);
        }
    }

    /// Where sensitive values are written in a file.
    pub fn hidden(&self, file: FileId) -> Vec<Span> {
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        secrets.iter().filter(|span| span.file == file).copied().collect()
    }

    /// The number of files.
    pub fn len(&self) -> usize {
        self.files.read().expect("no thread panics while it adds a file").len()
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
