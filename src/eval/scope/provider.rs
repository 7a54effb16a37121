//! The region of the provider configuration that a resource uses.

use crate::config::ProviderRef;
use crate::eval::scope::{Evaluator, Memo, ModuleId, Scope};
use crate::eval::value::Value;

impl Evaluator<'_> {
    /// The region of the provider configuration that a resource uses; none when it is not set in the code.
    pub(super) fn provider_region(&mut self, module: ModuleId, provider: &ProviderRef) -> Option<Value> {
        let key = (provider.name.clone(), provider.alias.clone());
        match self.module(module).provider_regions.get(&key) {
            Some(Memo::Done(region)) => return region.clone(),
            Some(Memo::Running) => return None,
            None => {}
        }
        self.module_mut(module).provider_regions.insert(key.clone(), Memo::Running);
        let region = self.apart(|this| this.evaluate_provider_region(module, provider));
        self.module_mut(module).provider_regions.insert(key, Memo::Done(region.clone()));
        region
    }

    fn evaluate_provider_region(&mut self, module: ModuleId, provider: &ProviderRef) -> Option<Value> {
        let node = self.module(module).node;
        let config =
            node.module.providers.iter().find(|p| p.name == provider.name && p.alias == provider.alias);
        if let Some(config) = config {
            let region = config.body.attribute("region")?;
            return Some(self.eval(&Scope::module(module), &region.expr));
        }
        let (parent, call) = self.module(module).parent?;
        let passed = call
            .providers
            .iter()
            .find(|(inner, _)| inner.name == provider.name && inner.alias == provider.alias);
        match passed {
            Some((_, outer)) => self.provider_region(parent, outer),
            // Default configurations are inherited, aliased ones are not.
            None if provider.alias.is_none() => self.provider_region(parent, provider),
            None => None,
        }
    }
}
