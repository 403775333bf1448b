# --- the two ways to ask a manager --------------------------------------------------------------------------------
PROPS=Id,Names,LoadState,ActiveState,UnitFileState,UnitFilePreset,FragmentPath,SourcePath,DropInPaths,Transient
PROPS=$PROPS,NeedDaemonReload,Description,Unit,Triggers,TimersCalendar,TimersMonotonic,Persistent,WakeSystem
PROPS=$PROPS,AccuracyUSec,RandomizedDelayUSec,FixedRandomDelay,OnClockChange,OnTimezoneChange,RemainAfterElapse
PROPS=$PROPS,ExecCondition,ExecStartPre,ExecStart,ExecStartPost,ExecReload,ExecStop,ExecStopPost
PROPS=$PROPS,User,Group,DynamicUser,Environment,EnvironmentFiles,WorkingDirectory,RootDirectory

# How to speak to a manager; the two functions take systemctl's arguments. A user who traced the second could hold what
# it inherits: nothing of the session, which would not end before he lets go.
ask_system() { limit systemctl --no-pager --no-ask-password --full --all "$@"; }
as_manager() {
  if [ "$uid" = "$UID_" ]; then
    export "XDG_RUNTIME_DIR=/run/user/$uid" # only ever in a subshell
    limit "$@" 2>/dev/null
  else
    limit setpriv "--reuid=$uid" "--regid=$GID" --clear-groups env -i "PATH=$PATH" LC_ALL=C TZ=UTC COLUMNS=1000 \
      SYSTEMD_COLORS=0 SYSTEMD_PAGER=cat "XDG_RUNTIME_DIR=/run/user/$uid" "$@" 2>/dev/null
  fi
}
ask_user() { as_manager systemctl --user --no-pager --no-ask-password --full --all "$@"; }

# unit_paths → SEARCHED: the directories of the UnitPath in OUT, one a line
unit_paths() {
  SEARCHED=''
  for line in $OUT; do
    case $line in
    UnitPath=*)
      IFS=' '
      # shellcheck disable=SC2086  # words, globbing is off
      set -- ${line#UnitPath=}
      IFS=$NL
      SEARCHED=$SEARCHED$*$NL
      ;;
    esac
  done
}

# tell_timers SCOPE: emit the list-timers in OUT: JSON, or text from a systemd before 246 → TEXT
tell_timers() {
  TEXT=$OUT
  case $OUT in
  '['*) emit timers-json "$STATUS" "$1" "$OUT" ;;
  *) emit timers-text "$STATUS" "$1" "$OUT" ;;
  esac
}
# tell_unit_files SCOPE: emit the list-unit-files in OUT. Never asked for without a pattern: telling the states of all
# unit files keeps process 1 busy, and the host waiting for it, for 0.3 s; those of the timers, 6 ms. That nothing
# matches is an answer, too.
tell_unit_files() {
  case $STATUS:$OUT in 'failed-1:[]'* | failed-1:*"${NL}0 unit files listed."*) STATUS=ok ;; esac
  emit unit-files "$STATUS" "$1" "$OUT"
}

# Timers that list-timers tells of, a line `//`, and what they activate. Names that can be shown: one of more than 255
# bytes is none, and would end `systemctl show` for all others. What comes first is kept when it is too much.
# shellcheck disable=SC2016  # the variables are awk's
NAMES='
function timer_of(word) {
  if (!match(word, /^.+\.timer/)) return ""
  word = substr(word, 1, RLENGTH)
  gsub(/\\\\/, "\\", word)
  sub(/^stamp-/, "", word)
  return word ~ /@\.timer$|^@|^\.timer$/ || length(word) > 255 ? "" : word
}'
# shellcheck disable=SC2016
LISTED='
{ words = split($0, word, /[^A-Za-z0-9:_.@\\-]+/)
  for (i = 1; i <= words; i++) {
    name = timer_of(word[i])
    if (name == "") {
      name = word[i]
      if (name !~ /.\.(service|socket|path|target|mount|automount|swap|slice)$/ || length(name) > 255) continue
      gsub(/\\\\/, "\\", name)
      if (!(name in known) && units < 4000) { known[name]; unit[++units] = name }
    } else if (!(name in known) && timers < 4000) { known[name]; timers++; print name }
  } }
END { print "//"; for (i = 1; i <= units; i++) print unit[i] }'

# Of these names, the walk, and what `systemctl show` said, each behind a line with a word that nobody knows:
#   n COUNT   units that are shown     s NAME  what a timer activates     m NAME  that it activates, and is not shown
#   p NAME    whose state to ask for: services of timers wherever they were seen, and services that no package put there,
#             by their files, links and drop-ins; `many` when there are too many timers for that
# shellcheck disable=SC2016
JUDGED='
function add(name) { if (!(name in patterns)) { patterns[name]; pattern[++count] = name } }
function add_service(timer) { sub(/timer$/, "service", timer); add(timer) }
NR == 1 { mark = $0; next }
$0 == mark { part++; next }
!part { if (/\.timer$/) add_service($0); else if ($0 != "//") add($0); next }
part == 1 && !/\.(timer|service)/ { next }
part == 1 {
  match($0, /^[^ ]* [^ ]* [^ ]* [^ ]* [^ ]* [^ ]* [^ ]* [^ ]* [^ ]* [^ ]* /)
  place = substr($0, RLENGTH + 1)
  placed = place !~ /^(usr\/)?lib\// && place !~ /\.(wants|requires)\//
  words = split($0, word, /[^A-Za-z0-9:_.@\\-]+/)
  for (i = 1; i <= words; i++) {
    name = timer_of(word[i])
    if (name != "" && !(name in seen)) { seen[name]; if (++timers <= 1000) add_service(name) }
    if (!placed || places >= 1000 || !match(word[i], /^.+\.service/)) continue
    name = substr(word[i], 1, RLENGTH)
    if (!(name in patterns)) places++
    add(name)
  }
  next
}
/^Id=/ { shown++; shows[substr($0, 4)] }
/^Unit=./ { name = substr($0, 6); if (!(name in starts)) { starts[name]; started[++starting] = name } }
END {
  print "n " shown + 0
  for (i = 1; i <= starting; i++) {
    print "s " started[i]
    if (!(started[i] in shows)) print "m " started[i]
    add(started[i])
  }
  if (timers > 1000) print "many"
  for (i = 1; i <= count; i++) print "p " pattern[i]
}'
# judge_units → SHOWN, a number; STARTED, MISSED and STATES, names of units; MANY
judge_units() {
  SHOWN=0 STARTED='' MISSED='' STATES='' MANY=0
  for line in $(printf '%s\n' "$S" "$LISTED_HERE" "$S" "$WALK_HERE" "$S" "$BLOCKS" | awk "$NAMES$JUDGED"); do
    case $line in
    p\ *) STATES=$STATES${line#p }$NL ;;
    s\ *) STARTED=$STARTED${line#s }$NL ;;
    m\ *) MISSED=$MISSED${line#m }$NL ;;
    n\ *) SHOWN=${line#n } ;;
    many) MANY=1 ;;
    esac
  done
}

# show_units ASK LEAST NAME… → BLOCKS, STATUS, and what is judged of them. One bad name can end a `systemctl show` early:
# then there are less units than LEAST, and each is asked by itself.
show_units() {
  ask=$1 least=$2
  shift 2
  capture 8388608 "$ask" show -p "$PROPS" -- "$@"
  BLOCKS=$OUT
  judge_units
  case $STATUS in timeout | truncated) return 0 ;; esac
  if [ "$SHOWN" -ge "$least" ]; then
    STATUS=ok
    return 0
  fi
  BLOCKS='' worst=ok
  for u in "$@"; do
    late && worst=timeout && break
    case $u in *[*]*) cap=4194304 ;; *) cap=262144 ;; esac
    capture $cap "$ask" show -p "$PROPS" -- "$u"
    case $OUT in
    *Id=*) BLOCKS=$BLOCKS$NL$NL$OUT ;;
    *) worst=$STATUS ;;
    esac
    [ "$STATUS" = timeout ] && break
  done
  judge_units
  STATUS=$worst
}

# ask_loaded SCOPE ASK WALK: show of the timers that the manager has in memory, and of what they activate. Only of what is
# in memory: asked about another unit, process 1 would load its files, and systemd 247 ends by an assertion over some
# that are wrong. A look must not kill a host. What only lies on disk, the files tell.
ACTIVATED='' # by the timers of all managers
ask_loaded() {
  scope=$1 who=$2 WALK_HERE=$3 BLOCKS='' STATUS=ok STARTED='' MISSED='' rows='\n'
  case $scope:$TEXT in
  system:* | *.timer*)
    case $TEXT in '['*) rows='}' ;; esac # one line of any length
    LISTED_HERE=$(printf '%s\n' "$TEXT" | awk -v "RS=$rows" "$NAMES$LISTED")
    # shellcheck disable=SC2086  # one name a line, globbing is off
    set -- $LISTED_HERE
    names=$(($# - 1))
    # shellcheck disable=SC2086
    set -- ${LISTED_HERE#*//}
    show_units "$who" $names '*.timer' "$@"
    ;;
  esac
  ACTIVATED=$ACTIVATED$STARTED
  if [ -n "$MISSED" ] && [ "$STATUS" != timeout ]; then # list-timers did not tell it
    timers=$BLOCKS first=$STATUS states=$STATES many=$MANY
    # shellcheck disable=SC2086
    set -- $MISSED
    show_units "$who" $# "$@"
    [ "$first" = ok ] || STATUS=$first
    BLOCKS=$timers$NL$NL$BLOCKS STATES=$states MANY=$many
  fi
  emit loaded "$STATUS" "$scope" "$BLOCKS"
}

# ended UID: that user's manager has ended or is about to, as it does ten seconds after the last logout. The system's
# manager says so, which the user cannot make it say.
ended() {
  capture 4096 ask_system show -p ActiveState -- "user@$1.service"
  case $OUT in *=inactive* | *=deactivating* | *=failed*) return 0 ;; esac
  return 1
}

# What a user's manager is asked at once; behind each answer stands its exit status. Who traces this can make up answers,
# as his manager can: all of them are told of as his.
# shellcheck disable=SC2016  # another shell expands it
PARTS='
ask() {
  systemctl --user --no-pager --no-ask-password --full --all "$@"
  printf "\n//answered %d\n" "$?"
}
ask show -p UnitPath,Environment
ask --output=json list-timers
ask --output=json list-unit-files -- "*.timer"'
ask_parts() { as_manager sh -c "$PARTS"; }
# next_part CAP ARG… → OUT, STATUS: the next of these answers, or, when they are long, what systemctl says to these
# arguments. A manager that hangs is not asked again: the visit has an end.
next_part() {
  if [ "$TOGETHER" = truncated ]; then
    most=$1
    shift
    if [ "$STATUS" = timeout ] || late; then OUT='' STATUS=timeout; else capture "$most" ask_user "$@"; fi
    return
  fi
  case $LEFT in
  *"$NL//answered "*)
    OUT=${LEFT%%"$NL//answered "*} LEFT=${LEFT#*"$NL//answered "}
    status_of "${LEFT%%"$NL"*}"
    LEFT=${LEFT#*"$NL"}
    ;;
  *)
    OUT=$LEFT LEFT='' STATUS=$TOGETHER
    [ "$STATUS" != ok ] || STATUS=failed-1
    ;;
  esac
}
# ask_manager UID: of a user's manager that runs, through its own socket, as that user; nothing is started, no PAM.
# → SEARCHED
ask_manager() {
  uid=$1 SEARCHED=''
  account "$uid"
  if [ -z "$NAME" ] || [ ! -S "run/user/$uid/systemd/private" ]; then
    ended "$uid" || emit timers-text failed-1 "user:${NAME:-$uid}" ''
    return
  fi
  whose=user:$NAME
  if [ "$uid" != "$UID_" ] && ! command -v setpriv >/dev/null 2>&1; then
    emit timers-text missing "$whose" ''
    return
  fi
  if late; then
    for section in timers-text loaded unit-files; do emit $section timeout "$whose" ''; done
    return
  fi
  # splitting a long text takes some shells the square of its length
  capture 32768 ask_parts
  TOGETHER=$STATUS LEFT=$OUT
  next_part 65536 show -p UnitPath,Environment
  unit_paths
  emit manager "$STATUS" "$whose" "$OUT"
  next_part 2097152 --output=json list-timers
  tell_timers "$whose"
  answered=$STATUS
  next_part 8388608 --output=json list-unit-files -- '*.timer'
  tell_unit_files "$whose"
  answered=$answered:$STATUS
  case $answered in
  *timeout*)
    emit loaded timeout "$whose" ''
    return
    ;;
  esac
  ask_loaded "$whose" ask_user ''
  case $answered:$STATUS in
  ok:ok:ok) ;;
  *) ended "$uid" && emit ended ok "$whose" '' ;;
  esac
}

unit_path='' text=''
if [ $booted = 1 ]; then
  capture 262144 limit systemctl --no-pager show -p Version,UnitPath,Environment
  emit manager "$STATUS" system "$OUT"
  unit_paths
  unit_path=$SEARCHED
  case $NL$OUT in
  *"${NL}Version="[0-9]*) ;;
  *)
    capture 4096 limit systemctl --version
    emit version "$STATUS" system "$OUT"
    ;;
  esac
  capture 2097152 ask_system --output=json list-timers
  tell_timers system
  text=$TEXT
fi
