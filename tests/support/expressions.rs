//! Random expressions, well typed for the most part, drawn from a tape of bytes: a shorter tape gives a simpler
//! expression, and an empty one the simplest.

use std::fmt::Write;

/// The inputs that expressions refer to: name, type constraint, values.
pub(crate) const INPUTS: [(&str, &str, [&str; 3]); 7] = [
    ("n", "number", ["3", "0", "-1.5"]),
    ("s", "string", ["\"Hello, world\"", "\"\"", "\"é1\""]),
    ("b", "bool", ["true", "false", "true"]),
    ("ln", "list(number)", ["[3, 1, 2]", "[]", "[1, 1]"]),
    ("ls", "list(string)", ["[\"b\", \"a\"]", "[]", "[\"\", \"x\", \"x\"]"]),
    ("ms", "map(string)", ["{ a = \"1\", b = \"x\" }", "{}", "{ a = \"\" }"]),
    (
        "o",
        "object({ a = string, b = number })",
        ["{ a = \"q\", b = 7 }", "{ a = \"\", b = 0 }", "{ a = null, b = 1 }"],
    ),
];

/// What an expression is to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    String,
    Bool,
    Numbers,
    Strings,
    Map,
    Any,
}

/// All kinds.
pub(crate) const KINDS: [Kind; 7] =
    [Kind::Any, Kind::Number, Kind::String, Kind::Bool, Kind::Numbers, Kind::Strings, Kind::Map];

/// Draws choices from bytes.
pub(crate) struct Generator<'a> {
    tape: &'a [u8],
    /// Before each function's name.
    pub(crate) prefix: &'static str,
    /// Names in scope, besides the inputs.
    pub(crate) names: Vec<(String, Kind)>,
    bound: usize,
}

impl<'a> Generator<'a> {
    pub(crate) fn new(tape: &'a [u8]) -> Generator<'a> {
        Generator { tape, prefix: "", names: Vec::new(), bound: 0 }
    }

    /// A number below `n`; 0 when the tape is at its end.
    pub(crate) fn pick(&mut self, n: usize) -> usize {
        let Some((first, rest)) = self.tape.split_first() else { return 0 };
        self.tape = rest;
        usize::from(*first) % n
    }

    fn one(&mut self, texts: &[&str]) -> String {
        texts[self.pick(texts.len())].to_string()
    }

    /// An expression.
    pub(crate) fn expression(&mut self, kind: Kind, depth: usize) -> String {
        if self.tape.is_empty() || depth == 0 || self.pick(8) == 0 {
            return self.leaf(kind);
        }
        let depth = depth - 1;
        match self.pick(14) {
            0 => {
                let condition = self.expression(Kind::Bool, depth);
                let (a, b) = (self.expression(kind, depth), self.expression(kind, depth));
                return format!("({condition} ? {a} : {b})");
            }
            1 => {
                let (a, b) = (self.expression(kind, depth), self.expression(kind, depth));
                return self.call("try", &[a, b]);
            }
            2 if kind != Kind::Any => {
                let (a, b) = (self.expression(kind, depth), self.expression(kind, depth));
                let index = self.expression(Kind::Number, 0);
                return format!("[{a}, {b}][{index}]");
            }
            3 if kind != Kind::Any => {
                let (a, b) = (self.expression(kind, depth), self.expression(kind, depth));
                return format!("{{ a = {a}, b = {b} }}.a");
            }
            4 => {
                let (a, b) = (self.expression(kind, depth), self.expression(kind, depth));
                return self.call("coalesce", &[a, b]);
            }
            _ => {}
        }
        match kind {
            Kind::Number => self.number(depth),
            Kind::String => self.string(depth),
            Kind::Bool => self.bool(depth),
            Kind::Numbers => self.numbers(depth),
            Kind::Strings => self.strings(depth),
            Kind::Map => self.map(depth),
            Kind::Any => self.any(depth),
        }
    }

    fn call(&self, name: &str, args: &[String]) -> String {
        format!("{}{name}({})", self.prefix, args.join(", "))
    }

    fn leaf(&mut self, kind: Kind) -> String {
        let named: Vec<String> =
            self.names.iter().filter(|(_, of)| *of == kind).map(|(name, _)| name.clone()).collect();
        if !named.is_empty() && self.pick(3) > 0 {
            return named[self.pick(named.len())].clone();
        }
        match kind {
            Kind::Number => self.one(&["1", "var.n", "0", "2", "-1", "0.5", "10", "1e3", "var.o.b", "7"]),
            Kind::String => self.one(&[
                "\"a\"",
                "var.s",
                "\"\"",
                "\"Ab-cd\"",
                "\"1\"",
                "\"e\\u0301x\"",
                "\" x\\n\"",
                "var.o.a",
                "\"a,b\"",
            ]),
            Kind::Bool => self.one(&["true", "var.b", "false"]),
            Kind::Numbers => self.one(&["[1, 2]", "var.ln", "[]", "[2, 1, 2]"]),
            Kind::Strings => self.one(&["[\"a\"]", "var.ls", "[]", "[\"b\", \"a\", \"b\"]", "[\"\", \"x\"]"]),
            Kind::Map => self.one(&["{ a = \"1\" }", "var.ms", "{}", "{ b = \"x\", a = \"y\" }"]),
            Kind::Any => self.one(&[
                "null",
                "var.o",
                "[1, \"a\"]",
                "{ a = 1, b = [true] }",
                "var.s",
                "var.n",
                "[]",
                "{}",
            ]),
        }
    }

    fn number(&mut self, depth: usize) -> String {
        use Kind::{Map, Number, Numbers, String, Strings};
        match self.pick(16) {
            0..=3 => {
                let op = self.one(&["+", "-", "*", "/", "%"]);
                let (a, b) = (self.expression(Number, depth), self.expression(Number, depth));
                format!("({a} {op} {b})")
            }
            4 => format!("-({})", self.expression(Number, depth)),
            5 => {
                let of = [String, Numbers, Strings, Map][self.pick(4)];
                let arg = self.expression(of, depth);
                self.call("length", &[arg])
            }
            6 => {
                let name = self.one(&["max", "min", "pow"]);
                let args = [self.expression(Number, depth), self.expression(Number, depth)];
                self.call(&name, &args)
            }
            7 | 8 => {
                let name = self.one(&["abs", "ceil", "floor", "signum", "tonumber"]);
                let arg = self.expression(Number, depth);
                self.call(&name, &[arg])
            }
            9 => {
                let arg = self.expression(String, depth);
                self.call("tonumber", &[arg])
            }
            10 => {
                let arg = self.expression(Numbers, depth);
                self.call("sum", &[arg])
            }
            11 | 12 => {
                let args = [self.expression(Numbers, depth), self.expression(Number, depth)];
                self.call("element", &args)
            }
            13 => {
                let arg = self.expression(Numbers, depth);
                self.call("one", &[arg])
            }
            14 => {
                let args = [self.expression(Strings, depth), self.expression(String, depth)];
                self.call("index", &args)
            }
            _ => {
                let args = [self.expression(String, depth), "10".to_string()];
                self.call("parseint", &args)
            }
        }
    }

    fn string(&mut self, depth: usize) -> String {
        use Kind::{Any, Bool, Map, Number, Numbers, String, Strings};
        match self.pick(22) {
            0..=2 => {
                let of = [String, Number, Bool][self.pick(3)];
                let (a, b) = (self.expression(of, depth), self.expression(String, depth));
                format!("\"a-${{{a}}}.${{{b}}}\"")
            }
            3 | 4 => {
                let names = [
                    "upper",
                    "lower",
                    "title",
                    "trimspace",
                    "strrev",
                    "chomp",
                    "sha256",
                    "md5",
                    "base64encode",
                    "urlencode",
                    "tostring",
                ];
                let name = self.one(&names);
                let arg = self.expression(String, depth);
                self.call(&name, &[arg])
            }
            5 => {
                let args = [self.expression(String, depth), self.expression(Strings, depth)];
                self.call("join", &args)
            }
            6 | 7 => {
                let form =
                    self.one(&["\"%s-%v\"", "\"%q%s\"", "\"%5s|%-5s\"", "\"%v%%%v\"", "\"%[2]s%[1]s\""]);
                let args = [form, self.expression(String, depth), self.expression(String, depth)];
                self.call("format", &args)
            }
            8 => {
                let form =
                    self.one(&["\"%d\"", "\"%.2f\"", "\"%x\"", "\"%05d\"", "\"%v\"", "\"%e\"", "\"%g\""]);
                let args = [form, self.expression(Number, depth)];
                self.call("format", &args)
            }
            9 | 10 => {
                let from = self.one(&["\"a\"", "\"/[a-c]/\"", "\"\"", "\"/(.)(.)/\"", "\"-\""]);
                let to = self.one(&["\"z\"", "\"\"", "\"$1$1\""]);
                let args = [self.expression(String, depth), from, to];
                self.call("replace", &args)
            }
            11 => {
                let args = [
                    self.expression(String, depth),
                    self.expression(Number, 0),
                    self.expression(Number, depth),
                ];
                self.call("substr", &args)
            }
            12 => {
                let name = self.one(&["trimprefix", "trimsuffix", "trim"]);
                let args = [self.expression(String, depth), self.expression(String, depth)];
                self.call(&name, &args)
            }
            13 => {
                let of = [Number, Bool][self.pick(2)];
                let arg = self.expression(of, depth);
                self.call("tostring", &[arg])
            }
            14 => {
                let args = [self.expression(Strings, depth), self.expression(Number, depth)];
                self.call("element", &args)
            }
            15 | 16 => {
                let args = [
                    self.expression(Map, depth),
                    self.expression(String, depth),
                    self.expression(String, depth),
                ];
                self.call("lookup", &args)
            }
            17 => {
                let of = [Any, Map, Strings, Numbers][self.pick(4)];
                let arg = self.expression(of, depth);
                let name = self.one(&["jsonencode", "jsonencode", "yamlencode"]);
                self.call(&name, &[arg])
            }
            18 => {
                let pattern = self.one(&["\"[a-z]+\"", "\"^.\"", "\"x|1\""]);
                let args = [pattern, self.expression(String, depth)];
                self.call("regex", &args)
            }
            19 => {
                let list = self.expression(Strings, depth);
                let name = self.bind();
                self.names.push((name.clone(), String));
                let body = self.expression(String, depth.min(1));
                self.names.pop();
                format!("\"%{{ for {name} in {list} ~}} ${{{body}}} %{{ endfor }}\"")
            }
            20 => {
                let condition = self.expression(Bool, depth);
                let (a, b) = (self.expression(String, depth), self.expression(String, depth));
                format!("\"%{{ if {condition} }}${{{a}}}%{{ else }}b${{{b}}}%{{ endif }}\"")
            }
            _ => {
                let args = [self.one(&["2", "0", "1"]), self.expression(String, depth)];
                self.call("indent", &args)
            }
        }
    }

    fn bool(&mut self, depth: usize) -> String {
        use Kind::{Any, Bool, Number, Numbers, String, Strings};
        match self.pick(11) {
            0 | 1 => {
                let of = KINDS[self.pick(KINDS.len())];
                let op = self.one(&["==", "!="]);
                let (a, b) = (self.expression(of, depth), self.expression(of, depth));
                format!("({a} {op} {b})")
            }
            2 | 3 => {
                let op = self.one(&["<", "<=", ">", ">="]);
                let (a, b) = (self.expression(Number, depth), self.expression(Number, depth));
                format!("({a} {op} {b})")
            }
            4 | 5 => {
                let op = self.one(&["&&", "||"]);
                let (a, b) = (self.expression(Bool, depth), self.expression(Bool, depth));
                format!("({a} {op} {b})")
            }
            6 => format!("!{}", self.expression(Bool, depth)),
            7 => {
                let of = [Any, Number, Numbers][self.pick(3)];
                let arg = self.expression(of, depth);
                self.call("can", &[arg])
            }
            8 => {
                let of = [(Strings, String), (Numbers, Number)][self.pick(2)];
                let args = [self.expression(of.0, depth), self.expression(of.1, depth)];
                self.call("contains", &args)
            }
            9 => {
                let name = self.one(&["startswith", "endswith", "strcontains"]);
                let args = [self.expression(String, depth), self.expression(String, depth)];
                self.call(&name, &args)
            }
            _ => {
                let name = self.one(&["alltrue", "anytrue"]);
                let (a, b) = (self.expression(Bool, depth), self.expression(Bool, depth));
                self.call(&name, &[format!("[{a}, {b}]")])
            }
        }
    }

    fn bind(&mut self) -> String {
        self.bound += 1;
        format!("x{}", self.bound)
    }

    /// `[for x in list : body if condition]`.
    fn each(&mut self, from: Kind, to: Kind, depth: usize) -> String {
        let list = self.expression(from, depth);
        let name = self.bind();
        self.names.push((name.clone(), if from == Kind::Numbers { Kind::Number } else { Kind::String }));
        let body = self.expression(to, depth);
        let mut text = format!("[for {name} in {list} : {body}");
        if self.pick(3) == 0 {
            let _ = write!(text, " if {}", self.expression(Kind::Bool, depth));
        }
        self.names.pop();
        text.push(']');
        text
    }

    fn numbers(&mut self, depth: usize) -> String {
        use Kind::{Number, Numbers, Strings};
        match self.pick(9) {
            0 | 1 => {
                let (a, b) = (self.expression(Number, depth), self.expression(Number, depth));
                format!("[{a}, {b}]")
            }
            2 => {
                let arg = self.one(&["3", "0", "5, 1, -2", "1, 2, 0.25"]);
                self.call("range", &[arg])
            }
            3 => self.each(Numbers, Number, depth),
            4 => self.each(Strings, Number, depth),
            5 => {
                let name = self.one(&["concat", "setunion", "setintersection", "setsubtract"]);
                let args = [self.expression(Numbers, depth), self.expression(Numbers, depth)];
                let result = self.call(&name, &args);
                if name == "concat" { result } else { self.call("tolist", &[result]) }
            }
            6 => {
                let name = self.one(&["reverse", "distinct", "tolist", "flatten"]);
                let arg = self.expression(Numbers, depth);
                self.call(&name, &[arg])
            }
            7 => {
                let set = self.expression(Numbers, depth);
                let set = self.call("toset", &[set]);
                self.call("tolist", &[set])
            }
            _ => {
                let args = [self.expression(Numbers, depth), "0".into(), self.one(&["1", "0", "2"])];
                self.call("slice", &args)
            }
        }
    }

    fn strings(&mut self, depth: usize) -> String {
        use Kind::{Map, Numbers, String, Strings};
        match self.pick(12) {
            0 | 1 => {
                let (a, b) = (self.expression(String, depth), self.expression(String, depth));
                format!("[{a}, {b}]")
            }
            2 | 3 => {
                let name = self.one(&["keys", "values"]);
                let arg = self.expression(Map, depth);
                self.call(&name, &[arg])
            }
            4 => {
                let args = [self.one(&["\",\"", "\"\"", "\"a\""]), self.expression(String, depth)];
                self.call("split", &args)
            }
            5 | 6 => {
                let name = self.one(&["sort", "reverse", "distinct", "compact", "flatten", "tolist"]);
                let arg = self.expression(Strings, depth);
                self.call(&name, &[arg])
            }
            7 => self.each(Strings, String, depth),
            8 => self.each(Numbers, String, depth),
            9 => {
                let args = ["\"<%s>\"".to_string(), self.expression(Strings, depth)];
                self.call("formatlist", &args)
            }
            10 => {
                let args = [self.expression(Strings, depth), self.expression(Strings, depth)];
                self.call("concat", &args)
            }
            _ => format!("{}[*]", self.expression(Strings, depth)),
        }
    }

    fn map(&mut self, depth: usize) -> String {
        use Kind::{Map, String, Strings};
        match self.pick(6) {
            0 | 1 => {
                let (a, b) = (self.expression(String, depth), self.expression(String, depth));
                format!("{{ a = {a}, c = {b} }}")
            }
            2 => {
                let args = [self.expression(Map, depth), self.expression(Map, depth)];
                self.call("merge", &args)
            }
            3 => {
                let map = self.expression(Map, depth);
                let (key, value) = (self.bind(), self.bind());
                self.names.extend([(key.clone(), String), (value.clone(), String)]);
                let (to, body) = (self.expression(String, depth), self.expression(String, depth));
                self.names.truncate(self.names.len() - 2);
                format!("{{ for {key}, {value} in {map} : {to} => {body} }}")
            }
            4 => {
                let list = self.expression(Strings, depth);
                self.call("zipmap", &[list.clone(), list])
            }
            _ => {
                let arg = self.expression(Map, depth);
                self.call("tomap", &[arg])
            }
        }
    }

    fn any(&mut self, depth: usize) -> String {
        let kind = KINDS[self.pick(KINDS.len())];
        match self.pick(7) {
            0 => {
                let (a, b) = (self.expression(kind, depth), self.expression(Kind::Any, depth));
                format!("[{a}, {b}]")
            }
            1 => {
                let (a, b) = (self.expression(kind, depth), self.expression(Kind::Any, depth));
                format!("{{ a = {a}, \"b c\" = {b} }}")
            }
            2 => {
                let list = self.expression(Kind::Strings, depth);
                self.call("toset", &[list])
            }
            3 => {
                let args = [self.expression(Kind::Strings, depth), self.expression(Kind::Numbers, depth)];
                self.call("setproduct", &args)
            }
            4 => {
                let args = [self.expression(Kind::Strings, depth), "2".to_string()];
                self.call("chunklist", &args)
            }
            5 => {
                let arg = self.expression(Kind::Any, depth);
                let encoded = self.call("jsonencode", &[arg]);
                self.call("jsondecode", &[encoded])
            }
            _ => self.expression(kind, depth),
        }
    }
}
