//! Files that break parsers: nesting in every construct, strange bytes, endless constructs, masses of everything.

use std::fmt::Write;

use crate::support::Project;

/// Levels: what is understood, what no longer is by one, and more than any stack holds.
const LEVELS: [usize; 4] = [64, 65, 10_000, 1_000_000];

/// Bytes that a file may have, less what stands around the nesting.
const ROOM: usize = (1 << 20) - 200;

/// Checks a root whose `main.tf` (or `main.tf.json`) is this text.
#[track_caller]
fn survived(name: &str, file: &str, text: impl AsRef<[u8]>) -> i32 {
    let project = Project::new(name);
    project.write(&format!("hostile/{file}"), text);
    project.check();
    project.inspect().code
}

const DEEPER: &str = "The code is nested deeper than 64 levels, the limit of ssmlint";
const CHAINS: &str = "An expression chains more than 128 operators, the limit of ssmlint";

/// A nesting: its name, what comes before it, what opens, stands within and closes each level, what comes after it, and
/// how it is refused when it is too deep. Steps of a traversal lie side by side, so that any number of them is read.
type Nesting = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
);

const NATIVE: [Nesting; 24] = [
    ("parentheses", "", "(", "1", ")", "", Some(DEEPER)),
    ("lists", "", "[", "1", "]", "", Some(DEEPER)),
    ("objects", "", "{a=", "1", "}", "", Some(DEEPER)),
    ("object-keys", "", "{(", "1", ")=1}", "", Some(DEEPER)),
    ("calls", "", "f(", "1", ")", "", Some(DEEPER)),
    ("conditionals", "", "true ? 1 : ", "1", "", "", Some(DEEPER)),
    ("conditions", "", "(true ? ", "1", " : 2)", "", Some(DEEPER)),
    ("branches", "", "true ? ", "1", " : 2", "", Some(DEEPER)),
    ("not", "", "!", "true", "", "", Some(DEEPER)),
    ("minus", "", "-", "1", "", "", Some(DEEPER)),
    ("sums", "1", "", "", " + 1", "", Some(CHAINS)),
    ("conjunctions", "true", "", "", " && true", "", Some(CHAINS)),
    ("comparisons", "", "1 == (", "1", ")", "", Some(DEEPER)),
    ("templates", "", "\"${", "1", "}\"", "", Some(DEEPER)),
    ("directives", "\"", "%{ if true }", "a", "%{ endif }", "\"", Some(DEEPER)),
    ("for-directives", "\"", "%{ for a in b }", "a", "%{ endfor }", "\"", Some(DEEPER)),
    ("for", "", "[for a in ", "[1]", " : a]", "", Some(DEEPER)),
    ("for-value", "", "[for a in b : ", "a", "]", "", Some(DEEPER)),
    ("heredocs", "", "<<A\n${", "1", "}\nA\n", "", Some(DEEPER)),
    ("index-in-index", "", "a[", "0", "]", "", Some(DEEPER)),
    ("attributes", "var.u", "", "", ".b", "", None),
    ("indexes", "var.u", "", "", "[0]", "", None),
    ("splats", "var.u", "", "", "[*]", "", None),
    ("splats-of-a-value", "[1]", "", "", "[*]", "", None),
];

#[test]
fn nesting_in_every_native_construct() {
    let cases = LEVELS.into_iter().flat_map(|levels| NATIVE.chunks(8).map(move |chunk| (levels, chunk)));
    for (n, (levels, chunk)) in cases.enumerate() {
        let project = Project::new(&format!("nesting-{n}"));
        project.write("hostile/variables.tf", "variable \"u\" {}\n");
        for (name, before, open, middle, close, after, refusal) in chunk {
            // Steps are all read and evaluated, so a million take long.
            let most = if refusal.is_none() { 50_000 } else { ROOM / (open.len() + close.len()) };
            let levels = levels.min(most);
            project.write(
                &format!("hostile/{name}.tf"),
                format!(
                    "output \"{name}\" {{\n  value = {before}{}{middle}{}{after}\n}}\n",
                    open.repeat(levels),
                    close.repeat(levels)
                ),
            );
        }
        let run = project.check();
        project.inspect();
        if levels == 64 {
            continue;
        }
        for (name, .., refusal) in chunk {
            let start = format!("hostile/{name}.tf:");
            let said: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with(&start)).collect();
            match refusal {
                // More operators fit side by side than levels within one another.
                Some(refusal) if *refusal == CHAINS && levels == 65 => assert!(said.is_empty(), "{said:?}"),
                Some(refusal) => {
                    assert!(said.iter().any(|line| line.contains(*refusal)), "{levels} {name}: {said:?}")
                }
                None => assert!(
                    said.iter().all(|line| !line.contains("not understood")),
                    "{levels} {name}: {said:?}"
                ),
            }
        }
    }
}

/// Each splat lies within the one before it.
#[test]
fn splats_without_end() {
    for (name, head) in
        [("value", "[1]"), ("resource", "aws_vpc.other"), ("object", "local.o"), ("list", "local.l")]
    {
        let project = Project::new(&format!("splats-{name}"));
        project.hostile(format!(
            "locals {{\n  o = {{ a = 1 }}\n  l = range(1000)\n  x = {head}{}\n}}\nresource \"aws_vpc\" \"other\" {{}}\n\
             resource \"aws_vpc\" \"hostile\" {{\n  tags = {{ x = local.x }}\n}}\noutput \"x\" {{\n  value = local.x\n}}\n",
            "[*]".repeat(300_000)
        ));
        project.check().must_say("depth (400)");
        project.inspect().must_say("depth (400)");
    }
}

#[test]
fn nested_blocks() {
    for levels in LEVELS {
        let project = Project::new(&format!("blocks-{levels}"));
        for (name, open, close) in [
            ("blocks", "a {\n", "}\n"),
            ("labelled", "a \"b\" {\n", "}\n"),
            ("one-line", "a{", "}"),
            ("dynamic", "dynamic \"a\" {\nfor_each = [1]\ncontent {\n", "}\n}\n"),
        ] {
            let levels = levels.min(ROOM / (open.len() + close.len()));
            let nested = format!("{}{}", open.repeat(levels), close.repeat(levels));
            project.write(
                &format!("hostile/{name}.tf"),
                format!("resource \"aws_vpc\" \"{name}\" {{\n{nested}}}\n"),
            );
        }
        let run = project.check();
        project.inspect();
        for name in ["blocks", "labelled", "dynamic"].iter().filter(|_| levels > 64) {
            let start = format!("hostile/{name}.tf:");
            let is_refused = |line: &str| line.starts_with(&start) && line.contains(DEEPER);
            assert!(run.stdout.lines().any(is_refused), "{levels} {name}: {}", run.stdout);
        }
    }
}

#[test]
fn nesting_in_json() {
    let constructs = [
        ("lists", "", "[", "1", "]", ""),
        ("objects", "", "{\"a\":", "1", "}", ""),
        ("template", "\"${", "(", "1", ")", "}\""),
        ("template-not", "\"${", "!", "true", "", "}\""),
        ("template-calls", "\"${", "f(", "1", ")", "}\""),
        ("template-conditionals", "\"${", "true ? 1 : ", "1", "", "}\""),
        ("template-directives", "\"", "%{ if true }", "a", "%{ endif }", "\""),
    ];
    for levels in LEVELS {
        let project = Project::new(&format!("json-{levels}"));
        project.write("hostile/variables.tf", "variable \"u\" {}\n");
        let mut names = Vec::new();
        for (name, before, open, middle, close, after) in constructs {
            let levels = levels.min(ROOM / (open.len() + close.len()));
            let nested = format!("{before}{}{middle}{}{after}", open.repeat(levels), close.repeat(levels));
            project.write(
                &format!("hostile/{name}.tf.json"),
                format!("{{\"output\":{{\"{name}\":{{\"value\":{nested}}}}}}}"),
            );
            names.push(name.to_owned());
            if before.is_empty() {
                project.write(
                    &format!("hostile/block-{name}.tf.json"),
                    format!("{{\"resource\":{{\"aws_vpc\":{{\"{name}\":{nested}}}}}}}"),
                );
                project.write(&format!("hostile/file-{name}.tf.json"), nested);
                names.extend([format!("block-{name}"), format!("file-{name}")]);
            }
        }
        let traversal = format!(
            "{{\"output\":{{\"t\":{{\"value\":\"${{var.u{}}}\"}}}}}}",
            "[*]".repeat(levels.min(300_000))
        );
        project.write("hostile/traversal.tf.json", traversal);
        let run = project.check();
        project.inspect();
        for name in names.iter().filter(|_| levels > 64) {
            let start = format!("hostile/{name}.tf.json:");
            let is_refused = |line: &str| line.starts_with(&start) && line.contains(DEEPER);
            assert!(run.stdout.lines().any(is_refused), "{levels} {name}: {}", run.stdout);
        }
    }
}

/// What looks like the start of a string, and is none, hides no nesting from the one who counts it.
#[test]
fn nesting_in_json_behind_what_json_does_not_know() {
    let deep = "[".repeat(400_000);
    let texts = [
        ("line-comment", format!("// \"\n{deep}")),
        ("comment", format!("/*\"*/{deep}")),
        ("apostrophes", format!("'\"'{deep}")),
        ("comment-after-colon", format!("{{\"a\":/*\"*/{deep}")),
        ("name", format!("{{a\"b:{deep}")),
        ("backslash", format!("[\\\"{deep}")),
        ("line-break", format!("[\"a\n\",{deep}")),
        ("open-string", format!("[\"{deep}")),
    ];
    for (name, text) in texts {
        assert_eq!(survived(&format!("json-hidden-{name}"), "main.tf.json", text), 2);
    }
}

/// Whether an object is a block or an argument depends on what it holds, however deep.
#[test]
fn blocks_that_json_hides() {
    let many = format!("[{}0]", "0,".repeat(400_000));
    let levels = 56;
    for (name, open) in [("dynamic", "{\"dynamic\":"), ("nested", "{\"a\":")] {
        let close = ",\"z\":{\"dynamic\":{\"x\":{\"content\":{}}}}}".repeat(levels);
        let body = format!("{}{many}{close}", open.repeat(levels));
        let text = format!("{{\"resource\":{{\"aws_vpc\":{{\"a\":{body}}}}}}}");
        survived(&format!("json-hidden-{name}"), "main.tf.json", text);
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
    let valid = ["mark", "newlines", "nul-in-text"];
    for extension in ["tf", "tf.json"] {
        let project = Project::new(&format!("bytes-{extension}"));
        files.iter().for_each(|(name, bytes)| project.write(&format!("hostile/{name}.{extension}"), bytes));
        let run = project.check();
        project.inspect();
        assert_eq!(run.code, 2);
        for (name, _) in files.iter().filter(|(name, _)| extension == "tf" && !valid.contains(name)) {
            let start = format!("hostile/{name}.tf:1:");
            let start = if matches!(*name, "not-utf8" | "backslashes" | "dollars" | "escapes") {
                format!("hostile/{name}.tf:")
            } else {
                start
            };
            let is_said = |line: &str| line.starts_with(&start) && line.contains(": error ");
            // A text of dollar signs is only long.
            assert!(*name == "dollars" || run.stdout.lines().any(is_said), "nothing is said of {name}");
        }
        run.must_say("it is not UTF-8 text, byte 1 is invalid");
    }
}

#[test]
fn a_file_of_a_hundred_megabytes() {
    let project = Project::new("large");
    project.hostile("");
    let file = std::fs::OpenOptions::new().write(true).open(project.dir.join("hostile/main.tf")).unwrap();
    file.set_len(100 << 20).unwrap();
    let run = project.check();
    run.must_say("larger than 1048576 bytes");
    assert_eq!(run.code, 2);
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
        ("comments-apart", "/* ".repeat(300_000)),
        ("comments-in-parentheses", format!("locals {{\n  x = f({})\n}}\n", "/* ".repeat(300_000))),
        ("comments-in-a-template", format!("locals {{\n  x = \"${{{}}}\"\n}}\n", "/* ".repeat(300_000))),
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
    let mut variables = String::new();
    let mut resources = String::new();
    for i in 0..100_000 {
        let _ = writeln!(attributes, "a{i:x}=1");
    }
    for i in 0..20_000 {
        let _ = writeln!(variables, "variable \"v{i}\" {{\n}}");
        let _ = writeln!(resources, "resource \"aws_vpc\" \"v{i}\" {{}}");
    }
    survived("attributes", "main.tf", format!("resource \"aws_vpc\" \"a\" {{\n{attributes}}}\n"));
    survived("locals", "main.tf", format!("locals {{\n{attributes}}}\n"));
    survived("variables", "main.tf", variables);
    survived("resources", "main.tf", resources);
    survived("statements", "main.tf", "a {}\n".repeat(150_000));
    survived("same-attributes", "main.tf", format!("locals {{\n{}}}\n", "x = 1\n".repeat(100_000)));
    survived("comments", "main.tf", "#\n".repeat(400_000));
    survived("object-keys", "main.tf", format!("locals {{\n  x = {{\n{attributes}}}\n}}\n"));
    let keys: String = (0..100_000).map(|i| format!("\"{i:x}\":1,")).collect();
    survived("json-keys", "main.tf.json", format!("{{\"locals\":{{{keys}\"x\":1}}}}"));
    survived("json-object-keys", "main.tf.json", format!("{{\"locals\":{{\"x\":{{{keys}\"x\":1}}}}}}"));
    let same = format!("{{\"locals\":{{{}\"x\":1}}}}", "\"k\":1,".repeat(100_000));
    let project = Project::new("json-same-keys");
    project.write("hostile/main.tf.json", same);
    let run = project.check();
    run.must_say("lists the first 100 errors of a file");
    assert!(run.stdout.lines().count() < 200);
}

#[test]
fn numbers_of_a_million_digits_in_json() {
    let digits = "7".repeat(1_000_000);
    for (name, number) in [
        ("digits", digits.clone()),
        ("fraction", format!("0.{digits}")),
        ("exponent", "1e999999999".to_owned()),
        ("exponent-of-64-bits", "10e9223372036854775807".to_owned()),
        ("exponent-of-digits", format!("1e{digits}")),
    ] {
        let project = Project::new(&format!("json-number-{name}"));
        project.write("hostile/main.tf.json", format!("{{\"output\":{{\"x\":{{\"value\":{number}}}}}}}"));
        let run = project.check();
        run.must_say("40,000 digits or a power of ten beyond 131,072, the limits of ssmlint");
        assert_eq!(run.code, 2);
    }
}

#[test]
fn everything_twice_and_a_thousand_times() {
    let blocks = [
        "variable \"v\" {\n  default = 1\n  default = 2\n}\n",
        "output \"o\" {\n  value = 1\n}\n",
        "locals {\n  l = 1\n  l = 2\n}\n",
        "module \"m\" {\n  source = \"../module\"\n}\n",
        "resource \"aws_vpc\" \"r\" {\n  cidr_block = \"10.0.0.0/16\"\n  lifecycle {\n  }\n  lifecycle {\n  }\n}\n",
        "data \"aws_vpc\" \"d\" {\n}\n",
        "provider \"aws\" {\n}\n",
        "provider \"aws\" {\n  alias = \"a\"\n}\n",
        "terraform {\n  required_version = \">= 1\"\n  required_providers {\n    aws = {}\n    aws = {}\n  }\n  backend \"s3\" {\n  }\n  backend \"s3\" {\n  }\n}\n",
        "moved {\n  from = aws_vpc.a\n  to = aws_vpc.r\n}\n",
        "removed {\n  from = aws_vpc.b\n}\n",
        "import {\n  to = aws_vpc.r\n  id = \"vpc-1\"\n}\n",
        "check \"c\" {\n  assert {\n    condition = true\n    error_message = \"x\"\n  }\n}\n",
    ];
    let project = Project::new("twice");
    project.write("module/main.tf", "locals {\n  x = { a = 1, a = 2 }\n}\n");
    for (n, block) in blocks.iter().enumerate() {
        project.write(&format!("hostile/many{n}.tf"), block.repeat(1_000));
        project.write(&format!("hostile/again{n}.tf"), block);
    }
    let twice = r#"{"locals":{"j":1,"j":2},"locals":{"j":3},"variable":[{"w":{}},{"w":{}}]}"#;
    project.write("hostile/twice.tf.json", twice);
    project.write("hostile/terraform.tfvars", "v = 1\n".repeat(1_000));
    let run = project.check();
    for summary in [
        "Duplicate variable declaration",
        "Duplicate output definition",
        "Duplicate local value definition",
        "Duplicate module call",
        "Duplicate resource \"aws_vpc\" configuration",
        "Attribute redefined",
    ] {
        run.must_say(summary);
    }
    project.inspect();
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
