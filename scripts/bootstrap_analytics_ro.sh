#!/usr/bin/env bash
# Make or renew the read-only role analytics_ro. Run on the database's Docker host; run it again
# whenever you like: same password, same role. To rotate: delete the password file first.
#
#   ANALYTICS_RO_PW_FILE      where the password is kept      ~/.analytics_ro.pw
#   ANALYTICS_DB_CONTAINER    part of the container's name    timescale_db
#   ANALYTICS_DB              database                        tracksolid_db
#   ANALYTICS_DB_SUPERUSER    superuser in the container      its POSTGRES_USER, else postgres
#   ANALYTICS_SCHEMAS ANALYTICS_OWNERS ANALYTICS_DENIED       see analytics_ro_role.sql
#
# The password is never printed, and never an argument of any command.
set -euo pipefail
umask 077

role_sql="$(dirname -- "${BASH_SOURCE[0]}")/analytics_ro_role.sql"
pw_file="${ANALYTICS_RO_PW_FILE:-${HOME:?is not set}/.analytics_ro.pw}"
wanted="${ANALYTICS_DB_CONTAINER:-timescale_db}"
database="${ANALYTICS_DB:-tracksolid_db}"

fail() {
    printf 'bootstrap_analytics_ro: %s\n' "$1" >&2
    exit 1
}

make_password_file() {
    local fresh
    fresh="$(mktemp "$pw_file.XXXXXX")" || fail "cannot write beside $pw_file"
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$fresh"
    mv -- "$fresh" "$pw_file"
    echo "made a new password in $pw_file"
}

others_may_read() {
    [ -n "$(find -L "$pw_file" -prune \( -perm -040 -o -perm -020 -o -perm -004 -o -perm -002 \))" ]
}

# Sets `password`; a command substitution around this function would swallow its failures.
read_password() {
    [ -e "$pw_file" ] || make_password_file
    if others_may_read; then
        fail "$pw_file can be read by others; delete it to make a new password, or chmod 600 it"
    fi
    password="$(tr -d '\r\n' <"$pw_file")" || fail "cannot read $pw_file"
    [[ "$password" =~ ^[A-Za-z0-9._~-]{16,}$ ]] ||
        fail "$pw_file must hold 16 or more letters, digits or . _ ~ - and nothing else"
}

find_container() {
    local names
    names="$(docker ps --format '{{.Names}}')" || fail "docker ps failed; run this where Docker runs"
    names="$(grep -F -- "$wanted" <<<"$names" || true)"
    [ -n "$names" ] || fail "no running container has \"$wanted\" in its name (ANALYTICS_DB_CONTAINER)"
    [ "$(wc -l <<<"$names")" -eq 1 ] ||
        fail "several containers match \"$wanted\"; set ANALYTICS_DB_CONTAINER to one of: ${names//$'\n'/, }"
    container="$names"
}

find_superuser() {
    superuser="${ANALYTICS_DB_SUPERUSER:-}"
    [ -n "$superuser" ] ||
        superuser="$(docker exec "$container" printenv POSTGRES_USER 2>/dev/null || true)"
    [ -n "$superuser" ] || superuser=postgres
}

set_variable() {
    [[ "$2" != *[\'\\]* ]] || fail "$1 must not contain quotes or backslashes"
    printf "\\\\set %s '%s'\n" "$1" "$2"
}

# printf is the shell's own: nothing here shows in ps.
script_with_variables() {
    printf '\\set ECHO none\n'
    set_variable password "$password"
    [ -z "${ANALYTICS_SCHEMAS:-}" ] || set_variable schemas "$ANALYTICS_SCHEMAS"
    [ -z "${ANALYTICS_OWNERS:-}" ] || set_variable owners "$ANALYTICS_OWNERS"
    [ -z "${ANALYTICS_DENIED+given}" ] || set_variable denied "$ANALYTICS_DENIED"
    cat -- "$role_sql"
}

networks() {
    docker inspect --format '{{range $n, $_ := .NetworkSettings.Networks}}{{print $n " "}}{{end}}' "$container" 2>/dev/null || true
}

command -v docker >/dev/null || fail "docker was not found"
[ -r "$role_sql" ] || fail "$role_sql is missing"
find_container
find_superuser
read_password
script_with_variables |
    docker exec -i "$container" psql -X -q -v ON_ERROR_STOP=1 -U "$superuser" -d "$database" ||
    fail "the role was not applied to $database in $container (see the line above)"
echo "role applied in container $container; password in $pw_file (not shown)"
echo "other containers reach it as ANALYTICS_DB_HOST=$container, in ANALYTICS_NETWORK: $(networks)"
