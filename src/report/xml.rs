//! XML 1.0: elements with attributes and text, indented, with everything escaped that XML or a reader acts on.

use std::fmt::Write;

use crate::report::safe;

/// A document that is being written.
pub(super) struct Xml {
    out: String,
    depth: usize,
}

/// The attributes of an element; none of its values is left out for being empty.
pub(super) type Attributes<'a> = [(&'a str, &'a str)];

impl Xml {
    /// A document with nothing but its declaration.
    pub(super) fn new() -> Xml {
        Xml { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), depth: 0 }
    }

    /// An element with elements in it.
    pub(super) fn element(&mut self, name: &str, attributes: &Attributes<'_>, inner: impl FnOnce(&mut Xml)) {
        self.open(name, attributes);
        self.out.push_str(">\n");
        self.depth += 1;
        inner(self);
        self.depth -= 1;
        self.indent();
        let _ = writeln!(self.out, "</{name}>");
    }

    /// An element without content.
    pub(super) fn empty(&mut self, name: &str, attributes: &Attributes<'_>) {
        self.open(name, attributes);
        self.out.push_str("/>\n");
    }

    /// An element with lines of text in it.
    pub(super) fn text(&mut self, name: &str, attributes: &Attributes<'_>, lines: &[String]) {
        self.open(name, attributes);
        self.out.push('>');
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                self.out.push('\n');
            }
            escape(&mut self.out, line);
        }
        let _ = writeln!(self.out, "</{name}>");
    }

    /// The document.
    pub(super) fn finish(self) -> String {
        self.out
    }

    fn open(&mut self, name: &str, attributes: &Attributes<'_>) {
        self.indent();
        let _ = write!(self.out, "<{name}");
        for (key, value) in attributes {
            let _ = write!(self.out, " {key}=\"");
            escape(&mut self.out, value);
            self.out.push('"');
        }
    }

    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
    }
}

/// Text of one line. Control characters, which XML 1.0 does not allow even as references, become visible escapes; so
/// do the two characters beyond them that it does not allow.
fn escape(out: &mut String, text: &str) {
    for c in safe::line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parser_reads_back_what_was_meant() {
        let mut xml = Xml::new();
        let text = "a]]>&<b> \"c\" 'd' \u{1b}\u{0}\u{ffff}\n::e";
        xml.element("root", &[("at", text)], |xml| {
            xml.empty("empty", &[]);
            xml.text("lines", &[], &[text.to_owned(), "second".to_owned()]);
        });
        let text = xml.finish();
        let document = roxmltree::Document::parse(&text).unwrap();
        let meant = "a]]>&<b> \"c\" 'd' \\u{1b}\\u{0}\\u{ffff}\\n::e";
        assert_eq!(document.root_element().attribute("at"), Some(meant));
        let lines = document.descendants().find(|node| node.has_tag_name("lines")).unwrap();
        assert_eq!(lines.text(), Some(format!("{meant}\nsecond").as_str()));
    }
}
