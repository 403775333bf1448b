# --- the two ways to ask a manager --------------------------------------------------------------------------------
PROPS=Id,Names,LoadState,ActiveState,UnitFileState,UnitFilePreset,FragmentPath,SourcePath,DropInPaths,Transient
PROPS=$PROPS,NeedDaemonReload,Description,Unit,Triggers,TimersCalendar,TimersMonotonic,Persistent,WakeSystem
PROPS=$PROPS,AccuracyUSec,RandomizedDelayUSec,FixedRandomDelay,OnClockChange,OnTimezoneChange,RemainAfterElapse
PROPS=$PROPS,ExecCondition,ExecStartPre,ExecStart,ExecStartPost,ExecReload,ExecStop,ExecStopPost
PROPS=$PROPS,User,Group,DynamicUser,Environment,EnvironmentFiles,WorkingDirectory,RootDirectory

# How to speak to a manager; the two functions take systemctl's arguments. A user who traced the second could hold what
# it inherits: nothing of the session, which would not end before he lets go.
ask_system() { limit systemctl --no-pager --no-ask-password --full --all "$@"; }
ask_user() {
  if [ "$uid" = "$UID_" ]; then
    limit env "XDG_RUNTIME_DIR=/run/user/$uid" systemctl --user --no-pager --no-ask-password --full --all "$@" 2>/dev/null
  else
    limit setpriv "--reuid=$uid" "--regid=$gid" --clear-groups env -i "PATH=$PATH" LC_ALL=C TZ=UTC COLUMNS=1000 \
      SYSTEMD_COLORS=0 SYSTEMD_PAGER=cat "XDG_RUNTIME_DIR=/run/user/$uid" \
      systemctl --user --no-pager --no-ask-password --full --all "$@" 2>/dev/null
  fi
}

# ask_timers SCOPE ASK: list-timers as JSON; before systemd 246 the same question gives text → TEXT, JSON, STATUS
ask_timers() {
  capture 2097152 "$2" --output=json list-timers
  TEXT=$OUT
  case $OUT in
  '['*) JSON=1 ;;
  *) JSON=0 ;;
  esac
  if [ $JSON = 1 ]; then emit timers-json "$STATUS" "$1" "$OUT"; else emit timers-text "$STATUS" "$1" "$OUT"; fi
}

# list_unit_files ASK PATTERN… → OUT, STATUS. Never without a pattern: telling the states of all unit files keeps process 1
# busy, and the host waiting for it, for 0.3 s; those of the timers, 6 ms. That nothing matches is an answer, too.
list_unit_files() {
  ask=$1
  shift
  if [ "$JSON" = 1 ]; then
    capture 8388608 "$ask" --output=json list-unit-files -- "$@"
  else
    capture 8388608 "$ask" list-unit-files -- "$@"
  fi
  case $STATUS:$OUT in 'failed-1:[]'* | failed-1:*"${NL}0 unit files listed."*) STATUS=ok ;; esac
}

# show_units ASK NAME… → BLOCKS, STATUS. One bad name can end a `systemctl show` early: then each is asked by itself.
show_units() {
  ask=$1
  shift
  BLOCKS='' STATUS=ok
  [ $# -gt 0 ] || return 0
  capture 8388608 "$ask" show -p "$PROPS" -- "$@"
  BLOCKS=$OUT
  case $STATUS in timeout | truncated) return 0 ;; esac
  if [ "$(printf '%s\n' "$OUT" | grep -c '^Id=')" -ge $# ]; then
    STATUS=ok
    return 0
  fi
  BLOCKS='' worst=ok
  for u in "$@"; do
    late && worst=timeout && break
    capture 262144 "$ask" show -p "$PROPS" -- "$u"
    case $OUT in
    *Id=*) BLOCKS=$BLOCKS$NL$NL$OUT ;;
    *) worst=$STATUS ;;
    esac
    [ "$STATUS" = timeout ] && break
  done
  STATUS=$worst
}

# ask_loaded SCOPE ASK NAMES: show of the timers, then of what they activate
ACTIVATED='' # by the timers of all managers
ask_loaded() {
  scope=$1 who=$2
  # shellcheck disable=SC2086  # one name a line, globbing is off
  set -- $3
  show_units "$who" "$@"
  timers=$BLOCKS first=$STATUS
  # shellcheck disable=SC2046  # one name a line, globbing is off
  set -- $(printf '%s\n' "$timers" | sed -n 's/^Unit=//p' | grep -v '^$' | sort -u)
  ACTIVATED=$ACTIVATED$NL$*
  show_units "$who" "$@"
  [ "$first" = ok ] || STATUS=$first
  emit loaded "$STATUS" "$scope" "$timers$NL$NL$BLOCKS"
}

# timer_names: unit names that can be shown, from any text on standard input; what comes first is kept when it is too
# much. A name of more than 255 bytes (text of a link) is none, and would end `systemctl show` for all others.
timer_names() {
  grep -oE '[A-Za-z0-9:_.@\\-]+\.timer' | sed 's/\\\\/\\/g' | sed 's/^stamp-//' | grep -v -e '@\.timer$' -e '^@' -e '.\{255\}.' |
    head -n 4000 | sort -u
}

# placed_services: services that no package put there, by their files, links and drop-ins in the walk on standard input
placed_services() {
  grep -vE '^([^ ]* ){10}((usr/)?lib/|.*\.(wants|requires)/)' | grep -oE '[A-Za-z0-9:_.@\-]+\.service'
}

unit_path='' text=''
if [ $booted = 1 ]; then
  capture 262144 limit systemctl --no-pager show -p Version,UnitPath,Environment
  emit manager "$STATUS" system "$OUT"
  case $NL$OUT in
  *"${NL}Version="[0-9]*) ;;
  *)
    manager=$OUT
    capture 4096 limit systemctl --version
    emit version "$STATUS" system "$OUT"
    OUT=$manager
    ;;
  esac
  unit_path=$(printf '%s\n' "$OUT" | sed -n 's/^UnitPath=//p' | tr ' ' '\n')
  ask_timers system ask_system
  text=$TEXT
fi
