/**
 * Kills in the middle of `emporium catalog upload` and `catalog import`, and what must be true after them. A scene has one command's
 * inputs, two databases and what an undisturbed run of each command leaves; a trial kills somebody once or several times, looks after
 * each kill, and lets the same command end. Needs the build, and a system with `ps`.
 *
 * Who is killed: the `client` (SIGKILL of the command), a `backend` of the server (SIGKILL, after which PostgreSQL itself throws out
 * everybody and recovers), a `session` (pg_terminate_backend), the `postmaster` alone (its back ends notice by themselves), the whole
 * `server` at once, and `all` of them, as when the power goes.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { virtualTree } from "../../bench/catalog-tree.mjs";
import { namedRows, TABLES } from "./catalog-dump.mjs";

const dist = new URL("../../dist/", import.meta.url);
export const program = fileURLToPath(new URL("cli/main.js", dist));
export const built = (path) => import(new URL(path, dist).href);

export const VICTIMS = ["client", "backend", "session", "postmaster", "server", "all"];
export const WORKS = ["frames", "file", "overwrite", "import", "reimport"];
/** `embedded`: each command joins the workspace's own server, which ends with the last; `shared`: a server that is there anyway. */
export const DATABASES = ["embedded", "shared"];

const SERIALS = [1, 2, 3].map((n) => `KILL-2024-01-02-03-04-05-000${n}`);
const [FRAMES, EDGE] = [6, 24];
/** A command that has not ended by then hangs. */
const LIMIT_MS = 300_000;
const LOOK_MS = 5;
const BACKENDS = `select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()
  and application_name ~ '^emporium (catalog|presence)' order by pid`;
const PREFIXES = ["--s3-prefix", "s3://kills", "--https-prefix", "https://kills.example.org/tree"];

/** @type {import("./catalog-kill-kit.d.mts").openScene} */
export async function openScene({ folder, cluster }) {
  if (!existsSync(program)) throw new Error("npm run build first");
  const [{ openEmbedded }, { seededRandom }, readFrame] = await Promise.all([
    built("catalog/embedded/embedded.js"),
    built("core/random.js"),
    frameReader(),
  ]);
  const inputs = await writeInputs(join(folder, "inputs"));
  // one is made, or brought, and the other is its copy: initdb takes seconds
  const [own, held] = [join(folder, "embedded"), join(folder, "shared")];
  for (const workspace of [own, held]) mkdirSync(join(workspace, "catalog"), { recursive: true });
  if (cluster) copy(cluster, join(own, "catalog", "postgres"));
  const { status, stderr } = spawnSync(process.execPath, [program, "catalog", "init", "--workspace", own], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  copy(join(own, "catalog", "postgres"), join(held, "catalog", "postgres"));
  const shared = await openEmbedded({ workspace: held, log: silent });
  return new Scene({ folder, inputs, shared, seededRandom, readFrame });
}

/** With owners and modes. */
export function copy(from, to) {
  const { status, stderr } = spawnSync("cp", ["-a", from, to], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

export const silent = { debug() {}, info() {}, warn() {}, error() {} };

class Scene {
  #folder;
  #inputs;
  #shared;
  #readFrame;
  #usual = new Map();

  constructor({ folder, inputs, shared, seededRandom, readFrame }) {
    this.#folder = folder;
    this.#inputs = inputs;
    this.#shared = shared;
    this.#readFrame = readFrame;
    this.seededRandom = seededRandom;
  }

  workspace(database) {
    return join(this.#folder, database === "embedded" ? "embedded" : "client");
  }

  storage(database) {
    return join(this.#folder, `storage-${database}`);
  }

  /**
   * One trial. @returns what happened; `faults` are sentences, none where all is as it must be.
   */
  async trial({ victim, work, database, seed, kills = 1 }) {
    const random = this.seededRandom(seed);
    await this.#usualOf(work, database);
    const usual = this.#usual.get(`${work} ${database}`);
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
      usualSeconds: usual.seconds,
    };
    const say = (text) => found.faults.push(text);
    await this.#begin(work, database);
    for (let n = 0; n < kills; n++) {
      const attempt = await this.#disturbed({ victim, work, database, random, usual });
      found.seconds += attempt.seconds;
      if (attempt.killed) found.kills++;
      if (attempt.hung) say(`the command did not end within ${LIMIT_MS / 1000} s of the kill`);
      if (attempt.signal !== "SIGKILL") {
        for (const code of attempt.codes) if (!found.codes.includes(code)) found.codes.push(code);
        if (attempt.killed && attempt.status === 0) found.survived++;
        found.ended ||= attempt.status === 0;
        // it was not the command that was killed: it waits for the server and goes on
        const over = attempt.status === 2 && attempt.codes.join() === "CONFIG_COLLISION" && found.kills + Number(found.ended) > 0;
        // but for one that meets nobody at the address as it begins: it says so at once
        const early = database === "shared" && /DATABASE_UNAVAILABLE\]: connect E[A-Z]+ [^,]*$/m.test(attempt.stderr);
        if (attempt.status !== 0 && !over && !early) say(`ended with ${attempt.status}: ${attempt.stderr.trim().slice(0, 600)}`);
      }
      if (attempt.killed && attempt.status !== 0) found.inside++;
      for (const fault of await this.#halves(work, database)) say(`after a kill: ${fault}`);
      if (!attempt.killed) break; // it had ended before: nothing is left to be disturbed
    }
    const last = await this.#command(work, database);
    found.seconds += last.seconds;
    // 2: a kill came when all was done, between the last word and the end
    const over = last.status === 2 && last.codes.join() === "CONFIG_COLLISION" && (found.kills > 0 || found.ended);
    if (last.status !== 0 && !over) say(`the same command again ended with ${last.status}: ${last.stderr.trim().slice(0, 600)}`);
    for (const fault of differences(usual.state, await this.#state(database))) say(fault);
    for (const fault of await this.#leftovers(database)) say(fault);
    return found;
  }

  async close() {
    await this.#shared.leave();
  }

  /** What a work leaves where nobody is killed, and how long it takes: once for each database. */
  async #usualOf(work, database) {
    if (this.#usual.has(`${work} ${database}`)) return;
    await this.#begin(work, database);
    const { status, seconds, stderr } = await this.#command(work, database);
    if (status !== 0) throw new Error(`an undisturbed ${work} ended with ${status}\n${stderr}`);
    const state = await this.#state(database);
    // the two databases' commands must leave the same rows
    for (const other of DATABASES) {
      const known = this.#usual.get(`${work} ${other}`);
      const wrong = known ? differences(known.state, state) : [];
      if (wrong.length > 0) throw new Error(`two undisturbed runs of ${work} differ: ${wrong.slice(0, 5)}`);
    }
    this.#usual.set(`${work} ${database}`, { seconds, state });
  }

  /** An empty catalogue, or what was there before for works that change something. */
  async #begin(work, database) {
    const workspace = this.workspace(database);
    mkdirSync(workspace, { recursive: true });
    for (const name of readdirSync(workspace)) {
      if (name !== "catalog") rmSync(join(workspace, name), { recursive: true, force: true });
    }
    rmSync(this.storage(database), { recursive: true, force: true });
    mkdirSync(this.storage(database));
    await this.#ask(database, async (client) => {
      const { rows } = await client.query(TABLES);
      await client.query(`truncate ${rows.map(({ name }) => name).join(", ")} restart identity cascade`);
    });
    const before = { overwrite: "frames", reimport: "import" }[work];
    if (before === undefined) return;
    const made = await this.#command(before, database, { old: true });
    if (made.status !== 0) throw new Error(`${before} before ${work} ended with ${made.status}\n${made.stderr}`);
  }

  #words(work, database, old = false) {
    const { tables, trees } = this.#inputs;
    if (work === "import") return ["catalog", "import", trees.first, ...PREFIXES];
    if (work === "reimport") return ["catalog", "import", trees.second, ...PREFIXES];
    const kind = work === "overwrite" ? "frames" : work;
    const { csv, config } = tables[old || work !== "overwrite" ? kind : "replaced"];
    const more = work === "overwrite" ? ["--overwrite"] : [];
    return ["catalog", "upload", "--csv", csv, "--config", config, "--storage", this.storage(database), ...more];
  }

  #environment(database) {
    const { EMPORIUM_DATABASE_URL: _, ...env } = process.env;
    return database === "embedded" ? env : { ...env, EMPORIUM_DATABASE_URL: this.#url("emporium_writer") };
  }

  #url(user) {
    const { address, cluster } = this.#shared;
    return `postgresql://${user}:${cluster.secrets[user]}@localhost:${address.port}/emporium?host=${encodeURIComponent(address.host)}`;
  }

  async #command(work, database, { old = false } = {}) {
    const child = this.#spawn(work, database, old);
    return await child.ended;
  }

  #spawn(work, database, old = false) {
    const started = performance.now();
    const args = [program, ...this.#words(work, database, old), "--workspace", this.workspace(database), "--json"];
    const child = spawn(process.execPath, args, { env: this.#environment(database), stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (bytes) => (stdout += bytes));
    child.stderr.on("data", (bytes) => (stderr += bytes));
    let hung = false;
    const timer = setTimeout(() => {
      hung = true;
      child.kill("SIGKILL");
    }, LIMIT_MS);
    const ended = new Promise((resolve) =>
      child.once("close", (status, signal) => {
        clearTimeout(timer);
        const seconds = (performance.now() - started) / 1000;
        resolve({ status, signal, hung, stderr, seconds, codes: codesOf(stdout, stderr) });
      }),
    );
    return { child, ended, over: () => child.exitCode !== null || child.signalCode !== null };
  }

  /** The command, and a kill at a moment of its work. */
  async #disturbed({ victim, work, database, random, usual }) {
    const running = this.#spawn(work, database);
    let killed = false;
    try {
      await this.#moment({ running, work, database, random, usual });
      killed = !running.over() && (await this.#kill(victim, database, running, random));
    } finally {
      await running.ended; // nobody of this trial is there in the next
    }
    return { ...(await running.ended), killed };
  }

  /** Some time, or some objects or rows, since the command began. */
  async #moment({ running, work, database, random, usual }) {
    const [kind, share, delay] = [random(), random(), random()];
    const objects = () =>
      ["raw_frames", "raw_files"]
        .map((name) => join(this.storage(database), name))
        .reduce((sum, folder) => sum + (existsSync(folder) ? listed(folder).length : 0), 0);
    if (kind < 0.4 || work === "overwrite" || work === "reimport") {
      await Promise.race([sleep((0.3 + 0.7 * share) * usual.seconds * 1000), running.ended]);
      return;
    }
    if (kind < 0.7 && work !== "import") {
      const wanted = Math.floor(share * (work === "file" ? 3 : FRAMES * SERIALS.length)) + 1;
      while (!running.over() && objects() < wanted) await sleep(LOOK_MS);
    } else {
      const table = work === "import" ? "emporium_portal.run" : "emporium_microscopy.data_set";
      const wanted = Math.floor(share * 3);
      await this.#watch(database, running, `select 1 from ${table}`, (rows) => rows.length >= wanted);
    }
    await sleep(delay * 60);
  }

  /** @returns whether somebody was killed. */
  async #kill(victim, database, running, random) {
    if (victim === "client") return running.child.kill("SIGKILL");
    if (victim === "backend" || victim === "session") {
      const found = (await this.#watch(database, running, BACKENDS, (rows) => rows.length > 0)) ?? [];
      const pid = found[Math.floor(random() * found.length)]?.pid;
      if (pid === undefined) return false;
      if (victim === "backend") return signal(pid);
      return await this.#ask(database, (client) => client.query("select pg_terminate_backend($1) as done", [pid]), {
        join: false,
      })
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
    const both = victim === "all" && running.child.kill("SIGKILL");
    return done || both;
  }

  /** Asks again and again, in one session as long as it lasts, until the answer is the one or the command has ended. */
  async #watch(database, running, text, isIt) {
    while (!running.over()) {
      const answer = await this.#ask(
        database,
        async (client) => {
          while (!running.over()) {
            const { rows } = await client.query(text);
            if (isIt(rows)) return rows;
            await sleep(LOOK_MS);
          }
        },
        { join: false },
      ).catch(() => undefined);
      if (answer) return answer;
      await sleep(LOOK_MS);
    }
    return undefined;
  }

  #cluster(database) {
    return join(database === "embedded" ? this.workspace("embedded") : join(this.#folder, "shared"), "catalog", "postgres");
  }

  #postmaster(database) {
    try {
      const pid = Number(readFileSync(join(this.#cluster(database), "data", "postmaster.pid"), "utf8").split("\n")[0]);
      return isPostgres(pid) ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  /** A session as the server's administrator. `join`: starts the embedded server where none runs, and waits for one that recovers. */
  async #ask(database, work, { join: joining = true } = {}) {
    const folder = this.#cluster(database);
    const secrets = JSON.parse(readFileSync(join(folder, "secrets.json"), "utf8"));
    let embedded;
    if (joining && database === "embedded") {
      const { openEmbedded } = await built("catalog/embedded/embedded.js");
      embedded = await openEmbedded({
        workspace: this.workspace("embedded"),
        log: silent,
      });
    }
    const { host, port } =
      embedded?.address ?? (database === "shared" ? this.#shared.address : { host: join(folder, "socket"), port: 5432 });
    const login = {
      host,
      port,
      user: "emporium",
      password: secrets.emporium,
      database: "emporium",
      application_name: "emporium kills",
    };
    try {
      for (let attempt = 0; ; attempt++) {
        const client = new pg.Client(login);
        client.on("error", () => {});
        try {
          await client.connect();
          return await work(client);
        } catch (error) {
          const lost = /^(?:57P0|08|ECONN|ENOENT|EPIPE)/.test(error.code ?? "") || /terminated/.test(error.message);
          if (!joining || !lost || attempt === 600) throw error;
          await sleep(50);
        } finally {
          await client.end().catch(() => {});
        }
      }
    } finally {
      await embedded?.leave();
    }
  }

  /** Rows without their objects, objects with other pixels: nothing of that may be seen, whoever was killed. */
  async #halves(work, database) {
    const { frames, files } = await this.#ask(database, async (client) => {
      const sets = await client.query(`select d.dataset_serial as serial, g.nbr_frames as wanted, g.storage_dir as dir,
        coalesce(json_agg(json_build_array(r.file_name, r.sha256)) filter (where r.id is not null), '[]') as rows
        from emporium_microscopy.frames_global g join emporium_microscopy.data_set d on d.id = g.dataset_id
        left join emporium_microscopy.frames r on r.frames_global_id = g.id group by 1, 2, 3`);
      const singles = await client.query(
        "select storage_dir as dir, file_name as name, sha256 from emporium_microscopy.file_global",
      );
      const runs = await client.query(
        "select name from emporium_portal.run where not exists (select from emporium.imported_run where run_id = run.id)",
      );
      if (runs.rows.length > 0) throw new Error(`runs that were not noted: ${runs.rows.map(({ name }) => name)}`);
      return { frames: sets.rows, files: singles.rows };
    });
    const faults = [];
    for (const { serial, wanted, dir, rows } of frames) {
      if (rows.length !== wanted) faults.push(`${serial} has ${rows.length} rows of ${wanted} frames`);
      for (const [name, sha256] of rows) {
        const path = join(this.storage(database), dir, name);
        const hash = existsSync(path) ? await this.#readFrame(path).catch(() => "unreadable") : "absent";
        // an object that is being replaced is the old one or the new one, never a part
        const known = work === "overwrite" ? hash !== "absent" && hash !== "unreadable" : hash === sha256;
        if (!known) faults.push(`${dir}/${name}: rows say ${sha256.slice(0, 8)}, the storage has ${hash.slice(0, 8)}`);
      }
    }
    for (const { dir, name, sha256 } of files) {
      const path = join(this.storage(database), dir, name);
      const hash = existsSync(path) ? sha(readFileSync(path)) : "absent";
      if (hash !== sha256) faults.push(`${dir}/${name}: rows say ${sha256.slice(0, 8)}, the storage has ${hash.slice(0, 8)}`);
    }
    return faults;
  }

  /** Every row of every table with names in place of numbers, and every file of the storage: name → what it is. */
  async #state(database) {
    const state = await this.#ask(database, namedRows);
    const storage = this.storage(database);
    for (const name of listed(storage)) state.set(`storage ${name}`, sha(readFileSync(join(storage, name))));
    return state;
  }

  async #leftovers(database) {
    const faults = [];
    const workspace = this.workspace(database);
    if (existsSync(join(workspace, "catalog"))) {
      for (const name of readdirSync(join(workspace, "catalog"))) {
        if (/^upload-|^\.new-/.test(name)) faults.push(`${name} is left in the workspace`);
      }
    }
    if (database === "embedded" && this.#postmaster("embedded") !== undefined) faults.push("the embedded server runs on");
    return faults;
  }
}

async function frameReader() {
  const [{ decodeFrame }, { pixelHash }] = await Promise.all([
    built("stations/catalog/frames/png.js"),
    built("stations/catalog/frames/pixels.js"),
  ]);
  return async (path) => pixelHash((await decodeFrame(readFileSync(path), path)).pixels);
}

export function differences(wanted, found) {
  const names = new Set([...wanted.keys(), ...found.keys()]);
  return [...names]
    .filter((name) => wanted.get(name) !== found.get(name))
    .map((name) => `${name}: ${found.get(name) ?? "absent"}, wanted ${wanted.get(name) ?? "nothing"}`);
}

/** Images, tables, configurations; a tree and what it becomes later. */
async function writeInputs(folder) {
  const { writeTiff } = await built("formats/tiff/write.js");
  const writeImage = async (path, seed) => {
    const plane = Uint16Array.from({ length: EDGE * EDGE }, (_, i) => (i * 2_654_435_761 + seed * 977) >>> 16);
    const pieces = [];
    async function* bytes() {
      yield new Uint8Array(plane.buffer);
    }
    for await (const piece of writeTiff({ pages: 1, height: EDGE, width: EDGE, samples: 1, dtype: "uint16" }, bytes()))
      pieces.push(piece);
    writeFileSync(path, Buffer.concat(pieces));
  };
  const tables = {};
  for (const kind of ["frames", "replaced"]) {
    const lines = ["dataset_id,file_name,description,parent_dataset_id"];
    for (const [n, serial] of SERIALS.entries()) {
      const images = join(folder, kind, serial);
      mkdirSync(images, { recursive: true });
      for (let z = 0; z < FRAMES; z++) {
        await writeImage(join(images, `img_a_t000_p000_z00${z}.tif`), 1 + n * FRAMES + z + (kind === "frames" ? 0 : 1000));
      }
      lines.push(`${serial},${images},${kind} ${n},${n === 0 ? "" : SERIALS[n - 1]}`);
    }
    const config = { upload_type: "frames", frames_format: "tif_folder", microscope: "m", filename_parser: "parse_sms_name" };
    tables[kind] = writeTable(folder, kind, lines, config);
  }
  const lines = ["dataset_id,file_name"];
  for (const [n, serial] of SERIALS.entries()) {
    writeFileSync(join(folder, `plain-${n}.bin`), Buffer.alloc(50_000 + n, `plain ${n} `));
    lines.push(`${serial},${join(folder, `plain-${n}.bin`)}`);
  }
  tables.file = writeTable(folder, "file", lines, { upload_type: "file", microscope: "m" });
  return { tables, trees: await writeTrees(folder) };
}

function writeTable(folder, name, lines, settings) {
  const [csv, config] = [join(folder, `${name}.csv`), join(folder, `${name}.json`)];
  writeFileSync(csv, `${lines.join("\n")}\n`);
  writeFileSync(config, JSON.stringify(settings));
  return { csv, config };
}

/** Five runs; later one is gone, one is new, one has changed. */
async function writeTrees(folder) {
  const [first, second] = [join(folder, "tree"), join(folder, "tree-later")];
  await writeTree(first, { runs: 5, annotations: 3 });
  await writeTree(second, { runs: 6, annotations: 3, version: (run) => (run === 3 ? 1 : 0) });
  const [dataset] = readdirSync(second).filter((name) => /^\d+$/.test(name));
  const runs = readdirSync(join(second, dataset)).filter((name) => existsSync(join(second, dataset, name, "run_metadata.json")));
  rmSync(join(second, dataset, runs[1]), { recursive: true });
  return { first, second };
}

/**
 * A standardised tree of one dataset: documents as they are, and a byte for what only counts by its size.
 *
 * @type {import("./catalog-kill-kit.d.mts").writeTree}
 */
export async function writeTree(folder, options) {
  const { store, datasets } = virtualTree(options);
  const deposition = `depositions_metadata/${datasets[0].deposition}/`;
  for await (const { key } of store.list("")) {
    if (key.startsWith("depositions_metadata/") && !key.startsWith(deposition)) continue;
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), key.endsWith(".json") ? await store.read(key) : "x");
  }
}

function listed(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

export function codesOf(stdout, stderr) {
  const codes = [...stderr.matchAll(/^error\[([A-Z_]+)\]/gm)].map(([, code]) => code);
  for (const [, code] of `${stdout}\n${stderr}`.matchAll(/"code":\s*"([A-Z_]+)"/g)) codes.push(code);
  return [...new Set(codes)];
}

/** Numbers are only used while their process is certainly a PostgreSQL's. */
export function isPostgres(pid) {
  const { stdout } = spawnSync("ps", ["-o", "comm=", "-p", String(pid)], { encoding: "utf8" });
  return /postgres|postmaster/.test(stdout ?? "");
}

export function childrenOf(parent) {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  return [...stdout.matchAll(/^\s*(\d+)\s+(\d+)$/gm)]
    .filter(([, , above]) => Number(above) === parent)
    .map(([, pid]) => Number(pid));
}

export function signal(pid) {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false; // it has ended meanwhile
  }
}

export function sha(value) {
  return createHash("sha256").update(value).digest("hex");
}
