emit ready ok system "frames=$N
clock=$(date +%s)"

# --- contents, asked for by number in the list of hashes: what was not walked cannot be asked for ------------------
while IFS= read -r request; do
  case $request in
  'fetch '*[!0-9\ ]* | 'fetch ' | 'fetch  '* | *'  '* | *' ') break ;;
  'fetch '*) numbers=${request#fetch } ;;
  *) break ;;
  esac
  wanted=$(printf '%s\n' "$HASHES" | sed -n "$(printf '%s' "$numbers" | sed 's/ /p;/g')p")
  set --
  for line in $wanted; do
    path=${line#*[ *][ *]}
    case $line in \\*) path=$(printf '%b' "$path") ;; esac
    [ -f "$path" ] && [ ! -L "$path" ] && set -- "$@" "$path"
  done
  if [ $# -gt 0 ]; then
    OUT=$(limit head -q -c 4194304 -- "$@" 2>/dev/null </dev/null | head -c 8388608 | base64)
    emit content ok "$numbers" "$OUT"
  else
    emit content denied "$numbers" ''
  fi
done
emit end ok system ''
times # of this shell and all it started; must not run in a subshell
