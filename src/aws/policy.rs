//! IAM policies as three-valued functions: does this policy allow that action, deny it, or can nobody tell?
//!
//! Pure: a policy is read from an evaluated value and judged for a [`Request`]. Nothing here knows of roles or endpoints.

pub mod document;
pub mod managed;
pub mod text;

use ipnet::IpNet;

use crate::aws::fact::{Answer, Evidence, Reason, reasons};
use crate::aws::partition::Partition;
use crate::aws::policy::document::{Choice, Condition, Document, Effect, Entries, Principals, Statement};
use crate::aws::policy::managed::Managed;
use crate::aws::policy::text::{Case, Hole, Piece, Text};
use crate::eval::origin::OriginId;
use crate::eval::term::Terms;
use crate::eval::value::{Cause, Causes, InstanceId, Value};
use crate::source::Span;
use crate::truth::Truth;

/// The actions without which no session can be opened (AWS's minimal Session Manager permissions).
pub const CORE_ACTIONS: [&str; 5] = [
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
];

/// The core actions that go to one service's endpoint: `ssm`, `ssmmessages`; nothing for others.
pub fn core_actions_of(service: &str) -> impl Iterator<Item = &'static str> {
    let service = service.to_owned();
    CORE_ACTIONS.into_iter().filter(move |action| action.split(':').next() == Some(service.as_str()))
}

/// A policy: the documents that it may be. More than one when a condition that is not known chooses.
#[derive(Clone, Debug)]
pub struct Policy {
    alternatives: Vec<Source>,
    /// The step that made the policy.
    pub origin: OriginId,
}

#[derive(Clone, Debug)]
enum Source {
    Document(Document),
    Managed(&'static Managed),
}

/// What somebody wants to do.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `ssm:UpdateInstanceInformation`.
    pub action: &'a str,
    /// On what.
    pub resource: Resource<'a>,
    /// The region in which it is asked, when that is known.
    pub region: Option<&'a str>,
    /// Who asks, for policies that name principals.
    pub principal: Principal<'a>,
    /// How the request comes to AWS, for conditions on that.
    pub through: Through<'a>,
}

/// How a request comes to AWS: through which endpoint, and from where.
#[derive(Clone, Copy, Debug, Default)]
pub struct Through<'a> {
    /// Whether it comes through an endpoint, where it has no public address: `aws:SourceIp` is absent then,
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourceip>.
    pub privately: bool,
    /// The resource instance that makes the endpoint.
    pub endpoint: Option<InstanceId>,
    /// The one that makes the endpoint's VPC: `aws:SourceVpc` is the VPC that the endpoint is attached to, also for
    /// requests that come from another one.
    pub vpc: Option<InstanceId>,
    /// The private addresses that it may come from.
    pub addresses: Option<&'a IpNet>,
}

/// What a request is about.
#[derive(Clone, Copy, Debug)]
pub enum Resource<'a> {
    /// The instance itself: `ssm:UpdateInstanceInformation` is checked against its EC2 ARN.
    Instance,
    /// No resource: only a statement for `*` covers it, as for the channels of `ssmmessages`.
    None,
    /// Something of a service that is not named further: `kms`, `logs`, `s3`.
    Of(&'a str),
}

/// Who makes a request.
#[derive(Clone, Copy, Debug)]
pub enum Principal<'a> {
    /// The owner of the policy: principals are not looked at.
    Owner,
    /// A service: one of its names.
    Service(&'a [&'a str]),
    /// A role: the resource instance that makes it, and its name as far as that is known.
    Role(Option<InstanceId>, Option<&'a Text>),
}

/// The names of the EC2 service in trust policies: the one that all partitions know, and those with the domain of another:
/// <https://github.com/aws/aws-cdk/blob/0a5e52a79aa3944d74fdc998f5808f39bffeb2b2/packages/@aws-cdk/region-info/lib/default.ts>.
const EC2_SERVICE: [&str; 7] = [
    "ec2.amazonaws.com",
    "ec2.amazonaws.com.cn",
    "ec2.c2s.ic.gov",
    "ec2.sc2s.sgov.gov",
    "ec2.csp.hci.ic.gov",
    "ec2.cloud.adc-e.uk",
    "ec2.amazonaws.eu",
];

/// The names under which EC2 takes roles in a region; where the region is not known, those of all regions.
pub fn ec2_service(region: Option<&str>) -> Vec<&'static str> {
    let Some(region) = region else { return EC2_SERVICE.to_vec() };
    let own = format!("ec2.{}", Partition::of_region(region).dns_suffix);
    EC2_SERVICE.into_iter().filter(|name| *name == EC2_SERVICE[0] || *name == own).collect()
}

/// The names of Systems Manager in trust policies.
pub const SSM_SERVICE: [&str; 1] = ["ssm.amazonaws.com"];

impl<'a> Request<'a> {
    /// What an agent asks for with one of the core actions.
    pub fn agent(action: &'a str, region: Option<&'a str>) -> Request<'a> {
        let resource = match action.split_once(':') {
            Some(("ssm", _)) => Resource::Instance,
            Some(("ssmmessages" | "ec2messages", _)) | None => Resource::None,
            Some((service, _)) => Resource::Of(service),
        };
        Request { action, resource, region, principal: Principal::Owner, through: Through::default() }
    }

    /// What a service asks for when it takes a role.
    pub fn assume_role(names: &'a [&'a str]) -> Request<'a> {
        Request {
            action: "sts:AssumeRole",
            resource: Resource::None,
            region: None,
            principal: Principal::Service(names),
            through: Through::default(),
        }
    }
}

/// What a policy says to a request.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// Whether a statement allows it.
    pub allow: Answer,
    /// Whether a statement denies it.
    pub deny: Answer,
    /// Why it may hold statements that are not seen, which could also deny; none when it is seen as a whole.
    pub unseen: Option<Causes>,
    /// Why AWS would refuse the policy.
    pub problem: Option<String>,
}

impl Judgement {
    /// A judgement that says nothing: neither allowed nor denied.
    pub fn silent() -> Judgement {
        let no = Answer::new(Truth::No);
        Judgement { allow: no.clone(), deny: no, unseen: None, problem: None }
    }

    /// A judgement of a policy that is not seen at all.
    pub fn unseen(causes: Causes) -> Judgement {
        Judgement {
            allow: Answer::unknown(reasons(&causes, None)),
            unseen: Some(causes),
            ..Judgement::silent()
        }
    }

    /// What holds in the end: allowed, and not denied by a statement that is seen.
    pub fn truth(&self) -> Truth {
        self.allow.truth & !self.deny.truth
    }

    /// The judgement of two policies of one role together.
    pub fn and_also(self, other: Judgement) -> Judgement {
        Judgement {
            allow: Answer::any([self.allow, other.allow]),
            deny: Answer::any([self.deny, other.deny]),
            unseen: join(self.unseen, other.unseen),
            problem: self.problem.or(other.problem),
        }
    }

    /// The judgement when the policy only perhaps applies: nothing is proven by it any more.
    pub fn perhaps(mut self, causes: &Causes) -> Judgement {
        for answer in [&mut self.allow, &mut self.deny] {
            if answer.truth.is_yes() {
                answer.truth = Truth::Unknown;
                answer.reasons = reasons(causes, None);
            }
        }
        self
    }
}

fn join(a: Option<Causes>, b: Option<Causes>) -> Option<Causes> {
    match (a, b) {
        (Some(a), Some(b)) => {
            let mut causes: Vec<Cause> = a.into_iter().chain(b).collect();
            causes.sort();
            causes.dedup();
            Some(causes.into())
        }
        (a, b) => a.or(b),
    }
}

impl Policy {
    /// The patterns in its statements, each statement counted once more.
    pub fn patterns(&self) -> usize {
        let documents = self.alternatives.iter().map(|source| match source {
            Source::Document(document) => document.statements.iter().map(Statement::patterns).sum(),
            Source::Managed(_) => 1,
        });
        documents.sum()
    }

    /// Reads a policy from a string or object.
    pub fn read(value: &Value, terms: &Terms) -> Policy {
        let alternatives = document::read(value, terms).into_iter().map(Source::Document).collect();
        Policy { alternatives, origin: value.origin }
    }

    /// The policy whose statements stand at these places, in their order; nothing where it may be one of several
    /// documents.
    pub fn placed(mut self, places: &[Option<Span>]) -> Policy {
        if let [Source::Document(document)] = self.alternatives.as_mut_slice() {
            for statement in &mut document.statements {
                statement.decl_range = places.get(statement.index).copied().flatten();
            }
        }
        self
    }

    /// A policy that AWS manages, named at `origin`.
    pub fn managed(policy: &'static Managed, origin: OriginId) -> Policy {
        Policy { alternatives: vec![Source::Managed(policy)], origin }
    }

    /// A policy of which nothing is known.
    pub fn unknown(causes: Causes, origin: OriginId) -> Policy {
        let document = Document { unseen: Some(causes), ..Document::default() };
        Policy { alternatives: vec![Source::Document(document)], origin }
    }

    /// A policy that grants nothing: there is none at its ARN.
    pub fn none(origin: OriginId) -> Policy {
        Policy { alternatives: vec![Source::Document(Document::default())], origin }
    }

    /// Why AWS would refuse it, whichever of its documents it is.
    pub fn problem(&self) -> Option<String> {
        let mut problems = self.alternatives.iter().map(|source| match source {
            Source::Document(document) => document.problem.clone(),
            Source::Managed(_) => None,
        });
        let first = problems.next().flatten()?;
        problems.all(|problem| problem.is_some()).then_some(first)
    }

    /// The documents that it may be, those that AWS manages left out.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.alternatives.iter().filter_map(|source| match source {
            Source::Document(document) => Some(document),
            Source::Managed(_) => None,
        })
    }

    /// The name of the policy that AWS manages, if it is one.
    pub fn managed_name(&self) -> Option<&'static str> {
        match self.alternatives.as_slice() {
            [Source::Managed(managed)] => Some(managed.name),
            _ => None,
        }
    }

    /// What the policy says to a request.
    pub fn judge(&self, request: &Request<'_>) -> Judgement {
        let mut judgements = self.alternatives.iter().map(|source| match source {
            Source::Document(document) => judge_document(document, request, self.origin),
            Source::Managed(managed) => judge_managed(managed, request, self.origin),
        });
        let Some(first) = judgements.next() else { return Judgement::silent() };
        judgements.fold(first, either)
    }
}

/// One of two documents applies, and nobody knows which.
fn either(a: Judgement, b: Judgement) -> Judgement {
    let answer = |a: Answer, b: Answer| {
        if a.truth == b.truth {
            return Answer { truth: a.truth, ..Answer::all([a, b]) };
        }
        let reason = Reason::new("it depends on a value that is not known", None);
        let mut evidence = a.evidence;
        evidence.extend(b.evidence);
        Answer { evidence, ..Answer::unknown([reason]) }
    };
    let problem = if a.problem.is_some() { b.problem } else { None };
    Judgement {
        allow: answer(a.allow, b.allow),
        deny: answer(a.deny, b.deny),
        unseen: join(a.unseen, b.unseen),
        problem,
    }
}

fn judge_managed(managed: &'static Managed, request: &Request<'_>, origin: OriginId) -> Judgement {
    let answer = |truth: Truth| match truth {
        Truth::No => Answer::new(truth),
        Truth::Yes | Truth::Unknown => {
            Answer::new(truth).because(Evidence { span: None, origin, note: managed.name.to_owned() })
        }
    };
    Judgement {
        allow: answer(managed.allows(request.action)),
        deny: answer(managed.denies(request.action)),
        unseen: None,
        problem: None,
    }
}

fn judge_document(document: &Document, request: &Request<'_>, origin: OriginId) -> Judgement {
    if document.problem.is_some() {
        return Judgement { problem: document.problem.clone(), ..Judgement::silent() };
    }
    let mut judgement = Judgement::silent();
    for statement in &document.statements {
        let truth = applies(statement, request);
        if truth.is_no() {
            continue;
        }
        let note = match &statement.sid {
            Some(sid) => format!("statement {sid:?}"),
            None if document.statements.len() == 1 => "its statement".to_owned(),
            None => format!("statement {}", statement.index + 1),
        };
        let origin = if statement.origin.is_none() { origin } else { statement.origin };
        let answer = |truth: Truth| Answer {
            truth,
            evidence: vec![Evidence { span: statement.decl_range, origin, note: note.clone() }],
            reasons: if truth.is_unknown() { why_unknown(statement) } else { Vec::new() },
        };
        if statement.effect != Some(Effect::Deny) {
            let truth = if statement.effect.is_some() { truth } else { truth & Truth::Unknown };
            judgement.allow = Answer::any([judgement.allow, answer(truth)]);
        }
        if statement.effect != Some(Effect::Allow) {
            let truth = if statement.effect.is_some() { truth } else { truth & Truth::Unknown };
            judgement.deny = Answer::any([judgement.deny, answer(truth)]);
        }
    }
    if let Some(causes) = &document.unseen {
        let why = if causes.is_empty() { vec![Reason::new(UNSEEN, None)] } else { reasons(causes, None) };
        judgement.allow = Answer::any([judgement.allow, Answer::unknown(why)]);
        judgement.unseen = Some(causes.clone());
    }
    judgement
}

/// Why a policy is not known that is only named.
pub(crate) const UNSEEN: &str = "what the policy allows is not known";

fn why_unknown(statement: &Statement) -> Vec<Reason> {
    if let Some(condition) = statement.conditions.first() {
        let key = if condition.key.is_empty() {
            "a condition".to_owned()
        } else {
            format!("the condition on {}", condition.key)
        };
        return vec![Reason::new(format!("{key} is only decided at run time"), None)];
    }
    let choices = [Some(&statement.actions), statement.resources.as_ref()];
    let mut causes: Vec<Cause> = choices
        .into_iter()
        .flatten()
        .filter_map(|choice| choice.entries.unseen.clone())
        .chain(statement.principals.as_ref().and_then(|principals| principals.unseen.clone()))
        .flatten()
        .collect();
    causes.sort();
    causes.dedup();
    if causes.is_empty() {
        vec![Reason::new("it is not known whether the statement covers the request", None)]
    } else {
        reasons(&causes, None)
    }
}

/// Whether a statement is about a request.
fn applies(statement: &Statement, request: &Request<'_>) -> Truth {
    let action = chosen(&statement.actions, |text| text.matches(request.action, Case::Insensitive));
    let resource = match &statement.resources {
        Some(choice) => chosen(choice, |text| covers(text, request)),
        // Trust policies have no resource.
        None => Truth::Yes,
    };
    let principal = match &statement.principals {
        Some(principals) => concerns(principals, request),
        None => Truth::Yes,
    };
    let conditions = statement.conditions.iter().map(|condition| holds(condition, request));
    action & resource & principal & Truth::all(conditions)
}

fn chosen(choice: &Choice, matches: impl Fn(&Text) -> Truth) -> Truth {
    let any = any_of(&choice.entries, matches);
    if choice.negated { !any } else { any }
}

fn any_of(entries: &Entries, matches: impl Fn(&Text) -> Truth) -> Truth {
    let rest = if entries.unseen.is_some() { Truth::Unknown } else { Truth::No };
    Truth::any(entries.items.iter().map(matches)) | rest
}

/// Whether a resource pattern covers what a request is about.
fn covers(pattern: &Text, request: &Request<'_>) -> Truth {
    if let Some(known) = pattern.known()
        && !known.is_empty()
        && known.chars().all(|c| c == '*')
    {
        return Truth::Yes;
    }
    let service_may_be = |service: &str| may_be_of(pattern, service);
    match request.resource {
        Resource::Instance => covers_instance(pattern, request, service_may_be),
        // Such an action has no ARN to compare with, so anything but `*` is written in error or for other actions.
        Resource::None => {
            let may = ["ssmmessages", "ec2messages", "ssm", "ec2", "sts"].into_iter().any(service_may_be);
            if may { Truth::Unknown } else { Truth::No }
        }
        Resource::Of(service) => {
            if service_may_be(service) {
                Truth::Unknown
            } else {
                Truth::No
            }
        }
    }
}

/// Whether a resource pattern may name something of a service.
fn may_be_of(pattern: &Text, service: &str) -> bool {
    let parts = split(pattern);
    let open = |part: &Text| part.known().is_none_or(|known| known.contains('*'));
    match parts.as_slice() {
        // A wildcard before the service may stand for it as well.
        [arn, partition, ..] if open(arn) || partition.known().is_some_and(|known| known.contains('*')) => {
            parts.len() < 6 || !parts[2].matches(service, Case::Sensitive).is_no()
        }
        [_, _, of, ..] => !of.matches(service, Case::Sensitive).is_no(),
        parts => parts.iter().any(open),
    }
}

fn covers_instance(pattern: &Text, request: &Request<'_>, service_may_be: impl Fn(&str) -> bool) -> Truth {
    let parts = split(pattern);
    if !service_may_be("ec2") {
        // Of Systems Manager's own resources only managed nodes register.
        let other = parts.get(5).and_then(Text::known).is_some_and(|resource| {
            !resource.starts_with(['*', '?']) && !resource.starts_with("managed-instance")
        });
        return if service_may_be("ssm") && !other { Truth::Unknown } else { Truth::No };
    }
    let [_, _, service, region, account, resource] = parts.as_slice() else {
        // A `*` stands for several parts of the ARN.
        return Truth::Unknown;
    };
    let service = service.matches("ec2", Case::Sensitive);
    let region = match (region.known(), request.region) {
        (Some("*"), _) => Truth::Yes,
        (Some(_), Some(here)) => region.matches(here, Case::Sensitive),
        (Some(_), None) => Truth::Unknown,
        // The region of the provider is the one in which the instance is.
        (None, _) if is_attribute(region, &["name", "region", "id"]) => Truth::Yes,
        (None, _) => Truth::Unknown,
    };
    let account = match account.known() {
        Some("*") => Truth::Yes,
        None if is_attribute(account, &["account_id", "id"]) => Truth::Yes,
        _ => Truth::Unknown,
    };
    let resource = match resource.known() {
        Some("*" | "instance/*" | "instance*") => Truth::Yes,
        Some(known) if known.starts_with("instance/") || known.contains(['*', '?']) => {
            if resource.matches("instance/i-0", Case::Sensitive).is_no() && !known.starts_with("instance/") {
                Truth::No
            } else {
                Truth::Unknown
            }
        }
        Some(_) => Truth::No,
        None if resource.known_prefix().is_empty() || resource.known_prefix().starts_with("instance/") => {
            Truth::Unknown
        }
        None => resource.matches("instance/i-0", Case::Sensitive),
    };
    service & region & account & resource
}

fn is_attribute(text: &Text, names: &[&str]) -> bool {
    match text.pieces.as_slice() {
        [Piece::Hole(hole)] => hole.attribute.as_deref().is_some_and(|name| names.contains(&name)),
        _ => false,
    }
}

/// The parts of an ARN, at most six; an unknown part belongs to the one in which it stands.
fn split(pattern: &Text) -> Vec<Text> {
    let mut parts = vec![Text { pieces: Vec::new() }];
    for piece in &pattern.pieces {
        match piece {
            Piece::Hole(_) => {
                if let Some(part) = parts.last_mut() {
                    part.pieces.push(piece.clone());
                }
            }
            Piece::Literal(text) => {
                let room = 7 - parts.len();
                for (i, text) in text.splitn(room, ':').enumerate() {
                    if i > 0 {
                        parts.push(Text { pieces: Vec::new() });
                    }
                    if let (false, Some(part)) = (text.is_empty(), parts.last_mut()) {
                        part.pieces.push(Piece::Literal(text.into()));
                    }
                }
            }
        }
    }
    parts
}

/// Whether a statement's principals include the one who asks.
fn concerns(principals: &Principals, request: &Request<'_>) -> Truth {
    let listed = principals.by_kind.iter().map(|(kind, entries)| {
        any_of(entries, |text| match request.principal {
            Principal::Owner => Truth::Yes,
            // `"*"`, `{"AWS": "*"}` and `{"*": "*"}` all mean everybody.
            _ if text.known() == Some("*") => Truth::Yes,
            Principal::Service(names) => match kind.as_str() {
                "Service" => Truth::any(names.iter().map(|name| is_service(text, name))),
                "AWS" | "Federated" | "CanonicalUser" => Truth::No,
                // A bare string that is not `*` is a service or an account by its form only.
                _ => Truth::Unknown,
            },
            Principal::Role(role, name) => match kind.as_str() {
                "AWS" => is_role(text, role, name),
                "Service" | "Federated" | "CanonicalUser" => Truth::No,
                _ => Truth::Unknown,
            },
        })
    });
    let rest = if principals.unseen.is_some() { Truth::Unknown } else { Truth::No };
    let any = Truth::any(listed) | rest;
    if principals.negated { !any } else { any }
}

fn is_service(text: &Text, name: &str) -> Truth {
    if let [Piece::Literal(before), Piece::Hole(hole)] = text.pieces.as_slice()
        && hole.attribute.as_deref() == Some("dns_suffix")
    {
        return Truth::known(name.strip_prefix(before.as_str()) == Some("amazonaws.com"));
    }
    text.equal(&Text::literal(name))
}

fn is_role(text: &Text, role: Option<InstanceId>, name: Option<&Text>) -> Truth {
    // What the ARN of a resource begins with stands before it, as far as that is known.
    if let [Piece::Hole(hole)] | [Piece::Literal(_), Piece::Hole(hole)] = text.pieces.as_slice()
        && (text.pieces.len() == 1 || hole.attribute.as_deref() == Some("arn"))
    {
        return match (hole.instance, role, hole.attribute.as_deref()) {
            (Some(one), Some(other), Some("arn")) => Truth::known(one == other),
            // The number of the account stands for all roles in it.
            (_, _, Some("account_id")) => Truth::Yes,
            _ => Truth::Unknown,
        };
    }
    let parts = split(text);
    let [_, _, service, _, account, resource] = parts.as_slice() else { return Truth::Unknown };
    if service.known() == Some("iam") && resource.known() == Some("root") {
        return if is_attribute(account, &["account_id", "id"]) { Truth::Yes } else { Truth::Unknown };
    }
    let Some(resource) = resource.known() else { return Truth::Unknown };
    let Some(path) = resource.strip_prefix("role/") else {
        let may_be = resource.starts_with("assumed-role/") || resource.contains('*');
        return if may_be { Truth::Unknown } else { Truth::No };
    };
    let own = path.rsplit('/').next().unwrap_or(path);
    match name {
        Some(name) if !own.contains('*') => name.equal(&Text::literal(own)),
        _ => Truth::Unknown,
    }
}

/// Whether a condition holds for what an agent asks for; `Unknown` for nearly all.
fn holds(condition: &Condition, request: &Request<'_>) -> Truth {
    let operator = condition.operator.to_ascii_lowercase();
    let operator = operator.rsplit(':').next().unwrap_or("");
    let (operator, if_exists) = match operator.strip_suffix("ifexists") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    let equals = |value: &str, case: Case, wildcards: bool| {
        any_of(&condition.values, |text| match (wildcards, text.known()) {
            (true, _) => text.matches(value, case),
            (false, Some(known)) => Truth::known(match case {
                Case::Sensitive => known == value,
                Case::Insensitive => known.eq_ignore_ascii_case(value),
            }),
            (false, None) => text.equal(&Text::literal(value)),
        })
    };
    let is_of = |instance: Option<InstanceId>| {
        let Some(instance) = instance else { return Truth::Unknown };
        let same = any_of(&condition.values, |text| is_id_of(text, instance));
        match operator {
            "stringequals" | "stringequalsignorecase" | "stringlike" => same,
            "stringnotequals" | "stringnotequalsignorecase" | "stringnotlike" => !same,
            _ => Truth::Unknown,
        }
    };
    match condition.key.to_ascii_lowercase().as_str() {
        // The agent speaks HTTPS only.
        "aws:securetransport" if operator == "bool" => equals("true", Case::Insensitive, false),
        "aws:requestedregion" => {
            let Some(region) = request.region else { return Truth::Unknown };
            match operator {
                "stringequals" => equals(region, Case::Sensitive, false),
                "stringequalsignorecase" => equals(region, Case::Insensitive, false),
                "stringlike" => equals(region, Case::Sensitive, true),
                "stringnotequals" => !equals(region, Case::Sensitive, false),
                "stringnotequalsignorecase" => !equals(region, Case::Insensitive, false),
                "stringnotlike" => !equals(region, Case::Sensitive, true),
                _ => Truth::Unknown,
            }
        }
        "aws:sourcevpc" => is_of(request.through.vpc),
        "aws:sourcevpce" => is_of(request.through.endpoint),
        // What is absent is no address in any range, and so outside of all.
        "aws:sourceip" if request.through.privately => match operator {
            "ipaddress" => Truth::known(if_exists),
            "notipaddress" => Truth::Yes,
            _ => Truth::Unknown,
        },
        "aws:vpcsourceip" => {
            let Some(addresses) = request.through.addresses else { return Truth::Unknown };
            let within = any_of(&condition.values, |text| holds_addresses(text, addresses));
            match operator {
                "ipaddress" => within,
                "notipaddress" => !within,
                _ => Truth::Unknown,
            }
        }
        _ => Truth::Unknown,
    }
}

/// Whether a text is the id of what a resource instance makes.
fn is_id_of(text: &Text, instance: InstanceId) -> Truth {
    match text.pieces.as_slice() {
        [Piece::Hole(Hole { instance: Some(other), attribute: Some(name), .. })] if name == "id" => {
            Truth::known(*other == instance)
        }
        _ => Truth::Unknown,
    }
}

/// Whether a range or an address holds all of these addresses; `Unknown` where it holds some.
fn holds_addresses(text: &Text, addresses: &IpNet) -> Truth {
    let Some(known) = text.known() else { return Truth::Unknown };
    let range = known.parse::<IpNet>().or_else(|_| known.parse::<std::net::IpAddr>().map(IpNet::from));
    match range {
        Ok(range) if range.contains(addresses) => Truth::Yes,
        Ok(range) if addresses.contains(&range) => Truth::Unknown,
        Ok(_) => Truth::No,
        Err(_) => Truth::Unknown,
    }
}

#[cfg(test)]
mod tests;
