//! What a chain of links comes to: reachable by which path, broken at which link, or not known and why.

use std::collections::BTreeSet;

use crate::aws::compute::Target;
use crate::aws::fact::Reason;
use crate::aws::trail::Trails;
use crate::proof::Service;
use crate::proof::chain::{Link, Taken, Way};
use crate::source::Span;
use crate::truth::Truth;

/// How the agent reaches the services.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    /// By endpoints of its own VPC.
    Endpoints,
    /// By endpoints of another VPC: its address.
    Hub(String),
    /// Through a NAT gateway.
    Nat,
    /// Through an internet gateway, with a public address.
    InternetGateway,
    /// Through something else that leads to the internet.
    Other,
    /// Some services by endpoints, others over the internet, or not the same in each subnet.
    Mixed,
}

impl Path {
    /// `via endpoints`, `via NAT`.
    pub fn describe(&self) -> String {
        match self {
            Path::Endpoints => "via endpoints".to_owned(),
            Path::Hub(vpc) => format!("via endpoints (hub {vpc})"),
            Path::Nat => "via NAT".to_owned(),
            Path::InternetGateway => "via internet gateway + public IP".to_owned(),
            Path::Other => "via the internet".to_owned(),
            Path::Mixed => "mixed".to_owned(),
        }
    }
}

/// The first link that breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// The link.
    pub link: Link,
    /// The services for which it breaks; none when all need it alike.
    pub services: Vec<Service>,
    /// The subnets in which it breaks, where it holds in others; addresses.
    pub subnets: Vec<String>,
    /// What launches the instances for which it breaks, where it holds for others; mostly addresses of templates.
    pub templates: Vec<String>,
}

impl Break {
    /// `L8 endpoint-sg (ssmmessages)`, `L2 profile with aws_launch_template.old`.
    pub fn describe(&self) -> String {
        let services: Vec<&str> = self.services.iter().map(|service| service.label()).collect();
        let of = if services.is_empty() { String::new() } else { format!(" ({})", services.join(", ")) };
        let within =
            if self.subnets.is_empty() { String::new() } else { format!(" in {}", self.subnets.join(", ")) };
        let with = if self.templates.is_empty() {
            String::new()
        } else {
            format!(" with {}", self.templates.join(", "))
        };
        format!("L{} {}{of}{within}{with}", self.link.number, self.link.name)
    }
}

/// What is proven of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A session opens.
    Reachable(Path),
    /// No session opens, because of this link first.
    Broken(Box<Break>),
    /// Nothing is proven broken, but not all is known.
    Unknown(Vec<Reason>),
}

/// How sure a verdict is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// Every link is proven.
    Proved,
    /// Something is taken for granted; the proof lists it.
    Assumed,
    /// Not known.
    Unknown,
}

impl Confidence {
    /// The word in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Proved => "proved",
            Confidence::Assumed => "assumed",
            Confidence::Unknown => "unknown",
        }
    }
}

/// The proof for one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The target's address.
    pub target: String,
    /// Its header.
    pub decl_range: Option<Span>,
    /// Whether the target exists; the verdict is about it if it does.
    pub exists: Truth,
    /// What follows from the links.
    pub verdict: Verdict,
    /// How sure that is.
    pub confidence: Confidence,
    /// Whether Default Host Management stands in for profile and role.
    pub by_host_management: bool,
    /// The path of each service where it is reached, by service.
    pub paths: Vec<(Service, Path)>,
    /// The links that a session needs, in their order.
    pub links: Vec<Link>,
    /// The links of the command channel, `ec2messages`, which a session of a recent agent does without.
    pub command: Vec<Link>,
    /// The links of what session preferences use: KMS, CloudWatch Logs, S3. A session may open without them.
    pub features: Vec<Link>,
    /// What was taken for granted, in words.
    pub assumptions: Vec<String>,
    /// The assumptions of the user that it rests on, by key.
    pub rests_on: BTreeSet<String>,
}

/// The proof for those of a target's instances that are launched in one way.
#[derive(Clone, Debug)]
pub(super) struct Launched {
    /// The launch template; none for what a target says itself.
    pub(super) template: Option<String>,
    /// Whether any are launched so.
    pub(super) certain: Truth,
    /// The proof.
    pub(super) proof: Proof,
}

impl Proof {
    /// The proof for a target whose instances are launched in several ways: it is reached if all of them are. None
    /// without any.
    pub(super) fn join(mut ways: Vec<Launched>) -> Option<Proof> {
        if ways.len() < 2 {
            return ways.pop().map(|way| way.proof);
        }
        let names: Vec<String> = ways
            .iter()
            .enumerate()
            .map(|(index, way)| way.template.clone().unwrap_or(format!("launch specification {}", index + 1)))
            .collect();
        let agree = ways.iter().all(|way| way.proof.state() == ways[0].proof.state());
        for (way, name) in ways.iter_mut().zip(&names).filter(|_| !agree) {
            // What perhaps launches nothing breaks nothing for certain.
            for link in
                way.proof.links.iter_mut().filter(|link| way.certain.is_unknown() && link.truth.is_no())
            {
                let reason = Reason::new(format!("whether it launches with {name} is not known"), link.span);
                link.truth = Truth::Unknown;
                link.reason.clone_from(&reason.text);
                link.because = vec![reason];
            }
        }
        let mut proof = ways[0].proof.clone();
        let certain = ways.iter().any(|way| way.proof.exists.is_yes());
        proof.exists = if certain { Truth::Yes } else { proof.exists };
        let links = |of: fn(&Proof) -> &[Link]| {
            join_links(ways.iter().zip(&names).map(|(way, name)| (name.as_str(), of(&way.proof))).collect())
        };
        proof.links = links(|proof| &proof.links);
        proof.command = links(|proof| &proof.command);
        proof.features = links(|proof| &proof.features);
        proof.links.sort_by_key(Link::order);
        for other in ways[1..].iter().map(|way| &way.proof) {
            let new = other.paths.iter().filter(|path| !proof.paths.contains(path)).cloned();
            let new: Vec<(Service, Path)> = new.collect();
            proof.paths.extend(new);
            let words = other.assumptions.iter().filter(|words| !proof.assumptions.contains(words)).cloned();
            let words: Vec<String> = words.collect();
            proof.assumptions.extend(words);
            proof.rests_on.extend(other.rests_on.iter().cloned());
            proof.by_host_management &= other.by_host_management;
        }
        proof.decide();
        Some(proof)
    }

    /// Draws the conclusion from the links.
    pub(super) fn conclude(
        target: &Target,
        identity: Vec<Link>,
        ways: Vec<Way>,
        command: Vec<Way>,
        features: Vec<Link>,
        by_host_management: bool,
        taken: Taken,
    ) -> Proof {
        let mut paths: Vec<(Service, Path)> = Vec::new();
        for way in &ways {
            let Some(path) = &way.path else { continue };
            let entry = (way.service, path.clone());
            if !paths.contains(&entry) {
                paths.push(entry);
            }
        }
        let mut links = identity;
        links.extend(ways.into_iter().flat_map(|way| way.links));
        links.sort_by_key(Link::order);
        let mut proof = Proof {
            target: target.declaration.address.clone(),
            decl_range: target.declaration.decl_range,
            exists: target.declaration.exists,
            verdict: Verdict::Unknown(Vec::new()),
            confidence: Confidence::Unknown,
            by_host_management,
            paths,
            links,
            command: command.into_iter().flat_map(|way| way.links).collect(),
            features,
            assumptions: taken.words.into_iter().collect(),
            rests_on: taken.keys,
        };
        proof.decide();
        proof
    }

    fn decide(&mut self) {
        self.settle(verdict(&self.links, &self.paths));
    }

    /// Gives it the verdict that several worlds together come to.
    pub fn settle(&mut self, verdict: Verdict) {
        self.verdict = verdict;
        self.confidence = match &self.verdict {
            Verdict::Unknown(_) => Confidence::Unknown,
            Verdict::Reachable(_) if !self.assumptions.is_empty() => Confidence::Assumed,
            Verdict::Reachable(_) | Verdict::Broken(_) => Confidence::Proved,
        };
    }

    /// `reachable`, `broken` or `unknown`.
    pub fn state(&self) -> &'static str {
        match &self.verdict {
            Verdict::Reachable(_) => "reachable",
            Verdict::Broken(_) => "broken",
            Verdict::Unknown(_) => "unknown",
        }
    }

    /// `REACHABLE via endpoints`, `BROKEN at L8 endpoint-sg (ssmmessages)`, `UNKNOWN because var.vpc_id has no value`.
    pub fn headline(&self) -> String {
        match &self.verdict {
            Verdict::Reachable(path) => {
                let role =
                    if self.by_host_management { ", with the role of Default Host Management" } else { "" };
                format!("REACHABLE {}{role}", path.describe())
            }
            Verdict::Broken(broken) => format!("BROKEN at {}{}", broken.describe(), self.condition()),
            Verdict::Unknown(reasons) => match reasons.as_slice() {
                [] => "UNKNOWN".to_owned(),
                [only] => format!("UNKNOWN because {}", only.text),
                [first, rest @ ..] => format!("UNKNOWN because {}, and {} more", first.text, rest.len()),
            },
        }
    }

    /// Tells how the values came about that break a link or leave it open, and leads each place to one that the user
    /// has: what stands in a built-in summary is shown at the module call.
    pub fn tell(&mut self, trails: &Trails<'_>) {
        self.decl_range = self.decl_range.map(|span| trails.shown(span, None));
        for link in self.links.iter_mut().chain(&mut self.command).chain(&mut self.features) {
            link.span = link.span.map(|span| trails.shown(span, link.decided.as_ref()));
            for reason in &mut link.because {
                reason.span = reason.span.map(|span| trails.shown(span, None));
            }
            if let Some(decided) = link.decided.as_ref().filter(|_| !link.truth.is_yes()) {
                link.trail = trails.steps(decided.origin);
            }
        }
        self.decide();
    }

    /// The link that breaks first.
    pub fn broken(&self) -> Option<&Break> {
        match &self.verdict {
            Verdict::Broken(broken) => Some(broken),
            Verdict::Reachable(_) | Verdict::Unknown(_) => None,
        }
    }

    /// What a broken target is broken under: rules have no finding for what may not exist.
    fn condition(&self) -> &'static str {
        if self.exists.is_unknown() { " if it exists" } else { "" }
    }

    /// The verdict in the words of a count: `via endpoints`, `broken at L8 (SSM002)`, `unknown`.
    pub fn kind(&self) -> String {
        match &self.verdict {
            Verdict::Reachable(Path::Hub(_)) => "via endpoints of another VPC".to_owned(),
            Verdict::Reachable(path) => path.describe(),
            Verdict::Broken(broken) => {
                format!("broken at L{} ({}){}", broken.link.number, broken.link.rule, self.condition())
            }
            Verdict::Unknown(_) => "unknown".to_owned(),
        }
    }
}

/// The links of several ways to launch: once where all have it, else with what it is about.
fn join_links(ways: Vec<(&str, &[Link])>) -> Vec<Link> {
    let mut joined: Vec<Link> = Vec::new();
    for (name, links) in &ways {
        for link in *links {
            let common = ways.iter().all(|(_, others)| others.contains(link));
            if !common {
                joined.push(Link { template: Some((*name).to_owned()), ..link.clone() });
            } else if !joined.contains(link) {
                joined.push(link.clone());
            }
        }
    }
    joined
}

fn verdict(links: &[Link], paths: &[(Service, Path)]) -> Verdict {
    if let Some(first) = links.iter().find(|link| link.truth.is_no()) {
        let same = |link: &&Link| link.number == first.number && link.name == first.name;
        let broken: Vec<&Link> =
            links.iter().filter(same).filter(|link| link.truth.is_no() && link.rule == first.rule).collect();
        let mut services: Vec<Service> = broken.iter().filter_map(|link| link.service).collect();
        services.sort();
        services.dedup();
        let mut subnets: Vec<String> = broken.iter().filter_map(|link| link.subnet.clone()).collect();
        subnets.sort();
        subnets.dedup();
        let in_all =
            links.iter().filter_map(|link| link.subnet.as_ref()).all(|subnet| subnets.contains(subnet));
        if in_all {
            subnets.clear();
        }
        let mut templates: Vec<String> = broken.iter().filter_map(|link| link.template.clone()).collect();
        templates.sort();
        templates.dedup();
        let for_all = broken.iter().any(|link| link.template.is_none())
            || links
                .iter()
                .filter_map(|link| link.template.as_ref())
                .all(|template| templates.contains(template));
        if for_all {
            templates.clear();
        }
        return Verdict::Broken(Box::new(Break { link: first.clone(), services, subnets, templates }));
    }
    let mut reasons: Vec<Reason> = Vec::new();
    let mut open = false;
    for link in links.iter().filter(|link| link.truth.is_unknown()) {
        open = true;
        for reason in &link.because {
            if !reasons.contains(reason) {
                reasons.push(reason.clone());
            }
        }
    }
    if open || paths.is_empty() {
        return Verdict::Unknown(reasons);
    }
    let first = &paths[0].1;
    let uniform = paths.iter().all(|(_, path)| path == first);
    Verdict::Reachable(if uniform { first.clone() } else { Path::Mixed })
}

/// `3 targets: 2 via endpoints, 1 broken at L8 (SSM002)`; none without targets.
pub fn summary<'a>(proofs: impl IntoIterator<Item = &'a Proof>) -> Option<String> {
    let mut kinds: Vec<(u8, String, usize)> = Vec::new();
    let mut count = 0;
    for proof in proofs {
        count += 1;
        let order = match &proof.verdict {
            Verdict::Reachable(_) => 0,
            Verdict::Broken(_) => 1,
            Verdict::Unknown(_) => 2,
        };
        let kind = proof.kind();
        match kinds.iter_mut().find(|(_, other, _)| *other == kind) {
            Some((_, _, number)) => *number += 1,
            None => kinds.push((order, kind, 1)),
        }
    }
    if count == 0 {
        return None;
    }
    kinds.sort();
    let parts: Vec<String> = kinds.into_iter().map(|(_, kind, number)| format!("{number} {kind}")).collect();
    let ending = if count == 1 { "" } else { "s" };
    Some(format!("{count} target{ending}: {}", parts.join(", ")))
}
