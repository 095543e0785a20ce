#!/bin/sh
# Every text that is marked has a translation in each language, with the same formats.
#   translations.sh SOURCE-DIRECTORY
set -eu
texts=$(mktemp)
trap 'rm -f "$texts"' EXIT
"$1/contrib/po/texts" >"$texts"
for po in "$1"/contrib/po/*.po; do
    msgfmt --check --output-file=/dev/null "$po"
    msgcmp "$po" "$texts" || {
        echo "$po: run contrib/po/update and translate what is new" >&2
        exit 1
    }
done
