#!/usr/bin/env bash
# Packs the program that was built for a target, with completions, the manual page and the licences, and writes the
# checksum beside it: pack.sh TARGET DIRECTORY
set -euo pipefail

target=$1 out=$2
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
name="ssmlint-$version-$target"
program="${CARGO_TARGET_DIR:-target}/$target/${PROFILE:-release}/ssmlint"
[[ -e $program ]] || program="$program.exe"

mkdir -p "$out"
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
mkdir -p "$staging/$name/completions" "$staging/$name/man"
cp "$program" README.md LICENSE-APACHE LICENSE-MIT "$staging/$name/"
"$program" man > "$staging/$name/man/ssmlint.1"
for command in check explain rules why matrix inspect eval; do
  "$program" man "$command" > "$staging/$name/man/ssmlint-$command.1"
done
for shell in bash zsh fish powershell elvish; do
  "$program" completions "$shell" > "$staging/$name/completions/ssmlint.$shell"
done
tar -czf "$out/$name.tar.gz" -C "$staging" "$name"
cd "$out"
if command -v sha256sum > /dev/null; then
  sha256sum "$name.tar.gz" > "$name.tar.gz.sha256"
else
  shasum --algorithm 256 "$name.tar.gz" > "$name.tar.gz.sha256"
fi
