import { z } from "zod";
import type { Clock } from "../../../../core/clock.js";
import { EmporiumError, isEmporiumError } from "../../../../core/errors.js";
import { redact } from "../../../../core/redact.js";
import { checkKey } from "../../../../stores/keys.js";
import type { Entry, Store } from "../../../../stores/store.js";
import { parseLocation } from "../../../../stores/url.js";
import type { ValidateRequest } from "../run.js";
import type { ValidationDocument } from "./document.js";

/** Of one tree or source with the same options. */
const KEPT_OF_ONE = 20;
const KEPT_MAX = 200;
const BYTES_MAX = 512 * 1024 * 1024;
/** A report of 100,000 findings has about 60 MiB. */
const REPORT_BYTES_MAX = 128 * 1024 * 1024;
const HEAD_BYTES_MAX = 64 * 1024;
const FOLDER = "reports/";

const Counts = z.object({ passed: z.number(), failed: z.number(), warned: z.number(), skipped: z.number() });
const Head = z.object({
  version: z.literal(1),
  /** The moment, UTC: `2026-11-20T14-02-31`. */
  id: z.string(),
  at: z.iso.datetime(),
  suite: z.enum(["source", "standardized"]),
  /** URL of the tree or the sources, without a slash at its end. */
  location: z.string(),
  config: z.string().nullable(),
  /** Selection and configuration as JSON: only reports that looked at the same are compared. */
  chosen: z.string(),
  /** Only a part of the location was looked at. */
  isPart: z.boolean(),
  counts: Counts,
  findings: z.number(),
});

/** What is known of a kept report without reading all of it. */
export type ReportHead = z.output<typeof Head>;

export interface KeptReport {
  readonly head: ReportHead;
  /** As `ingest validate --json` printed it, without `errors`. */
  readonly document: ValidationDocument;
}

/** Whether two reports looked at the same, so that what differs between them has changed. */
export const areComparable = (a: ReportHead, b: ReportHead): boolean =>
  a.suite === b.suite && a.location === b.location && a.chosen === b.chosen;

/**
 * Keeps a report below `reports/` of a workspace, a file each: a line about it, then a line of all of it. The oldest go when
 * there are too many.
 *
 * @returns its id
 * @throws {EmporiumError} MEMORY_LIMIT for a report that is too large, and what the store throws if the workspace cannot be written
 */
export async function keepReport(
  workspace: Store,
  document: ValidationDocument,
  { suite, config, location, filter = {}, exclude = {}, network = false }: ValidateRequest,
  clock: Pick<Clock, "now">,
): Promise<string> {
  const at = new Date(clock.now());
  const moment = at.toISOString().slice(0, 19).replaceAll(":", "-");
  const whole = JSON.stringify(document);
  const bytes = Buffer.byteLength(whole);
  if (bytes > REPORT_BYTES_MAX) {
    throw new EmporiumError("MEMORY_LIMIT", `the report has ${bytes} bytes, ${REPORT_BYTES_MAX} are kept at most`, {
      hint: "validate a part of the tree: --filter-dataset-name, --filter-run-name",
    });
  }
  for (let n = 1; ; n++) {
    const id = n === 1 ? moment : `${moment}-${n}`;
    const head: ReportHead = {
      version: 1,
      id,
      at: at.toISOString(),
      suite,
      location: urlOf(location),
      config: config ?? null,
      chosen: JSON.stringify({ config: config === undefined ? null : urlOf(config), filter, exclude, network }),
      isPart: Object.keys(filter).length + Object.keys(exclude).length > 0,
      counts: document.counts,
      findings: document.findings.length,
    };
    try {
      await workspace.write(keyOf(id), new TextEncoder().encode(`${JSON.stringify(head)}\n${whole}\n`), { ifAbsent: true });
    } catch (error) {
      // another one of this second
      if (isEmporiumError(error) && error.code === "STORE_CONFLICT" && n < 100) continue;
      throw error;
    }
    await removeOld(workspace, head);
    return id;
  }
}

/** Reports of a workspace, the latest first, and how many files there cannot be read as one. */
export async function listReports(workspace: Store): Promise<{ heads: ReportHead[]; unreadable: number }> {
  const heads: ReportHead[] = [];
  let unreadable = 0;
  for (const { key } of await entriesOf(workspace)) {
    const head = await headAt(workspace, key);
    if (head) heads.push(head);
    else unreadable++;
  }
  return { heads: heads.sort(latestFirst), unreadable };
}

/** @throws {EmporiumError} NOT_FOUND; FORMAT_FIELD where the file is no report */
export async function readReport(workspace: Store, id: string): Promise<KeptReport & { readonly bytes: number }> {
  const key = checkKey(keyOf(id), "object");
  const body = await workspace.read(key);
  if (!body) throw noReport(id);
  const end = body.indexOf(0x0a);
  try {
    const head = Head.parse(JSON.parse(new TextDecoder().decode(body.subarray(0, end))));
    // written by this program, in one piece
    const document = JSON.parse(new TextDecoder().decode(body.subarray(end + 1))) as ValidationDocument;
    if (!Array.isArray(document.findings) || !Array.isArray(document.checks)) throw new TypeError("no findings");
    return { head, document, bytes: body.length };
  } catch (cause) {
    throw new EmporiumError("FORMAT_FIELD", `report ${id} cannot be read: it is not what ingest validate keeps`, {
      hint: "run ingest validate again",
      cause,
    });
  }
}

export const noReport = (id: string) =>
  new EmporiumError("NOT_FOUND", `there is no report ${id} of what is served`, { hint: "api/v1/reports lists them" });

const keyOf = (id: string) => `${FOLDER}${id}.jsonl`;
const latestFirst = (a: ReportHead, b: ReportHead) => (a.at === b.at ? byName(b.id, a.id) : byName(b.at, a.at));
const byName = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });
const urlOf = (location: string) => redact(parseLocation(location).url.replace(/\/+$/, ""));

async function entriesOf(workspace: Store): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of workspace.list(FOLDER)) if (/^reports\/[\w-]+\.jsonl$/.test(entry.key)) entries.push(entry);
  return entries.sort((a, b) => byName(b.key, a.key));
}

async function headAt(workspace: Store, key: string): Promise<ReportHead | undefined> {
  const bytes = await workspace.read(key, { offset: 0, length: HEAD_BYTES_MAX });
  if (!bytes) return undefined;
  try {
    return Head.parse(JSON.parse(new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0x0a)))));
  } catch {
    return undefined;
  }
}

async function removeOld(workspace: Store, latest: ReportHead): Promise<void> {
  let [bytes, kept, ofOne] = [0, 0, 0];
  for (const { key, size } of await entriesOf(workspace)) {
    const head = await headAt(workspace, key);
    bytes += size;
    kept++;
    if (head && areComparable(head, latest)) ofOne++;
    const isOver = kept > KEPT_MAX || bytes > BYTES_MAX || (ofOne > KEPT_OF_ONE && head && areComparable(head, latest));
    if (isOver && head?.id !== latest.id) await workspace.remove(key);
  }
}
