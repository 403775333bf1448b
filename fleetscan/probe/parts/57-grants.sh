# --- who may start or edit units, or become who may; which accounts may log in ----------------------------------------
# Of sudoers the rules; of polkit which files speak of units; of integrity monitors which paths they watch; of accounts
# whether a password is set, locked or none, and the day of expiry. Nothing else of a password file is printed.
# One pass over all of them: the files in the order of the arguments, `f` and the file, then lines of it
#   s LINE TEXT   of sudoers, but for comments, and settings other than those that spare a password
#   i KIND PATH   what the line before includes: a file or a dir; `r` when it could still be read
#   p WHAT        a polkit file allows something with units (systemd1), or cannot be told to allow less (everything)
#   w SIGN PATH   an integrity monitor watches a path, or (`!`) leaves it out
# and at the end `a NAME STATE DAY` accounts, `g NAME GID MEMBERS` groups that rules name, `n` services that have rules.
# shellcheck disable=SC2016  # these variables are awk's
GRANTS='
function end_file() {
  if (hit) print "p " (named ? "systemd1" : "everything")
  else if (yes && (odd || !by_id)) print "p everything"
  hit = named = yes = odd = by_id = more = 0
}
FNR == 1 { end_file(); split(FILENAME, part, "/"); kind = KIND
  if (FILENAME ~ /^etc\/(passwd|shadow|group|nsswitch\.conf)$/) kind = part[2]
  else if (FILENAME ~ /polkit-1\//) kind = "polkit"
  else if (FILENAME ~ /^(usr\/)?etc\/sudoers/) kind = "sudo"
  print "f " FILENAME }
kind == "passwd" { n = split($0, field, ":")
  if (n < 7 || field[1] ~ /^[-+]|[^!-~]|^$/ || field[1] in state || accounts >= 5000) next
  order[++accounts] = field[1]
  state[field[1]] = field[2] == "x" ? "shadow" : state_of(field[2])
  next }
kind == "shadow" { n = split($0, field, ":")
  if (n < 8 || !(field[1] in state)) next
  if (state[field[1]] == "shadow") state[field[1]] = state_of(field[2])
  if (field[8] ~ /^[0-9]+$/) day[field[1]] = substr(field[8], 1, 9)
  next }
function state_of(password) { return password == "" ? "none" : (password ~ /^[!*]/ ? "locked" : "set") }
kind == "group" { n = split($0, field, ":")
  if (n >= 4) group[field[1]] = field[3] " " substr(field[4], 1, 4096)
  next }
kind == "nsswitch.conf" { if (/^[ \t]*sudoers:/) { sub(/^[^:]*:/, ""); sub(/#.*/, ""); print "n " $0 }
  next }
kind == "sudo" {
  if (!more && (/^[ \t\r]*$/ || (/^[ \t]*#/ && !/^[ \t]*#(include|[0-9])/) ||
    (/^[ \t]*Defaults/ && !/authenticate|\\[ \t\r]*$/))) next
  more = /\\[ \t\r]*$/
  print "s", FNR, $0
  if (match($0, /^[ \t]*[@#]include(dir)?[ \t]+/)) {
    what = substr($0, RSTART, RLENGTH) ~ /includedir/ ? "dir" : "file"
    path = substr($0, RLENGTH + 1)
    sub(/[ \t\r]+$/, "", path)
    gsub(/"/, "", path)
    gsub(/\\ /, " ", path)
    sub(/\/+$/, "", path)
    if (path !~ /^\//) path = "/etc/" path
    print "i", what, substr(path, 2)
  }
  for (rest = $0; match(rest, /%[A-Za-z0-9_.-]+/); rest = substr(rest, RSTART + RLENGTH))
    wanted[substr(rest, RSTART + 1, RLENGTH - 1)]
  next }
kind == "polkit" {
  if (/^[ \t]*(\/\/|#|;)/) next
  if (/org\.freedesktop\.systemd1/) hit = named = 1
  if (/polkit\.Result\.YES|Result[A-Za-z]*=[ \t]*(yes|[a-z_;]*;yes)/) yes = 1
  if (/action\.id/) by_id = 1
  if (/[^A-Za-z0-9_.]org(\\?\.(freedesktop(\\?\.(systemd)?)?)?)?[^A-Za-z0-9_.]|\\[xu][0-9a-fA-F]|eval *\(|polkit\.spawn/) odd = 1
  if (!/^[ \t]*Action=/) next
  by_id = 1
  sub(/^[^=]*=[ \t]*/, "")
  for (n = split($0, glob, ";"); n > 0; n--)
    if (match(glob[n], /[[*?]/) && (RSTART == 1 || index("org.freedesktop.systemd1.", substr(glob[n], 1, RSTART - 1)) == 1)) odd = 1
  next }
/^[ \t]*(#|;|\/\/|<!--)/ { next }
{ left_out = /<ignore|exclude/
  for (rest = " " $0; match(rest, /[^A-Za-z0-9_.\/@$-][ \t]*\/[A-Za-z0-9_.\/-]*/); rest = substr(rest, RSTART + RLENGTH)) {
    path = sign = substr(rest, RSTART, RLENGTH)
    sub(/^[^\/]*/, "", path)
    if (path !~ /^\/(etc|usr|usr\/lib|lib|run|usr\/local)?\/?$/ && path !~ /\/systemd(\/|$)/) continue
    if (seen[FILENAME, path]++ || told++ > 500) continue
    print "w", (left_out || sign ~ /^!/ ? "!" : "+"), substr(path, 1, 512)
  } }
END { end_file()
  for (i = 1; i <= accounts; i++) print "a", order[i], state[order[i]], day[order[i]]
  for (name in wanted) if (name in group) print "g", name, group[name]
  print "end" }'
# read_grants KIND FILE…: records like those of the walk, then what is in the files. A link counts if root made it: where
# others may make one, it could lead to what only root may read. sudo takes no rules from files of others either.
read_grants() {
  as_kind=$1
  shift
  limit find -P "$@" -maxdepth 0 \( -type f -o -type l -xtype f \) -printf "$K %y %m %U %G %s %n - - - %p//\n" \
    \( -uid 0 -o -uid "$UID_" \) -size -4097k -readable -exec awk -v "KIND=$as_kind" "$GRANTS" {} +
}
# take FILE…: FOUND, those that are there, and UNSEEN, `u` and the path of those that may not be read or are too many
take() {
  for f; do
    case $f in
    *"$NL"* | *//*) UNSEEN="${UNSEEN}u ${f%%"$NL"*}$NL" && continue ;;
    *[*]*) [ -e "$f" ] || continue ;; # nothing matched
    etc/sudoers.d/*.* | etc/sudoers.d/*\~ | usr/etc/sudoers.d/*.* | usr/etc/sudoers.d/*\~) continue ;; # not for sudo
    esac
    if [ ! -f "$f" ]; then
      closed "$f" && UNSEEN="${UNSEEN}u $f$NL"
    elif [ $((TAKEN = TAKEN + 1)) -gt 500 ] || [ ! -r "$f" ]; then
      UNSEEN="${UNSEEN}u $f$NL"
    else
      FOUND=$FOUND$f$NL
    fi
  done
}
# take_folder DIR FILE…: likewise what is in a folder, if it may be read
take_folder() {
  if [ -d "$1" ] && [ -r "$1" ] && [ -x "$1" ]; then
    shift
    take "$@"
  elif [ -d "$1" ] || closed "$1"; then
    UNSEEN="${UNSEEN}u $1$NL"
  fi
}
FOUND='' UNSEEN='' TAKEN=0
[ -e var/lib/sss/pipes/sudo ] && UNSEEN="x sss$NL" # a daemon gives rules, too
allow 10 5
take etc/passwd etc/shadow etc/group etc/nsswitch.conf etc/sudoers etc/sudoers-rs usr/etc/sudoers \
  etc/aide.conf etc/aide/aide.conf etc/tripwire/twpol.txt etc/samhain/samhainrc etc/samhainrc etc/osquery/osquery.conf \
  var/ossec/etc/ossec.conf etc/falco/falco.yaml etc/falco/falco_rules.local.yaml etc/auditbeat/auditbeat.yml
set +f
take_folder etc/sudoers.d etc/sudoers.d/*
take_folder usr/etc/sudoers.d usr/etc/sudoers.d/*
take_folder etc/aide/aide.conf.d etc/aide/aide.conf.d/*
for d in etc run usr/local/share usr/share; do
  take_folder $d/polkit-1/rules.d $d/polkit-1/rules.d/*.rules $d/polkit-1/rules.d/.*.rules
done
for d in etc var/lib; do
  take_folder $d/polkit-1/localauthority $d/polkit-1/localauthority/*/*.pkla $d/polkit-1/localauthority/*/.*.pkla
done
set -f
if [ -n "$FOUND" ] && [ $FIND = 1 ]; then
  # shellcheck disable=SC2086  # one file a line, globbing is off
  capture 4194304 read_grants '' $FOUND
  told=$OUT first=$STATUS
  # What sudoers includes from elsewhere, and what that includes. The usual folder is read already.
  for round in 1 2 3 4; do
    FOUND=''
    case $NL$OUT in *"${NL}i "*) ;; *) break ;; esac
    for line in $OUT; do
      set --
      case $line in
      'i dir etc/sudoers.d' | 'i dir usr/etc/sudoers.d' | *//*) ;;
      'i file '*) set -- "${line#i file }" ;;
      'i dir '*)
        below "/${line#i dir }"
        set +f
        [ -n "$FSTYPE" ] || set -- "${line#i dir }"/*
        set -f
        ;;
      esac
      for f; do
        below "/$f"
        case $round:$FSTYPE:$NL$told in
        *"${NL}f $f$NL"*) ;;
        [123]::*) take "$f" ;;
        *) UNSEEN="${UNSEEN}u $f$NL" ;;
        esac
      done
    done
    [ -n "$FOUND" ] || break
    [ ! -r etc/group ] || FOUND=etc/group$NL$FOUND
    # shellcheck disable=SC2086
    capture 1048576 read_grants sudo $FOUND
    told=$told$NL$OUT
    [ "$STATUS" = ok ] || first=$STATUS
  done
  # what allows something is told with its hash
  case $NL$told in
  *"${NL}p "*)
    # shellcheck disable=SC2046
    capture 1048576 limit sha256sum -- $(printf '%s\n' "$told" | sed -n -e '/^f /h' -e '/^p /{x;s/^f //p;x;}')
    told=$told$NL$OUT
    ;;
  esac
  emit grants "$first" system "$UNSEEN$told"
else
  emit grants missing system "$UNSEEN"
fi
