# Packages that a script needs; to be sourced.

# install_missing CONSEQUENCE COMMAND...: installs what is not there of the Debian packages ${required[@]} and
# ${optional[@]}, as root or through sudo. Says CONSEQUENCE of optional ones that cannot be had. Where there is no apt,
# looks for the commands. Exits with status 2, and says what to do, where something required is missing.
install_missing() {
  local consequence=$1 command need=() want=()
  shift
  if command -v apt-get dpkg-query > /dev/null; then
    mapfile -t need < <(missing_packages "${required[@]}")
    mapfile -t want < <(missing_packages "${optional[@]}" | while read -r package; do
      apt-cache show "$package" > /dev/null 2>&1 && echo "$package" # older releases lack some
    done)
    if ((${#need[@]} + ${#want[@]} > 0)); then
      echo "Installing ${need[*]} ${want[*]}"
      # An optional package that will not install must not take the required ones with it.
      if ! install_packages "${need[@]}" "${want[@]}"; then
        if ((${#need[@]} > 0)) && ! install_packages "${need[@]}"; then
          echo "Install these packages, then run this again: ${need[*]}" >&2
          exit 2
        fi
        echo "Not installed, $consequence: ${want[*]}" >&2
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
