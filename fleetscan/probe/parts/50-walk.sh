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
# these numbers, and read with the same rights; `!` marks files of which only programs are given.
HASHES='' HASHED=0
offer() {
  emit hashes "$STATUS" "$1 $((HASHED + 1))" "$OUT"
  [ -n "$OUT" ] || return 0
  case $OUT in
  *"$NL"*"$NL"*"$NL"*"$NL"*"$NL"*"$NL"*"$NL"*)
    HASHES=$HASHES$(printf '%s\n' "$OUT" | sed "s/^/$1${2-}:/")$NL
    HASHED=$((HASHED + $(printf '%s\n' "$OUT" | wc -l)))
    ;;
  *) # of a few, as most accounts have, without a process
    for line in $OUT; do HASHES=$HASHES$1${2-}:$line$NL HASHED=$((HASHED + 1)); done
    ;;
  esac
}
# walk_user DIR…: all of one account, WHO
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
}
walk=''
if [ -z "$DIRS" ]; then
  emit walk failed-1 - ''
elif find etc -maxdepth 0 -printf '' 2>/dev/null; then
  allow 20 20
  # shellcheck disable=SC2086  # one directory a line, globbing is off
  capture 16777216 walk_dirs - $DIRS
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
