#!/usr/bin/env bash
# fleet-lab.sh: throw-away hosts for the live tests. Each has systemd as PID 1 and a real sshd, in systemd-nspawn.
#
#   fleet-lab.sh build [SUITE...]      build the base image of each suite, once
#   fleet-lab.sh up N [SUITE...]       boot N hosts, the suites dealt in turn; prints the fleet as YAML
#   fleet-lab.sh list                  print the fleet as YAML (state: up or down)
#   fleet-lab.sh exec HOST CMD...      run CMD inside HOST without SSH; stdin is passed on
#   fleet-lab.sh freeze HOST           hang HOST: its port still accepts, nothing answers
#   fleet-lab.sh thaw HOST             let a frozen HOST go on
#   fleet-lab.sh kill HOST             cut HOST's power: its port refuses
#   fleet-lab.sh start HOST            boot HOST again from the same disk (after kill, poweroff or reboot)
#   fleet-lab.sh stats                 memory, CPU and disk of every host
#   fleet-lab.sh down [--purge]        end everything this lab started (--purge: the images as well)
#
# Environment:
#   FLEET_LAB_DIR           /var/tmp/fleet-lab         images, keys and state
#   FLEET_LAB_SUITES        bullseye bookworm trixie sid
#   FLEET_LAB_NET           loopback                   or netns: a network namespace per host, the client runs in "flhub"
#   FLEET_LAB_SEED          (none)                     a folder copied over / of every host before it boots
#   FLEET_LAB_PACKAGES      (see below)                packages in the images besides the core
#   FLEET_LAB_BOOT_TIMEOUT  60                         seconds for one host to answer
#   FLEET_LAB_PARALLEL      8                          hosts that may be booting at once
#   FLEET_LAB_MIRROR        (from apt)                 where debootstrap fetches from
#
# Exit status: 0 all well, 1 something failed (the reason is on stderr), 2 wrong usage. Needs root, no terminal.
# README.md beside this file says why each odd-looking step is there.
set -uo pipefail
export LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022
exec 3<&0 </dev/null # only `exec` hands the caller's stdin on

LAB=${FLEET_LAB_DIR:-/var/tmp/fleet-lab}
NET=${FLEET_LAB_NET:-loopback}
SEED=${FLEET_LAB_SEED:-}
BOOT_TIMEOUT=${FLEET_LAB_BOOT_TIMEOUT:-60}
PARALLEL=${FLEET_LAB_PARALLEL:-8}
CORE=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,openssh-server,sudo
EXTRA=${FLEET_LAB_PACKAGES-logrotate,man-db,sysstat,plocate,cron,anacron,php-common,procps,tzdata}
USERS=(root deploy viewer ops)
BASE=$LAB/base
RUN=$LAB/run
KEYS=$LAB/keys
HUB=flhub
read -ra SUITES <<<"${FLEET_LAB_SUITES:-bullseye bookworm trixie sid}"

say() { printf 'fleet-lab: %s\n' "$*" >&2; }
die() {
  say "error: $*"
  exit 1
}

# --- base images -----------------------------------------------------------------------------------------------

need_tools() {
  local pair missing=()
  for pair in systemd-nspawn:systemd-container debootstrap:debootstrap ssh-keygen:openssh-client ip:iproute2 \
    nsenter:util-linux flock:util-linux; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing+=("${pair#*:}")
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "installing ${missing[*]}"
  apt-get -o DPkg::Lock::Timeout=300 update -qq >&2 || die "apt-get update failed"
  apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${missing[@]}" >&2 ||
    die "cannot install ${missing[*]}"
}

# The mirror is the one that this machine's own apt uses.
find_mirror() {
  local found=${FLEET_LAB_MIRROR:-}
  # shellcheck disable=SC2016 # $(REPO_URI) is apt's own syntax
  local format='$(REPO_URI)'
  # "Label: Debian" leaves out the security archive
  [ -n "$found" ] || found=$(apt-get indextargets --format "$format" 'Created-By: Packages' 'Origin: Debian' \
    'Label: Debian' 'Component: main' | head -n1)
  # origin and label are unknown until apt-get update has run once: take the first source
  [ -n "$found" ] || found=$(apt-get indextargets --format "$format" 'Created-By: Packages' | head -n1)
  [ -n "$found" ] || die "apt has no Debian source on this machine; set FLEET_LAB_MIRROR"
  printf '%s\n' "$found"
}

build_image() { # SUITE
  local suite=$1 image=$BASE/$1 draft=$BASE/.$1.tmp log=$LAB/log/build-$1.log began=$SECONDS mirror user
  [ -e "$image/.fleet-lab-complete" ] && return 0
  mirror=$(find_mirror) || return 1
  say "building $suite"
  rm -rf --one-file-system "$draft" "$image"
  mkdir -p "$draft" "$LAB/debs/$suite" "$LAB/log"
  if ! debootstrap --variant=minbase --cache-dir="$LAB/debs/$suite" --include="$CORE${EXTRA:+,$EXTRA}" \
    "$suite" "$draft" "$mirror" >"$log" 2>&1; then
    say "debootstrap of $suite failed; the end of $log:"
    tail -n 5 "$log" >&2
    umount -q "$draft/proc" "$draft/sys" 2>/dev/null
    rm -rf --one-file-system "$draft"
    return 1
  fi
  # identity is made per host, nothing of it may be shared
  rm -f "$draft"/etc/ssh/ssh_host_*_key* "$draft/var/lib/dbus/machine-id" "$draft/etc/resolv.conf"
  rm -f "$draft"/var/cache/apt/archives/*.deb "$draft"/var/cache/apt/*.bin
  : >"$draft/etc/machine-id"
  : >"$draft/etc/resolv.conf"
  # the hosts fetch nothing
  : >"$draft/etc/apt/sources.list"
  echo 'APT::Periodic::Enable "0";' >"$draft/etc/apt/apt.conf.d/99fleet-lab"
  [ -e "$draft/etc/default/locale" ] || : >"$draft/etc/default/locale"
  mkdir -p "$draft/etc/systemd/journald.conf.d" "$draft/var/lib/systemd/linger"
  printf '[Journal]\nSystemMaxUse=32M\n' >"$draft/etc/systemd/journald.conf.d/fleet-lab.conf"
  for user in "${USERS[@]:1}"; do chroot "$draft" useradd -m -s /bin/bash "$user" || return 1; done
  echo 'deploy ALL=(ALL) NOPASSWD: ALL' >"$draft/etc/sudoers.d/deploy"
  echo 'ops ALL=(ALL) ALL' >"$draft/etc/sudoers.d/ops"
  chmod 440 "$draft/etc/sudoers.d/deploy" "$draft/etc/sudoers.d/ops"
  echo 'ops:ops-password' | chroot "$draft" chpasswd
  : >"$draft/var/lib/systemd/linger/deploy"
  touch "$draft/.fleet-lab-complete"
  mv "$draft" "$image" || return 1 # a half-built image is never used
  say "built $suite in $((SECONDS - began)) s, $(du -sm "$image" | cut -f1) MB"
}

# --- what is known of a host ----------------------------------------------------------------------------------

list_hosts() {
  local meta
  for meta in "$RUN"/*/meta; do
    [ -e "$meta" ] && basename "$(dirname "$meta")"
  done
  return 0
}

need_host() { [ -n "${1:-}" ] && [ -e "$RUN/$1/meta" ] || die "no host ${1:-(give a name)}"; }

read_meta() { # NAME: sets SUITE, ADDRESS and HOST_NET
  read -r SUITE ADDRESS HOST_NET <"$RUN/$1/meta"
}

host_address() { # NUMBER
  local i=$(($1 - 1)) prefix=127.66
  [ "$NET" = netns ] && prefix=10.231
  printf '%s.%d.%d\n' "$prefix" $((i / 200)) $((i % 200 + 10))
}

start_time() { # PID: its start in clock ticks; the name in /proc/PID/stat may hold spaces
  local stat fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra fields <<<"${stat##*) }"
  printf '%s\n' "${fields[19]}"
}

nspawn_pid() { # NAME: the live nspawn process, never a recycled pid
  local pid since
  read -r pid since 2>/dev/null <"$RUN/$1/pid" || return 1
  [ "$(start_time "$pid")" = "$since" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = systemd-nspawn ] || return 1
  printf '%s\n' "$pid"
}

init_pid() { # NAME: the host's PID 1 as seen from here
  local pid children
  pid=$(nspawn_pid "$1") || return 1
  read -ra children <"/proc/$pid/task/$pid/children"
  [ -n "${children[0]:-}" ] || return 1
  printf '%s\n' "${children[0]}"
}

enter_host() { # NAME CMD...
  local init
  init=$(init_pid "$1") || die "$1 is not up"
  shift
  nsenter -t "$init" -m -u -i -n -p -C -r -w -- "$@"
}

# --- control groups ---------------------------------------------------------------------------------------------

cgroup2_root() { awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts; }

cgroup_roots() { # cgroup2, and name=systemd where version 1 is mounted
  awk '$3 == "cgroup2" { print $2 } $3 == "cgroup" && $4 ~ /(^|,)name=systemd(,|$)/ { print $2 }' /proc/mounts | sort -u
}

set_frozen() { # 0|1 NAME
  local file
  file=$(cgroup2_root)/fleetlab/$2/payload/cgroup.freeze
  [ -e "$file" ] || die "$2 is not up"
  echo "$1" >"$file"
}

# A group on which systemd 258+ once wrote cgroup.kill kills every process cloned into it later, so a host's groups
# are removed between two boots as well.
remove_cgroups() { # NAME
  local root
  for root in $(cgroup_roots); do
    [ -d "$root/fleetlab/$1" ] && find "$root/fleetlab/$1" -depth -type d -exec rmdir {} \; 2>/dev/null
  done
  return 0
}

# --- network ----------------------------------------------------------------------------------------------------

has_namespace() { ip netns list 2>/dev/null | grep -qw "^$1"; }

make_hub() {
  [ "$NET" = netns ] || return 0
  has_namespace "$HUB" && return 0
  ip netns add "$HUB" && ip -n "$HUB" link set lo up && ip -n "$HUB" link add br0 type bridge &&
    ip -n "$HUB" addr add 10.231.255.254/16 dev br0 && ip -n "$HUB" link set br0 up
}

make_namespace() { # NAME ADDRESS
  has_namespace "$1" && return 0
  ip netns add "$1" && ip -n "$1" link set lo up &&
    ip -n "$HUB" link add "v$1" type veth peer name eth0 netns "$1" && ip -n "$HUB" link set "v$1" master br0 up &&
    ip -n "$1" addr add "$2/16" dev eth0 && ip -n "$1" link set eth0 up
}

# --- one host's life ----------------------------------------------------------------------------------------------

prepare_host() { # NAME NUMBER SUITE
  local name=$1 suite=$3 dir=$RUN/$1 root=$RUN/$1/root address user home
  address=$(host_address "$2")
  mkdir -p "$dir/upper" "$dir/work" "$root" || return 1
  mount -t overlay "fleetlab-$name" -o "lowerdir=$BASE/$suite,upperdir=$dir/upper,workdir=$dir/work" "$root" || return 1
  if [ -n "$SEED" ]; then cp -a --no-preserve=ownership "$SEED/." "$root/" || return 1; fi
  echo "$name" >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$name" >"$root/etc/hosts"
  tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
  ssh-keygen -q -t ed25519 -N '' -C "root@$name" -f "$root/etc/ssh/ssh_host_ed25519_key" || return 1
  mkdir -p "$root/etc/ssh/sshd_config.d"
  printf 'ListenAddress %s\nPort 22\nUseDNS no\n' "$address" >"$root/etc/ssh/sshd_config.d/fleet-lab.conf"
  for user in "${USERS[@]}"; do
    home=/home/$user
    [ "$user" = root ] && home=/root
    mkdir -p "$root$home/.ssh" && chmod 700 "$root$home/.ssh" || return 1
    cp "$KEYS/id_ed25519.pub" "$root$home/.ssh/authorized_keys" || return 1
    chroot "$root" chown -R "$user:$user" "$home" || return 1
  done
  printf '%s %s\n' "$address" "$(cut -d' ' -f1,2 "$root/etc/ssh/ssh_host_ed25519_key.pub")" >>"$RUN/known_hosts"
  printf '%s %s %s\n' "$suite" "$address" "$NET" >"$dir/meta"
}

boot_host() { # NAME
  local name=$1 dir=$RUN/$1 options=() pid try
  read_meta "$name"
  if [ "$HOST_NET" = netns ]; then
    make_namespace "$name" "$ADDRESS" || return 1
    options+=(--network-namespace-path="/run/netns/$name")
  fi
  date +%s.%N >"$dir/began"
  ( # a process of its own: the change of group and the exec concern only it
    for root in $(cgroup_roots); do
      mkdir -p "$root/fleetlab/$name" || exit 1
      echo "$BASHPID" >"$root/fleetlab/$name/cgroup.procs" || exit 1
    done
    exec 3<&- 9>&- # the lock must not live on in the host
    export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
    exec setsid systemd-nspawn --quiet --register=no --keep-unit --machine="$name" --hostname="$name" --boot \
      --directory="$dir/root" --console=pipe --link-journal=no --resolv-conf=off --timezone=off \
      "${options[@]}" </dev/null >"$dir/console.log" 2>&1
  ) &
  pid=$!
  disown "$pid" 2>/dev/null
  for ((try = 0; try < 100; try++)); do # exec keeps the pid: wait until it has happened
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = systemd-nspawn ] && break
    sleep 0.02
  done
  printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$dir/pid"
}

greets() { # ADDRESS: does an sshd answer?
  local prefix=() banner
  [ "$HOST_NET" = netns ] && prefix=(ip netns exec "$HUB")
  # shellcheck disable=SC2016 # the inner shell expands these
  banner=$("${prefix[@]}" timeout 2 bash -c 'exec 3<>"/dev/tcp/$0/22" && IFS= read -r line <&3 && printf "%s" "$line"' \
    "$1" 2>/dev/null)
  [[ $banner == SSH-2.0-* ]]
}

last_words() { tail -n 3 "$RUN/$1/console.log" 2>/dev/null | tr '\n' '|'; }

# Waits until the boot has ended, not only for the greeting: before systemd-user-sessions, sshd refuses all but root.
await_host() { # NAME
  local name=$1 dir=$RUN/$1 end=$((SECONDS + BOOT_TIMEOUT)) init state
  read_meta "$name"
  while [ "$SECONDS" -lt "$end" ]; do
    if ! nspawn_pid "$name" >/dev/null; then
      say "$name died: $(last_words "$name")"
      return 1
    fi
    if greets "$ADDRESS"; then
      init=$(init_pid "$name") || continue
      state=$(timeout "$BOOT_TIMEOUT" nsenter -t "$init" -m -u -i -p -C -r -w -- \
        systemctl is-system-running --wait 2>/dev/null)
      case $state in
        running | degraded)
          echo "$state" >"$dir/state"
          awk -v a="$(cat "$dir/began")" -v b="$(date +%s.%N)" 'BEGIN { printf "%.2f\n", b - a }' >"$dir/boot_s"
          return 0
          ;;
      esac
    fi
    sleep 0.1
  done
  say "$name gave no answer in $BOOT_TIMEOUT s: $(last_words "$name")"
  return 1
}

kill_cgroup() { # NAME
  local file
  file=$(cgroup2_root)/fleetlab/$1/cgroup.kill
  [ -e "$file" ] && echo 1 >"$file"
  return 0
}

# The kernel ends a pid namespace with its PID 1; nspawn then leaves by itself.
signal_host() { # NAME
  local root init
  for root in $(cgroup_roots); do
    [ -e "$root/fleetlab/$1/payload/cgroup.freeze" ] && echo 0 >"$root/fleetlab/$1/payload/cgroup.freeze" 2>/dev/null
  done
  if init=$(init_pid "$1"); then
    kill -KILL "$init" 2>/dev/null
  else
    kill_cgroup "$1" # no trusted pid: `up` itself was killed at a bad moment
  fi
  return 0
}

stop_host() { # NAME: returns once nspawn and all of the host's group have ended
  local name=$1 events try
  events=$(cgroup2_root)/fleetlab/$1/cgroup.events
  signal_host "$name"
  for ((try = 0; try < 80; try++)); do
    if ! nspawn_pid "$name" >/dev/null && ! grep -qs 'populated 1' "$events"; then return 0; fi
    [ "$try" = 40 ] && kill_cgroup "$name"
    sleep 0.05
  done
  say "$name does not end; see $events"
  return 1
}

clear_host() { # NAME
  local dir=$RUN/$1
  if mountpoint -q "$dir/root"; then umount "$dir/root" 2>/dev/null || umount -l "$dir/root"; fi
  remove_cgroups "$1"
  has_namespace "$1" && ip netns del "$1"
  mountpoint -q "$dir/root" || rm -rf --one-file-system "$dir"
}

# --- commands -------------------------------------------------------------------------------------------------------

print_fleet() {
  local name state
  printf 'fleet:\n  known_hosts: %s\n  identity: %s\n' "$RUN/known_hosts" "$KEYS/id_ed25519"
  [ "$NET" = netns ] && printf '  client_prefix: ip netns exec %s\n' "$HUB"
  printf '  hosts:\n'
  for name in $(list_hosts); do
    read_meta "$name"
    state=down
    nspawn_pid "$name" >/dev/null && state=up
    printf '  - {name: %s, address: %s, port: 22, suite: %s, state: %s, systemd: %s, boot_s: %s}\n' "$name" "$ADDRESS" \
      "$SUITE" "$state" "$(cat "$RUN/$name/state" 2>/dev/null || echo unknown)" \
      "$(cat "$RUN/$name/boot_s" 2>/dev/null || echo null)"
  done
}

make_keys() {
  mkdir -p "$KEYS"
  chmod 700 "$KEYS"
  [ -e "$KEYS/id_ed25519" ] && return 0
  ssh-keygen -q -t ed25519 -N '' -C fleet-lab -f "$KEYS/id_ed25519" || die "ssh-keygen failed"
}

# A systemd host holds about six inotify instances, all of one root user: the kernel's 128 end at 22 hosts.
raise_inotify() { # COUNT
  local file=/proc/sys/fs/inotify/max_user_instances have need=$((128 + 16 * $1))
  have=$(cat "$file")
  [ "$have" -ge "$need" ] && return
  echo "$have" >"$RUN/inotify_was"
  echo "$need" >"$file" || say "cannot raise $file from $have: expect failures past $((have / 6)) hosts"
}

run_build() { # [SUITE...]
  local suite failed=0
  for suite in "$@"; do build_image "$suite" || failed=1; done
  return $failed
}

run_up() { # N [SUITE...]
  local count=${1:-} suite usable=() number name failed=0 waits=() pid
  [[ $count =~ ^[1-9][0-9]*$ ]] || usage
  shift
  [ $# -gt 0 ] || set -- "${SUITES[@]}"
  [ -z "$(list_hosts)" ] || die "a fleet is up, or was left behind: run 'down' first"
  [ -n "$(cgroup2_root)" ] || die "cgroup2 is not mounted (mount -t cgroup2 none /sys/fs/cgroup/unified)"
  grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || die "this kernel has no overlayfs"
  for suite in "$@"; do
    if build_image "$suite"; then usable+=("$suite"); else say "suite $suite is left out"; fi
  done
  [ ${#usable[@]} -gt 0 ] || die "no base image could be built"
  make_keys
  mkdir -p "$RUN"
  : >"$RUN/known_hosts"
  raise_inotify "$count"
  make_hub || die "cannot make network namespace $HUB"
  for ((number = 1; number <= count; number++)); do
    name=$(printf 'fl%03d' "$number")
    if ! { prepare_host "$name" "$number" "${usable[(number - 1) % ${#usable[@]}]}" && boot_host "$name"; }; then
      say "$name could not be started"
      failed=1
      continue
    fi
    await_host "$name" &
    waits+=($!)
    while [ "$(jobs -rp | wc -l)" -ge "$PARALLEL" ]; do wait -n || true; done
  done
  for pid in "${waits[@]}"; do wait "$pid" || failed=1; done
  print_fleet
  return $failed
}

run_start() { # NAME
  need_host "$1"
  nspawn_pid "$1" >/dev/null && die "$1 is up"
  stop_host "$1" && remove_cgroups "$1" && rm -f "$RUN/$1/state" "$RUN/$1/boot_s" && boot_host "$1" && await_host "$1"
}

run_down() { # [--purge]
  local name root point failed=0
  for name in $(list_hosts); do signal_host "$name"; done # all at once, then one by one
  for name in $(list_hosts); do
    if stop_host "$name"; then clear_host "$name"; else failed=1; fi
  done
  [ -e "$RUN/inotify_was" ] && cat "$RUN/inotify_was" >/proc/sys/fs/inotify/max_user_instances
  # half-made hosts are mounted and have no meta file yet
  while read -r point; do
    umount "$point" 2>/dev/null || umount -l "$point"
  done < <(awk -v p="$RUN/" 'index($2, p) == 1 { print $2 }' /proc/mounts)
  has_namespace "$HUB" && ip netns del "$HUB"
  for root in $(cgroup_roots); do [ -d "$root/fleetlab" ] && rmdir "$root/fleetlab" 2>/dev/null; done
  if [ $failed = 0 ] && ! grep -qF " $RUN/" /proc/mounts; then
    rm -rf --one-file-system "$RUN"
  else
    failed=1
  fi
  if [ "${1:-}" = --purge ] && [ $failed = 0 ]; then rm -rf --one-file-system "$BASE" "$LAB/debs" "$KEYS"; fi
  return $failed
}

run_stats() {
  local name pid pss count group
  for name in $(list_hosts); do
    read_meta "$name"
    group=$(cgroup2_root)/fleetlab/$name
    pss=0
    count=0
    while read -r pid; do
      [ "$pid" = 0 ] && continue
      pss=$((pss + $(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup" 2>/dev/null || echo 0)))
      count=$((count + 1))
    done < <(find "$group/payload" -name cgroup.procs -exec cat {} + 2>/dev/null)
    printf '%s suite=%s processes=%d pss_mb=%d cpu_s=%s disk_mb=%s boot_s=%s\n' "$name" "$SUITE" "$count" \
      $((pss / 1024)) "$(awk '/^usage_usec/ { printf "%.2f", $2 / 1e6 }' "$group/cpu.stat" 2>/dev/null)" \
      "$(du -sm "$RUN/$name/upper" | cut -f1)" "$(cat "$RUN/$name/boot_s" 2>/dev/null)"
  done
}

usage() {
  sed -n '4,13s/^# *//p' "$0" >&2
  exit 2
}

command=${1:-}
[ $# -gt 0 ] && shift
case $command in
  build | up | down | kill | start)
    [ "$(id -u)" = 0 ] || die "needs root"
    need_tools
    mkdir -p "$LAB" "$BASE"
    exec 9>"$LAB/.lock"
    flock -w 900 9 || die "another fleet-lab works in $LAB"
    ;;
esac
first=$(list_hosts | head -n1)
if [ -n "$first" ]; then # a fleet that is up decides the network mode, not the environment
  read_meta "$first"
  NET=$HOST_NET
fi
case $command in
  build)
    [ $# -gt 0 ] || set -- "${SUITES[@]}"
    run_build "$@"
    ;;
  up) run_up "$@" ;;
  list) print_fleet ;;
  exec)
    [ $# -ge 2 ] || usage
    need_host "$1"
    enter_host "$@" <&3 3<&-
    ;;
  freeze | thaw)
    need_host "${1:-}"
    if [ "$command" = freeze ]; then set_frozen 1 "$1"; else set_frozen 0 "$1"; fi
    ;;
  kill)
    need_host "${1:-}"
    stop_host "$1"
    ;;
  start) run_start "${1:-}" ;;
  stats) run_stats ;;
  down) run_down "${1:-}" ;;
  *) usage ;;
esac
