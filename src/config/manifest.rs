//! `.terraform/modules/modules.json`: where `terraform init` has put the modules that are not local.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::config::version::{Constraints, Version};

/// A manifest of some 10,000 modules is a tenth of this.
pub(crate) const MAX_MANIFEST_BYTES: u64 = 16 << 20;

/// The installed modules of one root.
#[derive(Debug, Default)]
pub struct Manifest {
    records: FxHashMap<String, Record>,
}

/// One installed module.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Record {
    /// The call names that lead to it, joined with dots: `network.vpc`; empty for the root.
    #[serde(rename = "Key")]
    pub key: String,
    /// The source address, with the registry's host written out.
    #[serde(rename = "Source", default)]
    pub source: String,
    /// The installed version of a registry module.
    #[serde(rename = "Version", default)]
    pub version: Option<String>,
    /// The directory, relative to the root module's directory.
    #[serde(rename = "Dir")]
    pub dir: PathBuf,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "Modules")]
    modules: Vec<Record>,
}

impl Manifest {
    /// Reads the text of a `modules.json`.
    pub fn parse(text: &[u8]) -> Result<Manifest, serde_json::Error> {
        let document: Document = serde_json::from_slice(text)?;
        let records = document.modules.into_iter().map(|record| (record.key.clone(), record));
        Ok(Manifest { records: records.collect() })
    }

    /// The module that was installed for a call, if it is still the one that the call asks for.
    pub fn find(&self, key: &str, source: &str, version: Option<&str>) -> Option<&Record> {
        let record = self.records.get(key)?;
        if !same_source(&record.source, source) {
            return None;
        }
        let wanted = version.and_then(Constraints::parse);
        let installed = record.version.as_deref().and_then(Version::parse);
        match (wanted, installed) {
            (Some(wanted), Some(installed)) => wanted.allow(&installed).then_some(record),
            _ => Some(record),
        }
    }

    /// The directories of all modules, sorted.
    pub fn dirs(&self) -> Vec<&Path> {
        let mut dirs: Vec<&Path> = self.sorted().map(|record| record.dir.as_path()).collect();
        dirs.sort();
        dirs.dedup();
        dirs
    }

    fn sorted(&self) -> impl Iterator<Item = &Record> {
        let mut records: Vec<&Record> = self.records.values().collect();
        records.sort_by(|a, b| a.key.cmp(&b.key));
        records.into_iter()
    }
}

/// Whether a recorded source is the one written in a call. Only registry addresses can be compared: Terraform rewrites
/// the others in many ways before it records them.
fn same_source(recorded: &str, written: &str) -> bool {
    let registry = |source: &str| {
        let full = source.strip_prefix("registry.terraform.io/").unwrap_or(source).to_ascii_lowercase();
        crate::config::decode::is_registry_source(source).then_some(full)
    };
    match (registry(recorded), registry(written)) {
        (Some(recorded), Some(written)) => recorded == written,
        (None, Some(_)) => recorded.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"Modules":[
        {"Key":"","Source":"","Dir":"."},
        {"Key":"vpc","Source":"registry.terraform.io/terraform-aws-modules/vpc/aws","Version":"5.1.2","Dir":".terraform/modules/vpc"},
        {"Key":"net.sub","Source":"git::https://example.com/x.git","Dir":".terraform/modules/net.sub/a"}]}"#;

    #[test]
    fn modules_are_found_by_the_calls_that_lead_to_them() {
        let manifest = Manifest::parse(TEXT.as_bytes()).unwrap();
        let vpc = manifest.find("vpc", "terraform-aws-modules/vpc/aws", Some("~> 5.0")).unwrap();
        assert_eq!(vpc.dir, Path::new(".terraform/modules/vpc"));
        assert!(manifest.find("net.sub", "git@example.com:x.git", None).is_some());
        assert!(manifest.find("net", "terraform-aws-modules/vpc/aws", None).is_none());
    }

    #[test]
    fn a_module_that_was_installed_for_another_source_or_version_is_not_taken() {
        let manifest = Manifest::parse(TEXT.as_bytes()).unwrap();
        assert!(manifest.find("vpc", "terraform-aws-modules/eks/aws", None).is_none());
        assert!(manifest.find("vpc", "terraform-aws-modules/vpc/aws", Some("~> 4.0")).is_none());
    }
}
