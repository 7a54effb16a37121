//! Laws that hold for every function over values: what is said of unknowns is never contradicted when they become
//! known.

use std::path::Path;

use proptest::prelude::*;

use crate::eval::convert::{convert, equal, set, unify};
use crate::eval::funcs::{Context, FuncError, Function, call, collection, find, network, types};
use crate::eval::limits::Limits;
use crate::eval::term::canonical;
use crate::eval::value::{Type, Value, ValueKind};
use crate::source::fs::Memory;
use crate::truth::Truth;

fn call_in_memory(function: &Function, args: &[Value]) -> Result<Value, FuncError> {
    let limits = Limits { elements: 1000, ..Limits::default() };
    let files = Memory::default();
    call(&Context { fs: &files, root: Path::new("/root"), trees: &[], limits: &limits }, function, args)
}

fn named(name: &str, args: &[Value]) -> Result<Value, FuncError> {
    call_in_memory(find(name).expect("the function exists"), args)
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(vec!["a", "b", "", "1", "true", "10.0.0.0/8"]).prop_map(Value::string),
        (-2_i64..5).prop_map(Value::number),
        any::<bool>().prop_map(Value::bool),
        Just(Value::null(Type::Dynamic)),
        Just(Value::null(Type::String)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(2, 12, 4, |inner| {
        let tuple = prop::collection::vec(inner.clone(), 0..4).prop_map(Value::tuple);
        let object = prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c"]), inner, 0..3)
            .prop_map(|entries| Value::object(entries.into_iter().map(|(key, value)| (key.into(), value))));
        let collections = [Type::list, Type::set, Type::map];
        let shaped = (prop_oneof![tuple, object], prop::sample::select(collections.to_vec()), any::<bool>());
        shaped.prop_map(|(value, collection, as_is)| {
            let converted = convert(&value, &collection(Type::Dynamic));
            if as_is { value } else { converted.unwrap_or(value) }
        })
    })
}

/// The value with some parts replaced by unknowns of their types, chosen by the bits.
fn masked(value: &Value, bits: &mut u32) -> Value {
    let hide = *bits & 3 == 0;
    *bits = bits.rotate_right(2) ^ 0x5bd1;
    if hide {
        return Value::unknown(value.ty());
    }
    let kind = match &value.kind {
        ValueKind::List(ty, elements) => {
            ValueKind::List(ty.clone(), elements.iter().map(|element| masked(element, bits)).collect())
        }
        ValueKind::Tuple(elements) => {
            ValueKind::Tuple(elements.iter().map(|element| masked(element, bits)).collect())
        }
        ValueKind::Set(ty, elements) => {
            return set(ty.clone(), elements.iter().map(|element| masked(element, bits)).collect());
        }
        ValueKind::Object(entries) => {
            let masked = entries.iter().map(|(name, entry)| (name.clone(), masked(entry, bits)));
            return Value::object(masked.collect::<Vec<_>>());
        }
        other @ (ValueKind::Null(_)
        | ValueKind::Bool(_)
        | ValueKind::Number(_)
        | ValueKind::String(_)
        | ValueKind::Map(..)
        | ValueKind::Resource(_)
        | ValueKind::Unknown(_)) => other.clone(),
    };
    Value::new(kind)
}

/// Whether a value may be what the other turns out to be, down to the stand-ins for elements.
fn admits(said: &Value, value: &Value) -> bool {
    let Some(unknown) = said.as_unknown() else {
        return equal(said, value) != Truth::No;
    };
    let each_fits = match &unknown.each {
        Some(each) => value.parts().all(|part| admits(each, part)),
        None => true,
    };
    let possible_fits = match &unknown.possible {
        Some(possible) => possible.iter().any(|possible| admits(possible, value)),
        None => true,
    };
    each_fits && possible_fits && equal(said, value) != Truth::No
}

fn functions() -> Vec<&'static Function> {
    [collection::FUNCTIONS, network::FUNCTIONS, types::FUNCTIONS].into_iter().flatten().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_known_of_unknown_arguments_holds_for_known_ones(
        function in prop::sample::select(functions()),
        args in prop::collection::vec(value(), 1..4),
        mut bits in any::<u32>(),
    ) {
        let hidden: Vec<Value> = args.iter().map(|arg| masked(arg, &mut bits)).collect();
        if let Ok(concrete) = call_in_memory(function, &args) {
            match call_in_memory(function, &hidden) {
                Ok(said) if function.name != "issensitive" => prop_assert!(
                    admits(&said, &concrete),
                    "{}({hidden:?}) = {said:?}, but with {args:?} it is {concrete:?}",
                    function.name
                ),
                Ok(_) => {}
                Err(error) => prop_assert!(false, "{}({hidden:?}): {error:?}", function.name),
            }
        }
    }

    #[test]
    fn known_arguments_give_known_results(
        function in prop::sample::select(functions()),
        args in prop::collection::vec(value(), 1..4),
    ) {
        if let Ok(result) = call_in_memory(function, &args) {
            prop_assert!(result.is_wholly_known(), "{}({args:?}) = {result:?}", function.name);
        }
    }

    #[test]
    fn conversion_is_idempotent(value in value(), other in value()) {
        let ty = other.ty();
        if let Ok(once) = convert(&value, &ty) {
            let twice = convert(&once, &ty);
            prop_assert_eq!(twice.map(|twice| canonical(&twice)).ok(), Some(canonical(&once)));
        }
    }

    #[test]
    fn types_convert_to_what_they_unify_to(a in value(), b in value()) {
        if let Some(ty) = unify(&[a.ty(), b.ty()])
            && let Ok(converted) = convert(&a, &ty)
            && !ty.has_dynamic()
        {
            prop_assert_eq!(converted.ty(), ty);
        }
    }

    #[test]
    fn a_set_does_not_depend_on_the_order_of_its_elements(elements in prop::collection::vec(leaf(), 0..6)) {
        let strings: Vec<Value> =
            elements.iter().filter_map(|element| convert(element, &Type::String).ok()).collect();
        let forwards = set(Type::String, strings.clone());
        let backwards = set(Type::String, strings.into_iter().rev().collect());
        prop_assert_eq!(canonical(&forwards), canonical(&backwards));
        prop_assert_eq!(equal(&forwards, &backwards), Truth::Yes);
    }
}

#[test]
fn large_results_stop_at_a_limit() {
    let many = Value::list(Type::Number, (0..100_i64).map(Value::number));
    let product = named("setproduct", &[many.clone(), many.clone()]);
    assert!(matches!(product, Err(FuncError::Limit(_))), "{product:?}");
    let range = named("range", &[Value::number(1_000_000_000_i64)]);
    assert!(matches!(range, Err(FuncError::Call(_) | FuncError::Limit(_))), "{range:?}");
}

#[test]
fn elements_of_an_unknown_list_stay_what_they_may_be() {
    let mut list = Value::unknown_not_null(Type::list(Type::String));
    if let ValueKind::Unknown(unknown) = &mut list.kind {
        std::sync::Arc::make_mut(unknown).each = Some(Box::new(Value::string("a")));
    }
    let both =
        named("concat", &[list, Value::list(Type::String, [Value::string("b")])]).expect("concat of lists");
    let first = named("element", &[both, Value::number(0_i64)]).expect("an element");
    let possible =
        first.as_unknown().and_then(|unknown| unknown.possible.clone()).expect("two possibilities");
    assert_eq!(possible.iter().filter_map(Value::as_str).collect::<Vec<_>>(), ["a", "b"]);
}
