/**
 * A process that uses the embedded database and can be killed. It answers each line of its input with one of its output: `open`, `write
 * N`, `count`, `server`, `close`. `TEST_TABLE=name node database-child.mjs WORKSPACE [TRANSPORT]`; needs the build.
 */
import { createInterface } from "node:readline";
import pg from "pg";
import { openEmbedded } from "../../dist/catalog/embedded/embedded.js";
import { readPostmasterFile } from "../../dist/catalog/embedded/postmaster.js";
import { systemClock } from "../../dist/core/clock.js";

const [workspace, transport] = process.argv.slice(2);
const table = `public.${process.env.TEST_TABLE}`;
const told = [];
const note = (message) => told.push(message);
const log = { debug: note, info: note, warn: note, error: note };
let embedded;
let pool;

const actions = {
  async open() {
    embedded = await openEmbedded({
      workspace,
      transport,
      clock: systemClock,
      log,
      onMoved: ({ host, port }) => Object.assign(pool.options, { host, port }),
    });
    const { address, cluster } = embedded;
    pool = new pg.Pool({
      application_name: "emporium test",
      ...address,
      user: "emporium_owner",
      password: cluster.secrets.emporium_owner,
      database: "emporium",
      max: 2,
    });
    pool.on("error", () => {});
    // one at a time: "if not exists" does not hold for two sessions at the same moment
    await pool.query(
      `select pg_advisory_xact_lock(1); create table if not exists ${table} (process int, n int, primary key (process, n))`,
    );
    return address;
  },
  async write(n) {
    await pool.query(`insert into ${table} values ($1, $2)`, [process.pid, Number(n)]);
    return "written";
  },
  async count() {
    const { rows } = await pool.query(`select count(*)::int as n, current_setting('timezone') as zone from ${table}`);
    return rows[0];
  },
  async server() {
    return { ...(await readPostmasterFile(embedded.cluster)), uid: embedded.cluster.user?.uid, told };
  },
  async close() {
    await pool.end();
    await embedded.leave();
    return "closed";
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, argument] = line.split(" ");
  const answer = await actions[name](argument).then(
    (value) => ({ value }),
    (error) => ({ error: { code: error.code, message: error.message, facts: error.facts?.place, hint: error.facts?.hint } }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
