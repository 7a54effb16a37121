//! The chain of links that a session of one target hangs on, in the order in which they break.
//!
//! Identity first, once for a target; then for each of its subnets and each service the name, the endpoint or the
//! way to the internet, and what may stand between. Each link is one question to [`Reach`] or the model.

use std::collections::BTreeSet;

use crate::aws::assumption::Assumed;
use crate::aws::cidr::Cidr;
use crate::aws::compute::UserData;
use crate::aws::endpoint::EndpointPolicy;
use crate::aws::fact::{Answer, Evidence, Known, Reason};
use crate::aws::iam::{Misuse, Permission, Verdict as Allowed};
use crate::aws::link::{EndpointId, SubnetId, VpcId};
use crate::aws::network::existence;
use crate::aws::policy::{
    CORE_ACTIONS, Principal, Request, SSM_SERVICE, Through, core_actions_of, ec2_service,
};
use crate::proof::dns::{Misled, Place, Resolution};
use crate::proof::session::needs;
use crate::proof::verdict::{Launched, Path, Proof};
use crate::proof::{Reach, Service, Site};
use crate::source::Span;
use crate::truth::Truth;

/// One link of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number: 0 for the agent up to 10 for the policy of the endpoint.
    pub number: u8,
    /// Its name: `agent`, `dns`, `endpoint-sg`.
    pub name: &'static str,
    /// The service; none for what all services need.
    pub service: Option<Service>,
    /// The address of the target's subnet; none for what does not depend on it.
    pub subnet: Option<String>,
    /// What launches those of the target's instances that it is about; none where it is the same for all of them.
    pub template: Option<String>,
    /// Whether it holds.
    pub truth: Truth,
    /// The line that decides it.
    pub span: Option<Span>,
    /// What stands there, or what is missing: lower case, no full stop.
    pub reason: String,
    /// The code of the rule that reports it when it breaks.
    pub rule: &'static str,
    /// The address of the endpoint that it is about.
    pub endpoint: Option<String>,
    /// For one that is not known: what would settle it.
    pub because: Vec<Reason>,
    /// The place whose value decides it.
    pub decided: Option<Evidence>,
    /// How that value came about, from the use to the line that decided; filled by [`Proof::tell`].
    pub trail: Vec<Evidence>,
}

impl Link {
    /// Where it stands in the chain. Sorting by it is stable, so that services and subnets keep their order within one
    /// link.
    pub(super) fn order(&self) -> (u8, bool) {
        (self.number, self.name == "endpoint-sg")
    }

    /// `ok`, `fail` or `unknown`.
    pub fn state(&self) -> &'static str {
        match self.truth {
            Truth::Yes => "ok",
            Truth::No => "fail",
            Truth::Unknown => "unknown",
        }
    }
}

/// What one service needs in one subnet, and how its name leads there.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) service: Service,
    pub(super) path: Option<Path>,
    pub(super) links: Vec<Link>,
}

/// What a proof takes for granted.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    /// In words.
    pub(super) words: BTreeSet<String>,
    /// The assumptions of the user, by key.
    pub(super) keys: BTreeSet<String>,
}

impl Taken {
    fn add(&mut self, assumed: &Assumed) {
        self.words.insert(assumed.describe());
        self.keys.insert(assumed.key.clone());
    }

    /// What is assumed of Default Host Management, where the configuration does not set it up.
    fn host_management(&mut self, reach: &Reach<'_>, target: &crate::aws::compute::Target) {
        if let Some((assumed, true)) = reach.model.assumptions.host_management()
            && !reach.model.ssm.host_management(&target.region).truth.is_yes()
        {
            self.add(assumed);
        }
    }

    /// What is assumed of names in a VPC and of its endpoints.
    fn names(&mut self, reach: &Reach<'_>, vpc: VpcId, service: Service) {
        let network = &reach.model.network;
        let assumptions = &reach.model.assumptions;
        let vpc_of = network.vpc(vpc);
        let custom = network.custom_dns(vpc).truth;
        if let Some((assumed, _)) = assumptions.dns_forwarder()
            && (custom.is_yes() || custom.is_unknown() && vpc_of.assumed_endpoints.is_none())
        {
            self.add(assumed);
        }
        let present = &reach.presence(vpc, service).endpoints;
        let by_assumption = present.is_empty() || present.iter().any(|id| network.endpoint(*id).assumed);
        if let Some(assumed) = vpc_of.assumed_endpoints.and_then(|index| assumptions.facts.get(index))
            && by_assumption
        {
            self.add(assumed);
        }
        for assumed in vpc_of.assumed_dns.iter().filter_map(|index| assumptions.facts.get(*index)) {
            if present.iter().any(|id| !network.endpoint(*id).assumed) || present.is_empty() {
                self.add(assumed);
            }
        }
    }
}

/// The proofs of all targets, in the order of the model, one for each address. Where there is too much to compare, none
/// is decided.
pub fn prove(reach: &Reach<'_>) -> Vec<Proof> {
    let chains = Chains { reach };
    let limit = reach.limit();
    // The sites of a target, of which there is at least one, stand together.
    let targets = reach.sites.chunk_by(|one, other| one.target == other.target);
    let proofs = targets.filter_map(|sites| {
        let target = reach.target(sites.first()?);
        let proof = match &limit {
            None => chains.target(target, &sites.iter().collect::<Vec<&Site>>()),
            Some(limit) => chains.undecided(target, limit),
        };
        let template = target.template.as_ref().map(|template| template.address.clone());
        Some(Launched { template, certain: target.launched, proof })
    });
    // So do the targets of one address, which are launched in different ways.
    let mut groups: Vec<Vec<Launched>> = Vec::new();
    for launched in proofs {
        match groups.last_mut() {
            Some(group) if group.iter().all(|other| other.proof.target == launched.proof.target) => {
                group.push(launched);
            }
            Some(_) | None => groups.push(vec![launched]),
        }
    }
    groups.into_iter().filter_map(Proof::join).collect()
}

struct Chains<'a> {
    reach: &'a Reach<'a>,
}

/// What is said of a link when it holds and when it does not.
struct Words {
    holds: String,
    fails: String,
}

fn words(holds: impl Into<String>, fails: impl Into<String>) -> Words {
    Words { holds: holds.into(), fails: fails.into() }
}

impl Chains<'_> {
    fn undecided(&self, target: &crate::aws::compute::Target, why: &str) -> Proof {
        let unknown = Answer::unknown([Reason::new(why, target.declaration.decl_range)]);
        let link = self.link(5, "dns", unknown, "SSM005", words("", ""));
        Proof::conclude(target, vec![link], Vec::new(), Vec::new(), Vec::new(), false, Taken::default())
    }

    fn target(&self, target: &crate::aws::compute::Target, sites: &[&Site]) -> Proof {
        let mut taken = Taken::default();
        let mut links = vec![self.agent(target, &mut taken), self.metadata(target)];
        let by_host_management = self.identity(target, sites, &mut links, &mut taken);
        let mut ways = Vec::new();
        let mut command = Vec::new();
        for site in sites {
            for service in Service::ALL {
                let needed = site.vpc.to().is_none_or(|vpc| self.reach.needs(vpc, service));
                if !needed {
                    continue;
                }
                let way = self.way(site, service, &mut taken);
                if service == Service::Ec2Messages {
                    command.push(way);
                } else {
                    ways.push(way);
                }
            }
        }
        let features = self.features(sites);
        Proof::conclude(target, links, ways, command, features, by_host_management, taken)
    }

    /// What session preferences use: a link of each service and subnet, apart from those that a session hangs on.
    fn features(&self, sites: &[&Site]) -> Vec<Link> {
        let network = &self.reach.model.network;
        let mut links: Vec<Link> = Vec::new();
        let region = sites.first().map(|site| &self.reach.target(site).region);
        for preferences in &self.reach.model.ssm.preferences {
            let Some(here) = region.map(|region| preferences.are_of(region)) else { continue };
            if here.truth.is_no() {
                continue;
            }
            let exists = existence(&preferences.declaration);
            for need in needs(preferences).into_iter().filter(|need| !need.used.truth.is_no()) {
                let used = Answer::all([exists.clone(), need.used, here.clone()]);
                for site in sites {
                    let served = self.reach.feature_served(site, need.service);
                    let served = match used.truth {
                        // What is perhaps not used breaks nothing for certain.
                        Truth::Unknown if !served.truth.is_yes() => Answer::unknown(used.reasons.clone()),
                        Truth::Yes | Truth::No | Truth::Unknown => served,
                    };
                    let address = &preferences.declaration.address;
                    let words = words(
                        format!("{address} {}, and it is reached", need.what),
                        format!("{address} {}, and there is no way to it", need.what),
                    );
                    let mut link = self.link(6, need.service, served, "SSM027", words);
                    link.subnet =
                        site.subnet.map(|subnet| network.subnet(subnet).declaration.address.clone());
                    if !links.contains(&link) {
                        links.push(link);
                    }
                }
            }
        }
        links
    }

    fn link(&self, number: u8, name: &'static str, answer: Answer, rule: &'static str, words: Words) -> Link {
        let decided = answer.evidence.iter().find(|evidence| evidence.span.is_some());
        let decided = decided.or(answer.evidence.first());
        let mut because = Vec::new();
        for reason in answer.reasons.iter().filter(|_| answer.truth.is_unknown()) {
            if !because.contains(reason) {
                because.push(reason.clone());
            }
        }
        let reason = match answer.truth {
            Truth::Yes => words.holds,
            Truth::No => words.fails,
            Truth::Unknown if because.is_empty() => "not known".to_owned(),
            Truth::Unknown => {
                let mut texts: Vec<&str> = Vec::new();
                for reason in &because {
                    if !texts.contains(&reason.text.as_str()) {
                        texts.push(&reason.text);
                    }
                }
                texts.join("; ")
            }
        };
        let from_reason = because.iter().find_map(|reason| reason.span);
        let own = decided.and_then(|evidence| evidence.span);
        let span = if answer.truth.is_unknown() { from_reason.or(own) } else { own };
        let decided = decided.cloned();
        Link {
            number,
            name,
            service: None,
            subnet: None,
            template: None,
            endpoint: None,
            truth: answer.truth,
            span,
            reason,
            rule,
            because,
            decided,
            trail: Vec::new(),
        }
    }

    /// L0: the image has the agent. An image of which that is not known is taken to have it.
    fn agent(&self, target: &crate::aws::compute::Target, taken: &mut Taken) -> Link {
        let ami = &target.ami;
        let mut answer = ami.ships_agent.clone();
        let image = ami.chosen_by.as_ref().map_or_else(|| "the image".to_owned(), |by| by.to_string());
        let holds = if answer.truth.is_unknown() {
            taken.words.insert("the image has the SSM Agent".to_owned());
            answer.truth = Truth::Yes;
            format!("{image}: assumed to have the SSM Agent")
        } else {
            format!("{image} has the SSM Agent")
        };
        let installs = target.user_data.as_ref().is_some_and(UserData::may_run);
        if answer.truth.is_no() && installs {
            let text = "whether the user data installs the agent is not known";
            answer.truth = Truth::Unknown;
            answer.reasons =
                vec![Reason::new(text, target.user_data.as_ref().and_then(|data| data.evidence.span))];
        }
        let mut link = self.link(
            0,
            "agent",
            answer,
            "SSM026",
            words(holds, format!("{image} comes without the SSM Agent")),
        );
        link.span = link.span.or(target.declaration.decl_range);
        link
    }

    /// L1: the metadata service gives the agent its identity.
    fn metadata(&self, target: &crate::aws::compute::Target) -> Link {
        let words = words("the metadata service is on", "the metadata service is off");
        self.link(1, "imds", target.has_metadata(), "SSM020", words)
    }

    /// L2 to L4: profile, trust and permissions; whether Default Host Management stands in for them.
    fn identity(
        &self,
        target: &crate::aws::compute::Target,
        sites: &[&Site],
        links: &mut Vec<Link>,
        taken: &mut Taken,
    ) -> bool {
        let iam = &self.reach.model.iam;
        let argument = &target.profile;
        let evidence = Evidence { span: argument.span, origin: argument.origin, note: String::new() };
        let managed = self.reach.host_management_of(target);
        let mut stands_in = |links: &mut Vec<Link>| {
            taken.host_management(self.reach, target);
            if let Some(role) = self.reach.management_role(target) {
                let address = &iam.role(role).declaration.address;
                let fails =
                    format!("Systems Manager may not assume {address}, the role of Default Host Management");
                let words_of_trust = words(format!("Systems Manager may assume {address}"), fails);
                links.push(self.link(3, "trust", iam.trusts(role, &SSM_SERVICE), "SSM010", words_of_trust));
                let region = sites.iter().find_map(|site| self.reach.region(site));
                let allows = CORE_ACTIONS.iter().map(|action| iam.permission(role, action, region).answer());
                let mut allows = Answer::all(allows);
                if allows.evidence.iter().all(|evidence| evidence.span.is_none()) {
                    allows.evidence.push(iam.role(role).declaration.evidence(""));
                }
                let fails = format!(
                    "{address}, the role of Default Host Management, does not allow what a session needs"
                );
                let words_of_role =
                    words(format!("Default Host Management gives the instance {address}"), fails);
                links.push(self.link(4, "permissions", allows, "SSM004", words_of_role));
                return true;
            }
            let words = words("Default Host Management gives the instance a role", "");
            links.push(self.link(4, "permissions", managed.clone(), "SSM004", words));
            true
        };

        let profile = argument.link.to().map(|id| iam.profile(id));
        let (mut present, rule, fails) = match &argument.misuse {
            Some(Misuse::RoleForProfile(role) | Misuse::NameOfRole(role)) if profile.is_none() => {
                let role = &iam.role(*role).declaration.address;
                (Truth::No, "SSM009", format!("{role} is a role and no instance profile"))
            }
            Some(Misuse::QuotedReference(text)) => {
                (Truth::No, "SSM009", format!("in quotes, {text} is a text and not a reference"))
            }
            Some(Misuse::ArnForName) => {
                (Truth::No, "SSM009", "an ARN stands where the name of the profile belongs".to_owned())
            }
            Some(Misuse::NameForArn) => {
                (Truth::No, "SSM009", "a name stands where the ARN of the profile belongs".to_owned())
            }
            Some(Misuse::ArnOfRole) => {
                (Truth::No, "SSM009", "this is the ARN of a role and no instance profile".to_owned())
            }
            Some(Misuse::RoleForProfile(_) | Misuse::NameOfRole(_) | Misuse::NameWithoutReference(_))
            | None => (argument.present, "SSM008", "no instance profile".to_owned()),
        };
        let mut fails = fails;
        let mut rule = rule;
        if let Some(profile) = profile.filter(|profile| profile.role.is_none() && !profile.looked_up) {
            present = Truth::No;
            rule = "SSM009";
            fails = format!("{} holds no role", profile.declaration.address);
        }
        let role_argument = profile.and_then(|profile| profile.role.as_ref());
        let misnamed = role_argument.and_then(|role| Some((role, role.misnamed()?)));
        let mut evidence = evidence;
        if let (Some(profile), Some((role, what))) = (profile, misnamed) {
            present = Truth::No;
            rule = "SSM009";
            fails = format!("{} is given {what}", profile.declaration.address);
            evidence = role.reference.evidence("");
        }
        let mut answer =
            Answer { truth: present, evidence: vec![evidence], reasons: argument.reasons.clone() };
        if present.is_no() && rule == "SSM008" && !managed.truth.is_no() {
            let words = words("no instance profile; Default Host Management stands in", "");
            answer.evidence = managed.evidence.clone();
            answer.truth = managed.truth;
            answer.reasons = managed.reasons.clone();
            links.push(self.link(2, "profile", answer, rule, words));
            return managed.truth.is_yes() && stands_in(links);
        }
        let holds = profile.map_or_else(
            || "an instance profile is set".to_owned(),
            |profile| profile.declaration.address.clone(),
        );
        let broken = answer.truth.is_no();
        links.push(self.link(2, "profile", answer, rule, words(holds, fails)));
        if broken {
            return false;
        }

        let Some(site) = sites.first() else { return false };
        let Some(id) = self.reach.role(site) else {
            let mut why = argument.reasons.clone();
            if why.is_empty() {
                why.push(Reason::new("the role of the instance profile is not known", argument.span));
            }
            for (number, name, rule) in [(3, "trust", "SSM010"), (4, "permissions", "SSM004")] {
                links.push(self.link(number, name, Answer::unknown(why.clone()), rule, words("", "")));
            }
            return false;
        };
        let role = iam.role(id);
        let address = &role.declaration.address;
        let region = sites.iter().find_map(|site| self.reach.region(site));
        let mut trusts = iam.trusts(id, &ec2_service(region));
        if trusts.evidence.iter().all(|evidence| evidence.span.is_none()) {
            trusts.evidence.push(role.declaration.evidence(""));
        }
        let words_of_trust =
            words(format!("EC2 may assume {address}"), format!("EC2 may not assume {address}"));
        let permissions: Vec<Permission> =
            CORE_ACTIONS.iter().map(|action| iam.permission(id, action, region)).collect();
        let mut allows = Answer::all(permissions.iter().map(Permission::answer));
        let registers = permissions.first().map_or(Truth::Unknown, |permission| permission.answer().truth);
        links.push(self.link(3, "trust", trusts, "SSM010", words_of_trust));
        // AWS falls back to Default Host Management only where registration is refused.
        if allows.truth.is_no() && registers.is_no() && managed.truth.is_yes() {
            return stands_in(links);
        }
        let mut policies: Vec<String> = Vec::new();
        for evidence in permissions.iter().flat_map(|permission| &permission.allow.evidence) {
            if !evidence.note.is_empty() && !policies.contains(&evidence.note) {
                policies.push(evidence.note.clone());
            }
        }
        let holds = if allows.truth.is_yes() && !policies.is_empty() {
            policies.join(", ")
        } else {
            format!("{address} allows what a session needs")
        };
        let refused = permissions.iter().filter(|permission| permission.answer().truth.is_no());
        let refused: Vec<&Permission> = refused.collect();
        let fails = match refused.first().map(|permission| permission.verdict()) {
            Some(Allowed::Denied) => format!("a policy denies {}", refused[0].action),
            Some(Allowed::OutsideBoundary) => format!("the boundary leaves {} out", refused[0].action),
            Some(Allowed::Allowed | Allowed::NotAllowed | Allowed::Unknown) | None => {
                let actions: Vec<&str> =
                    refused.iter().map(|permission| permission.action.as_str()).collect();
                if actions.len() == permissions.len() {
                    format!("{address} allows nothing of what a session needs")
                } else {
                    format!("{address} does not allow {}", actions.join(", "))
                }
            }
        };
        // A permission that no policy gives is missing at the role, not at the policies that give others.
        let is_missing =
            refused.first().is_some_and(|permission| permission.verdict() == Allowed::NotAllowed);
        if is_missing || allows.evidence.iter().all(|evidence| evidence.span.is_none()) {
            allows.evidence.insert(0, role.declaration.evidence(""));
        }
        links.push(self.link(4, "permissions", allows, "SSM004", words(holds, fails)));
        false
    }

    /// L5 to L10 of one service in one subnet; after the name or the endpoint breaks, nothing further is asked.
    fn way(&self, site: &Site, service: Service, taken: &mut Taken) -> Way {
        let network = &self.reach.model.network;
        let mut links = Vec::new();
        let path = match site.vpc.to() {
            None => {
                let target = self.reach.target(site);
                let mut why = site.internet.reasons.clone();
                if why.is_empty() {
                    let text = format!("the VPC of {} is not known", target.address());
                    why.push(Reason::new(text, target.declaration.decl_range));
                }
                links.push(self.link(5, "dns", Answer::unknown(why), "SSM005", words("", "")));
                None
            }
            Some(vpc) => {
                taken.names(self.reach, vpc, service);
                self.by_name(site, vpc, service, &mut links)
            }
        };
        let subnet = site.subnet.map(|subnet| network.subnet(subnet).declaration.address.clone());
        // That it is in this subnet at all may be in doubt; then nothing here is proven broken.
        let member = site.subnet.and_then(|subnet| {
            let members = &self.reach.target(site).subnets.members;
            members.iter().find(|member| member.to == subnet).map(|member| (member.certain, member.span))
        });
        let doubtful = member.filter(|(certain, _)| !certain.is_yes());
        for link in &mut links {
            link.service = Some(service);
            link.subnet.clone_from(&subnet);
            if let Some((_, span)) = doubtful.filter(|_| link.truth.is_no()) {
                let text = format!(
                    "whether {} is in {} is not known",
                    self.reach.target(site).address(),
                    subnet.as_deref().unwrap_or("this subnet")
                );
                link.truth = Truth::Unknown;
                link.because = vec![Reason::new(text, span)];
            }
        }
        Way { service, path, links }
    }

    fn by_name(&self, site: &Site, vpc: VpcId, service: Service, links: &mut Vec<Link>) -> Option<Path> {
        let network = &self.reach.model.network;
        let label = service.label();
        if let Some(reason) = self.reach.target(site).names_endpoints() {
            links.push(self.link(5, "dns", Answer::unknown([reason]), "SSM001", words("", "")));
            return None;
        }
        let target = self.reach.target(site);
        if let Some(span) = target.groups_beside_interface.filter(|_| site.certain.is_yes()) {
            let refused = Answer::no(Evidence::at(Some(span), ""));
            let fails = "the security groups stand beside a network interface that has none";
            links.push(self.link(5, "instance-sg", refused, "SSM007", words("", fails)));
            return None;
        }
        if let Some(group) =
            self.reach.foreign_group(&target.groups, &site.vpc).filter(|_| site.certain.is_yes())
        {
            let group = &network.group(group).declaration;
            let fails = format!("{} is of another VPC than {}", group.address, target.address());
            let refused = Answer::no(Evidence { span: target.groups.span, ..group.evidence("") });
            links.push(self.link(5, "instance-sg", refused, "SSM007", words("", fails)));
            return None;
        }
        let claims = self.reach.owners(vpc, service);
        if let (true, [first, second, ..]) = (claims.endpoints.is_empty(), claims.zones.as_slice()) {
            let (first, second) = (&network.zone(*first).declaration, &network.zone(*second).declaration);
            let fails = format!("{} and {} both claim the name of {label}", first.address, second.address);
            links.push(self.link(5, "dns", Answer::no(second.evidence("")), "SSM014", words("", fails)));
            return None;
        }
        let resolution = self.reach.resolve(vpc, service);
        let answer = resolution.answer.clone();
        match &resolution.place {
            Place::Unknown => {
                links.push(self.link(5, "dns", answer, "SSM005", words("", "")));
                links.extend(self.shut_in(site));
                None
            }
            Place::Broken => {
                let (rule, why) = self.why_broken(vpc, service);
                let fails = format!("{label} leads nowhere: {why}");
                let answer = Answer { truth: Truth::No, ..answer };
                links.push(self.link(5, "dns", answer, rule, words("", fails)));
                None
            }
            Place::Endpoint(ids) => {
                let [id, ..] = ids.as_slice() else { return None };
                let endpoint = network.endpoint(*id);
                if let [first, second, ..] = claims.endpoints.as_slice() {
                    let first = &network.endpoint(*first).declaration;
                    let second = &network.endpoint(*second).declaration;
                    let fails =
                        format!("{} and {} both claim the name of {label}", first.address, second.address);
                    links.push(self.link(
                        5,
                        "dns",
                        Answer::no(second.evidence("")),
                        "SSM014",
                        words("", fails),
                    ));
                    return None;
                }
                if let Some(zone) = claims.zones.first() {
                    let zone = &network.zone(*zone).declaration;
                    let fails = format!(
                        "{} and {} both claim the name of {label}",
                        endpoint.declaration.address, zone.address
                    );
                    let refused = Answer::no(endpoint.private_dns.evidence("")).because(zone.evidence(""));
                    links.push(self.link(5, "dns", refused, "SSM014", words("", fails)));
                    return None;
                }
                let claimed = claims.possible_zones.iter().map(|(_, claim)| claim.clone().negate());
                let answer = Answer::all(std::iter::once(answer).chain(claimed));
                let holds = format!("{label} -> {} (private DNS)", endpoint.declaration.address);
                links.push(self.link(5, "dns", answer, "SSM001", words(holds, "")));
                self.through_endpoint(site, vpc, *id, service, None, links)
            }
            Place::Zone(zone, id) => {
                let endpoint = network.endpoint(*id);
                let zone = &network.zone(*zone).declaration.address;
                let holds = format!("{label} -> {} (zone {zone})", endpoint.declaration.address);
                links.push(self.link(5, "dns", answer, "SSM015", words(holds, "")));
                let hub = endpoint.vpc.link.to().filter(|hub| *hub != vpc);
                self.through_endpoint(site, vpc, *id, service, hub, links)
            }
            Place::Public => {
                if !site.internet.truth.is_yes()
                    && let Some(link) = self.uncaptured(vpc, service, resolution)
                    && site.internet.truth.is_no()
                {
                    links.push(link);
                    return None;
                }
                let holds = format!("{label} -> public addresses, since no endpoint takes the name");
                links.push(self.link(5, "dns", answer, "SSM001", words(holds, "")));
                self.through_internet(site, vpc, service, links)
            }
        }
    }

    /// The groups of a site as a broken link, where they let nothing out on the port, wherever the name leads.
    fn shut_in(&self, site: &Site) -> Option<Link> {
        let admission = self.reach.site_admits_internet(site);
        let nothing = admission.answer.truth.is_no() && admission.candidates.is_empty();
        let groups = &self.reach.target(site).groups;
        let side = Side::Out("anywhere");
        nothing.then(|| self.group_link(8, "instance-sg", "SSM007", admission.answer, groups, side))
    }

    fn why_broken(&self, vpc: VpcId, service: Service) -> (&'static str, String) {
        let network = &self.reach.model.network;
        let attributes = network.vpc(vpc);
        let region = attributes.region.value().and_then(Option::as_ref).map(|region| region.as_str());
        let (exact, parent) = network.forwards(vpc, service.label(), region);
        if attributes.dns_support.is(&true).is_no() {
            ("SSM005", format!("DNS support of {} is off", attributes.declaration.address))
        } else if network.custom_dns(vpc).truth.is_yes()
            && self.reach.model.assumptions.dns_forwarder().is_some_and(|(_, forwards)| !forwards)
        {
            ("SSM018", "the DNS servers do not forward to Amazon's".to_owned())
        } else if exact.truth.is_yes() {
            ("SSM018", "a resolver rule takes the name away".to_owned())
        } else if parent.truth.is_yes() {
            ("SSM001", "no private DNS keeps a resolver rule from taking the name away".to_owned())
        } else if network.firewall_blocks(vpc, service.label(), region).truth.is_yes() {
            ("SSM018", "a DNS firewall blocks the name".to_owned())
        } else {
            let rule = if self.reach.is_shared(vpc) { "SSM015" } else { "SSM001" };
            let why = match self.reach.misleading_zone(vpc, service) {
                Some(Misled::ToAnother(_, endpoint)) => {
                    let endpoint = network.endpoint(endpoint);
                    let what = endpoint.differs(service.label());
                    format!(
                        "a private zone leads it to {}, which is of another {what}",
                        endpoint.declaration.address
                    )
                }
                Some(Misled::Nowhere(_)) | None => {
                    "a private zone of that domain has no record for it".to_owned()
                }
            };
            (rule, why)
        }
    }

    /// The endpoint that is there although the name does not lead to it, as a broken link; none when there is none.
    fn uncaptured(&self, vpc: VpcId, service: Service, resolution: &Resolution) -> Option<Link> {
        let network = &self.reach.model.network;
        let label = service.label();
        debug_assert!(resolution.place == Place::Public);
        let of = &network.vpc(vpc).declaration.address;
        let both = network.dns_attributes(vpc);
        let region = network.vpc(vpc).region.value().and_then(Option::as_ref).map(|region| region.as_str());
        // A zone takes the place of private DNS, which is off on purpose.
        let zone = network.zones_for(vpc, label, region).into_iter().find(|zone| {
            (zone.exact & zone.associated.truth & zone.record.truth).is_yes() && both.truth.is_no()
        });
        if let Some(zone) = zone {
            let zone = &network.zone(zone.zone).declaration.address;
            let fails =
                format!("DNS hostnames or support of {of} are off, so {zone} does not answer for {label}");
            return Some(self.link(5, "dns", both, "SSM005", words("", fails)));
        }
        for id in self.reach.presence(vpc, service).endpoints.iter().copied() {
            let endpoint = network.endpoint(id);
            let is_it = endpoint.service.is(label) & endpoint.vpc.link.is(vpc) & endpoint.declaration.exists;
            if !is_it.is_yes() {
                continue;
            }
            let address = &endpoint.declaration.address;
            if endpoint.is_interface().is_no() {
                let kind = endpoint.endpoint_type.ask("", |kind| Truth::known(kind == "Interface"));
                let fails = format!("{address} is no interface endpoint, so {label} does not lead to it");
                return Some(self.link(5, "dns", kind, "SSM011", words("", fails)));
            }
            let private = endpoint.private_dns.ask("", |on| Truth::known(*on));
            if private.truth.is_no() {
                let fails = format!("private DNS of {address} is off, so {label} does not lead to it");
                return Some(self.link(5, "dns", private, "SSM001", words("", fails)));
            }
            if both.truth.is_no() {
                let fails = format!(
                    "DNS hostnames or support of {of} are off, so {label} does not lead to {address}"
                );
                return Some(self.link(5, "dns", both, "SSM005", words("", fails)));
            }
        }
        None
    }

    fn through_endpoint(
        &self,
        site: &Site,
        vpc: VpcId,
        id: EndpointId,
        service: Service,
        hub: Option<VpcId>,
        links: &mut Vec<Link>,
    ) -> Option<Path> {
        let network = &self.reach.model.network;
        let endpoint = network.endpoint(id);
        let address = &endpoint.declaration.address;
        let mut usable = network.is_usable(id);
        let refusal = self.reach.refusal(id).filter(|_| !endpoint.is_interface().is_no());
        let (rule, fails) = if endpoint.is_interface().is_no() {
            ("SSM011", format!("{address} is no interface endpoint"))
        } else if let Some(refusal) = refusal {
            usable = Answer { evidence: refusal.evidence, ..Answer::new(Truth::No) };
            (refusal.rule, refusal.reason)
        } else {
            let family = self.reach.shares_family(site, id);
            if family.truth.is_no() {
                usable = family;
                ("SSM012", format!("{address} has IPv4 addresses only, and the instance has none"))
            } else {
                usable = if family.truth.is_unknown() { Answer::all([usable, family]) } else { usable };
                for abroad in [self.reach.in_another_region(id), self.reach.asks_for_another_region(id)] {
                    usable = if abroad.truth.is_unknown() {
                        Answer::all([usable, abroad.negate()])
                    } else {
                        usable
                    };
                }
                ("SSM003", format!("{address} does not exist"))
            }
        };
        let broken = usable.truth.is_no();
        let mut link = self.link(6, "endpoint", usable, rule, words(address.clone(), fails));
        if link.truth.is_yes() {
            link.span = endpoint.declaration.decl_range;
        }
        link.endpoint = Some(address.clone());
        links.push(link);
        if broken {
            return None;
        }
        links.push(self.route(site, vpc, id, hub));

        let target = self.reach.target(site);
        if endpoint.assumed {
            let out = self.reach.site_admits_vpc(site, vpc).answer;
            links.push(self.group_link(8, "instance-sg", "SSM007", out, &target.groups, Side::Out(address)));
            return Some(Path::Endpoints);
        }
        let subnets: Vec<SubnetId> = endpoint.subnets.ids().collect();
        // DNS alternates between the interfaces of an endpoint: one that is admitted is enough now and then.
        let out = Answer::any(subnets.iter().map(|subnet| self.reach.site_admits(site, id, *subnet).answer));
        let out = if subnets.is_empty() { no_subnet(address, endpoint.declaration.decl_range) } else { out };
        links.push(self.group_link(8, "instance-sg", "SSM007", out, &target.groups, Side::Out(address)));
        let inward = match self.reach.endpoint_admits(site, id) {
            Some(admission) => admission.answer,
            None => no_subnet(target.address(), target.declaration.decl_range),
        };
        let whence = site.subnet.map(|subnet| network.subnet(subnet).declaration.address.clone());
        let whence = whence.unwrap_or_else(|| target.address().to_owned());
        links.push(self.group_link(8, "endpoint-sg", "SSM002", inward, &endpoint.groups, Side::In(&whence)));

        let ephemeral = self.reach.ephemeral(site);
        let lookups = site.subnet.map(|near| {
            let far = subnets.iter().filter_map(|far| network.acl_lookups(near, *far, ephemeral));
            Answer::all(far.map(|lookups| lookups.all()))
        });
        let lookups = lookups.unwrap_or_else(|| no_subnet(target.address(), target.declaration.decl_range));
        let fails = lookups.evidence.first().map_or_else(String::new, |evidence| evidence.note.clone());
        let words_of_acl = words("network ACLs let HTTPS through both ways", fails);
        links.push(self.link(9, "nacl", lookups, "SSM017", words_of_acl));

        let policy = self.reach.endpoint_lets_through(site, id, service);
        let fails = format!("the policy of {address} keeps the agent from calling {}", service.label());
        let holds = if endpoint.policies.is_empty() {
            "without a policy everything passes"
        } else {
            "the policy lets the agent through"
        };
        let rule = if self.reach.keeps_guests_out(site, id, service) { "SSM015" } else { "SSM019" };
        links.push(self.link(10, "endpoint-policy", policy, rule, words(holds, fails)));
        Some(match hub {
            Some(hub) => Path::Hub(network.vpc(hub).declaration.address.clone()),
            None => Path::Endpoints,
        })
    }

    /// L7 to an endpoint: within the VPC there is always a route; to another VPC both sides need one.
    fn route(&self, site: &Site, vpc: VpcId, id: EndpointId, hub: Option<VpcId>) -> Link {
        let network = &self.reach.model.network;
        let declaration = &network.vpc(vpc).declaration;
        let Some(hub) = hub else {
            let words = words(format!("local within {}", declaration.address), "");
            return self.link(7, "route", Answer::yes(declaration.evidence("")), "SSM015", words);
        };
        let far: Vec<SubnetId> = network.endpoint(id).subnets.ids().collect();
        let there = site.subnet.map(|subnet| {
            let ways = far.iter().map(|far| network.route_between(subnet, hub, Some(*far)));
            if far.is_empty() { network.route_between(subnet, hub, None) } else { Answer::all(ways) }
        });
        let back = far.iter().map(|subnet| network.route_between(*subnet, vpc, site.subnet));
        let unknown =
            || no_subnet(self.reach.target(site).address(), self.reach.target(site).declaration.decl_range);
        let answer = Answer::all(std::iter::once(there.unwrap_or_else(unknown)).chain(back));
        let hub = &network.vpc(hub).declaration.address;
        let words = words(
            format!("routes lead to {hub} and back"),
            format!("no route between {} and {hub}", declaration.address),
        );
        self.link(7, "route", answer, "SSM015", words)
    }

    fn group_link(
        &self,
        number: u8,
        name: &'static str,
        rule: &'static str,
        answer: Answer,
        groups: &crate::aws::link::LinkSet<crate::aws::link::GroupId>,
        side: Side<'_>,
    ) -> Link {
        let network = &self.reach.model.network;
        let names: Vec<&str> =
            groups.ids().map(|id| network.group(id).declaration.address.as_str()).collect();
        let who = if names.is_empty() { "no security group".to_owned() } else { names.join(", ") };
        let (holds, fails) = match side {
            Side::Out(to) => (format!("{who} lets 443 out"), format!("{who} lets no 443 out to {to}")),
            Side::In(from) => {
                (format!("{who} admits 443 from {from}"), format!("{who} does not admit 443 from {from}"))
            }
        };
        let mut link = self.link(number, name, answer, rule, words(holds, fails));
        let group = groups.ids().next().and_then(|id| network.group(id).declaration.decl_range);
        link.span = link.span.or(group).or(groups.span);
        link
    }

    fn through_internet(
        &self,
        site: &Site,
        vpc: VpcId,
        service: Service,
        links: &mut Vec<Link>,
    ) -> Option<Path> {
        let network = &self.reach.model.network;
        let declaration = &network.vpc(vpc).declaration;
        let egress = site.subnet.map(|subnet| network.egress(subnet));
        let path = match &egress {
            Some(egress) if egress.nat.truth.is_yes() => Path::Nat,
            Some(egress) if egress.other.truth.is_yes() => Path::Other,
            Some(_) => Path::InternetGateway,
            None => Path::Other,
        };
        let holds = match &path {
            Path::Nat => "a default route leads to a NAT gateway that reaches the internet",
            Path::InternetGateway => {
                "a default route leads to an internet gateway, and there is a public address"
            }
            Path::Other | Path::Endpoints | Path::Hub(_) | Path::Mixed => {
                "a default route leads to the internet"
            }
        };
        let mut answer = site.internet.clone();
        let (rule, fails) = match self.reach.broken_nat(site) {
            Some(gateway) => {
                answer.evidence = network.nat_works(gateway).evidence;
                let address = &network.gateway(gateway).subject().address;
                (
                    "SSM023",
                    format!("{address} does not lead to the internet, and there is no endpoint instead"),
                )
            }
            None => {
                let off = self.reach.model.absent.endpoint(vpc, service.label());
                let off = off
                    .map(|(endpoint, _)| endpoint)
                    .filter(|endpoint| endpoint.service.is_some() && answer.truth.is_no());
                answer.evidence.clear();
                answer.evidence.extend(off.map(|endpoint| endpoint.because.clone()));
                answer.evidence.push(declaration.evidence(""));
                let own =
                    format!("{} has no endpoint for it, and no way to the internet", declaration.address);
                match self.reach.is_to_share(vpc, service) {
                    true => ("SSM015", format!("{own}; that of another VPC is out of reach")),
                    false => ("SSM003", own),
                }
            }
        };
        if answer.truth.is_yes() {
            answer.evidence = site.internet.evidence.clone();
        }
        let broken = answer.truth.is_no();
        links.push(self.link(6, "path", answer, rule, words(holds, fails)));
        if broken {
            return None;
        }
        let target = self.reach.target(site);
        let out = self.reach.site_admits_internet(site).answer;
        let side = Side::Out("the internet");
        links.push(self.group_link(7, "instance-sg", "SSM007", out, &target.groups, side));
        if let Some(subnet) = site.subnet {
            let passes = network.acl_internet(subnet, self.reach.ephemeral(site));
            let fails = passes.evidence.first().map_or_else(String::new, |evidence| evidence.note.clone());
            let words = words("network ACLs let HTTPS through both ways", fails);
            links.push(self.link(7, "nacl", passes, "SSM017", words));
        }
        Some(path)
    }
}

/// Which way a security group is asked about, and the other end.
enum Side<'a> {
    Out(&'a str),
    In(&'a str),
}

fn no_subnet(address: &str, span: Option<Span>) -> Answer {
    Answer::unknown([Reason::new(format!("the subnets of {address} are not known"), span)])
}

impl Reach<'_> {
    /// Whether the policies of an endpoint let the agent of a site call the service.
    pub fn endpoint_lets_through(&self, site: &Site, id: EndpointId, service: Service) -> Answer {
        let extra = (service == Service::Ec2Messages).then_some("ec2messages:GetMessages");
        let actions: Vec<&str> = core_actions_of(service.label()).chain(extra).collect();
        Answer::all(self.model.network.endpoint(id).policies.iter().flat_map(|policy| {
            let place = Evidence { span: policy.span, origin: policy.origin, note: String::new() };
            actions.iter().map(move |action| {
                let mut answer = self.policy_lets_through(Some(site), id, policy, action);
                answer.evidence.push(place.clone());
                answer
            })
        }))
    }

    /// Whether the policies of an endpoint of another VPC let calls through, but none from the site.
    pub fn keeps_guests_out(&self, site: &Site, id: EndpointId, service: Service) -> bool {
        let endpoint = self.model.network.endpoint(id);
        let is_guest = site.vpc.to().is_some_and(|vpc| endpoint.vpc.link.is(vpc).is_no());
        is_guest
            && endpoint.policies.iter().any(|policy| {
                core_actions_of(service.label()).any(|action| {
                    self.policy_lets_through(Some(site), id, policy, action).truth.is_no()
                        && !self.policy_lets_through(None, id, policy, action).truth.is_no()
                })
            })
    }

    /// Whether a policy of an endpoint lets a call of a site's agent through; without a site, a call of anybody from
    /// anywhere.
    pub fn policy_lets_through(
        &self,
        site: Option<&Site>,
        id: EndpointId,
        policy: &EndpointPolicy,
        action: &str,
    ) -> Answer {
        let network = &self.model.network;
        let endpoint = network.endpoint(id);
        let region = endpoint.region.value().and_then(Option::as_ref).map(|region| region.as_str());
        let principal = match site.and_then(|site| self.role(site)) {
            Some(role) => self.model.iam.principal(role),
            None => Principal::Owner,
        };
        let vpc = endpoint.vpc.link.to().map(|vpc| &network.vpc(vpc).declaration);
        let by_v6 = site.map_or(Truth::No, |site| self.by_v6(site, endpoint));
        let subnet = site.and_then(|site| site.subnet).map(|subnet| network.addresses_of(subnet, by_v6));
        let addresses = match &subnet {
            Some(Known::Value(Cidr::Net(net))) => Some(net),
            Some(Known::Value(Cidr::Symbol(_)) | Known::OneOf(_) | Known::Unknown(_)) | None => None,
        };
        let through = Through {
            privately: true,
            endpoint: endpoint.declaration.instance.filter(|_| endpoint.declaration.is_managed()),
            vpc: vpc.filter(|vpc| vpc.is_managed()).and_then(|vpc| vpc.instance),
            addresses,
        };
        let request = Request { principal, through, ..Request::agent(action, region) };
        let judgement = policy.policy.judge(&request);
        Answer::all([judgement.allow, judgement.deny.negate()])
    }
}
