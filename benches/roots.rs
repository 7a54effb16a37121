//! How long a check takes against what parsing alone takes, over generated trees and a corpus; see `README.md`.

mod tree;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use ssmlint::lint::threads::{STACK_BYTES, threads};
use ssmlint::lint::{self, Request};
use ssmlint::source::fs::Disk;

use crate::tree::{Shape, Tree};

/// Runs of each measurement; the fastest counts, since the others were disturbed.
const RUNS: usize = 5;

/// The program's own, so that parsing alone has the same.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` starts benchmarks without it.
    let is_bench = arguments.iter().any(|argument| argument == "--bench");
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| *word != "--bench").collect();
    match words.as_slice() {
        [] if is_bench => all(),
        [] => Ok(()),
        ["--measure", what, dir] => measure(what, Path::new(dir)),
        ["--write", shape, roots, dir] => match (Shape::from_name(shape), roots.parse()) {
            (Some(shape), Ok(roots)) => Tree::write(Path::new(dir), shape, roots).map(drop),
            _ => usage(),
        },
        ["processes"] => processes(),
        [shape, counts @ ..] => match (Shape::from_name(shape), counts.iter().map(|n| n.parse()).collect()) {
            (Some(shape), Ok(counts)) => {
                let counts: Vec<usize> = counts;
                counts.into_iter().try_for_each(|roots| generated(shape, roots))
            }
            _ => usage(),
        },
    }
}

fn usage() -> io::Result<()> {
    let shapes: Vec<&str> = Shape::ALL.iter().map(|shape| shape.name()).collect();
    let shapes = shapes.join("|");
    let _ = writeln!(
        io::stderr(),
        "usage: cargo bench --bench roots [-- {shapes} ROOTS… | processes | --write {shapes} ROOTS DIR]"
    );
    std::process::exit(2);
}

fn all() -> io::Result<()> {
    for roots in [1, 100, 1_000, 10_000] {
        generated(Shape::Flat, roots)?;
    }
    for shape in [Shape::Modules, Shape::ForEach, Shape::Noise] {
        for roots in [1, 100, 1_000] {
            generated(shape, roots)?;
        }
    }
    processes()?;
    if let Some(corpus) = std::env::var_os("SSMLINT_CORPUS") {
        for entry in sorted(Path::new(&corpus))? {
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            compare(&name, &entry, source_bytes(&entry))?;
        }
    }
    Ok(())
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn generated(shape: Shape, roots: usize) -> io::Result<()> {
    let tree = Tree::write(&scratch("roots"), shape, roots)?;
    compare(&format!("{} {roots}, {} files", shape.name(), tree.files), &tree.dir, tree.bytes)
}

/// Measures in child processes, so that each has a memory peak of its own; the two take turns.
fn compare(name: &str, dir: &Path, bytes: u64) -> io::Result<()> {
    let mut best: [Option<Run>; 2] = [None, None];
    for _ in 0..RUNS {
        for (what, best) in ["parse", "check"].into_iter().zip(&mut best) {
            let run = Run::of(what, dir)?;
            *best = Some(best.map_or(run, |best| best.min(run)));
        }
    }
    let [Some(parse), Some(check)] = best else { return Err(io::Error::other("nothing was measured")) };
    let memory_limit = 8.0 * bytes as f64 / 1e6 + 30.0;
    writeln!(
        io::stdout(),
        "{name:28} {:8.2} MB  parse {:9.1} ms  check {:9.1} ms  ratio {:5.2}  cpu {:5.2}  memory {:7.1} of {memory_limit:7.1} MB",
        bytes as f64 / 1e6,
        millis(parse.time),
        millis(check.time),
        check.time.as_secs_f64() / parse.time.as_secs_f64(),
        check.cpu as f64 / parse.cpu as f64,
        check.memory as f64 / 1e6,
    )
}

/// What one process took.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Run {
    time: Duration,
    /// Of all threads, in ticks of the system's clock (Linux only).
    cpu: u64,
    /// The peak in bytes (Linux only).
    memory: u64,
}

impl Run {
    fn of(what: &str, dir: &Path) -> io::Result<Run> {
        let output = Command::new(std::env::current_exe()?).args(["--measure", what]).arg(dir).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [nanos, cpu, memory] = numbers[..] else {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        };
        Ok(Run { time: Duration::from_nanos(nanos), cpu: cpu.max(1), memory })
    }
}

/// Prints what [`Run::of`] reads.
fn measure(what: &str, dir: &Path) -> io::Result<()> {
    let threads = threads(0, STACK_BYTES).map_err(io::Error::other)?;
    let start = Instant::now();
    match what {
        "parse" => threads.install(|| parse(dir)),
        _ => {
            let request = Request { paths: vec![dir.to_path_buf()], ..Request::default() };
            threads.install(|| lint::check(&request, &Disk)).map_err(io::Error::other)?;
        }
    }
    let time = start.elapsed();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: u64 = peak.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0);
    // After the name in parentheses: the state is field 3, time in user and system mode are fields 14 and 15.
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    let cpu: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    writeln!(io::stdout(), "{} {cpu} {}", time.as_nanos(), kilobytes * 1024)
}

/// What any tool pays that reads the same files with the same parser.
fn parse(dir: &Path) {
    let blocks: usize = native_files(dir)
        .par_iter()
        .filter_map(|path| {
            let text = fs::read_to_string(path).ok()?;
            hcl::edit::parser::parse_body(&text).ok().map(|body| body.len())
        })
        .sum();
    assert!(blocks > 0, "{} holds Terraform files", dir.display());
}

fn native_files(dir: &Path) -> Vec<PathBuf> {
    let is_hidden =
        |entry: &walkdir::DirEntry| entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.');
    let entries = walkdir::WalkDir::new(dir).into_iter().filter_entry(|entry| !is_hidden(entry));
    let files = entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    let files = files.map(walkdir::DirEntry::into_path);
    files.filter(|path| path.extension().is_some_and(|extension| extension == "tf")).collect()
}

fn source_bytes(dir: &Path) -> u64 {
    native_files(dir).iter().filter_map(|path| fs::metadata(path).ok()).map(|file| file.len()).sum()
}

fn sorted(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.retain(|path| path.is_dir() && !native_files(path).is_empty());
    paths.sort();
    Ok(paths)
}

/// Whole processes on one root module.
fn processes() -> io::Result<()> {
    let tree = Tree::write(&scratch("root"), Shape::Flat, 1)?;
    let root = tree.root(0).to_string_lossy().into_owned();
    process("check, one root", &[&root], "", 50)?;
    process("why, one root", &["why", &root], "", 20)?;
    process("matrix, one root", &["matrix", &root], "", 20)?;
    let empty = scratch("empty");
    fs::create_dir_all(&empty)?;
    fs::write(empty.join("main.tf"), "")?;
    let empty = empty.to_string_lossy().into_owned();
    process("eval, one expression", &["eval", "--dir", &empty, "1 + 1"], "", 50)?;
    let conformance = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/conformance/expressions.jsonl");
    let mut lines = String::new();
    let mut count = 0;
    for line in fs::read_to_string(conformance)?.lines() {
        let case: serde_json::Value = serde_json::from_str(line).map_err(io::Error::other)?;
        let Some(expression) = case.get("expr").and_then(serde_json::Value::as_str) else { continue };
        if !expression.contains('\n') {
            count += 1;
            lines.push_str(expression);
            lines.push('\n');
        }
    }
    process(
        &format!("eval, {count} expressions"),
        &["eval", "--format", "json", "--dir", &empty],
        &lines,
        RUNS,
    )
}

fn process(name: &str, arguments: &[&str], input: &str, runs: usize) -> io::Result<()> {
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..runs {
        let start = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_ssmlint"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            let input = input.to_owned();
            // Written beside, so that neither side waits for the other.
            std::thread::spawn(move || stdin.write_all(input.as_bytes()));
        }
        let output = child.wait_with_output()?;
        times.push(start.elapsed());
        assert!(output.status.code() != Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    }
    times.sort();
    let (fastest, median) = (times[0], times[times.len() / 2]);
    writeln!(
        io::stdout(),
        "{name:28} {:8.1} ms (median {:.1} ms), a whole process",
        millis(fastest),
        millis(median)
    )
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
