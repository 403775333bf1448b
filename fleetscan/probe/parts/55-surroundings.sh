# --- what lies around the unit directories ------------------------------------------------------------------------
# Generators, udev rules and D-Bus services that start units, attributes, the folders on the way, mounts. Records of
# `find` begin with the token, and hashes are numbered, as in the walk.

# there DIR…: FOUND, those that are there, and UNSEEN, records of those that could be there without being seen. A link is
# told of as such, and with `/.` behind it for what it leads to.
there() {
  for d; do
    [ $merged = 1 ] && case $d in lib/*) continue ;; esac
    if [ -L "$d" ] && [ -d "$d" ]; then
      FOUND=$FOUND$d$NL$d/.$NL
    elif [ -d "$d" ]; then
      FOUND=$FOUND$d$NL
    elif closed "$d"; then
      UNSEEN="$UNSEEN$K ! 0 0 0 - 0 - - - $d//$NL"
    fi
  done
}
# find_starters DIR…: rules and services that start units, one name a line. The name of a unit's variable can be cut in
# two by a line's end. What cannot be searched or told so is told of by a record.
STARTS='SYSTEMD_WANTS|SYSTEMD_USER_WANTS|SystemdService|[{][A-Za-z_]*[\]([^ -~]|$)'
find_starters() {
  limit find -P "$@" -maxdepth 1 \
    -type d ! \( -readable -executable \) -printf "$K ! %m %U %G - %n - - - %p//\n" -prune -o \
    \( -name '*.rules' -o -name '*.service' \) -xtype f \
    \( \( ! -readable -o -size +4096k -o -path "*$NL*" \) -printf "$K %y %m %U %G %s %n - - - %p//\n" -o \
    -exec grep -lsE -e "$STARTS" -- {} + \) 2>/dev/null
}
# tell_around PATH…: records and hashes. Hashes are of what links lead to, too: systemd and udev follow them.
tell_around() {
  limit find -P "$@" -maxdepth 1 \
    -type d ! \( -readable -executable \) -printf "$K ! %m %U %G - %n - - - %p//\n" -prune -o \
    \( \( -path 'usr/*' -printf "$K %y %m %U %G %s %n - - - %p//%l\n" \) -o \
    -printf "$K %y %m %U %G %s %n %T@ %C@ %i %p//%l\n" \) \
    -xtype f -size -65537k ! -path '*/extensions/*' ! -path '*/confexts/*' -exec sha256sum -- {} + 2>/dev/null
}
# tell_attributes WHO DIR…: lines of lsattr, of ls, and of labels, and records of the folders on the way, which have `./`
# before their paths. lsattr opens nothing but files and directories. systemd knows no name with a line end in it.
LOOKS='' TOLD=told SELINUX=
command -v lsattr >/dev/null 2>&1 && LOOKS="-exec${NL}lsattr${NL}-d${NL}--${NL}{}${NL}+$NL" TOLD="$TOLD lsattr"
[ -e sys/fs/selinux/enforce ] && SELINUX="-printf$NL%Z %p\n$NL" TOLD="$TOLD selinux"
# Sent are of all lines only those that say something: immutable or append-only, an access control list, a label that is
# not the one of unit files.
# shellcheck disable=SC2016  # the variables are awk's
TELLING='
/^rc [0-9]+$/ { ended = $2; next }
index($0, token " ") == 1 || /^[-A-Za-z]*[ai][-A-Za-z]* / || /^..........[+] / ||
  (/^[^ \/]+:[^ \/]+ / && !/^system_u:object_r:systemd_unit_file_t:s0 /) { line[++lines] = $0 }
/^d[r-][w-].......* - / { acl = " acl" }
END {
  print told acl
  for (i = 1; i <= lines; i++) print line[i]
  exit ended
}'
tell_attributes() {
  teller=$1
  shift
  {
    # shellcheck disable=SC2086  # one word a line, globbing is off
    as_who "$teller" find -H "$@" -maxdepth 2 -path './*' -printf "$K %y %m %U %G - %n - - - %p//%l\n" -prune -o \
      -type d ! \( -readable -executable \) -prune -o ! -path "*$NL*" \
      \( -type f -o -type d \) $LOOKS$SELINUX -exec ls -ldn --time-style=+- -- {} + 2>/dev/null
    printf 'rc %d\n' "$?"
  } | awk -v "token=$K" -v "told=$TOLD" "$TELLING"
}
send_attributes() {
  capture 8388608 tell_attributes "$@"
  emit attributes "$STATUS" "$1" "${OUT%"$NL"}"
}
# ways WHO DIR… → UPS: every folder on the way to them, for accounts only below their homes; a link ends it
ways() {
  UPS=
  [ "$1" != - ] || UPS=./.$NL
  for d; do
    up=./ rest=$d
    if [ "$1" != - ]; then
      up=${d%%/.config/*} up=${up%%/.local/*} up=${up%%/systemd/*}
      rest=${d#"$up/"} up=./$up/
    fi
    while :; do
      case $rest in */*) up=$up${rest%%/*} rest=${rest#*/} ;; *) break ;; esac
      case $NL$UPS in *"$NL$up$NL"*) ;; *) UPS=$UPS$up$NL ;; esac
      [ -L "$up" ] && break
      up=$up/
    done
  done
}
# Mounts on, in, or above unit directories; in homes only below the folders that hold them. Of each: device, root, mount
# point, options, type and source; for overlays on a hierarchy their layers, too.
# shellcheck disable=SC2016  # the variables are awk's
MOUNTS='
FILENAME == "-" { sub(/^(denied|link-out|[0-9]+):/, ""); sub(/\/\.$/, ""); up = "/" $0; if ($0 == "") next
  for (units[up]; up ~ /^\/(usr|etc|lib|(run|run\/user\/[0-9]+|var\/lib)\/systemd)(\/|$)/; sub(/\/[^\/]*$/, "", up))
    above[up]
  next }
{ at = $5; gsub(/\\040/, " ", at); gsub(/\\011/, "\t", at); gsub(/\\134/, "\\", at)
  for (i = 7; i < NF && $i != "-"; i++);
  layers = at ~ /^\/(usr|opt|etc)$/ && $(i + 1) == "overlay"
  near = layers || at == "/" || at in above || at ~ /\/\.(config|local)(\/share)?(\/systemd(\/.*)?)?$/
  for (up = at; !near && up != ""; sub(/\/[^\/]*$/, "", up)) near = up in units
  if (near) print $3, $4, $5, $6, $(i + 1), $(i + 2), layers ? substr($(i + 3), 1, 4096) : "-" }'
list_mounts() { printf '%s' "$1" | awk "$MOUNTS" - proc/self/mountinfo; }

FOUND='' UNSEEN='' generators=''
if [ $FIND = 1 ]; then
  there etc/udev/rules.d run/udev/rules.d usr/local/lib/udev/rules.d usr/lib/udev/rules.d lib/udev/rules.d \
    etc/dbus-1/system-services run/dbus-1/system-services usr/local/share/dbus-1/system-services \
    usr/share/dbus-1/system-services lib/dbus-1/system-services \
    etc/dbus-1/services run/dbus-1/services usr/local/share/dbus-1/services usr/share/dbus-1/services
  OUT='' STATUS=ok
  # shellcheck disable=SC2086  # one directory a line, globbing is off
  [ -z "$FOUND" ] || capture 1048576 find_starters $FOUND
  # Names have a slash; so has a record, but the token before it, or `//` behind it in another line.
  set --
  for line in $OUT; do
    case $line in
    "$K "* | *//*) UNSEEN=$UNSEEN$line$NL ;;
    */*) set -- "$@" "$line" ;;
    *) UNSEEN=$UNSEEN$line$NL ;;
    esac
  done
  emit activators "$STATUS" system "$UNSEEN"

  FOUND='' UNSEEN=''
  for d in run etc usr/local/lib usr/lib lib; do
    there $d/systemd/system-generators $d/systemd/user-generators \
      $d/systemd/system-environment-generators $d/systemd/user-environment-generators
  done
  generators=$FOUND
  there etc/extensions run/extensions var/lib/extensions usr/lib/extensions usr/local/lib/extensions \
    run/confexts var/lib/confexts usr/lib/confexts usr/local/lib/confexts
  OUT='' STATUS=ok
  # shellcheck disable=SC2086
  set -- $FOUND "$@"
  [ $# = 0 ] || capture 8388608 tell_around "$@"
  hashes=
  for line in $OUT; do
    case $line in
    "$K "*) UNSEEN=$UNSEEN$line$NL ;;
    \\[0-9a-f]*'  '*/* | [0-9a-f]*'  '*/*) hashes=$hashes$line$NL ;;
    *) UNSEEN=$UNSEEN$line$NL ;;
    esac
  done
  emit around "$STATUS" system "$UNSEEN"
  OUT=${hashes%"$NL"}
  [ -z "$OUT" ] || offer -

  # shellcheck disable=SC2046,SC2086  # of homes the way to the home: what is below is told with their owners' rights
  ways - $DIRS $generators ${USER_DIRS:+$(printf '%s' "$USER_DIRS" |
    sed -e 's/^[0-9]*://' -e 's,/\.config/.*,/.,' -e 's,/\.local/.*,/.,' -e 's,/systemd/.*,/.,')}
  # shellcheck disable=SC2086
  send_attributes - $DIRS $generators $UPS
  SECONDS_EACH=5
  allow 10
  for WHO in $HASHED_USERS; do
    if late; then
      emit attributes timeout "$WHO" ''
      continue
    fi
    # shellcheck disable=SC2046
    set -- $(printf '%s' "$USER_DIRS" | sed -n "s/^$WHO://p")
    ways "$WHO" "$@"
    # shellcheck disable=SC2086
    send_attributes "$WHO" "$@" $UPS
  done
  SECONDS_EACH=20
else
  for section in activators around attributes; do emit $section missing system ''; done
fi
capture 1048576 list_mounts "$DIRS$USER_DIRS$generators$denied"
emit mounts "$STATUS" system "$OUT"
