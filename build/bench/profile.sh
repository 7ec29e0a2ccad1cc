# Where the time goes: one run of each kind with the statements that PostgreSQL ran for it. Sourced by bench.sh.

section_profile() {
  local kind
  sql stet -c 'create extension if not exists pg_stat_statements'
  for kind in unique superseding facts context; do
    sql stet -c 'select pg_stat_statements_reset()' >/dev/null
    batches >"$work/batches.before"
    case $kind in
      unique) profile_run corrections run="p$RANDOM$RANDOM" fields=0 ;;
      superseding) profile_run corrections run="p$RANDOM$RANDOM" fields=$((subjects * 5)) ;;
      facts) profile_run facts path=/v1/facts subjects=$subjects ;;
      context) profile_run facts path=/v1/facts/context subjects=$subjects ;;
    esac
    echo
    echo "$kind, 64 connections: $(grouped "$(values "profile-$kind" 4 | tail -n 1)")/s; CPU ms per answer, service + PostgreSQL + client: $(cpu "profile-$kind")"
    batches | paste "$work/batches.before" - | awk '$5 > $2 {
      printf "batches: %d, %.1f commands and %.2f ms each on average\n", $5 - $2, ($6 - $3) / ($5 - $2), ($4 - $1) * 1000 / ($5 - $2) }'
    sql stet -F $'\t' -c "
      select calls, round(total_exec_time), round((total_exec_time / calls)::numeric, 4), rows,
        left(regexp_replace(query, '\s+', ' ', 'g'), 90)
      from pg_stat_statements where calls > 10 order by total_exec_time desc limit 14" |
      awk -F'\t' 'BEGIN { print "   calls  total ms  mean ms      rows  statement" } { printf "%8d %9d %8.3f %9d  %s\n", $1, $2, $3, $4, $5 }'
  done
}

profile_run() { run_wrk "profile-$kind" 1 "$service_pid" "$service_url" 64 "$((seconds * 2))" "$@"; }

# Seconds, batches and commands that the writer has counted.
batches() {
  curl -s "$service_url/metrics" | awk '
    /^stet_store_batch_duration.*_sum/ { seconds = $2 }
    /^stet_store_batch_size.*_count/ { count = $2 }
    /^stet_store_batch_size.*_sum/ { commands = $2 }
    END { print seconds, count, commands }'
}
