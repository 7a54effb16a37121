//! CIDR arithmetic.
//!
//! The results are those of Terraform's libraries down to their oddities: IPv4 octets may have leading zeros, and a
//! negative subnet number is not refused.

use std::net::{Ipv4Addr, Ipv6Addr};

use dashu_int::IBig;

use crate::eval::funcs::{Context, FuncError, Function, Param, not_null};
use crate::eval::value::{Refinement, Type, Value};
use crate::number::Number;

fn string() -> Type {
    Type::String
}

fn number() -> Type {
    Type::Number
}

fn returns_string(_: &[Value]) -> Result<Type, FuncError> {
    Ok(Type::String)
}

/// The functions of this family.
pub static FUNCTIONS: &[Function] = &[
    Function {
        name: "cidrhost",
        params: &[Param::new("prefix", string), Param::new("hostnum", number)],
        variadic: None,
        ty: returns_string,
        refine: not_null,
        call: cidrhost,
    },
    Function {
        name: "cidrnetmask",
        params: &[Param::new("prefix", string)],
        variadic: None,
        ty: returns_string,
        refine: not_null,
        call: cidrnetmask,
    },
    Function {
        name: "cidrsubnet",
        params: &[Param::new("prefix", string), Param::new("newbits", number), Param::new("netnum", number)],
        variadic: None,
        ty: returns_string,
        refine: not_null,
        call: cidrsubnet,
    },
    Function {
        name: "cidrsubnets",
        params: &[Param::new("prefix", string)],
        variadic: Some(Param::new("newbits", number)),
        ty: |_| Ok(Type::list(Type::String)),
        refine: one_for_each_length,
        call: cidrsubnets,
    },
];

/// There are as many subnets as prefix lengths, whatever the network is.
fn one_for_each_length(args: &[Value]) -> Refinement {
    let count = args.len().saturating_sub(1) as u64;
    Refinement { not_null: true, min_length: count, max_length: Some(count), ..Refinement::default() }
}

/// A network as Go has it: an address of 4 or 16 bytes, and the length of its prefix.
#[derive(Clone, Copy)]
struct Network {
    address: u128,
    bits: i64,
    /// The number of leading ones in the mask; none for a mask that cannot be, which Go prints as `<nil>`.
    prefix: Option<i64>,
}

impl Network {
    fn parse(text: &str) -> Option<Network> {
        let (address, prefix) = text.split_once('/')?;
        let (address, bits) = match parse_ipv4(address) {
            Some(address) => (u128::from(u32::from(address)), 32),
            None => (u128::from(parse_ipv6(address)?), 128),
        };
        if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let prefix = match prefix.trim_start_matches('0') {
            "" => 0,
            digits => digits.parse::<i64>().ok()?,
        };
        if prefix > bits {
            return None;
        }
        let network = Network { address, bits, prefix: Some(prefix) };
        Some(Network { address: address & !network.host_mask(), ..network })
    }

    fn all(bits: i64) -> u128 {
        if bits == 32 { u128::from(u32::MAX) } else { u128::MAX }
    }

    /// The bits after the prefix.
    fn host_mask(&self) -> u128 {
        let hosts = self.bits - self.prefix.unwrap_or(self.bits);
        match u32::try_from(hosts) {
            Ok(0) => 0,
            Ok(hosts) if hosts < 128 => (1 << hosts) - 1,
            _ => Network::all(self.bits),
        }
    }

    /// An IPv4 address that is written as an IPv6 one.
    fn is_mapped(&self) -> bool {
        self.bits == 128 && self.address >> 32 == 0xffff
    }

    fn contains(&self, address: u128) -> bool {
        address & !self.host_mask() == self.address
    }

    fn print(&self) -> String {
        let Some(prefix) = self.prefix else { return "<nil>".into() };
        let prefix = if self.is_mapped() { (prefix - 96).max(0) } else { prefix };
        format!("{}/{prefix}", print_address(self.address, self.bits))
    }
}

/// Without the leading zeros that each number may have.
fn without_leading_zeros(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        if digits == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            let trimmed = rest[..digits].trim_start_matches('0');
            out.push_str(if trimmed.is_empty() { "0" } else { trimmed });
            rest = &rest[digits..];
        }
    }
    out
}

fn parse_ipv4(text: &str) -> Option<Ipv4Addr> {
    without_leading_zeros(text).parse().ok()
}

fn parse_ipv6(text: &str) -> Option<Ipv6Addr> {
    without_leading_zeros(text).parse().ok()
}

fn print_address(address: u128, bits: i64) -> String {
    match (bits, u32::try_from(address & 0xffff_ffff)) {
        (32, Ok(address)) => Ipv4Addr::from(address).to_string(),
        (_, Ok(low)) if address >> 32 == 0xffff => Ipv4Addr::from(low).to_string(),
        _ => Ipv6Addr::from(address).to_string(),
    }
}

fn whole(value: &Value) -> Result<IBig, FuncError> {
    value
        .as_number()
        .and_then(Number::to_integer)
        .ok_or_else(|| FuncError::Call("value must be a whole number".into()))
}

fn integer(value: &Value) -> Result<i64, String> {
    value.as_number().and_then(Number::to_i64).ok_or_else(|| {
        "value must be a whole number, between -9223372036854775808 and 9223372036854775807".into()
    })
}

fn network(value: &Value) -> Result<Network, String> {
    let text = value.as_str().unwrap_or_default();
    Network::parse(text).ok_or_else(|| format!("invalid CIDR expression: invalid CIDR address: {text}"))
}

/// The lowest 64 bits of the absolute value, as Go's `big.Int.Uint64` has it.
fn low_bits(number: &IBig) -> u64 {
    let magnitude = if *number < IBig::ZERO { -number } else { number.clone() };
    u64::try_from(magnitude & IBig::from(u64::MAX)).unwrap_or(u64::MAX)
}

/// Puts a number behind a prefix of an address.
fn insert(network: &Network, number: &IBig, prefix: i64) -> Result<u128, FuncError> {
    let beyond = || FuncError::Call(format!("the number {number} does not fit into an address"));
    if *number == IBig::ZERO {
        return Ok(network.address);
    }
    let shift = network.bits.checked_sub(prefix).and_then(|shift| usize::try_from(shift).ok());
    let shift = shift.filter(|shift| *shift <= 256).ok_or_else(beyond)?;
    let address = IBig::from(network.address) | (number << shift);
    let magnitude = if address < IBig::ZERO { -address } else { address };
    u128::try_from(magnitude).ok().filter(|address| *address <= Network::all(network.bits)).ok_or_else(beyond)
}

fn cidrhost(_: &Context<'_>, args: &[Value], _: &Type) -> Result<Value, FuncError> {
    let mut number = whole(&args[1])?;
    let network = network(&args[0]).map_err(FuncError::Call)?;
    let prefix = network.prefix.unwrap_or(0);
    let most = (IBig::ONE << usize::try_from(network.bits - prefix).unwrap_or(0)) - IBig::ONE;
    let mut counted = IBig::from(low_bits(&number) as i64);
    if number < IBig::ZERO {
        counted = -&number - IBig::ONE;
        number = &most - &counted;
    }
    if counted > most {
        return Err(FuncError::Call(format!(
            "prefix of {prefix} does not accommodate a host numbered {number}"
        )));
    }
    let bits = if network.bits == 32 || network.is_mapped() { 32 } else { 128 };
    let address = insert(&network, &number, bits)?;
    Ok(Value::string(print_address(address, network.bits)))
}

fn cidrnetmask(_: &Context<'_>, args: &[Value], _: &Type) -> Result<Value, FuncError> {
    let network = network(&args[0]).map_err(FuncError::Call)?;
    if network.bits != 32 && !network.is_mapped() {
        let text = args[0].as_str().unwrap_or_default();
        return Err(FuncError::Call(format!("IPv6 addresses cannot have a netmask: {text}")));
    }
    let mask = !network.host_mask() & Network::all(network.bits);
    Ok(Value::string(print_address(mask, network.bits)))
}

fn cidrsubnet(_: &Context<'_>, args: &[Value], _: &Type) -> Result<Value, FuncError> {
    let new_bits = integer(&args[1]).map_err(FuncError::Call)?;
    let number = whole(&args[2])?;
    let network = network(&args[0]).map_err(FuncError::Call)?;
    let prefix = network.prefix.unwrap_or(0);
    let new_prefix = prefix.saturating_add(new_bits);
    if new_prefix > network.bits {
        return Err(FuncError::Call(format!(
            "insufficient address space to extend prefix of {prefix} by {new_bits}"
        )));
    }
    let most =
        u32::try_from(new_bits).ok().and_then(|bits| 1_u64.checked_shl(bits)).unwrap_or(0).wrapping_sub(1);
    if low_bits(&number) > most {
        return Err(FuncError::Call(format!(
            "prefix extension of {new_bits} does not accommodate a subnet numbered {number}"
        )));
    }
    let address = insert(&network, &number, new_prefix)?;
    let subnet = Network { address, prefix: (new_prefix >= 0).then_some(new_prefix), ..network };
    Ok(Value::string(subnet.print()))
}

fn cidrsubnets(context: &Context<'_>, args: &[Value], _: &Type) -> Result<Value, FuncError> {
    let network = network(&args[0]).map_err(|error| FuncError::Arg(0, error))?;
    let prefix = network.prefix.unwrap_or(0);
    if args.len() > context.limits.elements {
        return Err(FuncError::Limit(format!("elements ({})", context.limits.elements)));
    }
    let mut subnets = Vec::with_capacity(args.len() - 1);
    // The subnet before the next one; at first, the one that ends where the network begins.
    let mut last = network.address.wrapping_sub(1) & Network::all(network.bits);
    let mut current = None;
    for (i, arg) in args.iter().enumerate().skip(1) {
        let fail = |message: String| Err(FuncError::Arg(i, message));
        let length = match integer(arg) {
            Ok(length) => length,
            Err(error) => return fail(error),
        };
        if length < 1 {
            return fail("must extend prefix by at least one bit".into());
        }
        if length > 32 {
            return fail("may not extend prefix by more than 32 bits".into());
        }
        let length = length + prefix;
        if length > network.bits {
            let protocol = if network.bits == 32 { "IPv4" } else { "IPv6" };
            return fail(format!(
                "would extend prefix to {length} bits, which is too long for an {protocol} address"
            ));
        }
        if network.is_mapped() {
            // Terraform's library takes the bytes of an IPv4 address for those of an IPv6 one and fails.
            return Err(FuncError::Call("IPv4 address written as an IPv6 address".into()));
        }
        let subnet = Network { prefix: Some(length), ..network };
        let before =
            current.unwrap_or_else(|| Network { address: last & !subnet.host_mask(), ..subnet }.print());
        let start = (last | subnet.host_mask()).wrapping_add(1) & Network::all(network.bits);
        // Terraform's library takes the address zero for an overflow, so that 0.0.0.0/0 cannot be divided.
        if start == 0 || !network.contains(start) {
            return fail(format!(
                "not enough remaining address space for a subnet with a prefix of {length} bits after {before}"
            ));
        }
        let subnet = Network { address: start, ..subnet };
        last = start | subnet.host_mask();
        current = Some(subnet.print());
        subnets.push(Value::string(subnet.print()));
    }
    Ok(Value::list(Type::String, subnets))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<String> {
        Network::parse(text).map(|network| network.print())
    }

    #[test]
    fn networks_are_read_as_terraform_reads_them() {
        assert_eq!(parsed("10.1.2.3/16").as_deref(), Some("10.1.0.0/16"));
        assert_eq!(parsed("010.001.0.0/08").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(parsed("2001:DB8:0:0::1/64").as_deref(), Some("2001:db8::/64"));
        assert_eq!(parsed("::ffff:10.0.0.0/104").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(parsed("0.0.0.0/0").as_deref(), Some("0.0.0.0/0"));
        for invalid in
            ["10.0.0.0", "10.0.0/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8 ", "fe80::%eth0/64", "::/129"]
        {
            assert_eq!(parsed(invalid), None, "{invalid}");
        }
    }
}
