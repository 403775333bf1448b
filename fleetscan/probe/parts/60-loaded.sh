# --- what the system's manager has in memory --------------------------------------------------------------------------
if [ $booted = 1 ]; then
  allow 15 10
  TEXT=$text
  ask_loaded system ask_system "$walk"
  # The states of timers, of what they start, and of services that somebody placed. systemd takes a backslash in a
  # pattern as it is. Not of thousands: each state costs process 1 a search through all of them.
  if [ "$MANY" = 1 ] || late; then
    emit unit-files truncated system ''
  else
    # shellcheck disable=SC2086  # one name a line, globbing is off
    set -- $STATES
    case $text in '['*) set -- --output=json list-unit-files -- '*.timer' "$@" ;; *) set -- list-unit-files -- '*.timer' "$@" ;; esac
    capture 8388608 ask_system "$@"
    tell_unit_files system
  fi
fi
