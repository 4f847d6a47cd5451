# For scripts in a guest in which jnvmet itself runs. $CHECKOUT and $JAVA_HOME are those
# of the machine outside. Builds on guest-lib.sh and tree-lib.sh.
tree=/run/tree log=/run/jnvmet.log control=/run/jnvmet.sock state=/run/jnvmet.state
export JNVMET_BUILD=never
# A processor that is emulated pays dearly for code that is made as it runs: what
# lives long compiles little and late, what lives short nothing.
serve_options="-XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10 -Xmx128m"
command_options="-Xint -Xmx128m"

jnvmet() { JNVMET_JAVA_OPTS=$command_options "$CHECKOUT/jnvmet" "$@"; }
working_jnvmet() { JNVMET_JAVA_OPTS=$serve_options "$CHECKOUT/jnvmet" "$@"; } # for commands with work to do
start_jnvmet() { # [OPTION...]: with an empty tree, mounted; waits for it
  echo '{"hosts": [], "ports": [], "subsystems": []}' >/run/empty.json
  rm -rf "$state"
  restart_jnvmet "$@"
}
restart_jnvmet() { # [OPTION...]: with the tree that it had when it ended
  umount -l "$tree" 2>/dev/null || true
  mkdir -p "$tree"
  JNVMET_JAVA_OPTS=$serve_options setsid "$CHECKOUT/jnvmet" serve --config /run/empty.json --state "$state" --mount "$tree" --control "$control" --threads 2 "$@" \
    </dev/null >>"$log" 2>&1 &
  echo $! >/run/jnvmet.pid
  wait_until 150 jnvmet_serves || { cat "$log"; return 1; }
}
jnvmet_serves() { [[ -d $tree/subsystems ]]; } # no program for it: to start one takes long here
jnvmet_ended() { [[ ! -e /proc/$(</run/jnvmet.pid)/exe ]]; }
stop_jnvmet() { # [SIGNAL]
  kill "-${1:-TERM}" "$(</run/jnvmet.pid)"
  wait_until 30 jnvmet_ended
  umount -l "$tree" 2>/dev/null || true # whoever is killed leaves a dead mount
}
refused() { # ERRNO_TEXT FILE VALUE: the write fails so, and last_error says why
  local said
  if said=$( (echo "$3" >"$2") 2>&1); then
    echo "$3 was taken by $2"
    return 1
  fi
  echo "$said"
  cat "$(dirname "$2")/last_error"
  [[ $said = *"$1"* ]]
}
