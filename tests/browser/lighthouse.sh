#!/bin/sh
# Measure the first page with Lighthouse, as a phone, and write its scores down.
#
#   sh tests/browser/lighthouse.sh [FILE]    the scores; docs/lighthouse.md if no file is named
#
# Lighthouse comes from npm, into $LIGHTHOUSE (a folder in /tmp unless it is set), never into here.
set -e
cd "$(dirname "$0")/../.."
out=${1:-docs/lighthouse.md}
folder=${LIGHTHOUSE:-/tmp/dogpeople-lighthouse}
port=${PORT:-8765}
python=${PYTHON:-.venv/bin/python}
version=12

[ -x "$folder/node_modules/.bin/lighthouse" ] || npm install --silent --prefix "$folder" "lighthouse@$version"
CHROME_PATH=$(command -v chromium-headless-shell chromium google-chrome | head -n 1)
export CHROME_PATH

PORT=$port $python -m app >"$folder/server.log" 2>&1 &
server=$!
trap 'kill $server' EXIT
until curl -sf "http://127.0.0.1:$port/healthz" >/dev/null; do sleep 0.2; done
curl -sf "http://127.0.0.1:$port/" >/dev/null

"$folder/node_modules/.bin/lighthouse" "http://127.0.0.1:$port/" --quiet \
    --output=json --output-path="$folder/report.json" \
    --only-categories=performance,accessibility,best-practices,seo \
    --chrome-flags="--headless --no-sandbox --disable-gpu --disable-quic --disable-background-networking --disable-component-update --disable-sync"
$python -m tests.browser.lighthouse "$folder/report.json" "$out"
