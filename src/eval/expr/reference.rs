//! References: `var.x`, `module.m.o`, `aws_vpc.this.id`, `each.key`, `path.module` and the names that are bound.

use std::path::Path;

use ecow::EcoString;

use crate::addr::ResourceMode;
use crate::eval::origin::Step as OriginStep;
use crate::eval::scope::{Evaluator, Scope, unknown_value};
use crate::eval::suggestion::did_you_mean;
use crate::eval::term::Term;
use crate::eval::value::{Cause, Marks, Refinement, Type, Value, normalize};
use crate::source::Span;
use crate::syntax::ast::{Step, StepKind, Traversal};

impl Evaluator<'_> {
    pub(in crate::eval) fn traversal(
        &mut self,
        scope: &Scope<'_>,
        traversal: &Traversal,
        span: Span,
    ) -> Value {
        if let Some(value) = scope.lookup(&traversal.root) {
            let value = value.clone();
            return self.steps(scope, value, &traversal.steps);
        }
        if scope.only_bound {
            let (summary, detail) = match scope.bound {
                None => ("Variables not allowed", "Variables may not be used here.".to_string()),
                Some(_) => (
                    "Invalid function argument",
                    format!("vars map does not contain key \"{}\"", traversal.root),
                ),
            };
            return self.error(summary, detail, traversal.root_span);
        }
        let first = |kind: &str| match traversal.steps.first() {
            Some(Step { kind: StepKind::Attr(name), span }) => Ok((name.clone(), *span)),
            _ => Err(format!(
                "The \"{kind}\" object cannot be accessed directly. Instead, access one of its attributes."
            )),
        };
        let (value, used) = match traversal.root.as_str() {
            "var" | "local" => match first(&traversal.root) {
                Ok((name, _)) if traversal.root == "var" => (self.variable(scope.module, &name, span), 1),
                Ok((name, _)) => (self.local(scope.module, &name, span), 1),
                Err(detail) => return self.undeclared("Invalid reference", detail, span),
            },
            "module" => self.module_reference(scope, traversal),
            "data" => self.resource_reference(scope, ResourceMode::Data, traversal),
            "ephemeral" => self.resource_reference(scope, ResourceMode::Ephemeral, traversal),
            "resource" => {
                // `resource.TYPE.NAME` is the long form of `TYPE.NAME`.
                match traversal.steps.split_first() {
                    Some((Step { kind: StepKind::Attr(type_name), span }, rest)) => {
                        let inner =
                            Traversal { root: type_name.clone(), root_span: *span, steps: rest.to_vec() };
                        let (value, used) = self.resource_reference(scope, ResourceMode::Managed, &inner);
                        (value, used + 1)
                    }
                    _ => return self.undeclared("Invalid reference", "A resource type is required.", span),
                }
            }
            "each" | "count" | "self" | "path" | "terraform" => {
                return self.special(scope, traversal, span);
            }
            _ => self.resource_reference(scope, ResourceMode::Managed, traversal),
        };
        let rest = traversal.steps.get(used.min(traversal.steps.len())..).unwrap_or_default();
        self.steps(scope, value, rest)
    }

    fn special(&mut self, scope: &Scope<'_>, traversal: &Traversal, span: Span) -> Value {
        let name = match traversal.steps.first() {
            Some(Step { kind: StepKind::Attr(name), .. }) => name.clone(),
            _ if traversal.root == "self" => EcoString::new(),
            _ => {
                let detail = format!(
                    "The \"{}\" object cannot be accessed directly. Instead, access one of its attributes.",
                    traversal.root
                );
                return self.undeclared("Invalid reference", detail, span);
            }
        };
        let value = match (traversal.root.as_str(), name.as_str()) {
            ("each", "key" | "value") => {
                match scope.repetition.and_then(|repetition| repetition.each.clone()) {
                    Some((key, value)) => {
                        if name == "key" {
                            key
                        } else {
                            value
                        }
                    }
                    None if name == "value" => {
                        return self.undeclared(
                            "each.value cannot be used in this context",
                            "A reference to \"each.value\" has been used in a context in which it is unavailable, such \
                             as when the configuration no longer contains the value in its \"for_each\" expression. \
                             Remove this reference to each.value in your configuration to work around this error.",
                            span,
                        );
                    }
                    None => {
                        return self.undeclared(
                            "Reference to \"each\" in context without for_each",
                            "The \"each\" object can be used only in \"module\" or \"resource\" blocks, and only \
                             when the \"for_each\" argument is set.",
                            span,
                        );
                    }
                }
            }
            ("count", "index") => {
                match scope.repetition.and_then(|repetition| repetition.count_index.clone()) {
                    Some(index) => index,
                    None => {
                        return self.undeclared(
                            "Reference to \"count\" in non-counted context",
                            "The \"count\" object can only be used in \"module\", \"resource\", and \"data\" \
                             blocks, and only when the \"count\" argument is set.",
                            span,
                        );
                    }
                }
            }
            ("self", _) => match scope.this {
                Some(id) => {
                    let value = self.resource_value(id);
                    return self.steps(scope, value, &traversal.steps);
                }
                None => {
                    return self.undeclared(
                        "Invalid \"self\" reference",
                        "The \"self\" object is not available in this context. This object can be used only in \
                         resource provisioner, connection, and postcondition blocks.",
                        span,
                    );
                }
            },
            ("path", "module") => self.literal(Value::string(self.module_path(scope.module)), span),
            ("path", "root") => self.literal(Value::string("."), span),
            ("path", "cwd") => {
                let term = self.terms.intern(Term::Var("path.cwd".into()));
                let origin = self.origin(Some(span), OriginStep::Expression, []);
                let refinement = Refinement { not_null: true, ..Refinement::default() };
                unknown_value(Type::String, refinement, term, Cause::Impure("path.cwd".into()), origin)
            }
            ("terraform", "workspace") => self.literal(Value::string(self.scenario.workspace.as_str()), span),
            ("terraform", "applying") => {
                self.literal(Value::bool(false).with_marks(Marks { ephemeral: true, sensitive: false }), span)
            }
            (root, attribute) => {
                let summary = format!("Invalid \"{root}\" attribute");
                let hint = match root {
                    "path" => did_you_mean(attribute, ["cwd", "module", "root"]),
                    "each" => " The supported attributes are each.key and each.value, the current key and value pair \
                               of the \"for_each\" attribute set."
                        .into(),
                    "count" => " The only supported attribute is count.index, which is the index of each instance of a \
                                resource block that has the \"count\" argument set."
                        .into(),
                    _ => " The only supported attributes are terraform.workspace, the name of the currently-selected \
                          workspace, and terraform.applying, a boolean which is true only during apply."
                        .to_string(),
                };
                let detail =
                    format!("The \"{root}\" object does not have an attribute named \"{attribute}\".{hint}");
                return self.undeclared(&summary, detail, span);
            }
        };
        self.steps(scope, value, traversal.steps.get(1..).unwrap_or_default())
    }

    fn module_path(&self, module: crate::eval::scope::ModuleId) -> EcoString {
        let root = &self.config.canonical_dir;
        let dir = &self.module(module).node.module.canonical_dir;
        if dir == root {
            return ".".into();
        }
        normalize(&relative(root, dir))
    }
}

/// The path from one directory to another, both without links: `modules/net`, `../../modules/net`.
fn relative(from: &Path, to: &Path) -> String {
    let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let ups = from.components().skip(common).map(|_| "..".to_string());
    let downs = to.components().skip(common).map(|part| part.as_os_str().to_string_lossy().into_owned());
    ups.chain(downs).collect::<Vec<String>>().join("/")
}
