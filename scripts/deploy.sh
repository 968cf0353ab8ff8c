#!/usr/bin/env bash
# Deploy fleetmcp on the database's Docker host, without Coolify or compose: build, find the
# database, start the new container beside the old one, and swap them when it is ready. If it does
# not get ready, it is removed, and the old one has never stopped.
#
#   FLEETMCP_HOST=fleetmcp.example.com scripts/deploy.sh
#   scripts/deploy.sh --rollback      back to the container before
#
#   FLEETMCP_HOST            the public name, for Traefik and PUBLIC_URL         required
#   FLEETMCP_HOME            where secrets are kept                              ~/.fleetmcp
#   FLEETMCP_ENV_FILE        more settings, as .env.example has them             none
#   FLEETMCP_IMAGE           an image that is there already: nothing is built
#   FLEETMCP_WAIT            seconds to get ready                                120
#   ANALYTICS_RO_PW_FILE     made by scripts/bootstrap_analytics_ro.sh           ~/.analytics_ro.pw
#   ANALYTICS_DB_CONTAINER   part of the database container's name               timescale_db
#   ANALYTICS_DB             database                                            its POSTGRES_DB
#   ANALYTICS_NETWORK        a network of that container                         its first one
#   BACKEND_CONTAINER        take host, port and database from the DATABASE_URL of this container
#   TRAEFIK_NETWORK TRAEFIK_ENTRYPOINT TRAEFIK_RESOLVER       coolify, https, letsencrypt
#
# No secret is printed, or an argument of any command.
set -euo pipefail
umask 077
cd "$(dirname -- "${BASH_SOURCE[0]}")/.."

readonly name=fleetmcp next=fleetmcp-next previous=fleetmcp-previous
home="${FLEETMCP_HOME:-${HOME:?is not set}/.fleetmcp}"
traefik="${TRAEFIK_NETWORK:-coolify}"
stopped_old=

say() { printf 'deploy: %s\n' "$1"; }

fail() {
    printf 'deploy: %s\n' "$1" >&2
    exit 1
}

exists() { docker container inspect "$1" >/dev/null 2>&1; }

find_database() {
    local wanted="${ANALYTICS_DB_CONTAINER:-timescale_db}" names
    names="$(docker ps --format '{{.Names}}')" || fail "docker ps failed; run this where Docker runs"
    names="$(grep -F -- "$wanted" <<<"$names" || true)"
    [ -n "$names" ] || fail "no running container has \"$wanted\" in its name (ANALYTICS_DB_CONTAINER)"
    [ "$(wc -l <<<"$names")" -eq 1 ] ||
        fail "several containers match \"$wanted\"; set ANALYTICS_DB_CONTAINER to one of: ${names//$'\n'/, }"
    container="$names"
}

find_network() {
    network="${ANALYTICS_NETWORK:-}"
    [ -z "$network" ] || return 0
    network="$(docker inspect --format '{{range $n, $_ := .NetworkSettings.Networks}}{{println $n}}{{end}}' "$container" |
        grep -Ev '^(bridge|host|none|podman)?$' | head -n 1 || true)"
    [ -n "$network" ] ||
        fail "$container is in no network of its own, where names have addresses; connect it to one, or set ANALYTICS_NETWORK"
}

# A variable of a container's environment; what else is in it stays unread and unshown.
variable_of() { docker exec "$1" printenv "$2" 2>/dev/null || true; }

find_dsn() {
    local dsn
    export ANALYTICS_DB_HOST="$container" ANALYTICS_DB_PORT=5432
    if [ -n "${BACKEND_CONTAINER:-}" ]; then
        dsn="$(variable_of "$BACKEND_CONTAINER" DATABASE_URL)"
        [[ "$dsn" =~ ^postgres[a-z+0-9]*://([^/]*@)?([^/@:]+)(:([0-9]+))?/([^?]+) ]] ||
            fail "$BACKEND_CONTAINER has no DATABASE_URL that could be read"
        ANALYTICS_DB_HOST="${BASH_REMATCH[2]}" ANALYTICS_DB_PORT="${BASH_REMATCH[4]:-5432}"
        ANALYTICS_DB="${ANALYTICS_DB:-${BASH_REMATCH[5]}}"
    fi
    ANALYTICS_DB="${ANALYTICS_DB:-$(variable_of "$container" POSTGRES_DB)}"
    export ANALYTICS_DB="${ANALYTICS_DB:-tracksolid_db}"
    say "the database is analytics_ro:***@$ANALYTICS_DB_HOST:$ANALYTICS_DB_PORT/$ANALYTICS_DB in network $network"
}

build() {
    image="${FLEETMCP_IMAGE:-}"
    if [ -n "$image" ]; then
        docker image inspect "$image" >/dev/null 2>&1 || fail "there is no image $image here"
        return 0
    fi
    image="fleetmcp:$(git rev-parse --short=12 HEAD 2>/dev/null || date +%Y%m%d%H%M%S)"
    say "building $image"
    docker build --tag "$image" . >"$home/build.log" 2>&1 ||
        fail "the image was not built; the last lines of $home/build.log: $(tail -n 5 "$home/build.log")"
}

# A failed upgrade may leave the app database migrated; this is its state before.
back_up() {
    exists "$name" || return 0
    # shellcheck disable=SC2016  # expanded in the container
    docker exec "$name" sh -euc 'test -f "$APP_DB_FILE" || exit 0
        rm -f /data/before-upgrade.sqlite3
        python -m sqlite3 "$APP_DB_FILE" "VACUUM INTO '\''/data/before-upgrade.sqlite3'\''"' >/dev/null 2>&1 ||
        say "the app database was not backed up: the old container does not run"
}

start_next() {
    local router="traefik.http.routers.$name" settings=()
    [ -z "${FLEETMCP_ENV_FILE:-}" ] || settings=(--env-file "$FLEETMCP_ENV_FILE")
    exists "$next" && docker rm --force "$next" >/dev/null
    docker create --name "$next" --network "$network" "${settings[@]}" \
        --env PUBLIC_URL="https://$FLEETMCP_HOST" --env TRUSTED_PROXIES=1 \
        --env SECRET_KEY_FILE=/run/secrets/secret_key \
        --env DATABASE_URL_FILE=/run/secrets/database_url \
        --volume "$home/secrets/files:/run/secrets:ro" --volume "$name-data:/data" \
        --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
        --memory 1g --pids-limit 256 --restart unless-stopped --stop-timeout 20 \
        --log-driver json-file --log-opt max-size=10m --log-opt max-file=5 \
        --label traefik.enable=true --label "traefik.docker.network=$traefik" \
        --label "$router.rule=Host(\`$FLEETMCP_HOST\`)" \
        --label "$router.entrypoints=${TRAEFIK_ENTRYPOINT:-https}" --label "$router.tls=true" \
        --label "$router.tls.certresolver=${TRAEFIK_RESOLVER:-letsencrypt}" \
        --label "traefik.http.services.$name.loadbalancer.server.port=8892" \
        "$image" >/dev/null || fail "the container could not be made (see the line above)"
    [ "$traefik" = "$network" ] || docker network connect "$traefik" "$next"
    docker start "$next" >/dev/null
}

wait_until_ready() {
    local deadline=$((SECONDS + ${FLEETMCP_WAIT:-120})) why=
    say "waiting for it to get ready"
    while [ "$SECONDS" -lt "$deadline" ]; do
        why="$(docker exec "$next" scripts/healthcheck --ready 2>&1)" && return 0
        [ "$(docker inspect --format '{{.State.Running}}' "$next")" = true ] || break
        sleep 1
    done
    docker logs --tail 20 "$next" >&2 2>&1 || true
    fail "the new container did not get ready: $(tail -n 1 <<<"$why")"
}

swap() {
    exists "$previous" && docker rm --force "$previous" >/dev/null
    if exists "$name"; then
        docker stop --time 20 "$name" >/dev/null
        stopped_old=yes
        docker rename "$name" "$previous"
    fi
    docker rename "$next" "$name"
    stopped_old=
}

# Whatever went wrong, what served before serves again.
undo() {
    local code=$?
    [ "$code" -ne 0 ] || return 0
    if [ -n "$stopped_old" ]; then
        exists "$name" || docker rename "$previous" "$name"
        docker start "$name" >/dev/null
    fi
    if exists "$next"; then
        docker rm --force "$next" >/dev/null
        say "rolled back: the new container is removed" >&2
    fi
    exit "$code"
}

roll_back() {
    exists "$previous" || fail "there is no container before this one"
    docker stop --time 20 "$name" >/dev/null
    docker rename "$name" "$next"
    docker rename "$previous" "$name"
    docker start "$name" >/dev/null
    docker rename "$next" "$previous"
    say "the container before serves again; the newer one is kept as $previous"
}

command -v docker >/dev/null || fail "docker was not found"
if [ "${1:-}" = --rollback ]; then
    roll_back
    exit
fi
[ $# -eq 0 ] || fail "usage: scripts/deploy.sh [--rollback]"
[[ "${FLEETMCP_HOST:-}" =~ ^[a-zA-Z0-9.-]+$ ]] || fail "set FLEETMCP_HOST to the public name, such as fleetmcp.example.com"
find_database
find_network
docker network inspect "$traefik" >/dev/null 2>&1 || fail "there is no network $traefik (TRAEFIK_NETWORK): name the one that Traefik is in; without Traefik use compose, see docs/ANALYTICS_MCP.md"
mkdir -p "$home"
find_dsn
scripts/make_secrets "$home/secrets" >/dev/null
build
back_up
trap undo EXIT
start_next
wait_until_ready
swap
trap - EXIT
say "fleetmcp serves https://$FLEETMCP_HOST; now: docker exec $name python manage.py doctor"
