//! Files that break parsers: nesting in every construct, strange bytes, endless constructs, masses of everything.

use std::fmt::Write;

use crate::support::Project;

/// Levels: a little, more than is understood, and more than any stack holds.
const LEVELS: [usize; 3] = [64, 10_000, 400_000];

/// Checks a root whose `main.tf` (or `main.tf.json`) is this text.
#[track_caller]
fn survived(name: &str, file: &str, text: impl AsRef<[u8]>) -> i32 {
    let project = Project::new(name);
    project.write(&format!("hostile/{file}"), text);
    project.check();
    project.inspect().code
}

#[test]
fn nesting_in_every_native_construct() {
    let constructs = [
        ("parentheses", "x = ", "(", "1", ")"),
        ("lists", "x = ", "[", "1", "]"),
        ("objects", "x = ", "{a=", "1", "}"),
        ("calls", "x = ", "f(", "1", ")"),
        ("conditionals", "x = ", "true ? 1 : ", "1", ""),
        ("conditions", "x = ", "(true ? ", "1", " : 2)"),
        ("not", "x = ", "!", "true", ""),
        ("minus", "x = ", "-", "1", ""),
        ("plus", "x = 1", "", "", " + 1"),
        ("powers", "x = ", "1 == (", "1", ")"),
        ("templates", "x = ", "\"${", "1", "}\""),
        ("directives", "x = \"", "%{ if true }", "a", "%{ endif }"),
        ("for-directives", "x = \"", "%{ for a in b }", "a", "%{ endfor }"),
        ("for", "x = ", "[for a in ", "[1]", " : a]"),
        ("for-value", "x = ", "[for a in b : ", "a", "]"),
        ("attributes", "x = a", "", "", ".b"),
        ("indexes", "x = a", "", "", "[0]"),
        ("index-in-index", "x = ", "a[", "0", "]"),
        ("splats", "x = a", "", "", "[*]"),
        ("splats-old", "x = a", "", "", ".*"),
        ("heredocs", "x = ", "<<A\n${", "1", "}\nA\n"),
    ];
    for (name, start, open, middle, close) in constructs {
        for levels in LEVELS {
            // A file is at most one MiB; what is larger is refused before it is read.
            let levels = levels.min(1_000_000 / (open.len() + close.len()));
            let end = if name.contains("directives") { "\"" } else { "" };
            let text = format!(
                "locals {{\n{start}{}{middle}{}{end}\n}}\noutput \"x\" {{\n  value = local.x\n}}\n",
                open.repeat(levels),
                close.repeat(levels)
            );
            survived(&format!("nest-{name}-{levels}"), "main.tf", text);
        }
    }
}

#[test]
fn nested_blocks() {
    for levels in LEVELS {
        let levels = levels.min(120_000);
        let nested = format!("{}{}", "a {\n".repeat(levels), "}\n".repeat(levels));
        survived(
            &format!("blocks-{levels}"),
            "main.tf",
            format!("resource \"aws_vpc\" \"a\" {{\n{nested}}}\n"),
        );
        let nested = format!(
            "{}{}",
            "dynamic \"a\" {\nfor_each = [1]\ncontent {\n".repeat(levels / 6),
            "}\n}\n".repeat(levels / 6)
        );
        survived(
            &format!("dynamic-{levels}"),
            "main.tf",
            format!("resource \"aws_vpc\" \"a\" {{\n{nested}}}\n"),
        );
    }
}

#[test]
fn nesting_in_json() {
    for levels in LEVELS {
        for (name, open, close) in [("lists", "[", "]"), ("objects", "{\"a\":", "}")] {
            let levels = levels.min(1_000_000 / (open.len() + close.len()));
            let nested = format!("{}1{}", open.repeat(levels), close.repeat(levels));
            survived(
                &format!("json-{name}-{levels}"),
                "main.tf.json",
                format!(
                    "{{\"locals\":{{\"x\":{nested}}},\"output\":{{\"x\":{{\"value\":\"${{local.x}}\"}}}}}}"
                ),
            );
            survived(
                &format!("json-block-{name}-{levels}"),
                "main.tf.json",
                format!("{{\"resource\":{{\"aws_vpc\":{{\"a\":{nested}}}}}}}"),
            );
            survived(&format!("json-file-{name}-{levels}"), "main.tf.json", nested);
        }
        let template = format!("{}1{}", "(".repeat(levels), ")".repeat(levels));
        survived(
            &format!("json-template-{levels}"),
            "main.tf.json",
            format!("{{\"locals\":{{\"x\":\"${{{template}}}\"}}}}"),
        );
    }
}

#[test]
fn strange_bytes() {
    let text = "locals {\n  x = 1\n}\n";
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let files: [(&str, Vec<u8>); 12] = [
        ("nul", vec![0; 1_000_000]),
        ("nul-in-text", b"locals {\n  x = \"\0\"\n}\n".to_vec()),
        ("utf16", utf16),
        ("not-utf8", b"locals {\n  x = \"\xff\xfe\"\n}\n".to_vec()),
        ("mark", [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat()),
        ("carriage-returns", text.replace('\n', "\r").into_bytes()),
        ("only-carriage-returns", vec![b'\r'; 1_000_000]),
        ("newlines", vec![b'\n'; 1_000_000]),
        ("quotes", vec![b'"'; 1_000_000]),
        ("backslashes", [b"locals {\n x = \"".as_slice(), &[b'\\'; 900_000]].concat()),
        ("dollars", [b"locals {\n x = \"".as_slice(), &[b'$'; 900_000], b"\"\n}\n"].concat()),
        ("escapes", b"locals {\n  x = \x1b]0;evil\x07\x1b[2J\n}\n".to_vec()),
    ];
    for (name, bytes) in files {
        survived(&format!("bytes-{name}"), "main.tf", &bytes);
        survived(&format!("bytes-json-{name}"), "main.tf.json", &bytes);
    }
}

#[test]
fn constructs_that_do_not_end() {
    let long = "a".repeat(900_000);
    let texts = [
        ("heredoc", format!("locals {{\n  x = <<EOT\n{long}")),
        ("heredoc-lines", format!("locals {{\n  x = <<EOT\n{}", "a\n".repeat(400_000))),
        ("string", format!("locals {{\n  x = \"{long}")),
        ("comment", format!("/* {long}")),
        ("comments", "/*".repeat(400_000)),
        ("template", format!("locals {{\n  x = \"${{{long}")),
        ("openings", "${".repeat(400_000)),
        ("name", format!("{long} = 1\n")),
        ("braces", "{".repeat(900_000)),
        ("closing", "}".repeat(900_000)),
        ("heredocs", "x = <<A\n".repeat(100_000)),
        ("less", "<".repeat(900_000)),
    ];
    for (name, text) in texts {
        survived(&format!("endless-{name}"), "main.tf", text);
    }
}

#[test]
fn masses_of_everything() {
    let mut attributes = String::new();
    let mut locals = String::new();
    let mut variables = String::new();
    let mut same = String::new();
    let mut resources = String::new();
    for i in 0..60_000 {
        let _ = writeln!(attributes, "a{i} = {i}");
        let _ = writeln!(locals, "l{i}=1");
    }
    for i in 0..20_000 {
        let _ = writeln!(variables, "variable \"v{i}\" {{\n}}");
        let _ = writeln!(same, "variable \"v\" {{}}");
        let _ = writeln!(resources, "resource \"aws_vpc\" \"v{i}\" {{}}");
    }
    survived("attributes", "main.tf", format!("resource \"aws_vpc\" \"a\" {{\n{attributes}}}\n"));
    survived("locals", "main.tf", format!("locals {{\n{locals}}}\n"));
    survived("variables", "main.tf", variables);
    survived("duplicates", "main.tf", same);
    survived("resources", "main.tf", resources);
    survived("statements", "main.tf", "a {}\n".repeat(150_000));
    survived("same-attributes", "main.tf", format!("locals {{\n{}}}\n", "x = 1\n".repeat(100_000)));
    survived("comments", "main.tf", "#\n".repeat(400_000));
    let keys: String = (0..60_000).map(|i| format!("\"k{i}\":1,")).collect();
    survived("json-keys", "main.tf.json", format!("{{\"locals\":{{{keys}\"x\":1}}}}"));
    survived(
        "json-same-keys",
        "main.tf.json",
        format!("{{\"locals\":{{{}\"x\":1}}}}", "\"k\":1,".repeat(100_000)),
    );
    let digits = "7".repeat(1_000_000);
    survived("json-digits", "main.tf.json", format!("{{\"locals\":{{\"x\":{digits}}}}}"));
    survived("json-exponent", "main.tf.json", "{\"locals\":{\"x\":1e999999999}}");
}

#[test]
fn inputs_for_many_variables() {
    let mut variables = String::new();
    let mut values = String::new();
    for i in 0..20_000 {
        let _ = writeln!(variables, "variable \"v{i}\" {{}}");
        let _ = writeln!(values, "v{i} = [{i}]");
    }
    let project = Project::new("inputs");
    project.hostile(variables);
    project.write("hostile/terraform.tfvars", values);
    project.check();
    project.inspect();
}
