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
emit facts ok system "login=$(id -un)
uid=$UID_
sudo_uid=${SUDO_UID-}
sudo_wanted=$WANT_SUDO
hostname=$(uname -n)
kernel=$(uname -r)
machine_id=$machine_id
init=$init
merged_usr=$merged
zone=$zone
kernel_arguments=$LINE
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
