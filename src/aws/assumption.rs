//! What the user says of things that another state or nobody's code holds: endpoints in a shared VPC, DNS attributes
//! of a VPC that is looked up, account settings.
//!
//! A key is a setting of the account (`default_host_management`, `dns_forwarder`), or an address and what is assumed
//! of it: `module.network.ssm_endpoints`, `data.aws_vpc.shared.enable_dns_hostnames`. An assumption never overrules
//! what the configuration says; it only takes the place of what is not known.

use crate::aws::Declaration;
use crate::aws::endpoint::{Endpoint, Service};
use crate::aws::fact::{Basis, Fact, Known};
use crate::aws::link::{EndpointId, Link, LinkSet, Ref, VpcId};
use crate::aws::network::{Network, Origin};
use crate::aws::text::Pattern;
use crate::aws::{Build, ModelOptions};
use crate::eval::origin::OriginId;
use crate::eval::value::Causes;
use crate::source::Span;
use crate::truth::Truth;

/// Everything that is assumed, in the order in which it is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assumptions {
    /// One a line.
    pub facts: Vec<Assumed>,
}

/// One assumption.
#[derive(Clone, Debug, PartialEq)]
pub struct Assumed {
    /// What is assumed of: `default_host_management`, `module.network.ssm_endpoints`.
    pub key: String,
    /// What is assumed.
    pub value: AssumedValue,
    /// Where it stands; none for what a caller says.
    pub span: Option<Span>,
}

/// The value of an assumption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssumedValue {
    /// A truth.
    Bool(bool),
    /// One word.
    Text(String),
    /// Words.
    List(Vec<String>),
}

/// What an assumption says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning<'a> {
    /// Default Host Management is set up for the account.
    HostManagement(bool),
    /// DNS servers other than Amazon's forward the names of AWS to Amazon's.
    DnsForwarder(bool),
    /// The VPC has usable endpoints of exactly these of the services of Systems Manager.
    Endpoints {
        /// The VPC, or what holds it: `data.aws_vpc.shared`, `module.network`.
        of: &'a str,
        /// Their labels: `ssm`.
        services: Vec<&'a str>,
    },
    /// An attribute of a VPC.
    Dns {
        /// The VPC, or what holds it.
        of: &'a str,
        /// `enable_dns_support` or `enable_dns_hostnames`.
        attribute: DnsAttribute,
        /// Its value.
        on: bool,
    },
}

/// The DNS attributes of a VPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsAttribute {
    /// `enable_dns_support`.
    Support,
    /// `enable_dns_hostnames`.
    Hostnames,
}

/// The services of Systems Manager, whose endpoints an assumption names.
const SERVICES: &[&str] = &["ssm", "ssmmessages", "ec2messages"];

impl Assumed {
    /// What it says; for one that says nothing what is wrong with it: lower case, no full stop.
    pub fn meaning(&self) -> Result<Meaning<'_>, String> {
        let (of, what) = self.key.rsplit_once('.').unwrap_or(("", &self.key));
        let flag = || match &self.value {
            AssumedValue::Bool(on) => Ok(*on),
            AssumedValue::Text(_) | AssumedValue::List(_) => {
                Err(format!("`{}` is either true or false", self.key))
            }
        };
        match (of, what) {
            ("", "default_host_management") => Ok(Meaning::HostManagement(flag()?)),
            ("", "dns_forwarder") => Ok(Meaning::DnsForwarder(flag()?)),
            ("", _) => Err(format!(
                "nothing can be assumed of `{}`: known are `default_host_management`, `dns_forwarder`, and an \
                 address with `.ssm_endpoints`, `.enable_dns_support` or `.enable_dns_hostnames`",
                self.key
            )),
            (of, "enable_dns_support") => {
                Ok(Meaning::Dns { of, attribute: DnsAttribute::Support, on: flag()? })
            }
            (of, "enable_dns_hostnames") => {
                Ok(Meaning::Dns { of, attribute: DnsAttribute::Hostnames, on: flag()? })
            }
            (of, "ssm_endpoints") => {
                let services: Vec<&str> = match &self.value {
                    AssumedValue::Bool(true) => SERVICES.to_vec(),
                    AssumedValue::Bool(false) => Vec::new(),
                    AssumedValue::Text(one) => vec![one],
                    AssumedValue::List(services) => services.iter().map(String::as_str).collect(),
                };
                match services.iter().find(|service| !SERVICES.contains(service)) {
                    Some(other) => Err(format!("`{other}` is none of {}", SERVICES.join(", "))),
                    None => Ok(Meaning::Endpoints { of, services }),
                }
            }
            (_, what) => Err(format!(
                "`{what}` cannot be assumed of anything: known are `ssm_endpoints`, `enable_dns_support` and \
                 `enable_dns_hostnames`"
            )),
        }
    }

    /// What is assumed, in words for a proof that rests on it.
    pub fn describe(&self) -> String {
        match self.meaning() {
            Ok(Meaning::HostManagement(true)) => {
                "Default Host Management is set up for the account".to_owned()
            }
            Ok(Meaning::HostManagement(false)) => {
                "Default Host Management is not set up for the account".to_owned()
            }
            Ok(Meaning::DnsForwarder(true)) => "custom DNS servers forward to Amazon's resolver".to_owned(),
            Ok(Meaning::DnsForwarder(false)) => {
                "custom DNS servers do not forward to Amazon's resolver".to_owned()
            }
            Ok(Meaning::Endpoints { of, services }) if services.is_empty() => {
                format!("{of} has no endpoints for Systems Manager")
            }
            Ok(Meaning::Endpoints { of, services }) => {
                format!("{of} has endpoints for {}", services.join(", "))
            }
            Ok(Meaning::Dns { of, attribute, on }) => {
                let name = match attribute {
                    DnsAttribute::Support => "enable_dns_support",
                    DnsAttribute::Hostnames => "enable_dns_hostnames",
                };
                format!("{of} has {name} = {on}")
            }
            Err(problem) => problem,
        }
    }
}

impl Assumptions {
    /// What is assumed of Default Host Management, and where.
    pub fn host_management(&self) -> Option<(&Assumed, bool)> {
        self.facts.iter().find_map(|assumed| {
            if let Ok(Meaning::HostManagement(on)) = assumed.meaning() { Some((assumed, on)) } else { None }
        })
    }

    /// What is assumed of DNS servers other than Amazon's, and where.
    pub fn dns_forwarder(&self) -> Option<(&Assumed, bool)> {
        self.facts.iter().find_map(|assumed| {
            if let Ok(Meaning::DnsForwarder(on)) = assumed.meaning() { Some((assumed, on)) } else { None }
        })
    }
}

/// Whether an address is `of` or something within it: `module.network.vpc_id` and `data.aws_vpc.shared[0]`.
fn is_within(address: &str, of: &str) -> bool {
    address
        .strip_prefix(of)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('['))
}

impl Network {
    /// Takes in what is assumed of VPCs.
    pub(in crate::aws) fn assume(&mut self, options: &ModelOptions, build: &Build<'_>) {
        for (index, assumed) in options.assumptions.facts.iter().enumerate() {
            match assumed.meaning() {
                Ok(Meaning::Endpoints { of, services }) => {
                    for vpc in self.assumed_vpcs(of, assumed, build) {
                        self.assume_endpoints(vpc, index, &services, assumed);
                    }
                }
                Ok(Meaning::Dns { of, attribute, on }) => {
                    for vpc in self.assumed_vpcs(of, assumed, build) {
                        let vpc = &mut self.vpcs[usize::from(vpc)];
                        let fact = match attribute {
                            DnsAttribute::Support => &mut vpc.dns_support,
                            DnsAttribute::Hostnames => &mut vpc.dns_hostnames,
                        };
                        if fact.value().is_none() {
                            *fact = Fact {
                                value: Known::Value(on),
                                basis: Basis::Configured,
                                ..Fact::unknown(Causes::new(), assumed.span)
                            };
                            vpc.assumed_dns.push(index);
                        }
                    }
                }
                Ok(Meaning::HostManagement(_) | Meaning::DnsForwarder(_)) | Err(_) => {}
            }
        }
    }

    /// The VPCs that an assumption is about. What holds a VPC that only subnets are named of gets one.
    fn assumed_vpcs(&mut self, of: &str, assumed: &Assumed, build: &Build<'_>) -> Vec<VpcId> {
        let mut found: Vec<VpcId> =
            self.vpc_ids().filter(|id| is_within(&self.vpc(*id).declaration.address, of)).collect();
        let homeless: Vec<usize> = (0..self.subnets.len())
            .filter(|index| {
                let subnet = &self.subnets[*index];
                matches!(subnet.vpc.link, Link::Unknown(_)) && is_within(&subnet.declaration.address, of)
            })
            .collect();
        if found.is_empty() && !homeless.is_empty() {
            found.push(self.add_vpc(Declaration::outside(of, assumed.span), build));
        }
        if let [vpc] = found.as_slice() {
            for index in homeless {
                self.subnets[index].vpc = Ref::default(Link::To(*vpc), assumed.span);
            }
        }
        found
    }

    fn assume_endpoints(&mut self, vpc: VpcId, index: usize, services: &[&str], assumed: &Assumed) {
        let entry = &mut self.vpcs[usize::from(vpc)];
        if entry.assumed_endpoints.is_some() {
            return;
        }
        entry.assumed_endpoints = Some(index);
        let region = entry.region.clone();
        let address = entry.declaration.address.clone();
        let span = assumed.span;
        for service in services {
            let present = self.endpoints_in(vpc).any(|id| {
                let endpoint = self.endpoint(id);
                (endpoint.service.is(service) & endpoint.declaration.exists & endpoint.vpc.link.is(vpc))
                    .is_yes()
            });
            if present {
                continue;
            }
            let id = EndpointId::from(self.endpoints.len());
            let unknown = |causes: Causes| LinkSet { open: Some(causes), ..LinkSet::omitted(span) };
            let groups = unknown(Causes::new());
            self.endpoints.push(Endpoint {
                declaration: Declaration::outside(format!("the endpoint for {service} in {address}"), span),
                origin: Origin::Named,
                assumed: true,
                vpc: Ref { basis: Basis::Configured, ..Ref::default(Link::To(vpc), span) },
                region: region.clone(),
                service: Service {
                    names: vec![Pattern {
                        exact: None,
                        prefix: "com.amazonaws.".into(),
                        suffix: format!(".{service}").into(),
                    }],
                    name: Fact::unknown(Causes::new(), span),
                },
                service_region: Fact::default(None, span),
                endpoint_type: Fact::default("Interface".into(), span),
                private_dns: Fact { basis: Basis::Configured, ..Fact::default(true, span) },
                private_dns_resources: Vec::new(),
                subnets: LinkSet { open: Some(Causes::new()), ..LinkSet::omitted(span) },
                addresses: Vec::new(),
                subnet_lists: Vec::new(),
                nests_subnets: false,
                own_groups: groups.clone(),
                groups,
                falls_back: Truth::No,
                route_tables: LinkSet { origin: OriginId::NONE, ..LinkSet::omitted(span) },
                ip_address_type: Fact::unknown(Causes::new(), span),
                policies: Vec::new(),
                conflicts: Vec::new(),
            });
            self.endpoints_by_vpc.entry(vpc).or_default().push(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assumed(key: &str, value: AssumedValue) -> Assumed {
        Assumed { key: key.to_owned(), value, span: None }
    }

    #[test]
    fn a_key_is_a_setting_of_the_account_or_an_address_with_an_attribute() {
        let on = || AssumedValue::Bool(true);
        assert_eq!(assumed("default_host_management", on()).meaning(), Ok(Meaning::HostManagement(true)));
        let of = "module.network[\"a.b\"]";
        let endpoints = assumed(&format!("{of}.ssm_endpoints"), AssumedValue::List(vec!["ssm".to_owned()]));
        assert_eq!(endpoints.meaning(), Ok(Meaning::Endpoints { of, services: vec!["ssm"] }));
        assert!(assumed("nat", on()).meaning().is_err());
        assert!(assumed("aws_vpc.main.flow_logs", on()).meaning().is_err());
        assert!(
            assumed("aws_vpc.main.enable_dns_support", AssumedValue::List(Vec::new())).meaning().is_err()
        );
        assert!(
            assumed("aws_vpc.main.ssm_endpoints", AssumedValue::Text("smm".to_owned())).meaning().is_err()
        );
    }

    #[test]
    fn an_address_holds_what_is_within_it_and_nothing_else() {
        assert!(is_within("module.network.vpc_id", "module.network"));
        assert!(is_within("module.network[0].vpc_id", "module.network"));
        assert!(is_within("data.aws_vpc.shared", "data.aws_vpc.shared"));
        assert!(!is_within("module.network_b.vpc_id", "module.network"));
    }
}
