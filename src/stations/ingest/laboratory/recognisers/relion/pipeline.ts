import type { Laboratory } from "../../survey/laboratory.js";
import { within } from "../common/paths.js";
import { jobOf, placeOf } from "./places.js";
import { rowsOf, starTables } from "./stars.js";

/** What `default_pipeline.star` says of the jobs of a project. */
export interface Pipeline {
  /** Jobs that failed or were stopped. */
  readonly failed: ReadonlySet<string>;
  /** Names that people gave to jobs, without their kind: `ribosome` of `Refine3D/ribosome/`. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Whether the list had the job once, and has it no more: RELION counts its jobs and takes those that are deleted from the list. */
  isGone(job: string): boolean;
  /** Version of RELION that wrote it or its jobs last: `5`. Undefined where no file says it. */
  readonly version?: string | undefined;
  /** A sentence on a list of jobs that cannot be read. */
  readonly fault?: string | undefined;
  /** Every job from whose results this one was made, however many steps before. */
  before(job: string): ReadonlySet<string>;
}

const PIPELINE = "default_pipeline.star";

/** Source: `PipeLine::read` in RELION's `src/pipeliner.cpp`; until version 3 the state is a number. */
export async function readPipeline(laboratory: Laboratory, root: string): Promise<Pipeline> {
  const path = within(root, PIPELINE);
  const tables = laboratory.get(path) ? await starTables(laboratory, path) : [];
  const failed = new Set<string>();
  const aliases = new Map<string, string>();
  const inputs = new Map<string, Set<string>>();
  const listed = new Set<string>();
  let counter = 0;
  for (const row of "reason" in tables ? [] : tables.flatMap(rowsOf)) {
    const job = jobOf(row.get("rlnPipeLineProcessName") ?? "");
    if (job !== undefined) listed.add(job);
    counter = Math.max(counter, Number(row.get("rlnPipeLineJobCounter") ?? 0));
    const state = row.get("rlnPipeLineProcessStatusLabel") ?? row.get("rlnPipeLineProcessStatus") ?? "";
    if (job !== undefined && /^(?:failed|aborted|3|4)$/i.test(state)) failed.add(job);
    const alias = /([^/]+)\/?$/.exec(row.get("rlnPipeLineProcessAlias") ?? "")?.[1];
    if (job !== undefined && alias !== undefined && alias !== "None") aliases.set(job, alias);
    const from = jobOf(row.get("rlnPipeLineEdgeFromNode") ?? "");
    const to = jobOf(row.get("rlnPipeLineEdgeProcess") ?? "");
    if (from !== undefined && to !== undefined && from !== to) inputs.set(to, (inputs.get(to) ?? new Set()).add(from));
  }
  const fault =
    "reason" in tables ? `${tables.reason}. Which jobs failed, and which came before which, is not known.` : undefined;
  const isGone = (job: string): boolean => {
    const number = Number(/\/job(\d+)$/.exec(job)?.[1] ?? Number.NaN);
    return listed.size > 0 && !listed.has(job) && number < counter;
  };
  return { failed, aliases, fault, isGone, version: await versionOf(laboratory, root), before: (job) => reached(job, inputs) };
}

const JOB_FILES_MAX = 20;
/** Kinds of jobs that version 5 has and none before it. Source: `PROC_…_LABELNEW` in `pipeline_jobs.h` */
const SINCE_5 = /relion\.(?:excludetilts|aligntiltseries|reconstructtomograms|denoisetomo|picktomo|dynamight|modelangelo)\b/;

/**
 * As the list of jobs and the files of the jobs say it: since version 3.1 each table begins with the version of its format, 30001 up to RELION 4; only since
 * version 4 kinds of jobs are words.
 *
 * Source: `CURRENT_MDT_VERSION` in RELION's `metadata_table.h`
 */
async function versionOf(laboratory: Laboratory, root: string): Promise<string | undefined> {
  const jobs = laboratory.files.flatMap(({ path }) => {
    const place = placeOf(path);
    return place?.root === root && place.rest === "job.star" && !place.isDeleted ? [{ path, number: place.number }] : [];
  });
  const last = jobs.sort((a, b) => b.number - a.number).slice(0, JOB_FILES_MAX);
  const versions: number[] = [];
  for (const path of [within(root, PIPELINE), ...last.map((job) => job.path)]) {
    const text = (await laboratory.text(path)) ?? "";
    const format = Number(/^# version (\d)\d{4}\s*$/m.exec(text)?.[1] ?? 0);
    const byKinds = SINCE_5.test(text) ? 5 : /_rln(?:PipeLineProcess|Job)TypeLabel\b/.test(text) ? 4 : 0;
    const byNumbers = /_rlnPipeLineProcessType\b/.test(text) ? 3 : 0;
    const version = Math.max(format > 3 ? format : 0, byKinds, byNumbers);
    if (version > 0) versions.push(version);
  }
  return versions.length === 0 ? undefined : `${Math.max(...versions)}`;
}

function reached(job: string, inputs: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [job];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const input of inputs.get(at) ?? []) {
      if (found.has(input)) continue;
      found.add(input);
      open.push(input);
    }
  }
  return found;
}
