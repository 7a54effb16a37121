"""pre-commit, as a user sets it up."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from conftest import PROJECT, git, run

PRE_COMMIT = [sys.executable, "-m", "pre_commit"]


@pytest.fixture
def hooks(tmp_path, environment):
    """A repository with the hooks of this project, as pre-commit clones them: what is tracked, as it is now."""
    clone = tmp_path / "ssmlint"
    clone.mkdir()
    names = git(PROJECT, environment, "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout
    for name in filter(None, names.split("\0")):
        # The tests of the project are no part of what a hook builds.
        if name.startswith(("fixtures/", "tests/")) or not (PROJECT / name).is_file():
            continue
        target = clone / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, target)
    git(clone, environment, "init", "--quiet")
    git(clone, environment, "add", "--all")
    git(clone, environment, "-c", "user.email=x@example.com", "-c", "user.name=x", "commit", "-qm", "Hooks")
    return clone, git(clone, environment, "rev-parse", "HEAD").stdout.strip()


def configure(repository, hooks, hook):
    """Writes the user's configuration."""
    clone, revision = hooks
    (repository / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {clone}\n    rev: {revision}\n    hooks:\n      - id: {hook}\n"
    )


def private_dns_off(repository):
    """Turns private DNS off in the first endpoint that has it on, and gives the file and the line."""
    for path in sorted((repository / "infra").glob("*.tf")):
        lines = path.read_text().splitlines(keepends=True)
        for number, line in enumerate(lines, 1):
            if "private_dns_enabled" in line and "true" in line:
                lines[number - 1] = line.replace("true", "false")
                path.write_text("".join(lines))
                return path, number
    raise AssertionError("no endpoint has private DNS")


def test_the_hook_stops_what_breaks_a_session_until_it_is_fixed(lesson, environment, hooks):
    configure(lesson, hooks, "ssmlint-system")
    run([*PRE_COMMIT, "install"], lesson, environment)
    git(lesson, environment, "add", "--all")
    git(lesson, environment, "commit", "-qm", "A correct project")

    path, line = private_dns_off(lesson)
    git(lesson, environment, "add", "--all")
    stopped = git(lesson, environment, "commit", "-qm", "Turn private DNS off", check=False)
    output = stopped.stdout + stopped.stderr
    assert stopped.returncode != 0, output
    assert "SSM001" in output
    assert f"infra/{path.name}:{line}:" in output

    run(["ssmlint", "infra", "--fix"], lesson, environment)
    git(lesson, environment, "add", "--all")
    git(lesson, environment, "commit", "-qm", "Turn it on again", "--allow-empty")


def test_the_hook_leaves_other_files_alone(lesson, environment, hooks):
    configure(lesson, hooks, "ssmlint-system")
    private_dns_off(lesson)
    (lesson / "README.md").write_text("Nothing of Terraform's\n")
    git(lesson, environment, "add", "--all")
    done = run([*PRE_COMMIT, "run", "--files", "README.md"], lesson, environment)
    assert "no files to check" in done.stdout


def test_the_hook_builds_itself_with_rust(lesson, environment, hooks):
    configure(lesson, hooks, "ssmlint")
    _, line = private_dns_off(lesson)
    git(lesson, environment, "add", "--all")
    # What is built is what is tested, not how fast it is.
    environment["CARGO_PROFILE_RELEASE_LTO"] = "off"
    environment["CARGO_PROFILE_RELEASE_OPT_LEVEL"] = "0"
    environment["CARGO_PROFILE_RELEASE_CODEGEN_UNITS"] = "16"
    environment["CARGO_PROFILE_RELEASE_DEBUG"] = "none"
    # Only the hook's own build can be meant.
    own = str(Path(os.environ["SSMLINT_PROGRAM"]).parent)
    environment["PATH"] = os.pathsep.join(
        directory for directory in environment["PATH"].split(os.pathsep) if directory != own
    )
    done = run([*PRE_COMMIT, "run", "--all-files"], lesson, environment, check=False)
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    assert "SSM001" in output and f":{line}:" in output, output
