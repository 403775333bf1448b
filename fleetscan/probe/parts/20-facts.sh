# --- who and what is this host ------------------------------------------------------------------------------------
# The kernel tells most of it without a process for each.
UID_=''
{ while IFS='	' read -r word _ effective _; do [ "$word" != Uid: ] || UID_=$effective; done; } 2>/dev/null <proc/self/status
case $UID_ in '' | *[!0-9]*) UID_=$(id -u) ;; esac
first_line proc/sys/kernel/hostname
hostname=${LINE:-$(uname -n)}
first_line proc/sys/kernel/osrelease
kernel=${LINE:-$(uname -r)}
clock=$(date +%s)
first_line etc/machine-id
machine_id=$LINE
first_line proc/1/comm
init=$LINE
merged=0
[ -L lib ] && merged=1
booted=0
[ -d run/systemd/system ] && command -v systemctl >/dev/null 2>&1 && booted=1
zone=$(readlink etc/localtime)
zone=${zone##*zoneinfo/}
if [ -z "$zone" ]; then
  first_line etc/timezone
  zone=$LINE
fi
# what the kernel was told to have systemd start besides
first_line proc/cmdline
case " $LINE" in *' systemd.'* | *' rd.systemd.'*) ;; *) LINE='' ;; esac
[ -z "$LINE" ] || LINE=$(printf '%s\n' "$LINE" | tr ' ' '\n' | grep -E '^(rd\.)?systemd\.(wants|run|unit|setenv)' | tr '\n' ' ')

# list_accounts: name, uid, gid, home and shell of each; the exit status is that of getent, or 75 when there are more
# shellcheck disable=SC2016  # the variables are awk's
ACCOUNTS='
NF == 2 && $1 == "//" { ended = $2; next }
++seen <= most { print $1 ":" $3 ":" $4 ":" $6 ":" $7 }
END { exit(ended == "0" && seen > most ? 75 : ended) }'
list_accounts() {
  {
    limit getent passwd
    printf '//:%d\n' "$?"
  } | awk -F : -v "most=$MAX_USERS" "$ACCOUNTS"
}
capture 4194304 list_accounts
passwd=${OUT%"$NL"} accounts=$STATUS
[ "$STATUS" != failed-75 ] || accounts=truncated
# account UID → NAME, GID, empty when it is not among them
account() {
  NAME='' GID=''
  for entry in $passwd; do
    case $entry in *:"$1":*) ;; *) continue ;; esac
    after=${entry#*:}
    [ "${after%%:*}" = "$1" ] || continue
    after=${after#*:} NAME=${entry%%:*} GID=${after%%:*}
    return
  done
}
account "$UID_"

emit facts ok system "login=${NAME:-$(id -un)}
uid=$UID_
sudo_uid=${SUDO_UID-}
sudo_wanted=$WANT_SUDO
hostname=$hostname
kernel=$kernel
machine_id=$machine_id
init=$init
merged_usr=$merged
zone=$zone
kernel_arguments=$LINE
booted=$booted
clock=$clock"

os=etc/os-release
[ -r $os ] || os=usr/lib/os-release
if [ -f $os ]; then
  capture 16384 cat $os
  emit os-release "$STATUS" system "$OUT"
else
  emit os-release missing system ''
fi
