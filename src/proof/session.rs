//! What session preferences need besides the session itself: KMS, CloudWatch Logs, S3.

use crate::aws::fact::{Answer, Evidence, Reason};
use crate::aws::link::VpcId;
use crate::aws::network::existence;
use crate::aws::ssm::Preferences;
use crate::proof::{Reach, Site};
use crate::truth::Truth;

/// One service that preferences use.
#[derive(Clone, Debug)]
pub struct Need {
    /// Whether they do, with the input that says so.
    pub used: Answer,
    /// The last part of the endpoint's name.
    pub service: &'static str,
    /// What they do with it, to be read after their address.
    pub what: &'static str,
    /// Whether no session opens without it, rather than later or without a log.
    pub blocks: bool,
}

/// The services that preferences use.
pub fn needs(preferences: &Preferences) -> [Need; 4] {
    // Without a log group there is nothing to stream to.
    let streams = Answer::all([preferences.streaming.clone(), preferences.log_group.clone()]);
    let at_end = Answer::all([preferences.log_group.clone(), preferences.streaming.clone().negate()]);
    let need = |used, service, what, blocks| Need { used, service, what, blocks };
    [
        need(preferences.kms.clone(), "kms", "encrypts sessions with KMS", true),
        need(streams, "logs", "streams sessions to CloudWatch Logs", true),
        need(at_end, "logs", "logs sessions to CloudWatch Logs", false),
        need(preferences.bucket.clone(), "s3", "logs sessions to S3", false),
    ]
}

impl Reach<'_> {
    /// Whether a VPC has an endpoint of a service that preferences use; for S3 a gateway endpoint does as well.
    pub fn feature_endpoint(&self, vpc: VpcId, service: &str) -> Answer {
        let network = &self.model.network;
        if service != "s3" {
            return network.presence(vpc, service).answer;
        }
        let present = network.endpoints_in(vpc).map(|id| network.endpoint(id)).filter_map(|endpoint| {
            let here = endpoint.vpc.link.is(vpc) & endpoint.service.is("s3");
            if here.is_no() {
                return None;
            }
            let mut answer = existence(&endpoint.declaration);
            answer.truth = answer.truth & here;
            if answer.truth.is_unknown() && answer.reasons.is_empty() {
                let text = format!("whether {} is for S3 is not known", endpoint.declaration.address);
                answer.reasons.push(Reason::new(text, endpoint.declaration.decl_range));
            }
            Some(answer)
        });
        let mut answers: Vec<Answer> = present.collect();
        let hidden = network.hidden_in_vpc(vpc);
        if !hidden.is_empty() {
            answers.push(Answer::unknown(hidden));
        }
        if answers.is_empty() {
            let declaration = &network.vpc(vpc).declaration;
            answers.push(Answer::no(Evidence::at(declaration.decl_range, "has no endpoint for s3")));
        }
        Answer::any(answers)
    }

    /// Whether a site reaches a service that preferences use, by endpoint or over the internet.
    pub fn feature_served(&self, site: &Site, service: &str) -> Answer {
        let endpoint = match site.vpc.to() {
            Some(vpc) => self.feature_endpoint(vpc, service),
            None => Answer { truth: Truth::Unknown, ..site.internet.clone() },
        };
        Answer::any([endpoint, site.internet.clone()])
    }
}
