# To be sourced: apt_beside FOLDER ARGUMENT… is apt-get with lists of packages of both architectures,
# kept in FOLDER beside those of the system. Needs no rights and changes nothing else.
apt_beside() {
  local folder=$1
  shift
  mkdir -p "$folder"/{state/lists/partial,cache/archives/partial}
  apt-get -q -o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o APT::Architectures::=arm64 \
    -o Dir::State="$folder/state" -o Dir::State::status=/var/lib/dpkg/status \
    -o Dir::Cache="$folder/cache" -o APT::Sandbox::User= "$@"
}
