//! Logarithm and power as Go computes them: the last bit differs from that of other libraries, and shows.

#![expect(clippy::excessive_precision, reason = "the constants as their authors wrote them")]

/// The natural logarithm, by the algorithm of FreeBSD's `e_log.c`.
pub(super) fn log(x: f64) -> f64 {
    const LN2_HIGH: f64 = 6.931_471_803_691_238_164_90e-01;
    const LN2_LOW: f64 = 1.908_214_929_270_587_700_02e-10;
    const L1: f64 = 6.666_666_666_666_735_130e-01;
    const L2: f64 = 3.999_999_999_940_941_908e-01;
    const L3: f64 = 2.857_142_874_366_239_149e-01;
    const L4: f64 = 2.222_219_843_214_978_396e-01;
    const L5: f64 = 1.818_357_216_161_805_012e-01;
    const L6: f64 = 1.531_383_769_920_937_332e-01;
    const L7: f64 = 1.479_819_860_511_658_591e-01;

    if x.is_nan() || x == f64::INFINITY {
        return x;
    }
    if x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    let (mut fraction, mut exponent) = split(x);
    if fraction < std::f64::consts::SQRT_2 / 2.0 {
        fraction *= 2.0;
        exponent -= 1;
    }
    let f = fraction - 1.0;
    let k = f64::from(exponent);
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let t1 = s2 * (L1 + s4 * (L3 + s4 * (L5 + s4 * L7)));
    let t2 = s4 * (L2 + s4 * (L4 + s4 * L6));
    let r = t1 + t2;
    let half_square = 0.5 * f * f;
    k * LN2_HIGH - ((half_square - (s * (half_square + r) + k * LN2_LOW)) - f)
}

/// A power: by repeated squaring for the whole part of the exponent.
pub(super) fn pow(x: f64, y: f64) -> f64 {
    if y == 0.0 || x == 1.0 {
        return 1.0;
    }
    if y == 1.0 {
        return x;
    }
    // What the standard prescribes for zeros and infinities.
    if x.is_nan() || y.is_nan() || x == 0.0 || x.is_infinite() || y.is_infinite() {
        return x.powf(y);
    }
    if y == 0.5 {
        return x.sqrt();
    }
    if y == -0.5 {
        return 1.0 / x.sqrt();
    }
    let mut whole = y.abs().trunc();
    let mut fraction = y.abs() - whole;
    if fraction != 0.0 && x < 0.0 {
        return f64::NAN;
    }
    if whole >= (1u64 << 63) as f64 {
        return if x == -1.0 {
            1.0
        } else if (x.abs() < 1.0) == (y > 0.0) {
            0.0
        } else {
            f64::INFINITY
        };
    }
    let mut result = 1.0;
    let mut exponent = 0i64;
    if fraction != 0.0 {
        if fraction > 0.5 {
            fraction -= 1.0;
            whole += 1.0;
        }
        result = exp(fraction * log(x));
    }
    let (mut square, square_exponent) = split(x);
    let mut square_exponent = i64::from(square_exponent);
    let mut n = whole as i64;
    while n != 0 {
        if !(-(1 << 12)..=1 << 12).contains(&square_exponent) {
            exponent += square_exponent;
            break;
        }
        if n & 1 == 1 {
            result *= square;
            exponent += square_exponent;
        }
        square *= square;
        square_exponent <<= 1;
        if square < 0.5 {
            square += square;
            square_exponent -= 1;
        }
        n >>= 1;
    }
    if y < 0.0 {
        result = 1.0 / result;
        exponent = -exponent;
    }
    scale(result, exponent)
}

/// The exponential function of a moderate number, by Shibata's method as Go's assembly for amd64 has it: Taylor's series
/// for a sixteenth of the argument, squared four times, with fused operations.
fn exp(x: f64) -> f64 {
    const LN2_HIGH: f64 = 0.693_147_180_559_662_956_511_601_805_686_950_683_593_75;
    const LN2_LOW: f64 = 0.282_352_905_630_315_771_225_884_481_750_134_360_255_254_120_68e-12;
    const COEFFICIENTS: [f64; 8] = [
        2.480_158_730_158_730_158_7e-5,
        1.984_126_984_126_984_127_0e-4,
        1.388_888_888_888_888_888_9e-3,
        8.333_333_333_333_333_333_3e-3,
        4.166_666_666_666_666_666_7e-2,
        1.666_666_666_666_666_666_7e-1,
        0.5,
        1.0,
    ];
    let k = (x * std::f64::consts::LOG2_E).round_ties_even();
    let reduced = (-k).mul_add(LN2_LOW, (-k).mul_add(LN2_HIGH, x)) * 0.0625;
    let series = COEFFICIENTS.iter().copied().reduce(|sum, next| sum.mul_add(reduced, next)).unwrap_or(1.0);
    let mut y = reduced * series;
    for _ in 0..3 {
        y *= y + 2.0;
    }
    scale(y.mul_add(y + 2.0, 1.0), k as i64)
}

/// A finite, non-zero number as a fraction of magnitude from 0.5 up to 1, and a power of two.
fn split(x: f64) -> (f64, i32) {
    let (x, shift) = if x.abs() < f64::MIN_POSITIVE { (x * (1u64 << 52) as f64, -52) } else { (x, 0) };
    let bits = x.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i32 - 1022;
    (f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52), exponent + shift)
}

/// `x × 2^exponent`, rounded once.
fn scale(x: f64, exponent: i64) -> f64 {
    if x == 0.0 || x.is_infinite() || x.is_nan() {
        return x;
    }
    let (fraction, own) = split(x);
    let exponent = exponent + i64::from(own);
    if exponent > 1024 {
        return f64::INFINITY.copysign(x);
    }
    if exponent < -1075 {
        return 0f64.copysign(x);
    }
    if exponent >= -1021 {
        // The fraction is below one, so that its double has the exponent one less.
        return fraction * 2.0 * f64::from_bits(((exponent - 1 + 1023) as u64) << 52);
    }
    // Two steps, of which only the last one rounds.
    fraction
        * 2.0
        * f64::from_bits(((exponent - 1 + 53 + 1023) as u64) << 52)
        * f64::from_bits((1023 - 53) << 52)
}

#[cfg(test)]
mod tests {
    use super::{log, pow, scale, split};

    #[test]
    fn whole_powers_are_those_of_repeated_squaring() {
        assert_eq!(pow(2.0, 10.0), 1024.0);
        assert_eq!(pow(10.0, 308.0), 1.0000000000000006e308);
        assert_eq!(pow(10.0, 309.0), f64::INFINITY);
        assert_eq!(pow(2.0, -1074.0), 5e-324);
        assert_eq!(pow(1.1, 2.0), 1.2100000000000002);
        assert_eq!(pow(-2.0, 3.0), -8.0);
        assert_eq!(pow(3.0, 2.7), 19.419023519771343);
        assert_eq!(pow(49.34, 0.4), 4.756414102077193);
        assert_eq!(pow(0.55, -5.44), 25.84800143684844);
        assert!(pow(-8.0, 1.0 / 3.0).is_nan());
        assert_eq!(pow(0.0, -1.0), f64::INFINITY);
    }

    #[test]
    fn logarithms() {
        assert_eq!(log(1000.0) / log(10.0), 2.9999999999999996);
        assert_eq!(log(50.0) / log(10.0), 1.6989700043360185);
        assert_eq!(log(0.0), f64::NEG_INFINITY);
        assert!(log(-1.0).is_nan());
    }

    #[test]
    fn a_split_number_scales_back() {
        for x in [1.0, -0.75, 3e300, 5e-324, 2.2e-308, f64::MAX, 1e-310] {
            let (fraction, exponent) = split(x);
            assert!((0.5..1.0).contains(&fraction.abs()), "{x}");
            assert_eq!(scale(fraction, i64::from(exponent)), x);
        }
    }
}
