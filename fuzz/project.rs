//! Projects from bytes, and what must hold of every report.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rayon::ThreadPool;
use ssmlint::lint::threads::threads;
use ssmlint::lint::{self, Request};
use ssmlint::report::{Format, Options, Report};
use ssmlint::source::FileId;
use ssmlint::source::SourceFile;
use ssmlint::source::fs::Memory;
use ssmlint::syntax;

/// Where a file of a project begins: this, its path, and a line break.
const MARK: &str = "\n#=> ";

/// A project of the files in a text; what comes before the first mark is `main.tf`.
pub fn files(text: &str) -> Vec<(String, String)> {
    let mut parts = text.split(MARK);
    let mut files = vec![("main.tf".to_owned(), parts.next().unwrap_or_default().to_owned())];
    for part in parts {
        let (path, text) = part.split_once('\n').unwrap_or((part, ""));
        // Outside of the project there is nothing in memory.
        let path = path.trim().trim_start_matches('/');
        if !path.is_empty() && !path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            files.push((path.to_owned(), text.to_owned()));
        }
    }
    files
}

/// Bytes of the stack: four times the program's, since instrumented frames are larger.
const STACK_BYTES: usize = 64 << 20;

/// Runs on the one thread that inputs are looked at on, so that none pays for starting threads or waits for others.
pub fn on_thread<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    static THREAD: OnceLock<ThreadPool> = OnceLock::new();
    THREAD.get_or_init(|| threads(1, STACK_BYTES).expect("the system has a thread to give")).install(run)
}

/// Checks files as a project in memory. The rules' pages, which are the same for every input and would be most of an
/// output, are left out.
pub fn check(files: &[(String, String)]) -> Option<Report> {
    let mut memory = Memory::new();
    for (path, text) in files {
        memory.add(Path::new("/project").join(path), text.as_bytes());
    }
    let request = Request { paths: vec![PathBuf::from("/project")], ..Request::default() };
    let mut report = lint::check(&request, &memory).ok()?;
    report.rules.iter_mut().for_each(|rule| rule.page.clear());
    if let Some(failure) = report.failures.first() {
        panic!("{}: {}", failure.root, failure.message);
    }
    Some(report)
}

/// Renders every format. JSON must be JSON, and no line of the others may hold what a terminal or a runner acts on. The
/// summary of a run is left out: with it, a line that a hostile text had added would not stand out.
pub fn render(report: &Report) {
    let options = Options { quiet: true, ..Options::default() };
    for format in Format::ALL {
        let text = report.render(format, &options);
        let name = format.as_str();
        assert!(!text.contains('\u{1b}'), "{name} holds an escape sequence");
        assert!(
            !text.contains(|c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')),
            "{name} holds a bidirectional control"
        );
        match name {
            "json" | "sarif" | "gitlab" | "rdjson" => {
                serde_json::from_str::<serde_json::Value>(&text).expect(name);
            }
            "jsonl" | "rdjsonl" => text.lines().for_each(|line| {
                serde_json::from_str::<serde_json::Value>(line).expect(name);
            }),
            "github" => text.lines().for_each(|line| {
                assert!(["::error ", "::warning ", "::notice "].iter().any(|start| line.starts_with(start)), "{line}");
            }),
            "pretty" | "concise" => {
                assert!(text.lines().all(|line| !line.trim_start().starts_with("::")), "{name} gives a command");
            }
            _ => {}
        }
    }
}

/// Parses a file of a name; every span of a diagnostic lies within it.
pub fn parse(name: &str, text: &str) {
    let file = SourceFile::new(FileId(0), PathBuf::from(name), text.to_owned());
    let parsed = syntax::parse(&file);
    for diagnostic in &parsed.diagnostics {
        if let Some(span) = diagnostic.span {
            assert!(span.start <= span.end && span.end as usize <= text.len(), "{diagnostic:?}");
            assert!(text.is_char_boundary(span.start as usize) && text.is_char_boundary(span.end as usize));
        }
    }
}
