//! How much a proof has to compare, so that it is known before it is begun.

use std::collections::BTreeMap;

use crate::aws::link::{GroupId, LinkSet, SubnetId, VpcId};
use crate::aws::security_group::{Direction, PeerKind, RuleSet};
use crate::proof::{Reach, Site};

/// Comparisons that are made for one root; more would take minutes. A thousand instances with thirty rules each and
/// nine interfaces of endpoints need less than a million.
pub const MAX_WORK: u64 = 20_000_000;

/// What stands between a target and an interface besides rules, in comparisons.
const PAIR: u64 = 20;
/// A pattern of a policy, in comparisons.
const PATTERN: u64 = 20;

/// The sums of one VPC.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    /// Targets in their subnets.
    sites: u64,
    /// What is compared for each of these and each interface.
    near: u64,
    /// Interfaces of endpoints.
    interfaces: u64,
    /// What is compared for each of these and each target.
    far: u64,
}

impl Reach<'_> {
    /// Why there are no rules and proofs for this root; none where it is not too much for them.
    pub fn limit(&self) -> Option<String> {
        let work = self.work();
        (work > MAX_WORK).then(|| {
            let endpoints = &self.model.network.endpoints;
            let interfaces: usize = endpoints.iter().map(|endpoint| endpoint.subnets.members.len()).sum();
            format!(
                "its {} targets and {interfaces} interfaces of endpoints, with their rules and policies, make {work} \
                 comparisons, the limit of ssmlint is {MAX_WORK}",
                self.sites.len()
            )
        })
    }

    /// How many comparisons rules and chains make at most. Each target meets each interface of the endpoints that it may
    /// be led to, and with it the rules of the groups and the entries of the ACLs on both sides.
    pub fn work(&self) -> u64 {
        let network = &self.model.network;
        let rules: Vec<(u64, u64)> = network
            .groups
            .iter()
            .map(|group| (self.rules(&group.ingress), self.rules(&group.egress)))
            .collect();
        let of_groups = |groups: &LinkSet<GroupId>, direction: Direction| -> u64 {
            let sizes = groups.ids().filter_map(|id| rules.get(usize::from(id)));
            let sizes = sizes.map(|(ingress, egress)| match direction {
                Direction::Ingress => *ingress,
                Direction::Egress => *egress,
            });
            sizes.sum()
        };
        let entries: Vec<u64> =
            network.acls.iter().map(|acl| acl.ingress.work() + acl.egress.work()).collect();
        let of_acl = |subnet: SubnetId| -> u64 {
            let acls = network.subnet(subnet).acl.link.candidates().iter();
            acls.filter_map(|id| entries.get(usize::from(*id))).sum()
        };

        // Rules also look for what else carries a group and for other targets, which takes little for each.
        let (sites, groups) = (self.sites.len() as u64, rules.len() as u64);
        let all_rules: u64 = rules.iter().map(|(ingress, egress)| ingress + egress).sum();
        let mut alone = sites * sites / 50 + groups * sites / 3 + groups * all_rules / 10;
        let mut by_vpc: BTreeMap<VpcId, Sums> = BTreeMap::new();
        // Of endpoints that targets of several VPCs may be led to.
        let mut shared = Sums::default();
        for endpoint in &network.endpoints {
            let interfaces = endpoint.subnets.members.len() as u64;
            let policies: usize = endpoint.policies.iter().map(|policy| policy.policy.patterns()).sum();
            let ingress = of_groups(&endpoint.groups, Direction::Ingress);
            let acls: u64 = endpoint.subnets.ids().map(of_acl).sum();
            // Its interfaces are compared with one another too.
            let far = interfaces * (ingress + interfaces / PAIR) + acls + policies as u64 * PATTERN;
            let into = |sums: &mut Sums| {
                sums.interfaces += interfaces;
                sums.far += far;
            };
            match endpoint.vpc.link.to() {
                Some(vpc) => into(by_vpc.entry(vpc).or_default()),
                None => into(&mut shared),
            }
            if !network.dns.zones.is_empty() {
                into(&mut shared);
            }
        }
        for site in &self.sites {
            let near =
                of_groups(&self.target(site).groups, Direction::Egress) + site.subnet.map_or(0, of_acl);
            alone += near + PATTERN * self.patterns(site);
            if let Some(vpc) = site.vpc.to() {
                let sums = by_vpc.entry(vpc).or_default();
                sums.sites += 1;
                sums.near += near;
            }
        }
        by_vpc.values().fold(alone, |work, sums| {
            let interfaces = sums.interfaces + shared.interfaces;
            let pairs = sums.sites.saturating_mul(interfaces).saturating_mul(PAIR);
            let near = interfaces.saturating_mul(sums.near);
            let far = sums.sites.saturating_mul(sums.far + shared.far);
            work.saturating_add(pairs).saturating_add(near).saturating_add(far)
        })
    }

    /// The rules of a group in one direction, with their peers.
    fn rules(&self, set: &RuleSet) -> u64 {
        let peer = |kind: &PeerKind| match kind {
            PeerKind::PrefixList(link) => {
                let lists = link.candidates().iter().map(|id| self.model.network.prefix_list(*id));
                1 + lists.map(|list| list.entries.len()).sum::<usize>()
            }
            PeerKind::Cidr(_) | PeerKind::Group(_) | PeerKind::Itself => 1,
        };
        let rules = set.rules.iter();
        rules.map(|rule| 1 + rule.peers.iter().map(|found| peer(&found.kind) as u64).sum::<u64>()).sum()
    }

    /// The patterns in the policies of a site's role.
    fn patterns(&self, site: &Site) -> u64 {
        let Some(role) = self.role(site) else { return 0 };
        let role = self.model.iam.role(role);
        let policies = role.policies.iter().chain(&role.boundary);
        policies.map(|attached| attached.policy.patterns() as u64).sum()
    }
}
