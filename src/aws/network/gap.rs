//! What gaps could hide: which VPCs and groups may hold more than is seen.

use std::collections::BTreeMap;

use crate::addr::ModuleInstance;
use crate::aws::Build;
use crate::aws::fact::Reason;
use crate::aws::link::{AclId, GroupId, Key, Link, VpcId, leaves};
use crate::aws::network::Network;
use crate::aws::security_group::{Direction, Spelling};
use crate::eval::term::TermId;
use crate::eval::value::Value;
use crate::eval::{Gap, GapKind};

/// The gaps by what they could add something to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hidden {
    everywhere: Vec<Reason>,
    vpcs: BTreeMap<VpcId, Vec<Reason>>,
    groups: BTreeMap<GroupId, Vec<Reason>>,
    acls: BTreeMap<AclId, Vec<Reason>>,
}

impl Hidden {
    pub(super) fn in_vpc(&self, id: VpcId) -> Vec<Reason> {
        self.everywhere.iter().chain(self.vpcs.get(&id).into_iter().flatten()).cloned().collect()
    }

    pub(super) fn in_group(&self, id: GroupId) -> Vec<Reason> {
        self.everywhere.iter().chain(self.groups.get(&id).into_iter().flatten()).cloned().collect()
    }

    /// Sorts the gaps of an evaluation.
    pub(super) fn find(network: &Network, build: &Build<'_>) -> Hidden {
        let mut hidden = Hidden::default();
        for gap in &build.evaluation.gaps {
            let reason = Reason::new(gap.message.clone(), gap.span);
            match gap.kind {
                // A limit cuts off whatever comes after it.
                GapKind::Limit => hidden.everywhere.push(reason),
                GapKind::ModuleUnavailable | GapKind::NotUnderstood if gap.sees_unknown => {
                    hidden.everywhere.push(reason);
                }
                GapKind::ModuleUnavailable | GapKind::NotUnderstood => {
                    hidden.add_seen(gap, &reason, network, build);
                }
                GapKind::FileUnreadable => {
                    hidden.add_seen(gap, &reason, network, build);
                    hidden.add_related(gap, &reason, network);
                }
            }
        }
        for instance in MAKERS.iter().flat_map(|type_name| build.managed(type_name)) {
            // A template that makes nothing of EC2 adds nothing.
            let template = instance.body.attribute("template_body").and_then(|body| body.value.as_str());
            if template.is_some_and(|template| !template.contains("AWS::EC2::")) {
                continue;
            }
            let address = &instance.addr;
            let text = format!("{address} may make more than is seen here");
            let reason = Reason::new(text, instance.decl_range);
            let mut terms = Vec::new();
            for attribute in &instance.body.attributes {
                terms_in(&attribute.value, DEPTH, &mut terms);
            }
            hidden.add_terms(&terms, &reason, network, build);
        }
        for reasons in hidden.vpcs.values_mut().chain(hidden.groups.values_mut()) {
            reasons.sort();
            reasons.dedup();
        }
        hidden
    }

    fn add_vpc(&mut self, id: VpcId, reason: &Reason) {
        self.vpcs.entry(id).or_default().push(reason.clone());
    }

    fn add_group(&mut self, id: GroupId, reason: &Reason) {
        self.groups.entry(id).or_default().push(reason.clone());
    }

    /// What the gap is told about: a thing, and the VPC that it is in.
    fn add_seen(&mut self, gap: &Gap, reason: &Reason, network: &Network, build: &Build<'_>) {
        for name in &gap.names {
            if let Some(id) = network.vpc_registry.get(&Key::Text(name.clone())) {
                self.add_vpc(id, reason);
            }
            if let Some(id) = network.group_registry.get(&Key::Text(name.clone())) {
                self.add_group(id, reason);
            }
        }
        self.add_terms(&gap.sees, reason, network, build);
    }

    /// What something is told about by these terms.
    fn add_terms(&mut self, terms: &[TermId], reason: &Reason, network: &Network, build: &Build<'_>) {
        for term in terms {
            let mut keys: Vec<Key> = Key::of_term(*term, build.terms()).into_iter().collect();
            for leaf in leaves(*term, build.terms()).unwrap_or_default() {
                keys.push(Key::Attr(leaf, "id".into()));
            }
            for key in keys {
                if let Some(id) = network.vpc_registry.get(&key) {
                    self.add_vpc(id, reason);
                }
                if let Some(id) = network.subnet_registry.get(&key)
                    && let Link::To(vpc) = network.subnet(id).vpc.link
                {
                    self.add_vpc(vpc, reason);
                }
                if let Some(id) = network.route_table_registry.get(&key)
                    && let Link::To(vpc) = network.route_table(id).vpc.link
                {
                    self.add_vpc(vpc, reason);
                }
                if let Some(id) = network.group_registry.get(&key) {
                    self.add_group(id, reason);
                }
                if let Some(id) = network.acl_registry.get(&key) {
                    self.acls.entry(id).or_default().push(reason.clone());
                }
            }
        }
    }

    /// Leaves open which entries an ACL has that a gap is told about.
    pub(super) fn open_acls(&self, network: &mut Network) {
        for (id, reasons) in &self.acls {
            let acl = &mut network.acls[usize::from(*id)];
            for direction in [Direction::Ingress, Direction::Egress] {
                acl.entries_mut(direction).open.extend(reasons.iter().cloned());
            }
        }
    }

    /// Leaves open whether a default group still has the rules that AWS made, where a gap is told about its VPC: what is
    /// in there may adopt the group, which takes them away.
    pub(super) fn doubt_default_groups(&self, network: &mut Network) {
        for group in network.groups.iter_mut().filter(|group| group.is_default) {
            let Link::To(vpc) = group.vpc.link else { continue };
            let Some(reason) = self.vpcs.get(&vpc).and_then(|reasons| reasons.first()) else { continue };
            for direction in [Direction::Ingress, Direction::Egress] {
                let rules = group.rules_mut(direction).rules.iter_mut();
                for rule in rules.filter(|rule| rule.spelling == Spelling::Implicit) {
                    rule.doubt.get_or_insert_with(|| reason.clone());
                }
            }
        }
    }

    /// What is declared in the module of an unreadable file, in modules within it and around it.
    fn add_related(&mut self, gap: &Gap, reason: &Reason, network: &Network) {
        for id in network.vpc_ids() {
            let addr = network.vpc(id).declaration.addr.as_ref();
            if addr.is_none_or(|addr| related(&addr.module, &gap.module)) {
                self.add_vpc(id, reason);
            }
        }
        for id in network.group_ids() {
            let addr = network.group(id).declaration.addr.as_ref();
            if addr.is_none_or(|addr| related(&addr.module, &gap.module)) {
                self.add_group(id, reason);
            }
        }
    }
}

/// Resources that may make endpoints, routes and rules in a network that they are told about.
const MAKERS: &[&str] = &["aws_cloudformation_stack", "awscc_ec2_vpc_endpoint"];

/// Values within values that are looked into.
const DEPTH: usize = 4;

fn terms_in(value: &Value, depth: usize, into: &mut Vec<TermId>) {
    into.extend(value.as_unknown().map(|unknown| unknown.term));
    if depth > 0 {
        for part in value.parts() {
            terms_in(part, depth - 1, into);
        }
    }
}

/// Whether one module is the other, or around it.
fn related(one: &ModuleInstance, other: &ModuleInstance) -> bool {
    one.0.iter().zip(&other.0).all(|(a, b)| a == b)
}
