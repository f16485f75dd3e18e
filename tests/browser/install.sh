#!/bin/sh
# Install a browser for the tests, or say exactly what to install.
set -e
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends chromium-headless-shell >/dev/null
else
    echo "The browser tests need Chromium. On Debian or Ubuntu: sudo apt-get install chromium-headless-shell" >&2
    exit 1
fi
