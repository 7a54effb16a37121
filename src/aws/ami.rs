//! Whether an image ships the SSM Agent, as far as its choice tells.

use ecow::EcoString;

use crate::aws::fact::{Answer, Evidence, Reason, reasons};
use crate::aws::policy::text::{Case, Text};
use crate::aws::read::{Arg, View};
use crate::aws::{Build, view};
use crate::eval::ResourceInstance;
use crate::eval::origin::OriginId;
use crate::eval::term::{Term, TermId};
use crate::eval::value::Value;
use crate::source::Span;
use crate::truth::Truth;

/// The image of a target.
#[derive(Clone, Debug)]
pub struct Ami {
    /// Whether it ships the agent; the evidence is what chooses the image.
    pub ships_agent: Answer,
    /// What it is, when that is known.
    pub family: Option<Family>,
    /// The name pattern, parameter path or id, for messages.
    pub chosen_by: Option<EcoString>,
}

/// Operating systems whose repositories or agent differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Amazon Linux, with repositories in S3.
    AmazonLinux,
    /// Ubuntu.
    Ubuntu,
    /// SUSE Linux Enterprise.
    Suse,
    /// Windows.
    Windows,
    /// macOS.
    MacOs,
    /// Bottlerocket, whose agent runs in a control container.
    Bottlerocket,
    /// Another one: Red Hat, CentOS, Rocky, Alma, Debian, Fedora.
    Other,
}

/// A kind of image by its name, what it is, and whether it ships the agent.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/ami-preinstalled-agent.html>
const BY_NAME: &[(&str, Family, Truth)] = &[
    ("ubuntu*minimal*", Family::Ubuntu, Truth::No),
    ("*minimal*", Family::AmazonLinux, Truth::No),
    ("*bottlerocket*", Family::Bottlerocket, Truth::Unknown),
    ("al2023-ami-*", Family::AmazonLinux, Truth::Yes),
    ("amzn2-ami-*", Family::AmazonLinux, Truth::Yes),
    ("amzn-ami-*", Family::AmazonLinux, Truth::Yes),
    ("al2022-ami-*", Family::AmazonLinux, Truth::Yes),
    ("amazon-eks-*", Family::AmazonLinux, Truth::Yes),
    ("windows_server-*", Family::Windows, Truth::Yes),
    ("amzn-ec2-macos-*", Family::MacOs, Truth::Yes),
    ("ubuntu/*", Family::Ubuntu, Truth::Yes),
    ("ubuntu-eks/*", Family::Ubuntu, Truth::Yes),
    ("suse-sles-1[25]*", Family::Suse, Truth::Yes),
    ("suse-sles-12*", Family::Suse, Truth::Yes),
    ("suse-sles-15*", Family::Suse, Truth::Yes),
    ("rhel*", Family::Other, Truth::No),
    ("centos*", Family::Other, Truth::No),
    ("rocky*", Family::Other, Truth::No),
    ("almalinux*", Family::Other, Truth::No),
    ("debian-*", Family::Other, Truth::No),
    ("fedora*", Family::Other, Truth::No),
];

/// Owners whose images never ship the agent: Red Hat, CentOS and Fedora, Rocky, Alma, Debian and what it used before.
const OWNERS_WITHOUT_AGENT: [&str; 6] =
    ["309956199498", "125523088429", "792107900819", "764336703387", "136693071363", "379101102735"];
/// Owners whose images are what their names say: Amazon, Canonical, SUSE.
const OWNERS_WITH_AGENT: [&str; 6] =
    ["amazon", "137112412989", "099720109477", "013907871322", "801119661308", "aws-marketplace-suse"];

/// Public parameters that name images, by the start of their path.
const BY_PARAMETER: &[(&str, Family, Truth)] = &[
    ("/aws/service/ami-amazon-linux-latest/*minimal*", Family::AmazonLinux, Truth::No),
    ("/aws/service/ami-amazon-linux-latest/*", Family::AmazonLinux, Truth::Yes),
    ("/aws/service/ecs/optimized-ami/windows*", Family::Windows, Truth::Yes),
    ("/aws/service/ecs/optimized-ami/*", Family::AmazonLinux, Truth::Yes),
    ("/aws/service/eks/optimized-ami/*", Family::AmazonLinux, Truth::Yes),
    ("/aws/service/ami-windows-latest/*", Family::Windows, Truth::Yes),
    ("/aws/service/canonical/ubuntu/*minimal*", Family::Ubuntu, Truth::No),
    ("/aws/service/canonical/ubuntu/*", Family::Ubuntu, Truth::Yes),
    ("/aws/service/suse/*", Family::Suse, Truth::Yes),
    ("/aws/service/bottlerocket/*", Family::Bottlerocket, Truth::Unknown),
    ("/aws/service/debian/*", Family::Other, Truth::No),
];

impl Ami {
    fn undecided(answer: Answer) -> Ami {
        Ami { ships_agent: answer, family: None, chosen_by: None }
    }
}

/// The image that an argument names; `header` is the place of an omitted one.
pub(crate) fn read(arg: Option<&Arg<'_>>, header: Option<Span>, build: &Build<'_>) -> Ami {
    let Some(arg) = arg else {
        return Ami::undecided(Answer::unknown([Reason::new("the image is not given here", header)]));
    };
    let evidence = |note: String| Evidence { span: arg.span, origin: arg.value.origin, note };
    if let Some(text) = arg.value.as_str() {
        if let Some(path) = text.strip_prefix("resolve:ssm:") {
            return of_parameter(path, evidence(format!("the image that {path} names")));
        }
        let reason = Reason::new(format!("what the image {text} holds is not known"), arg.span);
        return Ami { chosen_by: Some(text.into()), ..Ami::undecided(Answer::unknown([reason])) };
    }
    let Some(unknown) = arg.value.as_unknown() else {
        return Ami::undecided(Answer::unknown(reasons(&arg.value.causes(), arg.span)));
    };
    match source(unknown.term, build) {
        Some(instance) => of_data(instance, evidence(instance.addr.to_string())),
        None => Ami::undecided(Answer::unknown(reasons(&unknown.causes, arg.span))),
    }
}

/// The data source whose attribute, or whose list's element, an image id is.
fn source<'a>(term: TermId, build: &Build<'a>) -> Option<&'a ResourceInstance> {
    /// `data.aws_ami_ids.x.ids[0]` is two steps deep.
    const STEPS: usize = 8;
    let mut term = term;
    for _ in 0..STEPS {
        match build.terms().get(term)? {
            Term::Attr(instance, _) => return Some(build.evaluation.instance(*instance)),
            Term::Step(base, _) => term = *base,
            Term::Apply(function, operands) if matches!(function.as_str(), "nonsensitive" | "sensitive") => {
                match operands.first()? {
                    crate::eval::term::Operand::Term(inner) => term = *inner,
                    crate::eval::term::Operand::Known(_) | crate::eval::term::Operand::Text(_) => {
                        return None;
                    }
                }
            }
            Term::Var(_)
            | Term::Output(..)
            | Term::Each(..)
            | Term::Apply(..)
            | Term::Template(_)
            | Term::Json(_)
            | Term::Fresh(..) => return None,
        }
    }
    None
}

fn of_data(instance: &ResourceInstance, evidence: Evidence) -> Ami {
    let view = view(instance);
    match instance.addr.resource.type_name.as_str() {
        "aws_ami" | "aws_ami_ids" => of_search(&view, instance, evidence),
        "aws_ssm_parameter" => match view.text("name").value() {
            Some(Some(path)) => of_parameter(path, evidence),
            Some(None) | None => unknown_image(instance),
        },
        _ => unknown_image(instance),
    }
}

fn unknown_image(instance: &ResourceInstance) -> Ami {
    let reason =
        Reason::new(format!("what the image of {} holds is not known", instance.addr), instance.decl_range);
    Ami::undecided(Answer::unknown([reason]))
}

fn of_parameter(path: &str, evidence: Evidence) -> Ami {
    match BY_PARAMETER.iter().find(|(pattern, ..)| matches(pattern, path)) {
        Some((_, family, truth)) => Ami {
            ships_agent: decided(*truth, evidence),
            family: Some(*family),
            chosen_by: Some(path.into()),
        },
        None => {
            let reason = Reason::new(format!("what the image of {path} holds is not known"), evidence.span);
            Ami { chosen_by: Some(path.into()), ..Ami::undecided(Answer::unknown([reason])) }
        }
    }
}

fn decided(truth: Truth, evidence: Evidence) -> Answer {
    let mut answer = Answer::new(truth).because(evidence.clone());
    if truth.is_unknown() {
        answer.reasons.push(Reason::new("its agent runs in a container of its own", evidence.span));
    }
    answer
}

/// A pattern of this table against a name in any case.
fn matches(pattern: &str, name: &str) -> bool {
    Text::literal(pattern).matches(name, Case::Insensitive).is_yes()
}

fn of_search(view: &View<'_>, instance: &ResourceInstance, evidence: Evidence) -> Ami {
    let owners = strings(view.arg("owners").map(|arg| arg.value));
    let mut names = Vec::new();
    for filter in &view.blocks("filter").items {
        let Some(Some(name)) = filter.view.text("name").value().cloned() else { continue };
        let values = strings(filter.view.arg("values").map(|arg| arg.value)).unwrap_or_default();
        match name.as_str() {
            "name" => names.extend(values),
            // Amazon's own Windows images.
            "platform" if values.iter().any(|value| value == "windows") => {
                names.push("Windows_Server-".into())
            }
            _ => {}
        }
    }
    if names.is_empty()
        && let Some(Some(regex)) = view.text("name_regex").value().cloned()
    {
        names.push(regex.trim_start_matches('^').replace(".*", "*").into());
    }
    let evidence =
        Evidence { span: instance.decl_range.or(evidence.span), origin: OriginId::NONE, ..evidence };
    let verdicts: Vec<(Family, Truth)> = names
        .iter()
        .filter_map(|name| {
            BY_NAME.iter().find(|(pattern, ..)| matches(pattern, name.trim_start_matches('*')))
        })
        .map(|(_, family, truth)| (*family, *truth))
        .collect();
    let chosen_by = names.first().cloned();
    let Some(owners) = owners else {
        // Without owners anybody's image of that name is found.
        let reason =
            Reason::new(format!("{} does not say whose image it is", instance.addr), instance.decl_range);
        let family = verdicts.first().map(|(family, _)| *family);
        return Ami { ships_agent: Answer::unknown([reason]), family, chosen_by };
    };
    let any = |list: &[&str]| owners.iter().any(|owner| list.contains(&owner.as_str()));
    let with = |owner: &EcoString| OWNERS_WITH_AGENT.contains(&owner.as_str());
    let all_trusted = !owners.is_empty() && owners.iter().all(with);
    // What somebody else calls by such a name, also on the Marketplace, may hold the agent.
    let all_known = !owners.is_empty()
        && owners.iter().all(|owner| with(owner) || OWNERS_WITHOUT_AGENT.contains(&owner.as_str()));
    if any(&OWNERS_WITHOUT_AGENT) && owners.len() == 1 {
        return Ami { ships_agent: Answer::no(evidence), family: Some(Family::Other), chosen_by };
    }
    match verdicts.first() {
        Some((family, truth))
            if verdicts.len() == names.len()
                && verdicts.iter().all(|(_, other)| other == truth)
                && (all_trusted || truth.is_no() && all_known) =>
        {
            Ami { ships_agent: decided(*truth, evidence), family: Some(*family), chosen_by }
        }
        _ => {
            let family = verdicts.first().map(|(family, _)| *family);
            Ami { family, chosen_by, ..unknown_image(instance) }
        }
    }
}

/// The strings of a list when all of them are known.
fn strings(value: Option<&Value>) -> Option<Vec<EcoString>> {
    let value = value?;
    match value.as_elements() {
        Some(elements) => elements.iter().map(|element| element.as_str().map(EcoString::from)).collect(),
        None => Some(vec![value.as_str()?.into()]),
    }
}
