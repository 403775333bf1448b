# --- what the managers have in memory -----------------------------------------------------------------------------
if [ $booted = 1 ]; then
  allow 15 10
  # Only of what is in memory. Asked about another unit, process 1 would load its files, and systemd 247 ends by an
  # assertion over some that are wrong: a look must not kill a host. What only lies on disk, the files tell.
  capture 2097152 ask_system list-units --plain --no-legend -- '*.timer'
  names=$(printf '%s\n%s\n' "$text" "$OUT" | timer_names)
  ask_loaded system ask_system "$names"
  # The states of timers, of what they start, and of services that somebody placed. systemd takes a backslash in a
  # pattern as it is. Not of thousands: each state costs process 1 a search through all of them.
  # shellcheck disable=SC2046  # one name a line, globbing is off
  set -- $({
    printf '%s\n' "$timers" | sed -n 's/^Unit=//p'
    printf '%s\n%s\n' "$names" "$(printf '%s\n' "$walk" | timer_names)" | sed 's/timer$/service/'
    printf '%s\n' "$walk" | placed_services | head -n 1000
  } | sort -u)
  if [ "$(printf '%s\n' "$walk" | timer_names | grep -c .)" -gt 1000 ] || late; then
    emit unit-files truncated system ''
  else
    list_unit_files ask_system '*.timer' "$@"
    emit unit-files "$STATUS" system "$OUT"
  fi
  # ended UID: that user's manager has ended or is about to, as it does ten seconds after the last logout. The system's manager
  # says so, which the user cannot make it say.
  ended() {
    capture 4096 ask_system show -p ActiveState -- "user@$1.service"
    case $OUT in *=inactive* | *=deactivating* | *=failed*) return 0 ;; esac
    return 1
  }
  # Managers of users that run already: spoken to through their own socket, as that user; nothing is started, no PAM.
  allow 15 5
  for r in $runtimes; do
    case $r in ok:*[!0-9]*) continue ;; ok:?*) uid=${r#ok:} ;; *) continue ;; esac
    [ -d "run/user/$uid/systemd" ] || continue
    name=$(printf '%s\n' "$passwd" | sed -n "s/^\([^:]*\):$uid:.*/\1/p" | head -n 1)
    gid=$(printf '%s\n' "$passwd" | sed -n "s/^[^:]*:$uid:\([0-9]*\):.*/\1/p" | head -n 1)
    if [ -z "$name" ] || [ -z "$gid" ] || [ ! -S "run/user/$uid/systemd/private" ]; then
      ended "$uid" && continue
      emit timers-text failed-1 "user:${name:-$uid}" ''
      continue
    fi
    if [ "$uid" != "$UID_" ] && ! command -v setpriv >/dev/null 2>&1; then
      emit timers-text missing "user:$name" ''
      continue
    fi
    STATUS=ok
    case $HUNG in *"$NL$uid$NL"*) STATUS=timeout ;; esac
    if late || [ "$STATUS" = timeout ]; then
      emit timers-text timeout "user:$name" ''
      STATUS=timeout
    else
      ask_timers "user:$name" ask_user
    fi
    if [ "$STATUS" = timeout ]; then
      emit loaded timeout "user:$name" ''
      emit unit-files timeout "user:$name" ''
      continue
    fi
    answered=$STATUS
    ask_loaded "user:$name" ask_user "$(printf '%s\n' "$TEXT" | timer_names)"
    answered=$answered:$STATUS
    list_unit_files ask_user '*.timer'
    emit unit-files "$STATUS" "user:$name" "$OUT"
    case $answered:$STATUS in
    ok:ok:ok) ;;
    *) ended "$uid" && emit ended ok "user:$name" '' ;;
    esac
  done
fi
