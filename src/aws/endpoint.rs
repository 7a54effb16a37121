//! VPC endpoints with everything that is associated with them.

use std::net::IpAddr;

use ecow::EcoString;

use crate::aws::Declaration;
use crate::aws::conflict::Conflict;
use crate::aws::fact::{Answer, Evidence, Fact, Known, Reason, reasons};
use crate::aws::link::{EndpointId, GroupId, Link, LinkSet, Ref, RouteTableId, SubnetId, VpcId};
use crate::aws::network::{Network, Origin, Vpc, existence};
use crate::aws::policy::Policy;
use crate::aws::read::View;
use crate::aws::text::Pattern;
use crate::eval::origin::OriginId;
use crate::eval::term::Terms;
use crate::eval::value::Value;
use crate::source::Span;
use crate::truth::Truth;

/// A VPC endpoint.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Where it comes from.
    pub declaration: Declaration,
    /// How far the configuration decides what it is.
    pub origin: Origin,
    /// Whether the user says that it is there and can be used from all of its VPC.
    pub assumed: bool,
    /// Its VPC.
    pub vpc: Ref<VpcId>,
    /// Its region; `None` when the provider configuration does not say.
    pub region: Fact<Option<EcoString>>,
    /// The service.
    pub service: Service,
    /// `service_region`; `None` when not written.
    pub service_region: Fact<Option<EcoString>>,
    /// `vpc_endpoint_type`.
    pub endpoint_type: Fact<EcoString>,
    /// Whether private DNS is on: by the argument or by `aws_vpc_endpoint_private_dns`.
    pub private_dns: Fact<bool>,
    /// The `aws_vpc_endpoint_private_dns` resources for it.
    pub private_dns_resources: Vec<Declaration>,
    /// Its subnets, associations included.
    pub subnets: LinkSet<SubnetId>,
    /// The IPv4 addresses that `subnet_configuration` gives its interfaces, with their subnets; `None` where AWS chooses.
    pub addresses: Vec<(Link<SubnetId>, Fact<Option<EcoString>>)>,
    /// The lists of subnets of which it is only known where they come from: the module, and the name of its output or
    /// of the subnets in it.
    pub subnet_lists: Vec<(EcoString, EcoString)>,
    /// Whether `subnet_ids` holds lists where ids belong, which Terraform refuses.
    pub nests_subnets: bool,
    /// The security groups in effect, associations and the VPC's default group included.
    pub groups: LinkSet<GroupId>,
    /// The security groups that the argument names.
    pub own_groups: LinkSet<GroupId>,
    /// Whether it falls back to the VPC's default group.
    pub falls_back: Truth,
    /// The route tables of a gateway endpoint.
    pub route_tables: LinkSet<RouteTableId>,
    /// `ip_address_type`; `None` when AWS chooses.
    pub ip_address_type: Fact<Option<EcoString>>,
    /// The policies that are given, inline or by resource; none: full access.
    pub policies: Vec<EndpointPolicy>,
    /// `service_name` etc. that are written in the endpoint and by an association resource too: argument and resource.
    pub conflicts: Vec<(&'static str, Conflict)>,
}

/// A policy of an endpoint.
#[derive(Clone, Debug)]
pub struct EndpointPolicy {
    /// The document: a JSON string, or an unknown that may still be read as JSON.
    pub document: Value,
    /// The document as a policy.
    pub policy: Policy,
    /// The endpoint or the resource that gives it.
    pub declaration: Declaration,
    /// The step that made the value.
    pub origin: OriginId,
    /// The argument.
    pub span: Option<Span>,
}

/// The service of an endpoint, as far as its name is known.
#[derive(Clone, Debug)]
pub struct Service {
    /// What is known of the name, per alternative; none when there is no `service_name`.
    pub names: Vec<Pattern>,
    /// The name, when it is wholly known.
    pub name: Fact<Option<EcoString>>,
}

/// The beginnings of names of services that AWS itself offers.
const PREFIXES: &[&str] = &[
    "com.amazonaws.",
    "cn.com.amazonaws.",
    "aws.api.",
    "gov.ic.c2s.",
    "gov.sgov.sc2s.",
    "gov.ic.hci.csp.",
    "uk.adc-e.cloud.",
    "eu.amazonaws.",
];

impl Service {
    /// What an endpoint says of its service.
    pub(crate) fn read(view: &View<'_>, terms: &Terms) -> Service {
        let name = view.text("service_name");
        let mut names = Vec::new();
        if let Some(arg) = view.arg("service_name") {
            match arg.value.as_unknown().and_then(|unknown| unknown.possible.as_ref()) {
                Some(possible) => names.extend(possible.iter().map(|value| Pattern::of(value, terms))),
                None => names.push(Pattern::of(arg.value, terms)),
            }
        }
        Service { names, name }
    }

    /// Whether it is the AWS service of that label: `ssm`, `ec2messages`, `ecr.dkr`.
    pub fn is(&self, label: &str) -> Truth {
        let mut truths = self.names.iter().map(|name| is_service(name, label));
        let Some(first) = truths.next() else { return Truth::No };
        if truths.all(|truth| truth == first) { first } else { Truth::Unknown }
    }

    /// The service's own part of the name, `ssm`, when that much is known.
    pub fn label(&self) -> Option<EcoString> {
        let [name] = self.names.as_slice() else { return None };
        parts(name.exact.as_deref()?).map(|(_, _, label)| label.into())
    }

    /// The known end of the name after its region: `ssm` of `com.amazonaws.${region}.ssm`.
    pub fn known_end(&self) -> Option<EcoString> {
        self.label().or_else(|| {
            let [name] = self.names.as_slice() else { return None };
            let end = name.suffix.strip_prefix('.')?;
            (!end.is_empty()).then(|| end.into())
        })
    }

    /// The region in the name, when it is known.
    pub fn region(&self) -> Option<EcoString> {
        let [name] = self.names.as_slice() else { return None };
        parts(name.exact.as_deref()?).map(|(_, region, _)| region.into())
    }

    /// What stands before the region, when that much is known: `com.amazonaws`.
    pub fn prefix(&self) -> Option<&'static str> {
        let [name] = self.names.as_slice() else { return None };
        let prefix = PREFIXES.iter().find(|prefix| name.prefix.starts_with(**prefix))?;
        prefix.strip_suffix('.')
    }
}

/// Prefix, region and label of a full name.
fn parts(name: &str) -> Option<(&'static str, &str, &str)> {
    let prefix = PREFIXES.iter().find(|prefix| name.starts_with(**prefix))?;
    let rest = &name[prefix.len()..];
    let (region, label) = rest.split_once('.')?;
    Some((prefix, region, label))
}

fn is_service(name: &Pattern, label: &str) -> Truth {
    if let Some(exact) = &name.exact {
        return Truth::known(parts(exact).is_some_and(|(_, _, found)| found == label));
    }
    // `com.amazonaws.vpce.eu-west-1.vpce-svc-…` is what a customer offers.
    if PREFIXES
        .iter()
        .any(|prefix| name.prefix.strip_prefix(prefix).is_some_and(|rest| rest.starts_with("vpce.")))
    {
        return Truth::No;
    }
    let end = format!(".{label}");
    if name.suffix.ends_with(&end) {
        let before = &name.suffix[..name.suffix.len() - end.len()];
        // Of `….logs.ssm` the service would be `logs.ssm`; of `….eu-west-1.ssm` the region is part of the end.
        return match before.rsplit('.').next() {
            _ if before.is_empty() => Truth::Yes,
            Some(region) if looks_like_region(region) => Truth::Yes,
            _ if !before.contains('.') => Truth::Unknown,
            _ => Truth::No,
        };
    }
    name.ends_with(&end)
}

/// Whether a part of a name may be a region: `s3-global` is none.
pub fn looks_like_region(text: &str) -> bool {
    text.contains('-') && text.ends_with(|c: char| c.is_ascii_digit())
}

impl Endpoint {
    /// The fixed address of its interface in a subnet, and whether AWS may not have the choice.
    pub fn address_in(&self, subnet: SubnetId) -> (Option<IpAddr>, bool) {
        let mut own = self.addresses.iter().filter(|(link, _)| !link.is(subnet).is_no()).peekable();
        let fixed = own.peek().is_some();
        let known = own.next().filter(|(link, _)| link.is(subnet).is_yes() && own.next().is_none());
        let address = known.and_then(|(_, address)| address.value()?.as_ref()?.parse().ok());
        (address, fixed)
    }

    /// Whether it is an interface endpoint.
    pub fn is_interface(&self) -> Truth {
        self.endpoint_type.satisfies(|kind| Truth::known(kind == "Interface"))
    }

    /// The region whose services it leads to, as far as that is known: its own, unless it names another one.
    pub fn serves(&self) -> Option<EcoString> {
        let named = || self.service_region.value()?.clone();
        named().or_else(|| self.service.region()).or_else(|| self.region.value()?.clone())
    }

    /// Whether what it leads to is certainly of another region than a VPC, whose instances dial the names of their own.
    pub fn is_for_another(&self, vpc: &Vpc) -> bool {
        let own = vpc.region.value().and_then(Option::as_ref);
        self.serves().is_some_and(|served| own.is_some_and(|own| *own != served))
    }

    /// What of it is another than that of a service whose name it does not answer for: the `service` or the `region`.
    pub fn differs(&self, label: &str) -> &'static str {
        if self.service.is(label).is_no() { "service" } else { "region" }
    }

    /// Why its subnets are not known.
    pub fn subnet_reasons(&self) -> Vec<Reason> {
        self.subnets.reasons()
    }
}

/// How many endpoints of other VPCs are worth naming.
const FEW: usize = 8;

/// Whether a VPC has an endpoint of a service.
#[derive(Clone, Debug)]
pub struct Presence {
    /// The answer: `No` only where nothing could hide one.
    pub answer: Answer,
    /// The endpoints of the service in the VPC, certain or possible.
    pub endpoints: Vec<EndpointId>,
    /// A few endpoints of the service in the same region that are certainly in other VPCs, when this one has none for
    /// certain.
    pub elsewhere: Vec<EndpointId>,
}

impl Network {
    /// Whether the VPC has an interface endpoint of the AWS service.
    pub fn presence(&self, vpc: VpcId, label: &str) -> Presence {
        let mut answers = Vec::new();
        let mut endpoints = Vec::new();
        for id in self.endpoints_in(vpc) {
            let endpoint = self.endpoint(id);
            if endpoint.service.is(label).is_no() || endpoint.vpc.link.is(vpc).is_no() {
                continue;
            }
            endpoints.push(id);
            answers.push(Answer::all([
                existence(&endpoint.declaration),
                self.is_of_service(endpoint, label),
                self.is_in(endpoint, vpc),
                endpoint.endpoint_type.ask("vpc_endpoint_type", |kind| Truth::known(kind == "Interface")),
            ]));
        }
        let hidden = self.hidden_endpoints(vpc, label);
        if !hidden.is_empty() {
            answers.push(Answer::unknown(hidden));
        }
        if answers.is_empty() {
            let vpc = &self.vpc(vpc).declaration;
            answers.push(Answer::no(vpc.evidence(format!("{} has no endpoint for {label}", vpc.address))));
        }
        let answer = Answer::any(answers);
        let elsewhere = if answer.truth.is_yes() { Vec::new() } else { self.elsewhere(vpc, label) };
        Presence { answer, endpoints, elsewhere }
    }

    /// Why endpoints of the service may be in the VPC that are not seen.
    fn hidden_endpoints(&self, vpc: VpcId, label: &str) -> Vec<Reason> {
        let told = self.vpc(vpc).assumed_endpoints.is_some()
            && matches!(label, "ssm" | "ssmmessages" | "ec2messages");
        if told { Vec::new() } else { self.hidden_in_vpc(vpc) }
    }

    /// A few endpoints of the service that are certainly in other VPCs, and not for another region.
    fn elsewhere(&self, vpc: VpcId, label: &str) -> Vec<EndpointId> {
        let others = self.endpoint_ids().filter(|id| {
            let endpoint = self.endpoint(*id);
            endpoint.vpc.link.is(vpc).is_no()
                && endpoint.service.is(label).is_yes()
                && !endpoint.is_for_another(self.vpc(vpc))
        });
        others.take(FEW).collect()
    }

    /// Whether an endpoint is of the AWS service of that label.
    pub fn is_of_service(&self, endpoint: &Endpoint, label: &str) -> Answer {
        let truth = endpoint.service.is(label);
        let fact = &endpoint.service.name;
        let mut answer = Answer::new(truth).because(fact.evidence(format!("is {label}")));
        if truth.is_unknown() {
            answer.reasons = match &fact.value {
                Known::Unknown(causes) => reasons(causes, fact.span),
                Known::Value(_) | Known::OneOf(_) => {
                    vec![Reason::new("the service is not known", fact.span)]
                }
            };
        }
        answer
    }

    /// Whether an endpoint is in the VPC.
    pub fn is_in(&self, endpoint: &Endpoint, vpc: VpcId) -> Answer {
        let truth = endpoint.vpc.link.is(vpc);
        let mut answer = Answer::new(truth).because(endpoint.vpc.evidence("is in this VPC"));
        if truth.is_unknown() {
            answer.reasons = endpoint.vpc.reasons();
        }
        answer
    }

    /// Whether an endpoint is one that the agent's names can lead to: of interface type with at least one subnet.
    pub fn is_usable(&self, id: EndpointId) -> Answer {
        let endpoint = self.endpoint(id);
        if endpoint.assumed {
            return Answer::yes(endpoint.declaration.evidence(""));
        }
        let kind = endpoint.endpoint_type.ask("vpc_endpoint_type", |kind| Truth::known(kind == "Interface"));
        let truth =
            if endpoint.origin == Origin::LookedUp { Truth::Unknown } else { !endpoint.subnets.is_empty() };
        let evidence = Evidence {
            span: endpoint.subnets.span,
            origin: endpoint.subnets.origin,
            note: "subnets of the endpoint".to_owned(),
        };
        let mut subnets = Answer::new(truth).because(evidence);
        if truth.is_unknown() {
            subnets.reasons = endpoint.subnets.reasons();
            if subnets.reasons.is_empty() {
                let text = format!("the subnets of {} are not known", endpoint.declaration.address);
                subnets.reasons.push(Reason::new(text, endpoint.declaration.decl_range));
            }
        }
        Answer::all([existence(&endpoint.declaration), kind, subnets])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partly(prefix: &str, suffix: &str) -> Pattern {
        Pattern { exact: None, prefix: prefix.into(), suffix: suffix.into() }
    }

    #[test]
    fn a_service_is_known_although_the_region_is_not() {
        assert_eq!(is_service(&partly("com.amazonaws.", ".ssm"), "ssm"), Truth::Yes);
        assert_eq!(is_service(&partly("com.amazonaws.", ".ssm"), "ssmmessages"), Truth::No);
        assert_eq!(is_service(&partly("com.amazonaws.", ".ecr.dkr"), "dkr"), Truth::No);
        assert_eq!(is_service(&partly("", ".eu-west-1.ssm"), "ssm"), Truth::Yes);
        assert_eq!(is_service(&partly("com.amazonaws.eu-west-1.", ""), "ssm"), Truth::Unknown);
        assert_eq!(is_service(&partly("", "ssm"), "ssm"), Truth::Unknown);
    }

    #[test]
    fn names_have_prefix_region_and_label() {
        let service = Service {
            names: vec![Pattern::exact("com.amazonaws.eu-west-1.ecr.dkr")],
            name: Fact::default(None, None),
        };
        assert_eq!(service.is("ecr.dkr"), Truth::Yes);
        assert_eq!(service.region().as_deref(), Some("eu-west-1"));
        assert_eq!(service.prefix(), Some("com.amazonaws"));
        assert_eq!(is_service(&Pattern::exact("com.amazonaws.vpce.eu-west-1.vpce-svc-0"), "ssm"), Truth::No);
    }
}
