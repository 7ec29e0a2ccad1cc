# What is measured: the published service with its private PostgreSQL, and further databases and services on that.
# Sourced by bench.sh.

tenant=11111111-1111-4111-8111-111111111111
STET_KEK=$(head -c 32 /dev/urandom | base64) # service and benchmarks unwrap the same keys
export STET_KEK
service_pid='' second_pid='' commands_pid='' postmaster_pid='' postgres_bin='' data=''

publish() {
  say 'publishing the service and the benchmarks (Release)'
  # The lock files are for builds without a runtime; this one has one.
  local common=(-c Release -m:1 -v:quiet -nologo -p:NuGetLockFilePath=obj/bench.lock.json)
  local ready=(-r linux-x64 --self-contained false -p:PublishReadyToRun=true)
  compiled='ready to run'
  publish_all "${ready[@]}" || {
    compiled='just in time (the runtime pack for ready-to-run could not be restored)'
    publish_all
  } || fail "the service or the benchmarks do not build:"$'\n'"$(cat "$work/publish.log")"
}

publish_all() {
  dotnet publish "$root/src/Stet" "${common[@]}" "$@" -o "$work/stet" >"$work/publish.log" 2>&1 &&
    dotnet publish "$root/tests/Stet.Benchmarks" "${common[@]}" "$@" -o "$work/benchmarks" >"$work/publish.log" 2>&1
}

# start_service NAME ARGUMENT...: starts the service; its process is $started_pid and its address $started_url.
start_service() {
  local log="$work/$1.log" folder="$work/$1.audit"
  shift
  # Another database under the same tenant is another log: each service remembers in a folder of its own.
  ASPNETCORE_ENVIRONMENT=Development Audit__Folder=$folder \
    RateLimits__Read__PerSecond=1000000 RateLimits__Read__Burst=1000000 \
    RateLimits__Write__PerSecond=1000000 RateLimits__Write__Burst=1000000 \
    Pcs__AddressPerSecond=1000000 Pcs__AddressBurst=1000000 Pcs__TenantPerSecond=1000000 Pcs__TenantBurst=1000000 \
    "$work/stet/Stet" run --urls http://127.0.0.1:0 "$@" >"$log" 2>&1 &
  started_pid=$!
  for _ in $(seq 600); do
    started_url=$(sed -n 's/^Listening: *\([^ ]*\).*/\1/p' "$log")
    [[ -n $started_url ]] && return
    kill -0 "$started_pid" 2>/dev/null || break
    sleep 0.1
  done
  fail "the service did not start:"$'\n'"$(cat "$log")"
}

start_everything() {
  publish
  data=$work/data
  mkdir "$data"
  if $profile; then
    echo "shared_preload_libraries = 'pg_stat_statements'" >"$data/postgresql.local.conf"
  fi
  say 'starting the service with its private PostgreSQL'
  start_service service --data "$data"
  service_pid=$started_pid service_url=$started_url
  postmaster_pid=$(head -n 1 "$data/postgres/postmaster.pid")
  postgres_bin=$(dirname "$(readlink "/proc/$postmaster_pid/exe")")
  [[ -x $postgres_bin/pgbench ]] || fail "there is no pgbench beside $postgres_bin/postgres: install PostgreSQL's client programs"
  say 'aging the WAL'
  age_wal
}

# While a cluster is new, it makes WAL files as it is written, and each of them stops every commit for as long as its 16 MB
# take. One that has been in use writes over its old files, and that is what is measured.
age_wal() {
  sql postgres -c "alter system set min_wal_size = '4GB'" -c 'select pg_reload_conf()' >/dev/null
  for _ in {1..192}; do echo "select pg_logical_emit_message(false, 'bench', ''); select pg_switch_wal();"; done | sql postgres >/dev/null
  sql postgres -c checkpoint -c 'alter system reset min_wal_size' -c 'select pg_reload_conf()' >/dev/null
}

stop_everything() {
  local status=$? pid
  trap - EXIT
  for pid in $commands_pid $second_pid $service_pid; do
    kill -TERM "$pid" 2>/dev/null || continue
    for _ in $(seq 300); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null || true
  done
  # The service stops its PostgreSQL; this is for a service that was killed.
  if [[ -n $postmaster_pid && -f $data/postgres/postmaster.pid ]]; then kill -QUIT "$postmaster_pid" 2>/dev/null || true; fi
  rm -rf "$work"
  exit "$status"
}

stop_second_service() {
  kill -TERM "$second_pid"
  wait "$second_pid" || true
  second_pid=''
}

connection() { echo "Host=$data/run;Username=postgres;Database=$1;SSL Mode=Disable;GSS Encryption Mode=Disable"; }

# sql DATABASE ARGUMENT...: psql as the superuser, tuples only.
sql() { "$postgres_bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$data/run" -U postgres -d "$@"; }

new_database() {
  sql postgres -c "create database $1"
  "$work/stet/Stet" db apply --connection "$(connection "$1")" >/dev/null
}

# fill DATABASE FIRST LAST [plain|pcs]: adds corrections of $tenant as commands would, on all cores, 50,000 to a
# transaction; plain: without leaves of the audit log; pcs: documents instead of corrections.
fill() {
  local chunk=50000 head script=fill.sql
  [[ ${4:-} == pcs ]] && script=fill_pcs.sql
  head=$(sql "$1" -c "
    select coalesce(max(position), 0) - $2 + 1,
      case when coalesce(max(position), 0) = 0 then '2026-01-01T00:00:00Z' else max(last_at)::text end
    from stet.tenant_head where tenant_id = '$tenant'")
  # shellcheck disable=SC2016 # the inner shell computes the end of each range
  seq "$2" $chunk "$3" | xargs -P "$(nproc)" -I{} "$BASH" -c \
    'last=$(($1 + $2 - 1)); exec "${@:4}" -v first="$1" -v last=$((last < $3 ? last : $3))' fill {} $chunk "$3" \
    "$postgres_bin/psql" -X -q -o /dev/null -v ON_ERROR_STOP=1 -v tenant="$tenant" -v offset="${head%%|*}" \
    -v start="${head#*|}" -h "$data/run" -U postgres -d "$1" -f "$here/$script"
  [[ ${4:-} == plain ]] || "$work/benchmarks/Stet.Benchmarks" complete --connection "$(connection "$1")"
}

# fill_decisions DATABASE COUNT: decisions of $tenant, which are those that it has recorded, over and over.
fill_decisions() {
  local chunk=50000 head
  head=$(sql "$1" -c "select position, last_at from stet.tenant_head where tenant_id = '$tenant'")
  local psql=("$postgres_bin/psql" -X -q -o /dev/null -v ON_ERROR_STOP=1 -v tenant="$tenant" -h "$data/run" -U postgres -d "$1")
  # shellcheck disable=SC2016 # the inner shell computes the end of each range
  seq 1 $chunk "$2" | xargs -P "$(nproc)" -I{} "$BASH" -c \
    'last=$(($1 + $2 - 1)); exec "${@:4}" -v first="$1" -v last=$((last < $3 ? last : $3))' fill {} $chunk "$2" \
    "${psql[@]}" -v offset="${head%%|*}" -v start="${head#*|}" -f "$here/fill_decisions.sql"
  "${psql[@]}" -f "$here/fill_decisions_end.sql"
  "$work/benchmarks/Stet.Benchmarks" complete --connection "$(connection "$1")"
}
