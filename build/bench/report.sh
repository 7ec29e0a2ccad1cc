# The machine, and the table from the raw file. Sourced by bench.sh.

describe_machine() {
  echo "- $(nproc) cores of $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB of memory, data on $(stat -f -c %T "$work"), Linux $(uname -r); service, PostgreSQL and load share them"
  echo "- Stet $(git -C "$root" describe --always --dirty), .NET $(dotnet --version), compiled $compiled; rate limits raised to 1,000,000/s; one tenant"
  echo "- $(sql postgres -c 'show server_version' | sed 's/^/PostgreSQL /'): $(sql postgres -c "
    select string_agg(name || ' ' || current_setting(name), ', ' order by n) from unnest(array['fsync', 'synchronous_commit',
      'full_page_writes', 'wal_sync_method', 'wal_compression', 'wal_buffers', 'max_wal_size', 'min_wal_size', 'checkpoint_timeout',
      'shared_buffers', 'autovacuum']) with ordinality s(name, n)")"
  echo "- medians of $rounds runs of $seconds s each; $( ((rounds >= 5)) || echo 'a smoke run: not to be quoted; ')load average before: $load_before"
}

# Durability is never relaxed to win.
refuse_unsafe() {
  local unsafe
  unsafe=$(sql postgres -c "select string_agg(name, ', ') from pg_settings
    where name in ('fsync', 'synchronous_commit', 'full_page_writes') and setting <> 'on'")
  [[ -z $unsafe ]] || fail "not durable, so not measured: $unsafe is off"
  [[ $(stat -f -c %T "$work") != tmpfs ]] || fail "$work is in memory, so not measured: name a folder on a disk with --dir"
}

# values NAME COLUMN: of each round.
values() { awk -F'\t' -v name="$1" -v column="$2" '$1 == name { print $column }' "$raw"; }

median() { sort -g | awk '{ v[NR] = $1 } END { if (NR) print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }

# ratio NAME OTHER COLUMN: median over the rounds of one by the other of the same round.
ratio() {
  awk -F'\t' -v name="$1" -v other="$2" -v column="$3" '
    $1 == name { a[$2] = $column }
    $1 == other { b[$2] = $column }
    END { for (r in a) if (b[r] > 0) print a[r] / b[r] }' "$raw" | median
}

# holds A OPERATOR B: a comparison of decimals.
holds() { awk "BEGIN { exit !($1 $2 $3) }"; }

verdict() { if holds "$@"; then echo yes; else echo "no"; fi; }

# Digits in threes.
grouped() { printf "%.0f" "$1" | sed -E ":a; s/([0-9])([0-9]{3})($|,)/\1,\2\3/; ta"; }

line() { (IFS='|'; echo "|$*|") | sed 's/|/ | /g; s/^ | /| /; s/ | $/ |/'; }

# CPU milliseconds for each answer: service, PostgreSQL, client.
cpu() {
  awk -F'\t' -v name="$1" '
    $1 == name { answers += $3; for (i = 8; i <= 10; i++) if ($i == "-") none[i] = 1; else used[i] += $i }
    END { for (i = 8; i <= 10; i++) printf "%s%s", (i > 8 ? " + " : ""), none[i] ? "-" : sprintf("%.3f", used[i] * 1000 / answers) }' "$raw"
}

# row WHAT NAME GOAL MET [NOTE]: a line of the table, from the runs of that name.
row() {
  local failures
  [[ -n $(values "$2" 1) ]] || return 0
  failures=$(values "$2" 7 | awk '{ sum += $1 } END { print sum }')
  if ((failures > 0)); then
    line "$1" "FAILED: $failures answers were errors" "" "" "" "$3" no
    failed=true
    return
  fi
  line "$1" "$(grouped "$(values "$2" 4 | median)")/s${5:+, $5}" "$(printf '%.2f ms' "$(values "$2" 5 | median)")" \
    "$(printf '%.2f ms' "$(values "$2" 6 | median)")" "$(cpu "$2")" "$3" "$4"
}

# row_with_goal WHAT NAME PER_SECOND [P99_MS]: 0 per second is no goal.
row_with_goal() {
  local met=no goal
  goal=$(grouped "$3")/s${4:+, p99 < $4 ms}
  goal=${goal#0/s, }
  [[ -n $(values "$2" 1) ]] || return 0
  if holds "$(values "$2" 4 | median)" '>=' "$3" && holds "$(values "$2" 6 | median)" '<' "${4:-1e9}"; then met=yes; fi
  row "$1" "$2" "$goal" "$met"
}

# row_by_ceiling WHAT NAME SHARE [P99_MS]: against pgbench with 32 clients in the same round.
row_by_ceiling() {
  local met=no by
  [[ -n $(values "$2" 1) ]] || return 0
  by=$(ratio "$2" pgbench-32 4)
  if [[ -z ${3:-} ]]; then
    row "$1" "$2" '' '' "$(printf '%.2f x' "$by")"
    return
  fi
  if holds "$by" '>=' "$3" && holds "$(values "$2" 6 | median)" '<' "${4:-1e9}"; then met=yes; fi
  row "$1" "$2" "$3 x${4:+, p99 < $4 ms}" "$met" "$(printf '%.2f x' "$by")"
}

# row_by_plain WHAT KIND: what the audit log costs, by the rate with it over the rate without, of the same round.
row_by_plain() {
  local by
  [[ -n $(values "plain-$2" 1) ]] || return 0
  by=$(ratio "commands-$2" "plain-$2" 4)
  row "$1" "plain-$2" 'with the log >= 0.9 x' "$(verdict "$by" '>=' 0.9)" "$(printf 'with the log %.2f x' "$by")"
}

# row_by_receipt WHAT CONNECTIONS: how much longer a write with a receipt takes than without, at p50 and at p99.
row_by_receipt() {
  local met=no p50 p99
  [[ -n $(values "audit-receipt-$2" 1) ]] || return 0
  more() { awk "BEGIN { print $(values "audit-receipt-$1" "$2" | median) - $(values "audit-plain-$1" "$2" | median) }"; }
  p50=$(more "$2" 5) p99=$(more "$2" 6)
  if holds "$p50" '<' 1 && holds "$p99" '<' 1; then met=yes; fi
  row "$1" "audit-receipt-$2" 'p50 and p99 < 1 ms more' "$met" "$(printf 'p50 %+.2f ms, p99 %+.2f ms' "$p50" "$p99")"
}

# row_plain WHAT NAME GOAL PER_SECOND: a rate without latencies.
row_plain() {
  local rate
  rate=$(values "$2" 4 | median)
  [[ -z $rate ]] || line "$1" "$(grouped "$rate")/s" '' '' '' "$3" "$(verdict "$rate" '>=' "$4")"
}

# row_limit WHAT NAME UNIT LIMIT: a time that has a limit.
row_limit() {
  local time
  time=$(values "$2" 4 | median)
  [[ -z $time ]] || line "$1" "$(printf '%.2f' "$time") $3" '' '' '' "${4:+<= $4 $3}" "${4:+$(verdict "$time" '<=' "$4")}"
}

# row_by_empty WHAT KIND: submissions beside stored ids, by rate and p99 without them in the same round.
row_by_empty() {
  local by later met=no
  [[ -n $(values "pcs-full-$2" 1) ]] || return 0
  by=$(ratio "pcs-full-$2" "pcs-$2" 4)
  later=$(ratio "pcs-full-$2" "pcs-$2" 6)
  if holds "$by" '>=' 0.8 && holds "$later" '<=' 1.2; then met=yes; fi
  row "$1" "pcs-full-$2" '>= 0.8 x, p99 <= 1.2 x' "$met" "$(printf '%.2f x, p99 %.2f x' "$by" "$later")"
}

# row_by_size WHAT NAME FIRST COLUMN: rate (4) or p50 (5) against the same at the first size, in the same round.
row_by_size() {
  local by what=rate goal='>= 0.8 x' met
  [[ -n $(values "$2" 1) ]] || return 0
  if [[ $2 == "$3" ]]; then
    row "$1" "$2" '' ''
    return
  fi
  by=$(ratio "$2" "$3" "$4")
  met=$(verdict "$by" '>=' 0.8)
  if [[ $4 == 5 ]]; then
    what='p50' goal='p50 <= 1.2 x'
    met=$(verdict "$by" '<=' 1.2)
  fi
  row "$1" "$2" "$goal" "$met" "$(printf '%s %.2f x' "$what" "$by")"
}

print_table() {
  local kind state size name what pausing=", $pause ms between answer and request"
  failed=false
  line what 'figure (median)' p50 p99 'CPU ms per answer: service + PostgreSQL + client' goal 'met?'
  line --- --- --- --- --- --- ---
  for n in 1 8 32; do row "pgbench, one-row INSERT, $n clients" "pgbench-$n" '' ''; done
  for kind in unique superseding; do
    row_by_ceiling "commands in process, $kind, 1 caller" "commands-$kind-1"
    row_by_ceiling "commands in process, $kind, 8 callers" "commands-$kind-8"
    row_by_ceiling "commands in process, $kind, 32 callers" "commands-$kind-32" 0.7 5
    row_by_ceiling "commands in process, $kind, 256 callers" "commands-$kind-256" 1.0
    row_by_plain "commands in process, $kind, 32 callers, without the audit log" "$kind-32"
    row_by_plain "commands in process, $kind, 256 callers, without the audit log" "$kind-256"
  done
  row 'commands in process, unique, 256 callers, 1,000 tenants' commands-tenants-256 '' ''
  row_by_plain 'commands in process, unique, 256 callers, 1,000 tenants, without the audit log' tenants-256
  for n in 16 64; do
    row_with_goal "POST /v1/corrections, unique, $n connections" "http-unique-$n" 10000 15
    row_with_goal "POST /v1/corrections, superseding, $n connections" "http-superseding-$n" 10000 15
    row_with_goal "GET /v1/facts, 5 facts, $n connections" "http-facts-$n" 12000 10
    row "GET /v1/facts/context, 200, $n connections" "http-context-$n" '' ''
    row "GET /v1/facts/context, 304, $n connections" "http-unchanged-$n" '' ''
    row "POST /v1/enforcement/heartbeat, 10 systems, $n connections" "http-heartbeat-$n" '' ''
    row_with_goal "GET /v1/enforcement/status, 10 systems, $n connections" "http-status-$n" 20000
    row "GET /v1/enforcement/escalation, 10 systems, $n connections" "http-escalation-$n" '' ''
  done
  name=$(values memory 4 | median)
  if [[ -n $name ]]; then
    line 'memory of the service, peak in 64-connection runs' "$(printf '%.0f MB' "$name")" '' '' '' '< 250 MB' "$(verdict "$name" '<' 250)"
  fi
  row_with_goal 'GET audit/proof of a random event, 16 connections' audit-proof 0 10
  row_with_goal 'the same from an empty cache, 16 connections' audit-proof-first 0 10
  for n in 1 16 paced; do
    what="$n connections"
    if [[ $n == paced ]]; then what="16 connections$pausing"; fi
    row "POST /v1/corrections on that log, $what" "audit-plain-$n" '' ''
    row_by_receipt "the same with a receipt, $what" "$n"
  done
  row_plain 'leaf hash and peaks of ready entries, one core' audit-leaves '>= 1,000,000/s' 1000000
  row_plain 'stet audit verify of an export, entries' audit-verify '>= 100,000/s (1 M in 10 s)' 100000
  row_plain 'stet audit selfcheck, entries' audit-selfcheck '>= 16,667/s (1 M in 60 s)' 16667
  row_limit 'PCS document of 0.1 verified in process, one core' 'pcs-0.1, A-bytes' µs 25
  row_limit 'PCS document of 0.1, form G, one core' 'pcs-0.1, G-bytes' µs 25
  row_limit 'PCS document of 1.0 verified in process, one core' 'pcs-1.0, HS256' µs 25
  row_limit 'N_j of a million points at four scales' 'pcs-N_j at 2, 4, 8, 16' s ''
  row_limit 'Merkle root and r of a million rows' 'pcs-raw stream: root and r' s ''
  row_limit 'both: N_j and r of a million points' pcs-signals s 2
  row_limit 'coh★ of a million points, 100 directions' 'pcs-coh★ of 100 directions' s 10
  for n in 16 64; do
    row_with_goal "POST /v1/pcs/submit, unique signed documents, $n connections" "pcs-unique-$n" 10000 15
    row_with_goal "POST /v1/pcs/submit, duplicates, $n connections" "pcs-duplicate-$n" 15000
    row_by_empty "unique, beside $(grouped "$pcs_stored") stored ids, $n connections" "unique-$n"
    row_by_empty "duplicates, beside $(grouped "$pcs_stored") stored ids, $n connections" "duplicate-$n"
  done
  row_limit 'Cedar, 1,000 policies, one core: p50' policy-p50-1000 µs 2
  row_limit 'Cedar, 1,000 policies, one core: p99' policy-p99-1000 µs 10
  row_limit 'Cedar, 1,000 policies: allocated per decision' policy-bytes-1000 bytes 1024
  row_limit 'Cedar, 10,000 policies, one core: p50' policy-p50-10000 µs 50
  row_limit 'Cedar, 10,000 policies, one core: p99' policy-p99-10000 µs ''
  row_limit 'Cedar, 10,000 policies: allocated per decision' policy-bytes-10000 bytes 1024
  row_with_goal 'POST /access/v1/evaluation, recorded, 16 connections' policy-http-16 0 5
  row_with_goal 'POST /access/v1/evaluation, recorded, 64 connections' policy-http-64 10000
  row_with_goal "POST /access/v1/evaluation, recorded, 16 connections$pausing" policy-http-paced 0 5
  row_plain "dry run of $(grouped "$decisions") recorded decisions under other rules, from the command line" policy-dry-run \
    '>= 100,000/s (1 M in 10 s)' 100000
  for state in fresh settled; do
    for size in "${sizes[@]}"; do
      name=$(grouped "$size") first=${sizes[0]}-$state
      row_by_size "commands in process, unique, 32 callers, $name events, $state" "growth-unique-$size-$state" "growth-unique-$first" 4
      row_by_size "commands in process, superseding, 32 callers, $name events, $state" "growth-superseding-$size-$state" "growth-superseding-$first" 4
      row_by_size "GET /v1/facts, 16 connections, $name events, $state" "growth-facts-$size-$state" "growth-facts-$first" 5
    done
  done
}
