import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { availableParallelism, homedir, tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { z } from "zod";
import type { DatabaseServer } from "../catalog/database.js";
import type { EmbeddedProbe } from "../catalog/embedded/probe.js";
import type { SchemaState } from "../catalog/migrate.js";
import { asEmporiumError, isEmporiumError } from "../core/errors.js";
import { LIMITS } from "../core/limits.js";
import { redact } from "../core/redact.js";
import { formatBytes } from "../core/units.js";
import { command, type Io } from "./command.js";
import { databaseFor, databaseOptions } from "./database-options.js";
import { defaultMemoryBytes } from "./option-types.js";

export interface Finding {
  name: string;
  status: "ok" | "warn" | "fail";
  found: string;
  hint?: string | undefined;
}

export default command({
  name: "doctor",
  summary: "Check what emporium can use on this machine, and what is missing",
  details: [
    "Prints one line per item: ok, warn (works, with a limit) or fail. The exit status is 1 if an item fails. Credentials are detected but never printed.",
    "For the embedded PostgreSQL only its programs are tested and no server is started; a server that you name is asked for its version and tables.",
  ],
  options: z.object(databaseOptions),
  examples: [
    { run: "emporium doctor", says: "check this machine" },
    { run: "emporium doctor --json", says: "for programs and bug reports" },
  ],
  async run(options, io) {
    const findings = [...(await examine(io)), await clusters(io), await postgres(options, io)];
    if (io.json) io.outJson({ findings, errors: [] });
    else for (const finding of findings) io.out(findingText(finding));
    return findings.some(({ status }) => status === "fail") ? 1 : 0;
  },
});

export function findingText({ name, status, found, hint }: Finding): string {
  return `${status.padEnd(4)}  ${name.padEnd(18)}  ${found}${hint === undefined ? "" : `\n${" ".repeat(26)}hint: ${hint}`}`;
}

export async function examine({ env, workspace }: Pick<Io, "env" | "workspace">): Promise<Finding[]> {
  return [
    nodeVersion(process.versions.node),
    cores(availableParallelism(), cgroupCores()),
    memory(totalmem(), process.constrainedMemory()),
    await workers(),
    webAssembly(),
    await folder("temporary folder", tmpdir()),
    await folder("workspace", existingParent(workspace)),
    awsCredentials(
      env,
      existsSync(awsFile(env, "AWS_SHARED_CREDENTIALS_FILE", "credentials")),
      existsSync(awsFile(env, "AWS_CONFIG_FILE", "config")),
    ),
  ];
}

/** Time for an engine of a profile to answer. */
const ENGINE_MS = 15_000;

/** Engines of clusters whose programs are here and answer, and those of the profiles, answering or not. */
async function clusters({ env }: Pick<Io, "env">): Promise<Finding> {
  const [{ executorOf, profiledEngines }, { ENGINES, ENGINE_SETTINGS }] = await Promise.all([
    import("./engine-options.js"),
    import("../engine/cluster/engine-names.js"),
  ]);
  try {
    const alone = ENGINES.filter((name) => name !== "local" && !(name in ENGINE_SETTINGS)).map(async (name) => {
      const limits = await (await executorOf(name, env)).limits().catch((error: unknown) => asEmporiumError(error));
      if (!(limits instanceof Error)) return `${name} (arrays of up to ${limits.arrayMax})`;
      return limits.code === "ENGINE_SILENT" ? `${name} (does not answer)` : undefined;
    });
    const profiled = (await profiledEngines(env)).map(async ({ profile, engine, ...settings }) => {
      const answer = Promise.resolve(executorOf(engine, env, settings)).then((executor) => executor.limits());
      const said = await Promise.race([answer, sleep(ENGINE_MS, undefined, { ref: false })]).catch((error: unknown) => error);
      if (said instanceof Error) return `${engine} of profile ${profile} (${redact(said.message).slice(0, 160)})`;
      return said === undefined
        ? `${engine} of profile ${profile} (does not answer)`
        : `${engine} of profile ${profile} (arrays of up to ${(said as { arrayMax: number }).arrayMax})`;
    });
    const here = (await Promise.all([...alone, ...profiled])).filter((words) => words !== undefined);
    const none = "none: sbatch, bsub and qsub are not installed or do not answer, and no profile names another engine";
    return { name: "cluster", status: "ok", found: here.length === 0 ? none : here.join(", ") };
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    return { name: "cluster", status: "warn", found: error.message, hint: error.facts.hint };
  }
}

export function nodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const good = major > 20 || (major === 20 && minor >= 19);
  return { name: "node", status: good ? "ok" : "fail", found: version, hint: good ? undefined : "install Node 20.19 or newer" };
}

/** `quota` in cores, from the control group; undefined for none. */
export function cores(count: number, quota: number | undefined): Finding {
  const narrow = quota !== undefined && quota < count;
  return {
    name: "cores",
    status: narrow ? "warn" : "ok",
    found: `${count}${narrow ? `, of which the control group gives ${quota}` : ""}`,
    hint: narrow ? `use --jobs ${Math.max(1, Math.floor(quota))} instead of the default of one worker per core` : undefined,
  };
}

export function memory(totalBytes: number, constrainedBytes: number | undefined): Finding {
  const limited = constrainedBytes !== undefined && constrainedBytes > 0 && constrainedBytes < totalBytes;
  const ceiling = defaultMemoryBytes(limited ? constrainedBytes : undefined);
  const usable = limited ? constrainedBytes : totalBytes;
  const status = usable < 2 * LIMITS.memoryBytesMin ? "fail" : ceiling < LIMITS.memoryBytes ? "warn" : "ok";
  return {
    name: "memory",
    status,
    found: `${formatBytes(totalBytes)}${limited ? `, limited to ${formatBytes(constrainedBytes)} by the control group` : ""}; buffers take up to ${formatBytes(ceiling)}`,
    hint:
      status === "fail"
        ? `allow more memory: volumes need at least ${formatBytes(LIMITS.memoryBytesMin)} for buffers, and as much again for the program`
        : undefined,
  };
}

/** Starts a real worker that adds through shared memory: what the volume writer relies on. */
async function workers(): Promise<Finding> {
  const name = "worker threads";
  try {
    const shared = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker("require('node:worker_threads').workerData[0] = 42", { eval: true, workerData: shared });
    await new Promise((resolve, reject) => worker.once("exit", resolve).once("error", reject));
    if (Atomics.load(shared, 0) === 42) return { name, status: "ok", found: "start, and share memory" };
    return {
      name,
      status: "fail",
      found: "start, but do not share memory",
      hint: "run a plain Node without flags that switch it off",
    };
  } catch (error) {
    return {
      name,
      status: "fail",
      found: `do not start: ${(error as Error).message}`,
      hint: "raise the limit on threads (ulimit -u)",
    };
  }
}

/** The smallest modules with a SIMD and an atomic instruction: `i8x16.splat; i8x16.popcnt` and `i32.atomic.load`. */
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
const ATOMICS = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 5, 4, 1, 3, 1, 1, 10, 11, 1, 9, 0, 65, 0, 254, 16, 2, 0, 26, 11,
];

function webAssembly(): Finding {
  const compiles = (bytes: readonly number[]) => {
    try {
      return new WebAssembly.Module(Uint8Array.from(bytes)) !== undefined;
    } catch {
      return false;
    }
  };
  const [simd, threads] = [compiles(SIMD), compiles(ATOMICS)];
  const missing = [simd ? [] : "SIMD", threads ? [] : "threads"].flat();
  return {
    name: "WebAssembly",
    status: missing.length === 0 ? "ok" : "warn",
    found: missing.length === 0 ? "SIMD and threads" : `no ${missing.join(", no ")}`,
    hint:
      missing.length === 0
        ? undefined
        : "use a Node with SIMD and threads for speed; the plain JavaScript kernels give the same bytes, slower",
  };
}

/** Checks a folder: its free room, and that a small file can be written. */
async function folder(name: string, path: string): Promise<Finding> {
  try {
    const probe = await mkdtemp(join(path, ".emporium-doctor-"));
    await writeFile(join(probe, "probe"), "x").finally(() => rm(probe, { recursive: true, force: true }));
    const { bavail, bsize } = await statfs(path);
    const free = bavail * bsize;
    const narrow = free < LIMITS.unsentBytes;
    const hint = narrow ? `objects on their way to a bucket may need ${formatBytes(LIMITS.unsentBytes)} here` : undefined;
    return { name, status: narrow ? "warn" : "ok", found: `${path}, ${formatBytes(free)} free`, hint };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "error";
    const hint = name === "workspace" ? "choose another with --workspace" : "set TMPDIR to a folder that can be written";
    return { name, status: "fail", found: `${path} cannot be written (${code})`, hint };
  }
}

/** The existing place in which a folder will be made: the folder itself, or the nearest one above it that exists. */
function existingParent(path: string): string {
  let parent = resolve(path);
  while (!existsSync(parent)) parent = join(parent, "..");
  return parent;
}

function awsFile(env: Io["env"], variable: string, name: string): string {
  return env[variable] || join(homedir(), ".aws", name);
}

export function awsCredentials(env: Io["env"], credentialsFile: boolean, configFile: boolean): Finding {
  const name = "AWS credentials";
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL ? ", with an endpoint of its own" : "";
  const ok = (found: string): Finding => ({ name, status: "ok", found: `${found}${endpoint}` });
  if (env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY) return ok("in the environment");
  if (env.AWS_ACCESS_KEY_ID || env.AWS_SECRET_ACCESS_KEY) {
    const hint = "set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or neither";
    return { name, status: "warn", found: "one half in the environment", hint };
  }
  if (env.AWS_WEB_IDENTITY_TOKEN_FILE || env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI || env.AWS_CONTAINER_CREDENTIALS_FULL_URI) {
    return ok("from the machine's role");
  }
  if (credentialsFile) return ok("in the profile file");
  if (configFile) return ok("in the configuration file");
  return { name, status: "ok", found: "none found; --anonymous reads public buckets without", hint: undefined };
}

/** Whether the catalogue would have a database: the server that is named, else the embedded one of the workspace. */
async function postgres(options: { database?: string | undefined; login?: string | undefined }, io: Io): Promise<Finding> {
  const name = "PostgreSQL";
  const chosen = await databaseFor(options, io, "reader", "doctor");
  try {
    if (!chosen.url) {
      const { probeEmbedded } = await import("../catalog/embedded/probe.js");
      return embeddedFinding(await probeEmbedded(io.workspace, chosen.binariesFolder));
    }
    const [{ openDatabase }, { schemaState }] = await Promise.all([
      import("../catalog/database.js"),
      import("../catalog/migrate.js"),
    ]);
    const database = await openDatabase({ ...chosen, connections: 1 });
    try {
      return serverFinding(database.server, await schemaState(database));
    } finally {
      await database.close();
    }
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    // without the embedded one all but the catalogue works; a server that is named is meant to be used
    return { name, status: chosen.url ? "fail" : "warn", found: redact(error.message), hint: error.facts.hint };
  }
}

export function embeddedFinding({ version, uid, cluster }: EmbeddedProbe): Finding {
  const state = {
    none: "no database in the workspace yet",
    stopped: "the workspace's database is not running",
    started: "the workspace's database is running, or was when the machine went down",
  }[cluster];
  return {
    name: "PostgreSQL",
    status: "ok",
    found: `embedded ${version}${uid === undefined ? "" : ` as user ${uid}`}, ${state}`,
  };
}

export function serverFinding({ version, name }: Pick<DatabaseServer, "version" | "name">, state: SchemaState): Finding {
  const { applied, pending, unknown } = state;
  const found = `${version} at ${name}`;
  const newer = unknown.length > 0;
  if (applied.length > 0 && pending.length === 0 && !newer) return { name: "PostgreSQL", status: "ok", found };
  const tables = newer ? "tables of a newer emporium" : applied.length === 0 ? "without tables" : `without ${pending.join(", ")}`;
  const hint = newer ? "use the version that changed them, or a newer one" : "create them with emporium catalog migrate";
  return { name: "PostgreSQL", status: "warn", found: `${found}, ${tables}`, hint };
}

/** Cores that the control group allows, from `cpu.max` (version 2) or the quota files (version 1). */
function cgroupCores(): number | undefined {
  const read = (path: string) => {
    try {
      return readFileSync(path, "utf8").trim();
    } catch {
      return undefined; // no such version of control groups, or none
    }
  };
  const [quota, period] =
    read("/sys/fs/cgroup/cpu.max")?.split(" ") ??
    ["quota", "period"].map((what) => read(`/sys/fs/cgroup/cpu/cpu.cfs_${what}_us`));
  const share = Number(quota) / Number(period);
  return share > 0 && Number.isFinite(share) ? Math.round(share * 10) / 10 : undefined;
}
