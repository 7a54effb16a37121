//! What `hcl::edit` gets to see: the source with some bytes exchanged, never moved.
//!
//! It refuses some of what Terraform accepts. Every span of the tree stays right because the length of the text
//! does, and nothing is lost because names, numbers and literals are read from the source itself.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::check::{self, Note, Tokens, Whole};
use super::scan::{Kind, Patch, Token};

/// The text with the scanner's patches, which are always needed.
pub(super) fn patched<'a>(text: &'a str, patches: &[Patch]) -> Cow<'a, str> {
    if patches.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut bytes = text.as_bytes().to_vec();
    for patch in patches {
        bytes[patch.start as usize..patch.end as usize].fill(patch.with);
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// A patched text once more, for a second attempt: line breaks and comments that mean nothing are blanked, and
/// of equal keys in one object all but the last get another name of the same length.
pub(super) fn repaired(patched: &str, tokens: Tokens<'_>, whole: Whole) -> Option<String> {
    let found = check::check(tokens, whole, Note::Repairs);
    let mut bytes = patched.as_bytes().to_vec();
    for blank in &found.blanks {
        bytes[blank.start as usize..blank.end as usize].fill(b' ');
    }
    for keys in &found.objects {
        rename_doubles(&mut bytes, tokens, keys);
    }
    String::from_utf8(bytes).ok()
}

fn rename_doubles(bytes: &mut [u8], tokens: Tokens<'_>, keys: &[(usize, usize)]) {
    let text = |(first, end): (usize, usize)| -> Vec<&str> {
        let significant = tokens.tokens.get(first..end).unwrap_or_default().iter();
        let significant = significant.filter(|t| !matches!(t.kind, Kind::Newline | Kind::Comment));
        significant.map(|token| tokens.slice(*token)).collect()
    };
    let mut used: BTreeSet<Vec<&str>> = BTreeSet::new();
    let mut names: BTreeSet<Vec<u8>> =
        keys.iter().flat_map(|key| text(*key)).map(|word| word.as_bytes().to_vec()).collect();
    for key in keys.iter().rev() {
        if used.insert(text(*key)) {
            continue;
        }
        let Some(token) = changeable(tokens, *key) else { continue };
        let range = token.start as usize..token.end as usize;
        if let Some(name) = fresh(range.len(), token.kind, &names) {
            bytes[range].copy_from_slice(&name);
            names.insert(name);
        }
    }
}

/// A token of a key that may read differently without changing the key's shape.
fn changeable(tokens: Tokens<'_>, (first, end): (usize, usize)) -> Option<Token> {
    let key = tokens.tokens.get(first..end)?;
    let word = |token: &Token| match tokens.slice(*token) {
        "true" | "false" | "null" | "for" | "in" | "if" | "else" | "endif" | "endfor" => key.len() == 1,
        _ => true,
    };
    let fits = |token: &&Token| {
        matches!(token.kind, Kind::Quoted | Kind::Number) || (token.kind == Kind::Ident && word(token))
    };
    key.iter().find(fits).copied()
}

/// A name of that many bytes that is not among `names`, made of what the kind of token may hold.
fn fresh(len: usize, kind: Kind, names: &BTreeSet<Vec<u8>>) -> Option<Vec<u8>> {
    let alphabet: &[u8] = if kind == Kind::Number {
        b"123456789"
    } else {
        b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
    };
    (0..=names.len()).find_map(|mut n| {
        let mut name = vec![alphabet[0]; len];
        for byte in name.iter_mut().rev() {
            *byte = alphabet[n % alphabet.len()];
            n /= alphabet.len();
        }
        (n == 0 && !names.contains(&name)).then_some(name)
    })
}
