# --- which package owns a file, and has it still the package's digest? ----------------------------------------------
# Each database is read in one pass, for all files at once, and only if it lies on this host. A row for each owned file:
#   file|conf EXPECTED ACTUAL PACKAGE PATH      conf: the package lets an administrator change it
# EXPECTED is the database's digest, `-` for none. ACTUAL is the file's: `=` when equal (then EXPECTED is, too), `?` when
# unread, `-` when the scanner has to compare with the SHA-256 that it got already. Then `package PACKAGE VERSION`, and of
# those that bring timers, whether these are there or not, `timers PACKAGE system|user UNIT…` with services of that name.

# where timers of packages lie, as grep finds it: also of those that are gone
UNIT_DIRS="lib/systemd/system/${NL}lib/systemd/user/${NL}etc/systemd/system/${NL}etc/systemd/user/"

# canon(PATH) for awk: one spelling on hosts where the top directories are links into usr, or usr/sbin is one
# shellcheck disable=SC2016  # awk expands it
CANON='
function canon(path,    top) {
  top = path
  sub(/\/.*/, "", top)
  if (index(" " moved " ", " " top " ")) path = "usr/" path
  if (index(moved, "usr/sbin") && path ~ /^usr\/sbin\//) path = "usr/bin/" substr(path, 10)
  if (index(moved, "usr/lib64") && path ~ /^usr\/lib64\//) path = "usr/lib/" substr(path, 11)
  return path
}
part == "wanted" && $0 == "//" { part = "found"; next }
part == "wanted" { asked[canon($0)] = $0; next }
/^\/\/[0-9]+$/ { status = substr($0, 3); next }
# brings(PACKAGE, PLACE): note a timer or service; tells whether it is a timer
function brings(package, place,    unit, key, stem) {
  if (place !~ /^((usr\/)?lib|etc)\/systemd\/(system|user)\/[A-Za-z0-9:_.@\\-]+\.(timer|service)$/) return 0
  if ((package, place) in brought) return place ~ /\.timer$/
  brought[package, place]
  unit = stem = place
  sub(/.*\//, "", unit)
  sub(/\.[a-z]*$/, "", stem)
  sub(/.*\//, "", stem)
  key = package (place ~ /\/system\/[^\/]*$/ ? " system" : " user")
  if (place ~ /\.timer$/) { timers[key] = timers[key] " " unit; timed[key, stem]; return 1 }
  served[++services] = key
  service[services] = stem
  return 0
}
function tell_timers(    i, key) {
  for (i = 1; i <= services; i++)
    if ((served[i], service[i]) in timed) timers[served[i]] = timers[served[i]] " " service[i] ".service"
  for (key in timers) print "timers", key timers[key]
}
function expect(kind, digest, package, path,    how) {
  how = "-"
  if (digest ~ /^[0-9a-f]+$/ && length(digest) == 32) how = "md5"
  else if (digest ~ /^Q1/ || (digest ~ /^[0-9a-f]+$/ && length(digest) == 40)) how = "sha1"
  print kind, (digest == "" ? "-" : digest), how, package, asked[path]
}'

# Lines of grep over the lists and digests of all packages; then the status file for versions and configuration files.
# A diverted path belongs, at its place, to the diverting package alone; what others have there lies elsewhere.
# shellcheck disable=SC2016  # awk expands it
DPKG='
part == "diversions" {
  if (FNR % 3 == 1) from = $0
  else if (FNR % 3 == 2) to = $0
  else { diverter[from] = $0; elsewhere[from] = to }
  next
}
part == "found" {
  slash = index($0, "/")
  digest = ""
  if ((at = index($0, ".list:/")) && at + 6 == slash) path = substr($0, slash)
  else if (at = index($0, ".md5sums:")) { digest = substr($0, at + 9, 32); path = "/" substr($0, at + 43) }
  else next
  name = substr($0, 1, at - 1)
  sub(/:.*/, "", name)
  place = ((path in diverter) && diverter[path] != name ? elsewhere[path] : path)
  place = canon(substr(place, 2))
  if (brings(name, place)) owners[name] = "-"
  if (!(place in asked)) next
  if (digest != "") { md5[name, place] = digest; next }
  owners[name] = "-"
  if (!((name, place) in listed)) { listed[name, place]; count++; owner[count] = name; at_[count] = place; as[count] = path }
  next
}
/^Package: / { name = substr($0, 10); known = name in owners; next }
!known { next }
/^Version: / { owners[name] = substr($0, 10) }
/^[^ ]/ { conffiles = /^Conffiles:/; next }
conffiles {
  sub(/( obsolete| remove-on-upgrade)+$/, "")
  match($0, / [^ ]*$/)
  conffile[name, substr($0, 2, RSTART - 2)] = substr($0, RSTART + 1)
}
END {
  for (i = 1; i <= count; i++) {
    if ((owner[i], as[i]) in conffile) {
      digest = conffile[owner[i], as[i]]
      expect("conf", (length(digest) == 32 ? digest : ""), owner[i], at_[i])
    } else expect("file", md5[owner[i], at_[i]], owner[i], at_[i])
  }
  for (name in owners) print "package", name, owners[name]
  tell_timers()
  exit (status == "" ? 3 : (status > 1 ? status : 0))
}'
PATTERNS='
FILENAME != "-" { if (FNR % 3 != 1) next; sub(/^\//, "") }
{ sub(/^usr\//, "") }
/\//'
dpkg_rows() (
  cd var/lib/dpkg/info || exit 13
  diversions=../diversions
  [ -e $diversions ] || diversions=/dev/null
  [ -r . ] || exit 13
  for file in $diversions ../status; do
    [ -r "$file" ] && { [ -f "$file" ] || [ "$file" = /dev/null ]; } || exit 13
  done
  set +f
  set -- *.list *.md5sums
  set -f
  {
    printf '%s\n//\n' "$WANTED"
    # without usr/ in front a pattern finds both spellings; awk then takes what is meant
    printf '%s\n' "$UNIT_DIRS" "$WANTED" | awk "$PATTERNS" - $diversions | limit grep -aHF -f - -- "$@"
    printf '//%d\n' $?
  } | awk -v "moved=$MOVED" "$CANON$DPKG" part=diversions $diversions part=wanted - part=status ../status
)

# Nobody asks: as root, rpm would write into its database even to read it, and run what macros in a home say.
ask_rpm() {
  if [ "$UID_" = 0 ]; then
    limit setpriv --reuid=65534 --regid=65534 --clear-groups env -i "PATH=$PATH" HOME=/nonexistent LC_ALL=C rpm "$@"
  else
    limit env -i "PATH=$PATH" HOME=/nonexistent LC_ALL=C rpm "$@"
  fi
}
# shellcheck disable=SC2016  # awk expands it
RPM='
part == "found" {
  split($0, field, "\t")
  path = substr($0, length(field[1] field[2] field[3] field[4]) + 6)
  place = canon(path)
  sub(/^0:/, "", field[4])
  if (brings(field[3], place)) owners[field[3]] = field[4]
  if (!(place in asked)) next
  owners[field[3]] = field[4]
  expect((field[1] ~ /c/ ? "conf" : "file"), field[2], field[3], place)
}
END {
  for (name in owners) print "package", name, owners[name]
  tell_timers()
  exit status
}'
rpm_rows() {
  # shellcheck disable=SC2046  # one path a line, globbing is off
  set -- $(printf '%s\n' "$WANTED" | sed 's,^,/,')
  # The exit status counts files without an owner, and a database that cannot be opened owns nothing: what tells is that
  # the last path, which cannot be, was reached, and that there are no other errors than those of files.
  said=$(ask_rpm -qf --nosignature --nodigest --qf '=%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n' "$@" /dev/null/end 2>&1) ||
    said="$said$NL$?"
  case $said in
  *"error: file /dev/null/end: "*) ;;
  *"${NL}124" | *"${NL}137") return 124 ;;
  *"${NL}127") return 127 ;;
  *) return 1 ;;
  esac
  ! printf '%s\n' "$said" | grep '^error: ' | grep -qv '^error: file ' || return 1
  # shellcheck disable=SC2046  # one package a line, globbing is off
  set -- $(printf '%s\n' "$said" | sed -n 's/^=//p' | sort -u)
  [ $# -gt 0 ] || return 0
  {
    printf '%s\n//\n' "$WANTED"
    ask_rpm -q --nosignature --nodigest \
      --qf '[%{FILEFLAGS:fflags}\t%{FILEDIGESTS}\t%{=NAME}\t%{=EPOCHNUM}:%{=VERSION}-%{=RELEASE}\t%{FILENAMES}\n]' -- "$@"
    printf '//%d\n' $?
  } | limit awk -v "moved=$MOVED" "$CANON$RPM" part=wanted -
}

# Lists of files tell the owner, compressed manifests the digests. Octal escapes stand for odd bytes in manifests.
# shellcheck disable=SC2016  # awk expands it
PACMAN='
function plain(path,    out) {
  out = ""
  while (match(path, /\\[0-7][0-7][0-7]/)) {
    out = out substr(path, 1, RSTART - 1) sprintf("%c", substr(path, RSTART + 1, 1) * 64 + \
      substr(path, RSTART + 2, 1) * 8 + substr(path, RSTART + 3, 1))
    path = substr(path, RSTART + 4)
  }
  return out path
}
part == "found" && $0 == "//" { part = "manifests"; next }
part == "found" {
  if (!(at = index($0, "/files:"))) next
  name = substr($0, 1, at - 1)
  path = substr($0, at + 7)
  tab = index(path, "\t")
  if (tab && substr(path, tab + 1) ~ /^[0-9a-f]+$/) { backup[name, substr(path, 1, tab - 1)]; next }
  place = canon(path)
  if (place ~ /\.(timer|service)$/ && match(name, /-[^-]*-[^-]*$/) && brings(substr(name, 1, RSTART - 1), place)) {
    match(name, /-[^-]*-[^-]*$/)
    owners[substr(name, 1, RSTART - 1)] = substr(name, RSTART + 1)
  }
  if (place in asked) { count++; owner[count] = name; at_[count] = place; as[count] = path }
  next
}
/^\.\// && match($0, / (sha256|md5)digest=[0-9a-f]+/) {
  path = substr($0, 3, index($0, " ") - 3)
  if (path ~ /\\/) path = plain(path)
  place = canon(path)
  if (!(place in asked)) next
  if (match($0, / sha256digest=[0-9a-f]+/)) digests[place] = substr($0, RSTART + 14, RLENGTH - 14)
  else if (match($0, / md5digest=[0-9a-f]+/)) digests[place] = substr($0, RSTART + 11, RLENGTH - 11)
}
END {
  for (i = 1; i <= count; i++) {
    name = version = owner[i]
    match(name, /-[^-]*-[^-]*$/)
    name = substr(name, 1, RSTART - 1)
    owners[name] = substr(version, RSTART + 1)
    expect(((owner[i], as[i]) in backup ? "conf" : "file"), digests[at_[i]], name, at_[i])
  }
  for (name in owners) print "package", name, owners[name]
  tell_timers()
  exit status
}'
pacman_rows() (
  cd var/lib/pacman/local || exit 13
  [ -r . ] || exit 13
  set +f
  set -- */files
  set -f
  found=$(printf '%s\n' "$UNIT_DIRS" "$WANTED" | sed -n '/\//p' | limit grep -aHF -f - -- "$@")
  status=$?
  [ $status -le 1 ] || exit $status
  # shellcheck disable=SC2046  # one file a line, globbing is off
  set -- $(printf '%s\n' "$found" | sed -n 's,/files:.*,/mtree,p' | sort -u)
  {
    printf '%s\n//\n%s\n//\n' "$WANTED" "$found"
    if [ $# -gt 0 ]; then limit gzip -dc -- "$@"; fi
    printf '//%d\n' $?
  } | limit awk -v "moved=$MOVED" "$CANON$PACMAN" part=wanted -
)

# shellcheck disable=SC2016  # awk expands it
APK='
function close_file() {
  if (place != "" && brings(name, place)) owners[name] = version
  if (place in asked) { owners[name] = version; expect((place ~ /^etc\// ? "conf" : "file"), digest, name, place) }
  place = digest = ""
}
part == "wanted" || part == "found" { next }
/^P:/ { name = substr($0, 3) }
/^V:/ { version = substr($0, 3) }
/^F:/ { close_file(); folder = substr($0, 3) }
/^R:/ { close_file(); place = canon(folder "/" substr($0, 3)) }
/^Z:/ { digest = substr($0, 3) }
/^$/ { close_file() }
END {
  close_file()
  for (name in owners) print "package", name, owners[name]
  tell_timers()
}'
apk_rows() {
  [ -r "$APK_DATABASE" ] || return 13
  printf '%s\n//\n' "$WANTED" | limit awk -v "moved=$MOVED" "$CANON$APK" part=wanted - part=database "$APK_DATABASE"
}

# Digests of the files that a row asks for, in place of the name of the digest. A row is `=` `=` when nothing differs.
# shellcheck disable=SC2016  # awk expands it
JOIN='
/^(file|conf) / { rows++; row[rows] = $0; next }
/^(package|timers) / { print; next }
{
  gap = index($0, "  ")
  path = substr($0, gap + 2)
  if (/^\\/) {
    pieces = split(path, piece, /\\\\/)
    path = piece[1]
    for (i = 2; i <= pieces; i++) path = path "\\" piece[i]
    sums[path] = substr($0, 2, gap - 2)
  } else sums[path] = substr($0, 1, gap - 1)
}
END {
  for (i = 1; i <= rows; i++) {
    split(row[i], word, " ")
    if (word[3] == "-") { print row[i]; continue }
    path = substr(row[i], length(word[1] word[2] word[3] word[4]) + 5)
    sum = ((path in sums) ? sums[path] : "?")
    if (sum == word[2]) sum = word[2] = "="
    print word[1], word[2], sum, word[4], path
  }
}'
join_sums() {
  printf '%s\n' "$ROWS"
  for program in md5sum sha1sum; do
    case $ROWS in *" ${program%sum} "*) ;; *) continue ;; esac
    # shellcheck disable=SC2046  # one path a line, globbing is off
    set -- $(printf '%s\n' "$ROWS" | sed -n "s/^[a-z]* [^ ]* ${program%sum} [^ ]* //p")
    [ $# -eq 0 ] || limit find -P "$@" -maxdepth 0 -type f -size -131073k -exec "$program" -- {} +
  done
}
join_rows() { join_sums | awk "$JOIN"; }

# read_database KIND: add its rows to PACKAGES, and how reading it ended. 13 is the number of "permission denied".
read_database() {
  capture 8388608 "$1_rows" 2>/dev/null
  [ "$STATUS" != failed-13 ] || STATUS=denied
  ROWS=$OUT ended=$STATUS
  [ "$STATUS" != truncated ] || ROWS=${ROWS%"$NL"*}
  case $NL$ROWS in
  *"${NL}file "* | *"${NL}conf "*)
    capture 8388608 join_rows 2>/dev/null
    [ "$STATUS" = ok ] || ended=$STATUS
    ;;
  esac
  PACKAGES="${PACKAGES}database $1$NL$OUT${NL}end $ended$NL"
  case $PACKED in missing | ok) PACKED=$ended ;; esac
}
# wanted_files PATH…: these and all files of the walk that were read with the probe's own rights, one a line. No package
# has a name with a line end in it, so nothing is lost where the two escapes of a name would be mixed up.
# shellcheck disable=SC2016  # awk expands it
OWN_FILES='
/^=/ { own = $0 == "=-"; next }
!own || !match($0, /^\\?[0-9a-f]+  /) { next }
{ path = substr($0, RLENGTH + 1); if (/^\\/) gsub(/\\\\/, "\\", path); print path }'
wanted_files() {
  [ $# -eq 0 ] || printf '%s\n' "$@"
  printf '%s' "$HASHES" | awk "$OWN_FILES"
}
# answer_packages PATH…: regular files, links resolved, relative to /
answer_packages() {
  WANTED=$(wanted_files "$@")
  PACKAGES='' PACKED=missing MOVED=''
  for top in bin sbin lib lib32 lib64 libx32 usr/sbin usr/lib64; do
    [ ! -L $top ] || MOVED="$MOVED $top"
  done
  [ ! -s var/lib/dpkg/status ] || read_database dpkg
  for place in var/lib/rpm usr/lib/sysimage/rpm usr/share/rpm; do
    if [ -s $place/rpmdb.sqlite ] || [ -s $place/Packages.db ] || [ -s $place/Packages ]; then
      read_database rpm
      break
    fi
  done
  [ ! -s var/lib/pacman/local/ALPM_DB_VERSION ] || read_database pacman
  for APK_DATABASE in lib/apk/db/installed usr/lib/apk/db/installed; do
    if [ -s $APK_DATABASE ]; then
      read_database apk
      break
    fi
  done
  emit packages "$PACKED" system "$PACKAGES"
}
