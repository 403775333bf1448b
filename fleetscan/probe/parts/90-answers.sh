SECONDS_EACH=20
emit ready ok system "frames=$N
clock=$(date +%s)"

# --- answers: what the scanner asks for when it has understood the listing ------------------------------------------
# take_paths COUNT → the next lines of standard input as PATHS, relative to /; those that lie where a look could mount
# something or hang are told of in AWAY instead, and left out.
take_paths() {
  PATHS='' AWAY='' left=$1
  while [ "$left" -gt 0 ] && IFS= read -r path; do
    left=$((left - 1))
    case $path in '' | -* | /*) continue ;; esac # to `find` it would be an option
    below "/$path"
    if [ -n "$FSTYPE" ]; then AWAY="$AWAY$K ~ 0 0 0 - 1 - - - $path//$FSTYPE$NL"; else PATHS=$PATHS$path$NL; fi
  done
}
# stat_paths WHO PATH…: records as in the walk, of the paths themselves
stat_paths() {
  reader=$1
  shift
  as_who "$reader" find -P "$@" -maxdepth 0 \
    \( -type d ! -executable -printf "$K ! %m %U %G - %n - - - %p//\n" \) -o \
    -printf "$K %y %m %U %G %s %n %T@ %C@ %i %p//%l\n"
}
# list_paths WHO DIR…: records of what lies in folders, and of a folder itself when that may not be told
list_paths() {
  reader=$1
  shift
  as_who "$reader" find -H "$@" -maxdepth 1 \
    \( -type d ! \( -readable -executable \) -printf "$K ! %m %U %G - %n - - - %p//\n" -prune \) -o \
    -printf "$K %y %m %U %G %s %n %T@ %C@ %i %p//%l\n"
}
# hash_paths WHO PATH…: of regular files only, and not through links
hash_paths() {
  reader=$1
  shift
  as_who "$reader" find -P "$@" -maxdepth 0 -type f -size +1c -size -131073k -exec sha256sum -- {} +
}
# mark_scripts WHO PATH…: the first two bytes of each of the same files, with a dot for all that is neither # nor !
mark_scripts() {
  reader=$1
  shift
  as_who "$reader" find -P "$@" -maxdepth 0 -type f -size +1c -size -131073k -exec head -q -c 2 -- {} + | tr -c '#!' .
}
# hash_and_mark WHO PATH…: both, a line `//` between them; no path has that in it
hash_and_mark() {
  hash_paths "$@"
  ended=$?
  printf '//\n'
  mark_scripts "$@"
  return $ended
}
# name_variables WHO PATH…: the names that environment files set. Values are often secrets; only those that tell a
# loader or an interpreter what to run leave the host. A long name of nothing can be a key in base64, and is left out.
# shellcheck disable=SC2016  # awk expands it
VARIABLES='
FNR == 1 { printf "%s %s//\n", token, FILENAME }
{ sub(/^[ \t]+/, "") }
!/^[A-Za-z_][A-Za-z0-9_]*[ \t]*=/ { next }
{ name = substr($0, 1, index($0, "=") - 1); sub(/[ \t]+$/, "", name) }
length(name) >= 20 && /^[A-Za-z0-9_]+==?[ \t\r]*$/ { next }
name ~ /^(LD_.*|PATH|BASH_ENV|ENV|SHELL|IFS|GCONV_PATH|PYTHON.*|PERL5.*|RUBY.*|NODE_.*|JAVA_TOOL_OPTIONS)$/ { print "=" $0; next }
{ print ":" name }'
name_variables() {
  reader=$1
  shift
  as_who "$reader" find -P "$@" -maxdepth 0 -type f -size -2049k -exec awk -v "token=$K" "$VARIABLES" {} +
}
# is_program WHO PATH: a file whose text may leave the host when a unit names it: it can be executed, tells its
# interpreter, or has the name of a script or a unit. Keys and password files are none of these.
is_program() {
  case ${2##*/} in
  *.sh | *.bash | *.py | *.pl | *.pm | *.rb | *.js | *.mjs | *.php | *.lua | *.tcl | *.awk | *.fish) return 0 ;;
  *.service | *.timer | *.socket | *.path | *.target | *.mount | *.automount | *.swap | *.slice) return 0 ;;
  *.conf) # a drop-in that a link leads to; most other files of this name hold settings, and some of them keys
    as_who "$1" grep -qE '^[[:space:]]*\[(Unit|Install|Service|Timer|Socket|Path|Mount|Automount|Swap|Slice)\]' -- "$2" && return 0
    ;;
  *.rules) return 0 ;;
  esac
  [ "$1" = - ] && [ -x "$2" ] && return 0 # the probe's own rights tell it without a process, if it can be executed
  [ -n "$(as_who "$1" find -P "$2" -maxdepth 0 -type f -perm /111 -print 2>/dev/null)" ] ||
    [ "$(as_who "$1" head -c 2 -- "$2" 2>/dev/null)" = '#!' ]
}
# read_contents NUMBER…: contents by number in the list of hashes; what was not hashed cannot be asked for
# shellcheck disable=SC2016  # awk expands it
CHOSEN='
BEGIN { for (split(numbers, number, " "); ++i in number;) wanted[number[i]] }
/^=/ { who = substr($0, 2); next }
++line in wanted { print who ":" $0 }'
read_contents() {
  wanted=$(printf '%s' "$HASHES" | awk -v "numbers=$1" "$CHOSEN")
  set --
  all=
  for line in $wanted; do
    WHO=${line%%:*} line=${line#*:}
    path=${line#*[ *][ *]}
    case $line in \\*) path=$(printf '%b' "$path") ;; esac
    [ "${all:=${WHO%!}}" = "${WHO%!}" ] || continue # with the rights of one account at a time
    [ "$all" != - ] || [ -f "$path" ] && [ ! -L "$path" ] || continue
    case $WHO in *!) is_program "$all" "$path" || continue ;; esac
    set -- "$@" "$path"
  done
  [ $# -gt 0 ] || return 0
  as_who "$all" head -q -c 4194304 -- "$@" 2>/dev/null | head -c 8388608 | base64
}
# answer WHO COMMAND → OUT, STATUS: what the command says of the paths that were taken
answer() {
  OUT='' STATUS=ok
  # shellcheck disable=SC2086  # one path a line, globbing is off
  [ -z "$PATHS" ] || capture 8388608 "$2" "$1" $PATHS
  case $STATUS in failed-1 | failed-123) STATUS=ok ;; esac # one of them is not there
}

while IFS= read -r request; do
  IFS=' '
  # shellcheck disable=SC2086  # words of a request
  set -- $request
  IFS=$NL
  case $1:$#:${2-}:${3-} in
  fetch:1:* | *[!0-9:a-z-]*) break ;;
  fetch:*)
    shift
    case $* in *[!0-9$NL]*) break ;; esac
    IFS=' '
    request=$*
    IFS=$NL
    OUT=$(read_contents "$request" </dev/null) # requests are not for processes of users
    if [ -n "$OUT" ]; then emit content ok "$request" "$OUT"; else emit content denied "$request" ''; fi
    ;;
  stat:3:*:*[!0-9]* | list:3:*:*[!0-9]* | hash:3:*:*[!0-9]* | variables:3:*:*[!0-9]* | packages:2:*[!0-9]*:) break ;;
  stat:3:*:?*)
    take_paths "$3"
    answer "$2" stat_paths
    emit stat "$STATUS" "$2" "$AWAY$OUT"
    ;;
  list:3:*:?*)
    take_paths "$3"
    answer "$2" list_paths
    emit list "$STATUS" "$2" "$AWAY$OUT"
    ;;
  hash:3:*:?*)
    take_paths "$3"
    answer "$2" hash_and_mark
    case $OUT in *"//$NL"*) marks=${OUT##*"//$NL"} OUT=${OUT%"//$NL"*} ;; *) marks='' ;; esac
    offer "$2" !
    emit marks "$STATUS" "$2" "$marks"
    ;;
  variables:3:*:?*)
    take_paths "$3"
    answer "$2" name_variables
    emit variables "$STATUS" "$2" "$OUT"
    ;;
  packages:2:?*:)
    take_paths "$2"
    # shellcheck disable=SC2086
    answer_packages $PATHS
    ;;
  *) break ;;
  esac
done
emit end ok system ''
times # of this shell and all it started; must not run in a subshell
