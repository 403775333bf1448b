# --- what runs, and what the logs tell ------------------------------------------------------------------------------
# Evidence beside the units: processes of what timers start, and transient units that were gone before anybody looked.
# tell_process PID: `p` PID, parent, start in ticks since boot, user; `g` control group; `e` executable; `c` each word of
# the command line, where a line end is told as a space. It may end while it is read: then what is missing is empty.
tell_process() {
  told='' real='' group='' exe=''
  # its own name may hold line ends and brackets; what counts stands behind the last of them, in the last line
  { while IFS= read -r line; do told=$line; done; } 2>/dev/null <"proc/$1/stat"
  { while IFS= read -r line; do case $line in Uid:*) real=${line#Uid:} && break ;; esac; done; } \
    2>/dev/null <"proc/$1/status"
  { while IFS= read -r line; do
    case $line in 0::/?* | *:name=systemd:/?*) group=/${line#*:*:/} && break ;; esac
  done; } 2>/dev/null <"proc/$1/cgroup"
  exe=$(readlink "proc/$1/exe" 2>/dev/null)
  pid=$1
  IFS=' 	'
  # shellcheck disable=SC2086  # fields
  set -- ${told##*) }
  began=${20-} parent=${2-}
  # shellcheck disable=SC2086
  set -- $real
  IFS=$NL
  printf 'p %s %s %s %s\ng %s\ne %s\n' "$pid" "$parent" "$began" "${2-}" "$group" "${exe%%"$NL"*}"
  { limit head -c 1024 "proc/$pid/cmdline" | tr '\n\000' ' \n' | while IFS= read -r line || [ -n "$line" ]; do
    printf 'c %s\n' "$line"
  done; } 2>/dev/null
  printf '\n'
}
# tell_processes FILE…: `b` and the time of boot, then each process of those that were found
tell_processes() {
  sed -n 's/^btime /b /p' proc/stat 2>/dev/null
  left=200
  for p in "$@"; do
    late && return 124
    [ $left -gt 0 ] || break
    left=$((left - 1)) p=${p#proc/}
    tell_process "${p%/cgroup}"
  done
}
# find_processes: files of those in a control group that has the name of a service which a timer starts
find_processes() {
  for line in $ACTIVATED; do
    case $line in *.service) printf '/%s\n' "$line" ;; esac
  done | {
    set +f
    limit grep -lsF -f - proc/[0-9]*/cgroup
  }
}

# Command lines can be read by everybody on the host, so no more of the sentinel stands there than nobody can guess.
MARK=${S#"${S%????????}"}
# Names of units that lie in a unit directory, up to the line `mark`; those of users apart, because each may take a name
# that the other has. Transient ones have a file as long as they live.
# shellcheck disable=SC2016  # these fields are awk's
KNOWN='
!known_all && $0 == mark { known_all = 1; next }
!known_all && /\.(service|timer)\/\// && !/\/transient\/|\.(wants|requires|upholds)\// {
  sub(/\/\/.*/, "")
  whose = /\/systemd\/user(\.control)?\/|\.(config|local)\/| run\/user\// ? "user " : ""
  sub(/.*\//, "")
  known[whose $0] = 1
}
!known_all { next }
function is_known(name,    template) {
  template = name
  return name in known || (sub(/@.*\./, "@.", template) && template in known)
}'
# Lines of the journal about units that have no file, three of each, newest first. Of a user, whose files may not have
# been seen, only what looks like the work of systemd-run. That a unit ended is told where nothing tells of its start:
# systemd drops that record when the description holds a line end. The exit status is what the lines beside them meant.
# shellcheck disable=SC2016
TRACES='
function tell(line) {
  if (++kept > 500) return
  sub(/"__CURSOR":"[^"]*"/, "\"__CURSOR\":\"\"", line) # a third of the line
  print substr(line, 1, 20480) # a text of 4,096 odd bytes comes as as many numbers
}
/^rc [0-9]+$/ { ended = $2; next }
/unrecognized option/ { old = 1 }
/insufficient permissions|not seeing messages from/ { denied = 1 }
!/^\{/ { if (/ignoring|orrupt|ailed to/) broken = 1; next }
{ seen++ }
!match($0, /"(USER_)?UNIT":"[^"]*\.(service|timer)"/) { next }
{
  name = substr($0, RSTART, RLENGTH)
  of_user = name ~ /^"USER_/
  sub(/^[^:]*:"/, "", name)
  sub(/"$/, "", name)
  gsub(/\\\\/, "\\", name)
  invented = name ~ /^run-/ || $0 ~ /"MESSAGE":"[^"]*\[systemd-run\]/
  if (!invented && is_known((of_user ? "user " : "") name)) next
  if ($0 ~ /"MESSAGE_ID":"(7ad2d189f7e94e70a38c781354912448|d9b373ed55a64feb8242e02dbe79a49c)"/) {
    if (!(name in told) && (!of_user || invented || name ~ /\.timer$/)) end_of[name] = $0
    next
  }
  command = $0 ~ /"MESSAGE":"[A-Z][a-z ]* ([^ ]* - )?(\[systemd-run\]|\\"\/|\/)/
  if (of_user && !invented && !command && name !~ /\.timer$/) next
  delete end_of[name]
  if (++told[name] <= 3) tell($0)
}
END {
  for (name in end_of) tell(end_of[name])
  if (old) exit 22
  if (denied) exit 13
  if (ended != 0) exit ended
  if (broken) exit 5
  exit(kept > 500 || seen >= most ? 75 : 0)
}'
# ask_journal [OPTION]: what systemd and the managers of users said of units: started, could not start, ended, failed
MOST_RECORDS=4000
ask_journal() {
  said=
  for id in 39f53479d3a045ac8e11786248231fbf be02cf6855d2428ba40df7e9d022f03d 7ad2d189f7e94e70a38c781354912448 \
    d9b373ed55a64feb8242e02dbe79a49c; do
    said=${said}MESSAGE_ID=$id$NL
  done
  {
    printf '%s\n%s\n' "$walk" "$MARK"
    # shellcheck disable=SC2086  # one match a line
    limit journalctl --no-pager --reverse "--lines=$MOST_RECORDS" "--since=@$SINCE" --output=json "$@" \
      _PID=1 $said + _SYSTEMD_USER_UNIT=init.scope $said 2>&1
    printf 'rc %d\n' "$?"
  } | awk -v "mark=$MARK" -v "most=$MOST_RECORDS" "$KNOWN$TRACES"
}
# journal_kept → STATUS: whether there is a journal of the system, and we may read it. journalctl is silent about both.
journal_kept() {
  STATUS=missing
  set +f
  set -- "var/log/journal/$machine_id" "run/log/journal/$machine_id" var/log/journal/* run/log/journal/*
  set -f
  for d in "$@"; do
    [ -r "$d/system.journal" ] && STATUS=ok && return
    { [ -e "$d/system.journal" ] || closed "$d/system.journal"; } && STATUS=denied
  done
  for d in var/log/journal run/log/journal; do
    [ -d "$d" ] && [ ! -r "$d" ] && STATUS=denied
  done
}

# Records of the audit log since then: what ran systemd-run, and starts of services that have no file. A line `cut`
# says that before the next record others are left out; if that one is younger than `since`, some are missing.
# shellcheck disable=SC2016
AUDITED='
$0 == "cut" { cut = 1; next }
!match($0, /msg=audit\([0-9]+\./) { next }
{ at = substr($0, RSTART + 10, RLENGTH - 11) + 0 }
cut { cut = 0; if (at > since) hole = 1 }
at < since { next }
{ want = 0 }
match($0, /msg=audit\([^)]*\)/) { event = substr($0, RSTART, RLENGTH) }
/^type=SYSCALL / && / exe="[^"]*\/systemd-run"/ { ran = event; want = 1 }
/^type=EXECVE / && (event == ran || / a0="([^"]*\/)?systemd-run"/) { want = 1 }
/^type=SERVICE_(START|STOP) / && match($0, /[ \047]unit=[^ ]+/) {
  name = substr($0, RSTART + 6, RLENGTH - 6)
  want = name ~ /^run-/ || !is_known(name ".service")
  if (want && ++told[name] > 6) want = 0
}
want && ++kept <= 500 { print substr($0, 1, 8192) }
END { exit(kept > 500 || hole ? 75 : 0) }'
AUDIT_BYTES=1048576
read_audit_log() {
  {
    printf '%s\n%s\n' "$walk" "$MARK"
    [ -e var/log/audit/audit.log.2 ] && printf 'cut\n'
    for f in var/log/audit/audit.log.1 var/log/audit/audit.log; do
      [ -f "$f" ] || continue
      [ "$(wc -c <"$f")" -gt $AUDIT_BYTES ] && printf 'cut\n'
      limit tail -c $AUDIT_BYTES "$f"
      printf '\n'
    done
  } | awk -v "mark=$MARK" -v "since=$SINCE" "$KNOWN$AUDITED"
}
# file_rules FILE…: rules that watch a file, a directory or a program
file_rules() { limit sed -n 's/^[[:blank:]]*\(-[aAw][[:blank:]].*\)/file \1/p' "$@"; }
loaded_rules() {
  {
    limit auditctl -l 2>&1
    printf 'rc %d\n' "$?"
  } | sed -n 's/^\(-[aAw] .*\)/loaded \1/p; s/.*must be root.*/denied/p; s/.*not permitted.*/denied/p; /^rc [1-9]/p'
}

if [ $booted = 1 ]; then
  allow 10 5
  [ -n "$SINCE" ] || SINCE=$((clock - 86400))
  OUT='' STATUS=ok
  case $ACTIVATED$NL in *.service"$NL"*) capture 1048576 find_processes ;; esac
  case $STATUS in failed-1 | failed-2) STATUS=ok ;; esac # none is an answer, and so is what ended in between
  first=$STATUS
  # without process 1 in sight, those of others are not shown to us
  [ "$first" = ok ] && [ -d proc/self ] && [ ! -d proc/1 ] && first=denied
  # shellcheck disable=SC2086  # one file a line, globbing is off
  set -- $OUT
  OUT=
  if [ $# -gt 0 ]; then
    [ $# -gt 200 ] && [ "$first" = ok ] && first=truncated
    capture 1048576 tell_processes "$@"
  fi
  [ "$first" = ok ] || STATUS=$first
  emit processes "$STATUS" system "$OUT"

  allow 15 5
  OUT=''
  if command -v journalctl >/dev/null 2>&1; then journal_kept; else STATUS=missing; fi
  first=$STATUS
  if [ "$first" != missing ]; then
    capture 4194304 ask_journal --output-fields=MESSAGE,MESSAGE_ID,UNIT,USER_UNIT,_PID,_UID
    [ "$STATUS" = failed-22 ] && capture 4194304 ask_journal # before systemd 236
    case $STATUS in failed-13) STATUS=denied ;; failed-75) STATUS=truncated ;; esac
    [ "$first" = ok ] || STATUS=$first
  fi
  emit journal "$STATUS" system "$OUT"

  OUT=absent STATUS=ok
  if closed var/log/audit/audit.log || { [ -e var/log/audit/audit.log ] && [ ! -r var/log/audit/audit.log ]; }; then
    OUT='' STATUS=denied
  elif [ -e var/log/audit/audit.log ]; then
    capture 4194304 read_audit_log
    [ "$STATUS" = failed-75 ] && STATUS=truncated
  fi
  emit audit-log "$STATUS" system "$OUT"

  rules='' STATUS=ok
  if command -v auditctl >/dev/null 2>&1; then
    capture 262144 loaded_rules
    rules=$OUT$NL
    case $NL$rules in
    *"${NL}denied$NL"*) STATUS=denied ;;
    *"${NL}rc 124$NL"* | *"${NL}rc 137$NL"*) STATUS=timeout ;;
    *"${NL}rc "*) STATUS=failed-1 ;;
    esac
  fi
  first=$STATUS
  [ -d etc/audit/rules.d ] && [ ! -r etc/audit/rules.d ] && first=denied
  set +f
  set -- etc/audit/rules.d/*.rules etc/audit/audit.rules
  set -f
  for f in "$@"; do
    if [ -f "$f" ] && [ -r "$f" ]; then
      capture 262144 file_rules "$f"
      rules=$rules$OUT$NL
    elif [ -e "$f" ] || closed "$f"; then
      STATUS=denied
    else
      continue
    fi
    [ "$STATUS" = ok ] || first=$STATUS
  done
  emit audit-rules "$first" system "$rules"
fi
