# fleetscan probe, protocol 1.
#
# What this does on your host: it reads. It writes no file, starts no unit, wakes no user manager and opens no network
# connection. It arrives on standard input of /bin/sh, needs no installation, and ends with the SSH session.
# `fleetscan probe show` prints exactly this text and its SHA-256.
#
# Positional parameters come from the header line that precedes the script: FLEETSCAN PROTO SENTINEL BYTES key=value…
# Output: frames. `@SENTINEL SECTION STATUS LENGTH SCOPE`, a newline, LENGTH bytes, a newline.
# All paths are relative to / (hence no leading slash below), all of it runs under POSIX sh: dash, bash, busybox.
# No here-documents: bash may keep them in a temporary file, and nothing is written here.

set -f
umask 077
S=$3 K=${3%"${3#??????}"} WANT_SUDO=0 MAX_USERS=4096
for kv in "$@"; do
  case $kv in
  sudo=1) WANT_SUDO=1 ;;
  max_users=*[!0-9]*) ;;
  max_users=?*) MAX_USERS=${kv#max_users=} ;;
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

# allow SECONDS, then late: whether they are over. What users can make slow has an end together, not only one by one.
allow() { UNTIL=$(($(date +%s) + $1)); }
late() { [ "$(date +%s)" -ge "$UNTIL" ]; }

# emit SECTION STATUS SCOPE DATA
emit() {
  N=$((N + 1))
  printf '@%s %s %s %d %s\n%s\n' "$S" "$1" "$2" "${#4}" "$3" "$4"
}

# capture CAP COMMAND… → OUT, STATUS. NUL bytes are lost, so this is for text only. COMMAND may be a function.
# The exit status travels behind the output; when the cap cuts it off, the status is `truncated`. The dot keeps line
# ends that the cap may have left last, without which a cut output could look whole.
capture() {
  cap=$1
  shift
  OUT=$({
    "$@" </dev/null
    printf '\n%d' "$?"
  } | head -c "$cap" && printf .)
  full=${#OUT}
  OUT=${OUT%.}
  if [ "$full" -gt "$cap" ]; then
    STATUS=truncated
    return
  fi
  rc=${OUT##*"$NL"}
  OUT=${OUT%"$NL"*}
  case $rc in
  0) STATUS=ok ;;
  124 | 137) STATUS=timeout ;;
  126 | 127) STATUS=missing ;;
  '' | *[!0-9]*) STATUS=truncated ;;
  *) STATUS=failed-$rc ;;
  esac
}

# first_line FILE → LINE; only from regular files, since a FIFO would wait for ever.
first_line() {
  LINE=
  [ -f "$1" ] && [ -r "$1" ] && IFS= read -r LINE <"$1"
}

# --- who and what is this host ------------------------------------------------------------------------------------
UID_=$(id -u)
first_line etc/machine-id
machine_id=$LINE
first_line proc/1/comm
init=$LINE
merged=0
[ -L lib ] && merged=1
booted=0
[ -d run/systemd/system ] && command -v systemctl >/dev/null 2>&1 && booted=1
emit facts ok system "login=$(id -un)
uid=$UID_
sudo_uid=${SUDO_UID-}
sudo_wanted=$WANT_SUDO
hostname=$(uname -n)
kernel=$(uname -r)
machine_id=$machine_id
init=$init
merged_usr=$merged
booted=$booted
clock=$(date +%s)"

os=etc/os-release
[ -r $os ] || os=usr/lib/os-release
if [ -f $os ]; then
  capture 16384 limit cat $os
  emit os-release "$STATUS" system "$OUT"
else
  emit os-release missing system ''
fi

# --- the two ways to ask a manager --------------------------------------------------------------------------------
PROPS=Id,Names,LoadState,ActiveState,UnitFileState,UnitFilePreset,FragmentPath,SourcePath,DropInPaths,Transient
PROPS=$PROPS,NeedDaemonReload,Description,Unit,Triggers,TimersCalendar,TimersMonotonic,Persistent,WakeSystem
PROPS=$PROPS,AccuracyUSec,RandomizedDelayUSec,FixedRandomDelay,OnClockChange,OnTimezoneChange,RemainAfterElapse
PROPS=$PROPS,ExecCondition,ExecStartPre,ExecStart,ExecStartPost,ExecReload,ExecStop,ExecStopPost
PROPS=$PROPS,User,Group,DynamicUser,Environment,EnvironmentFiles,WorkingDirectory,RootDirectory

# How to speak to a manager; the two functions take systemctl's arguments.
ask_system() { limit systemctl --no-pager --no-ask-password --full --all "$@"; }
ask_user() {
  if [ "$uid" = "$UID_" ]; then
    limit env "XDG_RUNTIME_DIR=/run/user/$uid" systemctl --user --no-pager --no-ask-password --full --all "$@"
  else
    limit setpriv "--reuid=$uid" "--regid=$gid" --clear-groups env -i "PATH=$PATH" LC_ALL=C TZ=UTC COLUMNS=1000 \
      SYSTEMD_COLORS=0 SYSTEMD_PAGER=cat "XDG_RUNTIME_DIR=/run/user/$uid" \
      systemctl --user --no-pager --no-ask-password --full --all "$@"
  fi
}

# ask_timers SCOPE ASK: list-timers as text, and as JSON where the version has it → TEXT, JSON, STATUS
ask_timers() {
  capture 2097152 "$2" list-timers
  TEXT=$OUT JSON=0
  emit timers-text "$STATUS" "$1" "$OUT"
  [ "$STATUS" = timeout ] && return
  capture 2097152 "$2" --output=json list-timers
  case $OUT in
  '['*)
    JSON=1
    emit timers-json "$STATUS" "$1" "$OUT"
    ;;
  esac
}

# list_unit_files PATTERN… → OUT, STATUS. Never without a pattern: telling the states of all unit files keeps process 1
# busy, and the host waiting for it, for 0.3 s; those of the timers, 6 ms. That nothing matches is an answer, too.
list_unit_files() {
  if [ "$JSON" = 1 ]; then
    capture 8388608 ask_system --output=json list-unit-files -- "$@"
  else
    capture 8388608 ask_system list-unit-files -- "$@"
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
ask_loaded() {
  scope=$1 who=$2
  # shellcheck disable=SC2086  # one name a line, globbing is off
  set -- $3
  show_units "$who" "$@"
  timers=$BLOCKS first=$STATUS
  # shellcheck disable=SC2046  # one name a line, globbing is off
  set -- $(printf '%s\n' "$timers" | sed -n 's/^Unit=//p' | grep -v '^$' | sort -u)
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

unit_path='' text='' unit_files='' unit_files_status=ok
if [ $booted = 1 ]; then
  capture 4096 limit systemctl --version
  emit version "$STATUS" system "$OUT"
  capture 262144 limit systemctl --no-pager show -p Version,UnitPath,Environment
  emit manager "$STATUS" system "$OUT"
  unit_path=$(printf '%s\n' "$OUT" | sed -n 's/^UnitPath=//p' | tr ' ' '\n')
  ask_timers system ask_system
  text=$TEXT
  list_unit_files '*.timer'
  unit_files=$OUT unit_files_status=$STATUS
fi

# --- where unit files can lie -------------------------------------------------------------------------------------
# tidy PATH → D: relative to /, no slash doubled or last, because `//` ends a path in the walk
tidy() {
  D=$1
  while :; do
    case $D in
    *//*) D=${D%%//*}/${D#*//} ;;
    */) D=${D%/} ;;
    *) break ;;
    esac
  done
  D=${D#/}
}
# Mounts in user space: even root may not look into one that a user made, and it looks absent.
fused=$(sed -n 's/^[0-9]* [0-9]* [^ ]* [^ ]* \([^ ]*\) .* - fuse.*/\1/p' proc/self/mountinfo 2>/dev/null)
# closed PATH: it looks absent, but something at it or on the way to it may not be entered, so it could be there
closed() {
  up=$1
  while :; do
    case $NL$fused$NL in *"$NL/$up$NL"*) return 0 ;; esac
    case $up in */*) up=${up%/*} ;; *) return 1 ;; esac
    if [ -d "$up" ]; then
      [ ! -x "$up" ]
      return
    fi
  done
}
# add DIR: walk it too, if it is there, and say so if it cannot be entered
DIRS=
denied=
add() {
  tidy "$1"
  d=$D
  case $NL$DIRS in *"$NL$d$NL"*) return ;; esac
  [ $merged = 1 ] && case $d in lib/*) return ;; esac
  case $d in -*) denied=${denied}denied:$d$NL && return ;; esac # to `find` it would be an option
  if [ ! -d "$d" ]; then
    closed "$d" && denied=${denied}denied:$d$NL
    return
  fi
  if [ -r "$d" ] && [ -x "$d" ]; then DIRS=$DIRS$d$NL; else denied=${denied}denied:$d$NL; fi
}
for d in etc/systemd/system.control run/systemd/system.control run/systemd/transient run/systemd/generator.early \
  etc/systemd/system etc/systemd/system.attached run/systemd/system run/systemd/system.attached run/systemd/generator \
  usr/local/lib/systemd/system usr/lib/systemd/system lib/systemd/system run/systemd/generator.late \
  etc/systemd/user etc/xdg/systemd/user run/systemd/user usr/local/lib/systemd/user usr/local/share/systemd/user \
  usr/share/systemd/user usr/lib/systemd/user lib/systemd/user \
  var/lib/systemd/linger var/lib/systemd/timers $unit_path; do
  add "$d"
done

# Mount points where a look could mount something, or hang: "fstype path" a line.
remote=$(sed -n 's/^[0-9]* [0-9]* [^ ]* [^ ]* \([^ ]*\) .* - \(autofs\|nfs\|nfs4\|cifs\|smb3\|fuse\.sshfs\|afs\|lustre\|ceph\|9p\) .*/\2 \1/p' proc/self/mountinfo 2>/dev/null)

# below PATH → FSTYPE: the remote file system it lies on, empty for none
below() {
  FSTYPE=
  for m in $remote; do
    case $1/ in "${m#* }"/*) FSTYPE=${m%% *} ;; esac
  done
}

capture 4194304 limit getent passwd
passwd=$(printf '%s\n' "$OUT" | head -n "$MAX_USERS" | cut -d: -f1,3,4,6,7)
[ "$STATUS" = ok ] && [ "$(printf '%s\n' "$OUT" | wc -l)" -gt "$MAX_USERS" ] && STATUS=truncated
emit users "$STATUS" system "$passwd"

homes=
for line in $passwd; do
  name=${line%%:*}
  rest=${line#*:}
  uid=${rest%%:*}
  rest=${rest#*:*:}
  home=${rest%%:*}
  case $home in /*) tidy "$home" ;; *) continue ;; esac
  case $D in '' | nonexistent* | dev/* | proc/* | sys/*) continue ;; esac
  h=$D home=/$D
  below "$home"
  if [ -n "$FSTYPE" ]; then
    homes=${homes}remote-$FSTYPE:$name:$uid:$home$NL
    continue
  fi
  if [ ! -d "$h" ]; then
    closed "$h" && homes=${homes}denied:$name:$uid:$home$NL
    continue
  fi
  case $h in -*) h= ;; esac # to `find` it would be an option
  if [ ! -x "$h" ]; then
    homes=${homes}denied:$name:$uid:$home$NL
    continue
  fi
  status=ok
  for sub in .config/systemd/user .config/systemd/user.control .local/share/systemd/user .local/share/systemd/timers; do
    top=$h/${sub%%/*}
    [ -d "$h/$sub" ] || {
      closed "$h/$sub" && status=denied
      [ -L "$h/$sub" ] && status=link-out
      continue
    }
    if [ -L "$top" ] || [ -L "$h/${sub%/*}" ] || [ -L "$h/$sub" ] || [ -L "$h/.local/share" ]; then
      # a user's link may point anywhere: it is followed only inside the home
      real=$(readlink -f "$h/$sub") base=$(readlink -f "$h")
      case $real in "$base"/*) ;; *) status=link-out && continue ;; esac
    fi
    case $NL$DIRS in *"$NL$h/$sub$NL"*) continue ;; esac # two accounts may share a home
    if [ -r "$h/$sub" ] && [ -x "$h/$sub" ]; then DIRS=$DIRS$h/$sub$NL; else status=denied; fi
  done
  homes=$homes$status:$name:$uid:$home$NL
done
emit homes ok system "$homes"

runtimes=
set +f
for r in run/user/*; do
  set -f
  [ -d "$r" ] || continue
  if [ ! -x "$r" ]; then
    runtimes=${runtimes}denied:${r#run/user/}$NL
    continue
  fi
  runtimes=${runtimes}ok:${r#run/user/}$NL
  for sub in transient user user.control generator generator.early generator.late; do
    if [ -L "$r/systemd" ]; then
      denied=${denied}link-out:$r/systemd$NL
    elif [ -L "$r/systemd/$sub" ]; then
      denied=${denied}link-out:$r/systemd/$sub$NL
    else
      add "$r/systemd/$sub"
    fi
  done
done
set -f
emit runtimes ok system "$runtimes"
emit denied ok system "$denied"

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

# --- what the managers have in memory -----------------------------------------------------------------------------
if [ $booted = 1 ]; then
  allow 20
  names=$(printf '%s\n%s\n%s\n' "$text" "$unit_files" "$walk" | timer_names)
  ask_loaded system ask_system "$names"
  # The states of timers, of what they start, and of services that somebody placed. systemd takes a backslash in a
  # pattern as it is.
  # shellcheck disable=SC2046  # one name a line, globbing is off
  set -- $({
    printf '%s\n' "$timers" | sed -n 's/^Unit=//p'
    printf '%s\n' "$names" | sed 's/timer$/service/'
    printf '%s\n' "$walk" | placed_services
  } | head -n 4000 | sort -u)
  STATUS=$unit_files_status OUT=$unit_files
  [ "$STATUS" = timeout ] || list_unit_files '*.timer' "$@"
  emit unit-files "$STATUS" system "$OUT"
  # Managers of users that run already: spoken to through their own socket, as that user; nothing is started, no PAM.
  SECONDS_EACH=5
  allow 20
  for r in $runtimes; do
    case $r in ok:*[!0-9]*) continue ;; ok:?*) uid=${r#ok:} ;; *) continue ;; esac
    [ -d "run/user/$uid/systemd" ] || continue
    name=$(printf '%s\n' "$passwd" | sed -n "s/^\([^:]*\):$uid:.*/\1/p" | head -n 1)
    gid=$(printf '%s\n' "$passwd" | sed -n "s/^[^:]*:$uid:\([0-9]*\):.*/\1/p" | head -n 1)
    if [ -z "$name" ] || [ -z "$gid" ] || [ ! -S "run/user/$uid/systemd/private" ]; then
      emit timers-text failed-1 "user:${name:-$uid}" ''
      continue
    fi
    if [ "$uid" != "$UID_" ] && ! command -v setpriv >/dev/null 2>&1; then
      emit timers-text missing "user:$name" ''
      continue
    fi
    if late; then
      emit timers-text timeout "user:$name" ''
      STATUS=timeout
    else
      ask_timers "user:$name" ask_user
    fi
    if [ "$STATUS" = timeout ]; then
      emit loaded timeout "user:$name" '' # a manager that hangs is not asked again: the visit has an end
      continue
    fi
    ask_loaded "user:$name" ask_user "$(printf '%s\n' "$TEXT" | timer_names)"
  done
fi

emit ready ok system "frames=$N
clock=$(date +%s)"

# --- contents, asked for by number in the list of hashes: what was not walked cannot be asked for ------------------
while IFS= read -r request; do
  case $request in
  'fetch '*[!0-9\ ]* | 'fetch ' | 'fetch  '* | *'  '* | *' ') break ;;
  'fetch '*) numbers=${request#fetch } ;;
  *) break ;;
  esac
  wanted=$(printf '%s\n' "$HASHES" | sed -n "$(printf '%s' "$numbers" | sed 's/ /p;/g')p")
  set --
  for line in $wanted; do
    path=${line#*[ *][ *]}
    case $line in \\*) path=$(printf '%b' "$path") ;; esac
    [ -f "$path" ] && [ ! -L "$path" ] && set -- "$@" "$path"
  done
  if [ $# -gt 0 ]; then
    OUT=$(limit head -q -c 4194304 -- "$@" 2>/dev/null </dev/null | head -c 8388608 | base64)
    emit content ok "$numbers" "$OUT"
  else
    emit content denied "$numbers" ''
  fi
done
emit end ok system ''
times # of this shell and all it started; must not run in a subshell
