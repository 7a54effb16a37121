//! Markdown as GitHub and GitLab read it, with text from strangers in it: no tags, links, mentions or markup of theirs.

use std::fmt::Write;

use crate::report::safe;

/// Characters of one text; a table with longer ones is not read, and a job's summary has a limit of 1 MiB.
const TEXT_LIMIT: usize = 400;

/// Text of one line in which nothing is markup.
pub(super) fn text(text: &str) -> String {
    let text = cut(text, TEXT_LIMIT);
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        // Forges make links of these wherever they stand, except in code.
        let is_active = word.contains('@') || word.contains("://") || word.contains("www.");
        words.push(if is_active { code_span(word) } else { escape(word) });
    }
    let mut out = words.join(" ");
    // At the start of a line or list item these begin a block.
    let digits = out.bytes().take_while(u8::is_ascii_digit).count();
    if out.starts_with(['#', '+', '-', '=']) {
        out.insert(0, '\\');
    } else if digits > 0 && out[digits..].starts_with(['.', ')']) {
        out.insert(digits, '\\');
    }
    out
}

/// Text of one line as code: addresses, names, paths.
pub(super) fn code(text: &str) -> String {
    code_span(&cut(text, TEXT_LIMIT))
}

/// A link to an address that is ours, with code as its text.
pub(super) fn link(text: &str, url: &str) -> String {
    let text = code(text);
    // What is no code could be cut short by a bracket.
    if text.starts_with('`') && !text.contains(['[', ']']) { format!("[{text}]({url})") } else { text }
}

/// Appends a row of a table.
pub(super) fn row<S: AsRef<str>>(out: &mut String, cells: &[S]) {
    out.push('|');
    for cell in cells {
        let _ = write!(out, " {} |", cell.as_ref().replace('|', "\\|"));
    }
    out.push('\n');
}

/// Appends the head of a table, after an empty line.
pub(super) fn head<S: AsRef<str>>(out: &mut String, cells: &[S]) {
    out.push('\n');
    row(out, cells);
    let _ = writeln!(out, "|{}", " --- |".repeat(cells.len()));
}

/// The beginning of a text of one line, with an ellipsis when there is more.
pub(super) fn cut(text: &str, limit: usize) -> String {
    // Nothing of what follows is looked at: a name may have a million characters.
    let start: String = text.chars().take(limit + 1).collect();
    let is_longer = start.chars().count() > limit;
    let mut out = safe::sentence(&start.chars().take(limit).collect::<String>());
    if is_longer {
        out.push('…');
    }
    out
}

fn escape(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut before = ' ';
    let mut chars = word.chars().peekable();
    while let Some(c) = chars.next() {
        let after = chars.peek().copied().unwrap_or(' ');
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '$' => out.push_str("&#36;"),
            // Within a word it is a letter.
            '_' if before.is_alphanumeric() && after.is_alphanumeric() => out.push('_'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        before = c;
    }
    out
}

fn code_span(text: &str) -> String {
    if text.trim().is_empty() {
        return escape(text);
    }
    // A backslash before a bar would undo the escape that a table needs.
    if text.contains('\\') && text.contains('|') {
        return escape(&text.replace("://", ":").replace("www.", "www .").replace('@', "(at)"));
    }
    format!("`{}`", text.replace('`', "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_strangers_is_no_markup() {
        assert_eq!(text("a_b *c* [x](http://y) <b> `d`"), "a_b \\*c\\* `[x](http://y)` &lt;b&gt; \\`d\\`");
        assert_eq!(text("@everyone #1"), "`@everyone` #1");
        assert_eq!(text("# x"), "\\# x");
        assert_eq!(text("1. x\n2. y"), "1\\. x 2. y");
        assert_eq!(code("a`b`\nc"), "`a'b' c`");
        assert_eq!(code("\\|@x"), "\\\\|(at)x");
    }

    #[test]
    fn a_bar_does_not_end_a_cell() {
        let mut out = String::new();
        row(&mut out, &[text("a|b\\|c"), code("d|e")]);
        assert_eq!(out, "| a\\|b\\\\\\|c | `d\\|e` |\n");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(text(&"ä".repeat(1_000_000)).chars().count(), TEXT_LIMIT + 1);
        assert_eq!(text(&"ä".repeat(TEXT_LIMIT)).chars().count(), TEXT_LIMIT);
    }
}
