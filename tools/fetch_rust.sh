#!/usr/bin/env bash
# Puts Debian's Rust 1.96 with the core libraries of both architectures into the user's cache,
# for `deno task build:guest`. It cannot be installed beside Debian's other compiler, and the other
# architecture's library would bring that architecture's C library along; so the packages are
# downloaded, with apt's own checks, and unpacked. Needs no rights and changes nothing else.
set -euo pipefail
# shellcheck source=tools/apt_beside.sh
source "$(dirname "$0")/apt_beside.sh"

TARGET=${XDG_CACHE_HOME:-$HOME/.cache}/trapline/rust
if "$TARGET/bin/rustc" --version 2>/dev/null | grep -q '^rustc 1\.96\.'; then
  echo "Rust 1.96 is there"
  exit 0
fi

rm -rf "$TARGET"
mkdir -p "$TARGET/bin"
root=$TARGET
apt_beside "$root" update
cd "$root/cache"
apt_beside "$root" download rustc-web:amd64 libstd-rust-web-1.96:amd64 libllvm22:amd64 \
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
