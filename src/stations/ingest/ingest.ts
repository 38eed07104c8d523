import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ShardCodec } from "../../arrays/stream/plan/layout.js";
import { EmporiumError } from "../../core/errors.js";
import { printJson } from "../../core/json.js";
import type { Log } from "../../core/log.js";
import { counted } from "../../core/units.js";
import { receiptsOfRuns } from "../../engine/cluster/begin.js";
import type { ClusterUse } from "../../engine/cluster/on-cluster.js";
import { removeIfEmpty } from "../../engine/disk.js";
import { type Env, envOf, type GivenEnv } from "../../engine/env.js";
import { journalName, openJournal } from "../../engine/journal.js";
import { type RunOptions, type RunReport, runPlan } from "../../engine/run.js";
import type { Task } from "../../engine/task.js";
import { forgetPlaceholders, notePlaceholders } from "../../engine/tree-notes.js";
import { errnoOf } from "../../stores/file/errors.js";
import { refuseGone } from "../../stores/gone.js";
import type { IoMode } from "../../stores/io-mode.js";
import { keyWithin, refuseInSource } from "../../stores/nesting.js";
import { objectName, type Store } from "../../stores/store.js";
import { openStore } from "../../stores/url.js";
import type { Arriving } from "./arriving.js";
import { readConfigFile, readExclusions } from "./check/config-file.js";
import { readConfig } from "./check/read-config.js";
import { comparePlan } from "./compare-plan.js";
import type { IngestConfig } from "./config/schema.js";
import { type FittedPlan, fitted, roomWarnings } from "./fit-plan.js";
import { type IdClaims, joinClaims, readClaims } from "./id-claims.js";
import type { GivenId } from "./identifiers.js";
import { awaitedSections } from "./importers/key-image.js";
import { failuresOf, type IngestReport, plannedReport, runReport, submittedReport } from "./ingest-report.js";
import { fixedMoment } from "./moment.js";
import { addressOpener } from "./ops/open-address.js";
import { ingestOperations } from "./ops/operations.js";
import type { OpenAddress } from "./ops/photo.js";
import { sectionCache } from "./ops/section-cache.js";
import type { OmeZarrVersion } from "./ops/volume-params.js";
import { checkAsked, type IngestPlan, placeholderNote, planIngest, refusePlaceholders, refuseRun } from "./plan.js";
import { replacedWarning } from "./replaced.js";
import { isEverything, makeSelection, requireSelection, type SelectionFlags } from "./selection.js";
import { type DTypeChoice, requireZarr } from "./volume-source.js";

export interface IngestOptions extends GivenEnv {
  /** Path of the deposition's configuration. */
  config: string;
  /** Folder or bucket of the sources; the config's `source_prefix` is below it. */
  input: string;
  /** Folder or bucket of the standardised tree. */
  output: string;
  selection: SelectionFlags;
  /** A file of values that the rules of `ingest check` let pass, in place of the built-in ones. */
  exclusions?: string | undefined;
  /** Placeholders of the configuration may go into a bucket. Default false. */
  allowPlaceholders?: boolean | undefined;
  workspace: string;
  jobs: number;
  memoryBytes: number;
  keepGoing: boolean;
  writeMrc: boolean;
  writeZarr: boolean;
  /** Default 0.4. */
  omeZarr?: OmeZarrVersion | undefined;
  /** Element type of the Zarr's voxels. Default `float32`. */
  dtype?: DTypeChoice | undefined;
  /** Compression of chunks in OME-Zarr 0.5. Default `blosc-lz4`. */
  codec?: ShardCodec | undefined;
  forceOverwrite: boolean;
  /** Point lists without a row of their tomogram are written empty. Default false: each is a failure. */
  allowEmpty?: boolean | undefined;
  /** Points outside of their tomogram are a failure. Default false: a warning. */
  strict?: boolean | undefined;
  compat: boolean;
  /** Address of the published tree, for views. Default: that of a bucket or server, else this machine's (`viewAddress`). */
  httpsPrefix?: string | undefined;
  anonymous: boolean;
  /** Pictures at private addresses and files of this machine, which the configuration names, are read. Default false. */
  allowPrivate?: boolean | undefined;
  sync: boolean;
  io?: IoMode | undefined;
  checksum?: "sha256" | undefined;
  verify: boolean;
  dryRun: boolean;
  /** Decides what is left for later of sources that a running acquisition still writes. Default: all is taken as it is. */
  arriving?: Arriving | undefined;
  /** Gives the work to a cluster. Default: this machine does it. */
  cluster?: ClusterUse | undefined;
}

/**
 * Imports a deposition: reads the config, plans, and runs the plan on this machine. Called again, it resumes or finds nothing to
 * do.
 *
 * Failures are in the report; everything else is done and kept.
 *
 * @throws {EmporiumError} before anything is touched: CONFIG_…, USAGE, STORE_ABSENT (no such config), TARGET_LOCKED.
 */
export async function ingest(options: IngestOptions): Promise<IngestReport> {
  return ingestInto(await openIngest(options), options);
}

/** Reads the configuration and opens both stores. @throws {EmporiumError} CONFIG_…, USAGE, STORE_ABSENT (no such config) */
export async function openIngest(options: Omit<IngestOptions, "forceOverwrite">): Promise<OpenIngest> {
  const { anonymous, sync, io, compat } = options;
  const selection = makeSelection(options.selection);
  requireSelection(selection);
  requireZarr(options.dtype, options.writeZarr);
  const exclusions = await readExclusions(options.exclusions, anonymous);
  const config = readConfig(await readConfigFile(options.config, anonymous), options.config, { exclusions, compat });
  const source = await openStore(options.input, { anonymous, io, readOnly: true });
  await refuseGone(source, "INPUT");
  const target = await openStore(options.output, { anonymous, sync, io });
  if (!options.dryRun && !options.allowPlaceholders) refusePlaceholders(config, target, selection);
  const open = addressOpener(options);
  return { config, name: basename(options.config).replace(/\.ya?ml$/i, ""), source, target, open };
}

/** A deposition whose stores are open. */
export interface OpenIngest {
  config: IngestConfig;
  /** Name of the job: a journal belongs to a target and this name. */
  name: string;
  source: Store;
  target: Store;
  /** Opens addresses of pictures. Default: as `allowPrivate` says. */
  open?: OpenAddress | undefined;
}

export type OpenOptions = Omit<IngestOptions, "config" | "input" | "output" | "anonymous"> & { anonymous?: boolean };

/** `ingest` for stores that are open already. */
export async function ingestInto(job: OpenIngest, options: OpenOptions): Promise<IngestReport> {
  const { source, target } = job;
  refuseNested(source, target);
  const env = envOf(options);
  const name = `ingest ${job.name}`;
  const memory = idMemory(options.workspace, target.url, name, env.log);
  const remembered = await memory.read();
  const makePlan = planner(job, options, remembered);
  if (options.dryRun) {
    const { plan, warnings } = await makePlan(await readClaims(target));
    const comparison = await comparePlan(plan, target, env.signal, source);
    const estimate = options.cluster && (await (await import("./cluster.js")).estimateIngest(plan, target, options.cluster));
    const room = await roomWarnings(plan, target);
    const { workspace, forceOverwrite } = options;
    const scene = { source, target, workspace, signal: env.signal };
    const replaced = forceOverwrite ? undefined : await replacedWarning(plan.tasks, scene, "would be replaced");
    const all = [...warnings, ...room, ...(replaced ? [replaced] : [])];
    return plannedReport(plan, comparison, { warnings: all, account: await plan.account(), estimate });
  }
  const root = target.local?.path("");
  const isNew = root !== undefined && !(await stat(root).catch(() => undefined));
  const claims = await joinClaims(target, { job: name, ...env });
  let unfinished: ((id: GivenId) => boolean) | undefined;
  /** A run on a cluster has the claims, and gives them back when it ends. */
  let keeps = false;
  try {
    const { plan, warnings } = await claimedPlan(target, claims, makePlan, env.log);
    refuseRun(plan);
    const shortages = [...warnings, ...(await roomWarnings(plan, target))];
    // the others stand in the report; these may be acted on now
    for (const { message } of shortages) env.log.warn(message);
    // the ids stand before the first output does: a resumed run gives the same ones
    await memory.write(joined(remembered, plan.ids));
    const receipts = await receiptsOfRuns(target, name);
    const note = placeholderNote(job.config, plan);
    const beforeTasks = async (tasks: readonly Task[]) => {
      if (note) await notePlaceholders(target, name, note);
      const { workspace, forceOverwrite } = options;
      const scene = { source, target, workspace, receipts: receipts.values(), signal: env.signal };
      const replaced = forceOverwrite ? undefined : await replacedWarning(tasks, scene);
      if (!replaced) return;
      env.log.warn(replaced.message);
      shortages.push(replaced);
    };
    if (options.cluster) {
      const outcome = await onCluster(plan, name, job, claims.token, { ...options, ...env, beforeTasks });
      keeps = outcome.run !== undefined;
      if (outcome.state !== "ended") return submittedReport(plan, outcome, shortages);
      unfinished = () => false;
      return runReport(plan, outcome.report, shortages);
    }
    const run = await runTasks(plan, name, job, { ...options, ...env, beforeTasks, otherReceipt: (task) => receipts.get(task) });
    if (!note && run.exitStatus === 0 && isEverything(options.selection)) await forgetPlaceholders(target, name);
    const left = run.results.filter(({ state }) => state !== "done" && state !== "already");
    const outputs = left.flatMap(({ task }) => task.outputs);
    unfinished = ({ container }) => outputs.some((key) => key.startsWith(`${container}/`));
    return runReport(plan, run, shortages);
  } finally {
    if (!keeps) await claims.release(unfinished);
    // an import that never began leaves no folder
    if (isNew && !keeps && unfinished === undefined) await removeIfEmpty(root);
  }
}

type MakePlan = (claimedIds: readonly GivenId[]) => Promise<FittedPlan>;

/** @throws {EmporiumError} CONFIG_… for what can be told of the configuration before anything is asked of a store */
function planner({ config, source, target, open }: OpenIngest, options: OpenOptions, reservedIds: readonly GivenId[]): MakePlan {
  const selection = makeSelection(options.selection);
  checkAsked(config, selection);
  return async (claimedIds) => {
    const pictures = { open: open ?? addressOpener(options) };
    const given = { selection, force: options.forceOverwrite, threads: options.jobs, reservedIds, claimedIds, ...pictures };
    const plan = await planIngest(config, source, target, { ...options, ...given });
    refuseOwnSources(plan.tasks, source, target);
    return fitted(plan, options);
  };
}

/** Plans that are made before giving up, where other imports are given the same ids again and again. */
const PLANS = 8;

/** A plan whose ids nobody else has. @throws {EmporiumError} TARGET_LOCKED where others take them each time */
async function claimedPlan(target: Store, claims: IdClaims, makePlan: MakePlan, log: Env["log"]): Promise<FittedPlan> {
  for (let attempt = 1; ; attempt++) {
    const made = await makePlan(claims.taken());
    if (await claims.claim(made.plan.ids)) return made;
    if (attempt >= PLANS) {
      const message = `${target.url}: other imports were given the same ids ${PLANS} times in a row`;
      throw new EmporiumError("TARGET_LOCKED", message, { hint: "run the same command again" });
    }
    log.debug("another import has taken ids meanwhile: planning again");
  }
}

type BeforeTasks = { beforeTasks: (tasks: readonly Task[]) => Promise<void> };

/** The same plan for a cluster. Receipts of this machine's own journal count there too. */
async function onCluster(
  plan: IngestPlan,
  name: string,
  job: OpenIngest,
  claims: string,
  options: OpenOptions & Env & BeforeTasks,
) {
  const { workspace, log, sync, forceOverwrite, verify, beforeTasks } = options;
  const journal = await openJournal(join(workspace, "journals"), journalName(job.target.url, name), log, { sync });
  try {
    const { ingestOnCluster } = await import("./cluster.js");
    return await ingestOnCluster(
      plan,
      name,
      job,
      {
        cluster: options.cluster!,
        anonymous: options.anonymous ?? false,
        allowPrivate: options.allowPrivate ?? false,
        sync,
        force: forceOverwrite,
        verify,
        createdMs: fixedMoment(process.env),
        claims,
        receipt: (task) => journal.receipt(task),
        beforeTasks,
      },
      options,
    );
  } finally {
    await journal.close();
  }
}

async function runTasks(
  plan: IngestPlan,
  name: string,
  { source, target, open }: OpenIngest,
  options: OpenOptions & Env & BeforeTasks & Pick<RunOptions, "otherReceipt">,
): Promise<RunReport> {
  return runPlan(plan, {
    ...options,
    operations: ingestOperations(open ?? addressOpener(options), sectionCache(awaitedSections(plan.tasks))),
    source,
    target,
    name,
    force: options.forceOverwrite,
    createdMs: fixedMoment(process.env),
    unplanned: failuresOf(plan),
  });
}

/** Ids of a new plan, with remembered ids of containers that the plan, perhaps of some runs only, does not touch. */
function joined(before: readonly GivenId[], now: readonly GivenId[]): GivenId[] {
  const planned = new Set(now.map(({ container }) => container));
  return [...before.filter(({ container }) => !planned.has(container)), ...now];
}

/** Ids that plans for this target and config gave, in the workspace. Losing the file loses those of an interrupted run. */
function idMemory(workspace: string, targetUrl: string, name: string, log: Pick<Log, "warn">) {
  const folder = join(workspace, "ids");
  const path = join(folder, `${journalName(targetUrl, name)}.json`);
  const lost = (why: unknown) => {
    const reason = why instanceof Error ? why.message : String(why);
    log.warn(`${path} cannot be used: ${reason}; folders that an interrupted run has begun may get other numbers`);
  };
  return {
    async read(): Promise<GivenId[]> {
      const text = await readFile(path, "utf8").catch((error: unknown) => {
        if (errnoOf(error) !== "ENOENT") lost(error);
        return undefined;
      });
      if (text === undefined) return [];
      try {
        const ids = JSON.parse(text) as GivenId[];
        const known = ids.filter(({ container, key, id }) => container && key && Number.isInteger(id));
        if (known.length < ids.length)
          lost(`${ids.length - known.length} of ${counted(ids.length, "entry", "entries")} are damaged`);
        return known;
      } catch (error) {
        lost(error);
        return [];
      }
    },
    async write(ids: readonly GivenId[]): Promise<void> {
      await mkdir(folder, { recursive: true });
      await writeFile(`${path}.part`, printJson(ids.map((id) => ({ ...id }))));
      await rename(`${path}.part`, path);
    },
  };
}

const NESTED_HINT = "choose a folder outside of the input";

/** @throws {EmporiumError} USAGE where the tree would be written into its own sources */
function refuseNested(source: Store, target: Store): void {
  if (!isPlace(source) || !isPlace(target)) return;
  refuseInSource(objectName(target, ""), objectName(source, ""), { what: "OUTPUT", hint: NESTED_HINT });
}

/** The input may lie in the output, but not where this plan writes. @throws {EmporiumError} USAGE */
function refuseOwnSources(tasks: readonly Task[], source: Store, target: Store): void {
  const within = isPlace(source) && isPlace(target) ? keyWithin(objectName(source, ""), objectName(target, "")) : undefined;
  if (within === undefined) return;
  const meets = (key: string) => `${key}/`.startsWith(`${within}/`) || (key.endsWith("/") && `${within}/`.startsWith(key));
  const key = tasks.flatMap(({ outputs }) => outputs).find(meets);
  if (key === undefined) return;
  throw new EmporiumError("USAGE", `${objectName(target, key)} would be written into INPUT, which is inside of OUTPUT`, {
    hint: NESTED_HINT,
  });
}

/** A folder or a bucket: memory, and servers that are only read, hold no other place. */
function isPlace({ url }: Store): boolean {
  return /^(?:file|s3|gs):/.test(url);
}
