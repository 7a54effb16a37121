//! A settings file is read.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use ssmlint::settings::{RuleName, load};
use ssmlint::source::SourceMap;
use ssmlint::source::fs::Memory;

fuzz_target!(|text: &[u8]| {
    let path = Path::new("/project/.ssmlint.hcl");
    let mut memory = Memory::new();
    memory.add(path, text);
    let sources = SourceMap::new();
    let rules = [
        RuleName { code: "SSM001", name: "endpoint-private-dns-disabled" },
        RuleName { code: "SSM006", name: "ssh-ingress-open" },
    ];
    if let Err(problems) = load(&memory, &sources, path, &rules) {
        assert!(!problems.is_empty(), "refused without a reason");
        for span in problems.iter().filter_map(|problem| problem.span) {
            assert!(span.end as usize <= sources.file(span.file).text.len());
        }
    }
});
