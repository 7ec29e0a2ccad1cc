# Single runs; each adds a line to the raw file. Sourced by bench.sh.
#
# raw file, tab-separated: name, round, answers, answers per second, p50 ms, p99 ms, failures, then CPU seconds of the
# service, of PostgreSQL and of the client. In-process commands have no client: theirs is the service's column.

record() { (IFS=$'\t'; echo "$*") >>"$raw"; }

# CPU ticks that a process has used.
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }

# CPU ticks that PostgreSQL has used, ended processes included: those the main process counts as its own, so none may end
# while the sum is taken.
postgres_ticks() {
  local children sum
  sleep 0.2
  while true; do
    children=$(pgrep -P "$postmaster_pid" || true)
    sum=$({
      awk '{ sub(/.*\) /, ""); print $12 + $13 + $14 + $15 }' "/proc/$postmaster_pid/stat"
      for pid in $children; do ticks "$pid" 2>/dev/null || true; done
    } | awk '{ sum += $1 } END { print sum }')
    [[ $children == "$(pgrep -P "$postmaster_pid" || true)" ]] && break
  done
  echo "$sum"
}

seconds_of() { awk -v ticks="$1" -v hertz="$(getconf CLK_TCK)" 'BEGIN { printf "%.2f", ticks / hertz }'; }

# Runs a command; its output is $output, its own CPU time $client_cpu, PostgreSQL's $postgres_cpu.
observe() {
  local before TIMEFORMAT='%3U %3S'
  before=$(postgres_ticks)
  { time "$@" >"$work/output" 2>"$work/errors"; } 2>"$work/time" || {
    cat "$work/output" "$work/errors" >&2
    fail "this did not work: $*"
  }
  output=$(cat "$work/output")
  client_cpu=$(awk '{ print $1 + $2 }' "$work/time")
  postgres_cpu=$(seconds_of $(($(postgres_ticks) - before)))
}

# run_pgbench ROUND CLIENTS: one-row inserts.
run_pgbench() {
  local threads=$(($2 < 2 ? 1 : 2)) answers rate p50 p99
  rm -f "$work"/transactions.*
  observe "$postgres_bin/pgbench" -n -M prepared -c "$2" -j "$threads" -T "$seconds" -f "$here/insert.pgbench" \
    -l --log-prefix="$work/transactions" -h "$data/run" -U postgres ceiling
  rate=$(sed -n 's/^tps = \([0-9]*\).*/\1/p' <<<"$output")
  read -r answers p50 p99 < <(cat "$work"/transactions.* | cut -d' ' -f3 | sort -n |
    awk '{ t[NR] = $1 } END { printf "%d %.3f %.3f\n", NR, t[int((NR + 1) / 2)] / 1000, t[int(NR * .99 + .99)] / 1000 }')
  record "pgbench-$2" "$1" "$answers" "$rate" "$p50" "$p99" 0 - "$postgres_cpu" "$client_cpu"
}

# start_commands: a process that runs commands when it is asked; one for all, for a young one spends more on compiling than
# on commands.
start_commands() {
  coproc commands { exec "$work/benchmarks/Stet.Benchmarks" commands --tenant "$tenant" 2>"$work/commands.errors"; }
  commands_pid=$commands_PID
  new_database settling
  ask_commands settling log 1 32 0 "$settle" 1
}

# ask_commands DATABASE log|plain TENANTS CALLERS FIELDS WARM_UP SECONDS: the answer is $output.
ask_commands() {
  local IFS=$'\t'
  echo "$(connection "$1")"$'\t'"${*:2}" >&"${commands[1]}"
  read -r output <&"${commands[0]}" || fail "the commands on $1 ended:"$'\n'"$(cat "$work/commands.errors")"
}

# run_commands NAME ROUND DATABASE log|plain CALLERS [FIELDS [TENANTS]]: commands in the store's own process.
run_commands() {
  local answers rate p50 p99 cpu all before
  before=$(postgres_ticks)
  ask_commands "$3" "$4" "${7:-1}" "$5" "${6:-0}" 1 "$seconds"
  IFS=$'\t' read -r answers rate p50 p99 cpu all <<<"$output"
  # PostgreSQL was watched during the warm-up, too: the measured part is its share of the answers.
  postgres_cpu=$(awk -v cpu="$(seconds_of $(($(postgres_ticks) - before)))" -v part="$answers" -v all="$all" 'BEGIN { printf "%.2f", cpu * part / all }')
  record "$1" "$2" "$answers" "$rate" "$p50" "$p99" 0 "$cpu" "$postgres_cpu" -
}

# run_leaves ROUND: leaf hash and peaks of ready entries, in process, on one core.
run_leaves() {
  observe "$work/benchmarks/Stet.Benchmarks" leaves
  record audit-leaves "$1" 1 "$(awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^[0-9,.]+$/) { gsub(",", "", $i); print int($i); exit } }' <<<"$output")" - - 0 - - "$client_cpu"
}

# run_verify ROUND ENTRIES FOLDER KEY: an export, offline.
run_verify() {
  local started
  started=$(date +%s%N)
  observe "$work/stet/Stet" audit verify --log "$3" --vkey "$4"
  record audit-verify "$1" "$2" $(($2 * 1000 / (($(date +%s%N) - started) / 1000000))) - - 0 - - "$client_cpu"
}

# run_selfcheck ROUND DATABASE: everything that is stored of its log, at full speed, beside an idle service.
run_selfcheck() {
  local started entries
  entries=$(log_position "$2")
  started=$(date +%s%N)
  observe "$work/stet/Stet" audit selfcheck --connection "$(connection "$2")" --tenant "$tenant"
  record audit-selfcheck "$1" "$entries" $((entries * 1000 / (($(date +%s%N) - started) / 1000000))) - - 0 - "$postgres_cpu" "$client_cpu"
}

# run_pcs ROUND: documents verified (microseconds each) and signals computed (seconds) in process, on one core.
run_pcs() {
  local name time
  observe "$work/benchmarks/Stet.Benchmarks" pcs --rounds "$(if $quick; then echo 10000; else echo 100000; fi)"
  while IFS=$'\t' read -r name time; do record "pcs-$name" "$1" 1 "$time" - - 0 - - -; done < <(awk -F'\t' '
    /^verify / { split($3, time, " "); print substr($1, 8) "\t" time[1] }
    / points, / {
      split($2, time, " ")
      print ($1 ~ /as the agent/ ? "signals" : substr($1, index($1, ", ") + 2)) "\t" time[1]
    }' <<<"$output")
}

# run_policies ROUND COUNT: decisions of the engine, in process, on one core; microseconds and bytes each.
run_policies() {
  local p50 p99 bytes
  observe "$work/benchmarks/Stet.Benchmarks" policies --policies "$2" --evaluations "$(if $quick; then echo 100000; else echo 1000000; fi)"
  IFS=$'\t' read -r _ _ p50 p99 bytes _ < <(tail -n 1 <<<"$output")
  record "policy-p50-$2" "$1" 1 "$p50" - - 0 - - -
  record "policy-p99-$2" "$1" 1 "$p99" - - 0 - - -
  record "policy-bytes-$2" "$1" 1 "$bytes" - - 0 - - -
}

# activate_rules URL PEOPLE: the ready-made rules through all steps, and what is known of tools and people.
activate_rules() {
  local url=$1 who candidate triple
  as() { who=$1; curl -sf -o "$work/answer" "$url$2" -H "X-Tenant-Id: $tenant" -H "X-Actor: $who" "${@:3}" || fail "$2 was refused"; }
  rm -rf "$work/rules"
  "$work/stet/Stet" policy init "$work/rules" >/dev/null
  for who in bob carol; do as admin "/v1/policy/approvers/$who" -X PUT; done
  "$work/stet/Stet" policy diff "$work/rules" --service "$url" --header "X-Tenant-Id: $tenant" --header 'X-Actor: alice' >"$work/shown" ||
    fail 'the rules were not drafted'
  candidate=$(awk '/^candidate/ { print $2 }' "$work/shown")
  triple=$(awk '/^diff digest/ { digest = $3 } /^position/ { print "{\"diff_digest\": \"" digest "\", \"position\": " $2 "}" }' "$work/shown")
  for who in bob carol; do as $who "/v1/policy/candidates/$candidate/approvals" --json "$triple"; done
  as alice "/v1/policy/candidates/$candidate/activation" --json "$triple"
  as admin /v1/policy/entities/import --json "@$work/rules/tests/entities.json"
  seq "$2" | awk '
    { printf "%s{\"uid\":{\"type\":\"Identity\",\"id\":\"person-%d\"},", (NR > 1 ? ",\n" : "["), $1
      print "\"attrs\":{\"clearance\":{\"type\":\"Classification\",\"id\":\"confidential\"},\"region\":{\"type\":\"Region\",\"id\":\"eu-central-1\"}},"
      print "\"parents\":[{\"type\":\"Team\",\"id\":\"support\"}],\"tags\":{\"support-bot\":[\"orders:read\",\"orders:refund\"]}}" }
    END { print "]" }' >"$work/people"
  as admin /v1/policy/entities/import --json "@$work/people"
}

# ask_each_once URL PEOPLE: every person calls every tool, in batches: decisions of all kinds for fill_decisions.
ask_each_once() {
  local url=$1 first
  for first in $(seq 1 200 "$2"); do
    seq "$first" $((first + 199 < $2 ? first + 199 : $2)) | awk '
      BEGIN { printf "{\"action\":{\"name\":\"tools/call\"},\"context\":{\"agent\":\"support-bot\"},\"evaluations\":["
        count = split("find_order refund_order close_account transfer_money", tools, " ") }
      { for (i = 1; i <= count; i++) printf "%s{\"subject\":{\"type\":\"identity\",\"id\":\"person-%d\"},\"resource\":{\"type\":\"tool\",\"id\":\"%s\"}}", comma++ ? "," : "", $1, tools[i] }
      END { print "]}" }' >"$work/batch"
    curl -sf -o /dev/null "$url/access/v1/evaluations" -H "X-Tenant-Id: $tenant" --json "@$work/batch" || fail 'a batch of questions was refused'
  done
}

# run_dry_run ROUND URL COUNT: the recorded decisions under rules that take a tool away, as the command line shows it.
run_dry_run() {
  local round=$1 url=$2 count=$3 started
  started=$(date +%s%N)
  "$work/stet/Stet" policy diff "$work/stricter" --service "$url" --header "X-Tenant-Id: $tenant" --header 'X-Actor: alice' >"$work/shown" ||
    (($? == 1)) || fail 'there was no dry run'
  record policy-dry-run "$round" "$count" "$((count * 1000 / (($(date +%s%N) - started) / 1000000)))" - - 0 - - -
  awk -v count="$count" '/^(allow to deny|same) / { sum += $NF } END { exit (sum < count) }' "$work/shown" ||
    fail "the dry run did not look at all $count decisions:"$'\n'"$(cat "$work/shown")"
}

# make_documents COUNT: signed documents that differ from all before them, in $work/documents.
make_documents() {
  documents_made=$((${documents_made:-0} + $1))
  "$work/benchmarks/Stet.Benchmarks" pcs-documents --count "$1" --first $((documents_made - $1)) >"$work/documents"
}

# forget_round N: takes a round out of the raw file.
forget_round() { awk -F'\t' -v round="$1" '$2 != round' "$raw" >"$work/raw" && cp "$work/raw" "$raw"; }

# run_wrk NAME ROUND PID URL CONNECTIONS SECONDS SCRIPT OPTION...: requests to a service.
run_wrk() {
  local name=$1 round=$2 pid=$3 url=$4 connections=$5 seconds=$6 script=$7 before answers micros p50 p99 failures bytes
  shift 7
  before=$(ticks "$pid")
  LUA_PATH="$here/?.lua" observe wrk -t1 -c"$connections" -d"${seconds}s" --timeout 10s --latency -s "$here/$script.lua" "$url" -- \
    tenant="$tenant" seed="$RANDOM" "$@"
  IFS=$'\t' read -r _ answers micros p50 p99 failures bytes < <(grep ^measured "$work/output")
  record "$name" "$round" "$answers" "$((answers * 1000000 / micros))" "$(milliseconds "$p50")" "$(milliseconds "$p99")" \
    "$failures" "$(seconds_of $(($(ticks "$pid") - before)))" "$postgres_cpu" "$client_cpu"
  if ((failures > 0)); then say "  $name: $failures of $answers requests failed"; fi
}

milliseconds() { awk -v micros="$1" 'BEGIN { printf "%.3f", micros / 1000 }'; }
