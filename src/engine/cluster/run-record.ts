import { z } from "zod";
import { EmporiumError } from "../../core/errors.js";
import { objectName, type Store } from "../../stores/store.js";
import { openStore } from "../../stores/url.js";
import type { PlainObject } from "../task.js";
import { END, RUN_RECORD, RUNS_FOLDER, runFolder } from "./run-files.js";

/** Version of the format of a run's files; a worker refuses any other. */
export const RUN_FORMAT = 1;

const Plain: z.ZodType<PlainObject> = z.record(z.string(), z.json());

/** Resources that a job asks of its engine. */
const Resources = z.strictObject({
  cpus: z.number(),
  memoryBytes: z.number(),
  gpus: z.number(),
  walltimeMinutes: z.number().optional(),
  queue: z.string().optional(),
  account: z.string().optional(),
  /** Further words for the engine's command, as a profile gives them. */
  words: z.array(z.string()),
  /** Settings for this engine alone, as the profile has them: templates of commands. */
  settings: Plain.optional(),
});
export type Resources = Readonly<z.output<typeof Resources>>;

/** Price of an hour of one processor, for people. */
export const Price = z.strictObject({ perCpuHour: z.number(), currency: z.string().optional() });
export type Price = Readonly<z.output<typeof Price>>;

const Stage = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  /** Number of the first task of each slice in the graph, and the end of the last one. */
  slices: z.array(z.number().int()).min(2),
});
export type RunStage = Readonly<z.output<typeof Stage>>;

const RunRecord = z.strictObject({
  format: z.literal(RUN_FORMAT),
  /** Version of the program, without which nobody works on the run. */
  program: z.string(),
  id: z.string(),
  /** Name of the job: a journal belongs to a target and this name. */
  name: z.string(),
  /** Station that has the operations which the tasks name. */
  station: z.string(),
  /** Parameters that the station needs on a node, beside the tasks. */
  params: Plain,
  source: z.strictObject({ url: z.string(), anonymous: z.boolean() }),
  target: z.strictObject({ url: z.string(), anonymous: z.boolean(), sync: z.boolean() }),
  createdMs: z.number(),
  /** Hash of all task ids in their order. */
  ids: z.string(),
  tasks: z.number().int(),
  bytes: z.number(),
  stages: z.array(Stage).min(1),
  locks: z.array(z.string()),
  /** The tasks as blocks of stages (`BlockGraph`), which is a formula. Absent where they are a list. */
  blocks: Plain.optional(),
  engine: z.string(),
  resources: Resources,
  /** Elements of an array that run side by side; all where it is absent. */
  slots: z.number().int().optional(),
  price: Price.optional(),
  /** Lines of the job's script before the program. */
  prologue: z.array(z.string()),
  /** Words that start the program on a node. */
  command: z.array(z.string()).min(1),
  /** Folder of the jobs' own output, where nodes and people see it. */
  logs: z.string().optional(),
});
/** `run.json`: what a run is. Written once, before anything is submitted. */
export type RunRecord = Readonly<z.output<typeof RunRecord>>;

/** A run in its target. */
export interface OpenRun {
  readonly record: RunRecord;
  /** The root of the target. */
  readonly store: Store;
  /** Key of the run's folder. */
  readonly folder: string;
  readonly url: string;
}

/**
 * Opens a run by the address of its folder, or the only or newest run of a target by the target's.
 *
 * @throws {EmporiumError} STORE_ABSENT, ENGINE_VERSION
 */
export async function openRun(location: string, { anonymous = false }: { anonymous?: boolean } = {}): Promise<OpenRun> {
  const at = location.replace(/\/+$/, "").lastIndexOf(`/${RUNS_FOLDER}`);
  const bare = at < 0 ? (location.startsWith(RUNS_FOLDER) ? "." : location) : location.slice(0, at);
  const store = await openStore(bare, { anonymous });
  const named = at < 0 && !location.startsWith(RUNS_FOLDER) ? undefined : location.replace(/\/+$/, "").split(RUNS_FOLDER).at(-1)!;
  const id = named ?? (await newestRun(store));
  if (id === undefined) {
    const where = store.local?.path("") ?? store.url;
    throw new EmporiumError("STORE_ABSENT", `${where} has no run on a cluster`, {
      place: store.local ? { file: where } : { url: where },
      hint: "name the folder that the command printed: TARGET/.emporium/runs/NAME",
    });
  }
  const found = await readRecord(store, id);
  // the folder may have another path here, or have been moved
  const record = { ...found, target: { ...found.target, url: store.url } };
  return { record, store, folder: runFolder(id), url: `${store.url}/${runFolder(id)}`.replace(/\/$/, "") };
}

/** The run of a folder, or all of a target. @throws {EmporiumError} STORE_ABSENT, ENGINE_VERSION */
export async function openRuns(location: string): Promise<OpenRun[]> {
  const newest = await openRun(location);
  if (location.includes(RUNS_FOLDER)) return [newest];
  const records = await listRuns(newest.store);
  return records.map((record) => ({
    record: { ...record, target: { ...record.target, url: newest.store.url } },
    store: newest.store,
    folder: runFolder(record.id),
    url: `${newest.store.url}/${runFolder(record.id)}`.replace(/\/$/, ""),
  }));
}

/** All runs of a target: those that have a record, oldest first. */
export async function listRuns(store: Store): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  for await (const { key } of store.children(RUNS_FOLDER)) {
    if (!key.endsWith("/")) continue;
    const id = key.slice(RUNS_FOLDER.length, -1);
    if (await store.stat(`${key}${RUN_RECORD}`)) records.push(await readRecord(store, id));
  }
  return records.sort((a, b) => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1));
}

async function newestRun(store: Store): Promise<string | undefined> {
  return (await listRuns(store)).at(-1)?.id;
}

/** @throws {EmporiumError} STORE_ABSENT, STORE_PROTOCOL, ENGINE_VERSION */
async function readRecord(store: Store, id: string): Promise<RunRecord> {
  const key = `${runFolder(id)}${RUN_RECORD}`;
  const name = objectName(store, key);
  const place = store.local ? { file: name } : { url: name };
  const bytes = await store.read(key);
  if (!bytes) throw new EmporiumError("STORE_ABSENT", `${name} does not exist`, { place, hint: "check the name of the run" });
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new EmporiumError("STORE_PROTOCOL", `${name} is not JSON`, { place, cause });
  }
  const { format } = value as { format?: unknown };
  const parsed = RunRecord.safeParse(value);
  if (parsed.success) return parsed.data;
  const found =
    format === RUN_FORMAT
      ? `${parsed.error.issues[0]!.path.join(".")}: ${parsed.error.issues[0]!.message}`
      : `format ${String(format)}`;
  throw new EmporiumError(
    "ENGINE_VERSION",
    `${name} is of another version of emporium (${found}); expected format ${RUN_FORMAT}`,
    {
      place,
      hint: "use the version that began the run, or start it again",
    },
  );
}

/** @throws {EmporiumError} ENGINE_VERSION where this program is another one than the run was begun with */
export function refuseOtherVersion({ record, url }: OpenRun, version: string): void {
  if (record.program === version) return;
  throw new EmporiumError("ENGINE_VERSION", `the run was begun by emporium ${record.program}, this is ${version}`, {
    place: { url },
    hint: `install emporium ${record.program} on this machine, or start the run again with ${version}`,
  });
}

/** The run is over: done, failed or cancelled. */
export async function hasEnded({ store, folder }: OpenRun): Promise<boolean> {
  return (await store.stat(`${folder}${END}`)) !== undefined;
}

/** Gives what is left of a run to another engine: gates and later commands ask that one. */
export async function changeEngine(run: OpenRun, engine: string): Promise<OpenRun> {
  const record = { ...run.record, engine };
  await putJson(run.store, `${run.folder}${RUN_RECORD}`, record);
  return { ...run, record };
}

export function putJson(
  store: Store,
  key: string,
  value: unknown,
  options: { ifAbsent?: boolean; ifMatch?: string | undefined } = {},
) {
  const body = new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`);
  return store.write(key, body, { contentType: "application/json", ...options });
}

export async function getJson<T>(store: Store, key: string): Promise<T | undefined> {
  const bytes = await store.read(key);
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as T);
}
