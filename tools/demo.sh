#!/usr/bin/env bash
# Shows the main job on a copy of this repository, so that nothing here changes: validate, add a flow, hooks, render,
# verify, impact, explain, and a bad flow refused.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
demo="$here/.demo"
PATH="$here/.venv/bin:$PATH"
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

bold='' plain=''
if [ -t 1 ]; then
    bold=$(tput bold 2>/dev/null || true)
    plain=$(tput sgr0 2>/dev/null || true)
fi
title() { printf '\n%s── %s%s\n' "$bold" "$*" "$plain"; }
run() { printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"; "$@"; }
# A command that is meant to fail: anything but the expected code ends the demo.
refused() {
    local expected=$1 code=0
    shift
    printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"
    "$@" || code=$?
    [ "$code" = "$expected" ] || { echo "expected exit code $expected, got $code" >&2; exit 1; }
    echo "(exit code $code)"
}

rm -rf "$demo"
git clone --quiet --no-hardlinks "$here" "$demo"
cd "$demo"
git config user.name "A newcomer"
git config user.email newcomer@example.com
git checkout --quiet -B main
git checkout --quiet -b send-statements

title "1. The reference repository is valid, and its rendered policies are current and proven"
run ringfence validate
run ringfence render --check
run ringfence verify

title "2. An application engineer adds five lines"
flow=teams/bank-web/bank-web/flows.yaml
cat >>"$flow" <<'YAML'
  - name: send-statements
    from: frontend
    to: notifications/emailservice
    ports: [grpc]
    reason: Customers get their monthly statement by mail
YAML
run git --no-pager diff --stat
run tail -n 5 "$flow"

title "3. The hooks find that the policies are stale; render writes them; the hooks pass"
run git add teams
refused 1 pre-commit run
run ringfence render
run git add policies
run pre-commit run
git commit --quiet --no-verify -m "Bank frontend sends statements"

title "4. What was rendered: one object per workload, each rule with its reason"
run cat policies/rendered/overlays/staging/bank-web/bank-web/frontend.yaml

title "5. The impact that a reviewer reads: one connection opens, and these people must agree"
run ringfence impact --base main

title "6. Why may it call, and where is that said?"
run ringfence explain --cluster prod-eu bank-web/frontend notifications/emailservice:8080

title "7. A bad flow is refused with a message that teaches"
cat >>"$flow" <<'YAML'
  - name: read-cards
    from: frontend
    to: payments/paymentservce
    ports: [grcp]
    reason: Show the cards of a customer
YAML
refused 1 ringfence validate
sed -i 's/paymentservce/paymentservice/; s/grcp/grpc/' "$flow"
echo
echo "With the typing errors mended, the guardrail on card data still refuses it:"
refused 1 ringfence validate

printf '\nThe copy is in %s. Next: README.md, "Your own repository".\n' "$demo"
