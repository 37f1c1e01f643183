#!/usr/bin/env bash
# Puts Debian's Rust 1.96 with the core libraries of both architectures into the user's cache,
# for `deno task build:guest`. It cannot be installed beside Debian's other compiler, and the other
# architecture's library would bring that architecture's C library along; so the packages are
# downloaded, with apt's own checks, and unpacked. Needs no rights and changes nothing else.
set -euo pipefail

TARGET=${XDG_CACHE_HOME:-$HOME/.cache}/trapline/rust
if "$TARGET/bin/rustc" --version 2>/dev/null | grep -q '^rustc 1\.96\.'; then
  echo "Rust 1.96 is there"
  exit 0
fi

rm -rf "$TARGET"
mkdir -p "$TARGET"/{bin,state/lists/partial,cache/archives/partial}
root=$TARGET
# Lists of packages of both architectures, beside those of the system.
apt() {
  apt-get -q -o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o APT::Architectures::=arm64 \
    -o Dir::State="$root/state" -o Dir::State::status=/var/lib/dpkg/status \
    -o Dir::Cache="$root/cache" -o APT::Sandbox::User= "$@"
}
apt update
cd "$root/cache"
apt download rustc-web:amd64 libstd-rust-web-1.96:amd64 libllvm22:amd64 \
  libstd-rust-web-dev:amd64 libstd-rust-web-dev:arm64
for package in ./*.deb; do dpkg-deb -x "$package" "$root"; done
cd "$root"
rm -rf cache state
cat > "$root/bin/rustc" <<'EOF'
#!/bin/sh
root=$(cd "$(dirname "$0")/.." && pwd)
LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu exec "$root/usr/bin/rustc" --sysroot "$root/usr" "$@"
EOF
chmod +x "$root/bin/rustc"
"$root/bin/rustc" --version
