import { createHash } from "node:crypto";

/** Names of all tables of a catalogue that hold what somebody has put there. */
export const TABLES = `select format('%I.%I', schemaname, tablename) as name from pg_tables
  where schemaname in ('emporium_microscopy', 'emporium_portal') or (schemaname = 'emporium' and tablename like 'imported%') order by 1`;

const sha = (data) => createHash("sha256").update(data).digest("hex");

/** Every row of every table with all of its values, the numbers that the database gives included. @type {import("./catalog-dump.d.mts").exactRows} */
export async function exactRows(client) {
  await client.query("set search_path = ''");
  const state = new Map();
  for (const { name } of (await client.query(TABLES)).rows) {
    const { rows } = await client.query(`select to_jsonb(t)::text as row from ${name} t order by 1`);
    state.set(
      name,
      rows.map(({ row }) => row),
    );
  }
  return state;
}

/** Each row as a digest in which references are the digests of what they lead to: two catalogues are alike whatever numbers they gave. @type {import("./catalog-dump.d.mts").namedRows} */
export async function namedRows(client) {
  await client.query("set search_path = ''"); // so that names of tables are told in full
  const tables = (await client.query(TABLES)).rows.map(({ name }) => name);
  const references =
    await client.query(`select conrelid::regclass::text as from, a.attname as column, confrelid::regclass::text as to
    from pg_constraint c, unnest(c.conkey, c.confkey) as k (here, there)
    join pg_attribute a on true join pg_attribute b on true
    where c.contype = 'f' and a.attrelid = c.conrelid and a.attnum = k.here and b.attrelid = c.confrelid and b.attnum = k.there and b.attname = 'id'`);
  const targets = new Map(references.rows.map(({ from, column, to }) => [`${from}.${column}`, to]));
  const rows = new Map();
  for (const table of tables) {
    const found = await client.query(`select to_jsonb(t) as row from ${table} t`);
    rows.set(
      table,
      found.rows.map(({ row }) => row),
    );
  }
  const byId = new Map([...rows].map(([table, all]) => [table, new Map(all.map((row) => [row.id, row]))]));
  const known = new Map();
  const digest = (table, row) => {
    if (known.has(row)) return known.get(row);
    const entries = Object.entries(row)
      // numbers of these two are their own names; others are given by the database
      .filter(([column]) => column !== "id" || /\.(?:dataset|deposition)$/.test(table))
      .map(([column, value]) => {
        const to = targets.get(`${table}.${column}`);
        return [column, to === undefined || value === null ? value : digest(to, byId.get(to).get(value))];
      })
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const answer = sha(JSON.stringify([table, entries]));
    known.set(row, answer);
    return answer;
  };
  const state = new Map();
  for (const [table, all] of rows) {
    const digests = all.map((row) => digest(table, row)).sort();
    state.set(table, `${digests.length} rows ${sha(digests.join())}`);
  }
  const counts = await client.query(
    "select place, value, sum(rows) as rows from emporium.portal_count group by 1, 2 having sum(rows) <> 0 order by 1, 2",
  );
  state.set("counts", sha(JSON.stringify(counts.rows)));
  return state;
}
