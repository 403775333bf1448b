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
