"""What the tests share: the program, the project's directory, and small git repositories."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def run(command, cwd, env=None, check=True):
    """Runs a command and gives it back with its text."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if check and done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done


@pytest.fixture(scope="session")
def program():
    """The built program."""
    path = Path(os.environ["SSMLINT_PROGRAM"])
    assert path.exists(), "run tests/e2e/run, which builds it"
    return path


@pytest.fixture
def environment(program, tmp_path):
    """The environment of a user who has installed the program, without what CI would say."""
    told = ("GITHUB_", "TF_", "SSMLINT_", "GIT_", "PRE_COMMIT", "CI")
    env = {name: value for name, value in os.environ.items() if not name.startswith(told)}
    env["PATH"] = f"{program.parent}{os.pathsep}{env['PATH']}"
    env["HOME"] = str(tmp_path / "home")
    env["PRE_COMMIT_HOME"] = str(tmp_path / "pre-commit")
    # Toolchains are found from the real home.
    env.setdefault("CARGO_HOME", str(Path.home() / ".cargo"))
    env.setdefault("RUSTUP_HOME", str(Path.home() / ".rustup"))
    (tmp_path / "home").mkdir()
    return env


@pytest.fixture
def lesson(tmp_path, environment):
    """A git repository with a correct project in `infra`."""
    repository = tmp_path / "repository"
    shutil.copytree(PROJECT / "fixtures/projects/lesson-flat", repository / "infra", ignore=no_expectations)
    git(repository, environment, "init", "--quiet")
    git(repository, environment, "config", "user.email", "somebody@example.com")
    git(repository, environment, "config", "user.name", "Somebody")
    return repository


def no_expectations(_directory, names):
    """What stands beside a fixture project and is not part of it."""
    return [name for name in names if not name.endswith((".tf", ".tfvars"))]


def git(repository, env, *arguments, check=True):
    """Runs git in a repository."""
    return run(["git", *arguments], repository, env, check)
