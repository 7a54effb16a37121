//! Markers in Terraform text: a trailing comment `# SSM001` says that this line carries that finding.

use std::collections::BTreeSet;

/// A finding's place: file, line, code.
pub type Place = (String, u32, String);

/// The places that the marked lines of a file promise.
pub fn marked(path: &str, text: &str) -> BTreeSet<Place> {
    let mut places = BTreeSet::new();
    for (index, line) in text.lines().enumerate() {
        let Some((_, comment)) = line.rsplit_once('#') else { continue };
        let codes: Vec<&str> = comment.split([' ', ',']).filter(|word| !word.is_empty()).collect();
        if codes.iter().all(|code| is_code(code)) {
            places.extend(codes.iter().map(|code| (path.to_owned(), index as u32 + 1, (*code).to_owned())));
        }
    }
    places
}

fn is_code(word: &str) -> bool {
    word.len() == 6 && word.starts_with("SSM") && word[3..].bytes().all(|byte| byte.is_ascii_digit())
}

/// What was promised and did not come, and what came without promise; empty when both agree.
pub fn difference(expected: &BTreeSet<Place>, found: &BTreeSet<Place>) -> String {
    let show = |sign: &str, places: Vec<&Place>| -> String {
        places.iter().map(|(file, line, code)| format!("  {sign} {code} at {file}:{line}\n")).collect()
    };
    show("missing   ", expected.difference(found).collect())
        + &show("unexpected", found.difference(expected).collect())
}
