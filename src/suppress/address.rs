//! Addresses as `ignore` blocks name them: exact, with `[*]` or without keys for all instances, or a module for all in it.

/// What an `ignore` block names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    steps: Vec<Step>,
}

/// A name with the key behind it, as it is written between the brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    name: String,
    key: Option<String>,
}

impl Pattern {
    /// Takes an address apart.
    pub(super) fn new(address: &str) -> Pattern {
        Pattern { steps: steps(address) }
    }

    /// Whether an address is named: by itself, as an instance of what is named, or as part of a module.
    pub(super) fn admits(&self, address: &str) -> bool {
        let address = steps(address);
        let is_module = self.steps.len().is_multiple_of(2)
            && self.steps.iter().step_by(2).all(|step| step.name == "module" && step.key.is_none());
        let fits = self.steps.len() == address.len() || (is_module && self.steps.len() < address.len());
        let same = |(own, other): (&Step, &Step)| {
            let any = own.key.as_deref().is_none_or(|key| key == "*");
            own.name == other.name && (any || own.key == other.key)
        };
        fits && !self.steps.is_empty() && self.steps.iter().zip(&address).all(same)
    }
}

fn steps(address: &str) -> Vec<Step> {
    let mut steps = vec![Step { name: String::new(), key: None }];
    let mut chars = address.trim().chars();
    while let Some(c) = chars.next() {
        let Some(step) = steps.last_mut() else { break };
        match c {
            '.' => steps.push(Step { name: String::new(), key: None }),
            '[' => step.key = Some(key(&mut chars)),
            c => step.name.push(c),
        }
    }
    steps
}

/// The text up to the closing bracket, quotes and escapes as they are.
fn key(chars: &mut std::str::Chars<'_>) -> String {
    let mut key = String::new();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            ']' if !quoted => break,
            '"' => quoted = !quoted,
            '\\' if quoted => {
                key.push(c);
                key.extend(chars.next());
                continue;
            }
            _ => {}
        }
        key.push(c);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_named_exactly_by_block_or_by_module() {
        let admits = |pattern: &str, address: &str| Pattern::new(pattern).admits(address);
        let eu = r#"module.bastion["eu"].aws_instance.this"#;
        for pattern in
            [eu, "module.bastion.aws_instance.this", "module.bastion[*]", r#"module.bastion["eu"]"#]
        {
            assert!(admits(pattern, eu), "{pattern}");
        }
        for pattern in [
            r#"module.bastion["us"]"#,
            "module.bast",
            "module",
            "aws_instance.this",
            "module.bastion.aws_instance",
            "",
        ] {
            assert!(!admits(pattern, eu), "{pattern}");
        }
        assert!(admits("aws_instance.a[*]", "aws_instance.a[0]"));
        assert!(!admits("aws_instance.a[1]", "aws_instance.a[0]"));
        assert!(admits(r#"aws_instance.a["x].y\"z"]"#, r#"aws_instance.a["x].y\"z"]"#));
        assert!(!admits("aws_instance.a", "aws_instance.a.b"));
    }
}
