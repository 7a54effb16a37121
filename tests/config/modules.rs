//! The tree of calls: local and installed modules, what is missing, and what is passed.

use std::path::Path;
use std::sync::Arc;

use ssmlint::config::load::{Loader, MAX_NODES};
use ssmlint::source::SourceMap;

use crate::support::{child, load, load_dir, memory};

const MANIFEST: &str = r#"{"Modules":[
  {"Key":"","Source":"","Dir":"."},
  {"Key":"vpc","Source":"registry.terraform.io/terraform-aws-modules/vpc/aws","Version":"5.1.0","Dir":".terraform/modules/vpc"},
  {"Key":"vpc.inner","Source":"git::https://example.com/inner.git","Dir":".terraform/modules/vpc.inner/sub"}]}"#;

#[test]
fn local_modules_are_found_from_the_module_that_calls_them() {
    let loaded = load(&[
        ("main.tf", "module \"a\" {\n  source = \"./mods/a\"\n}\n"),
        ("mods/a/main.tf", "module \"b\" {\n  source = \"../b/\"\n}\n"),
        ("mods/b/main.tf", "locals { x = 1 }\n"),
    ]);
    assert_eq!(loaded.problems(), [""; 0]);
    let b = child(child(&loaded.config.root, "a"), "b");
    assert_eq!(b.module.dir, Path::new("/project/mods/b"));
    assert_eq!(loaded.config.files.len(), 3);
}

#[test]
fn installed_modules_are_found_through_the_manifest() {
    let loaded = load(&[
        (
            "main.tf",
            "module \"vpc\" {\n  source  = \"terraform-aws-modules/vpc/aws\"\n  version = \"~> 5.0\"\n}\nmodule \"other\" {\n  source = \"a/b/c\"\n  version = \"1.0\"\n}\n",
        ),
        (".terraform/modules/modules.json", MANIFEST),
        (
            ".terraform/modules/vpc/main.tf",
            "module \"inner\" {\n  source = \"git::https://example.com/inner.git//sub\"\n}\nmodule \"local\" {\n  source = \"./modules/local\"\n}\n",
        ),
        (".terraform/modules/vpc/modules/local/main.tf", "locals { x = 1 }\n"),
        (".terraform/modules/vpc.inner/sub/main.tf", "locals { y = 1 }\n"),
    ]);
    let vpc = child(&loaded.config.root, "vpc");
    assert_eq!(vpc.module.dir, Path::new("/project/.terraform/modules/vpc"));
    assert!(child(vpc, "inner").module.locals.contains_key("y"));
    assert!(child(vpc, "local").module.locals.contains_key("x"));
    assert_eq!(loaded.missing(), ["module.other NotInstalled"]);
    assert_eq!(loaded.config.missing[0].version.as_deref(), Some("1.0"));
    assert_eq!(loaded.text(loaded.config.missing[0].span), "\"a/b/c\"");
}

#[test]
fn an_installed_module_outside_the_tree_is_not_opened() {
    let manifest = r#"{"Modules":[{"Key":"far","Source":"git::x","Dir":"../outside"}]}"#;
    let loaded = load(&[
        ("main.tf", "module \"far\" {\n  source = \"git::x\"\n}\n"),
        (".terraform/modules/modules.json", manifest),
        ("../outside/main.tf", "locals { z = 1 }\n"),
    ]);
    assert_eq!(loaded.missing(), ["module.far Outside"]);
    assert_eq!(loaded.sources.len(), 1);
}

#[test]
fn the_data_directory_may_have_another_name() {
    let fs = memory(&[
        ("main.tf", "module \"vpc\" {\n  source = \"terraform-aws-modules/vpc/aws\"\n}\n"),
        ("cache/modules/modules.json", &MANIFEST.replace(".terraform/", "cache/")),
        ("cache/modules/vpc/main.tf", "locals { x = 1 }\n"),
    ]);
    let dir = Path::new("/project");
    let sources = SourceMap::new();
    let loader = Loader::new(&fs, &sources, &[dir.to_path_buf()], Some(Path::new("cache")));
    assert!(loader.load(dir).missing.is_empty());
}

#[test]
fn a_manifest_that_is_no_json_is_said_and_modules_count_as_not_installed() {
    let loaded = load(&[
        ("main.tf", "module \"vpc\" {\n  source = \"a/b/c\"\n}\n"),
        (".terraform/modules/modules.json", "{"),
    ]);
    assert_eq!(loaded.problems(), ["Module manifest is not readable"]);
    assert_eq!(loaded.missing(), ["module.vpc NotInstalled"]);
}

#[test]
fn local_modules_that_are_not_there_are_missing() {
    let loaded = load(&[
        (
            "main.tf",
            "module \"a\" {\n  source = \"./none\"\n}\nmodule \"b\" {\n  source = \"./empty\"\n}\nmodule \"c\" {\n  source = \"../../etc\"\n}\n",
        ),
        ("empty/README.md", "nothing"),
    ]);
    assert_eq!(loaded.missing(), ["module.a NotFound", "module.b NotFound", "module.c Outside"]);
    assert_eq!(
        loaded.problems(),
        [
            "main.tf:2: Unreadable module directory",
            "main.tf:5: Unreadable module directory",
            "main.tf:8: Module directory outside the project"
        ]
    );
}

#[test]
fn modules_above_the_given_directory_are_read_within_the_repository() {
    let fs = memory(&[
        ("live/prod/main.tf", "module \"a\" {\n  source = \"../../modules/a\"\n}\n"),
        ("modules/a/main.tf", "module \"b\" {\n  source = \"../../../elsewhere\"\n}\n"),
        ("../elsewhere/main.tf", "locals { x = 1 }\n"),
    ]);
    let loaded = load_dir(&fs, Path::new("/project/live/prod"));
    assert_eq!(loaded.missing(), ["module.a.module.b Outside"]);
    assert_eq!(loaded.sources.len(), 2);
}

#[test]
fn a_directory_on_the_chain_of_calls_is_refused() {
    let loaded = load(&[
        ("main.tf", "module \"a\" {\n  source = \"./a\"\n}\nmodule \"self\" {\n  source = \"./.\"\n}\n"),
        ("a/main.tf", "module \"b\" {\n  source = \"../b\"\n}\n"),
        ("b/main.tf", "module \"a\" {\n  source = \"../a\"\n}\n"),
    ]);
    assert_eq!(loaded.missing(), ["module.a.module.b.module.a Recursive", "module.self Recursive"]);
    assert_eq!(loaded.problems(), ["main.tf:2: Module calls itself", "main.tf:5: Module calls itself"]);
}

#[test]
fn calls_that_multiply_stop_at_a_limit() {
    let mut files = Vec::new();
    for i in 0..25 {
        let next = i + 1;
        let text = format!(
            "module \"x\" {{\n  source = \"../m{next}\"\n}}\nmodule \"y\" {{\n  source = \"../m{next}\"\n}}\n"
        );
        files.push((format!("m{i}/main.tf"), text));
    }
    files.push(("m25/main.tf".to_owned(), "locals { a = 1 }\n".to_owned()));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let loaded = load_dir(&memory(&files), Path::new("/project/m0"));
    assert_eq!(loaded.problems(), ["main.tf:2: Too many module calls"]);
    // Every module that is there has two calls at most, and each leads to a module or is missing.
    assert!((1..=2 * MAX_NODES).contains(&loaded.missing().len()));
    assert!(loaded.missing().iter().all(|missing| missing.ends_with(" Limit")));
    assert_eq!(loaded.sources.len(), 26);
}

#[test]
fn a_directory_is_read_once_for_all_roots_and_threads() {
    let fs = memory(&[
        ("a/main.tf", "module \"m\" {\n  source = \"../m\"\n}\n"),
        ("b/main.tf", "module \"m\" {\n  source = \"../m\"\n}\nmodule \"n\" {\n  source = \"../m\"\n}\n"),
        ("m/main.tf", "locals { x = 1 }\n"),
    ]);
    let sources = SourceMap::new();
    let loader = Loader::new(&fs, &sources, &["/project".into()], None);
    let configs: Vec<_> = std::thread::scope(|scope| {
        let load = |dir: &'static str| {
            let loader = &loader;
            scope.spawn(move || loader.load(Path::new(dir)))
        };
        let threads: Vec<_> =
            (0..8).map(|i| load(if i % 2 == 0 { "/project/a" } else { "/project/b" })).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(sources.len(), 3);
    let modules: Vec<_> = configs.iter().map(|config| &child(&config.root, "m").module).collect();
    assert!(modules.iter().all(|module| Arc::ptr_eq(module, modules[0])));
}

#[test]
fn arguments_of_a_call_fit_the_variables() {
    let loaded = load(&[
        ("main.tf", "module \"a\" {\n  source = \"./a\"\n  y = 1\n  z = 2\n  q {}\n}\n"),
        ("a/main.tf", "variable \"x\" {}\nvariable \"y\" {}\nvariable \"w\" {\n  default = 1\n}\n"),
    ]);
    assert_eq!(
        loaded.problems(),
        [
            "main.tf:1: Missing required argument",
            "main.tf:5: Unsupported block type",
            "main.tf:4: Unsupported argument"
        ]
    );
}

#[test]
fn a_module_that_could_not_be_read_completely_may_declare_more() {
    let loaded = load(&[
        ("main.tf", "module \"a\" {\n  source = \"./a\"\n  z = 2\n}\n"),
        ("a/main.tf", "variable \"x\" { default = 1 }\n"),
        ("a/bad.tf", "variable {{{\n"),
    ]);
    assert!(child(&loaded.config.root, "a").module.incomplete);
    assert!(
        loaded.problems().iter().all(|problem| problem.starts_with("bad.tf:1: ")),
        "{:?}",
        loaded.problems()
    );
}

#[test]
fn a_problem_of_a_module_is_said_once_however_often_it_is_called() {
    let loaded = load(&[
        ("main.tf", "module \"a\" {\n  source = \"./a\"\n}\nmodule \"b\" {\n  source = \"./a\"\n}\n"),
        ("a/main.tf", "output \"x\" {}\nmodule \"c\" {\n  source = \"./none\"\n}\n"),
    ]);
    // Each call has its own address, so that a missing module is said for each.
    assert_eq!(loaded.problems().iter().filter(|p| p.ends_with("Missing required argument")).count(), 1);
    assert_eq!(loaded.missing().len(), 2);
}

#[test]
fn aliases_must_be_declared_or_passed() {
    assert_eq!(
        load(&[("main.tf", "resource \"a\" \"b\" {\n  provider = aws.east\n}\n")]).problems(),
        ["main.tf:2: Provider configuration not present"]
    );
    let child = "terraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n      configuration_aliases = [aws.east]\n    }\n  }\n}\nresource \"aws_vpc\" \"b\" {\n  provider = aws.east\n}\n";
    let root = "provider \"aws\" {\n  alias = \"virginia\"\n}\nmodule \"m\" {\n  source = \"./m\"\n  providers = {\n    aws.east = aws.virginia\n  }\n}\n";
    assert_eq!(load(&[("main.tf", root), ("m/main.tf", child)]).problems(), [""; 0]);
    assert_eq!(
        load(&[("main.tf", "module \"m\" {\n  source = \"./m\"\n}\n"), ("m/main.tf", child)]).problems(),
        ["main.tf:1: Missing required provider configuration"]
    );
}

#[test]
fn modules_with_their_own_providers_cannot_be_repeated_or_given_others() {
    let child = "provider \"aws\" {\n  region = \"us-east-1\"\n}\n";
    assert_eq!(
        load(&[("main.tf", "module \"m\" {\n  source = \"./m\"\n  count = 2\n}\n"), ("m/main.tf", child)])
            .problems(),
        ["main.tf:3: Module is incompatible with count, for_each, and depends_on"]
    );
    let passing = "module \"m\" {\n  source = \"./m\"\n  providers = {\n    aws = aws\n  }\n}\n";
    assert_eq!(
        load(&[("main.tf", passing), ("m/main.tf", child)]).problems(),
        ["main.tf:4: Cannot override provider configuration"]
    );
}

#[test]
fn a_provider_of_another_type_cannot_be_passed() {
    let root = "module \"m\" {\n  source = \"./m\"\n  providers = {\n    aws = random\n  }\n}\n";
    assert_eq!(
        load(&[("main.tf", root), ("m/main.tf", "locals { x = 1 }\n")]).problems(),
        ["main.tf:4: Provider type mismatch"]
    );
}

#[test]
fn imports_are_for_roots() {
    let module = "import {\n  id = \"x\"\n  to = a.b\n}\nresource \"a\" \"b\" {}\n";
    assert_eq!(
        load(&[("main.tf", "module \"m\" {\n  source = \"./m\"\n}\n"), ("m/imports.tf", module)]).problems(),
        ["imports.tf:1: Invalid import configuration"]
    );
}
