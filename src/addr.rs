//! Terraform addresses: modules, resources and their instances, as Terraform prints and orders them.

use std::cmp::Ordering;
use std::fmt;

use ecow::EcoString;

/// The key of one instance of a resource or module.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub enum InstanceKey {
    /// Neither `count` nor `for_each`.
    #[default]
    None,
    /// `[0]`, from `count`.
    Int(u64),
    /// `["a"]`, from `for_each`.
    String(EcoString),
    /// `[*]`: all instances of a resource whose keys are not known, as one.
    Unknown,
}

impl Ord for InstanceKey {
    fn cmp(&self, other: &InstanceKey) -> Ordering {
        fn rank(key: &InstanceKey) -> u8 {
            match key {
                InstanceKey::None => 0,
                InstanceKey::Int(_) => 1,
                InstanceKey::String(_) => 2,
                InstanceKey::Unknown => 3,
            }
        }
        match (self, other) {
            (InstanceKey::Int(a), InstanceKey::Int(b)) => a.cmp(b),
            (InstanceKey::String(a), InstanceKey::String(b)) => a.cmp(b),
            (a, b) => rank(a).cmp(&rank(b)),
        }
    }
}

impl PartialOrd for InstanceKey {
    fn partial_cmp(&self, other: &InstanceKey) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InstanceKey::None => Ok(()),
            InstanceKey::Int(n) => write!(f, "[{n}]"),
            InstanceKey::String(s) => {
                f.write_str("[\"")?;
                let mut chars = s.chars().peekable();
                while let Some(c) = chars.next() {
                    match c {
                        // A key is printed as the string literal that gives it.
                        '$' | '%' if chars.peek() == Some(&'{') => write!(f, "{c}{c}")?,
                        '"' => f.write_str("\\\"")?,
                        '\\' => f.write_str("\\\\")?,
                        '\n' => f.write_str("\\n")?,
                        '\r' => f.write_str("\\r")?,
                        '\t' => f.write_str("\\t")?,
                        c => write!(f, "{c}")?,
                    }
                }
                f.write_str("\"]")
            }
            InstanceKey::Unknown => f.write_str("[*]"),
        }
    }
}

/// An instance of a module: the calls that lead to it from the root, each with its key. Empty for the root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ModuleInstance(pub Vec<(EcoString, InstanceKey)>);

impl ModuleInstance {
    /// The root module.
    pub fn root() -> ModuleInstance {
        ModuleInstance::default()
    }

    /// Whether this is the root module.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The instance that a call in this module makes.
    pub fn child(&self, call: &str, key: InstanceKey) -> ModuleInstance {
        let mut steps = self.0.clone();
        steps.push((call.into(), key));
        ModuleInstance(steps)
    }

    /// The address without instance keys, as in `module.a.module.b`; empty for the root.
    pub fn without_keys(&self) -> String {
        let names: Vec<String> = self.0.iter().map(|(name, _)| format!("module.{name}")).collect();
        names.join(".")
    }
}

impl fmt::Display for ModuleInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, key)) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            write!(f, "module.{name}{key}")?;
        }
        Ok(())
    }
}

/// Managed resource, data source or ephemeral resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceMode {
    /// A `resource` block.
    Managed,
    /// A `data` block.
    Data,
    /// An `ephemeral` block.
    Ephemeral,
}

/// A resource within its module: `aws_vpc.main`, `data.aws_vpc.main`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    /// Which kind of block declares it.
    pub mode: ResourceMode,
    /// The type, `aws_vpc`.
    pub type_name: EcoString,
    /// The name, `main`.
    pub name: EcoString,
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mode {
            ResourceMode::Managed => {}
            ResourceMode::Data => f.write_str("data.")?,
            ResourceMode::Ephemeral => f.write_str("ephemeral.")?,
        }
        write!(f, "{}.{}", self.type_name, self.name)
    }
}

/// An instance of a resource, absolute: `module.net["a"].aws_subnet.private[0]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceInstance {
    /// The module instance that holds it.
    pub module: ModuleInstance,
    /// The resource.
    pub resource: Resource,
    /// Which instance of it.
    pub key: InstanceKey,
}

impl ResourceInstance {
    /// The address without any instance key, which names the declaration.
    pub fn without_keys(&self) -> String {
        if self.module.is_root() {
            self.resource.to_string()
        } else {
            format!("{}.{}", self.module.without_keys(), self.resource)
        }
    }
}

impl fmt::Display for ResourceInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.is_root() {
            write!(f, "{}.", self.module)?;
        }
        write!(f, "{}{}", self.resource, self.key)
    }
}

/// The names of an address as Terraform prints it, without instance keys: `module`, `net`, `aws_vpc`, `main`.
pub fn names(address: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for c in address.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            '.' if depth == 0 => names.push(String::new()),
            c if depth == 0 => {
                if let Some(name) = names.last_mut() {
                    name.push(c);
                }
            }
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_print_as_terraform_prints_them() {
        let module = ModuleInstance::root()
            .child("net", InstanceKey::String("a\"b".into()))
            .child("inner", InstanceKey::None);
        let resource =
            Resource { mode: ResourceMode::Data, type_name: "aws_vpc".into(), name: "main".into() };
        let instance = ResourceInstance { module, resource, key: InstanceKey::Int(2) };
        assert_eq!(instance.to_string(), r#"module.net["a\"b"].module.inner.data.aws_vpc.main[2]"#);
        assert_eq!(instance.without_keys(), "module.net.module.inner.data.aws_vpc.main");
    }

    #[test]
    fn names_are_what_stands_outside_of_keys() {
        let address = r#"module.net["a.b\"]"].module.inner[0].data.aws_vpc.main[*]"#;
        assert_eq!(names(address), ["module", "net", "module", "inner", "data", "aws_vpc", "main"]);
    }

    #[test]
    fn count_keys_order_by_number() {
        let mut keys = [InstanceKey::Int(10), InstanceKey::Int(9), InstanceKey::None];
        keys.sort();
        assert_eq!(keys, [InstanceKey::None, InstanceKey::Int(9), InstanceKey::Int(10)]);
    }
}
