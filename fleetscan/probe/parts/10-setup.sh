# What this does on your host: it reads. It writes no file, starts no unit, wakes no user manager and opens no network
# connection, and ends with the SSH session. `fleetscan probe show` prints exactly this text and its SHA-256.
#
# Output: frames. `@SENTINEL SECTION STATUS LENGTH SCOPE`, a newline, LENGTH bytes, a newline.
# All paths are relative to / (hence no leading slash below), all of it runs under POSIX sh: dash, bash, busybox.
# No here-documents: bash may keep them in a temporary file, and nothing is written here.

set -f
umask 077
S=$3 K=${3%"${3#??????}"} WANT_SUDO=0 MAX_USERS=4096 SINCE='' LIFE=45
for kv in "$@"; do
  case $kv in
  sudo=1) WANT_SUDO=1 ;;
  max_users=*[!0-9]*) ;;
  max_users=?*) MAX_USERS=${kv#max_users=} ;;
  seconds=*[!0-9]* | seconds=??????*) ;;
  seconds=?*) LIFE=${kv#seconds=} ;;
  since=*[!0-9]* | since=????????????*) ;;
  since=?*) SINCE=${kv#since=} ;;
  esac
done
LC_ALL=C LANG=C TZ=UTC COLUMNS=1000 NO_COLOR=1
SYSTEMD_COLORS=0 SYSTEMD_URLIFY=0 SYSTEMD_PAGER=cat PAGER=cat SYSTEMD_LESS=
export LC_ALL LANG TZ COLUMNS NO_COLOR SYSTEMD_COLORS SYSTEMD_URLIFY SYSTEMD_PAGER PAGER SYSTEMD_LESS
unset SYSTEMD_UNIT_PATH SYSTEMCTL_FORCE_BUS DBUS_SYSTEM_BUS_ADDRESS CDPATH ENV BASH_ENV GREP_OPTIONS POSIXLY_CORRECT
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
cd / || exit 125

NL='
'
IFS=$NL # from here on only line ends separate words
N=0 SECONDS_EACH=20 UNTIL=0
if command -v timeout >/dev/null 2>&1; then
  limit() { timeout -k 2 "$SECONDS_EACH" "$@"; }
else
  limit() { "$@"; }
fi
renice -n 10 -p $$ >/dev/null 2>&1
ionice -c 3 -p $$ >/dev/null 2>&1

# tick → NOW, in seconds, since whenever: the kernel tells it without a process
tick() {
  NOW=''
  { IFS=. read -r NOW _; } 2>/dev/null <proc/uptime
  case $NOW in '' | *[!0-9]*) NOW=$(date +%s) ;; esac
}
# allow SECONDS [EACH], then late: whether they are over. What can be slow has an end together, not only one by one, and
# all of it has one before the scanner stops listening: what was read by then shall arrive.
tick
END=$((NOW + LIFE))
allow() {
  tick
  SECONDS_EACH=${2:-$SECONDS_EACH}
  UNTIL=$((NOW + $1))
  [ "$UNTIL" -le "$END" ] || UNTIL=$END
  left=$((UNTIL - NOW))
  [ "$left" -ge 1 ] || left=1
  [ "$SECONDS_EACH" -le "$left" ] || SECONDS_EACH=$left
}
late() {
  tick
  [ "$NOW" -ge "$UNTIL" ]
}

# emit SECTION STATUS SCOPE DATA
emit() {
  N=$((N + 1))
  printf '@%s %s %s %d %s\n%s\n' "$S" "$1" "$2" "${#4}" "$3" "$4"
}

# status_of EXIT-CODE → STATUS
status_of() {
  case $1 in
  0) STATUS=ok ;;
  124 | 137) STATUS=timeout ;;
  126 | 127) STATUS=missing ;;
  '' | *[!0-9]*) STATUS=truncated ;;
  *) STATUS=failed-$1 ;;
  esac
}

# capture CAP COMMAND… → OUT, STATUS. NUL bytes are lost, so this is for text only. COMMAND may be a function.
# The exit status travels behind the output; when the cap cuts it off, the status is `truncated`. The dot keeps line
# ends that the cap may have left last, without which a cut output could look whole.
# A process that speaks to a user's manager can be traced by the user, who could have its output held open for ever:
# that ends some seconds after the command must have.
capture() {
  cap=$1
  shift
  case $1 in
  ask_user | ask_parts)
    OUT=$(if {
      "$@" </dev/null
      printf '\n%d' "$?"
    } | {
      SECONDS_EACH=$((SECONDS_EACH + 3))
      limit head -c "$cap"
    }; then printf .; else printf '\n124.'; fi)
    ;;
  *)
    OUT=$(if {
      "$@" </dev/null
      printf '\n%d' "$?"
    } | head -c "$cap"; then printf .; else printf '\n124.'; fi)
    ;;
  esac
  full=${#OUT}
  case $OUT in *"${NL}124.") full=0 ;; esac
  OUT=${OUT%.}
  if [ "$full" -gt "$cap" ]; then
    STATUS=truncated
    return
  fi
  rc=${OUT##*"$NL"}
  OUT=${OUT%"$NL"*}
  status_of "$rc"
}

# first_line FILE → LINE; only from regular files, since a FIFO would wait for ever.
first_line() {
  LINE=
  [ -f "$1" ] && [ -r "$1" ] && IFS= read -r LINE <"$1"
}
