#!/usr/bin/env bash
# Everything that is checked before a change is taken: restore, format, build, tests, sample.
# Needs the .NET SDK of global.json; installs PostgreSQL from the distribution if it is missing and it may.
# The last line is "N passed, N failed"; the exit code is 0 only if all went well.
set -uo pipefail
cd "$(dirname "$0")/.."

export CI=true DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
minimum=${STET_CI_MINIMUM:-4000}
work=$(mktemp -d)
service=
passed=0
failed=0

finish() {
  local code=$?
  [ -n "$service" ] && kill -TERM "$service" 2>/dev/null && wait "$service"
  rm -rf "$work"
  # A failure outside the tests counts as one, so that the line never reads as a success.
  [ $code -ne 0 ] && [ $failed -eq 0 ] && failed=1
  echo "$passed passed, $failed failed"
}
trap finish EXIT
trap 'exit 130' INT TERM

fail() { echo "ci: $*" >&2; exit 1; }
step() { echo; echo "== $*"; }

find_postgres() {
  command -v initdb || ls /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb /opt/homebrew/opt/postgresql*/bin/initdb
} 2>/dev/null

step Tools
command -v dotnet >/dev/null || fail "the .NET SDK is missing: see https://dotnet.microsoft.com/download (global.json names the version)"
dotnet --version || fail "the .NET SDK that global.json names is missing"
if [ -z "${STET_PG_BIN:-}" ] && ! find_postgres >/dev/null; then
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || fail "PostgreSQL is missing: install it, or set STET_PG_BIN to its bin folder"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql </dev/null || fail "PostgreSQL could not be installed"
fi

step Restore
dotnet restore Stet.sln </dev/null || fail "restore failed; were the packages.lock.json files committed?"

step Format
dotnet format Stet.sln --no-restore --verify-no-changes </dev/null || fail "run: dotnet format Stet.sln"

step Build
dotnet build Stet.sln --no-restore -warnaserror </dev/null || fail "the build failed"

step Test
rm -rf tests/*/TestResults
dotnet test --no-build </dev/null 2>&1 | tee "$work/tests.log"
tested=$?

# One summary line per assembly: "Passed!  - Failed:     0, Passed:    12, Skipped:     0, Total:    12, ... - X.dll (net10.0)"
while read -r f p s name; do
  echo "$name: $p passed, $f failed, $s skipped"
  passed=$((passed + p))
  failed=$((failed + f))
done < <(sed -nE 's/^ *(Passed|Failed|Skipped)! +- Failed: *([0-9]+), Passed: *([0-9]+), Skipped: *([0-9]+),.* - ([^ ]+\.dll).*/\2 \3 \4 \5/p' "$work/tests.log")

# A run in which no test ends for five minutes is ended (tests/tests.runsettings), and leaves a list of what it began.
grep -hoE 'Test Name="[^"]*".*Completed="False"' tests/*/TestResults/*/Sequence_*.xml 2>/dev/null | sed -E 's/Test Name="([^"]*)".*/hangs: \1/'
[ $tested -eq 0 ] || fail "dotnet test failed"
for project in tests/*.Tests; do
  grep -qE "! +- Failed: .*, Passed: *[1-9].* - $(basename "$project")\.dll" "$work/tests.log" || fail "$(basename "$project") ran no test"
done
[ $passed -ge "$minimum" ] || fail "only $passed tests ran, expected at least $minimum"

step Sample
port=$((20000 + RANDOM % 10000))
dotnet run --project src/Stet --no-build -- --data "$work/data" --urls "http://127.0.0.1:$port" </dev/null >"$work/service.log" 2>&1 &
service=$!
ready=
for _ in $(seq 240); do
  kill -0 $service 2>/dev/null || break
  curl -fs "http://127.0.0.1:$port/readyz" >/dev/null 2>&1 && ready=1 && break
  sleep 0.25
done
[ -n "$ready" ] || { cat "$work/service.log"; fail "the service is not ready"; }
for sample in AllergyBot SensorFleet AgentGate; do
  timeout 90 dotnet run --project "samples/$sample" --no-build -- "http://127.0.0.1:$port" </dev/null \
    || { cat "$work/service.log"; fail "samples/$sample failed"; }
done

step Done
