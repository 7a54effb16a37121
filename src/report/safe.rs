//! Making text from strangers harmless: control characters, bidirectional controls, lines that runners obey.

use std::borrow::Cow;

/// Whether a character may change how the text around it is shown or read.
fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}'                 // Arabic letter mark
            | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}'  // line and paragraph separator, bidirectional embeddings and overrides
            | '\u{2060}'..='\u{206f}'  // invisible operators, bidirectional isolates
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'  // interlinear annotation
            | '\u{e0000}'..='\u{e007f}' // tags
        )
}

/// The text on one line: line breaks, control and bidirectional characters as escapes, `\u{202e}`.
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push(&mut out, c);
    }
    Cow::Owned(out)
}

/// Appends a character, escaped where it is dangerous.
pub(super) fn push(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if is_dangerous(c) => out.extend(c.escape_unicode()),
        c => out.push(c),
    }
}

/// A text of several sentences or lines as one line: line breaks become spaces, the rest as in [`line`].
pub fn sentence(text: &str) -> String {
    let words: Vec<&str> =
        text.split(['\n', '\r', '\t']).map(str::trim).filter(|word| !word.is_empty()).collect();
    line(&words.join(" ")).into_owned()
}

/// The lines of a text, each made harmless; none starts like a workflow command, which GitHub's runner would obey
/// wherever a line begins with it, after blanks too.
pub fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(|text| {
            // Tabs are layout in a pasted snippet.
            let text = line(&text.replace('\t', "    ")).into_owned();
            let start = text.len() - text.trim_start().len();
            if text[start..].starts_with("::") {
                format!("{}\\{}", &text[..start], &text[start..])
            } else {
                text
            }
        })
        .collect()
}

/// A path at the start of a line, so that it cannot begin a workflow command.
pub fn leading_path(path: &str) -> String {
    let path = line(path);
    if path.trim_start().starts_with("::") { format!("./{path}") } else { path.into_owned() }
}

/// JSON text whose strings hold no dangerous character as such: they stand as `\u` escapes, so the data is the same.
pub fn json(text: &str) -> Cow<'_, str> {
    // Outside strings JSON has no other control characters than line breaks and tabs.
    let is_plain = |c: char| matches!(c, '\n' | '\r' | '\t') || !is_dangerous(c);
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_plain(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_bidirectional_characters_become_visible() {
        assert_eq!(line("a\u{1b}[31mb\u{202e}c\nd"), "a\\u{1b}[31mb\\u{202e}c\\nd");
        assert_eq!(line("pläin"), "pläin");
    }

    #[test]
    fn no_line_starts_a_workflow_command() {
        assert_eq!(lines("add\n  ::error::x"), ["add", "  \\::error::x"]);
        assert_eq!(leading_path("::error::.tf"), "./::error::.tf");
    }

    #[test]
    fn json_strings_read_back_the_same() {
        let text = "a\u{202e}\u{7f}\u{e0041}\u{85}b\n\u{1b}";
        let json_text = serde_json::to_string(text).unwrap();
        let harmless = json(&json_text);
        assert!(harmless.is_ascii());
        assert_eq!(serde_json::from_str::<String>(&harmless).unwrap(), text);
    }
}
