#!/bin/sh
# Stand-in for systemctl on a host of the demo fleet: answers a few read-only questions from canned files beside it.
# Whatever else it is asked gives exit status 1, so that a changed probe is noticed and not answered with nonsense.
here=${0%/*}
format=table props='' verb='' count=$#

refuse() {
  echo "demo systemctl: $1 is not known here" >&2
  exit 1
}

while [ "$count" -gt 0 ]; do
  argument=$1
  shift
  count=$((count - 1))
  case $argument in
    --version) exec cat "$here/out/version" ;;
    --all | -a | --full | -l | --no-pager | --no-ask-password | --plain | --no-legend | --system) ;;
    --output=json | --output=short) format=${argument#--output=} ;;
    --property=*) props=$props,${argument#--property=} ;;
    -p | -o)
      [ "$count" -gt 0 ] || refuse "$argument without a value"
      if [ "$argument" = -p ]; then props=$props,$1; else format=$1; fi
      shift
      count=$((count - 1))
      ;;
    --)
      while [ "$count" -gt 0 ]; do
        set -- "$@" "$1"
        shift
        count=$((count - 1))
      done
      ;;
    -*) refuse "option $argument" ;;
    *) if [ -z "$verb" ]; then verb=$argument; else set -- "$@" "$argument"; fi ;;
  esac
done
[ "$format" = json ] || format=table

case $verb in
  list-timers | list-unit-files)
    # of unit files it always tells all: patterns spare a real manager work, and have no other meaning to the probe
    [ $# -eq 0 ] || [ "$verb" = list-unit-files ] || refuse "a pattern"
    exec cat "$here/out/$verb.$format"
    ;;
  show-environment) exec cat "$here/out/environment" ;;
  show)
    SHIM=$here PROPS=$props
    export SHIM PROPS
    exec awk '
      function print_block(file, name,    line, key, lines) {
        while ((getline line < file) > 0) {
          lines++
          if (name != "") gsub(/@NAME@/, name, line)
          key = substr(line, 1, index(line, "=") - 1)
          if (props == "" ? line !~ /=$/ : index(props ",", "," key ",")) print line
        }
        close(file)
        return lines
      }
      BEGIN {
        here = ENVIRON["SHIM"]
        props = ENVIRON["PROPS"]
        if (ARGC == 1) print_block(here "/out/manager", "")
        for (i = 1; i < ARGC; i++) {
          if (ARGV[i] == "*.timer") {
            # all timers that it has in memory are listed as such
            getline line < (here "/out/list-timers.json")
            for (rows = split(line, row, /"unit":"/); rows > 1; rows--) {
              sub(/".*/, "", row[rows])
              gsub(/\\\\/, "\\", row[rows])
              asked[++count] = row[rows]
            }
          } else asked[++count] = ARGV[i]
        }
        for (i = 1; i <= count; i++) {
          if (i > 1) print ""
          type = asked[i]
          sub(/.*\./, "", type)
          if (!print_block(here "/show/" asked[i], "")) print_block(here "/out/not-found." type, asked[i])
        }
        exit 0
      }' "$@"
    ;;
  *) refuse "'$verb'" ;;
esac
