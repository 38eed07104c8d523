/**
 * Kills in the middle of what makes or changes the catalogue's tables: `catalog init` from nothing (initdb, roles, database, every step
 * of the schema, rights), `catalog migrate` from an older step, and the adoption of an imagingDB catalogue; in a workspace of their own
 * (`embedded`) and in a database of a server that runs anyway (`shared`, where the roles are not there yet). Some trials have a second
 * process that does the same beside the killed one, and must not notice. After each kill another command must find a database without
 * tables or one that works; the same command again must end with the tables, rights and rows of a run that nobody disturbed.
 *
 * Victims are those of `catalog-kill-kit.mjs`; half of the clients are killed with their children, as `kill -9` of a process group does.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { built, childrenOf, codesOf, copy, differences, isPostgres, program, sha, signal, silent } from "./catalog-kill-kit.mjs";

export const MAKINGS = ["init", "migrate", "adopt"];

const LIMIT_MS = 300_000;
const LOOK_MS = 2;
const DATABASE = "making";
const SESSIONS = "select pid from pg_stat_activity where application_name like 'emporium catalog%' order by pid";
/** From before the portal's import tables, so that a migration has steps and rights to give. */
const OLDER_STEP = "0002-portal";
const OLD_FRAMES = 3000;

/** What imagingDB's models make, with two data sets of it. */
const IMAGINGDB = `set search_path = public;
  create table data_set (id serial primary key, dataset_serial varchar, description varchar, microscope varchar, frames boolean,
    date_time timestamp, parent_id integer references data_set (id));
  create table file_global (id serial primary key, storage_dir varchar, file_name varchar, sha256 varchar, metadata_json jsonb,
    dataset_id integer references data_set (id));
  create table frames_global (id serial primary key, nbr_frames integer, im_width integer, im_height integer, nbr_slices integer,
    nbr_channels integer, im_colors integer, nbr_timepoints integer, nbr_positions integer, bit_depth varchar, storage_dir varchar,
    metadata_json jsonb, dataset_id integer references data_set (id));
  create table frames (id serial primary key, channel_idx integer, slice_idx integer, time_idx integer, pos_idx integer,
    channel_name varchar, file_name varchar, sha256 varchar, metadata_json jsonb, frames_global_id integer references frames_global (id));
  insert into data_set values (1, 'KILL-2005-06-09-20-00-00-1000', 'a file', 'm', false, '2005-06-09 20:00:00', null),
    (2, 'KILL-2005-06-09-20-00-00-1001', 'frames', 'm', true, '2005-06-09 20:00:00', 1);
  insert into file_global values (1, 'raw_files/KILL-2005-06-09-20-00-00-1000', 'a.bin', 'aa', '{}', 1);
  insert into frames_global values (1, ${OLD_FRAMES}, 15, 10, ${OLD_FRAMES}, 1, 1, 1, 1, 'uint16', 'raw_frames/x', '{}', 2);
  insert into frames select n, 0, n, 0, 0, 'a', 'im_' || n || '.png', 'bb', jsonb_build_object('n', n), 1 from generate_series(1, ${OLD_FRAMES}) n;`;

/** Every table, column, index, right and function of ours, and the rows that an adoption takes. */
const STATE = {
  steps: "select to_regclass('emporium.migration') is not null as there",
  schemas: "select nspname, nspacl::text from pg_namespace where nspname ~ '^emporium' order by 1",
  relations: `select n.nspname, c.relname, c.relkind::text, c.relacl::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname ~ '^emporium' order by 1, 2`,
  columns: `select table_schema, table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
    where table_schema ~ '^emporium' order by 1, 2, 3`,
  functions: `select n.nspname, p.proname, p.prosrc from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname ~ '^emporium' order by 1, 2, 3`,
  roles: "select rolname, rolcanlogin from pg_roles where rolname in ('emporium_writer', 'emporium_reader') order by 1",
};
const ROWS = {
  names: "select name from emporium.migration order by 1",
  data_set: "select * from emporium_microscopy.data_set order by id",
  file: "select * from emporium_microscopy.file_global order by id",
  frames_global: "select * from emporium_microscopy.frames_global order by id",
  frames: "select * from emporium_microscopy.frames order by id",
  adopted: "select source, source_id, data_set_id from emporium.adopted_data_set order by 1, 2",
  left_over: "select source_table, source_id, reason from emporium.adopted_left_over order by 1, 2",
};

/** @type {import("./catalog-making-kit.d.mts").openMakings} */
export async function openMakings({ folder, cluster, works = MAKINGS }) {
  const [{ openEmbedded }, { openDatabase }, { migrate }, { Secret }, { seededRandom }] = await Promise.all(
    ["catalog/embedded/embedded.js", "catalog/database.js", "catalog/migrate.js", "core/redact.js", "core/random.js"].map(built),
  );
  // workspaces to copy: tables of an older step, and all tables beside an older catalogue
  const before = Object.fromEntries(
    works.filter((work) => work !== "init").map((work) => [work, join(folder, `before-${work}`)]),
  );
  const prepare = async (database, kind) => {
    await migrate(database, kind === "migrate" ? { to: OLDER_STEP } : {});
    if (kind === "adopt") await database.db.connection().execute(async () => await database.pool.query(IMAGINGDB));
  };
  const held = join(folder, "held");
  for (const workspace of [held, ...Object.values(before)]) {
    mkdirSync(join(workspace, "catalog"), { recursive: true });
    if (cluster) copy(cluster, join(workspace, "catalog", "postgres"));
  }
  for (const [kind, workspace] of Object.entries(before)) {
    const database = await openDatabase({ workspace, role: "owner", purpose: "test", log: silent });
    await prepare(database, kind).finally(() => database.close());
  }
  const shared = await openEmbedded({ workspace: held, log: silent });
  const makings = new Makings({ folder, before, shared, openEmbedded, seededRandom });
  await makings.administrate("postgres", async (client) => {
    await client.query("alter role emporium_owner createrole createdb");
    for (const kind of Object.keys(before)) await client.query(`create database ${kind}_before owner emporium_owner`);
  });
  for (const kind of Object.keys(before)) {
    const url = new Secret(makings.url(`${kind}_before`));
    const database = await openDatabase({ url, workspace: held, role: "owner", purpose: "test", log: silent });
    await prepare(database, kind).finally(() => database.close());
  }
  return makings;
}

class Makings {
  #folder;
  #before;
  #shared;
  #openEmbedded;
  #seededRandom;
  #usual = new Map();

  constructor({ folder, before, shared, openEmbedded, seededRandom }) {
    this.#folder = folder;
    this.#before = before;
    this.#shared = shared;
    this.#openEmbedded = openEmbedded;
    this.#seededRandom = seededRandom;
  }

  workspace(database) {
    return join(this.#folder, database === "embedded" ? "making" : "client");
  }

  url(name) {
    const { address, cluster } = this.#shared;
    return `postgresql://emporium_owner:${cluster.secrets.emporium_owner}@localhost:${address.port}/${name}?host=${encodeURIComponent(address.host)}`;
  }

  async close() {
    await this.#shared.leave();
  }

  /** One trial. @returns what happened; `faults` are sentences, none where all is as it must be. */
  async trial({ victim, work, database, seed, kills = 1 }) {
    const random = this.#seededRandom(seed);
    const usual = await this.#usualOf(work, database);
    const found = {
      victim,
      work,
      database,
      seed,
      kills: 0,
      inside: 0,
      survived: 0,
      ended: false,
      faults: [],
      codes: [],
      seconds: 0,
    };
    found.usualSeconds = usual.seconds;
    const say = (text) => found.faults.push(text);
    await this.#begin(work, database);
    for (let n = 0; n < kills; n++) {
      const other = random() < 0.25 ? this.#spawn(work, database) : undefined;
      const attempt = await this.#disturbed({ victim, work, database, random, usual });
      found.seconds += attempt.seconds;
      if (attempt.killed) found.kills++;
      if (attempt.hung) say(`the command did not end within ${LIMIT_MS / 1000} s of the kill`);
      for (const one of [attempt, ...(other ? [await other.ended] : [])]) {
        if (one.signal === "SIGKILL") continue;
        for (const code of one.codes) if (!found.codes.includes(code)) found.codes.push(code);
        // a command that meets nobody at an address as it begins says so at once
        const early = database === "shared" && /DATABASE_UNAVAILABLE\]: connect E[A-Z]+ [^,]*$/m.test(one.stderr);
        if (one.status !== 0 && !early) say(`ended with ${one.status}: ${one.stderr.trim().slice(0, 600)}`);
      }
      if (attempt.killed && attempt.status === 0) found.survived++;
      if (attempt.killed && attempt.status !== 0) found.inside++;
      for (const fault of await this.#between(work, database, random)) say(`after a kill: ${fault}`);
      if (!attempt.killed) break;
    }
    const last = await this.#spawn(work, database).ended;
    found.seconds += last.seconds;
    if (last.status !== 0) say(`the same command again ended with ${last.status}: ${last.stderr.trim().slice(0, 600)}`);
    const asked = await this.#run(["catalog", "query", "--json"], database).ended;
    if (asked.status !== 0) say(`catalog query ended with ${asked.status}: ${asked.stderr.trim().slice(0, 600)}`);
    for (const fault of differences(usual.state, await this.#state(database))) say(fault);
    for (const fault of this.#leftovers(database)) say(fault);
    return found;
  }

  async #usualOf(work, database) {
    const name = `${work} ${database}`;
    if (!this.#usual.has(name)) {
      await this.#begin(work, database);
      const { status, seconds, stderr } = await this.#spawn(work, database).ended;
      if (status !== 0) throw new Error(`an undisturbed ${work} ended with ${status}\n${stderr}`);
      this.#usual.set(name, { seconds, state: await this.#state(database) });
    }
    return this.#usual.get(name);
  }

  async #begin(work, database) {
    const workspace = this.workspace(database);
    rmSync(workspace, { recursive: true, force: true });
    if (database === "embedded") {
      if (work !== "init") copy(this.#before[work], workspace);
      return;
    }
    mkdirSync(workspace, { recursive: true });
    const names = await this.administrate("postgres", async (client) => {
      await client.query(`drop database if exists ${DATABASE} with (force)`);
      const { rows } = await client.query("select datname from pg_database where datallowconn");
      return rows.map(({ datname }) => datname);
    });
    // on a server that nobody used for this before there are no such roles
    const roles = "emporium_writer, emporium_reader";
    for (const name of names) {
      await this.administrate(name, async (client) => {
        const { rows } = await client.query(
          `select rolname from pg_roles where rolname in ('emporium_writer', 'emporium_reader')`,
        );
        for (const { rolname } of rows) await client.query(`drop owned by ${rolname}`);
      });
    }
    await this.administrate("postgres", async (client) => {
      await client.query(`drop role if exists ${roles}`);
      const like = work === "init" ? "template1" : `${work}_before`;
      await client.query(`create database ${DATABASE} owner emporium_owner template ${like}`);
    });
  }

  #spawn(work, database) {
    return this.#run(["catalog", work === "adopt" ? "migrate" : work, "--json"], database);
  }

  #run(words, database) {
    const started = performance.now();
    const { EMPORIUM_DATABASE_URL: _, ...own } = process.env;
    const env = database === "embedded" ? own : { ...own, EMPORIUM_DATABASE_URL: this.url(DATABASE) };
    const args = [program, ...words, "--workspace", this.workspace(database)];
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (bytes) => (stdout += bytes));
    child.stderr.on("data", (bytes) => (stderr += bytes));
    let hung = false;
    const timer = setTimeout(() => {
      hung = true;
      child.kill("SIGKILL");
    }, LIMIT_MS);
    const ended = new Promise((resolve) =>
      // not "close": an initdb that outlives its parent holds the pipes
      child.once("exit", (status, name) => {
        clearTimeout(timer);
        const seconds = (performance.now() - started) / 1000;
        setImmediate(() => resolve({ status, signal: name, hung, stderr, seconds, codes: codesOf(stdout, stderr) }));
      }),
    );
    return { child, ended, over: () => child.exitCode !== null || child.signalCode !== null };
  }

  async #disturbed({ victim, work, database, random, usual }) {
    const running = this.#spawn(work, database);
    await this.#moment({ running, database, random, usual });
    const killed = !running.over() && (await this.#kill(victim, database, running, random));
    return { ...(await running.ended), killed };
  }

  /** Any moment of the whole duration; or one soon after the server runs, where the tables are made within tenths of a second. */
  async #moment({ running, database, random, usual }) {
    const [kind, share] = [random(), random()];
    if (kind < 0.5 || database === "shared") {
      const from = database === "shared" ? 0.4 : 0.02;
      await Promise.race([sleep((from + (1 - from) * share) * usual.seconds * 1000), running.ended]);
      return;
    }
    while (!running.over() && this.#postmaster(database) === undefined) await sleep(LOOK_MS);
    await Promise.race([sleep(share * 1000), running.ended]);
  }

  async #kill(victim, database, running, random) {
    if (victim === "client") {
      if (random() < 0.5) return running.child.kill("SIGKILL");
      return signal(-running.child.pid);
    }
    if (victim === "backend" || victim === "session") {
      const pids = await this.#sessions(database, running);
      const pid = pids[Math.floor(random() * pids.length)];
      if (pid === undefined) return false;
      if (victim === "backend") return isPostgres(pid) && signal(pid);
      const ended = (client) => client.query("select pg_terminate_backend($1) as done", [pid]);
      return await this.#ask(database, "postgres", ended)
        .then(({ rows }) => rows[0].done)
        .catch(() => false);
    }
    let postmaster = this.#postmaster(database);
    while (postmaster === undefined && !running.over()) {
      await sleep(LOOK_MS);
      postmaster = this.#postmaster(database);
    }
    if (postmaster === undefined) return false;
    const others = victim === "postmaster" ? [] : childrenOf(postmaster);
    const done = signal(postmaster);
    for (const pid of others) signal(pid);
    const both = victim === "all" && signal(-running.child.pid);
    return done || both;
  }

  async #sessions(database, running) {
    while (!running.over()) {
      const rows = await this.#ask(database, "postgres", async (client) => {
        while (!running.over()) {
          const answer = await client.query(SESSIONS);
          if (answer.rows.length > 0) return answer.rows;
          await sleep(LOOK_MS);
        }
        return [];
      }).catch(() => []);
      if (rows.length > 0) return rows.map(({ pid }) => pid);
      await sleep(LOOK_MS);
    }
    return [];
  }

  #cluster(database) {
    return join(database === "embedded" ? this.workspace("embedded") : join(this.#folder, "held"), "catalog", "postgres");
  }

  #postmaster(database) {
    try {
      const pid = Number(readFileSync(join(this.#cluster(database), "data", "postmaster.pid"), "utf8").split("\n")[0]);
      return isPostgres(pid) ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  /** One session as the administrator, of a server that runs. */
  async #ask(database, name, work) {
    const folder = this.#cluster(database);
    const secrets = JSON.parse(readFileSync(join(folder, "secrets.json"), "utf8"));
    const { host, port } = database === "shared" ? this.#shared.address : { host: join(folder, "socket"), port: 5432 };
    const login = { host, port, user: "emporium", password: secrets.emporium, database: name };
    const client = new pg.Client({ ...login, application_name: "emporium kills" });
    client.on("error", () => {});
    try {
      await client.connect();
      return await work(client);
    } finally {
      await client.end().catch(() => {});
    }
  }

  /** The same on the shared server, which may be on its way back from a kill. */
  async administrate(name, work) {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#ask("shared", name, work);
      } catch (error) {
        const lost = /^(?:57P0|08|ECONN|ENOENT|EPIPE|55006)/.test(error.code ?? "") || /terminated/.test(error.message);
        if (!lost || attempt === 600) throw error;
        await sleep(50);
      }
    }
  }

  /** Works in the database as it is; the embedded server is started where none runs, and no database is made where there is none. */
  async #look(database, work) {
    if (database === "shared") return await this.administrate(DATABASE, work);
    if (!existsSync(join(this.#cluster("embedded"), "data"))) return undefined;
    const embedded = await this.#openEmbedded({ workspace: this.workspace("embedded"), log: silent });
    return await this.#ask("embedded", "emporium", work).finally(() => embedded.leave());
  }

  /** What somebody finds who comes after the kill: no tables, those of before, or all with all rights; and a command that works. */
  async #between(work, database, random) {
    const faults = [];
    const steps = await this.#look(database, async (client) => {
      const { rows } = await client.query("select nspname from pg_namespace where nspname ~ '^emporium' order by 1");
      const table = await client.query("select to_regclass('emporium.migration') as name");
      const taken = table.rows[0].name === null ? [] : (await client.query(ROWS.names)).rows;
      return { schemas: rows.length, taken: taken.length };
    });
    const usual = this.#usual.get(`${work} ${database}`);
    const known = work === "init" ? ["0 0"] : work === "migrate" ? ["3 2"] : [];
    // the two catalogues, the views of what is seen, and the bookkeeping
    const whole = `4 ${usual.state.get("taken")}`;
    const now = steps ? `${steps.schemas} ${steps.taken}` : "0 0";
    if (![...known, whole].includes(now)) faults.push(`schemas and steps are ${now}, wanted ${[...known, whole].join(" or ")}`);
    if (random() < 0.5) {
      const { status, stderr } = await this.#run(["catalog", "status", "--json"], database).ended;
      if (status !== 0) faults.push(`catalog status ended with ${status}: ${stderr.trim().slice(0, 600)}`);
    }
    return faults;
  }

  async #state(database) {
    return await this.#look(database, async (client) => {
      const state = new Map();
      for (const [name, text] of Object.entries({ ...STATE, ...ROWS })) {
        const { rows } = await client.query(text);
        state.set(name, `${rows.length} rows ${sha(JSON.stringify(rows))}`);
        if (name === "names") state.set("taken", String(rows.length));
      }
      return state;
    });
  }

  #leftovers(database) {
    const faults = [];
    const folder = join(this.workspace(database), "catalog");
    const names = existsSync(folder) ? readdirSync(folder) : [];
    for (const name of names) if (name.startsWith(".new-")) faults.push(`${name} is left in the workspace`);
    if (database === "embedded" && this.#postmaster("embedded") !== undefined) faults.push("the embedded server runs on");
    return faults;
  }
}
