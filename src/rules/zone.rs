//! Private zones that lead the name of a service nowhere, or to the endpoint of another one or of another region.

use crate::aws::link::VpcId;
use crate::proof::dns::{Misled, Place};
use crate::proof::{Reach, Service};
use crate::rules::Defect;

/// What is wrong with the private zone that decides the name of a service in a VPC; none where nothing certainly is.
pub(super) fn misleading_zone(reach: &Reach<'_>, vpc: VpcId, service: Service) -> Option<Defect> {
    let network = &reach.model.network;
    // Two zones of one name are SSM014's.
    let led_here =
        reach.resolve(vpc, service).place == Place::Broken && reach.owners(vpc, service).zones.len() < 2;
    let misled = reach.misleading_zone(vpc, service).filter(|_| led_here)?;
    let label = service.label();
    Some(match misled {
        Misled::Nowhere(zone) => {
            let zone = &network.zone(zone).declaration;
            Defect::new(zone, format!("{{}} has no record at its top, so the name of {label} does not exist"))
                .help("add an alias record to the endpoint")
                .cause("record")
        }
        Misled::ToAnother(zone, endpoint) => {
            let record = network.record_to(zone, endpoint);
            let what = network.endpoint(endpoint).differs(label);
            let endpoint = &network.endpoint(endpoint).declaration;
            let subject = record.map_or(&network.zone(zone).declaration, |record| &record.declaration);
            let mut defect = Defect::new(
                subject,
                format!("{{}} leads the name of {label} to the endpoint of another {what}"),
            )
            .help("lead each service's name to its own endpoint")
            .cause(&format!("record of another {what}"));
            if let Some(place) = record.map(|record| record.evidence(format!("this is {}", endpoint.address)))
            {
                defect = defect.at(place.span, place.note.clone()).decided_by(place);
            }
            defect
        }
    })
}
