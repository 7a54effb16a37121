//! Projects in memory and on disk, and what loading says of them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use ssmlint::config::load::{Loader, discover};
use ssmlint::config::{Child, Config, ModuleNode};
use ssmlint::diagnostic::Diagnostic;
use ssmlint::source::SourceMap;
use ssmlint::source::fs::{Disk, FileSystem, Memory};

/// Files in memory, below `/project`, which is under version control.
pub(crate) fn memory(files: &[(&str, &str)]) -> Memory {
    let mut memory = Memory::new();
    memory.add("/project/.git/HEAD", "ref: refs/heads/main\n");
    for (path, text) in files {
        memory.add(Path::new("/project").join(path), *text);
    }
    memory
}

/// A loaded root, with the texts that its places point into.
pub(crate) struct Loaded {
    pub(crate) config: Config,
    pub(crate) sources: SourceMap,
}

/// Loads `/project` of the files.
pub(crate) fn load(files: &[(&str, &str)]) -> Loaded {
    load_dir(&memory(files), Path::new("/project"))
}

pub(crate) fn load_dir(fs: &dyn FileSystem, dir: &Path) -> Loaded {
    let sources = SourceMap::new();
    let config = Loader::new(fs, &sources, &[dir.to_path_buf()], None).load(dir);
    Loaded { config, sources }
}

impl Loaded {
    /// `main.tf:3: Summary`, in the order in which they were reported.
    pub(crate) fn problems(&self) -> Vec<String> {
        describe(&self.sources, &self.config.diagnostics)
    }

    /// `module.a NotFound`.
    pub(crate) fn missing(&self) -> Vec<String> {
        self.config
            .missing
            .iter()
            .map(|missing| format!("{} {:?}", missing.address, missing.reason))
            .collect()
    }

    /// The text of a place.
    pub(crate) fn text(&self, span: ssmlint::source::Span) -> String {
        self.sources.file(span.file).slice(span).to_owned()
    }
}

pub(crate) fn describe(sources: &SourceMap, diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics
        .iter()
        .map(|diagnostic| match diagnostic.span {
            None => diagnostic.summary.clone(),
            Some(span) => {
                let file = sources.file(span.file);
                let name = file.path.file_name().unwrap().to_string_lossy().into_owned();
                format!("{name}:{}: {}", file.position(span.start).line, diagnostic.summary)
            }
        })
        .collect()
}

/// The module that a call leads to.
pub(crate) fn child<'n>(node: &'n ModuleNode, name: &str) -> &'n ModuleNode {
    match &node.children[name] {
        Child::Module(child) => child,
        Child::Missing(missing) => panic!("{missing:?}"),
    }
}

/// The roots found under the paths, and what was wrong.
pub(crate) fn roots(fs: &dyn FileSystem, paths: &[&str]) -> Result<Vec<String>, String> {
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    let sources = SourceMap::new();
    let loader = Loader::new(fs, &sources, &paths, None);
    let found = discover(&loader, &paths).map_err(|error| error.to_string())?;
    Ok(found.roots.iter().map(|root| root.to_string_lossy().into_owned()).collect())
}

/// A directory on disk that is removed at the end.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new(files: &[(&str, &str)]) -> Directory {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("config-{}-{number}", std::process::id()));
        let directory = Directory(path);
        std::fs::create_dir_all(&directory.0).unwrap();
        for (path, text) in files {
            directory.write(path, text.as_bytes());
        }
        directory
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    #[cfg(unix)]
    pub(crate) fn link(&self, target: impl AsRef<Path>, path: &str) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    pub(crate) fn load(&self, dir: &str) -> Loaded {
        load_dir(&Disk, &self.0.join(dir))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
