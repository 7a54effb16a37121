//! Values that grow without end: each meets a limit that is named.

use std::fmt::Write;

use crate::support::Project;

/// A root that needs `local.x` in a resource that matters and in an output.
fn with_local(name: &str, locals: &str) -> Project {
    let project = Project::new(name);
    project.hostile(format!(
        "locals {{\n{locals}\n}}\nresource \"aws_vpc\" \"hostile\" {{\n  cidr_block = \"10.0.0.0/16\"\n  \
         tags = {{ x = local.x }}\n}}\noutput \"x\" {{\n  value = local.x\n}}\n"
    ));
    project
}

/// Checks and inspects a root with these locals; both name the limit that is passed.
#[track_caller]
fn limited(name: &str, limit: &str, locals: &str) {
    let project = with_local(name, locals);
    project.check().must_say(&format!("{limit} ("));
    project.inspect().must_say(&format!("{limit} ("));
}

/// Checks and inspects a root with these locals, which are only unusual.
#[track_caller]
fn survived(name: &str, locals: &str) {
    let project = with_local(name, locals);
    project.check();
    project.inspect();
}

#[test]
fn range_of_a_milliard() {
    let project = with_local("range", "x = range(1e9)");
    // Terraform's own limit.
    project.inspect().must_say("more than 1024 values were generated");
    project.check();
}

#[test]
fn nesting_of_ten_thousand_levels() {
    let constructs = [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{a=", "1", "}"),
        ("f(", "1", ")"),
        ("\"${", "1", "}\""),
        ("a[", "0", "]"),
    ];
    for (n, (open, middle, close)) in constructs.iter().enumerate() {
        let nested = format!("x = {}{middle}{}", open.repeat(10_000), close.repeat(10_000));
        let project = with_local(&format!("deep-{n}"), &nested);
        project.check().must_say("deeper than 64 levels");
        project.inspect().must_say("deeper than 64 levels");
    }
}

#[test]
fn nested_setproducts() {
    limited(
        "setproduct",
        "elements",
        "a = range(100)\nb = setproduct(local.a, local.a)\nx = setproduct(local.b, local.b, local.b)",
    );
}

#[test]
fn formatlist_of_long_strings() {
    limited(
        "formatlist",
        "string_bytes",
        "s = join(\"\", [for i in range(1024): \"0123456789\"])\n\
         l = [for i in range(1024): local.s]\nx = formatlist(\"%s%s%s%s\", local.l, local.l, local.l, local.l)\n\
         y = [for i in range(1024): local.x]",
    );
}

#[test]
fn strings_that_double() {
    let mut locals = String::from("s0 = \"0123456789\"\n");
    for i in 1..60 {
        let _ = writeln!(locals, "s{i} = \"${{local.s{0}}}${{local.s{0}}}\"", i - 1);
    }
    limited("doubling", "string_bytes", &format!("{locals}x = local.s59"));
}

#[test]
fn strings_that_double_by_functions() {
    let bytes = "string_bytes";
    let doubling = [
        ("join(\"\", [local.sP, local.sP])", bytes),
        ("format(\"%s%s\", local.sP, local.sP)", bytes),
        ("replace(local.sP, \"/./\", \"$0$0\")", "bytes that a regular expression looks at"),
        ("replace(local.sP, \"\", \"ab\")", bytes),
        ("jsonencode([local.sP, local.sP])", bytes),
        ("base64encode(base64encode(base64encode(local.sP)))", bytes),
        ("templatestring(local.t, { s = local.sP })", bytes),
    ];
    for (n, (step, limit)) in doubling.iter().enumerate() {
        let mut locals = String::from("s0 = \"%a%a%a\\n\"\nt = \"$${s}$${s}\"\n");
        for i in 1..100 {
            let _ = writeln!(locals, "s{i} = {}", step.replace('P', &(i - 1).to_string()));
        }
        limited(&format!("doubling-function-{n}"), limit, &format!("{locals}x = local.s99"));
    }
}

#[test]
fn strings_of_ten_megabytes() {
    limited("padded", "string_bytes", "x = format(\"%10000000s\", \"\")");
    limited("zeros", "string_bytes", "x = format(\"%010000000d\", 1)");
    limited("precise", "string_bytes", "x = format(\"%.10000000f\", 1)");
    survived("number", "x = format(\"%d\", 1e100000)");
}

/// Values are shared, but a walk over all parts of one is not.
#[test]
fn locals_that_double() {
    let steps = [
        "[local.xP, local.xP]",
        "{ a = local.xP, b = local.xP }",
        "[for i in [1, 2]: local.xP]",
        "{ for i in [\"a\", \"b\"]: i => local.xP }",
        "tolist([local.xP, local.xP])",
        "zipmap([\"a\", \"b\"], [local.xP, local.xP])",
        "[var.unset ? local.xP : null, local.xP]",
        "{ a = local.xP, b = [local.xP, var.unset] }",
        "merge({ a = local.xP }, { b = local.xP })",
        "concat([local.xP], [local.xP])",
        "coalesce(local.xP, local.xP) == null ? [local.xP] : [local.xP, local.xP]",
    ];
    for (n, step) in steps.iter().enumerate() {
        let mut locals = String::from("x0 = [1, \"a\"]\n");
        for i in 1..60 {
            let _ = writeln!(locals, "x{i} = {}", step.replace('P', &(i - 1).to_string()));
        }
        let project = with_local(
            &format!("exponential-{n}"),
            &format!(
                "{locals}x = [local.x59, local.x59 == local.x59, jsonencode(local.x59), length(local.x59)]"
            ),
        );
        project.write("hostile/variables.tf", "variable \"unset\" {}\n");
        project.check().must_say("value_bytes (");
        project.inspect().must_say("value_bytes (");
    }
}

#[test]
fn unknowns_that_double() {
    let steps = [
        "var.unset ? local.xP : [local.xP]",
        "var.unset ? [local.xP, 1] : [local.xP, 2]",
        "\"${local.xP}${local.xP}\"",
        "local.xP + local.xP",
        "coalesce(local.xP, local.xP, 1)",
        "var.unset ? { a = local.xP } : { b = local.xP }",
        "try(local.xP, local.xP)",
        "var.unset == local.xP ? local.xP : local.xP + 1",
        "[local.xP, local.xP][var.unset]",
        "max(local.xP, local.xP)",
        "jsonencode([local.xP, local.xP])",
        "var.other[local.xP][local.xP]",
    ];
    for (n, step) in steps.iter().enumerate() {
        let mut locals = String::from("x0 = var.unset\n");
        for i in 1..90 {
            let _ = writeln!(locals, "x{i} = {}", step.replace('P', &(i - 1).to_string()));
        }
        let project = with_local(&format!("unknown-{n}"), &format!("{locals}x = local.x89"));
        project.write("hostile/variables.tf", "variable \"unset\" {}\nvariable \"other\" {}\n");
        project.check();
        project.inspect();
    }
}

#[test]
fn for_over_for_over_for() {
    limited(
        "for",
        "steps",
        "r = range(1000)\nx = [for a in local.r: [for b in local.r: [for c in local.r: [for d in local.r: d]]]]",
    );
    limited(
        "for-sum",
        "steps",
        "r = range(1000)\nx = length([for a in local.r: length([for b in local.r: length([for c in local.r: c])])])",
    );
}

#[test]
fn walks_over_a_large_value_in_a_loop() {
    survived(
        "walks",
        "r = range(1000)\nb = [for i in range(64): local.r]\n\
         x = length([for a in local.r: [for b in local.r: length(local.b)]])",
    );
}

#[test]
fn chains_of_locals() {
    let mut locals = String::from("x0 = 1\n");
    for i in 1..40_000 {
        let _ = writeln!(locals, "x{i} = local.x{}", i - 1);
    }
    limited("chain", "depth", &format!("{locals}x = local.x39999"));
}

#[test]
fn catastrophic_regexes() {
    survived(
        "regex",
        "a = join(\"\", [for i in range(1000): \"a\"])\n\
         x = [regexall(\"(a*)*b\", local.a), try(regex(\"((((a{1,100}){1,100}){1,100}){1,100})\", local.a), 1),\n\
         replace(local.a, \"/(a|aa)+$/\", \"b\"), try(regexall(\"(x+x+)+y\", local.a), 1),\n\
         try(regex(\"(?:a?){1000}a{1000}\", local.a), 2),\n\
         try(regex(join(\"\", [for i in range(1000): \"(\"]), local.a), 3)]",
    );
}

#[test]
fn numbers_without_end() {
    survived(
        "powers",
        "x = [pow(10, 1e9), pow(2, 1e300), 1e999999999, 1e-999999999, 10 % 1e-100000, pow(9, 9e9)]",
    );
    let digits = "7".repeat(900_000);
    survived("digits", &format!("x = {digits}"));
    survived("digits-string", &format!("x = tonumber(\"{digits}\") + 1"));
    survived("digits-parse", &format!("x = parseint(\"{digits}\", 10) + 1"));
}

#[test]
fn counts_and_keys() {
    let project = Project::new("count");
    project.hostile(
        "resource \"aws_vpc\" \"a\" {\n  count = 1e9\n  cidr_block = \"10.0.0.0/16\"\n}\n\
         resource \"aws_subnet\" \"b\" {\n  for_each = toset([for i in range(1000): tostring(i)])\n  vpc_id = aws_vpc.a[each.key].id\n}\n",
    );
    project.check().must_say("count is 1000000000, instances (");
    let project = Project::new("for-each");
    project.hostile(
        "locals {\n  r = range(400)\n  keys = toset(flatten([for a in local.r: [for b in local.r: \"${a}-${b}\"]]))\n}\n\
         resource \"aws_vpc\" \"a\" {\n  for_each = local.keys\n  cidr_block = \"10.0.0.0/16\"\n}\n",
    );
    project.check().must_say("elements (100000)");
    let project = Project::new("dynamic");
    project.hostile(
        "locals {\n  r = range(1000)\n}\nresource \"aws_security_group\" \"a\" {\n  dynamic \"ingress\" {\n    \
         for_each = local.r\n    content {\n      dynamic \"x\" {\n        for_each = local.r\n        content {\n          \
         dynamic \"y\" {\n            for_each = local.r\n            content {\n              z = 1\n            }\n          \
         }\n        }\n      }\n    }\n  }\n}\n",
    );
    project.check().must_say("imit");
}

#[test]
fn templates_that_include_themselves() {
    let project = with_local("template", "x = templatefile(\"${path.module}/t.tftpl\", { n = 1 })");
    project.write("hostile/t.tftpl", "${n}${templatefile(\"t.tftpl\", { n = n + 1 })}");
    project.check();
    // Terraform's own limit: one level.
    project.inspect().must_say("cannot recursively call templatefile");
    limited(
        "templatestring",
        "string_bytes",
        "t = \"%{ for a in r }%{ for b in r }%{ for c in r }abcdefghij%{ endfor }%{ endfor }%{ endfor }\"\nu = replace(local.t, \"abc\", \"%%\")\nr = range(1000)\nx = templatestring(local.u2, { r = local.r })\nu2 = \"%%{ for a in r }%%{ for b in r }%%{ for c in r }abcdefghij%%{ endfor }%%{ endfor }%%{ endfor }\"",
    );
}

/// Each output makes the value of the one before it one level deeper, and nothing is evaluated deeply.
#[test]
fn values_that_nest_step_by_step() {
    for (n, step) in
        ["[local.xP]", "{ a = local.xP }", "tolist([local.xP])", "[local.xP, var.unset]"].iter().enumerate()
    {
        let project = Project::new(&format!("nesting-{n}"));
        let mut text = String::from("variable \"unset\" {}\nlocals {\n  x00000 = 1\n}\n");
        for i in 1..8_000 {
            let step = step.replace('P', &format!("{:05}", i - 1));
            let _ = writeln!(
                text,
                "locals {{\n x{i:05} = {step}\n}}\noutput \"o{i:05}\" {{\n value = length(local.x{i:05})\n}}"
            );
        }
        project.hostile(text);
        project.check();
        project.inspect().must_say("imit");
    }
}

#[test]
fn objects_with_many_keys() {
    let entries: String = (0..50_000).map(|i| format!("k{i} = {i}\n")).collect();
    survived("object", &format!("x = keys({{\n{entries}}})"));
    let entries: String = (0..50_000).map(|i| format!("\"k{i}\" = [],\n")).collect();
    survived("object-same", &format!("x = length({{\n{entries}}})"));
    let calls = "merge(local.o, { a = 1 }), ".repeat(2_000);
    survived("merges", &format!("o = {{ for i in range(200): i => i }}\nx = length([{calls}])"));
}

#[test]
fn more_errors_than_anybody_reads() {
    limited("errors", "errors", "x = [for a in range(1000): [for b in range(1000): 1 + \"a\"]]");
    limited(
        "failures",
        "errors",
        "x = [for a in range(1000): [for b in range(1000): try(file(\"${a}\"), tonumber(\"x\"))]]",
    );
}

#[test]
fn cidrs_without_end() {
    survived(
        "cidrs",
        "x = [try(cidrsubnets(\"::/0\", [for i in range(1000): 64]...), 0), try(cidrsubnet(\"::/0\", 128, 1e30), 1), \
         [for i in range(1000): cidrhost(\"::/0\", i)]]",
    );
}
