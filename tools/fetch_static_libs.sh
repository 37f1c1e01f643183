#!/usr/bin/env bash
# Puts Debian's static libraries of Boost.Context and glibc, with glibc's headers, of both
# architectures into the user's cache, for `deno task oracle` and the benchmarks. The other
# architecture's library cannot be installed without becoming an emulator's own; so the packages
# are downloaded, with apt's own checks, and unpacked. Needs no rights and changes nothing else.
# They are in `x86_64/` and `aarch64/` of the folder that is printed, each a root of its own.
set -euo pipefail
# shellcheck source=tools/apt_beside.sh
source "$(dirname "$0")/apt_beside.sh"

TARGET=${XDG_CACHE_HOME:-$HOME/.cache}/trapline/static-libs
PACKAGES=(libboost-context1.74-dev libc6-dev linux-libc-dev)
declare -A DEBIAN=([x86_64]=amd64 [aarch64]=arm64)

# The list of what is there is written last, so that a folder without it is not whole.
if [[ -s $TARGET/versions ]]; then
  cat "$TARGET/versions"
  echo "$TARGET"
  exit 0
fi

rm -rf "$TARGET"
apt_beside "$TARGET" update
for name in "${!DEBIAN[@]}"; do
  mkdir -p "$TARGET/cache/$name"
  cd "$TARGET/cache/$name"
  apt_beside "$TARGET" download "${PACKAGES[@]/%/:${DEBIAN[$name]}}"
  for package in ./*.deb; do
    dpkg-deb -x "$package" "$TARGET/$name"
    dpkg-deb -W --showformat='${Package} ${Version} ${Architecture}\n' "$package"
  done >> "$TARGET/cache/versions"
done
cd "$TARGET"
sort cache/versions > versions.new
rm -rf cache state
mv versions.new versions
cat versions
echo "$TARGET"
