#!/bin/sh
# Stand-in for hostname on a host of the demo fleet.
exec cat "${0%/*}/out/hostname"
