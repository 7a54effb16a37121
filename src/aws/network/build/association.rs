//! What is associated with a subnet, for certain or possibly.

use std::collections::BTreeMap;

use crate::aws::link::{Link, Ref, SubnetId};
use crate::eval::value::Causes;
use crate::truth::Truth;

/// One of several references.
pub(super) fn either<Id: Copy + PartialEq + Ord>(references: &[Ref<Id>]) -> Ref<Id> {
    let mut ids: Vec<Id> = Vec::new();
    let mut unknown = None;
    for reference in references {
        match &reference.link {
            Link::Unknown(causes) => unknown = Some(causes.clone()),
            Link::Outside(_) => unknown = Some(Causes::new()),
            Link::To(_) | Link::OneOf(_) => {
                ids.extend(
                    reference
                        .link
                        .candidates()
                        .iter()
                        .filter(|id| !ids.contains(id))
                        .copied()
                        .collect::<Vec<_>>(),
                );
            }
        }
    }
    let link = match (ids.as_slice(), unknown) {
        (_, Some(causes)) => Link::Unknown(causes),
        ([id], None) => Link::To(*id),
        (_, None) => Link::OneOf(ids),
    };
    match references.first() {
        Some(first) => Ref { link, ..first.clone() },
        None => Ref::default(link, None),
    }
}

/// The associations of each subnet with something, and those of which the subnet is not known.
pub(super) struct Associations<Id> {
    pub(super) by_subnet: BTreeMap<SubnetId, Vec<(Ref<Id>, Truth)>>,
    pub(super) strays: Vec<Ref<Id>>,
}

impl<Id: Copy + PartialEq + Ord> Associations<Id> {
    pub(super) fn new() -> Associations<Id> {
        Associations { by_subnet: BTreeMap::new(), strays: Vec::new() }
    }

    pub(super) fn add(&mut self, subnets: &Link<SubnetId>, to: &Ref<Id>, exists: Truth) {
        if exists.is_no() {
            return;
        }
        let certain = if subnets.to().is_some() { exists } else { exists & Truth::Unknown };
        for subnet in subnets.candidates() {
            self.by_subnet.entry(*subnet).or_default().push((to.clone(), certain));
        }
        if subnets.candidates().is_empty() {
            self.strays.push(to.clone());
        }
    }

    /// What applies to a subnet, given what applies without any association.
    pub(super) fn of(&self, subnet: SubnetId, strays: &[Ref<Id>], otherwise: &Ref<Id>) -> Ref<Id> {
        let own = self.by_subnet.get(&subnet).map(Vec::as_slice).unwrap_or_default();
        if let Some((reference, _)) = own.iter().find(|(_, certain)| certain.is_yes()) {
            return reference.clone();
        }
        let possible: Vec<Ref<Id>> =
            own.iter().map(|(reference, _)| reference).chain(strays).cloned().collect();
        if possible.is_empty() {
            return otherwise.clone();
        }
        either(&[possible, vec![otherwise.clone()]].concat())
    }
}
