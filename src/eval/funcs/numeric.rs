//! Functions over numbers.

mod float64;

use dashu_int::IBig;

use crate::eval::funcs::arg::{
    any, as_number, check_bytes, float, function, gives_number, number, quoted, text, whole,
};
use crate::eval::funcs::{Context, FuncError, Function, Param, not_null};
use crate::eval::value::{Refinement, Type, Value};
use crate::number::Number;

/// The functions of this family.
pub static FUNCTIONS: &[Function] = &[
    Function {
        refine: not_negative,
        ..function("abs", &[Param::new("num", number).dynamic()], gives_number, |_, args, _| {
            Ok(Value::number(as_number(&args[0])?.abs()))
        })
    },
    function("ceil", &[Param::new("num", number)], gives_number, |_, args, _| {
        Ok(Value::number(as_number(&args[0])?.ceil()))
    }),
    function("floor", &[Param::new("num", number)], gives_number, |_, args, _| {
        Ok(Value::number(as_number(&args[0])?.floor()))
    }),
    function("log", &[Param::new("num", number), Param::new("base", number)], gives_number, |_, args, _| {
        from_float(float64::log(float(&args[0])?) / float64::log(float(&args[1])?))
    }),
    Function {
        variadic: Some(Param::new("numbers", number).dynamic()),
        ..function("max", &[], gives_number, |_, args, _| extreme(args, |n, best| n > best))
    },
    Function {
        variadic: Some(Param::new("numbers", number).dynamic()),
        ..function("min", &[], gives_number, |_, args, _| extreme(args, |n, best| n < best))
    },
    Function {
        name: "parseint",
        params: &[
            Param::new("number", any).unknown().marked(),
            Param::new("base", number).unknown().marked(),
        ],
        variadic: None,
        ty: parseint_type,
        refine: not_null,
        call: parseint,
    },
    function("pow", &[Param::new("num", number), Param::new("power", number)], gives_number, |_, args, _| {
        from_float(float64::pow(float(&args[0])?, float(&args[1])?))
    }),
    function("signum", &[Param::new("num", number)], gives_number, |_, args, _| {
        Ok(Value::number(whole(&args[0]).map_err(FuncError::Call)?.signum()))
    }),
];

fn not_negative(_args: &[Value]) -> Refinement {
    Refinement { not_null: true, min: Some((Number::from(0i64), true)), ..Refinement::default() }
}

fn from_float(f: f64) -> Result<Value, FuncError> {
    Number::from_f64(f).map(Value::number).ok_or_else(|| FuncError::Call("the result is not a number".into()))
}

fn extreme(args: &[Value], better: fn(&Number, &Number) -> bool) -> Result<Value, FuncError> {
    let (first, rest) =
        args.split_first().ok_or_else(|| FuncError::Call("must pass at least one number".into()))?;
    let mut best = as_number(first)?;
    for arg in rest {
        let n = as_number(arg)?;
        if better(n, best) {
            best = n;
        }
    }
    Ok(Value::number(best.clone()))
}

fn parseint_type(args: &[Value]) -> Result<Type, FuncError> {
    let ty = args[0].ty();
    if ty != Type::String {
        let message = format!("first argument must be a string, not {}", ty.friendly_name());
        return Err(FuncError::Arg(0, message));
    }
    Ok(Type::Number)
}

fn parseint(context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    let marks = args[0].marks.union(args[1].marks);
    if args.iter().any(Value::is_unknown) {
        return Ok(Value::unknown_not_null(Type::Number).with_marks(marks));
    }
    let digits = text(&args[0])?;
    let base = whole(&args[1]).map_err(|message| FuncError::Arg(1, message))?;
    if !(2..=62).contains(&base) {
        return Err(FuncError::Arg(1, "base must be a whole number between 2 and 62 inclusive".into()));
    }
    // Reading takes more than linear time.
    if digits.len() > 40_000 {
        check_bytes(context, usize::MAX)?;
    }
    let number =
        parse_integer(digits, base as u8).and_then(|n| Number::from_integer(&n)).ok_or_else(|| {
            let hidden = "(sensitive value)";
            let shown = if args[0].marks.sensitive { hidden.into() } else { quoted(digits) };
            let base = if args[1].marks.sensitive { hidden.into() } else { base.to_string() };
            FuncError::Arg(0, format!("cannot parse {shown} as a base {base} integer"))
        })?;
    Ok(Value::number(number).with_marks(marks))
}

/// Digits `0-9a-zA-Z` after an optional sign; letters of either case are the same up to base 36.
fn parse_integer(text: &str, base: u8) -> Option<IBig> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() {
        return None;
    }
    if base <= 36 {
        let is_digit = |b: u8| char::from(b).is_digit(u32::from(base));
        if !digits.bytes().all(is_digit) {
            return None;
        }
        return IBig::from_str_radix(text, u32::from(base)).ok();
    }
    let mut value = IBig::ZERO;
    for b in digits.bytes() {
        let digit = match b {
            b'0'..=b'9' => b - b'0',
            b'a'..=b'z' => b - b'a' + 10,
            b'A'..=b'Z' => b - b'A' + 36,
            _ => return None,
        };
        if digit >= base {
            return None;
        }
        value = value * IBig::from(base) + IBig::from(digit);
    }
    Some(if text.starts_with('-') { -value } else { value })
}
