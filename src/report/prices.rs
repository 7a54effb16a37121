//! What NAT gateways and endpoints cost in a month, from prices that the user can change.
//!
//! The prices are AWS's list prices of us-east-1 as published between February and June 2026:
//! <https://aws.amazon.com/privatelink/pricing/>, <https://aws.amazon.com/vpc/pricing/>.

use std::fmt;

/// Hours of a month, as AWS's own calculator counts.
const HOURS: f64 = 730.0;

/// Prices in US dollars.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    /// An interface endpoint in one Availability Zone, an hour.
    pub endpoint_hour: f64,
    /// A GB through an interface endpoint.
    pub endpoint_gb: f64,
    /// A NAT gateway, an hour.
    pub nat_hour: f64,
    /// A GB through a NAT gateway.
    pub nat_gb: f64,
    /// A public IPv4 address, an hour.
    pub public_ip_hour: f64,
    /// Where the prices are from.
    pub source: &'static str,
}

impl Default for Prices {
    fn default() -> Prices {
        Prices {
            endpoint_hour: 0.01,
            endpoint_gb: 0.01,
            nat_hour: 0.045,
            nat_gb: 0.045,
            public_ip_hour: 0.005,
            source: "list prices of us-east-1, February to June 2026",
        }
    }
}

impl Prices {
    /// The names that [`Prices::set`] takes.
    pub const NAMES: [&'static str; 5] =
        ["endpoint-hour", "endpoint-gb", "nat-hour", "nat-gb", "public-ip-hour"];

    /// Sets one price, `nat-hour`. Fails for a name that there is not, and for a price that is no amount.
    pub fn set(&mut self, name: &str, dollars: f64) -> Result<(), String> {
        if !dollars.is_finite() || dollars < 0.0 {
            return Err(format!("{dollars} is no price"));
        }
        let price = match name {
            "endpoint-hour" => &mut self.endpoint_hour,
            "endpoint-gb" => &mut self.endpoint_gb,
            "nat-hour" => &mut self.nat_hour,
            "nat-gb" => &mut self.nat_gb,
            "public-ip-hour" => &mut self.public_ip_hour,
            _ => return Err(format!("there is no price `{name}`; there are {}", Prices::NAMES.join(", "))),
        };
        *price = dollars;
        self.source = "prices as given";
        Ok(())
    }

    /// What stands there costs in a month, without data.
    pub fn month(&self, inventory: &Inventory) -> Cost {
        let cost = |nats: usize, addresses: usize, interfaces: usize| {
            #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 gateways")]
            let [nats, addresses, interfaces] = [nats as f64, addresses as f64, interfaces as f64];
            HOURS * (nats * self.nat_hour + addresses * self.public_ip_hour + interfaces * self.endpoint_hour)
        };
        let Inventory { nat_gateways, nat_addresses, endpoint_interfaces } = inventory;
        Cost {
            least: cost(nat_gateways.least, nat_addresses.least, endpoint_interfaces.least),
            most: cost(nat_gateways.most, nat_addresses.most, endpoint_interfaces.most),
            is_open: nat_gateways.is_open || nat_addresses.is_open || endpoint_interfaces.is_open,
        }
    }
}

/// What in a root module is paid for by the hour on the way of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// NAT gateways.
    pub nat_gateways: Number,
    /// Their public addresses.
    pub nat_addresses: Number,
    /// Interface endpoints, once for each Availability Zone that they have an interface in.
    pub endpoint_interfaces: Number,
}

/// How many of something there are, as far as that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Number {
    /// Those that exist for certain.
    pub least: usize,
    /// Those that may exist.
    pub most: usize,
    /// Whether there may be more than that.
    pub is_open: bool,
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_open, self.least == self.most) {
            (true, _) => write!(f, "at least {}", self.least),
            (false, true) => write!(f, "{}", self.least),
            (false, false) => write!(f, "{} to {}", self.least, self.most),
        }
    }
}

/// US dollars a month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Of what exists for certain.
    pub least: f64,
    /// Of what may exist.
    pub most: f64,
    /// Whether it may be more than that.
    pub is_open: bool,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_open, self.least == self.most) {
            (true, _) => write!(f, "at least {:.2}", self.least),
            (false, true) => write!(f, "{:.2}", self.least),
            (false, false) => write!(f, "{:.2} to {:.2}", self.least, self.most),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exactly(count: usize) -> Number {
        Number { least: count, most: count, is_open: false }
    }

    fn endpoints(interfaces: usize) -> Inventory {
        Inventory { endpoint_interfaces: exactly(interfaces), ..Inventory::default() }
    }

    fn nats(gateways: usize) -> Inventory {
        Inventory {
            nat_gateways: exactly(gateways),
            nat_addresses: exactly(gateways),
            ..Inventory::default()
        }
    }

    #[test]
    fn the_page_says_what_is_computed() {
        let page = include_str!("../../rules/nat-or-endpoints.md");
        let prices = Prices::default();
        let row = |title: &str, cost: &dyn Fn(usize) -> Inventory| {
            let cells: Vec<String> = (1..=3).map(|zones| prices.month(&cost(zones)).to_string()).collect();
            let row = format!("| {title} | {} |", cells.join(" | "));
            assert!(page.contains(&row), "{row}");
        };
        row("2 endpoints: `ssm`, `ssmmessages`", &|zones| endpoints(2 * zones));
        row("3 endpoints: with `ec2messages`", &|zones| endpoints(3 * zones));
        row("5 endpoints: with `kms`, `logs`", &|zones| endpoints(5 * zones));
        row("A NAT gateway in each zone", &nats);
        row("One NAT gateway for all zones", &|_| nats(1));
        // Three endpoints in two zones against one gateway.
        let more = prices.month(&endpoints(6)).least - prices.month(&nats(1)).least;
        let gb = more / (prices.nat_gb - prices.endpoint_gb);
        assert!(page.contains(&format!("about {gb:.0} GB")), "{gb}");
    }

    #[test]
    fn what_is_not_known_is_a_range() {
        let some = Number { least: 1, most: 3, is_open: false };
        let inventory = Inventory { nat_gateways: some, nat_addresses: exactly(0), ..Inventory::default() };
        assert_eq!(Prices::default().month(&inventory).to_string(), "32.85 to 98.55");
        assert_eq!(Number { is_open: true, ..some }.to_string(), "at least 1");
    }

    #[test]
    fn prices_are_amounts() {
        let mut prices = Prices::default();
        for name in Prices::NAMES {
            assert_eq!(prices.set(name, 1.0), Ok(()));
        }
        assert_eq!(prices.month(&nats(1)).to_string(), "1460.00");
        assert!(prices.set("nat", 1.0).is_err());
        assert!(prices.set("nat-hour", -1.0).is_err());
        assert!(prices.set("nat-hour", f64::NAN).is_err());
    }
}
