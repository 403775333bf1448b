#!/bin/sh
# Stand-in for uname on a host of the demo fleet.
here=${0%/*}
case $* in
  -n) exec cat "$here/out/hostname" ;;
  -r) exec cat "$here/out/kernel" ;;
  '' | -s) echo Linux ;;
  -m) echo x86_64 ;;
  *) exit 1 ;;
esac
