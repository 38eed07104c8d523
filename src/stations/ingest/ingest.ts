import { mkdir, readFile, rename, stat, statfs, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ShardCodec } from "../../arrays/stream/plan/layout.js";
import { systemClock } from "../../core/clock.js";
import { EmporiumError, type ErrorRecord } from "../../core/errors.js";
import type { Log } from "../../core/log.js";
import { seededRandom } from "../../core/random.js";
import { formatBytes, formatSeconds } from "../../core/units.js";
import { removeIfEmpty } from "../../engine/disk.js";
import type { OnEvent } from "../../engine/events.js";
import { journalName } from "../../engine/journal.js";
import { type RunReport, runPlan } from "../../engine/run.js";
import type { ObjectReceipt, Operations, PlainObject, Task } from "../../engine/task.js";
import { taskId } from "../../engine/task-id.js";
import { keyWithin, refuseInSource } from "../../stores/nesting.js";
import { objectName, type Store } from "../../stores/store.js";
import { openLocation, openStore } from "../../stores/url.js";
import { readConfigFile, readExclusions } from "./check/config-file.js";
import { readConfig } from "./check/read-config.js";
import { comparePlan, type PlanComparison } from "./compare-plan.js";
import type { IngestConfig } from "./config/schema.js";
import { type PlanFailure, type PlanWarning, toldOnce } from "./draft.js";
import { joinClaims, readClaims } from "./id-claims.js";
import type { GivenId } from "./identifiers.js";
import { awaitedSections } from "./importers/key-image.js";
import { fixedMoment } from "./moment.js";
import { ANNOTATION_OPERATION, annotationOperation } from "./ops/annotation.js";
import { CLEAR_OPERATION, clearOperation } from "./ops/clear.js";
import { COPY_OPERATION, copyOperation } from "./ops/copy.js";
import { DOCUMENT_OPERATION, documentOperation } from "./ops/document.js";
import { GAIN_OPERATION, gainOperation } from "./ops/gain.js";
import { MESH_OPERATION, meshOperation } from "./ops/mesh.js";
import { METADATA_OPERATION, writeMetadataOperation } from "./ops/metadata.js";
import { type OpenAddress, PHOTO_OPERATION, photoOperation } from "./ops/photo.js";
import { PICTURE_OPERATION, pictureOperation } from "./ops/picture.js";
import { POINTS_OPERATION, pointsOperation } from "./ops/points.js";
import { type SectionCache, sectionCache } from "./ops/section-cache.js";
import { VIEW_CONFIG_OPERATION, viewConfigOperation } from "./ops/view-config.js";
import { VIEW_MASK_OPERATION, viewMaskOperation } from "./ops/view-mask.js";
import { VIEW_COPIES_OPERATION, VIEW_MESH_OPERATION, viewCopiesOperation, viewMeshOperation } from "./ops/view-mesh.js";
import { VIEW_POINTS_OPERATION, viewPointsOperation } from "./ops/view-points.js";
import { cachingVolumeOperation, VOLUME_OPERATION } from "./ops/volume.js";
import type { OmeZarrVersion } from "./ops/volume-params.js";
import { checkAsked, type IngestPlan, isPartial, planIngest, refusePlaceholders } from "./plan.js";
import { formatPlan, planReport } from "./report.js";
import { makeSelection, requireSelection, type SelectionFlags } from "./selection.js";

export interface IngestOptions {
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
  /** Of the chunks of OME-Zarr 0.5. Default `blosc-lz4`. */
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
  sync: boolean;
  checksum?: "sha256" | undefined;
  verify: boolean;
  dryRun: boolean;
  log: Log;
  signal: AbortSignal;
  onEvent?: OnEvent | undefined;
}

export interface IngestReport {
  status: "done" | "partial" | "failed" | "cancelled" | "planned";
  exitStatus: number;
  /** Entities made now, found done, failed, and not begun because one that they need failed. */
  done: number;
  already: number;
  failed: number;
  blocked: number;
  /** Not begun or cut off, since the run was stopped or ended by a failure. */
  notDone: number;
  seconds: number;
  outputs: readonly (ObjectReceipt & { task: string })[];
  /** By task title: what was measured. */
  facts: Readonly<Record<string, PlainObject>>;
  warnings: readonly object[];
  errors: readonly (ErrorRecord & { entity?: string; also?: readonly string[]; files?: readonly string[] })[];
  /** Only of a dry run. */
  plan?: ReturnType<typeof planReport>;
  toText(): string;
}

/**
 * Imports a deposition: reads the config, plans, runs the plan on this machine. Called again it goes on where it was, or finds nothing to do.
 *
 * What cannot be done is in the report; the rest is done and kept.
 *
 * @throws {EmporiumError} before anything is touched: CONFIG_…, USAGE, STORE_ABSENT (no such config), TARGET_LOCKED.
 */
export async function ingest(options: IngestOptions): Promise<IngestReport> {
  const { anonymous, sync, compat } = options;
  requireSelection(makeSelection(options.selection));
  const exclusions = await readExclusions(options.exclusions, anonymous);
  const config = readConfig(await readConfigFile(options.config, anonymous), options.config, { exclusions, compat });
  const source = await openStore(options.input, { anonymous, readOnly: true });
  const target = await openStore(options.output, { anonymous, sync });
  if (!options.dryRun && !options.allowPlaceholders) refusePlaceholders(config, target);
  const open: OpenAddress = (location) => openLocation(location, { anonymous, readOnly: true });
  return ingestInto({ config, name: basename(options.config).replace(/\.ya?ml$/i, ""), source, target, open }, options);
}

/** A deposition whose stores are open. */
export interface OpenIngest {
  config: IngestConfig;
  /** What the job is called: a journal belongs to a target and this name. */
  name: string;
  source: Store;
  target: Store;
  /** Opens addresses of pictures. Default: the stores' own, for reading. */
  open?: OpenAddress | undefined;
}

/** `ingest` for stores that are open already. */
export async function ingestInto(
  { config, name: configName, source, target, open = (location) => openLocation(location, { readOnly: true }) }: OpenIngest,
  options: Omit<IngestOptions, "config" | "input" | "output" | "anonymous">,
): Promise<IngestReport> {
  const { log, signal } = options;
  refuseNested(source, target);
  const name = `ingest ${configName}`;
  const memory = idMemory(options.workspace, target.url, name);
  const reservedIds = await memory.read();
  const selection = makeSelection(options.selection);
  checkAsked(config, selection);
  let largest: PlanWarning[] = [];
  const makePlan = async (claimedIds: readonly GivenId[]) => {
    const plan = await planIngest(config, source, target, {
      selection,
      clock: systemClock,
      compat: options.compat,
      writeMrc: options.writeMrc,
      writeZarr: options.writeZarr,
      httpsPrefix: options.httpsPrefix,
      omeZarr: options.omeZarr,
      codec: options.codec,
      force: options.forceOverwrite,
      allowEmpty: options.allowEmpty,
      strict: options.strict,
      threads: options.jobs,
      reservedIds,
      claimedIds,
      open,
      signal,
    });
    refuseOwnSources(plan, source, target);
    largest = memoryWarning(plan, options.memoryBytes);
    return fitted(plan, options);
  };
  if (options.dryRun) {
    const plan = await makePlan(await readClaims(target));
    const warnings = [...largest, ...(await roomWarning(plan, target))];
    return plannedReport(plan, await comparePlan(plan, target, signal, source), warnings);
  }
  const random = seededRandom(systemClock.now());
  const root = target.local?.path("");
  const isNew = root !== undefined && !(await stat(root).catch(() => undefined));
  const claims = await joinClaims(target, { job: name, clock: systemClock, random, log, signal });
  let unfinished: ((id: GivenId) => boolean) | undefined;
  try {
    let plan = await makePlan(claims.taken());
    for (let attempt = 1; !(await claims.claim(plan.ids)); attempt++) {
      if (attempt >= PLANS) throw tooManyPlans(target);
      log.debug("another import was given ids meanwhile: planning again");
      plan = await makePlan(claims.taken());
    }
    const shortOfRoom = [...largest, ...(await roomWarning(plan, target))];
    // the others stand in the report; this one may be acted on now
    for (const { message } of shortOfRoom) log.warn(message);
    // the ids stand before the first output does: a resumed run gives the same ones
    await memory.write(plan.ids);
    const run = await runPlan(plan, {
      operations: ingestOperations(open, sectionCache(awaitedSections(plan.tasks))),
      source,
      target,
      workspace: options.workspace,
      name,
      jobs: options.jobs,
      memoryBytes: options.memoryBytes,
      keepGoing: options.keepGoing,
      clock: systemClock,
      random,
      log,
      signal,
      verify: options.verify,
      force: options.forceOverwrite,
      createdMs: fixedMoment(process.env),
      sync: options.sync,
      onEvent: options.onEvent,
    });
    const left = run.results.filter(({ state }) => state !== "done" && state !== "already");
    const outputs = left.flatMap(({ task }) => task.outputs);
    unfinished = ({ container }) => outputs.some((key) => key.startsWith(`${container}/`));
    return runReport(plan, run, shortOfRoom);
  } finally {
    await claims.release(unfinished);
    // an import that never began leaves no folder
    if (isNew && unfinished === undefined) await removeIfEmpty(root);
  }
}

const HINT_OUTPUT = "choose a folder beside the input";

/** @throws {EmporiumError} USAGE where the tree would be written into its own sources */
function refuseNested(source: Store, target: Store): void {
  if (!isPlace(source) || !isPlace(target)) return;
  refuseInSource(objectName(target, ""), objectName(source, ""), { what: "OUTPUT", hint: HINT_OUTPUT });
}

/** The input may lie in the output, but not where this plan writes. @throws {EmporiumError} USAGE */
function refuseOwnSources({ tasks }: IngestPlan, source: Store, target: Store): void {
  const within = isPlace(source) && isPlace(target) ? keyWithin(objectName(source, ""), objectName(target, "")) : undefined;
  if (within === undefined) return;
  const meets = (key: string) => `${key}/`.startsWith(`${within}/`) || (key.endsWith("/") && `${within}/`.startsWith(key));
  const key = tasks.flatMap(({ outputs }) => outputs).find(meets);
  if (key === undefined) return;
  throw new EmporiumError("USAGE", `${objectName(target, key)} would be written into INPUT, which lies in OUTPUT`, {
    hint: HINT_OUTPUT,
  });
}

/** A folder or a bucket: memory, and servers that are only read, hold no other place. */
function isPlace({ url }: Store): boolean {
  return /^(?:file|s3|gs):/.test(url);
}

function tooManyPlans(target: Store): EmporiumError {
  return new EmporiumError("TARGET_LOCKED", `${target.url}: other imports were given the same ids ${PLANS} times in a row`, {
    hint: "run the same command again",
  });
}

/** All that the tasks of a plan may run. */
export function ingestOperations(open: OpenAddress, cache: SectionCache): Operations {
  return {
    [METADATA_OPERATION]: writeMetadataOperation,
    [VOLUME_OPERATION]: cachingVolumeOperation(cache),
    [PICTURE_OPERATION]: pictureOperation(cache),
    [COPY_OPERATION]: copyOperation,
    [GAIN_OPERATION]: gainOperation,
    [DOCUMENT_OPERATION]: documentOperation,
    [PHOTO_OPERATION]: photoOperation(open),
    [POINTS_OPERATION]: pointsOperation,
    [MESH_OPERATION]: meshOperation,
    [ANNOTATION_OPERATION]: annotationOperation,
    [CLEAR_OPERATION]: clearOperation,
    [VIEW_POINTS_OPERATION]: viewPointsOperation,
    [VIEW_MASK_OPERATION]: viewMaskOperation,
    [VIEW_MESH_OPERATION]: viewMeshOperation,
    [VIEW_COPIES_OPERATION]: viewCopiesOperation,
    [VIEW_CONFIG_OPERATION]: viewConfigOperation,
  };
}

/** Ids that plans for this target and config have given out, in the workspace. Losing the file costs the ids of an interrupted run at most. */
function idMemory(workspace: string, targetUrl: string, name: string) {
  const folder = join(workspace, "ids");
  const path = join(folder, `${journalName(targetUrl, name)}.json`);
  return {
    async read(): Promise<GivenId[]> {
      const text = await readFile(path, "utf8").catch(() => undefined);
      if (text === undefined) return [];
      try {
        const ids: unknown = JSON.parse(text);
        return Array.isArray(ids)
          ? (ids as GivenId[]).filter(({ container, key, id }) => container && key && Number.isInteger(id))
          : [];
      } catch {
        return [];
      }
    },
    async write(ids: readonly GivenId[]): Promise<void> {
      await mkdir(folder, { recursive: true });
      await writeFile(`${path}.part`, JSON.stringify(ids));
      await rename(`${path}.part`, path);
    },
  };
}

/** Plans that are made before giving up, where other imports are given the same ids again and again. */
const PLANS = 8;

/** Operations that can hash what they write. */
const CHECKED: ReadonlySet<string> = new Set([VOLUME_OPERATION, COPY_OPERATION, GAIN_OPERATION, PHOTO_OPERATION]);

/**
 * The plan under the ceilings of this run: a volume that would like more memory gets what there is and is cut into narrower pieces. The
 * checksum is something a task is told: a receipt without one would not do.
 */
function fitted(plan: IngestPlan, { checksum, memoryBytes }: Pick<IngestOptions, "checksum" | "memoryBytes">): IngestPlan {
  const ids = new Map<string, string>();
  const tasks = plan.tasks.map((planned): Task => {
    const needs = planned.needs.map((id) => ids.get(id) ?? id);
    const after = planned.after?.map((id) => ids.get(id) ?? id);
    const task = { ...planned, needs, ...(after && { after }), memoryBytes: Math.min(planned.memoryBytes, memoryBytes) };
    if (!CHECKED.has(task.run) || checksum === undefined) return task;
    const told = { ...task, params: { ...task.params, checksum } };
    const id = taskId(told);
    ids.set(task.id, id);
    return { ...told, id };
  });
  return { ...plan, tasks };
}

/** Operations that cut their work into what fits. */
const CUT: ReadonlySet<string> = new Set([VOLUME_OPERATION, VIEW_MASK_OPERATION]);

/** What cannot be cut (a large mesh, a section of a very wide tomogram) runs alone, and this says so. */
function memoryWarning({ tasks }: IngestPlan, memoryBytes: number): PlanWarning[] {
  const large = tasks.filter((task) => !CUT.has(task.run) && task.memoryBytes > memoryBytes);
  if (large.length === 0) return [];
  const most = large.reduce((a, b) => (b.memoryBytes > a.memoryBytes ? b : a));
  const count = large.length === 1 ? "one task" : `${large.length} tasks`;
  const message = `${count} may take more than the ${formatBytes(memoryBytes)} of --memory, the most ${formatBytes(most.memoryBytes)} (${most.title}); each runs alone`;
  return [{ message, ...(most.place && { place: most.place }) }];
}

/** What is certain to be needed is the float32 MRCs; compressed chunks come on top. */
async function roomWarning(plan: IngestPlan, target: Store): Promise<PlanWarning[]> {
  if (!target.local) return [];
  let folder = target.local.path("");
  while (!(await stat(folder).catch(() => undefined)) && folder !== "/") folder = join(folder, "..");
  const disk = await statfs(folder).catch(() => undefined);
  if (!disk) return [];
  let needed = 0;
  for (const { run, params, outputs, bytes } of plan.tasks) {
    if (run !== VOLUME_OPERATION || typeof params.mrc !== "string" || outputs.length === 0) continue;
    if (!(await target.stat(params.mrc))) needed += bytes;
  }
  const free = disk.bavail * disk.bsize;
  if (free >= needed) return [];
  return [
    {
      message: `${target.url} has ${formatBytes(free)} free, the sources alone have ${formatBytes(needed)}: the disk will run full`,
    },
  ];
}

function plannedReport(plan: IngestPlan, comparison: PlanComparison, warnings: readonly PlanWarning[]): IngestReport {
  const full = { ...plan, warnings: [...plan.warnings, ...warnings] };
  const document = planReport(full, comparison);
  return {
    status: "planned",
    exitStatus: isPartial(plan) ? 3 : 0,
    done: 0,
    already: 0,
    failed: plan.failures.length,
    blocked: 0,
    notDone: 0,
    seconds: 0,
    outputs: [],
    facts: {},
    warnings: document.warnings,
    errors: document.errors,
    plan: document,
    toText: () => formatPlan(full, comparison),
  };
}

function runReport(plan: IngestPlan, run: RunReport, extra: readonly PlanWarning[]): IngestReport {
  // what has not begun, or was cut off, is one line with counts: the same command does it
  const failures = run.results.flatMap(({ task, state, error }): PlanFailure[] =>
    error && state !== "cancelled" ? [{ error, entity: task.title }] : [],
  );
  const told = toldOnce([...plan.failures, ...failures]);
  const errors = told.map(({ error, entity, also, files }) => ({
    ...error,
    entity,
    ...(also && { also }),
    ...(files && { files }),
  }));
  if (run.error && !failures.some(({ error }) => error.code === run.error!.code)) errors.push(stopError(run));
  const outputs = run.results.flatMap(({ task, receipt }) =>
    (receipt?.outputs ?? []).map((output) => ({ ...output, task: task.title })),
  );
  const facts = run.results.flatMap(({ task, receipt }): [string, PlainObject][] =>
    receipt?.facts ? [[task.title, receipt.facts]] : [],
  );
  const said = new Set(plan.warnings.map(({ message }) => message));
  const measured = run.results.flatMap(({ task, receipt }) =>
    (receipt?.warnings ?? []).filter((message) => !said.has(message)).map((message) => ({ message, entity: task.title })),
  );
  const document = planReport(plan);
  const warnings = [...document.warnings, ...extra, ...measured];
  const anything = run.done + run.already > 0;
  const partial = isPartial(plan) || run.exitStatus === 3;
  const exitStatus = run.exitStatus !== 0 && run.exitStatus !== 3 ? run.exitStatus : partial ? (anything ? 3 : 1) : 0;
  const status = exitStatus === 0 ? "done" : exitStatus === 130 ? "cancelled" : exitStatus === 3 ? "partial" : "failed";
  const failed = run.failed + plan.failures.length;
  return {
    status,
    exitStatus,
    done: run.done,
    already: run.already,
    failed,
    blocked: run.blocked,
    notDone: run.cancelled,
    seconds: run.seconds,
    outputs,
    facts: Object.fromEntries(facts),
    warnings,
    errors,
    toText() {
      if (status === "cancelled") return ""; // the error says it all
      const bytes = run.results.filter(({ state }) => state === "done").reduce((sum, { task }) => sum + task.bytes, 0);
      const counts = [`${run.done} done`, `${run.already} already there`, `${failed} failed`, `${run.blocked} blocked`];
      if (run.cancelled > 0) counts.push(`${run.cancelled} not done`);
      const lines = [`${counts.join(", ")}; ${formatBytes(bytes)} read in ${formatSeconds(run.seconds)}`];
      for (const { message } of warnings as { message: string }[]) lines.push(`warning: ${message}`);
      return lines.join("\n");
    },
  };
}

/** Why a run ended before its end, with what it had done, in one line. */
function stopError(run: RunReport): ErrorRecord & { entity: string } {
  const { code, message, hint } = run.error!;
  const { done, already, failed, interrupted, cancelled } = run;
  const counts = [
    `${done} done`,
    ...(already > 0 ? [`${already} already there`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(interrupted > 0 ? [`${interrupted} cut off`] : []),
    `${cancelled - interrupted} not begun`,
  ];
  return {
    code,
    message: [`${message}: ${counts.join(", ")}`, ...(hint === undefined ? [] : [hint])].join("; "),
    entity: "the run",
  };
}
