# --- the walk: what is there, then what is in it ------------------------------------------------------------------
# Records begin with a token that nobody could know when the file was named; `//` cannot occur in a path.
# Files of transient scopes are left out: a scope starts no code, and each login (this one, too) has a new one.
# walk_dirs WHO DIR…
walk_dirs() {
  walker=$1
  shift
  as_who "$walker" find -H "$@" -maxdepth 2 \
    \( -type f -path '*/systemd/transient/*.scope' \) -prune -o \
    \( -type d ! \( -readable -executable \) -printf "$K ! %m %U %G - %n - - - %p//\n" -prune \) -o \
    \( -path 'usr/lib/*' -printf "$K %y %m %U %G %s %n - - - %p//%l\n" \) -o \
    -printf "$K %y %m %U %G %s %n %T@ %C@ %i %p//%l\n"
}
# hash_dirs WHO DIR…
hash_dirs() {
  walker=$1
  shift
  as_who "$walker" find -H "$@" -maxdepth 2 -type d ! \( -readable -executable \) -prune -o \
    -type f -size +0 ! -path '*/systemd/transient/*.scope' -size -4097k -exec sha256sum -- {} +
}
# offer WHO [!]: emit what was captured of sha256sum. Lines are numbered on from those before; contents are asked for by
# these numbers, and read with the same rights; `!` marks files of which only programs are given. In HASHES the lines of
# each stand behind one with `=` and who it is; no line of sha256sum begins so.
HASHES='' HASHED=0
offer() {
  emit hashes "$STATUS" "$1 $((HASHED + 1))" "$OUT"
  [ -n "$OUT" ] || return 0
  HASHES="$HASHES=$1${2-}$NL${OUT%"$NL"}$NL"
  # shellcheck disable=SC2086  # lines, to count them
  set -- $OUT
  HASHED=$((HASHED + $#))
}
# walk_user DIR…: all of one account, WHO
HASHED_USERS=''
walk_user() {
  if late; then
    emit walk timeout "$WHO" ''
    return
  fi
  capture 4194304 walk_dirs "$WHO" "$@"
  emit walk "$STATUS" "$WHO" "$OUT"
  case $NL$OUT in *"$NL$K f "*) ;; *) return ;; esac
  capture 4194304 hash_dirs "$WHO" "$@"
  offer "$WHO"
  HASHED_USERS=$HASHED_USERS$WHO$NL
}
walk='' FIND=0
allow 20 20
# shellcheck disable=SC2086  # one directory a line, globbing is off
[ -z "$DIRS" ] || capture 16777216 walk_dirs - $DIRS
if [ -n "$DIRS" ] && [ -n "$OUT" ]; then FIND=1; else find etc -maxdepth 0 -printf '' 2>/dev/null && FIND=1; fi
if [ -z "$DIRS" ]; then
  emit walk failed-1 - ''
elif [ $FIND = 1 ]; then
  emit walk "$STATUS" - "$OUT"
  walk=$OUT
  # shellcheck disable=SC2086
  capture 16777216 hash_dirs - $DIRS
  offer -
  allow 15 5
  [ -z "$USER_DIRS" ] || USER_DIRS=$(printf '%s' "$USER_DIRS" | sort -t : -k 1,1n)$NL
  set --
  others=$HASHES HASHES='' # a long text takes long to append to
  for dir in ${USER_DIRS}end:; do
    if [ $# -gt 0 ] && [ "$WHO" != "${dir%%:*}" ]; then
      walk_user "$@"
      set --
    fi
    WHO=${dir%%:*}
    set -- "$@" "${dir#*:}"
  done
  HASHES=$others$HASHES
  allow 20 20
else
  emit walk missing - ''
fi
