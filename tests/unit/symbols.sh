#!/bin/sh
# symbols.sh PROGRAM OBJECT... - fail if a global name of the objects is also a
# name of a library that the program is linked to. The dynamic linker would then
# give one to whoever meant the other.
program=$1
shift
ours=$(mktemp)
theirs=$(mktemp)
trap 'rm -f "$ours" "$theirs"' EXIT

nm --defined-only --extern-only "$@" | awk 'NF == 3 { print $3 }' | sort -u >"$ours"
ldd "$program" | awk '$3 ~ /^\// { print $3 }' | grep -vE '/lib(asan|ubsan|tsan)\.' |
while read -r library; do
    nm -D --defined-only "$library"
done | awk 'NF == 3 { sub(/@.*/, "", $3); print $3 }' | sort -u >"$theirs"

[ -s "$ours" ] && [ -s "$theirs" ] || { echo "nm found no names"; exit 1; }
both=$(comm -12 "$ours" "$theirs")
[ -z "$both" ] || { echo "also names of libraries: $both"; exit 1; }
