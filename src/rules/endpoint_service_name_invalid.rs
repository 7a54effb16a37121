//! SSM013: a service name that does not exist in the endpoint's region, or that the agent never dials.

use crate::aws::endpoint::Endpoint;
use crate::aws::fact::Answer;
use crate::aws::link::EndpointId;
use crate::aws::network::existence;
use crate::finding::Severity;
use crate::proof::Service;
use crate::proof::refusal::{NameProblem, name_problems};
use crate::rules::{Defect, Findings, Rule, RuleContext, remedy};
use crate::truth::Truth;

pub(super) const RULE: Rule = Rule {
    code: "SSM013",
    name: "endpoint-service-name-invalid",
    severity: Severity::Error,
    category: "endpoint",
    page: include_str!("../../rules/SSM013.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let network = &context.model.network;
    for id in network.endpoint_ids() {
        let endpoint = network.endpoint(id);
        if !endpoint.declaration.is_managed() {
            continue;
        }
        let exists = existence(&endpoint.declaration);
        regions(context, findings, id, &exists);
        // A name for the region of the VPC is right; it is the endpoint that is made in another one.
        let vpc = endpoint.vpc.link.to().map(|vpc| &network.vpc(vpc).region);
        let is_right = |problem: &NameProblem| {
            matches!(problem, NameProblem::Region { named, .. }
                if vpc.is_some_and(|vpc| vpc.is(&Some(named.clone())).is_yes()))
        };
        for problem in name_problems(endpoint).into_iter().filter(|problem| !is_right(problem)) {
            let severity = if problem.is_refused() { Severity::Error } else { Severity::Warning };
            let advice = advice(&problem);
            let fix = rewording(&problem)
                .and_then(|(word, with)| remedy::reword(context, &endpoint.service.name, word, with));
            let defect = Defect::new(&endpoint.declaration, format!("{{}} {}", problem.describe()));
            let defect = defect.at_fact(&endpoint.service.name, advice.here);
            let refused = problem.is_refused() && service_of(endpoint, &problem).is_some();
            findings.judge(&Answer::all([exists.clone(), Answer::new(Truth::Yes)]), || {
                defect
                    .affects(if refused { context.reach.cut_off(endpoint) } else { Vec::new() })
                    .severity(severity)
                    .help(advice.help)
                    .fix(fix)
                    .cause(advice.cause)
            });
        }
    }
}

/// An endpoint that is made in another region than its VPC, or that asks for the service of another one.
fn regions(context: &RuleContext<'_>, findings: &mut Findings<'_>, id: EndpointId, exists: &Answer) {
    let endpoint = context.model.network.endpoint(id);
    let ours = Service::ALL.into_iter().any(|service| endpoint.service.is(service.label()).is_yes());
    let affected = || if ours { context.reach.cut_off(endpoint) } else { Vec::new() };
    let elsewhere = context.reach.in_another_region(id);
    findings.judge(&Answer::all([exists.clone(), elsewhere]), || {
        let here = match (endpoint.region.value().and_then(Option::as_ref), endpoint.region.is_configured()) {
            (Some(region), true) => format!("it is made in {region}"),
            (Some(region), false) => format!("without `region` it is made in {region}"),
            (None, _) => "where it is made is not known".to_owned(),
        };
        Defect::new(&endpoint.declaration, "{} is made in another region than its VPC")
            .at_fact(&endpoint.region, here)
            .help("make the endpoint in the region of its VPC")
            .affects(affected())
            .cause("region of the VPC")
    });
    let asked = context.reach.asks_for_another_region(id);
    let asked = Answer { evidence: Vec::new(), ..asked };
    let message = "{} reaches for a service in another region, which AWS does not offer for this one";
    findings.judge(&Answer::all([exists.clone(), asked]), || {
        Defect::new(&endpoint.declaration, message)
            .at_fact(&endpoint.service_region, "with `service_region` it is taken for a customer's service")
            .help("remove `service_region`")
            .affects(affected())
            .cause("service region")
    });
}

/// The service that the endpoint is meant for, of those that the agent calls.
fn service_of(endpoint: &Endpoint, problem: &NameProblem) -> Option<Service> {
    match problem {
        NameProblem::Misspelt { meant, .. } | NameProblem::Form(meant) => Some(*meant),
        NameProblem::Fips(_)
        | NameProblem::Prefix(_)
        | NameProblem::Region { .. }
        | NameProblem::China(_)
        | NameProblem::NewRegion(_) => {
            Service::ALL.into_iter().find(|service| endpoint.service.is(service.label()).is_yes())
        }
    }
}

/// The word that is wrong in the name, and the right one.
fn rewording(problem: &NameProblem) -> Option<(&str, &str)> {
    match problem {
        NameProblem::Misspelt { written, meant } => Some((written, meant.label())),
        NameProblem::Prefix(prefix) => Some((prefix, "com.amazonaws")),
        NameProblem::Region { named, own } => Some((named, own)),
        NameProblem::Fips(_) | NameProblem::Form(_) | NameProblem::China(_) | NameProblem::NewRegion(_) => {
            None
        }
    }
}

struct Advice {
    here: String,
    help: String,
    cause: &'static str,
}

fn advice(problem: &NameProblem) -> Advice {
    match problem {
        NameProblem::Fips(service) => Advice {
            here: format!("AWS lists no endpoint service {}-fips", service.label()),
            help: format!("use `{}`", service.label()),
            cause: "fips",
        },
        NameProblem::Misspelt { meant, .. } => Advice {
            here: format!("did you mean `{}`?", meant.label()),
            help: format!("the service is called `{}`", meant.label()),
            cause: "misspelt",
        },
        NameProblem::Form(meant) => Advice {
            here: format!("the name of {} is made otherwise", meant.label()),
            help: format!("write `com.amazonaws.<region>.{}`", meant.label()),
            cause: "form",
        },
        NameProblem::Prefix(_) => Advice {
            here: "Systems Manager keeps com.amazonaws in every partition".to_owned(),
            help: "write `com.amazonaws.<region>.<service>`".to_owned(),
            cause: "prefix",
        },
        NameProblem::Region { own, .. } => Advice {
            here: format!("the endpoint is created in {own}"),
            help: "take the region from `data.aws_region`, or from where the provider takes it".to_owned(),
            cause: "region",
        },
        NameProblem::China(service) => Advice {
            here: format!("in China the endpoints of {service} begin with cn.com.amazonaws"),
            help: format!("write `cn.com.amazonaws.<region>.{service}`"),
            cause: "China",
        },
        NameProblem::NewRegion(_) => Advice {
            here: "regions that opened in 2024 or later have only ssmmessages".to_owned(),
            help: "remove the endpoint".to_owned(),
            cause: "new region",
        },
    }
}
