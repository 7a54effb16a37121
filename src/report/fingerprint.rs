//! Fingerprints that recognise a finding in a later run.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::finding::Finding;

/// What tells a finding from others: rule, address and cause, never a line, so that moving code keeps it.
pub fn of(finding: &Finding) -> String {
    digest([finding.code, finding.subject.as_str(), finding.cause.as_str()])
}

/// SHA-256 of some texts, in hexadecimal.
pub(super) fn digest<const N: usize>(parts: [&str; N]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        // The length keeps ("ab", "c") and ("a", "bc") apart.
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The `ssmlint/v1` fingerprints of findings, in their order; equal ones are told apart by a number.
pub fn unique<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<String> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let number = |finding| {
        let digest = of(finding);
        let count = seen.entry(digest.clone()).or_default();
        *count += 1;
        format!("{digest}:{count}")
    };
    findings.into_iter().map(number).collect()
}

/// GitHub's `primaryLocationLineHash` for every line of a file: a rolling hash over the 100 UTF-16 units from the
/// line's start, blanks skipped. The same as `codeql-action` computes in `src/fingerprints.ts`.
pub fn line_hashes(text: &str) -> Vec<String> {
    const WINDOW: usize = 100;
    const BASE: u64 = 37;
    const END: u16 = u16::MAX;

    struct State {
        window: [u16; WINDOW],
        starts: [bool; WINDOW],
        at: usize,
        hash: u64,
        counts: BTreeMap<u64, u32>,
        lines: Vec<String>,
    }

    impl State {
        fn push(&mut self, unit: u16, oldest_factor: u64) {
            let oldest = std::mem::replace(&mut self.window[self.at], unit);
            self.hash = BASE
                .wrapping_mul(self.hash)
                .wrapping_add(u64::from(unit))
                .wrapping_sub(oldest_factor.wrapping_mul(u64::from(oldest)));
            self.at = (self.at + 1) % WINDOW;
        }

        /// The line that started a window ago is complete.
        fn finish_line(&mut self) {
            if std::mem::take(&mut self.starts[self.at]) {
                let count = self.counts.entry(self.hash).or_default();
                *count += 1;
                self.lines.push(format!("{:x}:{count}", self.hash));
            }
        }
    }

    let oldest_factor = (0..WINDOW).fold(1u64, |factor, _| factor.wrapping_mul(BASE));
    let mut state = State {
        window: [0; WINDOW],
        starts: [false; WINDOW],
        at: 0,
        hash: 0,
        counts: BTreeMap::new(),
        lines: Vec::new(),
    };
    let mut at_line_start = true;
    let mut after_return = false;
    for unit in text.encode_utf16().chain([END]) {
        const TAB: u16 = 9;
        const NEWLINE: u16 = 10;
        const RETURN: u16 = 13;
        const SPACE: u16 = 32;
        if unit == SPACE || unit == TAB || (after_return && unit == NEWLINE) {
            after_return = false;
            continue;
        }
        after_return = unit == RETURN;
        let unit = if unit == RETURN { NEWLINE } else { unit };
        state.finish_line();
        if at_line_start {
            state.starts[state.at] = true;
        }
        at_line_start = unit == NEWLINE;
        state.push(unit, oldest_factor);
    }
    for _ in 0..WINDOW {
        state.finish_line();
        state.push(0, oldest_factor);
    }
    state.lines
}

#[cfg(test)]
mod tests {
    use super::line_hashes;

    // The vectors of codeql-action's `src/fingerprints.test.ts`.

    #[test]
    fn an_empty_file_has_one_line() {
        assert_eq!(line_hashes(""), ["c129715d7a2bc9a3:1"]);
    }

    #[test]
    fn blanks_do_not_count() {
        let hashes = ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"];
        assert_eq!(line_hashes(" a\nb\n  \t\tc\n d"), hashes);
        assert_eq!(line_hashes(" a\r\nb\r\n  \t\tc\r\n d"), hashes);
        assert_eq!(
            line_hashes(" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End"),
            [
                "8b7cf3e952e7aeb2:1",
                "b1ae1287ec4718d9:1",
                "bff680108adb0fcc:1",
                "c6805c5e1288b612:1",
                "b86d3392aea1be30:1",
                "e6ceba753e1a442:1"
            ]
        );
    }

    #[test]
    fn equal_lines_are_numbered() {
        let hashes = line_hashes(&"Lorem ipsum dolor sit amet.\n".repeat(10));
        assert_eq!(hashes.len(), 11);
        assert_eq!(
            hashes[6..],
            [
                "a7f2ff1481e87703:1",
                "a9cf91f7bbf1862b:1",
                "55ec222b86bcae53:1",
                "cc97dc7b1d7d8f7b:1",
                "c129715d7a2bc9a3:1"
            ]
        );
        let numbers: Vec<&str> = hashes.iter().map(|hash| hash.split_once(':').unwrap().1).collect();
        assert_eq!(numbers[..6], ["1", "2", "3", "4", "5", "6"]);
    }
}
