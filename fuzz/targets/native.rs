//! A file in native syntax is parsed.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| ssmlint_fuzz::on_thread(|| ssmlint_fuzz::parse("main.tf", text)));
