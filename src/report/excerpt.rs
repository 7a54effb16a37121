//! The lines of source that a finding shows, made harmless and short, as `codespan-reporting` reads files.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use codespan_reporting::diagnostic::{Label, LabelStyle};
use codespan_reporting::files::{Error, Files};

use crate::report::place::{path_text, uri};
use crate::report::pretty::hyperlink;
use crate::report::safe;
use crate::source::{SourceFile, SourceMap, Span};

/// Characters of a line that are shown; the rest of a minified file is cut away.
const LINE_LIMIT: usize = 240;
/// Characters shown before the first label of a line that is cut.
const CONTEXT: usize = 40;

/// A label as the caller has it.
pub(super) struct Mark {
    pub(super) span: Span,
    pub(super) style: LabelStyle,
    pub(super) message: String,
}

/// The shown lines of all files of one finding.
pub(super) struct Excerpts {
    files: Vec<Excerpt>,
}

struct Excerpt {
    name: String,
    text: String,
    lines: Vec<Line>,
    /// Where labels start in `text`, with the column in the file.
    columns: Vec<(usize, usize)>,
}

struct Line {
    /// From 0, in the file.
    index: usize,
    /// In `text`, with the line break.
    range: Range<usize>,
}

impl Excerpts {
    /// The lines under the marks, and the labels that point into them. A mark over several lines shows its first.
    /// With the directory that paths count from, the names of files are links.
    pub(super) fn new(
        sources: &SourceMap,
        base: Option<&Path>,
        marks: Vec<Mark>,
    ) -> (Excerpts, Vec<Label<usize>>) {
        let mut files: Vec<(Arc<SourceFile>, Vec<Mark>)> = Vec::new();
        for mark in marks {
            match files.iter_mut().find(|(file, _)| file.id == mark.span.file) {
                Some((_, marks)) => marks.push(mark),
                None => files.push((sources.file(mark.span.file), vec![mark])),
            }
        }
        let mut excerpts = Vec::new();
        let mut labels = Vec::new();
        for (index, (file, marks)) in files.into_iter().enumerate() {
            let (excerpt, ranges) = Excerpt::new(&file, base, &marks, &sources.hidden(file.id));
            excerpts.push(excerpt);
            for (mark, range) in marks.into_iter().zip(ranges) {
                labels.push(Label::new(mark.style, index, range).with_message(mark.message));
            }
        }
        (Excerpts { files: excerpts }, labels)
    }

    fn get(&self, id: usize) -> Result<&Excerpt, Error> {
        self.files.get(id).ok_or(Error::FileMissing)
    }
}

impl Excerpt {
    fn new(
        file: &SourceFile,
        base: Option<&Path>,
        marks: &[Mark],
        secrets: &[Span],
    ) -> (Excerpt, Vec<Range<usize>>) {
        let mut wanted: Vec<usize> =
            marks.iter().map(|mark| file.position(mark.span.start).line as usize - 1).collect();
        wanted.sort_unstable();
        wanted.dedup();
        // The renderer fills a gap of one line with that line.
        let between: Vec<usize> =
            wanted.windows(2).filter(|pair| pair[1] - pair[0] == 2).map(|pair| pair[0] + 1).collect();
        wanted.extend(between);
        wanted.sort_unstable();

        let name = safe::leading_path(&path_text(&file.path));
        let mut excerpt = Excerpt {
            name: match base {
                Some(base) => hyperlink(&uri(&base.join(&file.path)), &name),
                None => name,
            },
            text: String::new(),
            lines: Vec::new(),
            columns: Vec::new(),
        };
        let mut ranges = vec![0..0; marks.len()];
        for index in wanted {
            let here = |mark: &Mark| file.position(mark.span.start).line as usize - 1 == index;
            let on_line: Vec<usize> = (0..marks.len()).filter(|i| here(&marks[*i])).collect();
            excerpt.add_line(file, index, marks, secrets, &on_line, &mut ranges);
        }
        (excerpt, ranges)
    }

    fn add_line(
        &mut self,
        file: &SourceFile,
        index: usize,
        marks: &[Mark],
        secrets: &[Span],
        on_line: &[usize],
        ranges: &mut [Range<usize>],
    ) {
        let line_start = file.line_starts()[index] as usize;
        let line = file.line(index as u32 + 1);
        let first = on_line.iter().map(|i| marks[*i].span.start as usize - line_start).min().unwrap_or(0);
        // Never a walk over the whole line: a file may be one line, with a hundred labels.
        let before = line.get(..first).unwrap_or_default();
        let skip = match line.char_indices().nth(LINE_LIMIT) {
            Some(_) => before.char_indices().rev().nth(CONTEXT - 1).map_or(0, |(at, _)| at),
            None => 0,
        };

        let text_start = self.text.len();
        if skip > 0 {
            self.text.push('…');
        }
        // Where each byte offset of the line went; what is cut away maps to the nearest end.
        let mut moved: Vec<(usize, usize)> = vec![(0, self.text.len())];
        let shown = || line[skip..].char_indices().map(|(at, c)| (at + skip, c));
        let is_secret = |at: usize| {
            let at = (line_start + at) as u32;
            secrets.iter().any(|span| span.start <= at && at < span.end)
        };
        for (at, c) in shown().take(LINE_LIMIT) {
            moved.push((at, self.text.len()));
            match c {
                c if is_secret(at) && !c.is_whitespace() => self.text.push('*'),
                // Only indentation is layout.
                '\t' if line[..at].trim_start().is_empty() => self.text.push('\t'),
                '\t' => self.text.push(' '),
                '\u{feff}' if index == 0 && at == 0 => {}
                c => safe::push(&mut self.text, c),
            }
        }
        let shown_end = shown().nth(LINE_LIMIT).map_or(line.len(), |(at, _)| at);
        moved.push((shown_end, self.text.len()));
        if shown_end < line.len() {
            self.text.push('…');
        }
        self.text.push('\n');
        let new_offset = |at: usize| {
            let after = moved.partition_point(|(from, _)| *from <= at);
            moved[after - 1].1
        };
        for i in on_line {
            let span = marks[*i].span;
            let start = (span.start as usize - line_start).min(line.len());
            let end =
                (span.end as usize).saturating_sub(line_start).clamp(start, line.trim_end().len().max(start));
            let range = new_offset(start)..new_offset(end).max(new_offset(start));
            self.columns.push((range.start, file.position(span.start).column as usize));
            ranges[*i] = range;
        }
        self.lines.push(Line { index, range: text_start..self.text.len() });
    }
}

impl<'a> Files<'a> for Excerpts {
    type FileId = usize;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.get(id)?.name)
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.get(id)?.text)
    }

    fn line_index(&'a self, id: usize, byte_index: usize) -> Result<usize, Error> {
        let lines = &self.get(id)?.lines;
        let after = lines.partition_point(|line| line.range.start <= byte_index);
        lines.get(after.saturating_sub(1)).map(|line| line.index).ok_or(Error::FileMissing)
    }

    fn column_number(&'a self, id: usize, line_index: usize, byte_index: usize) -> Result<usize, Error> {
        let excerpt = self.get(id)?;
        let column = excerpt.columns.iter().find(|(at, _)| *at == byte_index).map(|(_, column)| *column);
        let range = self.line_range(id, line_index)?;
        Ok(column.unwrap_or_else(|| byte_index.saturating_sub(range.start) + 1))
    }

    fn line_range(&'a self, id: usize, line_index: usize) -> Result<Range<usize>, Error> {
        let excerpt = self.get(id)?;
        let line = excerpt.lines.iter().find(|line| line.index == line_index);
        let missing = Error::LineTooLarge { given: line_index, max: excerpt.lines.len() };
        line.map(|line| line.range.clone()).ok_or(missing)
    }
}
