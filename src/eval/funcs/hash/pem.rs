//! PEM blocks as Go's `encoding/pem` finds them: what stands around a block is skipped, and so is a damaged one.

use base64::Engine;

use crate::eval::funcs::encoding::{BASE64, without_breaks};

/// What stands between a line `-----BEGIN …-----` and its end.
pub(super) struct Block<'a> {
    /// `RSA PRIVATE KEY`.
    pub label: &'a str,
    /// Whether a header says that the content is encrypted.
    pub is_encrypted: bool,
    /// The content.
    pub bytes: Vec<u8>,
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The first whole block of a text.
pub(super) fn first_block(text: &str) -> Option<Block<'_>> {
    let mut rest = text;
    loop {
        rest = match rest.strip_prefix(BEGIN) {
            Some(after) => after,
            None => after_line_start(rest, BEGIN)?.1,
        };
        let (line, body) = cut_line(rest);
        rest = body;
        if let Some(label) = line.strip_suffix(DASHES)
            && let Some(block) = block(label, body)
        {
            return Some(block);
        }
    }
}

/// The block of a label whose headers and content start here.
fn block<'a>(label: &'a str, mut rest: &str) -> Option<Block<'a>> {
    let mut has_headers = false;
    let mut is_encrypted = false;
    while let (line, next) = cut_line(rest)
        && let Some((key, value)) = line.split_once(':')
    {
        has_headers = true;
        is_encrypted |= key.trim() == "Proc-Type" && value.contains("ENCRYPTED");
        rest = next;
    }
    let (content, after) = match rest.strip_prefix(END).filter(|_| !has_headers) {
        Some(after) => ("", after),
        None => after_line_start(rest, END)?,
    };
    let after = after.strip_prefix(label)?.strip_prefix(DASHES)?;
    if !cut_line(after).0.is_empty() {
        return None;
    }
    let content = without_breaks(content).replace([' ', '\t'], "");
    Some(Block { label, is_encrypted, bytes: BASE64.decode(content).ok()? })
}

/// What stands before and after the first `mark` at the start of a line other than the first.
fn after_line_start<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let (at, _) = text.match_indices(mark).find(|(at, _)| text[..*at].ends_with('\n'))?;
    Some((&text[..at - 1], &text[at + mark.len()..]))
}

/// The first line without the white space at its end, and the lines after it.
fn cut_line(text: &str) -> (&str, &str) {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    (line.strip_suffix('\r').unwrap_or(line).trim_end_matches([' ', '\t']), rest)
}
