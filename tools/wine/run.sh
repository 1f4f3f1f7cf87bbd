#!/bin/sh
# Runs a Windows program under wine, for cargo (CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER).
#
# Wine ends with 0 after it has met a function that it lacks, so a test that never ran looks like one that passed. Such a message
# makes this script fail. The time is bounded, as wine's threads can wait for each other for ever.
#
# A program that could not reach wine's server has not begun: its first thread has no number yet, and the message names thread 0. That
# happens when the server ends while the program comes, and another attempt finds a new one. Nothing else is tried twice.
said=$(mktemp)
trap 'rm -f "$said"' EXIT
for attempt in 1 2 3; do
    WINEDEBUG=${WINEDEBUG:--all} timeout --kill-after=10 "${WINE_SECONDS_MAX:-300}" wine "$@" 2>"$said"
    code=$?
    cat "$said" >&2
    grep -q '^wine client error:0:' "$said" || break
    echo "run.sh: not begun (attempt $attempt)" >&2
    sleep 1
done
grep -q 'unimplemented function' "$said" && exit 70
exit $code
