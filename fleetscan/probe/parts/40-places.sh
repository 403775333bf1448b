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
# Mounts in user space, an `f` before their paths: even root may not look into one that a user made, and it looks absent.
# Mount points where a look could mount something, or hang: "fstype path" a line. A user's own mounts are among them: their
# program answers when it likes, and root may not look into all of them.
# shellcheck disable=SC2016  # the variables are awk's
HAZARDS='
{ for (i = 7; i < NF && $i != "-"; i++);
  type = $(i + 1)
  if (type !~ /^(fuse.*|autofs|nfs|nfs4|cifs|smb3|afs|lustre|ceph|9p)$/) next
  at = $5
  gsub(/\\040/, " ", at); gsub(/\\011/, "\t", at); gsub(/\\134/, "\\", at)
  if (type ~ /^fuse/) print "f " at
  if (type !~ /^fuse/ || type == "fuse.sshfs" || $(i + 3) ~ /user_id=[1-9]/) print "r " type " " at }'
fused='' remote=''
# shellcheck disable=SC2013  # only line ends separate words
for line in $(awk "$HAZARDS" proc/self/mountinfo 2>/dev/null); do
  case $line in f\ *) fused=$fused${line#f }$NL ;; r\ *) remote=$remote${line#r }$NL ;; esac
done
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

# below PATH → FSTYPE: the remote file system it lies on, empty for none
below() {
  FSTYPE=
  for m in $remote; do
    case $1/ in "${m#* }"/*) FSTYPE=${m%% *} ;; esac
  done
}

emit users "$accounts" system "$passwd"
# known_gids → GIDS: uid and gid of each account, when they are needed
GIDS=''
known_gids() { [ -n "$GIDS" ] || GIDS=$(printf '%s\n' "$passwd" | cut -d: -f2,3); }

# as_who WHO COMMAND…: with the rights of an account, `-` for the probe's own. What users own is read with no more than
# their own rights, so that a link or a swapped folder of theirs leads nowhere that they could not go themselves.
as_who() {
  as=$1
  shift
  [ "$as" = - ] && {
    limit "$@"
    return
  }
  as_gid=
  known_gids
  for pair in $GIDS; do # to cut it out of the text takes a shell the square of its length
    case $pair in "$as:"*) as_gid=${pair#*:} && break ;; esac
  done
  [ -n "$as_gid" ] || as_gid=$(stat -c %g "run/user/$as" 2>/dev/null) # not every account is enumerated
  [ -n "$as_gid" ] || as_gid=65534 # the owner of a file need not have an account
  as_real=65534
  [ "$as_gid" != $as_real ] || as_real=65533
  limit setpriv "--reuid=$as" "--rgid=$as_real" "--egid=$as_gid" --clear-groups "$@"
}
# reader UID → WHO: with whose rights to read what belongs to an account; only root can take another's
reader() { if [ "$UID_" = 0 ] && [ "$1" != 0 ]; then WHO=$1; else WHO=-; fi; }
# add_as DIR: walk it, with the rights of WHO
USER_DIRS=
add_as() {
  case $NL$DIRS$USER_DIRS in *"$NL$1$NL"* | *":$1$NL"*) return ;; esac # two accounts may share a home
  if [ "$WHO" = - ]; then
    DIRS=$DIRS$1$NL
  else
    USER_DIRS=$USER_DIRS$WHO:$1$NL
    known_gids
  fi
}
# resolve START PATH → REAL, FSTYPE: where a path below START leads, link by link. What lies on a remote file system ends
# it: the kernel mounts such a thing for whoever only asks what is there, `readlink -f` and `[ -d` among them.
# Service accounts share few homes: what a link on the way holds is asked for once.
LINKS=$NL
resolve() {
  REAL=$1 todo=$2 hops=0 FSTYPE=
  while [ -n "$todo" ]; do
    case $todo in
    */*) part=${todo%%/*} todo=${todo#*/} ;;
    *) part=$todo todo= ;;
    esac
    case $part in
    '' | .) continue ;;
    ..)
      case $REAL in */*) REAL=${REAL%/*} ;; *) REAL= ;; esac
      continue
      ;;
    esac
    REAL=${REAL:+$REAL/}$part
    below "/$REAL"
    [ -z "$FSTYPE" ] || return 0
    [ -L "$REAL" ] || continue
    hops=$((hops + 1))
    [ $hops -le 40 ] || return 0
    case $LINKS in
    *"$NL=$REAL$NL"*) to=${LINKS#*"$NL=$REAL$NL"~} to=${to%%"$NL"*} ;;
    *)
      to=$(limit readlink "./$REAL" && printf .) to=${to%"$NL".}
      case $REAL$to in *"$NL"*) ;; *) [ ${#LINKS} -gt 4096 ] || LINKS=$LINKS=$REAL$NL~$to$NL ;; esac
      ;;
    esac
    todo=$to/$todo
    case $to in
    /*) REAL= ;;
    *) case $REAL in */*) REAL=${REAL%/*} ;; *) REAL= ;; esac ;;
    esac
  done
}
# leads_out HOME DIR: a link on the way below HOME, where no link leads there, leads out of it. A user's link may point
# anywhere; none is followed that leaves the home, not even to see whether something is there.
leads_out() {
  resolve "$1" "$2"
  [ -z "$FSTYPE" ] || return 0
  case $REAL/ in "$1"/*) return 1 ;; esac
}

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
  resolve '' "$h"
  base=$REAL
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
  reader "$uid"
  for sub in .config/systemd/user .config/systemd/user.control .local/share/systemd/user .local/share/systemd/timers; do
    # without the first folder there is nothing, and most accounts have none
    [ -L "$h/${sub%%/*}" ] || [ -d "$h/${sub%%/*}" ] || continue
    if leads_out "$base" "$sub"; then
      status=link-out
    elif [ ! -d "$h/$sub" ]; then
      closed "$h/$sub" && status=denied
    elif [ "$WHO" = - ] && { [ ! -r "$h/$sub" ] || [ ! -x "$h/$sub" ]; }; then
      status=denied
    else
      add_as "$h/$sub"
    fi
  done
  homes=$homes$status:$name:$uid:$home$NL
done
emit homes ok system "$homes"

runtimes=''
allow 20 8
set +f
for r in run/user/*; do
  set -f
  [ -d "$r" ] || continue
  if [ ! -x "$r" ]; then
    runtimes=${runtimes}denied:${r#run/user/}$NL
    continue
  fi
  runtimes=${runtimes}ok:${r#run/user/}$NL
  uid=${r#run/user/}
  case $uid in *[!0-9]*) continue ;; esac
  reader "$uid"
  for sub in transient user user.control generator generator.early generator.late; do
    if [ -L "$r/systemd" ]; then
      denied=${denied}link-out:$r/systemd$NL
    elif [ -L "$r/systemd/$sub" ]; then
      denied=${denied}link-out:$r/systemd/$sub$NL
    elif [ -d "$r/systemd/$sub" ]; then
      add_as "$r/systemd/$sub"
    fi
  done
  # A manager that runs says itself where it looks; its configuration may have been moved.
  if [ $booted = 0 ] || [ ! -d "$r/systemd" ]; then continue; fi
  ask_manager "$uid"
  most=64
  for d in $SEARCHED; do
    [ $((most = most - 1)) -ge 0 ] || break
    case $d in /etc/* | /usr/* | /lib/* | /run/systemd/* | *[!-A-Za-z0-9_./:@%+\ ]*) continue ;; esac
    tidy "$d"
    resolve '' "$D"
    [ -z "$FSTYPE" ] && [ -n "$D" ] && [ ! -L "$D" ] && [ -d "$D" ] && add_as "$D"
  done
done
set -f
emit runtimes ok system "$runtimes"
emit denied ok system "$denied"
