//! Random expressions of any shape: functions with arguments of unusual types, parts that are not known, sensitive
//! marks, templates, grouping, splats, sets and conversions of deep objects. Many of them are errors.

/// The inputs that expressions refer to: name, type constraint, values.
pub(crate) const INPUTS: [(&str, &str, [&str; 3]); 13] = [
    ("n", "number", ["2", "0", "null"]),
    ("s", "string", ["\"a\"", "\"10.1.0.0/16\"", "null"]),
    ("b", "bool", ["true", "false", "null"]),
    ("any", "any", ["[1, \"a\"]", "{ a = [1, 2], b = \"x\" }", "\"7\""]),
    ("ln", "list(number)", ["[3, 1, 2]", "[]", "[1, null]"]),
    ("ss", "set(string)", ["[\"b\", \"a\"]", "[]", "[\"10\", \"9\", \"é\"]"]),
    ("ms", "map(string)", ["{ a = \"1\", b = \"x\" }", "{}", "{ a = null }"]),
    ("mn", "map(list(number))", ["{ a = [1], b = [] }", "{}", "{ x = [2, 3] }"]),
    (
        "lo",
        "list(object({ a = string, b = optional(number, 5), c = optional(list(string)) }))",
        ["[{ a = \"x\" }, { a = \"y\", b = 1, c = [\"z\"] }]", "[]", "[{ a = null, b = null }]"],
    ),
    (
        "mo",
        "map(object({ a = number, b = optional(object({ z = optional(bool, true) }), {}) }))",
        ["{ k = { a = 1 }, l = { a = 2, b = { z = false } } }", "{}", "{ k = { a = 0, b = null } }"],
    ),
    ("so", "set(object({ a = string }))", ["[{ a = \"q\" }, { a = \"p\" }]", "[]", "[{ a = \"\" }]"]),
    ("t", "tuple([string, number, bool])", ["[\"a\", 1, true]", "[\"\", 0, false]", "[null, 2, null]"]),
    ("hidden", "string", ["\"secret\"", "\"\"", "\"5\""]),
];

/// The functions, each with the kinds of its arguments as `Wild::argument` knows them.
const FUNCTIONS: &[(&str, &str)] = &[
    ("abs", "n"),
    ("alltrue", "B"),
    ("anytrue", "B"),
    ("base64decode", "s"),
    ("base64encode", "s"),
    ("base64sha256", "s"),
    ("ceil", "n"),
    ("chomp", "s"),
    ("chunklist", "Ln"),
    ("cidrhost", "cn"),
    ("cidrnetmask", "c"),
    ("cidrsubnet", "cnn"),
    ("cidrsubnets", "cnn"),
    ("coalesce", "aa"),
    ("coalesce", "ss"),
    ("coalescelist", "LL"),
    ("compact", "S"),
    ("concat", "LL"),
    ("contains", "La"),
    ("csvdecode", "s"),
    ("distinct", "L"),
    ("element", "Ln"),
    ("endswith", "ss"),
    ("flatten", "L"),
    ("floor", "n"),
    ("format", "fa"),
    ("format", "faa"),
    ("formatdate", "ds"),
    ("formatlist", "faa"),
    ("formatlist", "fL"),
    ("indent", "ns"),
    ("index", "La"),
    ("issensitive", "a"),
    ("join", "sS"),
    ("join", "sSS"),
    ("jsondecode", "j"),
    ("jsonencode", "a"),
    ("keys", "M"),
    ("length", "a"),
    ("log", "nn"),
    ("lookup", "Msa"),
    ("lower", "s"),
    ("matchkeys", "LLL"),
    ("max", "nnn"),
    ("md5", "s"),
    ("merge", "MM"),
    ("min", "nn"),
    ("nonsensitive", "a"),
    ("one", "L"),
    ("parseint", "sn"),
    ("pow", "nn"),
    ("range", "n"),
    ("range", "nnn"),
    ("regex", "rs"),
    ("regexall", "rs"),
    ("replace", "sss"),
    ("reverse", "L"),
    ("sensitive", "a"),
    ("setintersection", "LL"),
    ("setproduct", "LL"),
    ("setsubtract", "LL"),
    ("setunion", "LL"),
    ("signum", "n"),
    ("slice", "Lnn"),
    ("sort", "S"),
    ("split", "ss"),
    ("startswith", "ss"),
    ("strcontains", "ss"),
    ("strrev", "s"),
    ("substr", "snn"),
    ("sum", "N"),
    ("templatestring", "tM"),
    ("timeadd", "iu"),
    ("timecmp", "ii"),
    ("title", "s"),
    ("tobool", "a"),
    ("tolist", "a"),
    ("tomap", "a"),
    ("tonumber", "a"),
    ("toset", "a"),
    ("tostring", "a"),
    ("transpose", "M"),
    ("trim", "ss"),
    ("trimprefix", "ss"),
    ("trimspace", "s"),
    ("upper", "s"),
    ("urlencode", "s"),
    ("values", "M"),
    ("yamldecode", "j"),
    ("yamlencode", "a"),
    ("zipmap", "SL"),
];

/// Draws choices from a generator of random numbers.
pub(crate) struct Wild<'a> {
    pub(crate) next: &'a mut dyn FnMut() -> u8,
    bound: usize,
    names: Vec<String>,
}

impl<'a> Wild<'a> {
    pub(crate) fn new(next: &'a mut dyn FnMut() -> u8) -> Wild<'a> {
        Wild { next, bound: 0, names: Vec::new() }
    }

    fn pick(&mut self, n: usize) -> usize {
        (usize::from((self.next)()) << 8 | usize::from((self.next)())) % n
    }

    fn one(&mut self, texts: &[&str]) -> String {
        texts[self.pick(texts.len())].to_string()
    }

    /// An expression.
    pub(crate) fn any(&mut self, depth: usize) -> String {
        if depth == 0 || self.pick(6) == 0 {
            return self.leaf();
        }
        let depth = depth - 1;
        match self.pick(20) {
            0..=5 => self.call(depth),
            6 => {
                let op = self.one(&["==", "!=", "+", "-", "*", "/", "%", "<", ">=", "&&", "||"]);
                format!("({} {op} {})", self.any(depth), self.any(depth))
            }
            7 | 8 => {
                format!("({} ? {} : {})", self.argument(b'b', depth), self.any(depth), self.any(depth))
            }
            9 => format!("[{}, {}]", self.any(depth), self.any(depth)),
            10 => {
                let key = self.one(&["a", "b", "\"b c\"", "(var.s)", "k", "\"${var.n}\""]);
                format!("{{ a = {}, {key} = {} }}", self.any(depth), self.any(depth))
            }
            11 => {
                let step =
                    self.one(&["[0]", ".a", "[\"a\"]", "[var.n]", "[var.s]", ".b", "[*]", ".*", "[1]", ".0"]);
                format!("{}{step}", self.operand(depth))
            }
            12 => {
                let step = self.one(&["[*].a", ".*.a", "[*].b.z", "[*][0]", "[*].c[0]", "[*].a.b", ".*.b"]);
                format!("{}{step}", self.operand(depth))
            }
            13 => self.tuple_for(depth),
            14 | 15 => self.object_for(depth),
            16 => self.template(depth),
            17 => {
                let name = self.one(&["can", "try"]);
                if name == "can" {
                    format!("can({})", self.any(depth))
                } else {
                    format!("try({}, {})", self.any(depth), self.any(depth))
                }
            }
            18 => {
                let op = self.one(&["!", "-"]);
                format!("{op}{}", self.operand(depth))
            }
            _ => {
                let name = self.one(&["tolist", "toset", "tomap", "tostring", "concat", "merge", "flatten"]);
                format!("{name}({})", self.any(depth))
            }
        }
    }

    /// Something that steps may follow.
    fn operand(&mut self, depth: usize) -> String {
        match self.pick(3) {
            0 => self.one(&["var.lo", "var.mo", "var.so", "var.t", "var.any", "var.mn", "var.ss", "var.ln"]),
            1 => self.call(depth),
            _ => format!("({})", self.any(depth)),
        }
    }

    fn leaf(&mut self) -> String {
        if !self.names.is_empty() && self.pick(2) == 0 {
            let at = self.pick(self.names.len());
            return self.names[at].clone();
        }
        match self.pick(3) {
            0 => {
                let (name, _, _) = INPUTS[self.pick(INPUTS.len())];
                format!("var.{name}")
            }
            1 => self.one(&[
                "null",
                "true",
                "\"a\"",
                "1",
                "\"1\"",
                "0",
                "-1",
                "\"\"",
                "2.5",
                "[]",
                "{}",
                "\"true\"",
                "[\"b\", \"a\", \"b\"]",
                "[1, 2]",
                "{ a = 1, b = \"x\" }",
                "[{ a = 1 }, { a = \"x\" }]",
                "\"b\"",
                "[null]",
                "{ a = null }",
                "[[1], [\"a\", true]]",
                "tolist([])",
                "toset([])",
                "tomap({})",
            ]),
            _ => self.one(&[
                "[var.n, 1]",
                "[var.s, \"a\"]",
                "toset([var.s, \"a\"])",
                "tolist([var.n, 2])",
                "{ a = var.s, b = 1 }",
                "tomap({ a = var.s, b = \"x\" })",
                "[[var.n], [1]]",
                "toset([var.n])",
                "{ (var.hidden) = 1 }",
                "sensitive([1, \"a\"])",
                "sensitive({ a = \"x\" })",
                "sensitive(\"k\")",
                "[sensitive(1), 2]",
                "{ a = sensitive(\"v\"), b = 2 }",
                "var.lo[*].a",
                "var.mo[\"k\"].b",
                "keys(var.ms)",
                "values(var.mo)",
                "toset(var.ln)",
                "\"x${var.s}\"",
                "\"${var.n}\"",
                "var.t[1]",
                "toset([{ a = var.s }])",
                "[for x in var.ss : x]",
                "tolist(var.ss)",
                "[\"a\", var.any]",
            ]),
        }
    }

    fn call(&mut self, depth: usize) -> String {
        let (name, kinds) = FUNCTIONS[self.pick(FUNCTIONS.len())];
        let mut args: Vec<String> = kinds.bytes().map(|kind| self.argument(kind, depth)).collect();
        match self.pick(24) {
            0 => {
                let last = args.pop().unwrap_or_default();
                args.push(format!("{last}..."));
            }
            1 => args.push(self.any(0)),
            _ => {}
        }
        format!("{name}({})", args.join(", "))
    }

    /// An argument that suits mostly.
    fn argument(&mut self, kind: u8, depth: usize) -> String {
        if kind == b'a' || self.pick(7) == 0 {
            return self.any(depth);
        }
        let deep = depth > 0 && self.pick(2) == 0;
        match kind {
            b'n' if deep => {
                let op = self.one(&["length", "max", "sum", "tonumber"]);
                format!("{op}({})", self.any(depth - 1))
            }
            b'n' => self.one(&[
                "1",
                "0",
                "2",
                "-1",
                "var.n",
                "3",
                "10",
                "\"2\"",
                "1.5",
                "var.n + 1",
                "length(var.ln)",
            ]),
            b's' if deep => {
                let name = self.one(&["upper", "jsonencode", "tostring", "join"]);
                if name == "join" {
                    format!("join(\"-\", {})", self.argument(b'S', depth - 1))
                } else {
                    format!("{name}({})", self.any(depth - 1))
                }
            }
            b's' => self.one(&[
                "\"a\"",
                "var.s",
                "\"\"",
                "\"a,b\"",
                "var.hidden",
                "\"x${var.s}\"",
                "\"${var.s}y\"",
                "1",
                "true",
                "\"Hello\"",
                "\"é\"",
                "\"a-${var.n}-b\"",
                "\"/[ab]/\"",
                "\"YQ==\"",
                "\"\\n\"",
                "\"a\\nb\\n\"",
            ]),
            b'b' => self.one(&[
                "var.b",
                "true",
                "false",
                "var.n == 1",
                "var.s == \"a\"",
                "var.n > 0",
                "!var.b",
                "var.s != null",
                "can(var.t[3])",
                "length(var.ss) == 0",
                "sensitive(true)",
                "\"true\"",
                "var.hidden == \"secret\"",
                "contains(var.ss, \"a\")",
                "var.any == \"7\"",
            ]),
            b'L' | b'S' | b'N' | b'B' if deep => {
                let name =
                    self.one(&["concat", "tolist", "toset", "flatten", "values", "keys", "reverse", "split"]);
                if name == "split" {
                    format!("split(\",\", {})", self.argument(b's', depth - 1))
                } else {
                    format!("{name}({})", self.any(depth - 1))
                }
            }
            b'L' => self.one(&[
                "var.ln",
                "var.ss",
                "var.lo",
                "[1, \"a\"]",
                "[]",
                "var.t",
                "var.so",
                "[\"a\", \"b\"]",
                "var.lo[*].a",
                "[var.n, var.s]",
                "[[1, 2], [3]]",
                "tolist([\"a\", var.s])",
                "toset([\"a\", var.s])",
                "values(var.mo)",
                "[true, null]",
                "sensitive([\"a\"])",
                "[[], [var.ln]]",
                "[var.ln, var.ss]",
                "var.any",
            ]),
            b'S' => self.one(&[
                "var.ss",
                "[\"a\", \"b\"]",
                "[var.s, \"a\"]",
                "[]",
                "keys(var.ms)",
                "[\"\", \"a\"]",
                "var.ln",
                "[1, true]",
                "tolist([\"b\", \"a\"])",
                "[var.s, \"\"]",
                "toset([\"a\", var.s])",
                "sensitive([\"b\", \"a\"])",
                "[null]",
            ]),
            b'N' => self.one(&[
                "var.ln",
                "[1, 2]",
                "[var.n, 1]",
                "[]",
                "toset([1, 2])",
                "[\"1\", 2]",
                "[null, 1]",
            ]),
            b'B' => self.one(&[
                "[true, var.b]",
                "[]",
                "[false, var.b]",
                "[\"true\"]",
                "[null]",
                "[var.b]",
                "[true, null]",
            ]),
            b'M' if deep => {
                let name = self.one(&["merge", "tomap", "zipmap"]);
                if name == "zipmap" {
                    format!("zipmap({}, {})", self.argument(b'S', depth - 1), self.argument(b'L', depth - 1))
                } else {
                    format!("{name}({})", self.any(depth - 1))
                }
            }
            b'M' => self.one(&[
                "var.ms",
                "var.mn",
                "var.mo",
                "{}",
                "{ a = 1, b = \"x\" }",
                "{ a = [\"x\"], b = [\"x\", \"y\"] }",
                "{ a = var.s }",
                "tomap({ a = var.s })",
                "sensitive({ a = 1 })",
                "{ (var.s) = 1 }",
                "var.any",
                "{ a = [var.s], b = [] }",
                "var.lo[0]",
                "{ a = null }",
                "{ a = sensitive(1) }",
            ]),
            b'c' => self.one(&[
                "\"10.0.0.0/16\"",
                "var.s",
                "\"fd00::/48\"",
                "\"10.0.0.0/31\"",
                "\"10.${var.n}.0.0/16\"",
                "\"1.2.3.4\"",
            ]),
            b'f' => self.one(&[
                "\"%s\"",
                "\"%v-%v\"",
                "\"%d\"",
                "\"%5.1f|%s\"",
                "\"%q\"",
                "\"%#v\"",
                "\"%[2]v%[1]v\"",
                "\"%t\"",
                "var.s",
                "\"x\"",
                "\"%s${var.s}\"",
                "\"%%%s\"",
                "\"%x\"",
                "\"%05d\"",
                "\"%-4s|\"",
            ]),
            b'r' => self.one(&[
                "\"a\"",
                "\"(.)\"",
                "\"(?P<x>.)(?P<y>.?)\"",
                "\"[0-9]+\"",
                "\"^$\"",
                "\"(\"",
                "var.s",
                "\"(a)|(b)\"",
            ]),
            b'j' if deep => format!("{}({})", self.one(&["jsonencode", "yamlencode"]), self.any(depth - 1)),
            b'j' => self.one(&[
                "\"[1,{\\\"a\\\":null}]\"",
                "\"a: [1, x]\"",
                "\"true\"",
                "var.s",
                "\"\"",
                "\"{\"",
                "\"1e3\"",
                "var.hidden",
            ]),
            b'd' => self.one(&["\"YYYY-MM-DD\"", "\"hh:mm'x'\"", "\"EEE ZZZ\"", "var.s", "\"Q\""]),
            b'i' => {
                self.one(&["\"2024-02-29T23:59:59Z\"", "\"2020-01-01T00:00:00+02:00\"", "var.s", "\"2020\""])
            }
            b'u' => self.one(&["\"1h\"", "\"-1.5s\"", "var.s", "\"1d\""]),
            b't' => self.one(&["var.s", "var.hidden", "var.ms.a", "var.t[0]", "\"x\""]),
            _ => self.any(depth),
        }
    }

    fn bind(&mut self) -> String {
        self.bound += 1;
        format!("x{}", self.bound)
    }

    fn tuple_for(&mut self, depth: usize) -> String {
        let list = self.argument(b'L', depth);
        let (key, value) = (self.bind(), self.bind());
        let head = if self.pick(2) == 0 { value.clone() } else { format!("{key}, {value}") };
        let before = self.names.len();
        if head != value {
            self.names.push(key);
        }
        self.names.push(value);
        let body = self.any(depth);
        let condition =
            if self.pick(3) == 0 { format!(" if {}", self.argument(b'b', depth)) } else { String::new() };
        self.names.truncate(before);
        format!("[for {head} in {list} : {body}{condition}]")
    }

    fn object_for(&mut self, depth: usize) -> String {
        let kind = [b'M', b'L'][self.pick(2)];
        let of = self.argument(kind, depth);
        let (key, value) = (self.bind(), self.bind());
        let before = self.names.len();
        self.names.extend([key.clone(), value.clone()]);
        let to = match self.pick(5) {
            0 => "\"k\"".to_string(),
            1 => self.any(depth),
            2 => format!("{value}.a"),
            3 => format!("try(tostring({value}), \"z\")"),
            _ => key.clone(),
        };
        let body = self.any(depth);
        let grouping = if self.pick(2) == 0 { "..." } else { "" };
        let condition =
            if self.pick(4) == 0 { format!(" if {}", self.argument(b'b', depth)) } else { String::new() };
        self.names.truncate(before);
        format!("{{ for {key}, {value} in {of} : {to} => {body}{grouping}{condition} }}")
    }

    fn template(&mut self, depth: usize) -> String {
        match self.pick(4) {
            0 => format!("\"${{{}}}\"", self.any(depth)),
            1 => format!("\"a${{{}}}-${{{}}}\"", self.any(depth), self.any(depth)),
            2 => {
                let list = self.argument(b'L', depth);
                let name = self.bind();
                self.names.push(name.clone());
                let body = self.any(depth);
                self.names.pop();
                let strip = self.one(&["", "~"]);
                format!("\"%{{ for {name} in {list} {strip}}} ${{{body}}} %{{ endfor }}\"")
            }
            _ => {
                let condition = self.argument(b'b', depth);
                format!("\"%{{ if {condition} }}${{{}}}%{{ else }}b%{{ endif }}\"", self.any(depth))
            }
        }
    }
}
