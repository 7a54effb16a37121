//! Small stacks: of the process, by the environment, and of the thread that calls the library.

use std::path::PathBuf;
use std::process::Command;

use ssmlint::lint::dump::Secrets;
use ssmlint::lint::{Context, Request, Session, check};
use ssmlint::report::{Format, Options};
use ssmlint::source::fs::Memory;

use crate::support::{HEALTHY, Project};

/// What goes as deep as the limits let it, in each stage: brackets, calls, blocks, references, splats, values, JSON.
fn deep() -> Vec<(&'static str, String)> {
    let nested = |open: &str, middle: &str, close: &str, levels: usize| {
        format!("{}{middle}{}", open.repeat(levels), close.repeat(levels))
    };
    let mut chain = String::from("locals {\n  x0 = 1\n");
    (1..2_000).for_each(|i| chain.push_str(&format!("  x{i} = [for k in [local.x{}] : k][0]\n", i - 1)));
    chain.push_str("}\noutput \"chain\" {\n  value = local.x1999\n}\n");
    let json = nested("[", "1", "]", 60);
    vec![
        ("healthy.tf", HEALTHY.to_owned()),
        ("brackets.tf", format!("output \"brackets\" {{\n  value = {}\n}}\n", nested("[", "1", "]", 60))),
        (
            "templates.tf",
            format!("output \"templates\" {{\n  value = {}\n}}\n", nested("\"${", "1", "}\"", 60)),
        ),
        ("calls.tf", format!("output \"calls\" {{\n  value = {}\n}}\n", nested("try(", "1", ", 2)", 30))),
        (
            "fors.tf",
            format!("output \"fors\" {{\n  value = {}\n}}\n", nested("[for a in [1] : ", "a", "]", 30)),
        ),
        ("blocks.tf", format!("resource \"aws_vpc\" \"deep\" {{\n{}}}\n", nested("a {\n", "", "}\n", 60))),
        ("splats.tf", format!("output \"splats\" {{\n  value = [1]{}\n}}\n", "[*]".repeat(5_000))),
        (
            "text.tf.json",
            format!(
                "{{\"output\":{{\"text\":{{\"value\":{}}}}}}}",
                nested("[", &format!("\"{}\"", nested("${[", "1", "]}", 30)), "]", 60)
            ),
        ),
        ("json.tf.json", format!("{{\"output\":{{\"json\":{{\"value\":{json}}}}}}}")),
        (
            "decoded.tf",
            format!("output \"decoded\" {{\n  value = jsondecode(\"{}\")\n}}\n", nested("[", "1", "]", 190)),
        ),
        ("chain.tf", chain),
    ]
}

#[cfg(unix)]
#[test]
fn the_program_with_little_stack_for_the_process() {
    let project = Project::new("little-stack");
    for (path, text) in deep() {
        project.write(&format!("hostile/{path}"), text);
    }
    for command in ["check --format concise .", "inspect hostile", "why hostile", "matrix hostile"] {
        let shell = format!("ulimit -s 256 && exec \"$0\" {command}");
        let mut child = Command::new("sh");
        child.args(["-c", &shell, env!("CARGO_BIN_EXE_ssmlint")]).current_dir(&project.dir);
        let output = child.env("RUST_MIN_STACK", "65536").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0..=2)), "{command}: {}: {said}", output.status);
        assert!(!said.contains("internal error"), "{command}: {said}");
    }
}

/// A variable of the environment of the child in which a test of this file calls the library.
const IN_CHILD: &str = "HOSTILE_STACK_CHILD";

/// Calls the library on a thread with a stack of that many bytes, whose rayon threads have the usual two MiB.
fn call_library(stack: usize) {
    let call = || {
        let mut memory = Memory::new();
        deep().into_iter().for_each(|(path, text)| memory.add(PathBuf::from("/p").join(path), text));
        let request = Request { paths: vec![PathBuf::from("/p")], ..Request::default() };
        let report = check(&request, &memory).unwrap();
        assert!(report.failures.is_empty(), "{:?}", report.failures);
        assert!(report.findings.iter().any(|finding| finding.code == "SSM006"));
        Format::ALL.into_iter().for_each(|format| drop(report.render(format, &Options::default())));
        let session = Session::open(&PathBuf::from("/p"), &Context::default(), &memory).unwrap();
        let inspection = session.inspect(Secrets::Hide);
        assert!(
            inspection.errors.iter().any(|error| error.detail.contains("depth (")),
            "{:?}",
            inspection.errors
        );
        session.why(None).unwrap();
        session.matrix();
    };
    std::thread::Builder::new().stack_size(stack).spawn(call).unwrap().join().unwrap();
}

#[test]
fn the_library_on_threads_with_little_stack() {
    if let Ok(stack) = std::env::var(IN_CHILD) {
        return call_library(stack.parse().unwrap());
    }
    for stack in [512 << 10, 2 << 20] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "stack::the_library_on_threads_with_little_stack", "--nocapture"]);
        let output = child.env(IN_CHILD, stack.to_string()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stack} bytes: {}: {said}", output.status);
    }
}
