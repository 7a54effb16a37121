//! Versions and version constraints as Terraform reads them (`>= 1.2, < 2.0.0`, `~> 5.1`).

use std::cmp::Ordering;

/// A version: at least three numbers, and a pre-release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    segments: Vec<u64>,
    /// How many numbers were written.
    written: usize,
    pre: String,
}

impl Version {
    /// Reads `1.2.3-beta1+build`; a leading `v` is allowed.
    pub(crate) fn parse(text: &str) -> Option<Version> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, _) = text.split_once('+').unwrap_or((text, ""));
        let numbers = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (numbers, pre) = text.split_at(numbers);
        let mut segments = numbers.split('.').map(|n| n.parse().ok()).collect::<Option<Vec<u64>>>()?;
        let pre = pre.strip_prefix('-').unwrap_or(pre);
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '~');
        if !pre.chars().all(is_part) || pre.starts_with('.') || pre.ends_with('.') {
            return None;
        }
        let written = segments.len();
        segments.resize(written.max(3), 0);
        Some(Version { segments, written, pre: pre.to_owned() })
    }

    /// Whether it is a pre-release.
    pub(crate) fn is_prerelease(&self) -> bool {
        !self.pre.is_empty()
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        let length = self.segments.len().max(other.segments.len());
        let segment = |version: &Version, i: usize| version.segments.get(i).copied().unwrap_or(0);
        (0..length)
            .map(|i| segment(self, i).cmp(&segment(other, i)))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| compare_prereleases(&self.pre, &other.pre))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn compare_prereleases(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(x), Some(y)) => match (x.parse::<u64>(), y.parse::<u64>()) {
                (Ok(x), Ok(y)) => x.cmp(&y),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => x.cmp(y),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Pessimistic,
}

/// Constraints that must all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Constraints(Vec<(Operator, Version)>);

impl Constraints {
    /// Reads a list separated by commas.
    pub(crate) fn parse(text: &str) -> Option<Constraints> {
        text.split(',').map(constraint).collect::<Option<Vec<_>>>().map(Constraints)
    }

    /// Whether a version fulfils all of them.
    pub(crate) fn allow(&self, version: &Version) -> bool {
        self.0.iter().all(|(operator, wanted)| allows(*operator, wanted, version))
    }

    /// Whether some version with this first number fulfils all of them.
    pub(crate) fn allow_major(&self, major: u64) -> bool {
        let version =
            |minor, patch| Version { segments: vec![major, minor, patch], written: 3, pre: String::new() };
        let edges =
            self.0.iter().map(|(_, wanted)| wanted).filter(|wanted| wanted.segments.first() == Some(&major));
        let near = edges.flat_map(|wanted| {
            let minor = wanted.segments.get(1).copied().unwrap_or(0);
            [wanted.clone(), version(minor, u64::MAX), version(minor.saturating_sub(1), u64::MAX)]
        });
        [version(u64::MAX, u64::MAX), version(0, 0)]
            .into_iter()
            .chain(near)
            .any(|version| self.allow(&version))
    }

    /// Whether one of them names a pre-release.
    pub(crate) fn name_prerelease(&self) -> bool {
        self.0.iter().any(|(_, version)| version.is_prerelease())
    }
}

fn constraint(text: &str) -> Option<(Operator, Version)> {
    let text = text.trim();
    let operators = [
        (">=", Operator::GreaterOrEqual),
        ("<=", Operator::LessOrEqual),
        ("!=", Operator::NotEqual),
        ("~>", Operator::Pessimistic),
        (">", Operator::Greater),
        ("<", Operator::Less),
        ("=", Operator::Equal),
        ("", Operator::Equal),
    ];
    let (rest, operator) =
        operators.iter().find_map(|(sign, operator)| Some((text.strip_prefix(sign)?, *operator)))?;
    Some((operator, Version::parse(rest.trim())?))
}

fn allows(operator: Operator, wanted: &Version, version: &Version) -> bool {
    // A pre-release fulfils an order constraint only if the constraint names a pre-release of the same version.
    let comparable =
        !version.is_prerelease() || (wanted.is_prerelease() && version.segments == wanted.segments);
    match operator {
        Operator::Equal => version == wanted || version.cmp(wanted).is_eq(),
        Operator::NotEqual => version.cmp(wanted).is_ne(),
        Operator::Greater => comparable && version > wanted,
        Operator::GreaterOrEqual => comparable && version >= wanted,
        Operator::Less => comparable && version < wanted,
        Operator::LessOrEqual => comparable && version <= wanted,
        Operator::Pessimistic => {
            let fixed = wanted.written.saturating_sub(1);
            comparable
                && wanted.is_prerelease() <= version.is_prerelease()
                && version >= wanted
                && version.segments.iter().zip(&wanted.segments).take(fixed).all(|(a, b)| a == b)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_hold_as_terraform_reads_them() {
        let cases = [
            (">= 1.2, < 2.0.0", "1.11.4", true),
            ("~> 1.11.0", "1.11.4", true),
            ("~> 1.10.0", "1.11.4", false),
            ("~> 1.2", "1.11.4", true),
            ("~> 0.12", "1.11.4", false),
            ("1.11.4", "1.11.4", true),
            ("= v1.11", "1.11.0", true),
            ("!= 1.11.4", "1.11.4", false),
            (">= 1.0.0", "1.11.4-beta1", false),
            (">= 1.11.4-alpha", "1.11.4-beta1", true),
            ("~> 5.1.0-rc1", "5.1.2", false),
        ];
        for (constraints, version, expected) in cases {
            let allowed = Constraints::parse(constraints).unwrap().allow(&Version::parse(version).unwrap());
            assert_eq!(allowed, expected, "{constraints} on {version}");
        }
        let majors = [
            ("~> 3.2.0", 3, true),
            ("~> 3.2.0", 4, false),
            ("< 3.5.0", 3, true),
            ("< 3.0.0", 3, false),
            (">= 3.0, < 4", 3, true),
            (">= 3.0, < 4", 2, false),
            ("2.77.1", 2, true),
            (">= 2.5.1", 9, true),
            ("> 2.5, < 2.7", 2, true),
        ];
        for (constraints, major, expected) in majors {
            let allowed = Constraints::parse(constraints).unwrap().allow_major(major);
            assert_eq!(allowed, expected, "{constraints} on major {major}");
        }
        assert_eq!(Constraints::parse(">> 1"), None);
        assert_eq!(Constraints::parse("latest"), None);
        assert_eq!(Constraints::parse(""), None);
    }
}
