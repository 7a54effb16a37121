//! `import` blocks: what is wrong with the ids.

use crate::eval::convert::convert;
use crate::eval::expand::is_known_after_apply;
use crate::eval::expr::pairs;
use crate::eval::scope::{Evaluator, Repetition, Scope};
use crate::eval::value::Type;
use crate::syntax::ast::{Block, Expr};

impl<'a> Evaluator<'a> {
    /// Evaluates the ids of the root module's `import` blocks for their errors.
    pub(in crate::eval) fn check_imports(&mut self) {
        let module = &self.module(Self::ROOT).node.module;
        for block in module.refactorings.iter().filter(|block| block.block_type == "import") {
            let Some(id) = block.body.attribute("id") else { continue };
            for repetition in self.repetitions(block) {
                let scope = Scope { repetition: Some(&repetition), ..Scope::module(Self::ROOT) };
                self.apart(|this| this.check_import_id(&scope, &id.expr));
            }
        }
    }

    /// What `each` is, one time after the other; nothing as long as that is not known.
    fn repetitions(&mut self, block: &'a Block) -> Vec<Repetition> {
        let Some(for_each) = block.body.attribute("for_each") else { return vec![Repetition::default()] };
        let scope = Scope::module(Self::ROOT);
        let collection = self.apart(|this| this.eval(&scope, &for_each.expr));
        let elements = pairs(&collection).unwrap_or_default();
        let limit = self.env.limits.instances;
        elements
            .into_iter()
            .take(limit)
            .map(|each| Repetition { each: Some(each), ..Repetition::default() })
            .collect()
    }

    fn check_import_id(&mut self, scope: &Scope<'_>, expr: &Expr) {
        const SUMMARY: &str = "Invalid import id argument";
        let failures = self.errors.len();
        let value = self.eval(scope, expr);
        if self.errors.len() > failures {
            return;
        }
        if value.is_null() {
            self.error(SUMMARY, "The import ID cannot be null.", expr.span);
            return;
        }
        let id = match convert(&value, &Type::String) {
            Ok(id) => id,
            Err(error) => {
                self.error("Incorrect value type", format!("Invalid expression value: {error}."), expr.span);
                return;
            }
        };
        if id.as_str() == Some("") {
            let detail =
                "The import ID value evaluates to an empty string, please provide a non-empty value.";
            self.error(SUMMARY, detail, expr.span);
        } else if id.is_unknown() && is_known_after_apply(&value) {
            let detail = "The import block \"id\" argument depends on resource attributes that cannot be determined \
                          until apply, so Terraform cannot plan to import this resource.";
            self.error(SUMMARY, detail, expr.span);
        }
    }
}
