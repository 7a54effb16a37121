//! Terraform's numbers: binary floating point with a precision of its own, rounded half to even.
//!
//! Terraform parses, computes and prints numbers as Go's `big.Float` does: what is written has 512 bits, what a
//! function makes often fewer, and an operation takes the larger precision of its operands.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use dashu_base::{BitTest, DivRem};
use dashu_int::{IBig, Sign, UBig};

/// Bits of the mantissa of a number that is written in decimal.
pub const PRECISION: u32 = 512;

/// Bits of the mantissa of an integer that a function makes, such as `length`.
const INTEGER_PRECISION: u32 = 64;

/// The largest magnitude of a binary exponent. Terraform's goes to 2^31, whose decimal form does not fit in memory;
/// this one prints in at most 40,000 digits.
const EXPONENT_LIMIT: i64 = 1 << 17;

/// Significant digits that are read; more take time without any use.
const DIGITS_LIMIT: usize = 40_000;

/// A number. Small integers, nearly all there are, are kept as such.
#[derive(Clone, Debug)]
pub struct Number(Repr);

#[derive(Clone, Debug)]
enum Repr {
    /// An integer and its precision in bits, never negative zero.
    Int(i64, u32),
    /// Any other finite number.
    Float(Arc<Float>),
    /// Infinity; whether negative.
    Infinity(bool),
}

/// `±mantissa × 2^exponent`; the mantissa is odd, or zero for zero.
#[derive(Clone, Debug)]
struct Float {
    negative: bool,
    mantissa: UBig,
    exponent: i64,
    precision: u32,
}

/// A notation of Go's `Float.Text`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// `-ddd.ddd`.
    Fixed,
    /// `-d.ddde±dd`.
    Exponent,
    /// Exponent notation for large and small exponents, fixed otherwise.
    General,
}

impl Number {
    /// Reads decimal notation as Terraform reads literals, JSON and strings: digits with an optional point, an
    /// optional exponent, or `inf`. None if the text is no number or beyond the exponents that ssmlint computes with.
    pub fn parse(text: &str) -> Option<Number> {
        if let Ok(n) = text.parse::<i64>()
            && n != 0
        {
            return Some(Number(Repr::Int(n, PRECISION)));
        }
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "inf" || rest == "Inf" {
            return Some(Number::infinity(negative));
        }
        let (digits, exponent) = match rest.find(['e', 'E', 'p', 'P']) {
            Some(at) => (&rest[..at], Some((rest.as_bytes()[at], &rest[at + 1..]))),
            None => (rest, None),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let mut power_of_5 = -i64::try_from(fraction.len()).ok()?;
        let mut power_of_2 = power_of_5;
        if let Some((letter, exponent)) = exponent {
            let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if unsigned.is_empty() || !is_digits(unsigned) {
                return None;
            }
            let exponent: i64 = exponent.parse().ok()?;
            power_of_2 = power_of_2.checked_add(exponent)?;
            if matches!(letter, b'e' | b'E') {
                power_of_5 = power_of_5.checked_add(exponent)?;
            }
        }
        let mut all = format!("{whole}{fraction}");
        let significant = all.trim_end_matches('0').len();
        // Trailing zeros move into the exponent, so that the mantissa stays small.
        let zeros = i64::try_from(all.len() - significant).ok()?;
        all.truncate(significant);
        let all = all.trim_start_matches('0');
        if all.is_empty() {
            return Number::new(negative, UBig::ZERO, 0, PRECISION);
        }
        power_of_5 = power_of_5.checked_add(zeros)?;
        power_of_2 = power_of_2.checked_add(zeros)?;
        let is_beyond = |power: i64, limit: i64| !(-limit..=limit).contains(&power);
        if all.len() > DIGITS_LIMIT
            || is_beyond(power_of_5, EXPONENT_LIMIT)
            || is_beyond(power_of_2, 2 * EXPONENT_LIMIT)
        {
            return None;
        }
        let mantissa = UBig::from_str_radix(all, 10).ok()?;
        let unrounded = Float { negative, mantissa, exponent: power_of_2, precision: PRECISION };
        let power = power_of_five(power_of_5.unsigned_abs(), PRECISION + 64);
        let result = if power_of_5 < 0 {
            unrounded.divide(&power, PRECISION)
        } else {
            unrounded.multiply(&power, PRECISION)
        };
        result.bounded()
    }

    /// An integer in digits of a base from 2 to 62, as wide as it is.
    pub fn from_integer(n: &IBig) -> Option<Number> {
        let (sign, magnitude) = n.clone().into_parts();
        let precision = u32::try_from(magnitude.bit_len()).ok()?.max(INTEGER_PRECISION);
        Number::new(sign == Sign::Negative, magnitude, 0, precision)
    }

    /// A 64-bit float; None if it is not a number.
    pub fn from_f64(f: f64) -> Option<Number> {
        if f.is_nan() {
            return None;
        }
        if f.is_infinite() {
            return Some(Number::infinity(f < 0.0));
        }
        let bits = f.to_bits();
        let field = (bits >> 52 & 0x7ff) as i64;
        let fraction = bits & ((1 << 52) - 1);
        let (mantissa, exponent) =
            if field == 0 { (fraction, -1074) } else { (fraction | 1 << 52, field - 1075) };
        Number::new(f.is_sign_negative(), UBig::from(mantissa), exponent, 53)
    }

    /// Infinity of a sign.
    pub fn infinity(negative: bool) -> Number {
        Number(Repr::Infinity(negative))
    }

    /// Rounds to a precision and keeps it.
    fn new(negative: bool, mantissa: UBig, exponent: i64, precision: u32) -> Option<Number> {
        Float { negative, mantissa, exponent, precision }.rounded().bounded()
    }

    /// The integer, when it is one that fits.
    pub fn to_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int(n, _) => Some(*n),
            // Every other integer that fits is negative zero.
            Repr::Float(float) => float.mantissa.is_zero().then_some(0),
            Repr::Infinity(_) => None,
        }
    }

    /// The integer of any size, when it is one.
    pub fn to_integer(&self) -> Option<IBig> {
        match &self.0 {
            Repr::Int(n, _) => Some(IBig::from(*n)),
            Repr::Float(float) if float.exponent >= 0 => Some(float.truncated()),
            Repr::Float(_) | Repr::Infinity(_) => None,
        }
    }

    /// The nearest 64-bit float; infinite when it is too large for one.
    pub fn to_f64(&self) -> f64 {
        match self.to_float() {
            Ok(float) => float.to_f64(),
            Err(negative) => {
                if negative {
                    f64::NEG_INFINITY
                } else {
                    f64::INFINITY
                }
            }
        }
    }

    /// Whether it is a whole number.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Int(..) => true,
            Repr::Float(float) => float.exponent >= 0,
            Repr::Infinity(_) => false,
        }
    }

    /// Whether it is one of the two infinities.
    pub fn is_infinite(&self) -> bool {
        matches!(self.0, Repr::Infinity(_))
    }

    /// Whether it is zero of either sign.
    pub fn is_zero(&self) -> bool {
        self.to_i64() == Some(0)
    }

    /// Whether it has a minus sign, which zero may have.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Int(n, _) => *n < 0,
            Repr::Float(float) => float.negative,
            Repr::Infinity(negative) => *negative,
        }
    }

    /// Bits of the mantissa that operations keep.
    pub fn precision(&self) -> u32 {
        match &self.0 {
            Repr::Int(_, precision) => *precision,
            Repr::Float(float) => float.precision,
            Repr::Infinity(_) => INTEGER_PRECISION,
        }
    }

    /// Rounded to a precision.
    pub fn with_precision(&self, precision: u32) -> Number {
        match self.to_float() {
            Ok(float) => {
                let float = Float { precision, ..float }.rounded();
                float.bounded().unwrap_or_else(|| self.clone())
            }
            Err(_) => self.clone(),
        }
    }

    /// The sum; None for infinity minus infinity, or beyond the limit.
    pub fn add(&self, other: &Number) -> Option<Number> {
        if let (Repr::Int(a, p), Repr::Int(b, q)) = (&self.0, &other.0)
            && let Some(sum) = a.checked_add(*b)
            && let Some(sum) = Number::small(sum, *p.max(q))
        {
            return Some(sum);
        }
        match (self.to_float(), other.to_float()) {
            (Err(a), Err(b)) => (a == b).then(|| Number::infinity(a)),
            (Err(negative), Ok(_)) | (Ok(_), Err(negative)) => Some(Number::infinity(negative)),
            (Ok(a), Ok(b)) => a.add(&b).bounded(),
        }
    }

    /// The difference; None for infinity minus infinity, or beyond the limit.
    pub fn sub(&self, other: &Number) -> Option<Number> {
        self.add(&other.neg())
    }

    /// The product; None for zero times infinity, or beyond the limit.
    pub fn mul(&self, other: &Number) -> Option<Number> {
        if let (Repr::Int(a, p), Repr::Int(b, q)) = (&self.0, &other.0)
            && *a != 0
            && *b != 0
            && let Some(product) = a.checked_mul(*b)
            && let Some(product) = Number::small(product, *p.max(q))
        {
            return Some(product);
        }
        let negative = self.is_negative() != other.is_negative();
        match (self.to_float(), other.to_float()) {
            (Ok(a), Ok(b)) => {
                let mut product = a.multiply(&b, PRECISION);
                let needed = u32::try_from(product.mantissa.bit_len()).unwrap_or(PRECISION);
                product.precision = a.precision.max(b.precision).max(needed);
                product.bounded()
            }
            _ => (!self.is_zero() && !other.is_zero()).then(|| Number::infinity(negative)),
        }
    }

    /// The quotient: infinite for a division by zero; None for zero by zero, infinity by infinity, or beyond the
    /// limit.
    pub fn div(&self, other: &Number) -> Option<Number> {
        let negative = self.is_negative() != other.is_negative();
        match (self.to_float(), other.to_float()) {
            (Err(_), Err(_)) => None,
            (Err(_), Ok(_)) => Some(Number::infinity(negative)),
            (Ok(a), Err(_)) => Number::new(negative, UBig::ZERO, 0, a.precision),
            (Ok(a), Ok(b)) if b.mantissa.is_zero() => {
                (!a.mantissa.is_zero()).then(|| Number::infinity(negative))
            }
            (Ok(a), Ok(b)) => a.divide(&b, a.precision.max(b.precision)).bounded(),
        }
    }

    /// The remainder of a division rounded towards zero, which has the sign of the dividend; the dividend itself for
    /// a division by zero. None if an operand is infinite, or beyond the limit.
    pub fn rem(&self, other: &Number) -> Option<Number> {
        if let (Repr::Int(a, p), Repr::Int(b, q)) = (&self.0, &other.0)
            && *a > 0
            && *b != 0
            && *p >= INTEGER_PRECISION
            && *q >= INTEGER_PRECISION
            && let Some(rem) = a.checked_rem(*b)
        {
            return Number::small(rem, *p);
        }
        if other.is_zero() {
            return Some(self.clone());
        }
        if self.is_infinite() || other.is_infinite() {
            return None;
        }
        let precision = self.precision();
        let quotient = self.div(other)?.to_float().ok()?.truncated();
        let (sign, magnitude) = quotient.into_parts();
        let quotient =
            Float { negative: sign == Sign::Negative, mantissa: magnitude, exponent: 0, precision }.rounded();
        let product = quotient.multiply(&other.to_float().ok()?, precision).bounded()?;
        Some(self.sub(&product)?.with_precision(precision))
    }

    /// The number with the other sign, also of zero.
    pub fn neg(&self) -> Number {
        match &self.0 {
            Repr::Int(n, precision) if *n != 0 && *n != i64::MIN => Number(Repr::Int(-n, *precision)),
            Repr::Infinity(negative) => Number::infinity(!negative),
            Repr::Int(..) | Repr::Float(_) => match self.to_float() {
                Ok(float) => Float { negative: !float.negative, ..float }.kept(),
                Err(negative) => Number::infinity(!negative),
            },
        }
    }

    /// The magnitude.
    pub fn abs(&self) -> Number {
        if self.is_negative() { self.neg() } else { self.clone() }
    }

    /// The largest integer that is not larger.
    pub fn floor(&self) -> Number {
        match &self.0 {
            Repr::Float(float) if float.exponent < 0 => {
                let truncated = float.truncated();
                let floor = if float.negative { truncated - IBig::ONE } else { truncated };
                Number::whole(floor, float.precision)
            }
            // Negative zero loses its sign.
            Repr::Float(float) if float.mantissa.is_zero() => Number(Repr::Int(0, float.precision)),
            Repr::Float(_) | Repr::Int(..) | Repr::Infinity(_) => self.clone(),
        }
    }

    /// The smallest integer that is not smaller.
    pub fn ceil(&self) -> Number {
        match &self.0 {
            Repr::Float(float) if float.exponent < 0 => {
                let truncated = float.truncated();
                let ceil = if float.negative { truncated } else { truncated + IBig::ONE };
                Number::whole(ceil, float.precision)
            }
            // Negative zero loses its sign.
            Repr::Float(float) if float.mantissa.is_zero() => Number(Repr::Int(0, float.precision)),
            Repr::Float(_) | Repr::Int(..) | Repr::Infinity(_) => self.clone(),
        }
    }

    /// The integer towards zero; None of an infinity.
    pub fn truncate(&self) -> Option<IBig> {
        self.to_float().ok().map(|float| float.truncated())
    }

    /// -1, 0 or 1.
    pub fn signum(&self) -> i64 {
        if self.is_zero() {
            0
        } else if self.is_negative() {
            -1
        } else {
            1
        }
    }

    /// The text in a notation with so many digits, or as many as it takes to read back the same at its precision.
    pub fn text(&self, notation: Notation, digits: Option<usize>) -> String {
        let float = match self.to_float() {
            Ok(float) => float,
            Err(negative) => return if negative { "-Inf".into() } else { "+Inf".into() },
        };
        let sign = if float.negative { "-" } else { "" };
        let decimal = Decimal::new(&float.mantissa, float.exponent);
        let shortest = digits.is_none();
        let decimal = match (digits, notation) {
            (None, _) => decimal.shortest(&float),
            (Some(digits), Notation::Fixed) => decimal.rounded(decimal.point + to_i64(digits)),
            (Some(digits), Notation::Exponent) => decimal.rounded(1 + to_i64(digits)),
            (Some(digits), Notation::General) => decimal.rounded(to_i64(digits.max(1))),
        };
        let count = decimal.digits.len();
        let text = match notation {
            Notation::Fixed => {
                let fraction = to_i64(count) - decimal.point;
                decimal.fixed(digits.unwrap_or(usize::try_from(fraction).unwrap_or(0)))
            }
            Notation::Exponent => decimal.exponent(digits.unwrap_or(count.saturating_sub(1))),
            Notation::General => {
                let digits = digits.unwrap_or(6).max(1);
                // Few digits never make a whole number switch to an exponent.
                let threshold = if shortest {
                    6
                } else if digits > count && to_i64(count) >= decimal.point {
                    count
                } else {
                    digits
                };
                let exponent = decimal.point - 1;
                if count > 0 && (exponent < -4 || exponent >= to_i64(threshold)) {
                    decimal.exponent(if shortest { count } else { digits.min(count) }.saturating_sub(1))
                } else {
                    decimal.fixed(usize::try_from(to_i64(count) - decimal.point).unwrap_or(0))
                }
            }
        };
        format!("{sign}{text}")
    }

    /// An integer whose width the precision surely holds.
    fn small(n: i64, precision: u32) -> Option<Number> {
        (precision >= INTEGER_PRECISION || n.unsigned_abs() < 1 << 53)
            .then_some(Number(Repr::Int(n, precision)))
    }

    fn whole(n: IBig, precision: u32) -> Number {
        let (sign, mantissa) = n.into_parts();
        Float { negative: sign == Sign::Negative, mantissa, exponent: 0, precision }.rounded().kept()
    }

    /// The parts; whether negative for an infinity.
    fn to_float(&self) -> Result<Float, bool> {
        match &self.0 {
            Repr::Int(n, precision) => Ok(Float {
                negative: *n < 0,
                mantissa: UBig::from(n.unsigned_abs()),
                exponent: 0,
                precision: *precision,
            }
            .normal()),
            Repr::Float(float) => Ok((**float).clone()),
            Repr::Infinity(negative) => Err(*negative),
        }
    }
}

fn to_i64(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX / 4)
}

/// `5^n` as Go computes it: by squaring, with 64 more bits for the squares.
fn power_of_five(n: u64, precision: u32) -> Float {
    const EXACT: u64 = 27;
    let start = UBig::from(5u8).pow(n.min(EXACT) as usize);
    let mut result = Float { negative: false, mantissa: start, exponent: 0, precision };
    let mut n = n.saturating_sub(EXACT);
    let mut square =
        Float { negative: false, mantissa: UBig::from(5u8), exponent: 0, precision: precision + 64 };
    while n > 0 {
        if n & 1 != 0 {
            result = result.multiply(&square, precision);
        }
        square = square.multiply(&square, square.precision);
        n >>= 1;
    }
    result
}

impl Float {
    /// With an odd mantissa.
    fn normal(mut self) -> Float {
        match self.mantissa.trailing_zeros() {
            None => self.exponent = 0,
            Some(0) => {}
            Some(zeros) => {
                self.mantissa >>= zeros;
                self.exponent += to_i64(zeros);
            }
        }
        self
    }

    /// Rounded half to even to its precision.
    fn rounded(mut self) -> Float {
        let excess = self.mantissa.bit_len().saturating_sub(self.precision as usize);
        if excess > 0 {
            self.mantissa = shift_right_to_even(&self.mantissa, excess);
            self.exponent += to_i64(excess);
        }
        self.normal()
    }

    /// As a number, if its exponent is within the limit.
    fn bounded(self) -> Option<Number> {
        let top = self.exponent + to_i64(self.mantissa.bit_len());
        (top.abs() <= EXPONENT_LIMIT && self.exponent.abs() <= EXPONENT_LIMIT).then(|| self.kept())
    }

    /// As a number, an integer when it is a small one.
    fn kept(self) -> Number {
        let top = self.exponent + to_i64(self.mantissa.bit_len());
        let is_negative_zero = self.negative && self.mantissa.is_zero();
        if self.exponent >= 0 && top <= 64 && !is_negative_zero {
            let magnitude = &self.mantissa << self.exponent as usize;
            let n = u64::try_from(&magnitude).ok().and_then(|n| {
                if self.negative { 0i64.checked_sub_unsigned(n) } else { i64::try_from(n).ok() }
            });
            if let Some(n) = n {
                return Number(Repr::Int(n, self.precision));
            }
        }
        Number(Repr::Float(Arc::new(self)))
    }

    fn add(&self, other: &Float) -> Float {
        let precision = self.precision.max(other.precision);
        if self.mantissa.is_zero() && other.mantissa.is_zero() {
            return Float { negative: self.negative && other.negative, precision, ..self.clone() };
        }
        let exponent = match (self.mantissa.is_zero(), other.mantissa.is_zero()) {
            (true, _) => other.exponent,
            (_, true) => self.exponent,
            (false, false) => self.exponent.min(other.exponent),
        };
        let sum = self.aligned(exponent) + other.aligned(exponent);
        let (sign, mantissa) = sum.into_parts();
        Float { negative: sign == Sign::Negative, mantissa, exponent, precision }.rounded()
    }

    /// The signed mantissa for a smaller exponent.
    fn aligned(&self, exponent: i64) -> IBig {
        let shift = usize::try_from(self.exponent - exponent).unwrap_or(0);
        let sign = if self.negative { Sign::Negative } else { Sign::Positive };
        IBig::from_parts(sign, &self.mantissa << shift)
    }

    fn multiply(&self, other: &Float, precision: u32) -> Float {
        Float {
            negative: self.negative != other.negative,
            mantissa: &self.mantissa * &other.mantissa,
            exponent: self.exponent + other.exponent,
            precision,
        }
        .rounded()
    }

    /// Divides by what is not zero.
    fn divide(&self, other: &Float, precision: u32) -> Float {
        let wanted = precision as usize + 2 + other.mantissa.bit_len();
        let shift = wanted.saturating_sub(self.mantissa.bit_len());
        let (quotient, remainder) = (&self.mantissa << shift).div_rem(&other.mantissa);
        // A last bit stands for all that is left, so that rounding sees on which side of a half it is.
        let mut mantissa = quotient << 1;
        if !remainder.is_zero() {
            mantissa += UBig::ONE;
        }
        Float {
            negative: self.negative != other.negative,
            mantissa,
            exponent: self.exponent - other.exponent - to_i64(shift) - 1,
            precision,
        }
        .rounded()
    }

    /// The integer towards zero.
    fn truncated(&self) -> IBig {
        let magnitude = match usize::try_from(self.exponent) {
            Ok(shift) => &self.mantissa << shift,
            Err(_) => &self.mantissa >> usize::try_from(-self.exponent).unwrap_or(usize::MAX),
        };
        IBig::from_parts(if self.negative { Sign::Negative } else { Sign::Positive }, magnitude)
    }

    fn to_f64(&self) -> f64 {
        if self.mantissa.is_zero() {
            return if self.negative { -0.0 } else { 0.0 };
        }
        let top = self.exponent + to_i64(self.mantissa.bit_len());
        let magnitude = if top > 1024 {
            f64::INFINITY
        } else {
            // The weight of the last bit: 53 bits from the top, or that of the smallest float.
            let last = (top - 53).max(-1074);
            let mantissa = match usize::try_from(self.exponent - last) {
                Ok(shift) => &self.mantissa << shift,
                Err(_) => {
                    let shift = usize::try_from(last - self.exponent).unwrap_or(usize::MAX);
                    shift_right_to_even(&self.mantissa, shift)
                }
            };
            let mantissa = u64::try_from(&mantissa).expect("at most 54 bits") as f64;
            let weight = if last < -1022 {
                f64::from_bits(1 << (last + 1074))
            } else {
                f64::from_bits(((last + 1023) as u64) << 52)
            };
            mantissa * weight
        };
        if self.negative { -magnitude } else { magnitude }
    }

    fn cmp_magnitude(&self, other: &Float) -> Ordering {
        match (self.mantissa.is_zero(), other.mantissa.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        let top = |float: &Float| float.exponent + to_i64(float.mantissa.bit_len());
        top(self).cmp(&top(other)).then_with(|| {
            let exponent = self.exponent.min(other.exponent);
            let magnitude =
                |float: &Float| &float.mantissa << usize::try_from(float.exponent - exponent).unwrap_or(0);
            magnitude(self).cmp(&magnitude(other))
        })
    }
}

fn shift_right_to_even(mantissa: &UBig, shift: usize) -> UBig {
    if shift > mantissa.bit_len() {
        return UBig::ZERO;
    }
    let half = shift > 0 && mantissa.bit(shift - 1);
    let below_half = shift > 1 && mantissa.trailing_zeros().is_some_and(|zeros| zeros < shift - 1);
    let result = mantissa >> shift;
    let up = half && (below_half || result.bit(0));
    if up { result + UBig::ONE } else { result }
}

/// Decimal digits without trailing zeros: `0.digits × 10^point`.
#[derive(Clone, Debug)]
struct Decimal {
    digits: Vec<u8>,
    point: i64,
}

impl Decimal {
    /// Exactly `mantissa × 2^exponent`.
    fn new(mantissa: &UBig, exponent: i64) -> Decimal {
        if mantissa.is_zero() {
            return Decimal { digits: Vec::new(), point: 0 };
        }
        let digits = match usize::try_from(exponent) {
            Ok(shift) => (mantissa << shift).to_string(),
            Err(_) => {
                let places = usize::try_from(-exponent).unwrap_or(0);
                (mantissa * UBig::from(5u8).pow(places)).to_string()
            }
        };
        let point = to_i64(digits.len()) + exponent.min(0);
        Decimal { digits: digits.into_bytes(), point }.trimmed()
    }

    fn trimmed(mut self) -> Decimal {
        while self.digits.last() == Some(&b'0') {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.point = 0;
        }
        self
    }

    fn at(&self, i: usize) -> u8 {
        self.digits.get(i).copied().unwrap_or(b'0')
    }

    /// Rounded half to even to so many digits; none are left when there are fewer than none.
    fn rounded(&self, count: i64) -> Decimal {
        let Ok(count) = usize::try_from(count) else {
            return Decimal { digits: Vec::new(), point: 0 };
        };
        if count >= self.digits.len() {
            return self.clone();
        }
        let up = if self.digits[count] == b'5' && count + 1 == self.digits.len() {
            count > 0 && (self.digits[count - 1] - b'0') % 2 == 1
        } else {
            self.digits[count] >= b'5'
        };
        if up { self.rounded_up(count) } else { self.rounded_down(count) }
    }

    fn rounded_down(&self, count: usize) -> Decimal {
        let digits = self.digits.get(..count).unwrap_or(&self.digits).to_vec();
        Decimal { digits, point: self.point }.trimmed()
    }

    fn rounded_up(&self, count: usize) -> Decimal {
        if count >= self.digits.len() {
            return self.clone();
        }
        let kept = self.digits[..count].iter().rposition(|digit| *digit < b'9');
        match kept {
            Some(last) => {
                let mut digits = self.digits[..=last].to_vec();
                digits[last] += 1;
                Decimal { digits, point: self.point }
            }
            None => Decimal { digits: vec![b'1'], point: self.point + 1 },
        }
    }

    /// The shortest digits that lie nearer to the number than to its neighbours at its precision.
    fn shortest(self, float: &Float) -> Decimal {
        if self.digits.is_empty() {
            return self;
        }
        // The last bit is worth half of the last bit of the precision.
        let width = float.precision as usize + 1;
        let shift = width.saturating_sub(float.mantissa.bit_len());
        let mantissa = &float.mantissa << shift;
        let exponent = float.exponent - to_i64(shift);
        let lower = Decimal::new(&(&mantissa - UBig::ONE), exponent);
        let upper = Decimal::new(&(&mantissa + UBig::ONE), exponent);
        // The bounds themselves read back as the number only if its mantissa is even.
        let inclusive = !mantissa.bit(1);
        for (i, &digit) in self.digits.iter().enumerate() {
            let (low, high) = (lower.at(i), upper.at(i));
            let down = low != digit || inclusive && i + 1 == lower.digits.len();
            let up = digit != high && (inclusive || digit + 1 < high || i + 1 < upper.digits.len());
            match (down, up) {
                (true, true) => return self.rounded(to_i64(i) + 1),
                (true, false) => return self.rounded_down(i + 1),
                (false, true) => return self.rounded_up(i + 1),
                (false, false) => {}
            }
        }
        self
    }

    fn fixed(&self, places: usize) -> String {
        let mut text = String::new();
        match usize::try_from(self.point) {
            Ok(point) if point > 0 => text.extend((0..point).map(|i| char::from(self.at(i)))),
            _ => text.push('0'),
        }
        if places > 0 {
            text.push('.');
            for place in 0..places {
                let digit = usize::try_from(self.point + to_i64(place)).map_or(b'0', |i| self.at(i));
                text.push(char::from(digit));
            }
        }
        text
    }

    fn exponent(&self, places: usize) -> String {
        let mut text = String::from(char::from(self.at(0)));
        if places > 0 {
            text.push('.');
            text.extend((1..=places).map(|i| char::from(self.at(i))));
        }
        let exponent = if self.digits.is_empty() { 0 } else { self.point - 1 };
        let sign = if exponent < 0 { '-' } else { '+' };
        text.push_str(&format!("e{sign}{:02}", exponent.abs()));
        text
    }
}

impl From<i64> for Number {
    /// With the 64 bits of an integer that a function makes.
    fn from(n: i64) -> Number {
        Number(Repr::Int(n, INTEGER_PRECISION))
    }
}

impl From<u64> for Number {
    /// With the 64 bits of an integer that a function makes.
    fn from(n: u64) -> Number {
        Float { negative: false, mantissa: UBig::from(n), exponent: 0, precision: INTEGER_PRECISION }
            .normal()
            .kept()
    }
}

impl PartialEq for Number {
    /// Equal as Terraform's `==` has it: fractions are equal that print the same, even if one is larger.
    fn eq(&self, other: &Number) -> bool {
        if self.is_integer() != other.is_integer() {
            return false;
        }
        if self.is_integer() || self.precision() == other.precision() {
            return self.cmp(other) == Ordering::Equal;
        }
        // The texts of numbers this far apart differ.
        let (a, b) = (self.to_f64(), other.to_f64());
        if a.is_normal() && ((a - b) / a).abs() > 1e-9 {
            return false;
        }
        self.to_string() == other.to_string()
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    /// By value, as Terraform's `<` has it. A number of few bits may equal one that is larger, since it prints the
    /// same.
    fn cmp(&self, other: &Number) -> Ordering {
        if let (Repr::Int(a, _), Repr::Int(b, _)) = (&self.0, &other.0) {
            return a.cmp(b);
        }
        let sign = self.signum();
        sign.cmp(&other.signum()).then_with(|| {
            let magnitude = match (self.to_float(), other.to_float()) {
                (Ok(a), Ok(b)) => a.cmp_magnitude(&b),
                (Err(_), Ok(_)) => Ordering::Greater,
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Err(_)) => Ordering::Equal,
            };
            if sign < 0 { magnitude.reverse() } else { magnitude }
        })
    }
}

impl fmt::Display for Number {
    /// The shortest decimal that reads back the same, never in exponent notation, as Terraform's `tostring`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Int(n, precision) if n.unsigned_abs() < 1 << 53 && *precision >= 53 => write!(f, "{n}"),
            Repr::Int(..) | Repr::Float(_) | Repr::Infinity(_) => {
                f.write_str(&self.text(Notation::Fixed, None))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Notation, Number};

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn what_is_read_and_how_it_prints() {
        for (text, printed) in [
            ("0", "0"),
            ("-0", "-0"),
            ("007", "7"),
            (".5", "0.5"),
            ("5.", "5"),
            ("+5", "5"),
            ("1e3", "1000"),
            ("1p3", "8"),
            ("1.50e-3", "0.0015"),
            ("-12.34", "-12.34"),
            ("inf", "+Inf"),
            ("-Inf", "-Inf"),
            ("9223372036854775807", "9223372036854775807"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("18446744073709551617", "18446744073709551617"),
            ("12345678901234567890.123456789", "12345678901234567890.123456789"),
        ] {
            assert_eq!(number(text).to_string(), printed, "{text}");
        }
        for text in
            ["", "-", ".", "e5", "1e", "1_000", "0x10", " 5", "Infinity", "1e1000000000", "nan", "1e+-5"]
        {
            assert!(Number::parse(text).is_none(), "{text}");
        }
        assert_eq!(number("1e400").to_string().len(), 401);
        for text in ["10e9223372036854775807", ".10e-9223372036854775807", "1.1p-9223372036854775808"] {
            assert!(Number::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn quotients_have_512_bits() {
        assert_eq!(
            number("10").div(&number("3")).unwrap().to_string(),
            "3.3333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333332"
        );
        assert_eq!(number("0.1").add(&number("0.2")).unwrap(), number("0.3"));
        assert_eq!(number("1e150").add(&number("1")).unwrap().sub(&number("1e150")).unwrap(), number("1"));
        assert!(number("1e160").add(&number("1")).unwrap().sub(&number("1e160")).unwrap().is_zero());
    }

    #[test]
    fn a_float_keeps_its_53_bits_until_it_meets_a_wider_number() {
        let tenth = Number::from_f64(0.1).unwrap();
        assert_eq!(tenth.to_string(), "0.1");
        assert_eq!(tenth, number("0.1"));
        assert!(tenth > number("0.1"));
        assert_eq!(
            tenth.add(&number("1")).unwrap().to_string(),
            "1.1000000000000000055511151231257827021181583404541015625"
        );
    }

    #[test]
    fn zero_and_infinity() {
        let zero = number("0");
        let one = number("1");
        let infinity = one.div(&zero).unwrap();
        assert_eq!(infinity.to_string(), "+Inf");
        assert_eq!(one.div(&zero.neg()).unwrap().to_string(), "-Inf");
        assert_eq!(zero.neg(), zero);
        assert!(zero.div(&zero).is_none());
        assert!(infinity.sub(&infinity).is_none());
        assert!(infinity.mul(&zero).is_none());
        assert!(infinity.div(&infinity).is_none());
        assert!(infinity > number("1e400"));
        assert_eq!(number("5").rem(&zero).unwrap(), number("5"));
        assert_eq!(number("-5").rem(&number("3")).unwrap(), number("-2"));
    }

    #[test]
    fn notations() {
        let pi = number("3.14159");
        assert_eq!(pi.text(Notation::Fixed, Some(2)), "3.14");
        assert_eq!(pi.text(Notation::Fixed, Some(0)), "3");
        assert_eq!(pi.text(Notation::Exponent, Some(3)), "3.142e+00");
        assert_eq!(number("2.5").text(Notation::Fixed, Some(0)), "2");
        assert_eq!(number("0.07").text(Notation::Fixed, Some(1)), "0.1");
        assert_eq!(number("0").text(Notation::Exponent, Some(2)), "0.00e+00");
        assert_eq!(number("1e21").text(Notation::General, None), "1e+21");
        assert_eq!(number("100000").text(Notation::General, None), "100000");
        assert_eq!(number("0.00001").text(Notation::General, None), "1e-05");
    }

    #[test]
    fn repeated_squaring_ends_at_the_limit() {
        let mut n = number("1e30000");
        for _ in 0..100 {
            match n.mul(&n) {
                Some(square) => n = square,
                None => return,
            }
        }
        panic!("never reached the limit");
    }

    proptest! {
        #[test]
        fn a_float_reads_back(f in prop::num::f64::ANY.prop_filter("finite", |f| f.is_finite())) {
            let n = Number::from_f64(f).unwrap();
            prop_assert_eq!(n.to_f64().to_bits(), f.to_bits());
            prop_assert_eq!(n.to_string().parse::<f64>().unwrap().to_bits(), f.to_bits());
        }

        #[test]
        fn the_text_reads_back_the_same(a in any::<i64>(), b in 1i64.., e in -300i32..300) {
            let n = number(&format!("{a}e{e}")).div(&number(&b.to_string())).unwrap();
            prop_assert_eq!(number(&n.to_string()), n);
        }

        #[test]
        fn integers_agree_with_machine_integers(a in any::<i32>(), b in any::<i32>()) {
            let (x, y) = (Number::from(i64::from(a)), Number::from(i64::from(b)));
            let (a, b) = (i64::from(a), i64::from(b));
            prop_assert_eq!(x.add(&y).unwrap().to_i64(), Some(a + b));
            prop_assert_eq!(x.sub(&y).unwrap().to_i64(), Some(a - b));
            prop_assert_eq!(x.mul(&y).unwrap().to_i64(), Some(a * b));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            if b != 0 {
                prop_assert_eq!(x.rem(&y).unwrap().to_i64(), Some(a % b));
            }
        }

        #[test]
        fn order_is_that_of_floats(a in any::<f64>(), b in any::<f64>()) {
            if let (Some(x), Some(y)) = (Number::from_f64(a), Number::from_f64(b)) {
                prop_assert_eq!(Some(x.cmp(&y)), a.partial_cmp(&b));
            }
        }
    }
}
