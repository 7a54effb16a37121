//! Fixes keep what they promise: on every page and in every project the finding is gone, nothing new is wrong, the
//! second time there is nothing to do, and `terraform fmt` has nothing to add.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ssmlint::finding::{Finding, Safety, Severity};
use ssmlint::lint::repair::{Repair, repair};
use ssmlint::lint::{self, Request};
use ssmlint::report::Report;
use ssmlint::rules::ALL;
use ssmlint::rules::page::{Page, Shows};
use ssmlint::source::fs::Disk;
use ssmlint::source::replace::replace;

/// The directory of a project and a name for it.
type Project = (String, PathBuf);

fn scratch(part: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixes").join(part);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).unwrap();
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// Copies of everything that shows a defect: the projects of the fixtures and those on the pages.
fn projects(into: &Path) -> Vec<Project> {
    let mut found = Vec::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects");
    for group in [fixtures.clone(), fixtures.join("defects")] {
        let mut children: Vec<PathBuf> = fs::read_dir(&group).unwrap().map(|e| e.unwrap().path()).collect();
        children.sort();
        let is_project = |dir: &&PathBuf| dir.is_dir() && dir.file_name().unwrap() != "defects";
        for dir in children.iter().filter(is_project) {
            let name = dir.file_name().unwrap().to_str().unwrap().to_owned();
            copy(dir, &into.join(&name));
            found.push((name.clone(), into.join(name)));
        }
    }
    for rule in ALL {
        let page = Page::parse(rule.page).unwrap();
        for (index, project) in page.projects().unwrap().iter().enumerate() {
            if project.shows != Shows::Bad {
                continue;
            }
            let name = format!("{}-{index}", rule.code);
            for (path, text) in &project.files {
                let file = into.join(&name).join(path);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, text).unwrap();
            }
            found.push((name.clone(), into.join(name)));
        }
    }
    assert!(found.len() > 100, "{} projects", found.len());
    found
}

fn request(dir: &Path) -> Request {
    Request { paths: vec![dir.to_path_buf()], ..Request::default() }
}

fn check(dir: &Path) -> Report {
    lint::check(&request(dir), &Disk).unwrap()
}

/// What a finding is about, without its lines.
fn identity(finding: &Finding) -> (&'static str, String, String) {
    (finding.code, finding.cause.clone(), finding.subject.clone())
}

fn can_fix(finding: &Finding, up_to: Safety) -> bool {
    finding.fix.as_ref().is_some_and(|fix| fix.safety <= up_to)
}

/// What is wrong with fixing a project up to a level; the fixes are written.
fn fix(dir: &Path, up_to: Safety) -> (String, usize) {
    let before = check(dir);
    let Repair { report: after, files } = repair(&request(dir), &Disk, up_to).unwrap();
    let mut wrong = String::new();
    let known: BTreeSet<_> = before.findings.iter().map(identity).collect();
    let remaining: BTreeSet<_> = after.findings.iter().map(identity).collect();
    for finding in before.findings.iter().filter(|finding| can_fix(finding, up_to)) {
        if remaining.contains(&identity(finding)) {
            wrong += &format!("  not gone: {} {}\n", finding.code, finding.message);
        }
    }
    // That a switch could take away what works now is only said of what works.
    let is_bad = |finding: &&Finding| finding.severity > Severity::Info;
    for finding in after.findings.iter().filter(is_bad).filter(|finding| !known.contains(&identity(finding)))
    {
        wrong += &format!("  new: {} {}\n", finding.code, finding.message);
    }
    let told: BTreeSet<_> = before.diagnostics.iter().map(|found| found.summary.clone()).collect();
    for found in after.diagnostics.iter().filter(|found| !told.contains(&found.summary)) {
        wrong += &format!("  {}: {}\n", found.summary, found.detail);
    }
    let fixed = before.findings.iter().filter(|finding| !remaining.contains(&identity(finding))).count();
    if fixed != after.fixed || (fixed > 0) == files.is_empty() {
        wrong += &format!("  {} fixed, {fixed} gone, {} files\n", after.fixed, files.len());
    }
    replace(&files, &[dir.to_path_buf()]).unwrap();
    let written: BTreeSet<_> = check(dir).findings.iter().map(identity).collect();
    if written != remaining {
        wrong += "  what is written is not what was checked\n";
    }
    let again = repair(&request(dir), &Disk, up_to).unwrap();
    if !again.files.is_empty() {
        wrong += "  the second time changes something\n";
    }
    (wrong, fixed)
}

/// The files that `terraform fmt` would change; none without the program.
fn unformatted(dir: &Path) -> Option<BTreeSet<PathBuf>> {
    let output = Command::new("terraform")
        .args(["fmt", "-check", "-recursive", "-no-color"])
        .arg(dir)
        .env("CHECKPOINT_DISABLE", "1")
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(PathBuf::from).collect())
}

fn fixes_keep_their_promise(part: &str, up_to: Safety, at_least: usize) {
    let dir = scratch(part);
    let projects = projects(&dir);
    let before = unformatted(&dir);
    let mut failures = String::new();
    let mut count = 0;
    for (name, project) in &projects {
        let (wrong, fixed) = fix(project, up_to);
        count += fixed;
        if !wrong.is_empty() {
            failures += &format!("{name}\n{wrong}");
        }
    }
    if let (Some(before), Some(after)) = (before, unformatted(&dir)) {
        for file in after.difference(&before) {
            failures += &format!("terraform fmt would change {}\n", file.display());
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert!(count >= at_least, "only {count} findings were fixed");
}

#[test]
fn safe_fixes_keep_their_promise() {
    fixes_keep_their_promise("safe", Safety::Safe, 40);
}

#[test]
fn unsafe_fixes_keep_their_promise() {
    fixes_keep_their_promise("unsafe", Safety::Unsafe, 60);
}

/// What fixes make of some projects is written down, so that their layout is looked at without Terraform too.
#[test]
fn fixes_write_what_people_would() {
    let dir = scratch("diffs");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects");
    for (name, up_to) in [
        ("lesson-flat-private-dns-off", Safety::Safe),
        ("lesson-flat-dns-hostnames-omitted", Safety::Safe),
        ("lesson-flat-endpoint-sg-no-443", Safety::Safe),
        ("lesson-flat-no-core-policy", Safety::Safe),
        ("lesson-flat-missing-ssmmessages", Safety::Unsafe),
        ("lesson-flat-ssh-open", Safety::Unsafe),
        ("lesson-modules-private-dns-off", Safety::Safe),
        ("lesson-modules-missing-ssmmessages", Safety::Safe),
        ("defects/20-no-profile", Safety::Unsafe),
    ] {
        let project = dir.join(name);
        copy(&fixtures.join(name), &project);
        let repair = repair(&request(&project), &Disk, up_to).unwrap();
        let mut text = String::new();
        for file in &repair.files {
            let path = file.path.strip_prefix(&project).unwrap().display().to_string();
            text += &ssmlint::fix::diff(&path, &file.before, &file.after);
        }
        insta::assert_snapshot!(name.rsplit('/').next().unwrap(), text);
    }
}

/// A *Fixed* block is *Bad* after the fixes.
#[test]
fn pages_show_what_fixes_do() {
    let dir = scratch("pages");
    let mut failures = String::new();
    let mut seen = 0;
    for rule in ALL {
        let page = Page::parse(rule.page).unwrap();
        let projects = page.projects().unwrap();
        let bad: Vec<_> = projects.iter().filter(|project| project.shows == Shows::Bad).collect();
        let fixed: Vec<_> = projects.iter().filter(|project| project.shows == Shows::Fixed).collect();
        let mut made = Vec::new();
        for project in &bad {
            let root = dir.join(rule.code).join(project.title);
            for (path, text) in &project.files {
                let file = root.join(path);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, text).unwrap();
            }
            let mut files = Vec::new();
            let mut flag = "";
            for (up_to, name) in [(Safety::Safe, "--fix"), (Safety::Unsafe, "--unsafe-fixes")] {
                flag = name;
                let is_fixable =
                    check(&root).findings.iter().any(|f| f.code == rule.code && can_fix(f, up_to));
                if is_fixable {
                    let repair = repair(&request(&root), &Disk, up_to).unwrap();
                    for file in &repair.files {
                        let path = file.path.strip_prefix(&root).unwrap().display().to_string();
                        files.push((path, without_marks(&file.after)));
                    }
                    break;
                }
            }
            if !files.is_empty() {
                made.push((project.title, files, flag));
            }
        }
        let promised: Vec<_> = fixed.iter().map(|project| (project.title, project.files.clone())).collect();
        seen += promised.len();
        if std::env::var_os("SSMLINT_UPDATE").is_some() && promised.is_empty() && !made.is_empty() {
            write_fixed(rule.code, &made[0]);
        }
        if made.is_empty() != promised.is_empty() {
            failures += &format!("{}: {} fixable, {} shown\n", rule.code, made.len(), promised.len());
        }
        for project in &promised {
            if !made.iter().any(|(title, files, _)| (*title, files) == (project.0, &project.1)) {
                failures += &format!("{}: *{}* is not what the fix makes\n", rule.code, project.0);
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}run the test with SSMLINT_UPDATE=1 to write what is missing");
    assert!(seen >= 10, "only {seen} pages show a fix");
}

/// A text without the marks of the page's promises, which no longer hold.
fn without_marks(text: &str) -> String {
    let line = |line: &str| match line.rsplit_once(" # SSM") {
        Some((code, mark)) if mark.trim_end().bytes().all(|b| b.is_ascii_digit() || b" SM".contains(&b)) => {
            format!("{}\n", code.trim_end())
        }
        Some(_) | None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

fn write_fixed(code: &str, (title, files, flag): &(&str, Vec<(String, String)>, &str)) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("rules/{code}.md"));
    let page = fs::read_to_string(&path).unwrap();
    let mut section = "## Fixed\n\n".to_owned();
    if *title != "Bad" {
        section += &format!("### {title}\n\n");
    }
    section += &format!("What `{flag}` makes of it:\n\n");
    for (path, text) in files {
        if path != "main.tf" || files.len() > 1 {
            section += &format!("`{path}`:\n\n");
        }
        section += &format!("```hcl\n{text}```\n\n");
    }
    fs::write(&path, page.replacen("## Good\n", &format!("{section}## Good\n"), 1)).unwrap();
}

const ENDPOINT: &str = "resource \"aws_vpc\" \"main\" {
  cidr_block           = \"10.0.0.0/16\"
  enable_dns_support   = true
  enable_dns_hostnames = true
}

resource \"aws_vpc_endpoint\" \"ssm\" {
  vpc_id              = aws_vpc.main.id
  service_name        = \"com.amazonaws.eu-west-1.ssm\"
  vpc_endpoint_type   = \"Interface\"
  private_dns_enabled = false
}
";

struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

fn ssmlint(dir: &Path, arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_ssmlint"))
        .current_dir(dir)
        .args(arguments)
        .env("NO_COLOR", "1")
        .env_remove("GITHUB_ACTIONS")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn project(text: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("main.tf"), text).unwrap();
    dir
}

fn main_tf(dir: &tempfile::TempDir) -> String {
    fs::read_to_string(dir.path().join("main.tf")).unwrap()
}

fn leftovers(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains("ssmlint")).collect()
}

#[test]
fn a_diff_writes_nothing_and_exits_with_one() {
    let dir = project(ENDPOINT);
    let run = ssmlint(dir.path(), &["--diff", "."]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stdout.starts_with("--- main.tf\n+++ main.tf\n@@ "), "{}", run.stdout);
    assert!(run.stdout.contains("\n-  private_dns_enabled = false\n+  private_dns_enabled = true\n"));
    assert_eq!(main_tf(&dir), ENDPOINT);
    assert_eq!(run.stderr, "would fix 1 finding in 1 file\n");
}

#[test]
fn a_fix_is_written_and_the_report_says_so() {
    let dir = project(&ENDPOINT.replace('\n', "\r\n"));
    let shown = ssmlint(dir.path(), &["."]);
    assert!(shown.stdout.contains("help: set `private_dns_enabled = true` [--fix can apply this]"));
    let run = ssmlint(dir.path(), &["--fix", "."]);
    assert!(run.stdout.contains("1 fixed"), "{}", run.stdout);
    assert!(!run.stdout.contains("SSM001"), "{}", run.stdout);
    let expected = ENDPOINT.replace("enabled = false", "enabled = true").replace('\n', "\r\n");
    assert_eq!(main_tf(&dir), expected);
    assert_eq!(leftovers(dir.path()), [""; 0]);
    let diff = ssmlint(dir.path(), &["--diff", "."]);
    assert_eq!(diff.stdout, "");
}

#[test]
fn an_input_s_default_is_only_changed_when_asked_for() {
    let text = ENDPOINT.replace("enabled = false", "enabled = var.private_dns")
        + "\nvariable \"private_dns\" {\n  type    = bool\n  default = false\n}\n";
    let dir = project(&text);
    let shown = ssmlint(dir.path(), &["."]);
    assert!(shown.stdout.contains("[--unsafe-fixes can apply this]"), "{}", shown.stdout);
    ssmlint(dir.path(), &["--fix", "."]);
    assert_eq!(main_tf(&dir), text);
    ssmlint(dir.path(), &["--unsafe-fixes", "."]);
    assert_eq!(main_tf(&dir), text.replace("default = false", "default = true"));
}

#[test]
fn an_argument_of_a_module_call_is_where_its_literal_is_changed() {
    let dir = tempfile::tempdir().unwrap();
    let root = "module \"net\" {\n  source      = \"./net\"\n  private_dns = false\n}\n";
    fs::write(dir.path().join("main.tf"), root).unwrap();
    fs::create_dir(dir.path().join("net")).unwrap();
    let module = ENDPOINT.replace("enabled = false", "enabled = var.private_dns")
        + "\nvariable \"private_dns\" {\n  type    = bool\n  default = true\n}\n";
    fs::write(dir.path().join("net/main.tf"), &module).unwrap();
    ssmlint(dir.path(), &["--fix", "."]);
    assert_eq!(main_tf(&dir), root.replace("false", "true"));
    assert_eq!(fs::read_to_string(dir.path().join("net/main.tf")).unwrap(), module);
}

#[test]
fn a_module_outside_of_the_given_paths_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    for sub in ["root", "net", ".git"] {
        fs::create_dir(dir.path().join(sub)).unwrap();
    }
    fs::write(dir.path().join("root/main.tf"), "module \"net\" {\n  source = \"../net\"\n}\n").unwrap();
    fs::write(dir.path().join("net/main.tf"), ENDPOINT).unwrap();
    let run = ssmlint(dir.path(), &["--fix", "root"]);
    assert!(run.stdout.contains("SSM001") && !run.stdout.contains("can apply"), "{}", run.stdout);
    assert_eq!(fs::read_to_string(dir.path().join("net/main.tf")).unwrap(), ENDPOINT);
    assert_eq!(ssmlint(dir.path(), &["--diff", "."]).code, 1);
}

#[test]
fn json_syntax_is_changed_in_place() {
    let text = "{\n  \"resource\": {\n    \"aws_vpc_endpoint\": {\n      \"ssm\": {\n        \"vpc_id\": \"vpc-0abc\",\n        \
                \"service_name\": \"com.amazonaws.eu-west-1.ssm\",\n        \"vpc_endpoint_type\": \"Interface\",\n        \
                \"private_dns_enabled\": false\n      }\n    }\n  }\n}\n";
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("main.tf.json");
    fs::write(&file, text).unwrap();
    ssmlint(dir.path(), &["--fix", "."]);
    assert_eq!(fs::read_to_string(&file).unwrap(), text.replace("false", "true"));
}

#[test]
fn the_formats_hold_the_edits() {
    let dir = project(ENDPOINT);
    let run = ssmlint(dir.path(), &["--format", "json", "."]);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = json["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["code"] == "SSM001").unwrap();
    assert_eq!(finding["fix"]["title"], "set private_dns_enabled to true");
    assert_eq!(finding["fix"]["safety"], "safe");
    assert_eq!(finding["fix"]["edits"][0]["text"], "true");
    assert_eq!(finding["fix"]["edits"][0]["location"]["line"], 11);
    let run = ssmlint(dir.path(), &["--format", "sarif", "."]);
    let sarif: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let result = results.iter().find(|result| result["ruleId"] == "SSM001").unwrap();
    let change = &result["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["replacements"][0]["insertedContent"]["text"], "true");
    assert_eq!(change["replacements"][0]["deletedRegion"]["startLine"], 11);
}

#[cfg(unix)]
mod refused {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn permit(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_read_only_file_stays_and_so_do_all_others() {
        let dir = project(ENDPOINT);
        fs::create_dir(dir.path().join("other")).unwrap();
        let other = dir.path().join("other/main.tf");
        fs::write(&other, ENDPOINT).unwrap();
        permit(&other, 0o444);
        let run = ssmlint(dir.path(), &["--fix", "."]);
        assert_eq!(run.code, 2, "{}", run.stdout);
        assert!(run.stderr.contains("cannot fix other/main.tf: it is read-only"), "{}", run.stderr);
        assert!(run.stderr.contains("no file was changed"), "{}", run.stderr);
        assert_eq!(main_tf(&dir), ENDPOINT);
    }

    #[test]
    fn a_read_only_directory_is_named() {
        let dir = project(ENDPOINT);
        permit(dir.path(), 0o555);
        let run = ssmlint(dir.path(), &["--fix", "."]);
        permit(dir.path(), 0o755);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains("its directory is read-only"), "{}", run.stderr);
        assert_eq!(main_tf(&dir), ENDPOINT);
    }

    #[test]
    fn a_link_out_of_the_given_paths_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        for sub in ["root", "shared", ".git"] {
            fs::create_dir(dir.path().join(sub)).unwrap();
        }
        fs::write(dir.path().join("shared/main.tf"), ENDPOINT).unwrap();
        symlink("../shared/main.tf", dir.path().join("root/main.tf")).unwrap();
        let run = ssmlint(dir.path(), &["--fix", "root"]);
        assert_eq!(run.code, 2, "{}", run.stdout);
        assert!(run.stderr.contains("outside of the given paths"), "{}", run.stderr);
        assert_eq!(fs::read_to_string(dir.path().join("shared/main.tf")).unwrap(), ENDPOINT);
    }

    #[test]
    fn a_link_within_the_given_paths_stays_a_link() {
        let dir = project(ENDPOINT);
        fs::create_dir(dir.path().join("real")).unwrap();
        fs::rename(dir.path().join("main.tf"), dir.path().join("real/main.txt")).unwrap();
        symlink("real/main.txt", dir.path().join("main.tf")).unwrap();
        permit(&dir.path().join("real/main.txt"), 0o640);
        let run = ssmlint(dir.path(), &["--fix", "."]);
        assert!(run.stdout.contains("1 fixed"), "{}{}", run.stdout, run.stderr);
        assert!(fs::symlink_metadata(dir.path().join("main.tf")).unwrap().is_symlink());
        assert!(main_tf(&dir).contains("private_dns_enabled = true"));
        let mode = fs::metadata(dir.path().join("real/main.txt")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }

    #[test]
    fn a_file_that_changed_in_between_is_left_alone() {
        let dir = project(ENDPOINT);
        let request = request(dir.path());
        let repair = repair(&request, &Disk, Safety::Safe).unwrap();
        assert_eq!(repair.files.len(), 1);
        let edited = format!("# somebody was here\n{ENDPOINT}");
        fs::write(dir.path().join("main.tf"), &edited).unwrap();
        let error = replace(&repair.files, &request.paths).unwrap_err();
        assert!(error.to_string().ends_with("it changed while ssmlint was at work"), "{error}");
        assert!(error.replaced.is_empty());
        assert_eq!(main_tf(&dir), edited);
        assert_eq!(leftovers(dir.path()), [""; 0]);
    }
}
