//! The one type that several types convert to, by the rules of go-cty's `UnifyUnsafe` and `Unify`.

use std::collections::{BTreeSet, VecDeque};

use crate::eval::convert::{Mode, Target, convertible};
use crate::eval::value::Type;

/// The one type that all the types convert to, if there is one.
///
/// `Dynamic` also stands for "cannot be said until the open types among them are known"; a known value may then be
/// kept as it is. Resource types without schema unify with other structures to `Dynamic`.
pub fn unify(types: &[Type]) -> Option<Type> {
    unify_mode(types, Mode::Unsafe)
}

/// As [`unify`], with conversions only that cannot fail.
pub fn unify_safe(types: &[Type]) -> Option<Type> {
    unify_mode(types, Mode::Safe)
}

pub(super) fn unify_mode(types: &[Type], mode: Mode) -> Option<Type> {
    let mut seen = BTreeSet::new();
    let distinct: Vec<&Type> = types.iter().filter(|ty| seen.insert(*ty)).collect();
    unify_distinct(&distinct, mode)
}

#[derive(Default)]
struct Counts {
    map: usize,
    list: usize,
    set: usize,
    object: usize,
    tuple: usize,
    dynamic: usize,
    resource: usize,
}

impl Counts {
    fn of(types: &[&Type]) -> Counts {
        let mut counts = Counts::default();
        for ty in types {
            match ty {
                Type::Map(_) => counts.map += 1,
                Type::List(_) => counts.list += 1,
                Type::Set(_) => counts.set += 1,
                Type::Object(_) => counts.object += 1,
                Type::Tuple(_) => counts.tuple += 1,
                Type::Dynamic => counts.dynamic += 1,
                Type::Resource(_) => counts.resource += 1,
                Type::Bool | Type::Number | Type::String => {}
            }
        }
        counts
    }
}

fn unify_distinct(types: &[&Type], mode: Mode) -> Option<Type> {
    let first = *types.first()?;
    if types.len() == 1 {
        return Some(first.clone());
    }
    let counts = Counts::of(types);
    let all = types.len();
    let open = counts.dynamic > 0;
    if counts.resource > 0 && counts.resource + counts.object + counts.map + counts.dynamic == all {
        return Some(Type::Dynamic);
    }
    if counts.map > 0 && counts.map + counts.dynamic == all {
        return unify_collections(types, Type::map, mode, open);
    }
    if counts.map > 0 && counts.map + counts.object + counts.dynamic == all {
        if let Some(ty) = unify_objects_as_maps(types, mode) {
            return Some(ty);
        }
    } else if counts.list > 0 && counts.list + counts.dynamic == all {
        return unify_collections(types, Type::list, mode, open);
    } else if counts.list > 0 && counts.list + counts.tuple + counts.dynamic == all {
        if let Some(ty) = unify_tuples_as_lists(types, mode) {
            return Some(ty);
        }
    } else if counts.set > 0 && counts.set + counts.dynamic == all {
        return unify_collections(types, Type::set, mode, open);
    } else if counts.object > 0 && counts.object + counts.dynamic == all {
        return if open { Some(Type::Dynamic) } else { unify_objects(types, mode) };
    } else if counts.tuple > 0 && counts.tuple + counts.dynamic == all {
        return if open { Some(Type::Dynamic) } else { unify_tuples(types, mode) };
    } else if counts.object > 0 && counts.tuple > 0 {
        return None;
    }
    by_preference(types)
        .into_iter()
        .map(|i| types[i])
        .find(|want| types.iter().all(|ty| ty == want || convertible(ty, Target::Type(want), mode)))
        .cloned()
}

fn unify_collections(types: &[&Type], collection: fn(Type) -> Type, mode: Mode, open: bool) -> Option<Type> {
    if open {
        return Some(Type::Dynamic);
    }
    let elements: Vec<Type> = types.iter().filter_map(|ty| ty.element().cloned()).collect();
    let ty = collection(unify_mode(&elements, mode)?);
    all_convert(types, ty, mode)
}

fn all_convert(types: &[&Type], to: Type, mode: Mode) -> Option<Type> {
    types.iter().all(|ty| **ty == to || convertible(ty, Target::Type(&to), mode)).then_some(to)
}

fn unify_objects_as_maps(types: &[&Type], mode: Mode) -> Option<Type> {
    let objects: Vec<&Type> = types.iter().filter(|ty| matches!(ty, Type::Object(_))).copied().collect();
    let map = unify_objects_to_map(&objects, mode)?;
    let mapped: Vec<Type> = types
        .iter()
        .map(|ty| if matches!(ty, Type::Object(_)) { map.clone() } else { (*ty).clone() })
        .collect();
    unify_mode(&mapped, mode).filter(|ty| matches!(ty, Type::Map(_)))
}

fn unify_tuples_as_lists(types: &[&Type], mode: Mode) -> Option<Type> {
    let tuples: Vec<&Type> = types.iter().filter(|ty| matches!(ty, Type::Tuple(_))).copied().collect();
    let list = unify_tuples_to_list(&tuples, mode)?;
    let listed: Vec<Type> = types
        .iter()
        .map(|ty| if matches!(ty, Type::Tuple(_)) { list.clone() } else { (*ty).clone() })
        .collect();
    unify_mode(&listed, mode).filter(|ty| matches!(ty, Type::List(_)))
}

fn unify_objects(types: &[&Type], mode: Mode) -> Option<Type> {
    let attributes: Vec<_> = types
        .iter()
        .filter_map(|ty| if let Type::Object(attributes) = ty { Some(attributes) } else { None })
        .collect();
    let first = attributes.first()?;
    if attributes.iter().any(|other| !other.keys().eq(first.keys())) {
        return unify_objects_to_map(types, mode);
    }
    let mut unified = Vec::new();
    for name in first.keys() {
        let across: Vec<Type> =
            attributes.iter().filter_map(|attributes| attributes.get(name).cloned()).collect();
        unified.push((name.clone(), unify_mode(&across, mode)?));
    }
    all_convert(types, Type::object(unified), mode).or_else(|| unify_objects_to_map(types, mode))
}

fn unify_objects_to_map(types: &[&Type], mode: Mode) -> Option<Type> {
    let mut elements = Vec::new();
    for ty in types {
        if let Type::Object(attributes) = ty {
            elements.extend(attributes.values().cloned());
        }
    }
    all_convert(types, Type::map(unify_mode(&elements, mode)?), mode)
}

fn unify_tuples(types: &[&Type], mode: Mode) -> Option<Type> {
    let tuples: Vec<_> = types
        .iter()
        .filter_map(|ty| if let Type::Tuple(elements) = ty { Some(elements) } else { None })
        .collect();
    let length = tuples.first()?.len();
    if tuples.iter().any(|tuple| tuple.len() != length) {
        return unify_tuples_to_list(types, mode);
    }
    let mut unified = Vec::with_capacity(length);
    for i in 0..length {
        let across: Vec<Type> = tuples.iter().map(|tuple| tuple[i].clone()).collect();
        unified.push(unify_mode(&across, mode)?);
    }
    all_convert(types, Type::tuple(unified), mode).or_else(|| unify_tuples_to_list(types, mode))
}

fn unify_tuples_to_list(types: &[&Type], mode: Mode) -> Option<Type> {
    let mut elements = Vec::new();
    for ty in types {
        if let Type::Tuple(tuple) = ty {
            elements.extend(tuple.iter().cloned());
        }
    }
    all_convert(types, Type::list(unify_mode(&elements, mode)?), mode)
}

/// The types by how general they are: a topological order of `compare`, ties in the order given.
fn by_preference(types: &[&Type]) -> Vec<usize> {
    let count = types.len();
    let mut edges = vec![Vec::new(); count];
    let mut in_degree = vec![0_usize; count];
    for i in 0..count {
        for j in i + 1..count {
            let order = compare(types[i], types[j]);
            if order < 0 {
                edges[i].push(j);
                in_degree[j] += 1;
            } else if order > 0 {
                edges[j].push(i);
                in_degree[i] += 1;
            }
        }
    }
    let mut queue: VecDeque<usize> = (0..count).filter(|i| in_degree[*i] == 0).collect();
    let mut result = Vec::with_capacity(count);
    while let Some(i) = queue.pop_front() {
        result.push(i);
        for &j in &edges[i] {
            in_degree[j] -= 1;
            if in_degree[j] == 0 {
                queue.push_back(j);
            }
        }
    }
    result
}

/// Below zero if `a` is the more general one, above zero if `b` is, zero if neither.
fn compare(a: &Type, b: &Type) -> i32 {
    match (a, b) {
        (Type::Dynamic, Type::Dynamic) => 0,
        // An open type can become any other, so it is the last to be chosen.
        (_, Type::Dynamic) => -1,
        (Type::Dynamic, _) => 1,
        (Type::String, Type::Bool | Type::Number) => -1,
        (Type::Bool | Type::Number, Type::String) => 1,
        (Type::List(a), Type::List(b)) | (Type::Set(a), Type::Set(b)) | (Type::Map(a), Type::Map(b)) => {
            compare(a, b)
        }
        // A list or tuple converts to a set, but what it is converted to first is the list.
        (Type::Tuple(_) | Type::List(_), Type::Set(_)) | (Type::List(_), Type::Tuple(_)) => -1,
        (Type::Set(_), Type::Tuple(_) | Type::List(_)) | (Type::Tuple(_), Type::List(_)) => 1,
        (Type::Map(_), Type::Object(_)) => -1,
        (Type::Object(_), Type::Map(_)) => 1,
        (Type::Object(a), Type::Object(b)) if a.keys().eq(b.keys()) => {
            compare_all(a.values().zip(b.values()))
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => compare_all(a.iter().zip(b.iter())),
        _ => 0,
    }
}

fn compare_all<'a>(pairs: impl Iterator<Item = (&'a Type, &'a Type)>) -> i32 {
    let (mut a_super, mut b_super) = (false, false);
    for (a, b) in pairs {
        match compare(a, b) {
            order if order < 0 => a_super = true,
            order if order > 0 => b_super = true,
            _ => {}
        }
    }
    i32::from(b_super) - i32::from(a_super)
}
