//! Limits that keep evaluation bounded on hostile input, each with its reason.

/// Sizes that evaluation never passes; passing one gives an unknown and a diagnostic that names it.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Elements of one collection that a function or `for` makes: `range(1e9)`, nested `setproduct`.
    /// Terraform's own `range` stops at 1,024; real code stays below 10,000.
    pub elements: usize,
    /// Bytes of one string that a function or template makes: repeated `format`, `join`, `replace`.
    pub string_bytes: usize,
    /// Bytes of the private key of `rsadecrypt`: one of 8,192 bits has 8,200 at most, and twice the bits take eight
    /// times as long. AWS uses 2,048.
    pub key_bytes: usize,
    /// Instances of one `count` or `for_each`.
    pub instances: usize,
    /// Instances of all modules and resources of one root, so that nested modules cannot multiply without end.
    pub total_instances: usize,
    /// Depth of expressions, references and templates within one another; keeps the stack bounded.
    pub depth: usize,
    /// Expressions evaluated for one root; a bound on time, and on memory since each leaves its origin behind. The
    /// largest roots in public repositories stay below 200,000.
    pub steps: u64,
    /// Bytes of one value with all its parts, those that are shared counted each time: values are shared, but a walk
    /// over all parts of one is not (`a = [local.b, local.b]`, `b = [local.c, local.c]`, …).
    pub value_bytes: usize,
    /// Levels of collections within one value; every walk over a value is recursive. Terraform's `jsondecode` allows
    /// more, real values stay below 20.
    pub value_depth: usize,
    /// Bytes of all values that expressions gave in one root, each weighed as above; a bound on time.
    pub weighed_bytes: u64,
    /// Bytes of all strings and elements made for one root; a bound on memory.
    pub total_bytes: usize,
    /// Errors of one root; nobody reads more.
    pub errors: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            elements: 100_000,
            string_bytes: 8 << 20,
            key_bytes: 10 << 10,
            instances: 10_000,
            total_instances: 100_000,
            depth: 400,
            steps: 2_000_000,
            value_bytes: 16 << 20,
            value_depth: 200,
            weighed_bytes: 1 << 30,
            total_bytes: 128 << 20,
            errors: 10_000,
        }
    }
}
