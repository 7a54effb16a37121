#!/usr/bin/env bash
# Puts the ssmlint of a release on PATH, after its checksum and, where `gh` is there, its attestation were verified.
# Without a release for this machine, or with SSMLINT_VERSION=source, builds the action's own checkout.
set -euo pipefail

repository=ssmlint/ssmlint
action=${SSMLINT_ACTION:?the directory of the action}
own_version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$action/Cargo.toml" | head -n 1)
version=${SSMLINT_VERSION:-$own_version}
version=${version#v}
# Everything below puts it into paths and addresses.
if [[ ! $version =~ ^([0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?|source)$ ]]; then
  echo "::error title=ssmlint::the version must look like 0.1.0, or be \`source\`"
  exit 2
fi

target_of() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) echo x86_64-unknown-linux-musl ;;
    Linux-aarch64 | Linux-arm64) echo aarch64-unknown-linux-musl ;;
    Darwin-x86_64) echo x86_64-apple-darwin ;;
    Darwin-arm64) echo aarch64-apple-darwin ;;
    MINGW*-x86_64 | MSYS*-x86_64 | CYGWIN*-x86_64) echo x86_64-pc-windows-msvc ;;
    *) echo none ;;
  esac
}

use() {
  echo "$1" >> "$GITHUB_PATH"
  "$1/ssmlint" --version
}

build() {
  cargo install --locked --path "$action" --root "$1"
  use "$1/bin"
}

if [[ $version == source ]]; then
  build "$RUNNER_TEMP/ssmlint-source"
  exit 0
fi

home="${RUNNER_TOOL_CACHE:-$RUNNER_TEMP}/ssmlint/$version"
if [[ -x $home/ssmlint || -x $home/ssmlint.exe ]]; then
  use "$home"
  exit 0
fi

target=$(target_of)
archive="ssmlint-$version-$target.tar.gz"
address=${SSMLINT_RELEASES:-https://github.com/$repository/releases/download}/v$version
download=$(mktemp -d "$RUNNER_TEMP/ssmlint.XXXXXX")
get() {
  curl --fail --silent --show-error --location --retry 3 --output "$download/$1" "$address/$1"
}
if [[ $target == none ]] || ! get "$archive" || ! get "$archive.sha256"; then
  if [[ $version != "$own_version" ]]; then
    echo "::error title=ssmlint::there is no release $version for this machine"
    exit 2
  fi
  echo "there is no release $version for this machine; building it"
  build "$RUNNER_TEMP/ssmlint-source"
  exit 0
fi

(
  cd "$download"
  if command -v sha256sum > /dev/null; then
    sha256sum --check --status "$archive.sha256"
  else
    shasum --algorithm 256 --check --status "$archive.sha256"
  fi
) || {
  echo "::error title=ssmlint::the checksum of $archive is wrong"
  exit 2
}
# A mirror of the releases carries no attestations.
if [[ -z ${SSMLINT_RELEASES:-} && -n ${GH_TOKEN:-} ]] && command -v gh > /dev/null; then
  gh attestation verify "$download/$archive" --repo "$repository" || {
    echo "::error title=ssmlint::$archive was not built by the release workflow of $repository"
    exit 2
  }
fi
mkdir -p "$home"
tar -xzf "$download/$archive" -C "$home" --strip-components 1
use "$home"
