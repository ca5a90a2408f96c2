#!/bin/sh
# Deploys what passes, and fails where it does not or cannot be told.
#
#   NETRA_CANDIDATES='auth.yaml backend.yaml' NETRA_URL=https://… NETRA_CREDENTIALS=walker.json \
#       deploy.sh COMMAND [ARGUMENT...]
#
# 1. `netra config check` of NETRA_CANDIDATES: the env files or Cloud Run services of all services
#    that talk to each other, their names separated by blanks.
# 2. COMMAND, which deploys.
# 3. `netra verify` at NETRA_URL, with the account and the service of the file NETRA_CREDENTIALS:
#    a JSON object with auth_url, email, password, service_id, service_secret.
#
# NETRA_CHECK_OPTIONS may hold options of the check, such as `--contract shop.contract.yaml`;
# NETRA is the command, if it is not `netra`.
#
# Ends with 0 only if all three passed. If COMMAND was not reached, nothing was deployed: 1 it is
# wrong, 2 wrongly called, 3 it could not be told. After it, roll back.
set -eu

netra=${NETRA:-netra}

refuse() {
    printf '%s\n' "$2" >&2
    exit "$1"
}

# What is missing for the last step is found out before the deployment.
[ $# -gt 0 ] || refuse 2 'Usage: deploy.sh COMMAND [ARGUMENT...]'
[ -n "${NETRA_CANDIDATES:-}" ] || refuse 2 'NETRA_CANDIDATES names no configuration to be checked.'
[ -n "${NETRA_URL:-}" ] || refuse 2 'NETRA_URL is not set, so that nothing could be verified.'
[ -r "${NETRA_CREDENTIALS:-}" ] || refuse 2 'NETRA_CREDENTIALS names no file that can be read.'
command -v "$netra" > /dev/null || refuse 3 "There is no command $netra, so nothing can be judged."

# Names and options are words of their own here.
# shellcheck disable=SC2086
"$netra" config check ${NETRA_CHECK_OPTIONS:-} $NETRA_CANDIDATES
"$@"
"$netra" verify --url "$NETRA_URL" --credentials "$NETRA_CREDENTIALS"
