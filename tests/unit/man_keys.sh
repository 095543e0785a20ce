#!/bin/sh
# Every key of bridge.conf has its place in the manual page, and the page has no
# other: man_keys.sh BRIDGED PLUGINS PAGE
set -eu

# Of transports that keep messages, or cost money: none of those here does.
elsewhere='deliver_within\|keep_dead_letters\|spend_per_day\|total_spend_per_day'

work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

"$1" --plugins "$2" --print-config >"$work/example"
sed -n 's/^[ #]*\([a-z_]*\) =.*/\1/p' "$work/example" | sort -u >"$work/keys"
# A group is a heading of the page, its keys are items: ".It Ic burst , rate No *".
sed -n -e '/^\.Ss/,$s/^\.It Ic //p' -e 's/^\.Ss .*: \([a-z_]*\) = .*/\1/p' "$3" |
    tr ' ' '\n' | grep -x '[a-z_]\{2,\}' | grep -vx "$elsewhere" | sort -u >"$work/page"

if ! diff "$work/keys" "$work/page"; then
    echo "these keys are in --print-config only (<), or in $3 only (>)"
    exit 1
fi
