# What the official image of PostgreSQL makes of the variables that compose.yaml gives it, and no more: on an empty volume a cluster, a
# role with the password of the file, and a database. As there, the password is read by root, and nobody is listened to before all is made.
set -eu
data=/var/lib/postgresql/data
programs=$(echo /usr/lib/postgresql/*/bin)
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }

if [ ! -s "$data/PG_VERSION" ]; then
  install --directory --owner=postgres --group=postgres --mode=700 "$data" /var/run/postgresql
  password=$(mktemp)
  cp "$POSTGRES_PASSWORD_FILE" "$password"
  chown postgres "$password"
  as_postgres "$programs/initdb" -D "$data" -U "$POSTGRES_USER" --pwfile="$password" --auth-local=trust --auth-host=scram-sha-256 \
    --locale=C.UTF-8 --no-sync
  rm "$password"
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
  as_postgres "$programs/pg_ctl" -D "$data" -o "-c listen_addresses=''" -w start
  as_postgres "$programs/createdb" -U "$POSTGRES_USER" "$POSTGRES_DB"
  as_postgres "$programs/pg_ctl" -D "$data" -m fast -w stop
fi
install --directory --owner=postgres --group=postgres /var/run/postgresql
exec setpriv --reuid=postgres --regid=postgres --init-groups "$programs/postgres" -D "$data" -c 'listen_addresses=*' -c fsync=off
