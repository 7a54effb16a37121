//! Bugs of our own, played by a file system that panics: each costs the roots that meet it and no other.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Once;

use ssmlint::bug;
use ssmlint::lint::{Request, Scope, check};
use ssmlint::report::{Format, Options, Policy, Report};
use ssmlint::source::fs::{FileKind, FileSystem, Memory};

use crate::support::HEALTHY;

/// Files in memory, one of which makes whoever reads it panic.
struct Panicking {
    memory: Memory,
    path: &'static str,
}

const SAID: &str = "the invariant\u{1b}[31m\n::error::does not hold";

impl FileSystem for Panicking {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        assert!(path != Path::new(self.path), "{SAID}");
        self.memory.read(path, limit)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<(String, FileKind)>> {
        self.memory.read_dir(path)
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        self.memory.kind(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.memory.canonicalize(path)
    }
}

/// Places are noted, as the program does it; what tests of this process say otherwise stays as it is.
fn note_places() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !bug::noted(panic).message.starts_with("the invariant") {
                before(panic);
            }
        }));
    });
}

/// Checks a healthy root beside others, one file of which cannot be read without a panic.
fn checked(files: &[(&str, &str)], path: &'static str, request: Request) -> Report {
    note_places();
    let mut memory = Memory::new();
    memory.add("/p/.git/HEAD", "");
    memory.add("/p/healthy/main.tf", HEALTHY);
    for (path, text) in files {
        memory.add(Path::new("/p").join(path), *text);
    }
    check(&request, &Panicking { memory, path }).unwrap()
}

fn everything() -> Request {
    Request { paths: vec![PathBuf::from("/p")], ..Request::default() }
}

/// These roots failed, and the healthy one was linted.
#[track_caller]
fn failed(report: &Report, roots: &[&str]) {
    let found: Vec<&str> = report.failures.iter().map(|failure| failure.root.as_str()).collect();
    assert_eq!(found, roots);
    assert!(report.findings.iter().any(|finding| finding.code == "SSM006"), "{:?}", report.findings);
    assert_eq!(report.exit_code(Policy { exit_zero: true, ..Policy::default() }), 2);
    for failure in &report.failures {
        let start = format!("internal error at {}:", file!());
        assert!(failure.message.starts_with(&start) && failure.message.contains(SAID), "{}", failure.message);
        assert!(failure.message.contains("please report it"), "{}", failure.message);
    }
}

const ROOT: &str = "resource \"aws_vpc\" \"a\" {\n  cidr_block = \"10.0.0.0/16\"\n}\n";
const CALLER: &str = "module \"m\" {\n  source = \"../module\"\n}\n";

#[test]
fn while_a_root_without_modules_is_read() {
    let files = [("broken/main.tf", ROOT), ("sound/main.tf", ROOT)];
    failed(&checked(&files, "/p/broken/main.tf", everything()), &["/p/broken"]);
}

#[test]
fn while_modules_are_read_before_it_is_known_who_calls_them() {
    let files = [("broken/main.tf", CALLER), ("sound/main.tf", CALLER), ("module/main.tf", ROOT)];
    failed(&checked(&files, "/p/broken/main.tf", everything()), &["/p/broken"]);
    // A module that cannot be read costs all that call it.
    failed(&checked(&files, "/p/module/main.tf", everything()), &["/p/broken", "/p/sound"]);
}

#[test]
fn while_a_root_is_evaluated() {
    let reads = "resource \"aws_vpc\" \"a\" {\n  cidr_block = file(\"${path.module}/cidr\")\n}\n";
    let files = [("broken/main.tf", reads), ("broken/cidr", "10.0.0.0/16"), ("sound/main.tf", ROOT)];
    failed(&checked(&files, "/p/broken/cidr", everything()), &["/p/broken"]);
}

#[test]
fn while_changed_files_are_checked() {
    let files = [("broken/main.tf", CALLER), ("sound/main.tf", CALLER), ("module/main.tf", ROOT)];
    let changed = ["/p/healthy/main.tf", "/p/module/main.tf"].map(PathBuf::from).to_vec();
    let request = Request { paths: changed, scope: Scope::Changes, ..Request::default() };
    let report = checked(&files, "/p/broken/main.tf", request);
    // What cannot be read could call the module that has changed.
    failed(&report, &["/p/broken"]);
}

#[test]
fn every_format_says_so_without_obeying_the_message() {
    let files = [("broken/main.tf", ROOT)];
    let report = checked(&files, "/p/broken/main.tf", everything());
    for format in Format::ALL {
        let text = report.render(format, &Options::default());
        let name = format.as_str();
        assert!(text.contains("internal error at") && text.contains("please report it"), "{name}:\n{text}");
        assert!(text.contains("/p/broken") || text.contains("p/broken"), "{name}:\n{text}");
        assert!(text.contains("SSM006"), "{name}:\n{text}");
        assert!(
            !text.contains('\u{1b}') && text.lines().all(|line| !line.starts_with("::error::does")),
            "{name}:\n{text}"
        );
    }
}
