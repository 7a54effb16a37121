//! Random expressions of any shape: functions with arguments of unusual types, parts that are not known, sensitive
//! and ephemeral marks, templates and heredocs, grouping, splats, sets, conversions of deep objects, references to what
//! is not there, functions by their full names, very wide numbers and composed characters, written with blanks and
//! comments wherever they may stand. Many of them are errors.

/// The inputs that expressions refer to: name, type constraint, values.
pub(crate) const INPUTS: [(&str, &str, [&str; 3]); 18] = [
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
    ("wide", "number", ["123456789012345678901234567890", "0.1", "1e-30"]),
    ("mark", "string", ["\"e\\u0301\"", "\"\\u1100\\u1161-x\"", "\"\u{1f468}\u{200d}\u{1f469} ß\\n\""]),
    (
        "tpl",
        "string",
        ["\"<$${x}>\"", "\"%%{ if x == \\\"a\\\" ~}  yes %%{ else }no%%{ endif }\"", "\"$${upper(x)}$${y}\""],
    ),
    (
        "deep",
        "object({ p = optional(map(object({ q = optional(string, \"d\"), r = optional(list(number), [1]) })), {}), s = optional(set(string)), t = optional(any) })",
        [
            "{ p = { k = {}, l = { q = null, r = [] } }, s = [\"x\"] }",
            "{}",
            "{ p = null, t = { u = [1] }, extra = 1 }",
        ],
    ),
    (
        "lt",
        "list(tuple([string, object({ a = optional(number, 3) })]))",
        ["[[\"a\", {}], [\"b\", { a = null }]]", "[]", "[[null, { a = 7 }]]"],
    ),
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
    ("ephemeralasnull", "a"),
    ("flatten", "L"),
    ("floor", "n"),
    ("format", "fa"),
    ("format", "faa"),
    ("formatdate", "di"),
    ("formatdate", "di"),
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
    ("regexall", "rs"),
    ("replace", "sss"),
    ("reverse", "L"),
    ("sensitive", "a"),
    ("setintersection", "LL"),
    ("setproduct", "LL"),
    ("setsubtract", "LL"),
    ("setunion", "LL"),
    ("sha256", "s"),
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
    ("trimsuffix", "ss"),
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
        match self.pick(30) {
            0..=6 => self.call(depth),
            7 => {
                let op = self.one(&["==", "!=", "+", "-", "*", "/", "%", "<", ">=", "&&", "||", "<=", ">"]);
                let (a, b) = (self.any(depth), self.any(depth));
                format!("({}{a} {op}{}{b}{})", self.blank(), self.blank(), self.blank())
            }
            8 | 9 => {
                let (condition, a, b) = (self.argument(b'b', depth), self.any(depth), self.any(depth));
                format!("({condition} ?{}{a}{} : {b}{})", self.blank(), self.blank(), self.blank())
            }
            10 => {
                let (a, b) = (self.any(depth), self.any(depth));
                let comma = self.one(&["", "", ","]);
                format!("[{}{a}{}, {b}{comma}{}]", self.blank(), self.blank(), self.blank())
            }
            11 => {
                let key = self.one(&[
                    "a",
                    "b",
                    "\"b c\"",
                    "(var.s)",
                    "k",
                    "\"${var.n}\"",
                    "5",
                    "null",
                    "true",
                    "a-b",
                ]);
                let colon = self.one(&["=", "=", ":"]);
                let comma = self.one(&[", ", "\n", " # c\n", ",\n"]);
                let (a, b) = (self.any(depth), self.any(depth));
                format!("{{ a = {a}{comma}{key} {colon} {b} }}")
            }
            12 => {
                let step = self.one(&[
                    "[0]",
                    ".a",
                    "[\"a\"]",
                    "[var.n]",
                    "[var.s]",
                    ".b",
                    "[*]",
                    ".*",
                    "[1]",
                    ".0",
                    "[ # c\n0]",
                    "[-1]",
                    "[\"1\"]",
                    "[1.5]",
                    "[null]",
                    "[true]",
                    ".c",
                    ".z",
                ]);
                format!("{}{step}", self.operand(depth))
            }
            13 => {
                let step = self.one(&[
                    "[*].a",
                    ".*.a",
                    "[*].b.z",
                    "[*][0]",
                    "[*].c[0]",
                    "[*].a.b",
                    ".*.b",
                    ".*.c[0]",
                    ".*.0",
                    "[*][*]",
                    "[*].c[*]",
                    "[*][\"a\"]",
                    "[*].*.a",
                ]);
                format!("{}{step}", self.operand(depth))
            }
            14 => self.tuple_for(depth),
            15 | 16 => self.object_for(depth),
            17 | 18 => self.template(depth),
            19 => self.heredoc(depth),
            20 => match self.pick(5) {
                0 => format!("can({})", self.any(depth)),
                1 => {
                    let absent = self.absent();
                    format!("can({absent})")
                }
                2 => {
                    let absent = self.absent();
                    format!("try({absent}, {})", self.any(depth))
                }
                _ => format!("try({}, {})", self.any(depth), self.any(depth)),
            },
            21 => {
                let op = self.one(&["!", "-", "- ", "--", "!!"]);
                format!("{op}{}", self.operand(depth))
            }
            22 => self.grouped(depth),
            23 | 24 => self.collections(depth),
            25 => self.odd_splat(depth),
            26 => {
                let name = self.one(&[
                    "provider::terraform::encode_tfvars",
                    "provider::terraform::decode_tfvars",
                    "provider::terraform::encode_expr",
                ]);
                format!("{name}({})", self.any(depth))
            }
            27 => {
                let of = self.any(depth);
                format!("try([for v in {of} : issensitive(v)], issensitive({of}))")
            }
            _ => {
                let name = self.one(&["tolist", "toset", "tomap", "tostring", "concat", "merge", "flatten"]);
                format!("{name}({})", self.any(depth))
            }
        }
    }

    /// What may stand between two tokens inside brackets.
    fn blank(&mut self) -> String {
        self.one(&["", "", "", "", " ", "\n", "/* c */", " # c\n", "\n\n  // c\n", "\t"])
    }

    /// A reference to nothing.
    fn absent(&mut self) -> String {
        self.one(&[
            "var.lo[7].a",
            "var.mo.zz",
            "var.t[5]",
            "var.deep.extra",
            "var.any.zz.y",
            "var.s.x",
            "var.n[0]",
            "{ a = 1 }.b",
            "null.a",
            "null[0]",
            "tolist([])[0]",
            "var.nothing",
            "local.nothing",
            "nothing.here",
            "each.key",
            "count.index",
            "self.id",
            "path.nothing",
            "terraform.nothing",
            "module.nothing.x",
            "data.nothing.x.y",
            "nothing",
            "nothing()",
            "a::b()",
            "provider::nothing::f()",
            "upper()",
            "upper(1, 2)",
            "core::nothing()",
            "nothing.*.x",
        ])
    }

    /// A collection of collections, and one of two kinds of collections.
    fn collections(&mut self, depth: usize) -> String {
        let (a, b) = (self.collection(depth), self.collection(depth));
        match self.pick(7) {
            0..=2 => format!("({} ? {a} : {b})", self.argument(b'b', depth)),
            3 => format!("tolist([{a}, {b}])"),
            4 => format!("tomap({{ x = {a}, y = {b} }})"),
            5 => format!("concat({a}, {b})"),
            _ => format!("coalesce({a}, {b})"),
        }
    }

    fn collection(&mut self, depth: usize) -> String {
        match self.pick(6) {
            0 => self.argument(b'L', depth),
            1 => self.argument(b'M', depth),
            2 => format!("toset({})", self.argument(b'L', depth)),
            3 => format!("tolist({})", self.argument(b'L', depth)),
            4 => self.one(&[
                "var.deep",
                "var.deep.p",
                "var.deep.s",
                "var.lt",
                "{ p = {}, s = [\"x\"], t = null }",
                "[[\"a\", { a = 1 }]]",
                "{ a = { q = 1 }, b = { q = \"x\", r = [] } }",
                "[1, \"2\", true]",
                "[{ a = 1 }, { b = 2 }]",
                "[null, 1]",
                "{ a = 1, b = null }",
            ]),
            _ => self.any(depth),
        }
    }

    fn odd_splat(&mut self, depth: usize) -> String {
        let of = match self.pick(3) {
            0 => self.any(depth),
            1 => self.one(&[
                "null",
                "var.s",
                "var.n",
                "tostring(null)",
                "tolist(null)",
                "var.deep",
                "{ a = [1] }",
            ]),
            _ => self.collection(depth),
        };
        let step = self.one(&[
            "[*]",
            ".*",
            "[*].a",
            ".*.a",
            "[*].p.k",
            "[*][0]",
            "[*].a[*]",
            "[*][\"a\"]",
            ".*.a.0",
        ]);
        let splat = format!("({of}){step}");
        match self.pick(3) {
            0 => format!("length({splat})"),
            1 => format!("one({splat})"),
            _ => splat,
        }
    }

    /// A `for` over the groups that another one makes.
    fn grouped(&mut self, depth: usize) -> String {
        let list = self.argument(b'L', depth);
        let (value, key, group, part) = (self.bind(), self.bind(), self.bind(), self.bind());
        let to = match self.pick(4) {
            0 => format!("try({value}.a, \"none\")"),
            1 => format!("try(substr(tostring({value}), 0, 1), \"none\")"),
            2 => format!("length(try({value}, []))"),
            _ => format!("{value} == null ? \"null\" : \"some\""),
        };
        let before = self.names.len();
        self.names.extend([key.clone(), group.clone(), part.clone()]);
        let body = self.any(depth);
        self.names.truncate(before);
        let groups = format!("{{ for {value} in {list} : {to} => {value}... }}");
        if self.pick(2) == 0 {
            format!("{{ for {key}, {group} in {groups} : {key} => [for {part} in {group} : {body}] }}")
        } else {
            format!("flatten([for {key}, {group} in {groups} : [for {part} in {group} : {body}]])")
        }
    }

    /// Something that steps may follow.
    fn operand(&mut self, depth: usize) -> String {
        match self.pick(3) {
            0 => self.one(&[
                "var.lo",
                "var.mo",
                "var.so",
                "var.t",
                "var.any",
                "var.mn",
                "var.ss",
                "var.ln",
                "var.deep",
                "var.lt",
                "var.deep.p",
            ]),
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
                "123456789012345678901234567890123456789",
                "1e100",
                "0.1",
                "1e-40",
                "1 / 3",
                "pow(2, 200)",
                "parseint(\"ffffffffffffffffffffffff\", 16)",
                "1.7976931348623157e308 * 10",
                "\"e\\u0301\"",
                "\"\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\"",
                "\"\\u1112\\u1161\\u11ab\"",
                "\"ﬁ ǆ İ\"",
                "\"a\\tb\\r\\n\"",
                "\"$${a}%%{b}$$$\"",
                "\"0x1F\"",
                "\"1_000\"",
                "\" 1\"",
                "\"1e2\"",
                "{ \"\" = 1 }",
                "{ 1 = 2 }",
                "[[], {}]",
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
        let core = self.one(&["", "", "", "", "", "core::"]);
        let (before, after) = (self.blank(), self.blank());
        let comma = if after.is_empty() || args.is_empty() || args.iter().any(|arg| arg.ends_with("...")) {
            ""
        } else {
            if self.pick(2) == 0 { "" } else { "," }
        };
        format!("{core}{name}({before}{}{comma}{after})", args.join(", "))
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
                "var.wide",
                "var.wide * var.wide",
                "1 / 3",
                "64",
                "-2.5",
                "1e20",
                "null",
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
                "var.mark",
                "\"e\\u0301\"",
                "\"a,b\\n\\\"1\\\",2\"",
                "\"  x  \"",
                "null",
                "\"${var.s}\"",
                "\"${var.s}-${var.n}\"",
                "var.wide",
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
                "{ x = \"a\", y = 1 }",
                "{ x = var.s, y = var.n }",
                "{ x = null }",
                "var.deep",
                "var.deep.p",
                "{ a = 1, b = { c = 2 } }",
            ]),
            b'c' => self.one(&[
                "\"10.1.2.3/8\"",
                "\"0.0.0.0/0\"",
                "\"::/0\"",
                "\"fe80::1/10\"",
                "\"::ffff:1.2.3.4/100\"",
                "\"10.0.0.0/32\"",
                "\"010.0.0.0/8\"",
                "\"10.0.0.0/33\"",
                "var.any",
                "\"10.0.0.0/16\"",
                "var.s",
                "\"fd00::/48\"",
                "\"10.0.0.0/31\"",
                "\"10.${var.n}.0.0/16\"",
                "\"1.2.3.4\"",
            ]),
            b'f' => self.one(&[
                "\"%*d|%v\"",
                "\"%+d %v\"",
                "\"% d\"",
                "\"%08.3f\"",
                "\"%e %g\"",
                "\"%b %o\"",
                "\"%X\"",
                "\"%#x|%v\"",
                "\"%-10q|\"",
                "\"%10s|%.1s\"",
                "\"%.3s\"",
                "\"%[1]s%[1]d\"",
                "\"%[3]v\"",
                "\"%z\"",
                "\"%\"",
                "\"a%v${var.s}\"",
                "\"%v\"",
                "\"%s%s%s\"",
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
                "\"(?i)[A-Z]+\"",
                "\"\\\\b\\\\w+\\\\b\"",
                "\"[[:alpha:]]+?\"",
                "\"\\\\pL\\\\d*\"",
                "\"(a|(b))?(?P<x>c?)\"",
                "\"(?s).*\"",
                "\"x*\"",
                "\"(?P<x>a)|(?P<y>b)\"",
                "\"(?=a)\"",
                "\"a{2,1}\"",
                "\"[^,]+\"",
                "\"(?m)^.$\"",
                "\"\\\\Q.\\\\E\"",
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
                "\"- 1\\n- ~\\n- 017\\n- 0x1f\\n- 1_000\\n- .inf\\n\"",
                "\"a: yes\\nb: 'no'\\nc: |\\n  x\\n\\n  y\\nd: >-\\n  x\\n  y\\n\"",
                "\"x: &a {k: 1}\\ny: {<<: *a, l: 2}\\n\"",
                "\"2020-01-01\"",
                "\"- 2020-01-01T00:00:00Z\\n- !!str 1\\n- !!int '2'\\n- 1e3\\n- 1.50\\n\"",
                "\"1: a\\ntrue: b\\n\"",
                "\"a: 1\\na: 2\\n\"",
                "\"--- a\\n--- b\\n\"",
                "\"# only\"",
                "\"'it''s'\"",
                "\"\\\"\\\\u00e9\\\\n\\\"\"",
                "\"{\\\"a\\\":1,\\\"a\\\":2}\"",
                "\"{a: b, c}\"",
                "\"[a, [b], {c: d}]\"",
                "\"? a\\n: b\\n\"",
                "\"!x y\"",
                "\"- &a 1\\n- *a\\n- *b\\n\"",
                "\"12345678901234567890123\"",
                "\"null\"",
                "\"\\\"\\\\ud83d\\\\ude00\\\"\"",
                "\"[1,{\\\"a\\\":null}]\"",
                "\"a: [1, x]\"",
                "\"true\"",
                "var.s",
                "\"\"",
                "\"{\"",
                "\"1e3\"",
                "var.hidden",
            ]),
            b'd' => self.one(&[
                "\"YYYY-MM-DD\"",
                "\"hh:mm'x'\"",
                "\"EEE ZZZ\"",
                "var.s",
                "\"Q\"",
                "\"EEEE, D MMMM YY\"",
                "\"H:m:s AA\"",
                "\"HH-mm-ss aa Z ZZZZ ZZZZZ\"",
                "\"M/MM/MMM D/DD\"",
                "\"'it''s' YYYY\"",
                "\"'open\"",
                "\"YYY\"",
                "\"h:s\"",
            ]),
            b'i' => self.one(&[
                "\"2024-02-29T23:59:59Z\"",
                "\"2020-01-01T00:00:00+02:00\"",
                "var.s",
                "\"2020\"",
                "\"1999-12-31T23:59:59.999-11:30\"",
                "\"0001-01-01T00:00:00Z\"",
                "\"9999-12-31T23:59:59Z\"",
                "\"2023-02-29T00:00:00Z\"",
                "\"2024-01-01T24:00:00Z\"",
                "\"2024-01-01t00:00:00z\"",
                "\"2024-01-01 00:00:00Z\"",
                "\"2016-12-31T23:59:60Z\"",
                "\"2024-06-01T12:00:00-00:00\"",
                "\"202${var.n}-01-01T00:00:00Z\"",
            ]),
            b'u' => self.one(&[
                "\"1h\"",
                "\"-1.5s\"",
                "var.s",
                "\"1d\"",
                "\"1h30m\"",
                "\"1ms\"",
                "\"300us\"",
                "\"+2h\"",
                "\"\"",
                "\"0\"",
                "\"1.5h.5m\"",
                "\"2562047h\"",
                "\"9223372036855s\"",
                "\"876000h\"",
                "\"1\"",
            ]),
            b't' => self.one(&[
                "var.s",
                "var.hidden",
                "var.ms.a",
                "var.t[0]",
                "\"x\"",
                "var.tpl",
                "var.tpl",
                "var.tpl",
                "var.tpl",
            ]),
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
        let body = self.parts(depth, true);
        format!("\"{body}\"")
    }

    /// The inside of a template.
    fn parts(&mut self, depth: usize, quoted: bool) -> String {
        (0..=self.pick(3)).map(|_| self.part(depth, quoted)).collect()
    }

    fn part(&mut self, depth: usize, quoted: bool) -> String {
        let (open, close) = (self.one(&["", "", "~"]), self.one(&["", "", "~"]));
        match self.pick(7) {
            0 | 1 => {
                let literals: &[&str] = if quoted {
                    &["a", " ", "-", " x ", "\\n", " \\n ", "\\t", "$$", "%%{", "é", "\\\"", "$", "%"]
                } else {
                    &[
                        "a",
                        " ",
                        "-",
                        " x ",
                        "\n",
                        "  \n",
                        "\n    y\n",
                        "\t",
                        "$$",
                        "%%{",
                        "é",
                        "\"",
                        "\\n",
                        "\n\n",
                        "$",
                    ]
                };
                self.one(literals)
            }
            2..=4 => format!("${{{open} {} {close}}}", self.any(depth)),
            5 => {
                let list = self.argument(b'L', depth);
                let (key, name) = (self.bind(), self.bind());
                let before = self.names.len();
                let head = if self.pick(2) == 0 {
                    self.names.push(key.clone());
                    format!("{key}, {name}")
                } else {
                    name.clone()
                };
                self.names.push(name);
                let body = self.parts(depth.saturating_sub(1), quoted);
                self.names.truncate(before);
                format!("%{{{open} for {head} in {list} {close}}}{body}%{{{close} endfor {open}}}")
            }
            _ => {
                let condition = self.argument(b'b', depth);
                let inner = depth.saturating_sub(1);
                let (a, b) = (self.parts(inner, quoted), self.parts(inner, quoted));
                if self.pick(2) == 0 {
                    format!("%{{{open} if {condition} {close}}}{a}%{{{close} endif {open}}}")
                } else {
                    format!("%{{{open} if {condition} {close}}}{a}%{{{close} else }}{b}%{{ endif {open}}}")
                }
            }
        }
    }

    fn heredoc(&mut self, depth: usize) -> String {
        let flush = self.one(&["", "-", "-"]);
        let mut lines = String::new();
        for _ in 0..=self.pick(3) {
            let indent = self.one(&["", "  ", "    ", "\t", " "]);
            let line = self.parts(depth, false);
            lines.push_str(&format!("{indent}{line}\n"));
        }
        let close = self.one(&["", "  ", "\t"]);
        let heredoc = format!("<<{flush}EOT\n{lines}{close}EOT\n");
        let name = self.one(&["", "", "upper", "jsonencode", "split(\"a\", "]);
        if name.ends_with(' ') { format!("{name}{heredoc})") } else { format!("{name}({heredoc})") }
    }
}
