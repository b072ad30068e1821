# Installs packages that a script needs. Source this file.

# install_missing CONSEQUENCE COMMAND...: installs the missing Debian packages of ${required[@]} and ${optional[@]}, as root
# or with sudo. Prints CONSEQUENCE if optional packages cannot be installed. Without apt, only checks that the commands
# exist. If something required is missing, prints what to do and exits with status 2.
install_missing() {
  local consequence=$1 command package need=() want=()
  shift
  if command -v apt-get dpkg-query > /dev/null; then
    mapfile -t need < <(missing_packages "${required[@]}")
    mapfile -t want < <(missing_packages "${optional[@]}" | while read -r package; do
      apt-cache show "$package" > /dev/null 2>&1 && echo "$package" # older releases do not have all packages
    done)
    if ((${#need[@]} + ${#want[@]} > 0)); then
      echo "Installing ${need[*]} ${want[*]}"
      # If all together fail, optional packages are installed one by one: one that fails does not prevent the others.
      if ! install_packages "${need[@]}" "${want[@]}"; then
        if ((${#need[@]} > 0)) && ! install_packages "${need[@]}"; then
          echo "Install these packages, then run this again: ${need[*]}" >&2
          exit 2
        fi
        for package in "${want[@]}"; do
          install_packages "$package" || echo "Not installed, $consequence: $package" >&2
        done
      fi
    fi
  fi
  for command in "$@"; do
    command -v "$command" > /dev/null && continue
    echo "$command is missing: install what these Debian packages hold, then run this again: ${required[*]}" >&2
    exit 2
  done
}

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2> /dev/null | grep -q "ok installed" || echo "$package"
  done
}

install_packages() {
  local as_root=(env)
  if ((EUID != 0)); then
    command -v sudo > /dev/null || return 1
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get -q update >&2 &&
    "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >&2
}
