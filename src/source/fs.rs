//! Reading files: from disk, or from memory in tests. The only place that opens a file for reading.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

/// What a directory entry is, links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A pipe, socket, device or broken link.
    Other,
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name; characters that are not UTF-8 are replaced, and `kind` is then `Other`.
    pub name: String,
    /// What it is, links followed.
    pub kind: FileKind,
    /// Whether it is a symbolic link.
    pub is_link: bool,
}

/// A directory found by [`FileSystem::walk`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// Its path, which starts with the path that was given.
    pub path: PathBuf,
    /// Its entries, sorted by name.
    pub entries: Vec<Entry>,
}

/// What became of a walk through a directory tree.
#[derive(Debug, Default)]
pub struct Walk {
    /// The directories in the order of their paths; the given one is the first.
    pub directories: Vec<Directory>,
    /// Directories and entries that could not be read.
    pub errors: Vec<(PathBuf, io::Error)>,
}

/// Access to files, so that every stage runs on disk and in memory alike.
pub trait FileSystem: Send + Sync {
    /// The bytes of a regular file of at most `limit` bytes. Errors: not found, not a regular file, too large.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;
    /// The entries of a directory, names only, sorted by name.
    fn read_dir(&self, path: &Path) -> io::Result<Vec<(String, FileKind)>>;
    /// What the path is; an error if there is nothing.
    fn kind(&self, path: &Path) -> io::Result<FileKind>;
    /// The absolute path without links, `.` and `..`.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf>;
    /// The entries of a directory, sorted by name.
    fn entries(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let entries = self.read_dir(path)?.into_iter();
        Ok(entries.map(|(name, kind)| Entry { name, kind, is_link: false }).collect())
    }
    /// All directories below a path for which `enter` says yes; it is asked before a directory is read, and not for
    /// the given path. Links to directories are entries, but are never entered, so that a walk ends and stays within
    /// the given path.
    fn walk(&self, root: &Path, enter: &(dyn Fn(&Path) -> bool + Sync)) -> Walk {
        let mut walk = Walk::default();
        let mut pending = vec![root.to_path_buf()];
        while let Some(path) = pending.pop() {
            match self.entries(&path) {
                Ok(entries) => {
                    let is_dir = |entry: &&Entry| entry.kind == FileKind::Directory && !entry.is_link;
                    let below = entries.iter().filter(is_dir).map(|entry| path.join(&entry.name));
                    // Read in the order of the paths: the last pushed is the first read.
                    pending.extend(below.rev().filter(|below| enter(below)));
                    walk.directories.push(Directory { path, entries });
                }
                Err(error) => walk.errors.push((path, error)),
            }
        }
        walk
    }
}

/// The file system of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl FileSystem for Disk {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        use std::io::Read;
        let file = open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(not_regular());
        }
        let size = metadata.len();
        if size > limit {
            return Err(too_large(limit));
        }
        let mut bytes = Vec::with_capacity(size as usize);
        // A file can grow while it is read, so the reader is bounded too.
        file.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit { Err(too_large(limit)) } else { Ok(bytes) }
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<(String, FileKind)>> {
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let file_type = entry.file_type()?;
            let kind = if file_type.is_file() {
                FileKind::File
            } else if file_type.is_dir() {
                FileKind::Directory
            } else {
                self.kind(&entry.path()).unwrap_or(FileKind::Other)
            };
            entries.push((name, kind));
        }
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(entries)
    }

    fn entries(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            entries.push(disk_entry(self, &entry.path(), entry.file_type()?));
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn walk(&self, root: &Path, enter: &(dyn Fn(&Path) -> bool + Sync)) -> Walk {
        let mut walk = Walk::default();
        let entries = match self.entries(root) {
            Ok(entries) => entries,
            Err(error) => {
                walk.errors.push((root.to_path_buf(), error));
                return walk;
            }
        };
        let is_dir = |entry: &&Entry| entry.kind == FileKind::Directory && !entry.is_link;
        let below: Vec<PathBuf> = entries.iter().filter(is_dir).map(|entry| root.join(&entry.name)).collect();
        let below = below.into_par_iter().filter(|dir| enter(dir)).map(|dir| subtree(self, &dir, enter));
        let below: Vec<Walk> = below.collect();
        walk.directories.push(Directory { path: root.to_path_buf(), entries });
        for part in below {
            walk.directories.extend(part.directories);
            walk.errors.extend(part.errors);
        }
        walk.directories.sort_by(|a, b| a.path.cmp(&b.path));
        walk
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        let metadata = std::fs::metadata(path)?;
        Ok(if metadata.is_file() {
            FileKind::File
        } else if metadata.is_dir() {
            FileKind::Directory
        } else {
            FileKind::Other
        })
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        std::fs::canonicalize(path)
    }
}

/// The directories from a path on down.
fn subtree(disk: &Disk, root: &Path, enter: &(dyn Fn(&Path) -> bool + Sync)) -> Walk {
    let mut walk = Walk::default();
    // The directories from the given one down to the one that is being read.
    let mut open: Vec<Directory> = Vec::new();
    let mut tree = walkdir::WalkDir::new(root).follow_links(false).sort_by_file_name().into_iter();
    while let Some(entry) = tree.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(root).to_path_buf();
                let error = error.into_io_error().unwrap_or_else(|| io::ErrorKind::Other.into());
                walk.errors.push((path, error));
                continue;
            }
        };
        let depth = entry.depth();
        walk.directories.extend(open.drain(depth.min(open.len())..));
        if let Some(parent) = open.last_mut() {
            parent.entries.push(disk_entry(disk, entry.path(), entry.file_type()));
        }
        if depth == 0 || entry.file_type().is_dir() {
            if depth == 0 || enter(entry.path()) {
                open.push(Directory { path: entry.into_path(), entries: Vec::new() });
            } else {
                tree.skip_current_dir();
            }
        }
    }
    walk.directories.extend(open);
    walk
}

/// Opens a file for reading; a pipe without waiting for somebody to write to it.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<std::fs::File> {
    if Disk.kind(path)? == FileKind::File { std::fs::File::open(path) } else { Err(not_regular()) }
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

fn disk_entry(disk: &Disk, path: &Path, file_type: std::fs::FileType) -> Entry {
    let name = path.file_name().unwrap_or_default();
    let kind = if name.to_str().is_none() {
        FileKind::Other
    } else if file_type.is_file() {
        FileKind::File
    } else if file_type.is_dir() {
        FileKind::Directory
    } else {
        disk.kind(path).unwrap_or(FileKind::Other)
    };
    Entry { name: name.to_string_lossy().into_owned(), kind, is_link: file_type.is_symlink() }
}

fn too_large(limit: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {limit} bytes"))
}

/// Files in memory, by absolute path (`/main.tf`).
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Memory {
    /// No files.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// Adds or replaces a file; a relative path is taken from `/`.
    pub fn add(&mut self, path: impl AsRef<Path>, text: impl Into<Vec<u8>>) {
        self.files.insert(absolute(path.as_ref()), text.into());
    }
}

fn absolute(path: &Path) -> PathBuf {
    let mut result = PathBuf::from("/");
    for part in path.components() {
        match part {
            std::path::Component::Normal(name) => result.push(name),
            std::path::Component::ParentDir => {
                result.pop();
            }
            std::path::Component::CurDir
            | std::path::Component::RootDir
            | std::path::Component::Prefix(_) => {}
        }
    }
    result
}

impl FileSystem for Memory {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let bytes = self.files.get(&absolute(path)).ok_or(io::ErrorKind::NotFound)?;
        if bytes.len() as u64 > limit { Err(too_large(limit)) } else { Ok(bytes.clone()) }
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<(String, FileKind)>> {
        let dir = absolute(path);
        let mut entries = BTreeMap::new();
        for file in self.files.keys() {
            let Ok(rest) = file.strip_prefix(&dir) else { continue };
            let mut parts = rest.components();
            let Some(first) = parts.next() else { continue };
            let name = first.as_os_str().to_string_lossy().into_owned();
            let kind = if parts.next().is_some() { FileKind::Directory } else { FileKind::File };
            entries.insert(name, kind);
        }
        if entries.is_empty() && dir != Path::new("/") {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(entries.into_iter().collect())
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        let path = absolute(path);
        if self.files.contains_key(&path) {
            Ok(FileKind::File)
        } else if path == Path::new("/") || self.files.keys().any(|file| file.starts_with(&path)) {
            Ok(FileKind::Directory)
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.kind(path)?;
        Ok(absolute(path))
    }
}
