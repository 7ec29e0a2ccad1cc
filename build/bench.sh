#!/usr/bin/env bash
# Measures Stet on this machine and prints one table: medians, ratios, goals.
#
#   build/bench.sh            everything, medians of five (about 90 minutes)
#   build/bench.sh --quick    one short run of each and small sizes, to see that it works (about 5 minutes)
#   --only SECTION            commands, http, audit, pcs, policy or growth; may be repeated
#   --rounds N, --seconds N   how many rounds (5) of runs of how long (5); --largest N: where growth ends (5000000)
#   --raw FILE                where the single runs go (default: a file in the temporary folder, named at the end)
#   --dir DIR                 where the database lives while it is measured (default: the temporary folder); a real disk
#   --profile                 also: which statements PostgreSQL spends its time on (pg_stat_statements, a little slower)
#
# It starts everything itself: the published service, which starts its private PostgreSQL with the settings it has for
# everybody; further databases of that PostgreSQL for what is measured apart. Nothing is left behind but the raw file.
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
here=$root/build/bench

say() { echo "$(date +%T) $*" >&2; }
fail() { echo "bench.sh: $*" >&2; exit 1; }
usage() { sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }

rounds=5 seconds=5 settle=20 pause=7 profile=false quick=false only=() sizes=(10000 1000000 5000000)
largest=5000000 pcs_stored=1000000 decisions=1000000 subjects=10000 parent=${TMPDIR:-/tmp} raw=''
while (($#)); do
  case $1 in
    --quick) quick=true rounds=1 seconds=1 settle=2 sizes=(10000 50000) pcs_stored=50000 decisions=50000 ;;
    --only) only+=("${2:?--only needs a section}"); shift ;;
    --rounds) rounds=${2:?--rounds needs a number}; shift ;;
    --seconds) seconds=${2:?--seconds needs a number}; shift ;;
    --largest) largest=${2:?--largest needs a number}; shift ;;
    --raw) raw=${2:?--raw needs a file}; shift ;;
    --dir) parent=${2:?--dir needs a folder}; shift ;;
    --profile) profile=true ;;
    --help) usage; exit ;;
    *) usage >&2; exit 64 ;;
  esac
  shift
done
for number in "$rounds" "$seconds" "$largest"; do
  [[ $number =~ ^[1-9][0-9]{0,8}$ ]] || fail "--rounds, --seconds and --largest take a whole number above 0, not $number"
done
((pcs_stored <= largest)) || pcs_stored=$largest
((decisions <= largest)) || decisions=$largest
for i in "${!sizes[@]}"; do ((sizes[i] <= largest)) || unset "sizes[$i]"; done
for section in "${only[@]}"; do
  [[ $section =~ ^(commands|http|audit|pcs|policy|growth)$ ]] || fail "--only takes commands, http, audit, pcs, policy or growth, not $section"
done
raw=$(realpath -m "${raw:-$parent/stet-bench-$(date -u +%Y%m%dT%H%M%S).tsv}")

for tool in dotnet curl wrk pgrep git; do
  command -v $tool >/dev/null || fail "$tool is missing; on Debian: apt-get install wrk curl procps git (dotnet: https://dot.net)"
done

# shellcheck source=build/bench/service.sh
source "$here/service.sh"
# shellcheck source=build/bench/measure.sh
source "$here/measure.sh"
# shellcheck source=build/bench/report.sh
source "$here/report.sh"
# shellcheck source=build/bench/profile.sh
source "$here/profile.sh"

wanted() { ((${#only[@]} == 0)) || [[ " ${only[*]} " == *" $1 "* ]]; }

# The ceiling and the commands take turns, so that what else the machine does hits both.
section_commands() {
  local round clients fields=50000
  new_database ceiling
  sql ceiling -c 'create sequence dense'
  new_database commands
  fill commands 1 $fields
  new_database plain
  fill plain 1 $fields plain
  round=0
  with_log_and_without tenants 256 0 1000 # makes the tenants, their logs and keys
  forget_round 0
  for round in $(seq $rounds); do
    say "commands: round $round of $rounds"
    for clients in 1 8; do
      run_pgbench "$round" $clients
      run_commands "commands-unique-$clients" "$round" commands log $clients
      run_commands "commands-superseding-$clients" "$round" commands log $clients $fields
    done
    run_pgbench "$round" 32
    for clients in 32 256; do
      with_log_and_without unique $clients
      with_log_and_without superseding $clients $fields
    done
    with_log_and_without tenants 256 0 1000
  done
}

# with_log_and_without KIND CALLERS [FIELDS [TENANTS]]: one run right after the other, the first one changing by the round.
with_log_and_without() {
  local turn turns=(commands plain)
  ((round % 2)) || turns=(plain commands)
  for turn in "${turns[@]}"; do
    run_commands "$turn-$1-$2" "$round" "$turn" "${turn/commands/log}" "${@:2}"
  done
}

section_http() {
  local round connections
  say 'http: warming up'
  http_runs warm-up 0 64 $((seconds * 2)) # the runtime compiles what is hot a second time
  for round in $(seq $rounds); do
    for connections in 16 64; do
      say "http: round $round of $rounds, $connections connections"
      echo 5 >"/proc/$service_pid/clear_refs" # the peak of memory is counted from here
      http_runs http "$round" $connections $seconds
    done
    record memory "$round" - "$(awk '/^VmHWM/ { printf "%.1f", $2 / 1024 }' "/proc/$service_pid/status")" - - 0 - - -
  done
}

# http_runs NAME ROUND CONNECTIONS SECONDS: one run of each kind.
http_runs() {
  local name=$1 round=$2 connections=$3 seconds=$4
  send() { run_wrk "$name-$1-$connections" "$round" "$service_pid" "$service_url" "$connections" "$seconds" "${@:2}"; }

  send_corrections unique 0
  send_corrections superseding $((subjects * 5))
  send facts facts path=/v1/facts subjects=$subjects
  send context facts path=/v1/facts/context subjects=$subjects
  collect_tags
  send unchanged unchanged tags="$work/tags"
  for system in {1..10}; do
    curl -s -o /dev/null "$service_url/v1/enforcement/heartbeat" -H "X-Tenant-Id: $tenant" -H 'Content-Type: application/json' \
      -d "{\"system_id\":\"system-$system\",\"enforced_correction_version\":\"2026-01-01T00:00:00Z\"}"
  done
  send heartbeat heartbeat systems=10
  send status read path=/v1/enforcement/status
  send escalation read path=/v1/enforcement/escalation
}

# send_corrections KIND FIELDS: the log must have grown by every correction that was acknowledged.
send_corrections() {
  local before after acknowledged
  before=$(log_position stet)
  send "$1" corrections run="r$RANDOM$RANDOM" fields="$2"
  after=$(log_position stet)
  acknowledged=$(values "$name-$1-$connections" 3 | tail -n 1)
  ((after - before >= acknowledged)) || fail "$acknowledged corrections were acknowledged, but the log grew by $((after - before))"
}

# log_position DATABASE
log_position() { sql "$1" -c "select position from stet.tenant_head where tenant_id = '$tenant'"; }

# The tags of the first hundred blocks as they stand, and a look that the service answers 304 to them.
collect_tags() {
  local context="$service_url/v1/facts/context?subject_type=patient&requester_id=bench&subject_id=p-" status
  curl -s -o /dev/null -H "X-Tenant-Id: $tenant" -w '%header{etag}\n' "${context}[0-99]" |
    awk '{ print "p-" NR - 1, $1 }' >"$work/tags"
  status=$(curl -s -o /dev/null -w '%{http_code}' -H "X-Tenant-Id: $tenant" "${context}0" \
    -H "If-None-Match: $(head -n 1 "$work/tags" | cut -d' ' -f2)")
  [[ $status == 304 ]] || fail "an unchanged context block was answered with $status"
}

# A log of a million entries: proofs of random events, writes with a receipt and without, all of it verified offline.
section_audit() {
  local round connections key
  local entries=$((largest < 1000000 ? largest : 1000000))
  $quick && entries=50000
  new_database audit
  say "audit: filling up to $entries entries"
  fill audit 1 $entries
  start_service audit --connection "$(connection audit)"
  second_pid=$started_pid
  local log="$started_url/v1/tenants/$tenant/audit" header="X-Tenant-Id: $tenant"
  curl -sf -o /dev/null -H "$header" "$log/checkpoint" || fail 'no checkpoint was signed'
  key=$(curl -sf -H "$header" "$started_url/v1/audit/keys" | sed 's/.*"vkey":"\([^"]*\)".*/\1/')
  sql audit -c "select id from stet.mt_events tablesample system (5) where tenant_id = '$tenant' order by random() limit 20000" >"$work/ids"
  "$work/stet/Stet" audit export --log "$log" --to "$work/export" --header "$header" >/dev/null
  head -n 20 "$work/ids" >"$work/few-ids"
  for round in $(seq $rounds); do
    say "audit: proofs from an empty cache, round $round of $rounds"
    stop_second_service
    start_service audit --connection "$(connection audit)"
    second_pid=$started_pid
    run_wrk warm-up 0 "$second_pid" "$started_url" 16 "$settle" proofs ids="$work/few-ids" # what is hot is compiled again
    run_wrk audit-proof-first "$round" "$second_pid" "$started_url" 16 $seconds proofs ids="$work/ids"
  done
  run_wrk warm-up 0 "$second_pid" "$started_url" 16 "$settle" corrections run="w$RANDOM$RANDOM" fields=0 receipt=1
  for round in 0 $(seq $rounds); do
    say "audit: round $round of $rounds"
    run_wrk audit-proof "$round" "$second_pid" "$started_url" 16 $seconds proofs ids="$work/ids"
    for connections in 1 16; do with_receipt_and_without $connections $connections; done
    with_receipt_and_without paced 16 pause=$pause
    run_leaves "$round"
    run_verify "$round" $entries "$work/export" "$key"
    run_selfcheck "$round" audit
  done
  forget_round 0 # the runtime compiled what is hot
  stop_second_service
}

# with_receipt_and_without NAME CONNECTIONS OPTION...: both in turn, now one first and now the other.
with_receipt_and_without() {
  local turn turns=(plain receipt) run="$RANDOM$RANDOM" wanted
  ((round % 2)) || turns=(receipt plain)
  for turn in "${turns[@]}"; do
    if [[ $turn == receipt ]]; then wanted=(receipt=1); else wanted=(); fi
    run_wrk "audit-$turn-$1" "$round" "$second_pid" "$started_url" "$2" $seconds corrections run="$turn$run" fields=0 "${wanted[@]}" "${@:3}"
  done
}

# Documents of a thousand shards: all different, and the same ones again; then beside a million that are stored.
section_pcs() {
  local round stored
  for round in $(seq $rounds); do
    say "pcs: in process, round $round of $rounds"
    run_pcs "$round"
  done
  new_database pcs
  for stored in '' full; do
    if [[ -n $stored ]]; then
      say "pcs: filling up with $pcs_stored documents"
      fill pcs 1 "$pcs_stored" pcs
      sql pcs -c 'vacuum analyze'
    fi
    start_service pcs --connection "$(connection pcs)"
    second_pid=$started_pid
    curl -sf -o /dev/null -X PUT "$started_url/v1/pcs/keys/bench" -H "X-Tenant-Id: $tenant" -H 'Content-Type: application/json' \
      -d "{\"use\":\"0.1\",\"alg\":\"HS256\",\"secret\":\"$("$work/benchmarks/Stet.Benchmarks" pcs-documents --secret)\"}" ||
      fail 'the key of the documents was not registered'
    pcs_runs "pcs${stored:+-$stored}"
    stop_second_service
  done
}

# pcs_runs NAME: with a service that has not planned a statement yet; the first round warms up and is forgotten.
pcs_runs() {
  local round connections
  for round in 0 $(seq $rounds); do
    for connections in 16 64; do
      say "pcs: $1, round $round of $rounds, $connections connections"
      submit "$1-unique-$connections" $((seconds * 25000)) again=0
      submit "$1-duplicate-$connections" 200 again=1
    done
  done
  forget_round 0
}

# submit NAME DOCUMENTS OPTION: the log must have grown by every document that was accepted and is no repetition.
submit() {
  local before after acknowledged wanted
  make_documents "$2"
  if [[ $3 == again=1 ]]; then run_wrk warm-up 0 "$second_pid" "$started_url" 16 1 submit documents="$work/documents" "$3"; fi
  before=$(log_position pcs)
  run_wrk "$1" "$round" "$second_pid" "$started_url" "$connections" "$seconds" submit documents="$work/documents" "$3"
  after=$(log_position pcs)
  acknowledged=$(values "$1" 3 | tail -n 1)
  wanted=$acknowledged
  [[ $3 == again=1 ]] && wanted=0
  ((after - before >= wanted)) || fail "$acknowledged documents were acknowledged, but the log grew by $((after - before))"
}

# The engine by itself, and decisions over HTTP under the ready-made rules for agents, for a thousand identities; then a
# million of them under other rules.
section_policy() {
  local round count people=1000
  new_database policy
  start_service policy --connection "$(connection policy)"
  second_pid=$started_pid
  activate_rules "$started_url" $people
  for round in 0 $(seq $rounds); do
    say "policy: round $round of $rounds"
    for count in 1000 10000; do run_policies "$round" $count; done
    for connections in 16 64; do
      run_wrk "policy-http-$connections" "$round" "$second_pid" "$started_url" $connections $seconds evaluate people=$people
    done
    run_wrk policy-http-paced "$round" "$second_pid" "$started_url" 16 $seconds evaluate people=$people pause=$pause
  done
  forget_round 0 # the runtime compiled what is hot
  stop_second_service

  new_database replay
  start_service replay --connection "$(connection replay)"
  second_pid=$started_pid
  activate_rules "$started_url" $people
  ask_each_once "$started_url" $people
  stop_second_service
  say "policy: filling up with $decisions decisions"
  fill_decisions replay $decisions
  sql replay -c 'vacuum analyze'
  cp -r "$work/rules" "$work/stricter"
  rm -r "$work/stricter/tests"
  echo '@id("no-orders") forbid (principal, action == Action::"tools/call", resource == Tool::"find_order");' >"$work/stricter/stricter.cedar"
  start_service replay --connection "$(connection replay)"
  second_pid=$started_pid
  for round in $(seq $rounds); do
    say "policy: dry run of $decisions decisions, round $round of $rounds"
    run_dry_run "$round" "$started_url" $decisions
  done
  stop_second_service
}

# Every size twice: fresh from a load that no ANALYZE has seen, so with the statistics of the size before, and settled.
section_growth() {
  local size filled=0
  new_database growth
  sql growth -c "do \$\$ declare name regclass; begin
    for name in select oid from pg_class where relnamespace = 'stet'::regnamespace and relkind = 'r' loop
      execute format('alter table %s set (autovacuum_enabled = off)', name);
    end loop; end \$\$"
  for size in "${sizes[@]}"; do
    say "growth: filling up to $size corrections"
    fill growth $((filled + 1)) "$size"
    filled=$size
    sql growth -c checkpoint
    growth_runs "$size" fresh
    sql growth -c 'vacuum analyze'
    growth_runs "$size" settled
  done
}

# growth_runs CORRECTIONS STATE: with a service that has not planned a statement yet.
growth_runs() {
  local round
  start_service growth --connection "$(connection growth)"
  second_pid=$started_pid
  run_wrk warm-up 0 "$second_pid" "$started_url" 16 "$settle" facts path=/v1/facts subjects=$(($1 / 5))
  for round in $(seq $rounds); do
    say "growth: $1 corrections, $2, round $round of $rounds"
    run_commands "growth-unique-$1-$2" "$round" growth log 32
    run_commands "growth-superseding-$1-$2" "$round" growth log 32 "$1"
    run_wrk "growth-facts-$1-$2" "$round" "$second_pid" "$started_url" 16 $seconds facts path=/v1/facts subjects=$(($1 / 5))
  done
  stop_second_service
}

main() {
  local failed=false
  load_before=$(cut -d' ' -f1-3 /proc/loadavg)
  work=$(mktemp -d "$parent/stet-bench.XXXXXX")
  chmod 711 "$work" # PostgreSQL runs as another user when this one is root
  trap stop_everything EXIT
  trap 'exit 130' INT TERM
  : >"$raw"

  start_everything
  refuse_unsafe
  fill stet 1 $((subjects * 5))
  if wanted commands || wanted growth; then start_commands; fi
  if wanted commands; then section_commands; fi
  if wanted http; then section_http; fi
  if wanted audit; then section_audit; fi
  if wanted pcs; then section_pcs; fi
  if wanted policy; then section_policy; fi
  if wanted growth; then section_growth; fi

  describe_machine
  echo
  print_table
  if $profile; then section_profile; fi
  say "single runs: $raw"
  if $failed; then fail 'some runs failed: the table is no result'; fi
}

main
