//! A settings file is read.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use ssmlint::lint::load_settings;
use ssmlint::source::SourceMap;
use ssmlint::source::fs::Memory;

fuzz_target!(|text: &[u8]| {
    let path = Path::new("/project/.ssmlint.hcl");
    let mut memory = Memory::new();
    memory.add(path, text);
    let sources = SourceMap::new();
    if let Err(problems) = load_settings(&memory, &sources, path) {
        assert!(!problems.is_empty(), "refused without a reason");
        for span in problems.iter().filter_map(|problem| problem.span) {
            assert!(span.end as usize <= sources.file(span.file).text.len());
        }
    }
});
