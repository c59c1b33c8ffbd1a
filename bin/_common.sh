# What bin/run and bin/test share: an interpreter, the virtual environment, Node. Sourced, never run.

# Nothing of the caller's Python leaks into ours.
unset PYTHONHOME PYTHONPATH PIP_USER PIP_TARGET PIP_REQUIRE_VIRTUALENV

say() { printf '%s\n' "$*" >&2; }
fail() { printf 'bin/%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# The first interpreter that really starts and is new enough; PYTHON names one by hand.
find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python /usr/bin/python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      printf '%s\n' "$candidate"
      return
    fi
    if [ -n "${PYTHON:-}" ] && [ "$candidate" = "$PYTHON" ]; then
      fail "PYTHON=$PYTHON is not a Python 3.11 or newer that starts."
    fi
  done
  fail "no Python 3.11 or newer found. Install one (Debian, Ubuntu: apt-get install python3 python3-venv), or name it: PYTHON=/path/to/python3 bin/$(basename "$0")"
}

# Usage: set_up_python requirements.txt|requirements-dev.txt ; afterwards $python is the environment's interpreter.
set_up_python() {
  local base
  base=$(find_python)
  "$base" bin/_environment.py "$1" || exit 1
  python=$PWD/.venv/bin/python
}

# Usage: set_up_node ; afterwards frontend/node_modules matches the lock file. Only tests and lint need it.
set_up_node() {
  command -v npm >/dev/null 2>&1 && command -v node >/dev/null 2>&1 || fail \
    "Node 18.19 or newer with npm is needed for the frontend's tests. Install it (Debian, Ubuntu: apt-get install nodejs npm) and run again."
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 18 || (a === 18 && b >= 19) ? 0 : 1)' ||
    fail "Node $(node --version) is too old: 18.19 or newer is needed."
  local wanted stamp=frontend/node_modules/.collab-stamp
  wanted=$(cat frontend/package-lock.json frontend/package.json | cksum; node --version)
  if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    say "Installing the frontend's tools …"
    (cd frontend && npm ci --no-audit --no-fund --loglevel=error </dev/null >&2) || fail "npm ci failed in frontend/; its message is above."
    printf '%s\n' "$wanted" >"$stamp"
  fi
}

# Usage: set_up_chromium ; afterwards CHROMIUM names a browser for tests/browser.
set_up_chromium() {
  local candidate
  for candidate in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1; then
      CHROMIUM=$(command -v "$candidate")
      export CHROMIUM
      return
    fi
  done
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "Installing Chromium for the browser tests …"
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install chromium; } </dev/null >&2 || true
    if command -v chromium >/dev/null 2>&1; then
      CHROMIUM=$(command -v chromium)
      export CHROMIUM
      return
    fi
  fi
  fail "the browser tests need Chromium or Google Chrome, and none was found.
  Install one (Debian: apt-get install chromium), or name it: CHROMIUM=/path/to/chrome bin/test
  To run everything else:  bin/test tests --ignore=tests/browser"
}
