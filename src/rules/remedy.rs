//! What rules propose: changes in Terraform's terms, for a stage that has the source to lay out.
//!
//! A proposal is made only where it is certain what to write. A reference is written only within one module, and only
//! to what has neither `count` nor `for_each`, so that it holds in every world.

use std::collections::BTreeSet;

use crate::addr::{InstanceKey, ModuleInstance, ResourceMode};
use crate::aws::Declaration;
use crate::aws::fact::{Basis, Evidence, Fact};
use crate::aws::iam::{Attached, ProfileId, Role, RoleId};
use crate::aws::link::{AclId, EndpointId, GroupId, SubnetId, VpcId};
use crate::aws::network::Network;
use crate::aws::policy::CORE_ACTIONS;
use crate::aws::policy::document::Effect;
use crate::aws::security_group::{self as admission, Direction, Group, PeerKind, Rule, Spelling};
use crate::finding::{Change, Fix, NewBlock, Safety, Term};
use crate::proof::{Reach, Service};
use crate::rules::RuleContext;
use crate::source::Span;

/// The policy that allows all that a session needs.
const CORE_POLICY: &str = "AmazonSSMManagedInstanceCore";

/// Sets an argument: where it is omitted in the block, and otherwise at the literal that decides it, which is unsafe
/// where others may read that literal too.
pub(super) fn set<T>(
    context: &RuleContext<'_>,
    subject: &Declaration,
    fact: &Fact<T>,
    name: &'static str,
    value: Term,
) -> Option<Fix> {
    if !subject.is_managed() || fact.sensitive {
        return None;
    }
    let shown = match &value {
        Term::Bool(value) => value.to_string(),
        Term::Number(value) => value.to_string(),
        Term::Text(text) => format!("\"{text}\""),
        Term::Code(code) => code.clone(),
    };
    let title = format!("set {name} to {shown}");
    if fact.basis == Basis::ProviderDefault {
        let change = Change::Set { block: subject.span?, name, value };
        return Some(Fix::new(title, Safety::Safe, vec![change]));
    }
    let written = context.trails.written(fact.origin)?;
    let safety = if written.local || written.input || written.branch { Safety::Unsafe } else { Safety::Safe };
    Some(Fix::new(title, safety, vec![Change::Replace { literal: written.span, with: value }]))
}

/// The fix, but not without a look.
pub(super) fn with_a_look(fix: Option<Fix>) -> Option<Fix> {
    fix.map(|fix| Fix { safety: Safety::Unsafe, ..fix })
}

/// How a resource is written in an expression of a module; none from elsewhere, or when it is not one instance.
fn reference(declaration: &Declaration, from: &ModuleInstance) -> Option<String> {
    let addr = declaration.addr.as_ref()?;
    (addr.module == *from && addr.key == InstanceKey::None).then(|| addr.resource.to_string())
}

/// The module of a block that may be edited: of a managed resource with neither `count` nor `for_each`.
fn single(declaration: &Declaration) -> Option<(&crate::addr::ResourceInstance, Span)> {
    let addr = declaration.addr.as_ref()?;
    (declaration.is_managed() && addr.key == InstanceKey::None).then_some(())?;
    Some((addr, declaration.span?))
}

/// A name that no resource of the type has in the module.
fn free_name(context: &RuleContext<'_>, module: &ModuleInstance, type_name: &str, wanted: String) -> String {
    let taken = context.trails.declared(module, ResourceMode::Managed, type_name);
    let mut name = wanted.clone();
    let mut number = 2;
    while taken.contains(name.as_str()) {
        name = format!("{wanted}_{number}");
        number += 1;
    }
    name
}

/// Lets TCP 443 pass a group to or from other groups, or where these cannot be named the range of the VPC. The rule is
/// written as the group's rules are.
pub(super) fn let_https(
    context: &RuleContext<'_>,
    group: GroupId,
    direction: Direction,
    peers: &BTreeSet<GroupId>,
    vpc: Option<VpcId>,
) -> Option<Fix> {
    let network = &context.model.network;
    let own = network.group(group);
    let (addr, block) = single(&own.declaration)?;
    let is_conflicting = own.ingress.conflict.is_some() || own.egress.conflict.is_some();
    if own.is_default || is_conflicting || addr.resource.type_name != "aws_security_group" {
        return None;
    }
    let style = style(own)?;
    let party = party(network, group, style, peers, &addr.module)
        .or_else(|| Some(Party::Range(vpc_range(network, vpc?, &addr.module)?)))?;
    let name = addr.resource.to_string();
    let (word, block_type) = match direction {
        Direction::Ingress => ("in from", "ingress"),
        Direction::Egress => ("out to", "egress"),
    };
    let whom = match &party {
        Party::Groups(groups) => groups.join(", "),
        Party::Itself => name.clone(),
        Party::Range(range) => range.clone(),
    };
    let title = format!("let TCP 443 {word} {whom} in {name}");
    let port = |name: &'static str| (name, Term::Number(443));
    let id = |group: &str| Term::Code(format!("{group}.id"));
    if style == Spelling::Inline {
        let peer = match &party {
            Party::Groups(groups) => {
                let ids: Vec<String> = groups.iter().map(|group| format!("{group}.id")).collect();
                ("security_groups", Term::Code(format!("[{}]", ids.join(", "))))
            }
            Party::Itself => ("self", Term::Bool(true)),
            Party::Range(range) => ("cidr_blocks", Term::Code(format!("[{range}]"))),
        };
        let new = NewBlock {
            header: block_type.to_owned(),
            arguments: vec![port("from_port"), port("to_port"), ("protocol", Term::Text("tcp".into())), peer],
            blocks: Vec::new(),
        };
        return Some(Fix::new(title, Safety::Safe, vec![Change::Nest { block, new }]));
    }
    let (type_name, is_old) = match (style, direction) {
        (Spelling::RuleResource, _) => ("aws_security_group_rule", true),
        (_, Direction::Ingress) => ("aws_vpc_security_group_ingress_rule", false),
        (_, Direction::Egress) => ("aws_vpc_security_group_egress_rule", false),
    };
    let mut sources: Vec<(String, (&'static str, Term))> = Vec::new();
    match &party {
        Party::Groups(groups) => {
            let argument = if is_old { "source_security_group_id" } else { "referenced_security_group_id" };
            for group in groups {
                let peer = group.rsplit('.').next().unwrap_or(group);
                sources.push((format!("_{peer}"), (argument, id(group))));
            }
        }
        Party::Itself if is_old => sources.push((String::new(), ("self", Term::Bool(true)))),
        Party::Itself => sources.push((String::new(), ("referenced_security_group_id", id(&name)))),
        Party::Range(range) if is_old => {
            sources.push((String::new(), ("cidr_blocks", Term::Code(format!("[{range}]")))));
        }
        Party::Range(range) => sources.push((String::new(), ("cidr_ipv4", Term::Code(range.clone())))),
    }
    let is_one = sources.len() == 1;
    let mut new = Vec::new();
    for (suffix, peer) in sources {
        let suffix = if is_one { "" } else { suffix.as_str() };
        let wanted = match (is_old, direction) {
            (true, Direction::Egress) => format!("{}_https_out{suffix}", addr.resource.name),
            (true | false, Direction::Ingress | Direction::Egress) => {
                format!("{}_https{suffix}", addr.resource.name)
            }
        };
        let label = free_name(context, &addr.module, type_name, wanted);
        let owner = ("security_group_id", id(&name));
        let tcp = || Term::Text("tcp".into());
        let arguments = if is_old {
            let kind = ("type", Term::Text(block_type.into()));
            vec![kind, owner, port("from_port"), port("to_port"), ("protocol", tcp()), peer]
        } else {
            vec![owner, peer, ("ip_protocol", tcp()), port("from_port"), port("to_port")]
        };
        new.push(resource(type_name, &label, arguments));
    }
    Some(Fix::new(title, Safety::Safe, vec![Change::After { block, new }]))
}

/// Gives an endpoint that falls back to the default group one of its own: that of another endpoint in the VPC, if that
/// one lets the whole VPC in, or a new one. It takes the default group away.
pub(super) fn give_group(context: &RuleContext<'_>, id: EndpointId, vpc: VpcId) -> Option<Fix> {
    let network = &context.model.network;
    let endpoint = network.endpoint(id);
    let addr = endpoint.declaration.addr.as_ref().filter(|_| endpoint.declaration.is_managed())?;
    let block = endpoint.declaration.span?;
    if endpoint.own_groups.basis == Basis::Configured {
        return None;
    }
    let set = |group: &str| Change::Set {
        block,
        name: "security_group_ids",
        value: Term::Code(format!("[{group}.id]")),
    };
    let shared = network.endpoint_ids().filter(|other| *other != id).find_map(|other| {
        let groups = &network.endpoint(other).own_groups;
        let group = groups.ids().next().filter(|_| groups.is_complete())?;
        let is_here = network.group(group).serves(vpc).is_yes();
        let admits = network.admits(groups, Direction::Ingress, 443, &admission::Party::Vpc(vpc));
        let name = reference(&network.group(group).declaration, &addr.module)?;
        (is_here && admits.answer.truth.is_yes()).then_some(name)
    });
    if let Some(group) = shared {
        let title = format!("give it the group {group}");
        return Some(Fix::new(title, Safety::Unsafe, vec![set(&group)]));
    }
    let range = vpc_range(network, vpc, &addr.module)?;
    let vpc = range.strip_suffix(".cidr_block")?;
    let base = vpc.rsplit('.').next().unwrap_or(vpc);
    let label = free_name(context, &addr.module, "aws_security_group", format!("{base}_endpoints"));
    let ingress = NewBlock {
        header: "ingress".to_owned(),
        arguments: vec![
            ("from_port", Term::Number(443)),
            ("to_port", Term::Number(443)),
            ("protocol", Term::Text("tcp".into())),
            ("cidr_blocks", Term::Code(format!("[{range}]"))),
        ],
        blocks: Vec::new(),
    };
    let group = NewBlock {
        blocks: vec![ingress],
        ..resource("aws_security_group", &label, vec![("vpc_id", Term::Code(format!("{vpc}.id")))])
    };
    let name = format!("aws_security_group.{label}");
    let title = format!("give it a group of its own, {name}");
    let changes = vec![set(&name), Change::After { block, new: vec![group] }];
    Some(Fix::new(title, Safety::Unsafe, changes))
}

/// Whom a new rule names.
enum Party {
    Groups(Vec<String>),
    Itself,
    Range(String),
}

/// How the rules of a group are written, when they are written in one way; a group without rules gets resources.
fn style(group: &Group) -> Option<Spelling> {
    let rules = || group.ingress.rules.iter().chain(&group.egress.rules);
    let mut styles: BTreeSet<Spelling> = rules().map(|rule| rule.spelling).collect();
    if group.ingress.inline.or(group.egress.inline).is_some() {
        styles.insert(Spelling::Inline);
    }
    let mut styles = styles.into_iter();
    match (styles.next(), styles.next()) {
        (None, _) => Some(Spelling::VpcRuleResource),
        (Some(Spelling::Implicit), _) | (_, Some(_)) => None,
        (Some(style), None) => Some(style),
    }
}

fn party(
    network: &Network,
    group: GroupId,
    style: Spelling,
    peers: &BTreeSet<GroupId>,
    module: &ModuleInstance,
) -> Option<Party> {
    if peers.is_empty() {
        return None;
    }
    if peers.contains(&group) {
        return (peers.len() == 1).then_some(Party::Itself);
    }
    let mut names = Vec::new();
    for peer in peers {
        let other = network.group(*peer);
        // Two groups whose blocks name each other are a cycle.
        let names_group = |rule: &Rule| {
            rule.spelling == Spelling::Inline
                && rule
                    .peers
                    .iter()
                    .any(|peer| matches!(&peer.kind, PeerKind::Group(link) if !link.is(group).is_no()))
        };
        let back = other.ingress.rules.iter().chain(&other.egress.rules).any(names_group);
        if style == Spelling::Inline && back {
            return None;
        }
        names.push(reference(&other.declaration, module)?);
    }
    Some(Party::Groups(names))
}

/// The range of a VPC as an expression.
fn vpc_range(network: &Network, vpc: VpcId, module: &ModuleInstance) -> Option<String> {
    let vpc = network.vpc(vpc);
    let is_one = vpc.cidrs.len() == 1 && vpc.cidrs_open.is_none();
    let name = reference(&vpc.declaration, module).filter(|_| is_one)?;
    Some(format!("{name}.cidr_block"))
}

fn resource(type_name: &str, name: &str, arguments: Vec<(&'static str, Term)>) -> NewBlock {
    NewBlock { header: format!("resource \"{type_name}\" \"{name}\""), arguments, blocks: Vec::new() }
}

/// Adds services to the list or map that makes the endpoints.
pub(super) fn add_services(
    context: &RuleContext<'_>,
    for_each: &Evidence,
    missing: &[Service],
    like: &str,
) -> Option<Fix> {
    let written = context.trails.written(for_each.origin)?;
    let labels: Vec<&str> = missing.iter().map(|service| service.label()).collect();
    let elements = labels.iter().map(|label| Term::Text((*label).to_owned())).collect();
    let change = Change::Append { collection: written.span, elements, like: Some(like.to_owned()) };
    let safety = if written.input { Safety::Unsafe } else { Safety::Safe };
    Some(Fix::new(format!("add {} to the services", labels.join(", ")), safety, vec![change]))
}

/// Makes endpoints for services like the one that the VPC has for another service.
pub(super) fn copy_endpoint(context: &RuleContext<'_>, vpc: VpcId, missing: &[Service]) -> Option<Fix> {
    let network = &context.model.network;
    let (service, endpoint) = Service::ALL.into_iter().find_map(|service| {
        let presence = context.reach.presence(vpc, service);
        let works = |id: &crate::aws::link::EndpointId| {
            let endpoint = network.endpoint(*id);
            let truth =
                endpoint.private_dns.is(&true) & endpoint.is_interface() & endpoint.declaration.exists;
            truth.is_yes() && endpoint.declaration.is_managed()
        };
        let id = presence.endpoints.iter().copied().find(works)?;
        Some((service, network.endpoint(id)))
    })?;
    let addr = endpoint.declaration.addr.as_ref()?;
    if !matches!(addr.key, InstanceKey::None | InstanceKey::Int(_)) {
        return None;
    }
    let name = addr.resource.name.as_str();
    let copies = missing.iter().map(|wanted| {
        let parts: Vec<&str> = name.split('_').collect();
        let named = match parts.iter().position(|part| *part == service.label()) {
            Some(at) => {
                let mut parts = parts.clone();
                parts[at] = wanted.label();
                parts.join("_")
            }
            None => format!("{name}_{}", wanted.label()),
        };
        let named = free_name(context, &addr.module, "aws_vpc_endpoint", named);
        (named, wanted.label().to_owned())
    });
    let labels: Vec<&str> = missing.iter().map(|service| service.label()).collect();
    let title = format!("add an endpoint for {} like {}", labels.join(", "), addr.resource);
    let change = Change::Copy {
        block: endpoint.declaration.span?,
        word: service.label().to_owned(),
        copies: copies.collect(),
    };
    Some(Fix::new(title, Safety::Unsafe, vec![change]))
}

/// Attaches the managed policy to a role: by an attachment, or in the list that is the only one that counts.
pub(super) fn attach_core_policy(
    context: &RuleContext<'_>,
    role: &Role,
    region: Option<&str>,
) -> Option<Fix> {
    let (addr, block) = single(&role.declaration)?;
    // Somebody wrote the attachment and switched it off; what to switch is for them to say.
    if !role.switched_off.is_empty() {
        return None;
    }
    let title = format!("attach {CORE_POLICY} to {}", addr.resource);
    let (arn, more) = core_policy_arn(context, &addr.module, &role.policies, region);
    if let Some(exclusive) = &role.exclusive {
        let written = context.trails.written(exclusive.evidence.origin)?;
        if !block.contains(written.span) || !more.is_empty() {
            return None;
        }
        let change = Change::Append { collection: written.span, elements: vec![arn], like: None };
        return Some(Fix::new(title, Safety::Safe, vec![change]));
    }
    let attachment = attachment(context, &addr.module, &addr.resource.name, &addr.resource.to_string(), arn);
    let new = more.into_iter().chain([attachment]).collect();
    Some(Fix::new(title, Safety::Safe, vec![Change::After { block, new }]))
}

fn attachment(
    context: &RuleContext<'_>,
    module: &ModuleInstance,
    name: &str,
    role: &str,
    arn: Term,
) -> NewBlock {
    let type_name = "aws_iam_role_policy_attachment";
    let label = free_name(context, module, type_name, format!("{}_ssm_core", name.trim_end_matches("_ssm")));
    resource(type_name, &label, vec![("role", Term::Code(format!("{role}.name"))), ("policy_arn", arn)])
}

/// The ARN of the managed policy, as a literal where the partition is known, and otherwise with a data source for it.
fn core_policy_arn(
    context: &RuleContext<'_>,
    module: &ModuleInstance,
    others: &[Attached],
    region: Option<&str>,
) -> (Term, Vec<NewBlock>) {
    let by_region = region.map(|region| match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        region if region.starts_with("us-isob-") => "aws-iso-b",
        region if region.starts_with("us-isof-") => "aws-iso-f",
        region if region.starts_with("us-iso-") => "aws-iso",
        region if region.starts_with("eu-isoe-") => "aws-iso-e",
        region if region.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    });
    let partition_of = |name: &str| {
        let mut parts = name.split(':');
        (parts.next() == Some("arn")).then(|| parts.next().map(str::to_owned)).flatten()
    };
    let others = others.iter().filter(|attached| attached.problem.is_none());
    let by_others =
        others.filter_map(|attached| partition_of(&attached.name)).find(|name| !name.contains('$'));
    if let Some(partition) = by_region.map(str::to_owned).or(by_others) {
        return (Term::Text(format!("arn:{partition}:iam::aws:policy/{CORE_POLICY}")), Vec::new());
    }
    let declared = context.trails.declared(module, ResourceMode::Data, "aws_partition");
    let (name, more) = match declared.first() {
        Some(name) => (*name, Vec::new()),
        None => {
            let header = "data \"aws_partition\" \"current\"".to_owned();
            ("current", vec![NewBlock { header, ..NewBlock::default() }])
        }
    };
    let arn = format!("\"arn:${{data.aws_partition.{name}.partition}}:iam::aws:policy/{CORE_POLICY}\"");
    (Term::Code(arn), more)
}

/// Gives a target the one instance profile of its module that works, or makes one with a role.
pub(super) fn give_profile(context: &RuleContext<'_>, subject: &Declaration) -> Option<Fix> {
    let addr = subject.addr.as_ref().filter(|_| subject.is_managed())?;
    let block = subject.span?;
    let iam = &context.model.iam;
    let in_module = |id: &ProfileId| {
        iam.profile(*id).declaration.addr.as_ref().is_some_and(|other| other.module == addr.module)
    };
    let profiles: Vec<ProfileId> = iam.profile_ids().filter(in_module).collect();
    if let [only] = profiles.as_slice() {
        let profile = iam.profile(*only);
        let role = profile.role.as_ref()?.reference.link.to()?;
        let name = reference(&profile.declaration, &addr.module)?;
        if !works(context, role) {
            return None;
        }
        let change = profile_argument(&addr.resource.type_name, block, &name)?;
        return Some(Fix::new(format!("use the profile {name}"), Safety::Safe, vec![change]));
    }
    if !profiles.is_empty() {
        return None;
    }
    let base = format!("{}_ssm", addr.resource.name);
    let label = free_name(context, &addr.module, "aws_iam_role", base.clone());
    let profile_label = free_name(context, &addr.module, "aws_iam_instance_profile", base);
    let role = format!("aws_iam_role.{label}");
    let profile = format!("aws_iam_instance_profile.{profile_label}");
    let change = profile_argument(&addr.resource.type_name, block, &profile)?;
    let (arn, more) = core_policy_arn(context, &addr.module, &[], None);
    let trust = "jsonencode({\n  Version = \"2012-10-17\"\n  Statement = [{\n    Effect    = \"Allow\"\n    \
                 Action    = \"sts:AssumeRole\"\n    Principal = { Service = \"ec2.amazonaws.com\" }\n  }]\n})";
    // IAM takes 38 characters at most; without any Terraform makes up a name.
    let prefix = format!("{}-", label.replace('_', "-"));
    let is_short = prefix.len() <= 38;
    let prefix = Some(("name_prefix", Term::Text(prefix))).filter(|_| is_short);
    let trust = ("assume_role_policy", Term::Code(trust.to_owned()));
    let mut new = vec![resource("aws_iam_role", &label, prefix.clone().into_iter().chain([trust]).collect())];
    new.extend(more);
    new.push(attachment(context, &addr.module, &label, &role, arn));
    let role_argument = ("role", Term::Code(format!("{role}.name")));
    let arguments = prefix.into_iter().chain([role_argument]).collect();
    new.push(resource("aws_iam_instance_profile", &profile_label, arguments));
    let title = format!("add a role and the instance profile {profile}");
    Some(Fix::new(title, Safety::Unsafe, vec![change, Change::After { block, new }]))
}

/// The argument or block that names the instance profile in a resource of a type.
fn profile_argument(type_name: &str, block: Span, profile: &str) -> Option<Change> {
    let name = Term::Code(format!("{profile}.name"));
    match type_name {
        "aws_instance" | "aws_spot_instance_request" | "aws_launch_configuration" => {
            Some(Change::Set { block, name: "iam_instance_profile", value: name })
        }
        "aws_launch_template" => {
            let new = NewBlock {
                header: "iam_instance_profile".to_owned(),
                arguments: vec![("name", name)],
                blocks: Vec::new(),
            };
            Some(Change::Nest { block, new })
        }
        _ => None,
    }
}

/// Whether a role lets an instance register and open sessions.
fn works(context: &RuleContext<'_>, role: RoleId) -> bool {
    let iam = &context.model.iam;
    let trusted = iam.trusts(role, &["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]).truth.is_yes();
    let allowed = CORE_ACTIONS.iter().all(|action| iam.allows(role, action, None).truth.is_yes());
    trusted && allowed
}

/// Writes the name of a profile or role where its ARN stands.
pub(super) fn name_for_arn(argument: Option<Span>, named: &Declaration) -> Option<Fix> {
    let addr = named.addr.as_ref()?;
    let written = format!("{}{}", addr.resource, addr.key);
    let change =
        Change::Reword { within: argument?, word: format!("{written}.arn"), with: format!("{written}.name") };
    Some(Fix::new(format!("use the name of {written}"), Safety::Safe, vec![change]))
}

/// Writes the only profile that holds a role where the role stands.
pub(super) fn profile_for_role(
    context: &RuleContext<'_>,
    subject: &Declaration,
    argument: Option<Span>,
    role: RoleId,
) -> Option<Fix> {
    let addr = subject.addr.as_ref()?;
    let takes_name = ["aws_instance", "aws_spot_instance_request", "aws_launch_configuration"]
        .contains(&addr.resource.type_name.as_str());
    let mut profiles = context.model.iam.profiles_of(role);
    let profile = profiles.next().filter(|_| profiles.next().is_none() && takes_name)?;
    let name = reference(&context.model.iam.profile(profile).declaration, &addr.module)?;
    let with = Term::Code(format!("{name}.name"));
    let change = Change::Assign { argument: argument?, with };
    Some(Fix::new(format!("use the profile {name}"), Safety::Safe, vec![change]))
}

/// Lets EC2 assume a role that trusts one other service. Safe where nothing but instance profiles and policies
/// uses the role.
pub(super) fn trust_ec2(context: &RuleContext<'_>, role: &Role) -> Option<Fix> {
    let trust = role.trust.as_ref()?;
    let mut services: BTreeSet<String> = BTreeSet::new();
    for document in trust.policy.documents() {
        for statement in &document.statements {
            if statement.effect != Some(Effect::Allow) || !statement.conditions.is_empty() {
                return None;
            }
            for (kind, names) in &statement.principals.as_ref()?.by_kind {
                if kind != "Service" || names.unseen.is_some() {
                    return None;
                }
                for name in &names.items {
                    services.insert(name.known()?.to_owned());
                }
            }
        }
    }
    let [service] = services.into_iter().collect::<Vec<_>>().try_into().ok()?;
    let argument = trust.evidence.span?;
    // The document of a data source is written there.
    let within = context.trails.read_from(trust.evidence.origin).first().copied().unwrap_or(argument);
    let instance = role.declaration.instance?;
    let users = context.trails.readers(instance);
    let is_sole = users.iter().all(|user| {
        *user == "aws_iam_instance_profile"
            || user.starts_with("aws_iam_role_")
            || *user == "aws_iam_policy_attachment"
    });
    let safety = if is_sole { Safety::Safe } else { Safety::Unsafe };
    let with = "ec2.amazonaws.com".to_owned();
    let change = Change::Reword { within, word: service.clone(), with };
    Some(Fix::new(format!("trust ec2.amazonaws.com instead of {service}"), safety, vec![change]))
}

/// Puts an endpoint into the subnets of the VPC's instances, where these are of one resource.
pub(super) fn place_endpoint(
    context: &RuleContext<'_>,
    endpoint: &Declaration,
    is_omitted: bool,
    vpc: Option<VpcId>,
) -> Option<Fix> {
    let addr = endpoint.addr.as_ref()?;
    let reach: &Reach<'_> = context.reach;
    let network = &context.model.network;
    let subnets: Option<BTreeSet<SubnetId>> = reach.sites_in(vpc?).map(|site| site.subnet).collect();
    let mut found: Option<(String, InstanceKey)> = None;
    for subnet in subnets? {
        let subnet = network.subnet(subnet).declaration.addr.as_ref()?;
        let name = subnet.resource.to_string();
        if subnet.module != addr.module || found.as_ref().is_some_and(|(other, _)| *other != name) {
            return None;
        }
        found = Some((name, subnet.key.clone()));
    }
    let (name, key) = found.filter(|_| is_omitted)?;
    let subnets = match key {
        InstanceKey::None => format!("[{name}.id]"),
        InstanceKey::Int(_) => format!("{name}[*].id"),
        InstanceKey::String(_) => format!("[for subnet in {name} : subnet.id]"),
        InstanceKey::Unknown => return None,
    };
    let change = Change::Set { block: endpoint.span?, name: "subnet_ids", value: Term::Code(subnets) };
    Some(Fix::new(format!("put it into the subnets of {name}"), Safety::Unsafe, vec![change]))
}

/// Removes a rule that is there for one port only.
pub(super) fn remove_rule(rule: &Rule) -> Option<Fix> {
    let is_exact = |fact: &Fact<Option<i64>>| fact.is(&Some(22)).is_yes();
    let addr = rule.declaration.addr.as_ref()?;
    let is_own = rule.spelling == Spelling::Inline || addr.key == InstanceKey::None;
    if !is_own || !is_exact(&rule.ports.from) || !is_exact(&rule.ports.to) || !rule.declaration.is_managed() {
        return None;
    }
    let change = Change::Remove { block: rule.declaration.span? };
    Some(Fix::new("remove the rule", Safety::Unsafe, vec![change]))
}

/// Allows TCP to or from a VPC, or the internet when there is none, in a network ACL of which all entries are written in
/// one way. Its number is lower than that of every other entry, so that it comes first.
pub(super) fn allow_in_acl(
    context: &RuleContext<'_>,
    acl: AclId,
    direction: Direction,
    (from, to): (i64, i64),
    vpc: Option<VpcId>,
) -> Option<Fix> {
    let network = &context.model.network;
    let own = network.acl(acl);
    let (addr, block) = single(&own.declaration)?;
    if own.is_default || addr.resource.type_name != "aws_network_acl" {
        return None;
    }
    let entries = || own.ingress.entries.iter().chain(&own.egress.entries);
    let is_inline = own.ingress.inline.or(own.egress.inline).is_some();
    let is_apart = entries().any(|entry| entry.standalone);
    let is_open = !own.entries(direction).open.is_empty();
    if is_inline == is_apart || is_open {
        return None;
    }
    let numbers: Option<Vec<i64>> =
        own.entries(direction).entries.iter().map(|entry| *entry.number.value()?).collect();
    let number = numbers?.into_iter().min().map_or(100, |least| least - 1);
    if number < 1 {
        return None;
    }
    let range = match vpc {
        Some(vpc) => Term::Code(vpc_range(network, vpc, &addr.module)?),
        None => Term::Text("0.0.0.0/0".into()),
    };
    let (way, word) = match direction {
        Direction::Ingress => ("ingress", "in"),
        Direction::Egress => ("egress", "out"),
    };
    let ports = if from == to { from.to_string() } else { format!("{from}-{to}") };
    let title = format!("allow TCP {ports} {word} in {}", addr.resource);
    let tcp = ("protocol", Term::Text("tcp".into()));
    let (from, to) = (("from_port", Term::Number(from)), ("to_port", Term::Number(to)));
    let allow = || Term::Text("allow".into());
    let change = if is_inline {
        let number = ("rule_no", Term::Number(number));
        let arguments = vec![tcp, number, ("action", allow()), ("cidr_block", range), from, to];
        Change::Nest { block, new: NewBlock { header: way.to_owned(), arguments, blocks: Vec::new() } }
    } else {
        let type_name = "aws_network_acl_rule";
        let wanted = format!("{}_{way}_{}", addr.resource.name, ports.replace('-', "_"));
        let label = free_name(context, &addr.module, type_name, wanted);
        let arguments = vec![
            ("network_acl_id", Term::Code(format!("{}.id", addr.resource))),
            ("rule_number", Term::Number(number)),
            ("egress", Term::Bool(direction == Direction::Egress)),
            tcp,
            ("rule_action", allow()),
            ("cidr_block", range),
            from,
            to,
        ];
        Change::After { block, new: vec![resource(type_name, &label, arguments)] }
    };
    Some(Fix::new(title, Safety::Unsafe, vec![change]))
}

/// Rewrites a word of an argument, or of the literal that it comes from.
pub(super) fn reword<T>(context: &RuleContext<'_>, fact: &Fact<T>, word: &str, with: &str) -> Option<Fix> {
    let written = context.trails.written(fact.origin);
    let is_shared = written.is_some_and(|written| written.local || written.input || written.branch);
    let within = written.map(|written| written.span).or(fact.span)?;
    let safety = if is_shared { Safety::Unsafe } else { Safety::Safe };
    let change = Change::Reword { within, word: word.to_owned(), with: with.to_owned() };
    Some(Fix::new(format!("write {with} instead of {word}"), safety, vec![change]))
}
