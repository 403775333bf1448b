#!/bin/sh
# ForceCommand of the simulated hosts: sshd's real login, then the tree of the address that was connected to.
# The command arrives as on any host and is executed as it is, with one insertion: what it reads as the probe passes
# `sed`, which replaces the probe's line `cd / …` by one that enters the tree, as fleetscan.demo.relay does.
set -f
# shellcheck disable=SC2086  # four words: client address, its port, own address, own port
set -- "$1" $SSH_CONNECTION
ROOT=$1/$4
CONFINE="s|^cd / .*|PATH=$ROOT/.shim:\$PATH; export PATH; cd $ROOT \|\| exit 125|"
export CONFINE
# shellcheck disable=SC2016  # these are expanded on the other side
command=$(printf '%s\n' "$SSH_ORIGINAL_COMMAND" | sed 's/head -c "$4"/& | sed "$CONFINE"/')
cd "$ROOT" || exit 125
PATH=$ROOT/.shim:/usr/sbin:/usr/bin:/sbin:/bin exec /bin/sh -c "$command"
