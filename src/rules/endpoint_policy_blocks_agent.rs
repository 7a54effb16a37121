//! SSM019: an endpoint policy that does not let the agent's calls through.

use crate::aws::endpoint::{Endpoint, EndpointPolicy};
use crate::aws::fact::Answer;
use crate::aws::link::EndpointId;
use crate::aws::policy::core_actions_of;
use crate::finding::Severity;
use crate::proof::session::needs;
use crate::proof::{Reach, Service};
use crate::rules::{Defect, Findings, Rule, RuleContext};

pub(super) const RULE: Rule = Rule {
    code: "SSM019",
    name: "endpoint-policy-blocks-agent",
    severity: Severity::Error,
    category: "endpoint",
    page: include_str!("../../rules/SSM019.md"),
    check,
};

/// What an agent before 3.3.40.0 calls on ec2messages.
const EC2MESSAGES: &[&str] = &["ec2messages:GetMessages"];

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let network = &context.model.network;
    for id in network.endpoint_ids() {
        let endpoint = network.endpoint(id);
        // For the logs of sessions a gateway endpoint of S3 does as well.
        if !(endpoint.is_interface() | endpoint.service.is("s3")).is_yes() {
            continue;
        }
        let actions = called(context.reach, endpoint);
        for policy in &endpoint.policies {
            for action in actions.iter().copied() {
                let violation = blocks(context.reach, id, policy, action);
                let defect = Defect::new(
                    &endpoint.declaration,
                    "the policy of {} does not let the agent's calls through",
                )
                .note(format!("{action} is not allowed"))
                .at(policy.span.or(policy.declaration.decl_range), "the policy leaves it out")
                .decided_by(crate::aws::fact::Evidence {
                    span: policy.span,
                    origin: policy.origin,
                    note: String::new(),
                })
                .help("allow the actions of the endpoint's own service, or leave the policy out")
                .affects(users(context.reach, endpoint))
                .cause("policy");
                if !violation.truth.is_no() {
                    findings.judge(&Answer { evidence: Vec::new(), ..violation }, || defect);
                    break;
                }
            }
        }
    }
}

/// What agents call on an endpoint.
fn called(reach: &Reach<'_>, endpoint: &Endpoint) -> Vec<&'static str> {
    let service = Service::ALL.into_iter().find(|service| endpoint.service.is(service.label()).is_yes());
    if let Some(service) = service {
        return core_actions_of(service.label()).chain(extra(service)).collect();
    }
    let mut actions = Vec::new();
    for need in reach.model.ssm.preferences.iter().flat_map(needs) {
        let used = need.used.truth.is_yes() && endpoint.service.is(need.service).is_yes();
        let action = match need.service {
            "kms" => "kms:Decrypt",
            "logs" => "logs:PutLogEvents",
            "s3" => "s3:PutObject",
            _ => continue,
        };
        if used && !actions.contains(&action) {
            actions.push(action);
        }
    }
    actions
}

fn extra(service: Service) -> impl Iterator<Item = &'static str> {
    let actions: &[&str] = if service == Service::Ec2Messages { EC2MESSAGES } else { &[] };
    actions.iter().copied()
}

fn users(reach: &Reach<'_>, endpoint: &Endpoint) -> Vec<String> {
    let Some(vpc) = endpoint.vpc.link.to() else { return Vec::new() };
    reach.sites_in(vpc).map(|site| reach.target(site).declaration.address.clone()).collect()
}

/// Whether the policy keeps the agent from calling: for one of the instances beside the endpoint, or for anybody.
fn blocks(reach: &Reach<'_>, id: EndpointId, policy: &EndpointPolicy, action: &str) -> Answer {
    let exists = crate::aws::network::existence(&policy.declaration);
    let vpc = reach.model.network.endpoint(id).vpc.link.to();
    let mut refused: Vec<Answer> = vpc
        .into_iter()
        .flat_map(|vpc| reach.sites_in(vpc))
        .map(|site| reach.policy_lets_through(Some(site), id, policy, action).negate())
        .collect();
    if refused.is_empty() {
        refused.push(reach.policy_lets_through(None, id, policy, action).negate());
    }
    Answer::all([exists, Answer::any(refused)])
}
