//! Compares what ssmlint and `terraform fmt` say about the syntax of files: `compare_syntax DIRECTORY...`.
//!
//! Needs `terraform` on the PATH, so it is no test. Prints the files on which the two disagree: accepted by one
//! alone, or refused with the first error on different lines.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use ssmlint::source::{FileId, SourceFile};
use ssmlint::syntax;

/// How many files one run of `terraform fmt` gets.
const BATCH: usize = 200;

fn main() {
    let files: Vec<PathBuf> =
        std::env::args_os().skip(1).flat_map(|dir| native_files(&absolute(&dir))).collect();
    let work = std::thread::Builder::new().stack_size(64 << 20).spawn(move || compare(&files));
    work.expect("a thread starts").join().expect("the comparison does not panic");
}

fn absolute(path: &std::ffi::OsStr) -> PathBuf {
    std::fs::canonicalize(path).expect("the directory exists")
}

fn native_files(dir: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(dir).sort_by_file_name().into_iter().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
    let native = |path: &PathBuf| path.extension().is_some_and(|ext| ext == "tf" || ext == "tfvars");
    files.filter(native).collect()
}

fn compare(files: &[PathBuf]) {
    let (mut same, mut refused, mut different) = (0, 0, 0);
    for batch in files.chunks(BATCH) {
        let terraform = terraform(batch);
        for path in batch {
            let Ok(text) = std::fs::read_to_string(path) else { continue };
            let theirs = terraform.get(path).cloned();
            let file = SourceFile::new(FileId(0), path.clone(), text);
            let parsed = syntax::parse(&file);
            let ours = parsed.diagnostics.first().map(|diagnostic| {
                let line = diagnostic.span.map_or(0, |span| file.position(span.start).line);
                (line, diagnostic.summary.clone())
            });
            refused += usize::from(theirs.is_some());
            if ours == theirs {
                same += 1;
            } else {
                different += 1;
                println!("{}\n  ssmlint:   {ours:?}\n  terraform: {theirs:?}", path.display());
            }
        }
    }
    println!("{same} alike ({refused} refused by Terraform), {different} different");
}

/// The first error of each file that Terraform refuses: its line and its summary.
fn terraform(files: &[PathBuf]) -> BTreeMap<PathBuf, (u32, String)> {
    let mut command = Command::new("terraform");
    // Terraform prints paths relative to where it runs.
    command.current_dir("/").args(["fmt", "-no-color", "-check", "-list=false"]).args(files);
    let output = command.output().expect("terraform is on the PATH");
    let text = String::from_utf8_lossy(&output.stderr);
    let mut errors = BTreeMap::new();
    let mut summary = String::new();
    // A long place is broken after the path.
    for line in text.replace("\n  line ", " line ").lines() {
        if let Some(text) = line.strip_prefix("Error: ") {
            summary = text.to_owned();
        } else if let Some(place) = line.strip_prefix("  on ")
            && let Some((path, line)) = place.rsplit_once(" line ")
        {
            let digits: String = line.chars().take_while(char::is_ascii_digit).collect();
            let Ok(line) = digits.parse() else { continue };
            errors.entry(Path::new("/").join(path)).or_insert((line, summary.clone()));
        }
    }
    errors
}
