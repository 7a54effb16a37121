//! Formats as a run chooses them: by flag, by environment, in CI; and pages in the terminal.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value as Json;

struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Runs the program in a directory with nothing in the environment that it reads but what is given.
fn run_in(dir: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssmlint"));
    command.current_dir(dir).stdin(Stdio::null());
    let ours = ["TF_", "GITHUB_", "CI_", "SSMLINT_", "FORCE_"];
    for (name, _) in std::env::vars() {
        if ours.iter().any(|prefix| name.starts_with(prefix)) || name.contains("COLOR") {
            command.env_remove(name);
        }
    }
    let output = command.envs(environment.iter().copied()).args(arguments).output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn run(environment: &[(&str, &str)], arguments: &[&str]) -> Run {
    run_in(&fixtures(), environment, arguments)
}

fn directory(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("formats").join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

const BROKEN: &str = "projects/lesson-modules-missing-ssmmessages";

#[test]
fn annotations_are_added_in_github_actions() {
    let actions = run(&[("GITHUB_ACTIONS", "true")], &[BROKEN]);
    assert!(actions.stdout.starts_with("error[SSM003]"), "{}", actions.stdout);
    let commands: Vec<&str> = actions.stdout.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(commands.len(), 1);
    assert!(commands[0].starts_with("::error file="), "{}", commands[0]);
    assert_eq!(actions.stdout.matches("1 error · ").count(), 1, "the closing line stands there once");
    assert!(actions.stderr.contains("annotations are added"), "{}", actions.stderr);
    for chosen in [
        run(&[("GITHUB_ACTIONS", "true")], &[BROKEN, "--format", "concise"]),
        run(&[("GITHUB_ACTIONS", "true"), ("SSMLINT_FORMAT", "concise")], &[BROKEN]),
        run(&[("GITHUB_ACTIONS", "false")], &[BROKEN]),
    ] {
        assert!(!chosen.stdout.contains("\n::"), "{}", chosen.stdout);
        assert_eq!(chosen.stderr, "");
    }
}

#[test]
fn the_environment_sets_the_default_format() {
    let dir = directory("default");
    let sarif = dir.join("out.sarif");
    let formats = format!("json, sarif={}", sarif.display());
    let both = run(&[("SSMLINT_FORMAT", &formats)], &[BROKEN]);
    assert_eq!(both.code, 1, "{}", both.stderr);
    let json: Json = serde_json::from_str(&both.stdout).unwrap();
    assert_eq!(json["verdicts"].as_array().unwrap().len(), 2);
    assert_eq!(json["verdicts"][0]["root"], BROKEN);
    assert_eq!(json["verdicts"][0]["broken_at"]["rule"], "SSM003");
    assert!(fs::read_to_string(&sarif).unwrap().contains("\"2.1.0\""));
    let wrong = run(&[("SSMLINT_FORMAT", "yaml")], &[BROKEN]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("SSMLINT_FORMAT"), "{}", wrong.stderr);
}

#[test]
fn documents_do_not_share_standard_output() {
    for format in ["json", "jsonl", "sarif", "gitlab", "junit", "checkstyle", "rdjson", "rdjsonl"] {
        let both = run(&[], &[BROKEN, "--format", "pretty", "--format", format]);
        assert_eq!((both.code, both.stdout.as_str()), (2, ""), "{format}");
    }
    assert_eq!(run(&[], &[BROKEN, "--format", "pretty", "--format", "markdown"]).code, 1);
}

#[test]
fn the_summary_of_a_step_is_added_to_and_other_files_are_replaced() {
    let dir = directory("summary");
    for (name, is_summary) in [("summary.md", true), ("other.md", false)] {
        let path = dir.join(name);
        fs::write(&path, "before\n").unwrap();
        let summary = dir.join("summary.md");
        let format = format!("markdown={}", path.display());
        let run = run(&[("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())], &[BROKEN, "--format", &format]);
        assert_eq!(run.code, 1, "{}", run.stderr);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.starts_with("before\n"), is_summary, "{text}");
        assert!(text.contains("## Session Manager: 0 of 2 targets reachable, 2 broken\n"), "{text}");
    }
}

#[test]
fn gitlab_counts_paths_from_the_project() {
    let inside = fixtures().join("projects");
    let project = fixtures();
    let run = run_in(
        &inside,
        &[("CI_PROJECT_DIR", project.to_str().unwrap())],
        &["lesson-modules-missing-ssmmessages", "--format", "gitlab"],
    );
    let json: Json = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json[0]["location"]["path"], format!("{BROKEN}/modules/network/endpoints.tf"));
    assert_eq!(json[0]["severity"], "major");
}

#[test]
fn markdown_links_to_the_commit_in_ci() {
    let environment = [
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "o/r"),
        ("GITHUB_SHA", "abc123"),
        ("GITHUB_WORKSPACE", env!("CARGO_MANIFEST_DIR")),
    ];
    let linked = run(&environment, &[BROKEN, "--format", "markdown"]).stdout;
    let address =
        format!("https://github.com/o/r/blob/abc123/fixtures/{BROKEN}/modules/network/endpoints.tf#L30");
    assert!(linked.contains(&address), "{linked}");
    let hostile =
        [("GITHUB_SERVER_URL", "https://x/)("), ("GITHUB_REPOSITORY", "o/r"), ("GITHUB_SHA", "abc")];
    assert!(!run(&hostile, &[BROKEN, "--format", "markdown"]).stdout.contains("https://x"));
}

#[test]
fn markdown_of_a_project() {
    let text = run(&[], &["projects/lesson-modules-endpoint-sg-other-subnet", "--format", "markdown"]).stdout;
    let (text, _) = text.rsplit_once(" · ").unwrap();
    insta::assert_snapshot!("markdown", text);
}

#[test]
fn markdown_has_the_matrix_when_asked() {
    let text =
        run(&[], &["projects/lesson-flat", "--format", "markdown", "--matrix", "--price", "nat-hour=1"])
            .stdout;
    assert!(text.contains("### Switches of `projects/lesson-flat`"), "{text}");
    assert!(text.contains("prices as given"), "{text}");
    let without = run(&[], &["projects/lesson-flat", "--format", "markdown"]).stdout;
    assert!(!without.contains("### Switches"), "{without}");
}

#[test]
fn a_matrix_says_what_combinations_cost() {
    let text = run(&[], &["matrix", "projects/lesson-flat", "--format", "json"]).stdout;
    let json: Json = serde_json::from_str(&text).unwrap();
    let cost = |nat: bool, endpoints: bool| {
        let rows = json["rows"].as_array().unwrap();
        let values = serde_json::json!({ "enable_nat": nat, "enable_ssm_vpc_endpoints": endpoints });
        let row = rows.iter().find(|row| row["values"] == values).unwrap();
        assert_eq!(row["cost"]["usd_month"]["least"], row["cost"]["usd_month"]["most"]);
        row["cost"]["usd_month"]["least"].as_f64().unwrap()
    };
    assert_eq!(cost(false, false), 0.0);
    assert!(cost(true, false) > 0.0 && cost(false, true) > 0.0);
    assert!((cost(true, true) - cost(true, false) - cost(false, true)).abs() < 0.01);
    assert_eq!(run(&[], &["matrix", "projects/lesson-flat", "--price", "nat=1"]).code, 2);
    assert_eq!(run(&[], &["matrix", "projects/lesson-flat", "--price", "nat-hour=-1"]).code, 2);
}

#[test]
fn pages_are_set_for_a_terminal_or_printed_as_they_are() {
    for page in ["SSM003", "missing-ssm-endpoint", "nat-or-endpoints", "coexistence"] {
        let plain = run(&[], &["explain", page]);
        assert_eq!(plain.code, 0, "{}", plain.stderr);
        assert!(plain.stdout.starts_with("# "), "{}", plain.stdout);
        let set = run(&[], &["explain", page, "--format", "text"]).stdout;
        assert!(!set.contains("```") && !set.contains("\n#"), "{set}");
        for line in set.lines().filter(|line| !line.starts_with("    ") && !line.contains("https://")) {
            assert!(line.chars().count() <= 110, "{line}");
        }
        assert!(!set.contains('\u{1b}'));
        let colored = run(&[], &["explain", page, "--format", "text", "--color", "always"]).stdout;
        assert!(colored.contains("\u{1b}[1;36m"), "{colored}");
    }
    let wrong = run(&[], &["explain", "SSM0033"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("did you mean SSM003?"), "{}", wrong.stderr);
}

#[test]
fn every_format_is_the_same_twice() {
    let formats =
        ["concise", "json", "jsonl", "sarif", "github", "gitlab", "junit", "checkstyle", "rdjson", "rdjsonl"];
    for format in formats.into_iter().chain(["pretty", "markdown"]) {
        let text = || {
            let text = run(&[], &[BROKEN, "projects/lesson-flat", "--format", format]).stdout;
            // How long it took is all that may differ.
            let took = |line: &&str| {
                !line.contains("duration_ms") && !line.contains(" time=\"") && !line.contains(" ms")
            };
            text.lines().filter(took).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(text(), text(), "{format}");
    }
}
