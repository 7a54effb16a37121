//! Limits that keep evaluation bounded on hostile input, each with its reason.

/// Sizes that evaluation never passes; passing one gives an unknown and a diagnostic that names it.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Elements of one collection that a function or `for` makes: `range(1e9)`, nested `setproduct`.
    /// Terraform's own `range` stops at 1,024; real code stays below 10,000.
    pub elements: usize,
    /// Bytes of one string that a function or template makes: repeated `format`, `join`, `replace`.
    pub string_bytes: usize,
    /// Instances of one `count` or `for_each`.
    pub instances: usize,
    /// Instances of all modules and resources of one root, so that nested modules cannot multiply without end.
    pub total_instances: usize,
    /// Depth of expressions, references and templates within one another; keeps the stack bounded.
    pub depth: usize,
    /// Expressions evaluated for one root; a bound on time.
    pub steps: u64,
    /// Bytes of all strings and elements made for one root; a bound on memory.
    pub total_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            elements: 100_000,
            string_bytes: 8 << 20,
            instances: 10_000,
            total_instances: 100_000,
            depth: 400,
            steps: 20_000_000,
            total_bytes: 256 << 20,
        }
    }
}
