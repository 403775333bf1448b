# --- the walk: what is there, then what is in it ------------------------------------------------------------------
# Records begin with a token that nobody could know when the file was named; `//` cannot occur in a path.
# Files of transient scopes are left out: a scope starts no code, and each login (this one, too) has a new one.
# shellcheck disable=SC2086  # one directory a line, globbing is off
walk_dirs() {
  limit find -H $DIRS -maxdepth 2 \
    \( -type f -path '*/systemd/transient/*.scope' \) -prune -o \
    \( -type d ! \( -readable -executable \) -printf "$K ! %m %U %G - %n - - - %p//\n" -prune \) -o \
    \( -path 'usr/lib/*' -printf "$K %y %m %U %G %s %n - - - %p//%l\n" \) -o \
    -printf "$K %y %m %U %G %s %n %T@ %C@ %i %p//%l\n"
}
# shellcheck disable=SC2086
hash_files() {
  limit find -H $DIRS -maxdepth 2 -type d ! \( -readable -executable \) -prune -o \
    -type f -size +0 ! -path '*/systemd/transient/*.scope' -size -4097k -exec sha256sum -- {} +
}
walk='' HASHES=''
if [ -z "$DIRS" ]; then
  emit walk failed-1 system ''
elif find etc -maxdepth 0 -printf '' 2>/dev/null; then
  capture 16777216 walk_dirs
  emit walk "$STATUS" system "$OUT"
  walk=$OUT
  if command -v sha256sum >/dev/null 2>&1; then
    capture 16777216 hash_files
    emit hashes "$STATUS" system "$OUT"
    HASHES=$OUT
  else
    emit hashes missing system ''
  fi
else
  emit walk missing system ''
fi
