import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { LIMITS } from "../core/limits.js";
import type { ClusterPlace } from "../engine/cluster/begin.js";
import { ENGINE_SETTINGS, ENGINES, type EngineName } from "../engine/cluster/engine-names.js";
import type { ClusterUse } from "../engine/cluster/on-cluster.js";
import type { EngineProfile } from "../engine/cluster/profile.js";
import type { AnyStation } from "../engine/cluster/work.js";
import { jobMemory } from "../engine/cluster/worker-memory.js";
import type { EngineExecutor } from "../engine/executors/engine-executor.js";
import type { EngineWords } from "../engine/executors/words/words.js";
import type { PlainObject } from "../engine/task.js";
import type { Io } from "./command.js";
import { wholeNumber } from "./option-types.js";
import { version } from "./version.js";

/** Options that give work to a cluster. */
export const engineOptions = {
  executor: z.enum(ENGINES).default("local").meta({
    description: "where the tasks run: this machine, or a cluster's engine",
    value: "NAME",
  }),
  engineProfile: z.string().optional().meta({
    description: "profile of emporium.engines.yaml (here, or in ~/.config/emporium): queue, account, memory, …",
    value: "NAME",
  }),
  driver: z.enum(["gate", "here", "none"]).default("gate").meta({
    description:
      "who begins the stages: gate, a small job of the cluster; here, this process, which then stays; or none: engine export writes a workflow",
    value: "WHO",
  }),
  queue: z.string().optional().meta({ description: "queue or partition of the cluster", value: "NAME" }),
  account: z.string().optional().meta({ description: "account that pays on the cluster", value: "NAME" }),
  slots: wholeNumber(1).optional().meta({ description: "jobs that run side by side on the cluster", value: "N" }),
};
const EngineOptions = z.object(engineOptions);
export type EngineOptions = z.output<typeof EngineOptions>;

const PROFILES = "emporium.engines.yaml";

const profileFiles = (env: Io["env"]): string[] => [
  PROFILES,
  join(env.XDG_CONFIG_HOME ?? join(homedir(), ".config"), "emporium", PROFILES),
];

/** Engines that only a profile describes, as this person has them. @throws {EmporiumError} CONFIG_… */
export async function profiledEngines(env: Io["env"]) {
  const file = profileFiles(env).find((path) => existsSync(path));
  if (file === undefined) return [];
  const { engineSettings, readProfiles } = await import("../engine/cluster/profile.js");
  return Object.entries(readProfiles(file)).flatMap(([profile, fields]) => {
    const { engine = "local", queue } = fields;
    return engine in ENGINE_SETTINGS ? [{ profile, engine, queue, settings: engineSettings(engine, fields, file) }] : [];
  });
}

/** @throws {EmporiumError} USAGE, CONFIG_… */
async function profileOf(name: string | undefined, env: Io["env"]): Promise<EngineProfile & { file?: string }> {
  const files = profileFiles(env);
  const file = files.find((path) => existsSync(path));
  if (file === undefined) {
    if (name === undefined) return {};
    throw new EmporiumError("USAGE", `--engine-profile ${name} needs a file ${PROFILES}, which does not exist`, {
      hint: `write one here, or in ${files[1]}; docs/guides/clusters.md shows a complete file`,
    });
  }
  const { readProfileFile } = await import("../engine/cluster/profile.js");
  return { ...readProfileFile(file, name), file };
}

export interface ExecutorOptions {
  slots?: number | undefined;
  /** Settings of a profile that only the engine itself reads. */
  settings?: PlainObject | undefined;
  /** Queue in which a run's jobs are looked for. Of the engines, AWS Batch alone uses it. */
  queue?: string | undefined;
  /** Time for the answer to a question; default: what a person waits for. */
  askMs?: number | undefined;
}

/** The executor of a name. @throws {EmporiumError} USAGE where its settings are not there; ENGINE_ABSENT, ENGINE_SILENT when it is asked */
export async function executorOf(
  name: EngineName,
  env: Io["env"],
  { slots, settings, queue, askMs }: ExecutorOptions = {},
): Promise<EngineExecutor> {
  const environment = { ...env } as NodeJS.ProcessEnv;
  if (name === "local") {
    const { processesExecutor } = await import("../engine/executors/processes.js");
    const { defaultJobs } = await import("./option-types.js");
    return processesExecutor({ slots: slots ?? defaultJobs(), env: environment });
  }
  if (name === "aws-batch") {
    const [{ openBatch }, { BatchSettings }] = await Promise.all([
      import("../engine/executors/batch/open.js"),
      import("../engine/executors/batch/settings.js"),
    ]);
    return openBatch(BatchSettings.parse(settings), { queue, env });
  }
  const [{ engineCommand }, { commandExecutor }, words] = await Promise.all([
    import("../engine/executors/engine-command.js"),
    import("../engine/executors/by-command.js"),
    WORDS[name](settings),
  ]);
  return commandExecutor(words, engineCommand(withoutOuterJob(environment)), askMs);
}

/** Loads the commands of each engine, and the readers of their output. */
const WORDS: Readonly<Record<Exclude<EngineName, "local" | "aws-batch">, (settings?: PlainObject) => Promise<EngineWords>>> = {
  slurm: async () => (await import("../engine/executors/words/slurm.js")).SLURM,
  lsf: async () => (await import("../engine/executors/words/lsf.js")).LSF,
  sge: async () => (await import("../engine/executors/words/sge.js")).SGE,
  pbs: async () => (await import("../engine/executors/words/pbs.js")).PBS,
  async kubernetes(settings) {
    const [{ kubernetesWords }, { KubernetesSettings }] = await Promise.all([
      import("../engine/executors/words/kubernetes.js"),
      import("../engine/executors/words/kubernetes-settings.js"),
    ]);
    return kubernetesWords(KubernetesSettings.parse(settings));
  },
  async command(settings) {
    const [{ templateWords }, { EngineTemplates }] = await Promise.all([
      import("../engine/executors/words/by-template.js"),
      import("../engine/executors/words/templates.js"),
    ]);
    return templateWords(EngineTemplates.parse(settings));
  },
};

/** A job that submits jobs: what Slurm told it of itself is not for them. Outside of a job, and in `SBATCH_…`, a person has set them. */
function withoutOuterJob(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env.SLURM_JOB_ID === undefined) return env;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("SLURM_") || name === "SLURM_CONF"));
}

/** Flags of clusters mean nothing on this machine. @throws {EmporiumError} USAGE */
function refuseEngineFlags({ engineProfile, driver, queue, account, slots }: EngineOptions): void {
  const named = [
    ...(engineProfile === undefined ? [] : ["--engine-profile"]),
    ...(queue === undefined ? [] : ["--queue"]),
    ...(account === undefined ? [] : ["--account"]),
    ...(slots === undefined ? [] : ["--slots"]),
    ...(driver === "here" ? ["--driver here"] : []),
  ];
  if (named.length === 0) return;
  throw new EmporiumError("USAGE", `${named.join(", ")} needs a cluster, but the tasks run on this machine`, {
    hint: "add --executor slurm, or another engine; or leave it out",
  });
}

/**
 * Settings with which a run is submitted to the engine: flags go before the profile, the profile before what the plan needs.
 *
 * @param work threads and buffers of each worker, where a flag names them
 * @throws {EmporiumError} USAGE, CONFIG_…; ENGINE_ABSENT
 */
async function placeOf(
  options: EngineOptions,
  work: { jobs: number | undefined; memoryBytes: number | undefined },
  io: Pick<Io, "env">,
): Promise<ClusterPlace> {
  const profile = await profileOf(options.engineProfile, io.env);
  const engine = options.executor as EngineName;
  const isAsked = options.driver !== "none" || engine !== "local";
  if (isAsked && profile.engine !== undefined && profile.engine !== engine) {
    throw new EmporiumError("USAGE", `--executor ${engine} does not fit the profile, which is for ${profile.engine}`, {
      place: profile.file === undefined ? undefined : { file: profile.file },
      hint: `leave out --engine-profile, or give --executor ${profile.engine}`,
    });
  }
  const slots = options.slots ?? profile.slots;
  const { engineSettings } = await import("../engine/cluster/profile.js");
  const settings = engineSettings(engine, profile, profile.file);
  const executor = await executorOf(engine, io.env, { slots, settings, queue: options.queue ?? profile.queue });
  refuseGates(executor, options.driver);
  await executor.limits(); // one that is not here is told before anything is read
  return {
    executor,
    resources: {
      cpus: work.jobs ?? profile.cpus ?? 2,
      memoryBytes:
        work.memoryBytes === undefined && profile.memory !== undefined
          ? profile.memory
          : jobMemory(work.memoryBytes ?? LIMITS.memoryBytes),
      gpus: profile.gpus ?? 0,
      ...(profile.walltime === undefined ? {} : { walltimeMinutes: profile.walltime }),
      ...optional("queue", options.queue ?? profile.queue),
      ...optional("account", options.account ?? profile.account),
      words: profile.words ?? [],
      ...(settings === undefined ? {} : { settings }),
    },
    slots,
    slices: profile.slices,
    prologue: profile.prologue ?? [],
    // an image has the program where it likes
    command: profile.command ?? (IN_IMAGES.includes(engine) ? ["emporium"] : thisProgram()),
    logs: profile.logs === undefined ? undefined : resolve(profile.logs),
    program: version(),
    price: profile.price,
  };
}

/** @throws {EmporiumError} USAGE where no job of the engine can wait for others */
function refuseGates({ name, waits }: EngineExecutor, driver: EngineOptions["driver"]): void {
  if (waits !== false || driver !== "gate") return;
  throw new EmporiumError("USAGE", `--executor ${name} has no jobs that wait for others, so no job can begin the next stage`, {
    hint: "add --driver here: this process then stays and begins each stage",
  });
}

/**
 * Arguments that a command hands to its station where `--executor` names a cluster, or `--driver none` prepares for one: the
 * place, and threads and buffers of each worker. Undefined on this machine, and for a dry run that asks no engine.
 *
 * @param useless flags that were given and mean nothing on a cluster, each with the reason
 * @throws {EmporiumError} USAGE, CONFIG_…, MEMORY_LIMIT; ENGINE_ABSENT
 */
export async function clusterOf(
  options: EngineOptions,
  work: { jobs: number | undefined; memoryBytes: number | undefined; dryRun?: boolean },
  io: Pick<Io, "env">,
  useless: Readonly<Record<string, string | false>> = {},
): Promise<{ cluster: ClusterUse; jobs: number; memoryBytes: number } | undefined> {
  if (options.executor === "local" && options.driver !== "none") {
    refuseEngineFlags(options);
    return undefined;
  }
  for (const [flag, reason] of Object.entries(useless)) {
    if (reason === false) continue;
    throw new EmporiumError("USAGE", `${flag}: ${reason}`, { hint: `leave it out, or leave out --executor ${options.executor}` });
  }
  if (work.dryRun) return undefined;
  const place = await placeOf(options, work, io);
  const { bufferMemory } = await import("../engine/cluster/worker-memory.js");
  const { cpus, memoryBytes } = place.resources;
  const cluster = { place, drive: options.driver === "here", prepare: options.driver === "none" };
  return { cluster, jobs: cpus, memoryBytes: bufferMemory(memoryBytes) };
}

const optional = <K extends string>(key: K, value: string | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { [k in K]?: string };

const IN_IMAGES: readonly EngineName[] = ["aws-batch", "kubernetes"];

/** Nodes of a cluster see the same folders: the program is started there by the path that it has here. */
export function thisProgram(): string[] {
  return [process.execPath, join(import.meta.dirname, "main.js")];
}

export const runPositional = z.string().meta({
  description: "folder of the run, TARGET/.emporium/runs/NAME; TARGET alone means its newest run",
  value: "RUN",
});

/** A run, the station whose tasks it does, and the engine that it was given to or that `--executor` names. */
export async function openForCommand(location: string, io: Pick<Io, "env">, executor?: string | undefined, askMs?: number) {
  const { openRun, refuseOtherVersion } = await import("../engine/cluster/run-record.js");
  const run = await openRun(location);
  refuseOtherVersion(run, version());
  const { engine, resources, slots } = run.record;
  const name = (executor ?? engine) as EngineName;
  if (name !== engine && name in ENGINE_SETTINGS) {
    throw new EmporiumError("USAGE", `--executor ${name} needs the settings of a profile`, {
      hint: "run the command that began the run again, with this --executor and --engine-profile, to resume the run",
    });
  }
  const engineOf = (other: string) =>
    executorOf(other as EngineName, io.env, { slots, settings: resources.settings, queue: resources.queue, askMs });
  return { run, station: await stationOf(run.record.station), executor: await engineOf(name), engineOf };
}

export type OpenedRun = Awaited<ReturnType<typeof openForCommand>>;

const STATIONS: Readonly<Record<string, () => Promise<AnyStation>>> = {
  ingest: async () => (await import("../stations/ingest/cluster.js")).ingestStation,
  download: async () => (await import("../stations/harvest/download/on-cluster.js")).downloadStation,
  "publish run": async () => (await import("../stations/publish/run/on-cluster.js")).publishRunStation,
  "publish tree": async () => (await import("../stations/publish/tree/on-cluster.js")).publishTreeStation,
  blocks: async () => (await import("../stations/blocks/graph/on-cluster.js")).blocksStation,
  verify: async () => (await import("../stations/ingest/verify/on-cluster.js")).verifyStation,
  import: async () => (await import("../stations/catalog/portal-import/on-cluster.js")).importStation,
  validate: async () => (await import("../stations/ingest/validate/on-cluster.js")).validateStation,
};

/** The station whose tasks a run does. @throws {EmporiumError} ENGINE_VERSION for one that this version does not have */
async function stationOf(name: string): Promise<AnyStation> {
  const load = STATIONS[name];
  if (load) return load();
  throw new EmporiumError("ENGINE_VERSION", `the run belongs to the station ${name}, which this version cannot run on clusters`);
}
