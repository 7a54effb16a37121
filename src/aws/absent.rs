//! What is written and switched off: endpoints and NAT gateways of which there is no instance in this scenario.
//!
//! That something is missing is said at the line that decided it, not at what lacks it.

use crate::aws::Build;
use crate::aws::endpoint::Service;
use crate::aws::fact::Evidence;
use crate::aws::link::{Link, Ref, VpcId};
use crate::aws::network::Network;
use crate::aws::read::View;
use crate::eval;
use crate::truth::Truth;

/// Everything of interest that is switched off.
#[derive(Clone, Debug, Default)]
pub struct Absent {
    /// Interface endpoints, or endpoints of which the type is not known.
    pub endpoints: Vec<AbsentEndpoint>,
    /// NAT gateways.
    pub nats: Vec<AbsentNat>,
}

/// An endpoint without instance.
#[derive(Clone, Debug)]
pub struct AbsentEndpoint {
    /// Its address without key.
    pub address: String,
    /// The `count` or `for_each` that decided it.
    pub because: Evidence,
    /// The service that it would be for; none within a module that is switched off as a whole.
    pub service: Option<Service>,
    /// The VPC that it would be in.
    pub vpc: Option<Ref<VpcId>>,
}

/// A NAT gateway without instance.
#[derive(Clone, Debug)]
pub struct AbsentNat {
    /// Its address without key.
    pub address: String,
    /// The `count` or `for_each` that decided it.
    pub because: Evidence,
    /// The VPC that it would be in.
    pub vpc: Option<VpcId>,
}

/// The `count` or `for_each` that decided that a resource has no instance.
pub(crate) fn because(absent: &eval::Absent, build: &Build<'_>) -> Evidence {
    let span = build.evaluation.origins.span(absent.because).or(Some(absent.decl_range));
    Evidence { span, origin: absent.because, note: address(absent) }
}

/// The address without keys.
pub(crate) fn address(absent: &eval::Absent) -> String {
    let module = absent.module.to_string();
    if module.is_empty() { absent.resource.to_string() } else { format!("{module}.{}", absent.resource) }
}

impl Absent {
    /// Reads what is switched off.
    pub(super) fn build(build: &Build<'_>, network: &Network) -> Absent {
        let mut found = Absent::default();
        for absent in &build.evaluation.absent {
            let view = absent.body.as_ref().map(|body| View::block(body, Some(absent.decl_range)));
            match absent.resource.type_name.as_str() {
                "aws_vpc_endpoint" => {
                    let is_other = view.as_ref().is_some_and(|view| {
                        let kind = view.text_or("vpc_endpoint_type", "Gateway");
                        kind.value().is_some_and(|kind| kind != "Interface")
                    });
                    if is_other {
                        continue;
                    }
                    found.endpoints.push(AbsentEndpoint {
                        address: address(absent),
                        because: because(absent, build),
                        service: view.as_ref().map(|view| Service::read(view, build.terms())),
                        vpc: view.as_ref().and_then(|view| {
                            network.vpc_registry.reference(view.arg("vpc_id").as_ref(), build.terms())
                        }),
                    });
                }
                "aws_nat_gateway" => {
                    let subnet = view.as_ref().and_then(|view| {
                        network.subnet_registry.reference(view.arg("subnet_id").as_ref(), build.terms())
                    });
                    let in_subnet = subnet.and_then(|subnet| {
                        let subnet = subnet.link.candidates().first().copied()?;
                        network.subnet(subnet).vpc.link.to()
                    });
                    let address = address(absent);
                    found.nats.push(AbsentNat { address, because: because(absent, build), vpc: in_subnet });
                }
                _ => {}
            }
        }
        found
    }

    /// The endpoint of a service in a VPC that is switched off, the one that is surest to be it.
    pub fn endpoint(&self, vpc: VpcId, service: &str) -> Option<(&AbsentEndpoint, Truth)> {
        let mut possible = None;
        for endpoint in &self.endpoints {
            let here = match endpoint.vpc.as_ref().map(|vpc| &vpc.link) {
                Some(link @ (Link::To(_) | Link::OneOf(_))) => link.is(vpc),
                Some(Link::Outside(_) | Link::Unknown(_)) | None => Truth::Unknown,
            };
            let of_service = endpoint.service.as_ref().map_or(Truth::Unknown, |name| name.is(service));
            match here & of_service {
                Truth::Yes => return Some((endpoint, Truth::Yes)),
                Truth::Unknown => possible = possible.or(Some((endpoint, Truth::Unknown))),
                Truth::No => {}
            }
        }
        possible
    }

    /// A NAT gateway that is switched off and would be in the VPC, or may be.
    pub fn nat(&self, vpc: VpcId) -> Option<&AbsentNat> {
        let sure = self.nats.iter().find(|nat| nat.vpc == Some(vpc));
        sure.or_else(|| self.nats.iter().find(|nat| nat.vpc.is_none()))
    }
}
