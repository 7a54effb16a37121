//! Input that cannot be read: named, and everything else is loaded.

use ssmlint::config::load::MAX_FILE_BYTES;
use ssmlint::diagnostic::DiagnosticKind;

use crate::support::{Directory, Loaded, load};

fn unreadable(loaded: &Loaded) -> Vec<String> {
    let module = &loaded.config.root.module;
    assert!(module.incomplete && module.locals.contains_key("good"));
    let found = loaded.config.diagnostics.iter().filter(|d| d.kind == DiagnosticKind::Unreadable);
    found.map(|diagnostic| diagnostic.detail.clone()).collect()
}

const GOOD: (&str, &str) = ("good.tf", "locals { good = 1 }\n");

#[test]
fn text_that_is_not_utf8_is_named_with_its_byte() {
    let directory = Directory::new(&[GOOD]);
    directory.write("bad.tf", b"# first\nlocals { x = \"\xff\" }\n");
    let loaded = directory.load(".");
    assert_eq!(loaded.problems(), ["bad.tf:2: Failed to read file"]);
    let details = unreadable(&loaded);
    assert!(details[0].contains("bad.tf") && details[0].contains("byte 23"), "{details:?}");
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let directory = Directory::new(&[GOOD]);
    directory.write("large.tf", &vec![b' '; MAX_FILE_BYTES as usize + 1]);
    directory.write("largest.tf", &vec![b' '; MAX_FILE_BYTES as usize]);
    let loaded = directory.load(".");
    assert_eq!(loaded.problems(), ["large.tf:1: Failed to read file"]);
    assert!(unreadable(&loaded)[0].contains("1048576 bytes"));
}

#[cfg(unix)]
#[test]
fn sockets_and_broken_links_are_not_opened() {
    let directory = Directory::new(&[GOOD]);
    let _socket = std::os::unix::net::UnixListener::bind(directory.0.join("x.tf")).unwrap();
    directory.link("nowhere", "broken.tf");
    directory.link("/dev/zero", "zero.tf");
    let loaded = directory.load(".");
    assert_eq!(unreadable(&loaded).len(), 3);
}

#[cfg(unix)]
#[test]
fn a_link_to_a_file_outside_is_not_opened() {
    let outside = Directory::new(&[("secret.tf", "locals { secret = 1 }\n")]);
    let directory = Directory::new(&[GOOD, (".git/HEAD", ""), ("shared/s.tf", "locals { shared = 1 }\n")]);
    directory.link(outside.0.join("secret.tf"), "secret.tf");
    directory.link("shared/s.tf", "s.tf");
    let loaded = directory.load(".");
    assert!(unreadable(&loaded)[0].contains("outside"));
    let locals = &loaded.config.root.module.locals;
    assert!(locals.contains_key("shared") && !locals.contains_key("secret"));
}

#[cfg(unix)]
#[test]
fn a_link_to_a_directory_outside_is_no_module() {
    let outside = Directory::new(&[("m/main.tf", "locals { secret = 1 }\n")]);
    let call = "module \"m\" {\n  source = \"./m\"\n}\n";
    let directory = Directory::new(&[("main.tf", call), (".git/HEAD", "")]);
    directory.link(outside.0.join("m"), "m");
    let loaded = directory.load(".");
    assert_eq!(loaded.missing(), ["module.m Outside"]);
    assert_eq!(loaded.sources.len(), 1);
}

#[cfg(unix)]
#[test]
fn names_with_line_breaks_stay_on_one_line() {
    let directory = Directory::new(&[GOOD]);
    directory.write("a\n::error::b.tf", b"\xff");
    let details = unreadable(&directory.load("."));
    assert!(!details[0].contains('\n'), "{details:?}");
}

#[test]
fn a_directory_that_is_not_there_gives_an_empty_root() {
    let loaded = Directory::new(&[GOOD]).load("none");
    assert_eq!(loaded.problems(), ["Failed to read module directory"]);
    assert!(loaded.config.root.module.incomplete);
}

#[test]
fn a_file_that_does_not_parse_leaves_the_others() {
    let loaded = load(&[GOOD, ("bad.tf", "locals { x = \n")]);
    let module = &loaded.config.root.module;
    assert!(module.incomplete && module.locals.contains_key("good"));
    assert!(loaded.problems().iter().all(|problem| problem.starts_with("bad.tf:")));
}

/// A search among all earlier ones would take minutes for each of these.
#[test]
fn many_declarations_are_compared_in_linear_time() {
    let checks = "check \"a\" {}\n".repeat(40_000);
    let loaded = load(&[("main.tf", &checks)]);
    let is_duplicate = |problem: &&String| problem.ends_with("Duplicate check \"a\" configuration");
    assert_eq!(loaded.problems().iter().filter(is_duplicate).count(), 39_999);

    let imports = "import {\n  id = 1\n  to = a.b\n}\n".repeat(25_000);
    let loaded = load(&[("main.tf", &imports), ("a.tf", "resource \"a\" \"b\" {}\n")]);
    assert_eq!(loaded.problems().len(), 24_999);

    let provider = |i: u32| format!("provider \"aws\" {{ alias = \"a{i}\" }}\n");
    let providers: String = (0..20_000).map(provider).collect();
    let resource = |i: u32| format!("resource \"a\" \"b{i}\" {{ provider = aws.a{i} }}\n");
    let resources: String = (0..20_000).map(resource).collect();
    let loaded = load(&[("main.tf", &providers), ("a.tf", &resources)]);
    assert_eq!(loaded.problems(), [""; 0]);
}
