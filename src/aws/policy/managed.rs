//! The policies that AWS manages: what each one allows and denies of the actions that a session needs.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::aws::policy::text::Text;
use crate::truth::Truth;

/// One line a policy, path included: its name, then the tracked actions in groups of one service. A group marked `?`
/// is allowed under a condition or for some resources only, `!` is denied, `?!` is denied under a condition.
///
/// Taken from the policies' default versions of August 2026; a policy that tracks nothing has its name alone.
const TABLE: &str = include_str!("managed.txt");

/// A policy that AWS manages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Managed {
    /// Path and name, `service-role/AmazonEC2RoleforSSM`.
    pub name: &'static str,
    grants: BTreeMap<String, Grant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Grant {
    allow: Truth,
    deny: Truth,
}

/// What an ARN says about policies that AWS manages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManagedArn {
    /// It names this one, in some partition.
    Is(&'static Managed),
    /// There is no policy at that path, but the one with that name at another: its right path and name.
    WrongPath(&'static str),
    /// It names one that ssmlint does not hold: newer, withdrawn or misspelt.
    Unlisted(String),
}

/// The services of which every action that an agent or a session uses is tracked.
const TRACKED: [&str; 2] = ["ssmmessages", "ec2messages"];
/// The tracked actions of the other services.
const TRACKED_ACTIONS: [&str; 9] = [
    "ssm:UpdateInstanceInformation",
    "kms:Decrypt",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
    "s3:GetEncryptionConfiguration",
    "s3:GetObject",
    "s3:PutObject",
];

impl Managed {
    /// Whether the policy allows the action; `Unknown` for what is conditional, scoped or not tracked.
    pub fn allows(&self, action: &str) -> Truth {
        self.grant(action).allow
    }

    /// The tracked actions that it allows; none where it denies some, or allows some under a condition only.
    pub fn allowed(&self) -> Option<impl Iterator<Item = &str>> {
        let is_plain = |grant: &Grant| grant.deny.is_no() && !grant.allow.is_unknown();
        let allowed = self.grants.iter().filter(|(_, grant)| grant.allow.is_yes());
        self.grants.values().all(is_plain).then(|| allowed.map(|(action, _)| action.as_str()))
    }

    /// Whether the policy denies the action.
    pub fn denies(&self, action: &str) -> Truth {
        self.grant(action).deny
    }

    fn grant(&self, action: &str) -> Grant {
        if let Some(grant) = self.grants.get(action) {
            return *grant;
        }
        let service = action.split(':').next().unwrap_or("");
        if TRACKED.contains(&service) || TRACKED_ACTIONS.contains(&action) {
            Grant { allow: Truth::No, deny: Truth::No }
        } else {
            Grant { allow: Truth::Unknown, deny: Truth::No }
        }
    }
}

/// A line of the table, read when it is first asked for.
struct Line {
    /// Path and name.
    name: &'static str,
    grants: &'static str,
    policy: OnceLock<Managed>,
}

impl Line {
    fn policy(&self) -> &Managed {
        self.policy.get_or_init(|| Managed { name: self.name, grants: parse(self.grants) })
    }
}

/// In the order of the names, as the table is.
fn table() -> &'static [Line] {
    static LINES: OnceLock<Vec<Line>> = OnceLock::new();
    LINES.get_or_init(|| {
        let line = |line: &'static str| {
            let (name, grants) = line.split_once(' ').unwrap_or((line, ""));
            Line { name, grants, policy: OnceLock::new() }
        };
        TABLE.lines().map(line).collect()
    })
}

fn parse(words: &str) -> BTreeMap<String, Grant> {
    let mut grants: BTreeMap<String, Grant> = BTreeMap::new();
    for word in words.split_ascii_whitespace() {
        let (conditional, word) = match word.strip_prefix('?') {
            Some(rest) => (true, rest),
            None => (false, word),
        };
        let (denied, word) = match word.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, word),
        };
        let Some((service, actions)) = word.split_once(':') else { continue };
        let truth = if conditional { Truth::Unknown } else { Truth::Yes };
        for action in actions.split(',') {
            let grant = grants
                .entry(format!("{service}:{action}"))
                .or_insert(Grant { allow: Truth::No, deny: Truth::No });
            if denied {
                grant.deny = truth;
            } else {
                grant.allow = truth;
            }
        }
    }
    grants
}

/// The managed policy at that path, `service-role/AmazonEC2RoleforSSM`.
pub fn by_path(path: &str) -> Option<&'static Managed> {
    let table = table();
    let at = table.binary_search_by_key(&path, |line| line.name).ok()?;
    table.get(at).map(Line::policy)
}

/// The managed policy of that name, whatever its path.
pub fn by_name(name: &str) -> Option<&'static Managed> {
    let is_named = |line: &&Line| line.name.rsplit('/').next().is_some_and(|last| last == name);
    by_path(name).or_else(|| table().iter().find(is_named).map(Line::policy))
}

/// The managed policy that an ARN names, in any partition, also when its start is not known.
pub fn by_arn(arn: &Text) -> Option<ManagedArn> {
    let path = match arn.known() {
        Some(known) => known.strip_prefix("arn:")?.split_once(":iam::aws:policy/")?.1,
        // `arn:${data.aws_partition.current.partition}:iam::aws:policy/…`, `${local.prefix}/…`.
        None => {
            let suffix = arn.known_suffix();
            match suffix.split_once(":iam::aws:policy/") {
                Some((_, path)) => path,
                None => return None,
            }
        }
    };
    if let Some(policy) = by_path(path) {
        return Some(ManagedArn::Is(policy));
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    Some(match by_name(name) {
        Some(policy) => ManagedArn::WrongPath(policy.name),
        None => ManagedArn::Unlisted(path.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::policy::CORE_ACTIONS;

    fn allows_core(path: &str) -> Truth {
        let policy = by_path(path).expect("the policy is in the table");
        Truth::all(CORE_ACTIONS.iter().map(|action| policy.allows(action) & !policy.denies(action)))
    }

    #[test]
    fn every_line_is_found_by_its_name_and_says_what_is_granted() {
        for line in table() {
            assert_eq!(
                by_path(line.name).map(|policy| policy.name),
                Some(line.name),
                "the table is in order"
            );
            assert!(line.grants.split_ascii_whitespace().all(|word| word.contains(':')), "{}", line.name);
        }
    }

    #[test]
    fn the_policies_that_suffice_and_their_lookalikes() {
        for path in [
            "AmazonSSMManagedInstanceCore",
            "AmazonSSMManagedEC2InstanceDefaultPolicy",
            "service-role/AmazonEC2RoleforSSM",
            "AmazonSSMFullAccess",
            "AdministratorAccess",
            "PowerUserAccess",
            "AWSCloud9SSMInstanceProfile",
        ] {
            assert_eq!(allows_core(path), Truth::Yes, "{path}");
        }
        for path in [
            "CloudWatchAgentServerPolicy",
            "AmazonSSMReadOnlyAccess",
            "AmazonSSMPatchAssociation",
            "AmazonSSMDirectoryServiceAccess",
            "service-role/AmazonSSMAutomationRole",
            "service-role/AmazonSSMMaintenanceWindowRole",
            "AmazonEKSWorkerNodePolicy",
            "service-role/AmazonEC2ContainerServiceforEC2Role",
            "AWSRefactoringToolkitSidecarPolicy",
            "AmazonSageMakerClusterInstanceRolePolicy",
            "AmazonS3ReadOnlyAccess",
            "AWSDenyAll",
        ] {
            assert_eq!(allows_core(path), Truth::No, "{path}");
        }
        assert_eq!(allows_core("AWSEC2SqlHaInstancePolicy"), Truth::Unknown);
    }

    #[test]
    fn an_arn_is_matched_in_every_partition_and_only_at_its_path() {
        let arn = |text: &str| by_arn(&Text::literal(text));
        let core = by_path("AmazonSSMManagedInstanceCore").expect("the policy is in the table");
        assert_eq!(
            arn("arn:aws-us-gov:iam::aws:policy/AmazonSSMManagedInstanceCore"),
            Some(ManagedArn::Is(core))
        );
        assert_eq!(
            arn("arn:aws:iam::aws:policy/service-role/AmazonSSMManagedInstanceCore"),
            Some(ManagedArn::WrongPath("AmazonSSMManagedInstanceCore"))
        );
        assert_eq!(arn("arn:aws:iam::aws:policy/Nonesuch"), Some(ManagedArn::Unlisted("Nonesuch".into())));
        assert_eq!(arn("arn:aws:iam::123456789012:policy/AmazonSSMManagedInstanceCore"), None);
    }
}
