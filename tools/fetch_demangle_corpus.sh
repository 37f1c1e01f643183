#!/usr/bin/env bash
# Puts the names that GNU's demangler is tested with, out of Debian's source package of libiberty,
# into the user's cache, for `deno task oracle`. Downloaded with apt's own checks. Needs no rights
# and changes nothing else. Prints the folder with `demangle-expected` and `rust-demangle-expected`.
set -euo pipefail
# shellcheck source=tools/apt_beside.sh
source "$(dirname "$0")/apt_beside.sh"

TARGET=${XDG_CACHE_HOME:-$HOME/.cache}/trapline/demangle-corpus
if [[ ! -s $TARGET/demangle-expected ]]; then
  rm -rf "$TARGET"
  mkdir -p "$TARGET/sources"
  # The system's own sources, asked for sources instead of packages.
  shopt -s nullglob
  for list in /etc/apt/sources.list.d/*.sources; do
    sed 's/^Types:.*/Types: deb-src/' "$list" > "$TARGET/sources/${list##*/}"
  done
  for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    if [[ -f $list ]]; then sed -n 's/^deb /deb-src /p' "$list" > "$TARGET/sources/${list##*/}.list"; fi
  done
  options=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$TARGET/sources")
  cd "$TARGET"
  apt_beside "$TARGET" "${options[@]}" update >&2
  apt_beside "$TARGET" "${options[@]}" source --download-only libiberty >&2
  tar -xf ./*.orig.tar.* --strip-components=3 --wildcards '*/libiberty/testsuite/*demangle-expected'
  rm -rf sources state cache libiberty_*
fi
echo "$TARGET"
