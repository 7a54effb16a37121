//! The pages of rules and of the handbook: as they are written, or set for a terminal; and the list of all rules.

use std::fmt::Write;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::report::pretty::hyperlink;
use crate::report::{RuleInfo, rule_url};

/// A page to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What stands above its title: code, name, severity and category of a rule; none on pages of the handbook.
    pub about: Option<String>,
    /// The name of its file, without the ending.
    pub file: String,
    /// Its text, in Markdown.
    pub text: String,
}

impl Page {
    /// The page of a rule.
    pub fn of(rule: &RuleInfo) -> Page {
        let about = format!("{} {} · {} · {}", rule.code, rule.name, rule.severity.as_str(), rule.category);
        Page { about: Some(about), file: rule.code.clone(), text: rule.page.clone() }
    }
}

/// How a page is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether to write escape sequences for colour.
    pub color: bool,
    /// Whether to write escape sequences that make addresses links.
    pub hyperlinks: bool,
}

impl Default for Layout {
    fn default() -> Layout {
        Layout { width: 100, color: false, hyperlinks: false }
    }
}

/// Lines of text longer than this are hard to read on any terminal.
const MAX_WIDTH: usize = 110;
/// Narrower than this nothing is wrapped to.
const MIN_WIDTH: usize = 30;

/// The page as it is written.
pub fn markdown(page: &Page) -> String {
    let mut text = page.text.trim().to_owned();
    text.push('\n');
    text
}

/// The page for a terminal: paragraphs filled to its width, headings and code set apart.
pub fn text(page: &Page, layout: &Layout) -> String {
    let mut setter = Setter::new(layout);
    if let Some(about) = &page.about {
        setter.words(about, Style::Faint);
        setter.end_block();
    }
    for event in Parser::new_ext(&page.text, Options::ENABLE_TABLES) {
        setter.event(event);
    }
    setter.end_block();
    setter.gap();
    setter.words(&rule_url(&page.file), Style::Link);
    setter.end_block();
    setter.out
}

/// One line a rule: code, severity, name, what it says.
pub fn list(rules: &[RuleInfo]) -> String {
    let width = rules.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for rule in rules {
        let severity = rule.severity.as_str();
        let _ = writeln!(out, "{}  {severity:7}  {:width$}  {}", rule.code, rule.name, rule.summary);
    }
    out
}

/// How a word looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Plain,
    Title,
    Strong,
    Emphasis,
    Code,
    Faint,
    Link,
}

impl Style {
    /// The parameters of the escape sequence.
    fn sequence(self) -> &'static str {
        match self {
            Style::Plain => "",
            Style::Title => "1;36",
            Style::Strong => "1",
            Style::Emphasis => "3",
            Style::Code => "33",
            Style::Faint => "2",
            Style::Link => "4;34",
        }
    }
}

/// A piece of text without a place to break.
#[derive(Clone, Debug)]
struct Word {
    text: String,
    style: Style,
    /// Whether a blank stands before it.
    is_apart: bool,
}

struct Setter<'a> {
    layout: &'a Layout,
    width: usize,
    out: String,
    /// The words of the paragraph, item or cell that is being read.
    line: Vec<Word>,
    styles: Vec<Style>,
    is_apart: bool,
    /// For each list that is open: the number of the next item, or none for bullets.
    lists: Vec<Option<u64>>,
    /// What stands before the first line of the block.
    bullet: String,
    code: bool,
    cells: Vec<Vec<Word>>,
    rows: Vec<Vec<Vec<Word>>>,
    /// Where the link that is being read leads.
    target: Option<String>,
}

impl<'a> Setter<'a> {
    fn new(layout: &'a Layout) -> Setter<'a> {
        Setter {
            layout,
            width: layout.width.clamp(MIN_WIDTH, MAX_WIDTH),
            out: String::new(),
            line: Vec::new(),
            styles: Vec::new(),
            is_apart: false,
            lists: Vec::new(),
            bullet: String::new(),
            code: false,
            cells: Vec::new(),
            rows: Vec::new(),
            target: None,
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.code => self.code_lines(&text),
            Event::Text(text) => self.words(&text, self.style()),
            Event::Code(text) => self.push(&text, Style::Code),
            Event::SoftBreak | Event::HardBreak => self.is_apart = true,
            Event::Rule => self.gap(),
            Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::Html(text)
            | Event::InlineHtml(text) => {
                self.words(&text, Style::Plain);
            }
            Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        if let Tag::Heading { level, .. } = tag {
            self.gap();
            // Sections of a page start with more air than paragraphs.
            if level <= HeadingLevel::H2 {
                self.styles.push(Style::Title);
            } else {
                self.styles.push(Style::Strong);
            }
        } else if let Tag::CodeBlock(kind) = tag {
            self.end_block();
            self.gap();
            self.code = true;
            let _: CodeBlockKind<'_> = kind;
        } else if let Tag::List(first) = tag {
            self.end_block();
            if self.lists.is_empty() {
                self.gap();
            }
            self.lists.push(first);
        } else if tag == Tag::Item {
            self.bullet = match self.lists.last_mut() {
                Some(Some(number)) => {
                    *number += 1;
                    format!("{}. ", *number - 1)
                }
                Some(None) | None => "- ".to_owned(),
            };
        } else if tag == Tag::Paragraph {
            if self.bullet.is_empty() {
                self.gap();
            }
        } else if tag == Tag::Strong {
            self.styles.push(Style::Strong);
        } else if tag == Tag::Emphasis {
            self.styles.push(Style::Emphasis);
        } else if let Tag::Link { dest_url, .. } = tag {
            self.target = Some(dest_url.to_string());
        } else if let Tag::Table(_) = tag {
            self.gap();
        }
    }

    fn end(&mut self, tag: TagEnd) {
        if let TagEnd::Heading(_) = tag {
            self.end_block();
            self.styles.pop();
        } else if tag == TagEnd::CodeBlock {
            self.code = false;
        } else if let TagEnd::List(_) = tag {
            self.end_block();
            self.lists.pop();
        } else if matches!(tag, TagEnd::Item | TagEnd::Paragraph) {
            self.end_block();
        } else if matches!(tag, TagEnd::Strong | TagEnd::Emphasis) {
            self.styles.pop();
        } else if tag == TagEnd::Link {
            let target = self.target.take().unwrap_or_default();
            let is_shown = self.line.last().is_some_and(|word| word.text == target);
            if target.starts_with("https://") && !is_shown {
                self.is_apart = true;
                self.push(&target, Style::Link);
            }
        } else if tag == TagEnd::TableCell {
            self.cells.push(std::mem::take(&mut self.line));
            self.is_apart = false;
        } else if matches!(tag, TagEnd::TableHead | TagEnd::TableRow) {
            self.rows.push(std::mem::take(&mut self.cells));
        } else if tag == TagEnd::Table {
            self.table();
        }
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or(Style::Plain)
    }

    /// Takes in text whose words may be parted.
    fn words(&mut self, text: &str, style: Style) {
        for (index, part) in text.split(' ').enumerate() {
            self.is_apart |= index > 0;
            if !part.is_empty() {
                self.push(part, style);
            }
        }
    }

    fn push(&mut self, text: &str, style: Style) {
        let is_apart = std::mem::take(&mut self.is_apart) && !self.line.is_empty();
        let style = if text.starts_with("https://") { Style::Link } else { style };
        self.line.push(Word { text: text.to_owned(), style, is_apart });
    }

    /// An empty line, except at the top.
    fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn code_lines(&mut self, text: &str) {
        for line in text.lines() {
            if line.is_empty() {
                self.out.push('\n');
                continue;
            }
            self.out.push_str("    ");
            // What the examples are marked with stands out.
            match line.split_once(" # ") {
                Some((code, comment)) if self.layout.color => {
                    self.write(code, Style::Plain);
                    self.write(&format!(" # {comment}"), Style::Faint);
                }
                Some(_) | None => self.out.push_str(line),
            }
            self.out.push('\n');
        }
    }

    /// Writes the words that were taken in, filled to the width.
    fn end_block(&mut self) {
        self.is_apart = false;
        let words = std::mem::take(&mut self.line);
        if words.is_empty() {
            return;
        }
        let depth = self.lists.len().saturating_sub(1);
        let bullet = std::mem::take(&mut self.bullet);
        let hanging = if self.lists.is_empty() { 0 } else { depth * 2 + bullet.len().max(2) };
        let _ = write!(self.out, "{:>width$}", bullet, width = hanging);
        self.fill(words, hanging, self.width);
        self.out.push('\n');
    }

    /// Writes words from the current column on; lines that follow are indented.
    fn fill(&mut self, words: Vec<Word>, indent: usize, width: usize) {
        let mut column = indent;
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.next() {
            // What is written without a blank between stays together: a name in code and the comma after it.
            let mut unit = vec![word];
            while let Some(next) = words.next_if(|next| !next.is_apart) {
                unit.push(next);
            }
            let length: usize = unit.iter().map(|word| word.text.chars().count()).sum();
            if unit[0].is_apart {
                if column + 1 + length > width && column > indent {
                    let _ = write!(self.out, "\n{:indent$}", "");
                    column = indent;
                } else {
                    self.out.push(' ');
                    column += 1;
                }
            }
            column += length;
            for word in unit {
                self.write(&word.text, word.style);
            }
        }
    }

    fn write(&mut self, text: &str, style: Style) {
        let shown = if style == Style::Link && self.layout.hyperlinks {
            hyperlink(text.trim_end_matches(['.', ',', ')']), text)
        } else {
            text.to_owned()
        };
        if self.layout.color && style != Style::Plain {
            let _ = write!(self.out, "\u{1b}[{}m{shown}\u{1b}[0m", style.sequence());
        } else {
            self.out.push_str(&shown);
        }
    }

    /// A table as aligned columns; where it is wider than the terminal, each row as a list of its cells.
    fn table(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        let length = |words: &[Word]| -> usize {
            words.iter().map(|word| word.text.chars().count() + usize::from(word.is_apart)).sum()
        };
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| length(cell)).max())
            .map(|width| width.unwrap_or(0))
            .collect();
        let total = widths.iter().sum::<usize>() + 2 * columns.saturating_sub(1);
        if total <= self.width {
            for (index, row) in rows.into_iter().enumerate() {
                for (column, cell) in row.into_iter().enumerate() {
                    let pad = widths[column] - length(&cell);
                    let cell = if index == 0 { strong(cell) } else { cell };
                    self.fill(cell, 0, usize::MAX);
                    if column + 1 < columns {
                        let _ = write!(self.out, "{:width$}", "", width = pad + 2);
                    }
                }
                self.out.push('\n');
            }
            return;
        }
        let mut rows = rows.into_iter();
        let head = rows.next().unwrap_or_default();
        for row in rows {
            for (column, cell) in row.into_iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                if column == 0 {
                    self.fill(strong(cell), 0, self.width);
                } else {
                    self.out.push_str("  ");
                    let mut words = head.get(column).cloned().unwrap_or_default();
                    if !words.is_empty() {
                        words.push(Word { text: ":".to_owned(), style: Style::Plain, is_apart: false });
                    }
                    for (index, mut word) in cell.into_iter().enumerate() {
                        word.is_apart |= index == 0;
                        words.push(word);
                    }
                    self.fill(words, 2, self.width);
                }
                self.out.push('\n');
            }
            self.gap();
        }
    }
}

fn strong(words: Vec<Word>) -> Vec<Word> {
    let strong = |word: Word| match word.style {
        Style::Plain => Word { style: Style::Strong, ..word },
        Style::Title | Style::Strong | Style::Emphasis | Style::Code | Style::Faint | Style::Link => word,
    };
    words.into_iter().map(strong).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text_: &str, layout: &Layout) -> String {
        let page = Page { about: None, file: "SSM001".to_owned(), text: text_.to_owned() };
        let set = text(&page, layout);
        let end = set.rfind("\nhttps://").or(set.rfind("\n\u{1b}")).unwrap();
        set[..end].to_owned()
    }

    #[test]
    fn paragraphs_and_lists_are_filled_to_the_width() {
        let layout = Layout { width: 30, ..Layout::default() };
        let page = "# Title\n\nOne `two_words`, three four five six\nseven.\n\n- item one goes over the line here\n- two\n";
        let expected = "Title\n\nOne two_words, three four five\nsix seven.\n\n\
                        - item one goes over the line\n  here\n- two\n";
        assert_eq!(set(page, &layout), expected);
    }

    #[test]
    fn code_keeps_its_lines() {
        let page = "Text:\n\n```hcl\na = 1\n\n  b = 2 # SSM001\n```\n\nMore.\n";
        let expected = "Text:\n\n    a = 1\n\n      b = 2 # SSM001\n\nMore.\n";
        assert_eq!(set(page, &Layout::default()), expected);
    }

    #[test]
    fn tables_are_aligned_or_turned() {
        let page = "| a | long head |\n|---|---|\n| one | 1 |\n| three | 3 |\n";
        assert_eq!(set(page, &Layout::default()), "a      long head\none    1\nthree  3\n");
        let page = "| a | head |\n|---|---|\n| one | a text that is longer than the line |\n";
        let narrow = Layout { width: 30, ..Layout::default() };
        assert_eq!(set(page, &narrow), "one\n  head: a text that is longer\n  than the line\n");
    }

    #[test]
    fn links_show_where_they_lead() {
        let page = "See [this](https://a.example/b) and <https://c.example>, [that](SSM001.md).\n";
        let expected = "See this https://a.example/b and https://c.example, that.\n";
        assert_eq!(set(page, &Layout::default()), expected);
    }

    #[test]
    fn colour_adds_escape_sequences_only() {
        let layout = Layout { color: true, ..Layout::default() };
        let out = set("## Bad\n\n**x** `y`\n", &layout);
        assert_eq!(out, "\u{1b}[1;36mBad\u{1b}[0m\n\n\u{1b}[1mx\u{1b}[0m \u{1b}[33my\u{1b}[0m\n");
    }
}
