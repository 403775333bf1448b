#!/bin/sh
# fleetscan probe, protocol 1. One text, two ways to run it on a host:
#  - sent: it arrives on standard input of /bin/sh, and its header line stands in the positional parameters already;
#  - installed: it lies there as a file that only root may change, started by sudo or by the forced command of a key.
#    Then it reads the header line here.
# The header: FLEETSCAN PROTO SENTINEL BYTES key=value… BYTES is how much text follows, 0 for an installed probe.
set -f
FILE=
if [ $# = 0 ]; then
  PATH=/usr/sbin:/usr/bin:/sbin:/bin
  FILE=$0
  IFS= read -r header
  IFS=' '
  # shellcheck disable=SC2086  # words of the header, globbing is off
  set -- $header
  [ "${4-}" = 0 ] || set --
fi
# Whoever holds the scanner's key writes the header: the sentinel becomes part of formats, so it is digits or nothing runs.
case $#:${1-}:${2-}:${3-} in
*:FLEETSCAN:1:*[!0-9a-f]*) set -- ;;
[4-9]:FLEETSCAN:1:???????????????????????????????? | 1[0-9]:FLEETSCAN:1:????????????????????????????????) ;;
*) set -- ;;
esac
if [ $# = 0 ]; then
  printf '%s\n' "fleetscan probe: no header that it understands. It is installed here, so set 'probe: installed'" >&2
  exit 64
fi
