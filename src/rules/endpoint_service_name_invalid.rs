//! SSM013: a service name that does not exist in the endpoint's region, or that the agent never dials.

use crate::aws::endpoint::Endpoint;
use crate::aws::fact::Answer;
use crate::aws::network::existence;
use crate::finding::Severity;
use crate::proof::{Service, is_new_region};
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

/// Services whose names are near ours and that exist.
const NEIGHBOURS: &[&str] =
    &["ec2", "ecs", "ebs", "efs", "sns", "sms", "sqs", "sso", "ses", "rum", "dms", "eks", "iam", "kms", "s3"];

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let network = &context.model.network;
    for id in network.endpoint_ids() {
        let endpoint = network.endpoint(id);
        if !endpoint.declaration.is_managed() {
            continue;
        }
        let exists = existence(&endpoint.declaration);
        for problem in problems(endpoint) {
            let fix = problem
                .rewording
                .as_ref()
                .and_then(|(word, with)| remedy::reword(context, &endpoint.service.name, word, with));
            let defect = Defect::new(&endpoint.declaration, format!("{{}} {}", problem.what))
                .at_fact(&endpoint.service.name, problem.here)
                .severity(problem.severity)
                .help(problem.help)
                .fix(fix)
                .cause(problem.cause);
            findings.judge(&Answer::all([exists.clone(), Answer::new(Truth::Yes)]), defect);
        }
    }
}

struct Problem {
    what: String,
    here: String,
    severity: Severity,
    help: String,
    cause: &'static str,
    /// The word that is wrong, and the right one.
    rewording: Option<(String, String)>,
}

fn problems(endpoint: &Endpoint) -> Vec<Problem> {
    let mut problems = Vec::new();
    let service = &endpoint.service;
    let prefix = service.prefix();
    let own = Service::ALL.iter().find(|wanted| service.is(wanted.label()).is_yes());
    if own.is_none()
        && prefix.is_some()
        && let Some(end) = service.known_end()
    {
        if let Some(wanted) = Service::ALL.iter().find(|wanted| end == format!("{}-fips", wanted.label())) {
            problems.push(Problem {
                what: format!("is for {end}, a name that the agent does not dial"),
                here: format!("AWS lists no endpoint service {end}"),
                severity: Severity::Warning,
                help: format!("use `{}`", wanted.label()),
                cause: "fips",
                rewording: None,
            });
        } else if let Some(wanted) = misspelt(&end) {
            problems.push(Problem {
                what: format!("names the service {end}, which does not exist"),
                here: format!("did you mean `{wanted}`?"),
                severity: Severity::Error,
                help: format!("the service is called `{wanted}`"),
                cause: "misspelt",
                rewording: Some((end.to_string(), wanted.to_string())),
            });
        }
    }
    if let (Some(_), Some(prefix)) = (own, prefix)
        && prefix != "com.amazonaws"
    {
        let severity = if prefix == "cn.com.amazonaws" { Severity::Error } else { Severity::Warning };
        problems.push(Problem {
            what: format!("has a name that does not exist: it begins with {prefix}"),
            here: "Systems Manager keeps com.amazonaws in every partition".to_owned(),
            severity,
            help: "write `com.amazonaws.<region>.<service>`".to_owned(),
            cause: "prefix",
            rewording: Some((prefix.to_owned(), "com.amazonaws".to_owned())),
        });
    }
    let region = endpoint.region.value().and_then(Option::as_ref);
    if let (Some(named), Some(region), true) = (service.region(), region, prefix.is_some())
        && named != *region
        && endpoint.service_region.is(&None).is_yes()
    {
        problems.push(Problem {
            what: format!("is created in {region} and names a service of {named}"),
            here: format!("the endpoint is created in {region}"),
            severity: Severity::Error,
            help: "take the region from `data.aws_region`, or from where the provider takes it".to_owned(),
            cause: "region",
            rewording: Some((named.to_string(), region.to_string())),
        });
    }
    if let (Some(_), Some(Some(service_region))) = (own, endpoint.service_region.value())
        && region.is_some_and(|region| region != service_region)
    {
        problems.push(Problem {
            what: "reaches for a service in another region, which AWS does not offer for this one".to_owned(),
            here: "with `service_region` it is taken for a customer's service".to_owned(),
            severity: Severity::Error,
            help: "remove `service_region`".to_owned(),
            cause: "service region",
            rewording: None,
        });
    }
    if let (Some(Service::Ec2Messages), Some(region)) = (own, region)
        && is_new_region(region)
    {
        problems.push(Problem {
            what: format!("is for ec2messages, which {region} does not have"),
            here: "regions that opened in 2024 or later have only ssmmessages".to_owned(),
            severity: Severity::Warning,
            help: "remove the endpoint".to_owned(),
            cause: "new region",
            rewording: None,
        });
    }
    problems
}

/// The service that a name is a slip of the pen away from.
fn misspelt(name: &str) -> Option<&'static str> {
    if NEIGHBOURS.contains(&name) || name.contains('.') {
        return None;
    }
    let near = |wanted: &&str| {
        // In three letters two slips make any other name.
        let slips = if wanted.len() <= 3 { 1 } else { 2 };
        let distance = distance(name, wanted);
        distance > 0 && distance <= slips
    };
    Service::ALL.iter().map(|service| service.label()).find(near)
}

/// The number of letters to add, drop or change.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_services_are_not() {
        assert_eq!(misspelt("ec2message"), Some("ec2messages"));
        assert_eq!(misspelt("ssm-messages"), Some("ssmmessages"));
        assert_eq!(misspelt("ssmm"), Some("ssm"));
        assert_eq!(misspelt("sns"), None);
        assert_eq!(misspelt("kms"), None);
        assert_eq!(misspelt("ec2"), None);
        assert_eq!(misspelt("ssm"), None);
    }
}
