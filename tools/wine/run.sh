#!/bin/sh
# Runs a Windows program under wine, for cargo (CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER).
#
# Wine ends with 0 after it has met a function that it lacks, so a test that never ran looks like one that passed. Such a message
# makes this script fail. The time is bounded, as wine's threads can wait for each other for ever.
#
# A program that could not reach wine's server has not begun: its first thread has no number yet, and the message names thread 0. That
# happens when the server ends while the program comes, and another attempt finds a new one. Nothing else is tried twice: a program that
# has printed anything, or complained of anything else, has begun, though another that it started may say the same of itself.
#
# What it prints goes through files: wine's own programs, and those that a killed one has left, would keep a pipe open.
seconds=${WINE_SECONDS_MAX:-600}
told=$(mktemp -d)
trap 'rm -rf "$told"' EXIT
for attempt in 1 2 3; do
    WINEDEBUG=${WINEDEBUG:--all} timeout --kill-after=10 "$seconds" wine "$@" >"$told/out" 2>"$told/err"
    code=$?
    cat "$told/out"
    cat "$told/err" >&2
    [ "$code" -ne 0 ] && [ ! -s "$told/out" ] && [ -s "$told/err" ] || break
    grep -qv '^wine client error:0:' "$told/err" && break
    echo "run.sh: $1 has not begun (attempt $attempt)" >&2
    sleep 1
done
case $code in 124 | 137) echo "run.sh: $1 was ended after $seconds seconds" >&2 ;; esac
grep -q 'unimplemented function' "$told/err" && exit 70
exit "$code"
