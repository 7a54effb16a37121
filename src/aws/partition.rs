//! The partitions of AWS, by the prefixes of their regions.

/// A partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// As ARNs name it: `aws`, `aws-cn`.
    pub name: &'static str,
    /// The domain of its services.
    pub dns_suffix: &'static str,
}

/// All but the first one, by what their regions begin with:
/// <https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json>.
const OTHERS: &[(&str, Partition)] = &[
    ("cn-", Partition { name: "aws-cn", dns_suffix: "amazonaws.com.cn" }),
    ("us-gov-", Partition { name: "aws-us-gov", dns_suffix: "amazonaws.com" }),
    ("us-isob-", Partition { name: "aws-iso-b", dns_suffix: "sc2s.sgov.gov" }),
    ("us-isof-", Partition { name: "aws-iso-f", dns_suffix: "csp.hci.ic.gov" }),
    ("us-iso-", Partition { name: "aws-iso", dns_suffix: "c2s.ic.gov" }),
    ("eu-isoe-", Partition { name: "aws-iso-e", dns_suffix: "cloud.adc-e.uk" }),
    ("eusc-", Partition { name: "aws-eusc", dns_suffix: "amazonaws.eu" }),
];

impl Partition {
    /// The partition of a region.
    pub fn of_region(region: &str) -> Partition {
        let other = OTHERS.iter().find(|(prefix, _)| region.starts_with(prefix));
        other.map_or(Partition { name: "aws", dns_suffix: "amazonaws.com" }, |(_, partition)| *partition)
    }

    /// Whether ARNs name a partition so.
    pub fn is_name(name: &str) -> bool {
        name == "aws" || OTHERS.iter().any(|(_, partition)| partition.name == name)
    }
}
