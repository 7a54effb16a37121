//! SSM024: SSH keys and provisioners on targets that nobody logs in to by SSH.

use ecow::EcoString;

use crate::addr::InstanceKey;
use crate::aws::ami::Family;
use crate::aws::cidr::Cidr;
use crate::aws::compute::{Target, TargetId};
use crate::aws::link::Link;
use crate::aws::security_group::{PeerKind, Rule as GroupRule};
use crate::finding::Severity;
use crate::rules::{Defect, Findings, Rule, RuleContext};

pub(super) const RULE: Rule = Rule {
    code: "SSM024",
    name: "bastion-or-ssh-key-left-behind",
    severity: Severity::Info,
    category: "hygiene",
    page: include_str!("../../rules/SSM024.md"),
    check,
};

/// Provisioners that connect to the instance.
const OVER_SSH: &[&str] = &["remote-exec", "file"];

/// Ports that administrators come by: SSH, RDP, WinRM.
const ADMINISTRATIVE: &[i64] = &[22, 3389, 5985, 5986];

/// Words for an instance that others are reached through.
const BASTION: &[&str] = &["bastion", "bastions", "jump", "jumpbox", "jumphost", "jumpserver"];

/// Words that say nothing of what an instance is for: what stands before them does.
const GENERIC: &[&str] = &[
    "asg",
    "auto",
    "autoscaling",
    "box",
    "configuration",
    "default",
    "dev",
    "development",
    "ec2",
    "fleet",
    "group",
    "host",
    "hosts",
    "instance",
    "instances",
    "launch",
    "lc",
    "linux",
    "lt",
    "machine",
    "main",
    "node",
    "prod",
    "production",
    "public",
    "qa",
    "scaling",
    "server",
    "servers",
    "spot",
    "staging",
    "template",
    "test",
    "this",
    "vm",
    "windows",
];

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    for endpoint in &context.model.carriers.instance_connect {
        findings.judge(&endpoint.existence(), || {
            Defect::new(endpoint, "{} is a way to instances beside Session Manager")
                .help("remove it, with the rules that let its security group in, if sessions are enough")
                .cause("instance connect")
        });
    }
    for id in context.model.compute.target_ids() {
        let target = context.model.compute.target(id);
        let exists = target.declaration.existence();
        let key = target.has_key.is(&true).is_yes();
        // Windows encrypts the administrator's password with it.
        if key && target.ami.family != Some(Family::Windows) && target.declaration.exists.is_yes() {
            findings.judge(&exists, || {
                Defect::new(target.block_of(target.has_key.span), "{} still has an SSH key")
                    .at_fact(&target.has_key, "sessions need no key")
                    .help("once sessions open, remove `key_name` with the next change that replaces the instance")
                    .cause("key")
            });
        }
        if target.declaration.exists.is_yes() {
            bastion(context, findings, id);
        }
        for (block, label, span) in &target.provisioners {
            // Windows is provisioned over WinRM.
            if block != "provisioner"
                || !OVER_SSH.contains(&label.as_str())
                || target.ami.family == Some(Family::Windows)
                || !target.declaration.exists.is_yes()
            {
                continue;
            }
            let private = context.reach.sites.iter().filter(|site| site.target == id).all(|site| {
                site.subnet
                    .is_some_and(|subnet| target.public_ip(&context.model.network, subnet).truth.is_no())
            });
            let severity = if private { Severity::Warning } else { Severity::Info };
            findings.judge(&exists, || {
                Defect::new(&target.declaration, format!("{{}} is provisioned over SSH by {label}"))
                    .at(*span, "goes over SSH")
                    .severity(severity)
                    .help("do it in user data or in an image, or by a State Manager association")
                    .cause(label)
            });
        }
    }
}

/// An instance that others are reached through: by its shape, or by its name.
fn bastion(context: &RuleContext<'_>, findings: &mut Findings<'_>, id: TargetId) {
    let network = &context.model.network;
    let target = context.model.compute.target(id);
    let mut sites = context.reach.sites.iter().filter(|site| site.target == id);
    let public =
        sites.any(|site| site.subnet.is_some_and(|subnet| target.public_ip(network, subnet).truth.is_yes()));
    let ssh = |rule: &&GroupRule| {
        (rule.declaration.exists & rule.in_effect()).is_yes() && rule.ports.holds_tcp(22).is_yes()
    };
    let open =
        target.groups.ids().any(|group| network.group(group).ingress.rules.iter().any(|rule| ssh(&rule)));
    // A rule for all traffic is made for something else.
    let by_ssh = |rule: &&GroupRule| ssh(rule) && rule.ports.is_all().is_no();
    let others = network.group_ids().filter(|group| target.groups.contains(*group).is_no());
    let trusting = others.map(|group| network.group(group)).find_map(|group| {
        group.ingress.rules.iter().filter(by_ssh).find(|rule| {
            rule.peers.iter().any(|peer| match &peer.kind {
                PeerKind::Group(Link::To(own)) => target.groups.contains(*own).is_yes(),
                PeerKind::Group(_) | PeerKind::Cidr(_) | PeerKind::Itself | PeerKind::PrefixList(_) => false,
            })
        })
    });
    let named = is_named(target);
    // Other instances of its tier may log in to each other, and one that serves others is not there for SSH alone.
    let by_shape = trusting.filter(|_| public && open && (named || !serves(context, target)));
    if let Some(rule) = by_shape {
        findings.judge(&target.declaration.existence(), || {
            Defect::new(&target.declaration, "{} is a bastion: others let it in by SSH")
                .severity(Severity::Warning)
                .label(rule.declaration.decl_range, "lets it in on port 22")
                .help("remove it, and open sessions or port forwarding to the others by Session Manager")
                .cause("bastion")
        });
        return;
    }
    if named {
        findings.judge(&target.declaration.existence(), || {
            Defect::new(&target.declaration, "{} is named like a bastion")
                .help("Session Manager reaches the others without it, and forwards ports to databases too")
                .cause("bastion")
        });
    }
}

/// Whether others than its administrators use it: by a load balancer, or by a port that its groups open to anybody.
fn serves(context: &RuleContext<'_>, target: &Target) -> bool {
    let balanced = &context.model.carriers.balanced;
    let is_balanced = target.declaration.instance.is_some_and(|instance| balanced.contains(&instance));
    let network = &context.model.network;
    let serves = |rule: &GroupRule| {
        let administrative = ADMINISTRATIVE.iter().any(|port| !rule.ports.holds_tcp(*port).is_no());
        let anybody = rule.peers.iter().any(
            |peer| matches!(&peer.kind, PeerKind::Cidr(known) if !known.satisfies(Cidr::is_anywhere).is_no()),
        );
        !rule.in_effect().is_no()
            && !administrative
            && anybody
            && rule.ports.protocol.is(&"tcp".into()).is_yes()
    };
    is_balanced || target.groups.ids().any(|group| network.group(group).ingress.rules.iter().any(serves))
}

/// Whether its name says that it is a bastion: the `Name` tag, or the address.
fn is_named(target: &Target) -> bool {
    let tag = target.name_tag.value().and_then(Option::as_ref).map(EcoString::as_str);
    let Some(addr) = &target.declaration.addr else { return tag.is_some_and(names_bastion) };
    // `module.bastion.aws_instance.this`: the innermost name that says something.
    let modules = addr.module.0.iter().rev().map(|(name, key)| (name, key));
    let steps = std::iter::once((&addr.resource.name, &addr.key)).chain(modules);
    let mut names = steps.flat_map(|(name, key)| {
        let key = match key {
            InstanceKey::String(key) => Some(key.as_str()),
            InstanceKey::None | InstanceKey::Int(_) | InstanceKey::Unknown => None,
        };
        key.into_iter().chain([name.as_str()])
    });
    let telling = names.find(|name| purpose(name).is_some());
    [tag, telling].into_iter().flatten().any(names_bastion)
}

/// Whether a name is that of a bastion, and not of something that a bastion is only mentioned for.
fn names_bastion(name: &str) -> bool {
    purpose(name).is_some_and(|word| BASTION.contains(&word.as_str()))
}

/// The last word of a name that says what it is for: `bastion` of `lab-bastion-host-1a`.
fn purpose(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    // Numbers and zones tell several of a kind apart.
    let tells_apart = |word: &str| {
        let number = word.strip_suffix(|c: char| c.is_ascii_lowercase()).unwrap_or(word);
        number.chars().all(|c| c.is_ascii_digit())
    };
    words.rev().find(|word| !tells_apart(word) && !GENERIC.contains(word)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bastion_is_what_the_name_ends_in() {
        for name in [
            "bastion",
            "bastion_host_autoscaling_group",
            "Bastion Server 2",
            "prod-jump-box-1a",
            "jumphost-dev",
        ] {
            assert!(names_bastion(name), "{name}");
        }
        for name in [
            "bastion-db-access-web",
            "bastion-dev-database",
            "no-bastion-needed",
            "jumpstart",
            "bastionless",
            "host",
            "web-1",
            "",
        ] {
            assert!(!names_bastion(name), "{name}");
        }
    }
}
