//! How long a check takes against what parsing alone takes, over many generated root modules; see `README.md`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use ssmlint::lint::{self, Request};
use ssmlint::source::fs::Disk;

const ROOTS: usize = 1_000;
/// Runs of each measurement; the fastest counts, since the others were disturbed.
const RUNS: usize = 5;
const STACK_BYTES: usize = 16 << 20;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => compare(),
        ["--write", dir] => write_roots(Path::new(dir), ROOTS).map(drop),
        ["--measure", what, dir] => measure(what, Path::new(dir)),
        _ => {
            let _ = writeln!(io::stderr(), "usage: cargo bench --bench roots [-- --write DIR]");
            std::process::exit(2);
        }
    }
}

/// Measures in child processes, so that each has a memory peak of its own.
fn compare() -> io::Result<()> {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("roots");
    let bytes = write_roots(&dir, ROOTS)?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{ROOTS} roots, {} files, {:.1} MB, {} threads",
        ROOTS * 6,
        bytes as f64 / 1e6,
        rayon::current_num_threads()
    )?;
    let mut fastest = Vec::new();
    for what in ["parse", "check"] {
        let (time, memory) = fastest_of(&["--measure", what, &dir.to_string_lossy()])?;
        writeln!(out, "{what:20} {:8.1} ms  {:6.1} MB at most", millis(time), memory as f64 / 1e6)?;
        fastest.push(time.as_secs_f64());
    }
    writeln!(out, "check / parse        {:8.2}", fastest[1] / fastest[0])?;

    let one = dir.join("root-0000");
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_ssmlint")).arg(&one).output()?;
        times.push(start.elapsed());
        assert!(output.status.code() != Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    }
    times.sort();
    writeln!(out, "one root, a process  {:8.1} ms (median)", millis(times[times.len() / 2]))
}

/// The shortest time and the memory of that run.
fn fastest_of(arguments: &[&str]) -> io::Result<(Duration, u64)> {
    let mut best: Option<(Duration, u64)> = None;
    for _ in 0..RUNS {
        let output = Command::new(std::env::current_exe()?).args(arguments).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [nanos, memory] = numbers[..] else {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        };
        let run = (Duration::from_nanos(nanos), memory);
        best = Some(best.map_or(run, |best| best.min(run)));
    }
    best.ok_or_else(|| io::Error::other("nothing was measured"))
}

/// Prints nanoseconds and the peak of memory in bytes (0 where the system does not say).
fn measure(what: &str, dir: &Path) -> io::Result<()> {
    let threads =
        rayon::ThreadPoolBuilder::new().stack_size(STACK_BYTES).build().map_err(io::Error::other)?;
    let start = Instant::now();
    match what {
        "parse" => threads.install(|| parse(dir))?,
        _ => {
            let request = Request { paths: vec![dir.to_path_buf()], ..Request::default() };
            let report = threads.install(|| lint::check(&request, &Disk)).map_err(io::Error::other)?;
            assert_eq!(report.counts.roots, ROOTS);
        }
    }
    let time = start.elapsed();
    let peak = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = peak.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: u64 = peak.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0);
    writeln!(io::stdout(), "{} {}", time.as_nanos(), kilobytes * 1024)
}

/// What any tool pays that reads the same files with the same parser.
fn parse(dir: &Path) -> io::Result<()> {
    let mut files: Vec<PathBuf> = Vec::new();
    for root in fs::read_dir(dir)? {
        for file in fs::read_dir(root?.path())? {
            files.push(file?.path());
        }
    }
    let blocks: usize = files
        .par_iter()
        .map(|path| {
            let text = fs::read_to_string(path)?;
            let body = hcl::edit::parser::parse_body(&text).map_err(io::Error::other)?;
            Ok(body.len())
        })
        .sum::<io::Result<usize>>()?;
    assert!(blocks > files.len());
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Writes root modules of six files; gives their size in bytes.
fn write_roots(dir: &Path, count: usize) -> io::Result<usize> {
    let _ = fs::remove_dir_all(dir);
    let mut bytes = 0;
    for index in 0..count {
        let root = dir.join(format!("root-{index:04}"));
        fs::create_dir_all(&root)?;
        for (name, text) in root_files(index) {
            bytes += text.len();
            fs::write(root.join(name), text)?;
        }
    }
    Ok(bytes)
}

/// The lesson's stack, every tenth with private DNS off, and around it what most code is about: other services.
fn root_files(index: usize) -> [(&'static str, String); 6] {
    macro_rules! lesson {
        ($file:literal) => {
            include_str!(concat!("../fixtures/projects/lesson-flat/", $file))
        };
    }
    let private_dns =
        if index % 10 == 9 { "private_dns_enabled = false" } else { "private_dns_enabled = true" };
    let endpoints = lesson!("endpoints.tf").replace("private_dns_enabled = true", private_dns);
    let services: String = ["orders", "billing", "search", "media", "mail", "invoices"]
        .iter()
        .map(|name| service(name, index))
        .collect();
    [
        ("variables.tf", [lesson!("providers.tf"), lesson!("variables.tf")].concat()),
        ("network.tf", lesson!("network.tf").to_owned()),
        ("endpoints.tf", endpoints),
        ("compute.tf", lesson!("compute.tf").to_owned()),
        ("iam.tf", [lesson!("iam.tf"), lesson!("outputs.tf")].concat()),
        ("services.tf", services),
    ]
}

fn service(name: &str, index: usize) -> String {
    SERVICE.replace("SERVICE", name).replace("INDEX", &index.to_string())
}

const SERVICE: &str = r#"
# Queue, table and bucket of the SERVICE service.
locals {
  SERVICE_name  = "${var.project_name}-SERVICE-INDEX"
  SERVICE_tiers = { for tier in ["hot", "cold"] : tier => upper(substr(tier, 0, 1)) }
}

resource "aws_sqs_queue" "SERVICE" {
  for_each = local.SERVICE_tiers

  name                       = format("%s-%s", local.SERVICE_name, each.key)
  visibility_timeout_seconds = each.key == "hot" ? 30 : 300
  message_retention_seconds  = 4 * 24 * 60 * 60

  tags = merge(local.tags, { Tier = each.value })
}

resource "aws_dynamodb_table" "SERVICE" {
  name         = local.SERVICE_name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"

  attribute {
    name = "pk"
    type = "S"
  }

  server_side_encryption {
    enabled = true
  }

  tags = local.tags
}

resource "aws_s3_bucket" "SERVICE" {
  bucket = lower("${local.SERVICE_name}-${var.aws_region}")
}

resource "aws_s3_bucket_policy" "SERVICE" {
  bucket = aws_s3_bucket.SERVICE.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.SERVICE.arn, "${aws_s3_bucket.SERVICE.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}
"#;
