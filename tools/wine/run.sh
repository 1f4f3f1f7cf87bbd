#!/bin/sh
# Runs a Windows program under wine, for cargo (CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER).
#
# Wine ends with 0 after it has met a function that it lacks, so a test that never ran looks like one that passed. Such a message
# makes this script fail. The time is bounded, as wine's threads can wait for each other for ever.
said=$(mktemp)
trap 'rm -f "$said"' EXIT
WINEDEBUG=${WINEDEBUG:--all} timeout --kill-after=10 "${WINE_SECONDS_MAX:-300}" wine "$@" 2>"$said"
code=$?
cat "$said" >&2
grep -q 'unimplemented function' "$said" && exit 70
exit $code
