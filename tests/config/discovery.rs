//! From given paths to root modules.

use crate::support::{Directory, memory, roots};
use ssmlint::source::fs::{Disk, Memory};

const MODULE: &str = "locals { x = 1 }\n";

fn call(source: &str) -> String {
    format!("module \"m\" {{\n  source = \"{source}\"\n}}\n")
}

#[test]
fn roots_are_the_directories_that_nothing_calls() {
    let fs = memory(&[
        ("envs/dev/main.tf", &call("../../modules/net")),
        ("envs/prod/main.tofu", &call("../../modules/net")),
        ("modules/net/main.tf", &call("../deep")),
        ("modules/deep/main.tf.json", "{}"),
        ("modules/unused/main.tf", MODULE),
        ("docs/README.md", "text"),
    ]);
    assert_eq!(
        roots(&fs, &["/project"]).unwrap(),
        ["/project/envs/dev", "/project/envs/prod", "/project/modules/unused"]
    );
}

#[test]
fn a_module_that_is_named_is_linted_by_itself() {
    let fs = memory(&[("live/main.tf", &call("../modules/net")), ("modules/net/main.tf", MODULE)]);
    assert_eq!(roots(&fs, &["/project/modules/net"]).unwrap(), ["/project/modules/net"]);
    assert_eq!(
        roots(&fs, &["/project", "/project/modules/net"]).unwrap(),
        ["/project/live", "/project/modules/net"]
    );
    // A tree of modules is not a module that was named.
    assert_eq!(roots(&fs, &["/project/live", "/project/modules"]).unwrap(), ["/project/live"]);
}

#[test]
fn a_file_stands_for_its_directory() {
    let fs = memory(&[("a/main.tf", MODULE), ("a/b/main.tf", MODULE), ("c/main.tf", &call("../a"))]);
    assert_eq!(roots(&fs, &["/project/a/main.tf"]).unwrap(), ["/project/a"]);
    assert_eq!(roots(&fs, &["/project/a/main.tf", "/project/c"]).unwrap(), ["/project/a", "/project/c"]);
}

#[test]
fn hidden_and_ignored_directories_are_skipped() {
    let fs = memory(&[
        (".gitignore", "/build/\n*.gen\nskip/*\n!skip/keep\n# comment\n"),
        ("main.tf", MODULE),
        (".terraform/modules/x/main.tf", MODULE),
        (".hidden/main.tf", MODULE),
        ("build/main.tf", MODULE),
        ("sub/build/main.tf", MODULE),
        ("sub/a.gen/main.tf", MODULE),
        ("skip/a/main.tf", MODULE),
        ("skip/keep/main.tf", MODULE),
        ("own/.gitignore", "*.tf\n"),
        ("own/main.tf", MODULE),
    ]);
    assert_eq!(roots(&fs, &["/project"]).unwrap(), ["/project", "/project/skip/keep", "/project/sub/build"]);
    assert_eq!(roots(&fs, &["/project/sub"]).unwrap(), ["/project/sub/build"]);
    // What is named is read, whatever the patterns say.
    assert_eq!(roots(&fs, &["/project/build"]).unwrap(), ["/project/build"]);
    assert_eq!(roots(&fs, &["/project/.hidden"]).unwrap(), ["/project/.hidden"]);
}

#[test]
fn modules_that_only_call_each_other_are_not_passed_over() {
    let fs = memory(&[("a/main.tf", &call("../b")), ("b/main.tf", &call("../a"))]);
    assert_eq!(roots(&fs, &["/project"]).unwrap(), ["/project/a"]);
}

#[test]
fn a_module_that_its_own_examples_call_is_linted_when_it_is_named() {
    let fs = memory(&[("m/main.tf", MODULE), ("m/examples/full/main.tf", &call("../.."))]);
    assert_eq!(roots(&fs, &["/project/m"]).unwrap(), ["/project/m", "/project/m/examples/full"]);
    assert_eq!(roots(&fs, &["/project"]).unwrap(), ["/project/m/examples/full"]);
}

#[test]
fn nothing_to_lint_is_an_error_that_helps() {
    let mut fs = Memory::new();
    fs.add("/project/README.md", "text");
    let error = roots(&fs, &["/project"]).unwrap_err();
    assert!(error.contains("no Terraform files") && error.contains("/project"), "{error}");
    let error = roots(&fs, &["/none"]).unwrap_err();
    assert!(error.starts_with("cannot read /none: "), "{error}");
    assert!(roots(&fs, &[""]).unwrap_err().contains("empty"));
    assert!(roots(&fs, &[]).unwrap_err().starts_with("no path given"));
}

#[test]
fn directories_on_disk_are_found_like_those_in_memory() {
    let directory = Directory::new(&[
        (".git/HEAD", ""),
        (".gitignore", "out/\n"),
        ("a/main.tf", &call("../m")),
        ("m/main.tf", MODULE),
        ("out/main.tf", MODULE),
        (".terraform/x/main.tf", MODULE),
    ]);
    let path = directory.0.to_str().unwrap();
    assert_eq!(roots(&Disk, &[path]).unwrap(), [format!("{path}/a")]);
}

#[cfg(unix)]
#[test]
fn links_to_directories_are_not_followed() {
    let outside = Directory::new(&[("secret/main.tf", MODULE)]);
    let directory = Directory::new(&[("a/main.tf", MODULE)]);
    directory.link(&directory.0, "a/loop");
    directory.link(outside.0.join("secret"), "out");
    let path = directory.0.to_str().unwrap();
    assert_eq!(roots(&Disk, &[path]).unwrap(), [format!("{path}/a")]);
}
