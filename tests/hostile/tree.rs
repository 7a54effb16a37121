//! Directory trees that lead astray: module calls without end, links, pipes, devices, names that lie.

use std::fmt::Write;

use crate::support::Project;

#[test]
fn modules_that_fan_out() {
    let project = Project::new("fan-out");
    for i in 0..30 {
        let next = i + 1;
        let text = format!(
            "module \"a\" {{\n  source = \"../m{next}\"\n  x = 1\n}}\nmodule \"b\" {{\n  source = \"../m{next}\"\n  x = 2\n}}\n\
             variable \"x\" {{}}\noutput \"x\" {{\n  value = [module.a.x, module.b.x]\n}}\n"
        );
        project.write(&format!("m{i}/main.tf"), text);
    }
    project.write("m30/main.tf", "variable \"x\" {}\noutput \"x\" {\n  value = var.x\n}\n");
    project.hostile(
        "module \"a\" {\n  source = \"../m0\"\n  x = 1\n}\noutput \"x\" {\n  value = module.a.x\n}\n",
    );
    project.check().must_say("10000 module calls");
    project.inspect().must_say("10000 module calls");
}

#[test]
fn module_instances_that_multiply() {
    let project = Project::new("multiply");
    for i in 0..6 {
        let next = i + 1;
        project.write(
            &format!("m{i}/main.tf"),
            format!("module \"a\" {{\n  source = \"../m{next}\"\n  count = 1000\n}}\n"),
        );
    }
    project.write("m6/main.tf", "resource \"aws_vpc\" \"a\" {\n  cidr_block = \"10.0.0.0/16\"\n}\n");
    project.hostile("module \"a\" {\n  source = \"../m0\"\n  count = 1000\n}\n");
    project.check().must_say("imit");
    project.inspect().must_say("imit");
}

#[test]
fn modules_that_call_themselves() {
    let project = Project::new("recursion");
    project.hostile("module \"a\" {\n  source = \"./\"\n}\nmodule \"b\" {\n  source = \"../other\"\n}\n");
    project.write("other/main.tf", "module \"c\" {\n  source = \"../hostile\"\n}\n");
    project.check().must_say("hostile");
}

#[test]
fn a_chain_of_modules() {
    let project = Project::new("chain-of-modules");
    for i in 0..2_000 {
        project.write(
            &format!("m{i}/main.tf"),
            format!(
                "module \"a\" {{\n  source = \"../m{}\"\n}}\noutput \"x\" {{\n  value = module.a.x\n}}\n",
                i + 1
            ),
        );
    }
    project.hostile("module \"a\" {\n  source = \"../m0\"\n}\noutput \"x\" {\n  value = module.a.x\n}\n");
    project.check().must_say("64 within one another");
    project.inspect();
}

#[test]
fn cycles_across_modules() {
    let project = Project::new("cycle");
    project.hostile(
        "module \"a\" {\n  source = \"../child\"\n  x = module.b.x\n}\nmodule \"b\" {\n  source = \"../child\"\n  x = module.a.x\n}\n\
         locals {\n  p = local.q\n  q = local.r\n  r = local.p\n}\noutput \"x\" {\n  value = [local.p, module.a.x]\n}\n\
         resource \"aws_vpc\" \"a\" {\n  cidr_block = aws_vpc.b.cidr_block\n}\n\
         resource \"aws_vpc\" \"b\" {\n  cidr_block = aws_vpc.a.cidr_block\n  count = length(aws_vpc.b)\n}\n",
    );
    project.write("child/main.tf", "variable \"x\" {}\noutput \"x\" {\n  value = var.x\n}\n");
    project.check().must_say("ycle");
    project.inspect().must_say("Cycle");
}

#[test]
fn files_that_are_none_of_its_business() {
    let project = Project::new("outside");
    project.hostile(
        "locals {\n  x = [\n    file(\"/etc/passwd\"),\n    file(\"../../../../../../../../etc/passwd\"),\n    \
         templatefile(\"/etc/passwd\", {}),\n    filebase64(\"/etc/passwd\"),\n    filemd5(\"/etc/passwd\"),\n    \
         fileset(\"/etc\", \"*\"),\n    fileset(path.module, \"../../../../../../../../../etc/*\"),\n    \
         file(\"/dev/zero\"),\n    file(\"/proc/self/environ\"),\n    fileexists(\"/etc/passwd\"),\n  ]\n}\n\
         output \"x\" {\n  value = local.x\n}\nmodule \"etc\" {\n  source = \"../../../../../../../../../../etc\"\n}\n\
         module \"root\" {\n  source = \"../../../../../../../../../..\"\n}\n",
    );
    for run in [project.check(), project.inspect()] {
        assert!(!run.says("root:x:") && !run.says("cm9vd") && !run.says("hosts"), "{run:?}");
    }
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::Command;

    use crate::support::{FORMATS, Project};

    #[test]
    fn links_that_lead_in_circles_and_out() {
        let project = Project::new("links");
        project.hostile("locals {\n  x = 1\n}\n");
        let hostile = project.dir.join("hostile");
        symlink("..", hostile.join("up")).unwrap();
        symlink("self", hostile.join("self")).unwrap();
        symlink("loop.tf", hostile.join("loop.tf")).unwrap();
        symlink("/", hostile.join("root")).unwrap();
        symlink("/etc/passwd", hostile.join("passwd.tf")).unwrap();
        symlink("/etc/passwd", hostile.join("terraform.tfvars")).unwrap();
        symlink("/dev/zero", hostile.join("zero.tf")).unwrap();
        symlink("/dev/zero", hostile.join("zero.auto.tfvars")).unwrap();
        symlink("/dev/zero", hostile.join(".gitignore")).unwrap();
        fs::create_dir_all(hostile.join(".terraform/modules")).unwrap();
        symlink("/dev/zero", hostile.join(".terraform/modules/modules.json")).unwrap();
        let run = project.check();
        assert_eq!(run.code, 2, "{run:?}");
        assert!(!run.says("root:x:"));
        for name in ["self", "loop.tf", "passwd.tf", "zero.tf", "zero.auto.tfvars", "terraform.tfvars"] {
            assert!(
                name == "self" || run.says(&format!("hostile/{name}")),
                "nothing is said of {name}: {run:?}"
            );
        }
    }

    #[test]
    fn pipes_and_directories_with_the_names_of_files() {
        let project = Project::new("pipes");
        let hostile = project.dir.join("hostile");
        for name in ["pipe.tf", "pipe.tf.json", "terraform.tfvars", "x.auto.tfvars", ".gitignore"] {
            assert!(Command::new("mkfifo").arg(hostile.join(name)).status().unwrap().success());
        }
        fs::create_dir(hostile.join("directory.tf")).unwrap();
        let run = project.check();
        assert_eq!(run.code, 2, "{run:?}");
        run.must_say("hostile/pipe.tf could not be read: it is not a regular file");
        run.must_say("hostile/pipe.tf.json could not be read: it is not a regular file");
        project.write("hostile/use.tf", "output \"x\" {\n  value = file(\"pipe.tf\")\n}\n");
        project.inspect();
    }

    #[test]
    fn files_that_may_not_be_read() {
        let project = Project::new("unreadable");
        project.hostile("locals {\n  x = 1\n}\n");
        let path = project.dir.join("hostile/main.tf");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        // The superuser may read everything.
        let readable = fs::File::open(&path).is_ok();
        assert_eq!(project.check().code, if readable { 1 } else { 2 });
    }

    #[test]
    fn names_that_lie() {
        let project = Project::new("names");
        let names: [&[u8]; 5] = [
            b"a\nb.tf",
            b"\x1b[2J\x1b]0;evil\x07.tf",
            b"quote\"'<&>.tf",
            b"\xff\xfe.tf",
            "\u{202e}ft.tf".as_bytes(),
        ];
        for name in names {
            let path = project.dir.join("hostile").join(OsStr::from_bytes(name));
            fs::write(path, "resource \"aws_vpc\" \"x\" {\n  cidr_block =\n}\n").unwrap();
        }
        for format in FORMATS {
            let run = project.run(&["check", "--format", format, "."]);
            assert_eq!(run.code, 2);
            assert!(!run.says("\u{202e}"), "{format}");
        }
        for arguments in [["inspect", "hostile"], ["why", "hostile"], ["matrix", "hostile"]] {
            assert!(!project.run(&arguments).says("\u{202e}"), "{arguments:?}");
        }
    }

    /// Paths longer than the system takes.
    #[test]
    fn directories_that_no_path_reaches() {
        let project = Project::new("unreachable");
        // No longer path can be made, but a directory can be moved to where it becomes one.
        let long = vec!["d".repeat(200); 12].join("/");
        let (upper, lower) = (project.dir.join("hostile").join(&long), project.dir.join("lower"));
        fs::create_dir_all(&upper).unwrap();
        fs::create_dir_all(lower.join(&long)).unwrap();
        fs::write(lower.join(&long).join("main.tf"), "locals {\n  x = 1\n}\n").unwrap();
        fs::rename(lower, upper.join("lower")).unwrap();
        let run = project.check();
        run.must_say("could not be read");
        assert_eq!(run.code, 2);
    }

    #[test]
    fn a_directory_that_nests_a_thousand_times() {
        let project = Project::new("directories");
        let mut path = project.dir.join("hostile");
        for _ in 0..800 {
            path.push("dir");
        }
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("main.tf"), "locals {\n  x = 1\n}\n").unwrap();
        project.check();
    }
}

#[test]
fn a_directory_of_many_files() {
    let project = Project::new("many-files");
    for i in 0..100_000 {
        // One in ten is read.
        let extension = if i % 10 == 0 { "tf" } else { "txt" };
        std::fs::write(
            project.dir.join(format!("hostile/f{i}.{extension}")),
            format!("locals {{\n  x{i} = {i}\n}}\n"),
        )
        .unwrap();
    }
    project.check();
    project.inspect();
    std::fs::remove_dir_all(project.dir).unwrap();
}

#[test]
fn installed_modules_that_lie() {
    let project = Project::new("manifest");
    project.hostile("module \"a\" {\n  source = \"hashicorp/a/aws\"\n}\n");
    let mut modules = String::new();
    for i in 0..20_000 {
        let _ = write!(modules, "{{\"Key\":\"k{i}\",\"Source\":\"x\",\"Dir\":\"/etc\"}},");
    }
    let manifest = format!(
        "{{\"Modules\":[{modules}{{\"Key\":\"a\",\"Source\":\"registry.terraform.io/hashicorp/a/aws\",\"Dir\":\"/etc\"}}]}}"
    );
    project.write("hostile/.terraform/modules/modules.json", manifest);
    project.check();
    project.write("hostile/.terraform/modules/modules.json", "[".repeat(1_000_000));
    project.check();
}
