//! Projects of a hostile root beside a healthy one, and the program in a child process with ceilings.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// All formats of `check`.
pub(crate) const FORMATS: [&str; 12] = [
    "pretty",
    "concise",
    "json",
    "jsonl",
    "sarif",
    "github",
    "gitlab",
    "junit",
    "checkstyle",
    "rdjson",
    "rdjsonl",
    "markdown",
];

/// Longest run of one command, in a debug build on a busy machine.
const TIME: Duration = Duration::from_secs(30);

/// Bytes of address space: stacks of all threads, and what the allocator sets aside, included.
const MEMORY: u64 = 2 << 30;

/// A security group that is reported, whatever stands beside it.
pub(crate) const HEALTHY: &str = r#"
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_security_group" "ssh" {
  vpc_id = aws_vpc.main.id
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"#;

/// A directory with the roots `healthy` and `hostile`.
pub(crate) struct Project {
    pub(crate) dir: PathBuf,
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Project {
    pub(crate) fn new(name: &str) -> Project {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile").join(name);
        let _ = fs::remove_dir_all(&dir);
        let project = Project { dir };
        project.write("healthy/main.tf", HEALTHY);
        project.write(".git/HEAD", "");
        fs::create_dir_all(project.dir.join("hostile")).unwrap();
        project
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// The hostile root's `main.tf`.
    pub(crate) fn hostile(&self, text: impl AsRef<[u8]>) {
        self.write("hostile/main.tf", text);
    }

    /// Checks the whole project: the healthy root's finding must be there.
    pub(crate) fn check(&self) -> Run {
        let run = self.run(&["check", "--format", "concise", "."]);
        assert!(run.stdout.contains("SSM006"), "the healthy root was not linted: {run:?}");
        run
    }

    /// Evaluates everything in the hostile root.
    pub(crate) fn inspect(&self) -> Run {
        self.run(&["inspect", "hostile"])
    }

    /// Runs the program with ceilings on time and memory.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let (out, err) = (self.dir.join(".stdout"), self.dir.join(".stderr"));
        let file = |path: &Path| Stdio::from(fs::File::create(path).unwrap());
        let start = Instant::now();
        let mut child = program()
            .args(arguments)
            .current_dir(&self.dir)
            .env("RAYON_NUM_THREADS", "2")
            .stdin(Stdio::null())
            .stdout(file(&out))
            .stderr(file(&err))
            .spawn()
            .unwrap();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > TIME {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("{arguments:?} in {} did not end", self.dir.display());
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let text = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        let (stdout, stderr) = (text(&out), text(&err));
        let _ = fs::remove_file(out);
        let _ = fs::remove_file(err);
        if std::env::var_os("HOSTILE_TIMES").is_some() {
            println!("{:?} {arguments:?} {}", start.elapsed(), self.dir.display());
        }
        let short: String = stderr.chars().take(2000).collect();
        let code = status.code().unwrap_or_else(|| panic!("{arguments:?} crashed: {status}: {short}"));
        let run = Run { code, stdout, stderr };
        assert!((0..=2).contains(&code), "{arguments:?} ended with {code}: {short}");
        assert!(!run.says("internal error"), "{arguments:?}: {short}");
        assert!(run.is_printable(), "{arguments:?} prints control characters");
        run
    }
}

impl Run {
    /// Whether the text stands in the report or in the messages.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.stdout.contains(text) || self.stderr.contains(text)
    }

    /// Fails unless the text stands in the report or in the messages.
    #[track_caller]
    pub(crate) fn must_say(&self, text: &str) {
        let head = |text: &str| text.chars().take(2000).collect::<String>();
        assert!(self.says(text), "no {text:?} in\n{}\n{}", head(&self.stdout), head(&self.stderr));
    }

    fn is_printable(&self) -> bool {
        let is_plain = |c: char| !c.is_control() || c == '\n';
        self.stdout.chars().all(is_plain) && self.stderr.chars().all(is_plain)
    }
}

#[cfg(target_os = "linux")]
fn program() -> Command {
    let mut command = Command::new("sh");
    let kilobytes = MEMORY / 1024;
    command.arg("-c").arg(format!(r#"ulimit -v {kilobytes} && exec "$0" "$@""#));
    command.arg(env!("CARGO_BIN_EXE_ssmlint"));
    command
}

#[cfg(not(target_os = "linux"))]
fn program() -> Command {
    let _ = MEMORY;
    Command::new(env!("CARGO_BIN_EXE_ssmlint"))
}
