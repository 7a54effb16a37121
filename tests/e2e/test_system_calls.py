"""What the program asks of the system, watched by strace: nothing outside the project, no socket, no program, no write."""

import os
import re
import sys
from pathlib import Path

import pytest
from conftest import run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="strace watches Linux only")

# What the loader, the allocator and the standard library read of the system at a start.
SYSTEM = re.compile(r"^/(etc/ld\.so\.(cache|preload)|(usr/)?lib(64)?/.*|proc/(self|\d+)/.*|proc/(filesystems|stat|sys/vm/overcommit_memory)|sys/.*|dev/(null|urandom|random))$")

PROJECT = {
    "live/main.tf": """
module "outside" {
  source = "../../outside"
}
module "far" {
  source = "../../../../../../../../etc"
}
module "link" {
  source = "../modules/link"
}
module "net" {
  source = "../modules/net"
}
locals {
  passwords = file("/etc/passwd")
  parent    = file("../../outside/secret.txt")
  listed    = fileset("/etc", "*")
  template  = templatefile("../../outside/secret.txt", {})
  through   = file("link.txt")
}
output "all" {
  value = local
}
""",
    "modules/net/main.tf": 'resource "aws_vpc" "main" {\n  cidr_block = "10.0.0.0/16"\n}\n',
}


@pytest.fixture
def project(tmp_path):
    """A version-controlled project that reaches out of its tree in every way that Terraform knows."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    (outside / "main.tf").write_text('output "secret" {\n  value = "secret"\n}\n')
    project = tmp_path / "project"
    for name, text in PROJECT.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (project / ".git").mkdir()
    (project / "modules" / "link").symlink_to(outside)
    (project / "live" / "link.tf").symlink_to(outside / "main.tf")
    (project / "live" / "link.txt").symlink_to(outside / "secret.txt")
    return project


COMMANDS = [
    ["check", "live"],
    ["check", "--from-files", "modules/net/main.tf"],
    ["inspect", "live"],
    ["why", "live"],
    ["matrix", "live"],
    ["eval", "--dir", "live", 'file("/etc/passwd")'],
    ["config", "show"],
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: " ".join(arguments[:2]))
def test_nothing_outside_the_project_is_opened(program, project, environment, tmp_path, arguments):
    log = tmp_path / "calls"
    trace = ["strace", "-f", "-qq", "-y", "-o", log, "-e", "trace=open,openat,openat2,creat,%net,execve,unlink,rename"]
    done = run([*trace, program, *arguments], project, environment, check=False)
    calls = log.read_text().splitlines()
    assert any("openat" in call for call in calls), done.stderr
    assert "secret" not in done.stdout.replace("secret.txt", "")

    wrong = []
    for call in calls:
        name = re.search(r"^\d+ +(?:<\.\.\. )?(\w+)", call)
        if name is None or name[1] in ("exit", "exit_group"):
            continue
        if name[1] == "execve":
            wrong += [call] if f'"{program}"' not in call else []
        elif name[1].startswith(("open", "creat")):
            path = re.search(r'"((?:[^"\\]|\\.)*)"', call)
            if path is None or "ENOENT" in call:
                continue
            opened = re.search(r"= \d+<([^>]*)>", call)
            real = opened[1] if opened else str((project / path[1]).resolve())
            inside = Path(real).is_relative_to(project)
            # Settings and ignore files are looked for at the top of the repository, not above it.
            if not (inside or SYSTEM.match(real)) or re.search(r"O_WRONLY|O_RDWR|O_CREAT", call):
                wrong.append(call)
        else:
            wrong.append(call)
    assert wrong == [], "\n".join(wrong)


def test_only_what_is_asked_for_is_written(program, project, environment):
    def snapshot():
        files = (path for path in project.parent.rglob("*") if path.is_file())
        return {path: (path.read_bytes(), os.stat(path).st_mtime_ns) for path in files}

    before = snapshot()
    run([program, "check", "live", "--format", "sarif=out.sarif"], project, environment, check=False)
    after = snapshot()
    assert after.pop(project / "out.sarif")
    assert after == before
