//! What of a model is paid for by the hour: NAT gateways with their addresses, and endpoints.

use crate::aws::Model;
use crate::aws::network::{GatewayKind, Origin};
use crate::report::prices::{Inventory, Number};
use crate::truth::Truth;

/// Counts what the configuration makes; what it only looks up or names is paid for elsewhere.
pub(super) fn inventory(model: &Model) -> Inventory {
    let mut inventory = Inventory::default();
    for gateway in &model.network.gateways {
        let GatewayKind::Nat(nat) = &gateway.kind else { continue };
        if gateway.origin != Origin::Managed {
            continue;
        }
        let exists = gateway.declaration.exists;
        let stands_for_all = gateway.declaration.address.contains("[*]");
        let is_private = nat.as_ref().map_or(Truth::Unknown, |nat| nat.connectivity.is(&"private".into()));
        let is_regional = nat.as_ref().map_or(Truth::Unknown, |nat| nat.mode.is(&"regional".into()));
        add(&mut inventory.nat_gateways, exists, 1);
        add(&mut inventory.nat_addresses, exists & !is_private, 1);
        // A regional one is billed for each zone that it is in, which AWS decides.
        let is_open = stands_for_all || (!exists.is_no() && is_regional.is_yes());
        inventory.nat_gateways.is_open |= is_open;
        inventory.nat_addresses.is_open |= is_open && !is_private.is_yes();
    }
    for endpoint in &model.network.endpoints {
        let exists = endpoint.declaration.exists & endpoint.is_interface();
        if endpoint.origin != Origin::Managed || exists.is_no() {
            continue;
        }
        for member in &endpoint.subnets.members {
            add(&mut inventory.endpoint_interfaces, exists & member.certain, 1);
        }
        add(&mut inventory.endpoint_interfaces, exists, endpoint.subnets.outside.len());
        inventory.endpoint_interfaces.is_open |=
            endpoint.subnets.open.is_some() || endpoint.declaration.address.contains("[*]");
    }
    inventory
}

fn add(number: &mut Number, exists: Truth, count: usize) {
    if exists.is_yes() {
        number.least += count;
    }
    if !exists.is_no() {
        number.most += count;
    }
}
