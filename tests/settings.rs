//! Settings: where they are found, what is refused and where, what wins over what, and what follows from them.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;
use ssmlint::lint::load_settings;
use ssmlint::settings::{Problem, Settings, show};
use ssmlint::source::SourceMap;
use ssmlint::source::fs::Memory;

/// The top of a repository of one test.
fn repository(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("settings").join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(dir.join(".git")).unwrap();
    dir
}

fn write(dir: &Path, path: &str, text: impl AsRef<[u8]>) {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn run_with(dir: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssmlint"));
    command.current_dir(dir).stdin(Stdio::null()).args(arguments);
    for (name, _) in std::env::vars() {
        let ours = ["TF_", "SSMLINT_", "GITHUB_"].iter().any(|prefix| name.starts_with(prefix));
        if ours || name.contains("COLOR") {
            command.env_remove(name);
        }
    }
    command.envs(environment.iter().copied()).output().unwrap()
}

fn run(dir: &Path, arguments: &[&str]) -> Output {
    run_with(dir, &[], arguments)
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Standard error on one line, since miette breaks lines.
fn complaint(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap().replace('│', " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn json(output: &Output) -> Json {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", stdout(output), complaint(output)))
}

/// The report of a check in JSON.
fn check(dir: &Path, arguments: &[&str]) -> Json {
    json(&run(dir, &[&["--format", "json"], arguments].concat()))
}

/// The codes of the findings with their severities.
fn findings(report: &Json) -> Vec<(String, String)> {
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let all = report["findings"].as_array().unwrap();
    all.iter().map(|finding| (text(&finding["code"]), text(&finding["severity"]))).collect()
}

fn codes(report: &Json) -> Vec<String> {
    findings(report).into_iter().map(|(code, _)| code).collect()
}

/// What `config show` says of a value: the value and where it comes from.
fn shown(dir: &Path, environment: &[(&str, &str)], arguments: &[&str], name: &str) -> (Json, String) {
    let arguments = [&["config", "show", "--format", "json"], arguments].concat();
    let document = json(&run_with(dir, environment, &arguments));
    let settings = document["settings"].as_array().unwrap();
    let entry = settings.iter().find(|entry| entry["name"] == name).unwrap();
    let source = &entry["source"];
    let source = match source["kind"].as_str().unwrap() {
        "default" => "default".to_owned(),
        "file" => format!("{}:{}", source["file"].as_str().unwrap(), source["line"]),
        _ => source["name"].as_str().unwrap().to_owned(),
    };
    (entry["value"].clone(), source)
}

fn load(text: impl Into<Vec<u8>>) -> (Result<Settings, Vec<Problem>>, SourceMap) {
    let mut memory = Memory::new();
    memory.add("/.ssmlint.hcl", text);
    memory.add("/envs/prod.tfvars", "");
    let sources = SourceMap::new();
    let loaded = load_settings(&memory, &sources, Path::new(".ssmlint.hcl"));
    (loaded, sources)
}

/// The problems of a text as `line:column message; help`.
fn problems(text: &str) -> Vec<String> {
    let (loaded, sources) = load(text);
    let of = |problem: Problem| {
        let place = problem.span.map_or("-".to_owned(), |span| {
            let position = sources.file(span.file).position(span.start);
            format!("{}:{}", position.line, position.column)
        });
        let help = problem.help.map_or(String::new(), |help| format!("; {help}"));
        format!("{place} {}{help}", problem.message)
    };
    loaded.err().into_iter().flatten().map(of).collect()
}

const EVERYTHING: &str = r#"
fail_on               = "error"
unknown               = "warning"
roots                 = ["infra/*", "!infra/examples"]
ignore                = ["ssh-ingress-open"]
require_ignore_reason = true
report_unused_ignores = "info"
min_version           = "0.1"
ec2messages           = "advisory"

scenario "prod" {
  roots     = ["infra/*"]
  var_files = ["envs/prod.tfvars"]
  workspace = "prod"
}
scenario "nat off" {
  variables = { enable_nat = false, zones = ["a", "b"], size = 1.50, tags = { "a b" = null } }
}

rule "SSM001" {
  severity  = "warning"
  ignorable = false
}
rule "ssh-ingress-open" {
  also_ports = [3389, 22]
}

assume = {
  "data.aws_vpc.shared.enable_dns_hostnames" = true
  "module.network.ssm_endpoints"             = ["ssm", "ssmmessages"]
  default_host_management                    = false
}

override {
  paths    = ["infra/legacy/**"]
  select   = ["SSM001", "SSM002"]
  ignore   = ["SSM008"]
  severity = { SSM002 = "info" }
}

ignore {
  rule    = "SSM007"
  address = "module.bastion[\"eu\"].aws_instance.this"
  reason  = "\u001b[31m $${x}"
  until   = "2027-03-31"
}
"#;

#[test]
fn what_is_shown_reads_back_as_the_same_settings() {
    let settings = load(EVERYTHING).0.unwrap_or_else(|problems| panic!("{problems:?}"));
    let first = show::text(&settings);
    assert!(!first.contains('\u{1b}') && first.contains("\\U0000001b"), "{first}");
    let again = load(first.clone()).0.unwrap_or_else(|problems| panic!("{problems:?} in {first}"));
    // Only the lines differ.
    let plain = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split(" # ").next().unwrap_or(line).trim_end().to_owned()).collect()
    };
    assert_eq!(plain(&first), plain(&show::text(&again)));
    assert!(first.contains("size = 1.5"), "{first}");
    assert_eq!(again.ignores[0].reason.as_deref(), Some("\u{1b}[31m ${x}"));
    assert_eq!(again.rules["SSM006"].also_ports, [22, 3389]);
    assert_eq!(again.ignore, ["SSM006"]);
}

#[test]
fn an_assume_block_may_name_addresses_in_quotes() {
    let text =
        "assume {\n  \"data.aws_vpc.shared.enable_dns_support\" = true # why\n  dns_forwarder = true\n}\n";
    let (settings, sources) = load(text);
    let settings = settings.unwrap();
    let keys: Vec<&str> = settings.assumptions.iter().map(|assumption| assumption.key.as_str()).collect();
    assert_eq!(keys, ["data.aws_vpc.shared.enable_dns_support", "dns_forwarder"]);
    let place = |index: usize| {
        let span = settings.assumptions[index].span;
        sources.file(span.file).slice(span).to_owned()
    };
    assert_eq!(
        (place(0).as_str(), place(1).as_str()),
        ("\"data.aws_vpc.shared.enable_dns_support\"", "dns_forwarder")
    );
    assert!(load("assume {\n  dns_forwarder = true\n}\n").0.is_ok());
}

#[test]
fn the_example_in_the_readme_is_valid() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let section = readme.split("### Settings").nth(1).unwrap();
    let example = section.split("```hcl\n").nth(1).unwrap().split("```").next().unwrap();
    let settings = load(example).0.unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!((settings.scenarios.len(), settings.assumptions.len(), settings.ignores.len()), (2, 3, 1));
}

#[test]
fn every_mistake_is_named_at_its_place() {
    for (text, wanted) in [
        ("fail_onn = \"error\"", "1:1 there is no argument fail_onn here; did you mean fail_on?"),
        ("fail_on = \"waning\"", "1:11 there is no level \"waning\"; did you mean \"warning\"?"),
        ("fail_on = \"note\"", "1:11 there is no level \"note\"; there are error, warning, info"),
        ("fail_on = true", "1:11 a string is expected here, not a boolean"),
        ("unknown = \"warn\"", "1:11 there is no level \"warn\"; there are ignore, note, warning, error"),
        (
            "unknown = note",
            "1:11 a reference in the settings, which hold constants only; a text stands in quotes: \"note\"",
        ),
        ("ec2messages = \"optional\"", "1:15 there is no value \"optional\"; there are required, advisory"),
        ("require_ignore_reason = 1", "1:25 true or false is expected here, not a number"),
        ("roots = \"infra\"", "1:9 a list is expected here, not a string"),
        ("roots = [var.x]", "1:10 a reference in the settings, which hold constants only"),
        ("roots = [\"a\", upper(\"b\")]", "1:15 a function call in the settings, which hold constants only"),
        ("roots = [\"${x}\"]", "1:10 a template in the settings, which hold constants only"),
        (
            "roots = [\"!/etc\"]",
            "1:10 globs count from the directory of the settings and stay in it; as in \"infra/*\"",
        ),
        (
            "select = []",
            "1:10 no rule is selected, so that nothing would be looked at; leave it out for all rules, or name those to run",
        ),
        ("select = [\"SSM0O3\"]", "1:11 there is no rule SSM0O3; did you mean SSM003?"),
        (
            "ignore = [\"mising-ssm-endpoint\"]",
            "1:11 there is no rule mising-ssm-endpoint; did you mean missing-ssm-endpoint?",
        ),
        ("ignore = [\"E501\"]", "1:11 there is no rule E501; `ssmlint rules` lists all of them"),
        ("min_version = \"one\"", "1:15 this is no version; as in \"1.2.0\""),
        ("scenrio \"a\" {}", "1:1 there is no block scenrio here; did you mean scenario?"),
        ("scenario {}", "1:1 scenario takes one label; write scenario \"NAME\" { ... }"),
        ("scenario = {}", "1:1 scenario is a block; write scenario \"NAME\" { ... }"),
        ("fail_on {}", "1:1 fail_on is an argument, not a block; write fail_on = ..."),
        (
            "scenario \"a=b\" {}",
            "1:10 the name of a scenario has no `=`; --scenario NAME=VALUE sets an input",
        ),
        (
            "scenario \"a\" {}\n\nscenario \"a\" {}",
            "3:10 a second scenario a; the first one stands in line 1",
        ),
        (
            "scenario \"a\" {\n  var_files = [\"envs/prd.tfvars\"]\n}",
            "2:16 there is no file envs/prd.tfvars; paths count from the directory of the settings",
        ),
        ("scenario \"a\" {\n  var_files = [\"envs\"]\n}", "2:16 envs is no file"),
        (
            "scenario \"a\" {\n  variable = {}\n}",
            "2:3 there is no argument variable here; did you mean variables?",
        ),
        (
            "scenario \"a\" {\n  variables {\n  }\n}",
            "2:3 variables is an argument, not a block; write variables = ...",
        ),
        ("scenario \"a\" {\n  variables = { a = 1, a = 2 }\n}", "2:24 a is set twice"),
        (
            "scenario \"a\" {\n  variables = { a = local.b }\n}",
            "2:21 a reference in the settings, which hold constants only",
        ),
        ("rule \"SSM001\" {}\nrule \"SSM001\" {}", "2:6 a second block for rule SSM001"),
        ("rule \"SSM001\" {\n  also_ports = [1]\n}", "2:3 SSM001 looks at no ports; SSM006 takes also_ports"),
        ("rule \"SSM006\" {\n  also_ports = [0]\n}", "2:17 a port is a number from 1 to 65535"),
        ("rule \"SSM006\" {\n  also_ports = [22.5]\n}", "2:17 a port is a number from 1 to 65535"),
        (
            "override {\n  ignore = [\"SSM001\"]\n}",
            "1:1 an override without paths; name the files: paths = [\"legacy/**\"]",
        ),
        (
            "override {\n  paths = [\"a[\"]\n}",
            "2:12 this is no glob: error parsing glob 'a[': unclosed character class; missing ']'",
        ),
        (
            "override {\n  paths = [\"a\"]\n  severity = { SSM001 = \"eror\" }\n}",
            "3:25 there is no level \"eror\"; did you mean \"error\"?",
        ),
        ("ignore {}", "1:1 an ignore block without a rule; name it: rule = \"SSM007\""),
        (
            "ignore {\n  rule = \"SSM001\"\n  until = \"2027-02-30\"\n}",
            "3:11 this is no date; as in \"2027-03-31\"",
        ),
        (
            "assume = {\n  default_host_managment = true\n}",
            "2:3 nothing can be assumed of `default_host_managment`: known are `default_host_management`, `dns_forwarder`, and an address with `.ssm_endpoints`, `.enable_dns_support` or `.enable_dns_hostnames`; did you mean default_host_management?",
        ),
        (
            "assume = {\n  \"data.aws_vpc.a.ssm_endpoint\" = true\n}",
            "2:3 `ssm_endpoint` cannot be assumed of anything: known are `ssm_endpoints`, `enable_dns_support` and `enable_dns_hostnames`; did you mean data.aws_vpc.a.ssm_endpoints?",
        ),
        ("assume = {\n  dns_forwarder = \"yes\"\n}", "2:3 `dns_forwarder` is either true or false"),
        (
            "assume = {\n  dns_forwarder = true\n  dns_forwarder = true\n}",
            "3:3 dns_forwarder is assumed twice; the first one stands in line 2",
        ),
        (
            "assume = {\n  \"a.ssm_endpoints\" = { a = 1 }\n}",
            "2:23 true, false, a string or a list of strings is expected here, not an object",
        ),
    ] {
        assert_eq!(problems(text), [wanted], "{text}");
    }
    let unclosed = problems("roots = [\n");
    assert!(!unclosed.is_empty() && unclosed.iter().all(|problem| !problem.starts_with('-')), "{unclosed:?}");
    assert!(!problems("fail_on = \"error\"\nfail_on = \"info\"\n").is_empty());
}

#[test]
fn all_mistakes_are_said_at_once_in_the_order_of_the_file() {
    let text = "rule \"SSM999\" {}\nfail_on = \"x\"\nassume = 1\nscenario \"a\" { b = 1 }\n";
    let lines: Vec<String> =
        problems(text).iter().map(|problem| problem.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(lines, ["1", "2", "3", "4"]);
    let dir = repository("mistakes");
    write(&dir, "main.tf", SSH_OPEN);
    write(&dir, ".ssmlint.hcl", text);
    let output = run(&dir, &["--format", "json"]);
    assert_eq!((code(&output), stdout(&output).as_str()), (2, ""), "nothing is linted");
    let complaint = complaint(&output);
    for wanted in [
        "4 things are wrong with the settings",
        ".ssmlint.hcl:1:6",
        ".ssmlint.hcl:2:11",
        ".ssmlint.hcl:3:10",
        ".ssmlint.hcl:4:16",
    ] {
        assert!(complaint.contains(wanted), "{wanted} in {complaint}");
    }
}

#[test]
fn settings_for_a_newer_version_say_only_that() {
    let newer = "min_version = \"999.1\"\nfrobnicate = yes\nrule \"SSM777\" {}\n";
    let own = env!("CARGO_PKG_VERSION");
    assert_eq!(
        problems(newer),
        [format!(
            "1:15 these settings need ssmlint 999.1 or later; this is {own}; install ssmlint 999.1, or lower min_version"
        )]
    );
    assert!(load(format!("min_version = \"{own}\"\n")).0.is_ok());
}

#[test]
fn hostile_files_are_refused_without_harm() {
    let dir = repository("hostile");
    write(&dir, "main.tf", SSH_OPEN);
    let many: String = (0..5000).map(|i| format!("a{i} = 1\n")).collect();
    let wide = format!("fail_on = \"{}\"\n", "x".repeat(500_000));
    let name = format!("{} = 1\n", "y".repeat(900_000));
    let files: [(&str, Vec<u8>); 10] = [
        ("huge", vec![b'#'; 2 << 20]),
        ("nested lists", [vec![b'['; 200_000], b"\n".to_vec()].concat()),
        ("nested values", format!("roots = {}{}\n", "[".repeat(50_000), "]".repeat(50_000)).into_bytes()),
        ("nested blocks", "scenario \"a\" {\n".repeat(50_000).into_bytes()),
        ("binary", (0..=255).collect()),
        ("NUL", b"fail_on = \"a\0\"\n".to_vec()),
        ("escapes", "fail_on = \"\u{1b}]0;title\u{7}\u{202e}\"\n\u{1b}[31m = 1\n".as_bytes().to_vec()),
        ("many", many.into_bytes()),
        ("wide", wide.into_bytes()),
        ("a long name", name.into_bytes()),
    ];
    for (what, text) in files {
        write(&dir, ".ssmlint.hcl", &text);
        let output = run(&dir, &["."]);
        assert_eq!(code(&output), 2, "{what}: {}", complaint(&output));
        let said = String::from_utf8(output.stderr.clone()).unwrap();
        assert!(!said.contains("internal error"), "{what}: {said}");
        assert!(
            !said.chars().any(|c| c == '\u{1b}' || c == '\u{7}' || c == '\u{202e}' || c == '\0'),
            "{what}: {said}"
        );
        assert!(said.len() < 50_000, "{what}: {} bytes", said.len());
        assert!(output.stdout.is_empty(), "{what}");
    }
    for unreadable in ["no-such.hcl", ".git", "settings.json"] {
        write(&dir, "settings.json", "{}");
        let output = run(&dir, &["--config", unreadable]);
        assert_eq!(code(&output), 2);
        assert!(complaint(&output).contains(&format!("cannot read {unreadable}")), "{}", complaint(&output));
    }
}

/// A security group that SSM006 reports, whatever else is there.
const SSH_OPEN: &str = r#"
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_security_group" "ssh" {
  vpc_id = aws_vpc.main.id

  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"#;

#[test]
fn flags_win_over_the_environment_which_wins_over_the_file() {
    let dir = repository("precedence");
    let set = [("SSMLINT_FAIL_ON", "warning"), ("SSMLINT_UNKNOWN", "error")];
    let of = |value: &str, source: &str| (Json::from(value), source.to_owned());
    assert_eq!(shown(&dir, &[], &[], "fail_on"), of("warning", "default"));
    write(&dir, ".ssmlint.hcl", "\nfail_on = \"info\"\n");
    assert_eq!(shown(&dir, &[], &[], "fail_on"), of("info", ".ssmlint.hcl:2"));
    assert_eq!(shown(&dir, &set, &[], "fail_on"), of("warning", "SSMLINT_FAIL_ON"));
    assert_eq!(shown(&dir, &set, &["--fail-on", "error"], "fail_on"), of("error", "--fail-on"));
    assert_eq!(shown(&dir, &set, &[], "unknown"), of("error", "SSMLINT_UNKNOWN"));
    assert_eq!(shown(&dir, &set, &["--strict"], "unknown"), of("warning", "--strict"));
    assert_eq!(shown(&dir, &set, &["--unknown", "ignore"], "unknown"), of("ignore", "--unknown"));
    assert_eq!(shown(&dir, &[("SSMLINT_FAIL_ON", "")], &[], "fail_on"), of("info", ".ssmlint.hcl:2"));

    let output = run_with(&dir, &[("SSMLINT_FAIL_ON", "eror")], &["config", "show"]);
    assert_eq!(code(&output), 2);
    assert!(
        complaint(&output).contains("SSMLINT_FAIL_ON: there is no level \"eror\""),
        "{}",
        complaint(&output)
    );
    let text = stdout(&run(&dir, &["config", "show", "--fail-on", "error"]));
    assert!(text.contains("fail_on               = \"error\""), "{text}");
    assert!(text.lines().any(|line| line.starts_with("fail_on") && line.ends_with("# --fail-on")), "{text}");
}

#[test]
fn the_file_is_found_upward_to_the_top_of_the_repository() {
    let dir = repository("found");
    let path = |from: &str, arguments: &[&str]| {
        let output = run(&dir.join(from), &[&["config", "path"], arguments].concat());
        assert_eq!(code(&output), 0, "{}", complaint(&output));
        stdout(&output).trim_end().to_owned()
    };
    fs::create_dir_all(dir.join("a/b/inner/.git")).unwrap();
    fs::create_dir_all(dir.join("a/b/inner/deep")).unwrap();
    assert_eq!(path("a/b", &[]), "", "the repository around the tests is another one");
    write(&dir, ".ssmlint.hcl", "fail_on = \"info\"\n");
    assert_eq!(path(".", &[]), ".ssmlint.hcl");
    assert_eq!(path("a/b", &[]), "../../.ssmlint.hcl");
    assert_eq!(path(".", &["a/b"]), ".ssmlint.hcl");
    assert_eq!(path("a/b/inner/deep", &[]), "", "another repository");
    write(&dir, "a/.ssmlint.hcl", "");
    assert_eq!(path("a/b", &[]), "../.ssmlint.hcl");
    assert_eq!(path("a/b", &["--isolated"]), "");
    assert_eq!(path("a/b", &["--config", "../../.ssmlint.hcl"]), "../../.ssmlint.hcl");
    let named = run_with(&dir, &[("SSMLINT_CONFIG", "a/.ssmlint.hcl")], &["config", "path"]);
    assert_eq!(stdout(&named).trim_end(), "a/.ssmlint.hcl");
    let flagged =
        run_with(&dir, &[("SSMLINT_CONFIG", "nope")], &["config", "path", "--config", ".ssmlint.hcl"]);
    assert_eq!(stdout(&flagged).trim_end(), ".ssmlint.hcl");
    let isolated = run_with(&dir, &[("SSMLINT_CONFIG", "nope")], &["config", "path", "--isolated"]);
    assert_eq!((code(&isolated), stdout(&isolated).as_str()), (0, ""));
    assert_eq!(code(&run(&dir, &["config", "path", "--isolated", "--config", "x"])), 2);
    assert_eq!(code(&run_with(&dir, &[("SSMLINT_CONFIG", "nope")], &["."])), 2);
}

#[test]
fn rules_are_selected_and_weighed() {
    let dir = repository("rules");
    write(&dir, "main.tf", SSH_OPEN);
    let all = check(&dir, &[]);
    assert_eq!(findings(&all), [("SSM006".to_owned(), "error".to_owned())]);

    write(&dir, ".ssmlint.hcl", "ignore = [\"ssh-ingress-open\"]\n");
    assert!(codes(&check(&dir, &[])).is_empty());
    assert_eq!(codes(&check(&dir, &["--select", "SSM006,SSM001"])), ["SSM006"], "a flag wins");
    assert_eq!(codes(&check(&dir, &["--extend-select", "ssm006"])), ["SSM006"]);
    assert!(codes(&check(&dir, &["--select", "all", "--ignore", "SSM006"])).is_empty());
    assert_eq!(codes(&check(&dir, &["--isolated"])), ["SSM006"]);

    write(&dir, ".ssmlint.hcl", "select = [\"SSM001\"]\n");
    assert!(codes(&check(&dir, &[])).is_empty());
    assert_eq!(codes(&check(&dir, &["--extend-select", "SSM006"])), ["SSM006"]);

    write(&dir, ".ssmlint.hcl", "rule \"SSM006\" {\n  severity = \"info\"\n}\n");
    let output = run(&dir, &["--format", "json"]);
    assert_eq!(
        (code(&output), findings(&json(&output))),
        (0, vec![("SSM006".to_owned(), "info".to_owned())])
    );
    assert_eq!(code(&run(&dir, &["--fail-on", "info"])), 1);
    let raised = run(&dir, &["--format", "json", "--severity", "ssh-ingress-open=warning"]);
    assert_eq!(
        (code(&raised), findings(&json(&raised))),
        (1, vec![("SSM006".to_owned(), "warning".to_owned())])
    );

    for (arguments, wanted) in [
        (["--select", "SSM0O6"], "--select: there is no rule SSM0O6 help: did you mean SSM006?"),
        (["--ignore", "E501"], "--ignore: there is no rule E501"),
        (["--severity", "SSM099=error"], "--severity: there is no rule SSM099"),
        (["--severity", "SSM006=eror"], "there is no level \"eror\"; did you mean \"error\"?"),
    ] {
        let output = run(&dir, &arguments);
        assert_eq!(code(&output), 2);
        assert!(complaint(&output).contains(wanted), "{wanted} in {}", complaint(&output));
    }
}

#[test]
fn overrides_hold_for_their_files_wherever_ssmlint_is_called() {
    let dir = repository("overrides");
    write(&dir, "legacy/net/main.tf", SSH_OPEN);
    write(&dir, "new/main.tf", SSH_OPEN);
    let places = |report: &Json| -> Vec<(String, String)> {
        let all = report["findings"].as_array().unwrap();
        let text = |value: &Json| value.as_str().unwrap().to_owned();
        all.iter().map(|one| (text(&one["location"]["file"]), text(&one["severity"]))).collect()
    };
    let new = ("new/main.tf".to_owned(), "error".to_owned());
    write(&dir, ".ssmlint.hcl", "override {\n  paths = [\"legacy/**\"]\n  ignore = [\"SSM006\"]\n}\n");
    assert_eq!(places(&check(&dir, &[])), std::slice::from_ref(&new));
    assert!(places(&check(&dir.join("legacy"), &[])).is_empty());
    assert_eq!(places(&check(&dir.join("legacy"), &["../new"])).len(), 1);

    let text = "rule \"SSM006\" {\n  severity = \"error\"\n}\noverride {\n  paths = [\"legacy\"]\n  severity = { SSM006 = \"info\" }\n}\n";
    write(&dir, ".ssmlint.hcl", text);
    assert_eq!(
        places(&check(&dir, &[])),
        [("legacy/net/main.tf".to_owned(), "info".to_owned()), new.clone()]
    );
    let flagged = check(&dir, &["--severity", "SSM006=warning"]);
    assert!(
        places(&flagged).iter().all(|(_, severity)| severity == "warning"),
        "a flag wins over an override"
    );

    let text = "select = [\"SSM001\"]\noverride {\n  paths = [\"**\"]\n  ignore = [\"SSM006\"]\n}\noverride {\n  paths = [\"new\"]\n  select = [\"SSM006\"]\n}\n";
    write(&dir, ".ssmlint.hcl", text);
    assert_eq!(places(&check(&dir, &[])), [new], "a later override wins");
}

#[test]
fn roots_say_which_directories_count() {
    let dir = repository("roots");
    for root in ["infra/prod", "infra/examples/a", "tools"] {
        write(&dir, &format!("{root}/main.tf"), SSH_OPEN);
    }
    let roots = |report: &Json| report["summary"]["roots"].as_u64().unwrap();
    assert_eq!(roots(&check(&dir, &[])), 3);
    write(&dir, ".ssmlint.hcl", "roots = [\"infra/**\", \"!infra/examples\"]\n");
    assert_eq!(roots(&check(&dir, &[])), 1);
    assert_eq!(roots(&check(&dir.join("infra"), &[])), 1);
    assert_eq!(roots(&check(&dir, &["tools"])), 1, "what is named counts");
    let text = stdout(&run(&dir, &["--fail-on", "error"]));
    assert!(text.contains("2 roots left out by the settings"), "{text}");
    write(&dir, ".ssmlint.hcl", "roots = [\"nowhere\"]\n");
    let output = run(&dir, &[]);
    assert_eq!(code(&output), 2);
    assert!(
        complaint(&output).contains("the settings leave out all 3 root modules"),
        "{}",
        complaint(&output)
    );
}

#[test]
fn what_is_undecided_counts_as_the_settings_say() {
    let dir = repository("unknown");
    let open = SSH_OPEN.replace("  ingress {", "  count = var.size\n\n  ingress {");
    write(&dir, "main.tf", format!("variable \"size\" {{\n  type = number\n}}\n{open}"));
    let plain = check(&dir, &[]);
    assert_eq!(plain["summary"]["undecided"], 1, "{plain}");
    assert_eq!(code(&run(&dir, &[])), 0);
    for (level, exit) in [("ignore", 0), ("note", 0), ("warning", 1), ("error", 1)] {
        write(&dir, ".ssmlint.hcl", format!("unknown = \"{level}\"\n"));
        let output = run(&dir, &["--format", "json"]);
        let report = json(&output);
        assert_eq!((code(&output), &report["summary"]["undecided"]), (exit, &Json::from(1)), "{level}");
        let listed = report["undecided"].as_array().unwrap();
        assert_eq!(listed.len(), usize::from(level != "ignore"), "{level}");
        if exit == 1 {
            assert_eq!(listed[0]["severity"], level);
            let line = stdout(&run(&dir, &["--format", "concise"]));
            assert!(line.contains(&format!("{level} SSM006 undecided: ")), "{line}");
        }
        assert_eq!(code(&run(&dir, &["--fail-on", "error"])), i32::from(level == "error"), "{level}");
    }
    assert_eq!(code(&run(&dir, &["--unknown", "note"])), 0, "a flag wins");
    assert_eq!(code(&run(&dir, &["--isolated", "--strict"])), 1);
}

#[test]
fn ports_besides_22_are_watched() {
    let dir = repository("ports");
    let rdp = SSH_OPEN.replace("= 22", "= 3389");
    write(&dir, "main.tf", &rdp);
    assert!(codes(&check(&dir, &[])).is_empty());
    write(&dir, ".ssmlint.hcl", "rule \"SSM006\" {\n  also_ports = [3389]\n}\n");
    let report = check(&dir, &[]);
    let message = report["findings"][0]["message"].as_str().unwrap();
    assert!(message.contains("connect to port 3389"), "{message}");
}

/// Inputs, of which `open` decides whether there is something to report.
const TOGGLED: &str = r#"
variable "open" {
  type    = bool
  default = false
}

variable "size" {
  type    = string
  default = "small"
}

output "size" {
  value = "${var.size} ${terraform.workspace}"
}
"#;

fn toggled() -> String {
    format!(
        "{TOGGLED}{}",
        SSH_OPEN.replace(
            "  vpc_id = aws_vpc.main.id\n",
            "  count  = var.open ? 1 : 0\n  vpc_id = aws_vpc.main.id\n"
        )
    )
}

#[test]
fn scenarios_are_looked_at_all_or_by_name() {
    let dir = repository("scenarios");
    write(&dir, "main.tf", toggled());
    write(&dir, "envs/prod.tfvars", "size = \"large\"\n");
    write(
        &dir,
        ".ssmlint.hcl",
        "scenario \"closed\" {\n  variables = { open = false }\n}\nscenario \"prod\" {\n  var_files = [\"envs/prod.tfvars\"]\n  variables = { open = true }\n  workspace = \"blue\"\n}\n",
    );
    let scenarios = |report: &Json| report["findings"][0]["scenarios"].clone();
    assert_eq!(scenarios(&check(&dir, &[])), serde_json::json!(["prod"]));
    assert_eq!(codes(&check(&dir, &["--scenario", "prod"])), ["SSM006"]);
    assert!(codes(&check(&dir, &["--scenario", "closed"])).is_empty());
    assert_eq!(codes(&check(&dir, &["--scenario", "open=true"])), ["SSM006"]);
    assert!(codes(&check(&dir, &["--var", "open=false"])).is_empty(), "a flag wins over a scenario");
    assert!(codes(&check(&dir, &["--isolated"])).is_empty());

    let size = |environment: &[(&str, &str)], arguments: &[&str]| {
        let arguments = [&["eval", "\"${var.size} ${terraform.workspace}\""], arguments].concat();
        stdout(&run_with(&dir, environment, &arguments)).trim_end().trim_matches('"').to_owned()
    };
    assert_eq!(size(&[], &[]), "small default", "only `check` looks at all scenarios by itself");
    assert_eq!(size(&[], &["--scenario", "prod"]), "large blue");
    let environment = [("TF_WORKSPACE", "green"), ("TF_VAR_size", "tiny")];
    assert_eq!(size(&environment, &[]), "tiny green");
    assert_eq!(size(&environment, &["--scenario", "prod"]), "large blue");
    let flags = ["--scenario", "prod", "--workspace", "red", "--var", "size=huge"];
    assert_eq!(size(&environment, &flags), "huge red");
    for command in ["why", "matrix", "inspect"] {
        let output = run(&dir, &[command, ".", "--scenario", "prod"]);
        assert_eq!(code(&output), 0, "{command}: {}", complaint(&output));
        let output = run(&dir, &[command, ".", "--scenario", "prd"]);
        assert_eq!(code(&output), 2);
        assert!(
            complaint(&output).contains("there is no scenario prd in the settings help: did you mean prod?"),
            "{}",
            complaint(&output)
        );
    }
    let output = run(&dir, &["--isolated", "--scenario", "prod"]);
    assert_eq!(code(&output), 2);
    assert!(complaint(&output).contains("there is no scenario prod"), "{}", complaint(&output));
}

#[test]
fn the_trail_of_a_value_ends_in_the_settings() {
    let dir = repository("trail");
    let from = "variable \"from\" {\n  default = \"10.0.0.0/8\"\n}\n";
    write(&dir, "main.tf", format!("{from}{}", SSH_OPEN.replace("\"0.0.0.0/0\"", "var.from")));
    let settings = "scenario \"prod\" {\n  variables = {\n    from = \"0.0.0.0/0\"\n  }\n}\n";
    write(&dir, ".ssmlint.hcl", settings);
    let report = check(&dir, &[]);
    let trace = report["findings"][0]["trace"].as_array().unwrap();
    let decided = trace.iter().find(|step| step["location"]["file"] == ".ssmlint.hcl");
    assert_eq!(decided.unwrap_or_else(|| panic!("{report:#}"))["location"]["line"], 3);
}

#[test]
fn scenarios_hold_for_their_roots_and_what_no_root_declares_is_said_once() {
    let dir = repository("scenario-roots");
    write(&dir, "a/main.tf", toggled());
    write(&dir, "b/main.tf", toggled());
    write(
        &dir,
        ".ssmlint.hcl",
        "scenario \"open\" {\n  roots     = [\"a\"]\n  variables = { open = true, opne = true }\n}\n",
    );
    let report = check(&dir, &[]);
    assert_eq!(codes(&report), ["SSM006"]);
    assert_eq!(report["findings"][0]["roots"], serde_json::json!(["a"]));
    let diagnostics = report["diagnostics"].as_array().unwrap();
    assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
    assert_eq!(diagnostics[0]["location"]["line"], 3);
    assert!(diagnostics[0]["detail"].as_str().unwrap().contains("\"opne\""), "{diagnostics:?}");
    // Where one of its roots declares it, the others need not.
    write(&dir, "b/more.tf", "variable \"opne\" {\n  default = 1\n}\n");
    write(&dir, ".ssmlint.hcl", "scenario \"open\" {\n  variables = { open = true, opne = true }\n}\n");
    assert!(check(&dir, &[])["diagnostics"].as_array().unwrap().is_empty());
}

#[test]
fn verdicts_say_what_they_assume_and_unused_assumptions_are_noted() {
    let dir = repository("assume");
    write(&dir, "main.tf", SHARED);
    let open = check(&dir, &[]);
    assert_eq!(open["diagnostics"], serde_json::json!([]));
    assert!(stdout(&run(&dir, &["why"])).contains("UNKNOWN"), "{}", stdout(&run(&dir, &["why"])));
    write(
        &dir,
        ".ssmlint.hcl",
        "assume {\n  \"data.aws_vpc.shared.ssm_endpoints\" = [\"ssm\", \"ssmmessages\", \"ec2messages\"]\n  dns_forwarder = true\n}\n",
    );
    let text = stdout(&run(&dir, &[]));
    assert!(text.contains("1 target: 1 via endpoints"), "{text}");
    assert!(text.contains("1 rests on what is assumed: data.aws_vpc.shared.ssm_endpoints"), "{text}");
    let why = stdout(&run(&dir, &["why", ".", "aws_instance.app"]));
    assert!(why.contains("data.aws_vpc.shared has endpoints for ssm, ssmmessages, ec2messages"), "{why}");
    let output = run(&dir, &["--format", "json"]);
    let report = json(&output);
    let notes = report["diagnostics"].as_array().unwrap();
    assert_eq!((code(&output), notes.len()), (0, 1), "{notes:?}");
    assert_eq!(notes[0]["kind"], "note");
    assert_eq!(notes[0]["location"]["line"], 3);
    assert!(notes[0]["detail"].as_str().unwrap().contains("dns_forwarder"), "{notes:?}");
    // Part of the tree cannot tell.
    write(&dir, "part/main.tf", SSH_OPEN);
    let part = check(&dir, &["part"]);
    assert_eq!(part["diagnostics"], serde_json::json!([]));
}

/// An instance in a VPC of another state, and a role that lets it.
const SHARED: &str = r#"
data "aws_vpc" "shared" {
  tags = { Name = "shared" }
}

resource "aws_subnet" "app" {
  vpc_id     = data.aws_vpc.shared.id
  cidr_block = "10.0.1.0/24"
}

resource "aws_security_group" "app" {
  vpc_id = data.aws_vpc.shared.id

  egress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = [data.aws_vpc.shared.cidr_block]
  }
}

resource "aws_iam_role" "app" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "app" {
  role       = aws_iam_role.app.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "app" {
  role = aws_iam_role.app.name
}

data "aws_ami" "app" {
  owners = ["amazon"]

  filter {
    name   = "name"
    values = ["al2023-ami-2023*-x86_64"]
  }
}

resource "aws_instance" "app" {
  ami                    = data.aws_ami.app.id
  instance_type          = "t3.micro"
  subnet_id              = aws_subnet.app.id
  vpc_security_group_ids = [aws_security_group.app.id]
  iam_instance_profile   = aws_iam_instance_profile.app.name
}
"#;

#[test]
fn init_writes_what_it_detects_and_never_overwrites() {
    let dir = repository("init");
    write(&dir, "net/main.tf", toggled());
    write(&dir, "net/envs/prod.tfvars", "open = true\n");
    write(&dir, "net/envs/stage/terraform.tfvars", "open = false\n");
    write(&dir, "net/terraform.tfvars", "");
    write(&dir, "net/x.auto.tfvars", "");
    write(&dir, "app/main.tf", SSH_OPEN);
    let output = run(&dir, &["init"]);
    assert_eq!(code(&output), 0, "{}", complaint(&output));
    let text = fs::read_to_string(dir.join(".ssmlint.hcl")).unwrap();
    assert!(stdout(&output).starts_with(&text), "{}", stdout(&output));
    for wanted in [
        "roots = [\n  \"app\",\n  \"net\",\n]\n",
        "scenario \"net prod\" {\n  roots     = [\"net\"]\n  var_files = [\"net/envs/prod.tfvars\"]\n}\n",
        "scenario \"net stage\" {\n  roots     = [\"net\"]\n  var_files = [\"net/envs/stage/terraform.tfvars\"]\n}\n",
        "# scenario \"with open\" {\n#   variables = { open = true }\n# }\n",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    assert_eq!(text.matches("\nscenario ").count(), 2, "{text}");
    let report = check(&dir, &[]);
    assert_eq!(report["summary"]["roots"], 2);
    let in_net = report["findings"].as_array().unwrap().iter().find(|one| one["root"] == "net").unwrap();
    assert_eq!(in_net["scenarios"], serde_json::json!(["net prod"]));

    let again = run(&dir, &["init"]);
    assert_eq!(code(&again), 2);
    assert!(complaint(&again).contains(".ssmlint.hcl is there already"), "{}", complaint(&again));
    assert_eq!(code(&run(&dir, &["init", "--force"])), 0);
    assert_eq!(fs::read_to_string(dir.join(".ssmlint.hcl")).unwrap(), text, "the same again");
    assert_eq!(code(&run(&dir, &["init", "nowhere"])), 2);

    // What stands in comments is valid, too.
    let bare: String = text
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| is_code(rest)).unwrap_or(line))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(bare.contains("\nrule \"SSM001\" {\n  severity"), "{bare}");
    let (loaded, _) = {
        let mut memory = Memory::new();
        memory.add("/.ssmlint.hcl", bare.clone());
        memory.add("/net/envs/prod.tfvars", "");
        memory.add("/net/envs/stage/terraform.tfvars", "");
        let sources = SourceMap::new();
        (load_settings(&memory, &sources, Path::new(".ssmlint.hcl")), sources)
    };
    assert!(loaded.is_ok(), "{loaded:?} in {bare}");
}

/// Whether a comment holds a line of a block.
fn is_code(line: &str) -> bool {
    line.starts_with("  ") || line == "}" || line.ends_with(" {")
}

#[test]
fn init_in_an_empty_directory_writes_a_file_that_can_be_used() {
    let dir = repository("init-empty");
    assert_eq!(code(&run(&dir, &["init"])), 0);
    assert_eq!(code(&run(&dir, &["config", "show"])), 0);
}
