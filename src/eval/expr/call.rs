//! Function calls: arguments, the result with its term, errors in Terraform's words.

use std::sync::Arc;

use ecow::{EcoString, EcoVec};

use crate::addr::ResourceMode;
use crate::eval::InstanceId;
use crate::eval::builtin;
use crate::eval::convert::equal;
use crate::eval::expr::with_term;
use crate::eval::funcs::{self, FuncError};
use crate::eval::origin::Step as OriginStep;
use crate::eval::scope::{Evaluator, Scope, unknown_value};
use crate::eval::suggestion::did_you_mean;
use crate::eval::term::{Term, Terms};
use crate::eval::value::{Cause, Causes, Refinement, Type, Value, ValueKind, join_causes};
use crate::source::Span;
use crate::syntax::ast::Expr;
use crate::truth::Truth;

/// How many elements that are not known are compared with each other.
const FEW: usize = 64;

impl Evaluator<'_> {
    pub(super) fn call(
        &mut self,
        scope: &Scope<'_>,
        name: &EcoString,
        name_span: Span,
        args: &[Expr],
        expand_final: bool,
        span: Span,
    ) -> Value {
        let plain = name.strip_prefix("core::").unwrap_or(name);
        match plain {
            "sensitive" => {
                self.has_secrets = true;
                args.iter().for_each(|arg| self.hide_literals(arg));
            }
            "try" if !expand_final => return self.call_try(scope, args, span),
            "can" => return self.call_can(scope, args, span),
            "templatefile" | "templatestring" if scope.only_bound && scope.bound.is_some() => {
                let detail = format!(
                    "Call to function \"{plain}\" failed: cannot recursively call {plain} from inside templatefile \
                     or templatestring."
                );
                return self.error("Error in function call", detail, span);
            }
            _ => {}
        }
        let errors = self.errors.len();
        // The final argument comes first: as long as it is not known, Terraform does not look at the others.
        let (args_before, last) = match args.split_last() {
            Some((last, before)) if expand_final => (before, Some(last)),
            _ => (args, None),
        };
        let expanded = match last.map(|last| self.expanded(scope, last, plain, span)) {
            Some(Ok(elements)) => elements,
            Some(Err(value)) => return value,
            None => Vec::new(),
        };
        let mut values: Vec<Value> = args_before.iter().map(|arg| self.eval(scope, arg)).collect();
        values.extend(expanded);
        if self.errors.len() > errors {
            let term = self.terms.fresh("failed call");
            let origin = self.origin(Some(span), OriginStep::Call(plain.into()), []);
            let causes = join_causes(&values);
            let cause = causes.first().cloned().unwrap_or(Cause::Error("Invalid function argument".into()));
            return unknown_value(Type::Dynamic, Refinement::default(), term, cause, origin);
        }
        let result = match plain {
            "templatefile" => self.call_templatefile(plain, &values, args, span),
            "templatestring" => self.call_templatestring(scope, &values, args, span),
            // The arguments were expanded from a list that evaluated, so the first one wins.
            "try" => match values.first() {
                Some(first) => first.clone(),
                None => self.call_try(scope, &[], span),
            },
            _ => match funcs::find(plain) {
                Some(function) => {
                    let own = match values.as_slice() {
                        [list, index] if plain == "element" => self.of_own_index(scope, list, index),
                        _ => None,
                    };
                    own.unwrap_or_else(|| self.call_function(function, &values, args, span))
                }
                None => match self.builtin_function(scope, name) {
                    Some(function) => self.call_provider_function(function, &values, args, span),
                    None => return self.no_function(scope, name, name_span, span),
                },
            },
        };
        let origin =
            self.origin(Some(span), OriginStep::Call(plain.into()), values.iter().map(|value| value.origin));
        // What a function merely passed on keeps where it came from.
        if result.origin.is_none() { result.with_origin(origin) } else { result }
    }

    /// The values of an argument with `...`, or what the call gives without them.
    fn expanded(
        &mut self,
        scope: &Scope<'_>,
        arg: &Expr,
        function: &str,
        span: Span,
    ) -> Result<Vec<Value>, Value> {
        const SUMMARY: &str = "Invalid expanding argument value";
        let errors = self.errors.len();
        let value = self.eval(scope, arg);
        if value.is_null() {
            let detail = "The expanding argument (indicated by ...) must not be null.";
            return Err(self.error(SUMMARY, detail, arg.span));
        }
        if let Some(elements) = value.as_elements() {
            return Ok(elements.iter().map(|element| element.clone().with_marks(value.marks)).collect());
        }
        let is_sequence = match value.ty() {
            Type::Dynamic | Type::List(_) | Type::Set(_) | Type::Tuple(_) => true,
            Type::Resource(_) => value.is_unknown(),
            Type::Bool | Type::Number | Type::String | Type::Map(_) | Type::Object(_) => false,
        };
        if !is_sequence {
            let detail = "The expanding argument (indicated by ...) must be of a tuple, list, or set type.";
            return Err(self.error(SUMMARY, detail, arg.span));
        }
        if self.errors.len() > errors {
            return Err(value);
        }
        let result = Value::unknown(Type::Dynamic);
        Err(self.finish(result, &format!("{function}..."), &[value], span))
    }

    /// The source of a provider that the module declares, as far as it is written.
    fn provider_source(&self, scope: &Scope<'_>, local_name: &str) -> Option<&str> {
        let providers = &self.module(scope.module).node.module.required_providers;
        Some(providers.get(local_name)?.source.as_deref().unwrap_or_default())
    }

    /// The function of the built-in provider that a name is, by whatever local name the module has for the provider.
    fn builtin_function(&self, scope: &Scope<'_>, name: &str) -> Option<builtin::ProviderFunction> {
        let (local_name, function) = name.strip_prefix("provider::")?.split_once("::")?;
        let source = self.provider_source(scope, local_name)?;
        (source == builtin::SOURCE).then(|| builtin::provider_function(function))?
    }

    fn no_function(&mut self, scope: &Scope<'_>, name: &EcoString, name_span: Span, span: Span) -> Value {
        if let Some(rest) = name.strip_prefix("provider::") {
            let (provider, function) = rest.split_once("::").unwrap_or((rest, rest));
            let source = self.provider_source(scope, provider);
            if source == Some(builtin::SOURCE) {
                let detail =
                    format!("The function \"{function}\" is not available from the provider \"{provider}\".");
                return self.error("Unknown provider function", detail, name_span);
            }
            if source.is_none() {
                let detail = format!(
                    "There is no function named \"{name}\". Ensure that provider name \"{provider}\" is declared in \
                     this module's required_providers block, and that this provider offers a function named \"{}\".",
                    rest.rsplit("::").next().unwrap_or_default()
                );
                return self.error("Unknown provider function", detail, name_span);
            }
            let term = self.terms.fresh("provider function");
            let origin = self.origin(Some(span), OriginStep::Call(name.clone()), []);
            let cause = Cause::UnsupportedFunction(rest.into());
            self.uncertain += 1;
            return unknown_value(Type::Dynamic, Refinement::default(), term, cause, origin);
        }
        if let Some((namespace, _)) = name.split_once("::") {
            let detail = format!(
                "The function namespace \"{namespace}\" is not valid. Provider function calls must use the \
                 \"provider::\" namespace prefix."
            );
            return self.error("Unknown provider function", detail, name_span);
        }
        let families = funcs::FAMILIES.iter().flat_map(|family| family.iter()).map(|function| function.name);
        let hint = did_you_mean(name, families.chain(["can", "templatefile", "templatestring", "try"]));
        let detail = format!("There is no function named \"{name}\".{hint}");
        self.error("Call to unknown function", detail, name_span)
    }

    fn call_function(
        &mut self,
        function: &'static funcs::Function,
        values: &[Value],
        args: &[Expr],
        span: Span,
    ) -> Value {
        match self.apply(function, values) {
            Ok(result) => self.settle_call(function, result, values),
            Err(error) => {
                let error = funcs::harmless(&self.function_context(), function, values, error);
                self.function_error(function, error, args, span)
            }
        }
    }

    fn apply(&mut self, function: &funcs::Function, values: &[Value]) -> Result<Value, FuncError> {
        self.spend(funcs::work(function, values), 0);
        funcs::call(&self.function_context(), function, values)
    }

    fn settle_call(&mut self, function: &funcs::Function, result: Value, values: &[Value]) -> Value {
        if result.is_wholly_known() {
            // Whatever the index is, `element(["a"], var.n)` is "a", unless it fails.
            if values.iter().any(Value::is_unknown) && !funcs::cannot_fail(function, values) {
                self.uncertain += 1;
            }
            return result;
        }
        if !funcs::cannot_fail(function, values) {
            self.uncertain += 1;
        }
        if function.name == "jsonencode"
            && result.is_unknown()
            && let [value] = values
        {
            let term = self.terms.intern(Term::Json(value.clone()));
            return with_term(result, term, value.causes());
        }
        if function.name == "distinct"
            && let Some(elements) = values[0].as_elements()
            && let Some(kept) = self.distinct_instances(elements)
        {
            let element = result.ty().element().cloned().unwrap_or(Type::Dynamic);
            return Value::list(element, kept).with_marks(result.marks);
        }
        if funcs::is_impure(function.name) {
            // A plan has one moment, however often it is asked for.
            let term = match function.name {
                "plantimestamp" => self.terms.intern(Term::Apply(function.name.into(), EcoVec::new())),
                name => self.terms.fresh(name),
            };
            return with_term(result, term, Causes::from([Cause::Impure(function.name.into())]));
        }
        if funcs::is_unsupported(function.name) && values.iter().all(Value::is_wholly_known) {
            let operands = values.iter().map(Terms::operand).collect();
            let term = self.terms.intern(Term::Apply(function.name.into(), operands));
            return with_term(result, term, Causes::from([Cause::UnsupportedFunction(function.name.into())]));
        }
        let result = self.alternatives(function, result, values);
        self.settle(result, function.name, values)
    }

    /// The elements without later duplicates, where those that are not known are ids of resource instances: no two
    /// instances have the same.
    fn distinct_instances(&self, elements: &[Value]) -> Option<Vec<Value>> {
        let instance = |value: &Value| {
            let (id, name) = self.terms.attribute(value.as_unknown()?.term)?;
            let resource = &self.instance(id).resource.addr.resource;
            let identifies = self.env.provider.identifies(&resource.type_name, name);
            (identifies && resource.mode == ResourceMode::Managed).then(|| (id, name.to_owned()))
        };
        let mut kept: Vec<(Value, Option<(InstanceId, String)>)> = Vec::new();
        for element in elements {
            let own = instance(element);
            let mut is_new = true;
            for (earlier, other) in &kept {
                let same = match (&own, other) {
                    (Some(own), Some(other)) if own.1 == other.1 => Truth::known(own == other),
                    _ => equal(earlier, element),
                };
                match same {
                    Truth::Yes => is_new = false,
                    Truth::No => {}
                    Truth::Unknown => return None,
                }
            }
            if is_new {
                kept.push((element.clone(), own));
            }
            if kept.len() > FEW {
                return None;
            }
        }
        Some(kept.into_iter().map(|(value, _)| value).collect())
    }

    /// Applies the function to each value that an undecided argument may have.
    fn alternatives(&mut self, function: &funcs::Function, result: Value, values: &[Value]) -> Value {
        let Some(unknown) = result.as_unknown() else { return result };
        if unknown.possible.is_some() {
            return result;
        }
        let mut choices = values.iter().enumerate().filter_map(|(i, value)| {
            let possible = value.as_unknown()?.possible.as_ref()?;
            (possible.len() <= 8).then_some((i, possible))
        });
        let (Some((index, possible)), None) = (choices.next(), choices.next()) else { return result };
        let mut results = EcoVec::new();
        for choice in possible {
            let mut args = values.to_vec();
            args[index] = choice.clone();
            match self.apply(function, &args) {
                Ok(value) => results.push((args, value)),
                Err(_) => return result,
            }
        }
        let results = results
            .into_iter()
            .map(|(args, value)| {
                let origin = if value.origin.is_none() { args[index].origin } else { value.origin };
                self.settle(value, function.name, &args).with_origin(origin)
            })
            .collect();
        let Value { kind, origin, marks } = result;
        let ValueKind::Unknown(unknown) = kind else { return Value { kind, origin, marks } };
        let mut unknown = Arc::unwrap_or_clone(unknown);
        unknown.possible = Some(results);
        Value { kind: ValueKind::Unknown(Arc::new(unknown)), origin, marks }
    }

    fn function_error(
        &mut self,
        function: &funcs::Function,
        error: FuncError,
        args: &[Expr],
        span: Span,
    ) -> Value {
        match error {
            FuncError::Arg(index, message) => {
                let param = function.params.get(index).map(|param| param.name);
                let param = param.or(function.variadic.map(|param| param.name)).unwrap_or("value");
                let place = args.get(index.min(args.len().saturating_sub(1))).map_or(span, |arg| arg.span);
                let detail = format!("Invalid value for \"{param}\" parameter: {message}.");
                self.error("Invalid function argument", detail, place)
            }
            FuncError::Call(message) if message.starts_with("Function \"") => {
                let summary = if message.contains("expects only") {
                    "Too many function arguments"
                } else {
                    "Not enough function arguments"
                };
                self.error(summary, message, span)
            }
            FuncError::Call(message) => {
                let detail = format!("Call to function \"{}\" failed: {message}.", function.name);
                self.error("Error in function call", detail, span)
            }
            FuncError::Limit(what) => self.value_limit(&what, span),
            FuncError::Outside(what) => self.outside(&what, span),
        }
    }

    pub(super) fn function_context(&self) -> funcs::Context<'_> {
        funcs::Context {
            fs: self.env.fs,
            root: &self.config.canonical_dir,
            trees: &self.trees,
            limits: self.env.limits,
        }
    }

    /// The content of a file that is not read because of where it lies.
    pub(super) fn outside(&mut self, what: &str, span: Span) -> Value {
        self.uncertain += 1;
        self.unknown(Type::Dynamic, Refinement::default(), Cause::Limit(what.into()), span)
    }
}
