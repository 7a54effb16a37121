//! A whole project from one text is checked and rendered.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    ssmlint_fuzz::on_thread(|| {
        if let Some(report) = ssmlint_fuzz::check(&ssmlint_fuzz::files(text)) {
            ssmlint_fuzz::render(&report);
        }
    });
});
