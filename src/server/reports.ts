import type pg from "pg";
import { EmporiumError, isEmporiumError } from "../core/errors.js";
import { Recent } from "../core/recent.js";
import { formatBytes } from "../core/units.js";
import { namesVolume } from "../formats/registry.js";
import type { FindingChange, ReportFacts, ReportFinding, ReportFindings, ReportList, ReportSummary } from "../model/page-api.js";
import { type Changes, changesOf } from "../stations/ingest/validate/report/changes.js";
import type { ValidationDocument } from "../stations/ingest/validate/report/document.js";
import {
  areComparable,
  type KeptReport,
  listReports,
  type ReportHead,
  readReport,
  reportBytes,
} from "../stations/ingest/validate/report/kept.js";
import type { ReportedFinding } from "../stations/ingest/validate/tally.js";
import type { Store } from "../stores/store.js";
import { mapLimit, turns } from "../system/parallel.js";
import { type ServedMemory, servedMemory } from "./memory-shares.js";
import { existing, type Place } from "./places.js";

/** Filters and grouping of a list of findings. */
export interface FindingsQuery {
  readonly severity?: "fail" | "warn" | undefined;
  readonly check?: string | undefined;
  readonly change?: FindingChange | undefined;
  /** Text to be found in the entity, the place, or what was found and wanted. */
  readonly q?: string | undefined;
  readonly group: "check" | "entity" | "place";
  readonly offset: number;
  readonly limit: number;
}

/** Reports of `ingest validate` on what is served, as they are kept in the workspace. */
export interface ServedReports {
  list(): Promise<ReportList>;
  facts(id: string): Promise<ReportFacts>;
  findings(id: string, query: FindingsQuery, signal?: AbortSignal): Promise<ReportFindings>;
  /** The output of `ingest validate --json`; its location is relative to the place. */
  document(id: string): Promise<ValidationDocument>;
}

/** Memory of a parsed and marked report, as a multiple of its text: 1.3 was measured with 100,000 findings. */
const HELD_OF_TEXT = 4 / 3;
const LOOKS_AT_ONCE = 8;

interface Opened extends KeptReport {
  readonly bytes: number;
  readonly on: Served;
  readonly previous?: KeptReport | undefined;
  readonly changes?: Changes | undefined;
  readonly all: readonly Marked[];
}

/** The place, and the folder in it, that a report is about. */
interface Served {
  readonly place: Place;
  readonly folder: string;
}

interface Marked {
  readonly finding: ReportedFinding;
  readonly change: FindingChange | undefined;
  readonly isUndecided: boolean;
}

export function servedReports(
  workspace: Store,
  places: readonly Place[],
  catalogue: { readonly place: Place; readonly pool: pg.Pool } | undefined,
  memory: ServedMemory = servedMemory(),
): ServedReports {
  const { open, servedOf } = openReports(workspace, places, memory);
  return {
    async list() {
      const { heads, unreadable } = await listReports(workspace);
      const reports = heads.flatMap((head) => {
        const on = servedOf(head);
        return on ? [summaryOf(head, on)] : [];
      });
      return { reports, elsewhere: heads.length - reports.length, unreadable };
    },
    async facts(id) {
      const { head, document, previous, changes, on } = await open(id);
      return {
        ...summaryOf(head, on),
        checks: document.checks,
        skipped: document.skipped,
        previous: previous && { id: previous.head.id, at: previous.head.at },
        changes: changes && {
          new: changes.isNew.filter(Boolean).length,
          same: changes.isNew.filter((isNew) => !isNew).length,
          gone: changes.gone.length,
        },
      };
    },
    async findings(id, query, signal) {
      const { all, on } = await open(id);
      const chosen = all.filter(({ finding, change }) => isChosen(finding, change, query));
      const grouped = groupsOf(chosen, query.group);
      const rows = grouped.slice(query.offset, query.offset + query.limit);
      const runs = await runIds(
        on.folder === "" && catalogue?.place === on.place ? catalogue.pool : undefined,
        rows.map(({ finding }) => finding),
      );
      const findings = await mapLimit(rows, LOOKS_AT_ONCE, async (row): Promise<ReportFinding> => {
        const { finding, change, isUndecided, heads, size } = row;
        const key = on.folder === "" ? finding.key : `${on.folder}/${finding.key}`;
        return {
          ...finding,
          change,
          ...(isUndecided && { isUndecided }),
          ...(heads && { heads, size }),
          runId: runs.get(`${finding.dataset}/${finding.run}`),
          file: await isHere(on.place, key, signal),
          ...(namesVolume(key) && { isVolume: true }),
        };
      });
      return { total: grouped.length, offset: query.offset, findings };
    },
    async document(id) {
      const { document, on } = await open(id);
      return {
        ...document,
        location: on.folder === "" ? on.place.id : `${on.place.id}/${on.folder}`,
        config: bare(document.config),
      };
    },
  };
}

/** Keeps the reports that are asked for now, parsed and marked. */
function openReports(workspace: Store, places: readonly Place[], memory: ServedMemory) {
  const { reports: limit } = memory.limits;
  const opened = new Recent<string, Opened>(limit, ({ bytes }) => bytes);
  memory.watch("reports", () => opened.weight);
  /** One report is parsed at a time: it takes more memory meanwhile. */
  const turn = turns(1);
  const opening = new Map<string, Promise<Opened>>();
  const servedOf = (head: ReportHead) => {
    for (const place of places) {
      const own = place.location.url.replace(/\/+$/, "");
      if (head.location === own) return { place, folder: "" };
      if (place.key === undefined && head.location.startsWith(`${own}/`)) {
        return { place, folder: decodedKey(head.location.slice(own.length + 1)) };
      }
    }
    return undefined;
  };
  const open = async (id: string): Promise<Opened> => {
    const { heads } = await listReports(workspace);
    const head = heads.find((one) => one.id === id);
    const on = head && servedOf(head);
    if (!head || !on) throw noReport(id);
    // the one before it may have been removed since
    const before = heads.find((one) => isBefore(one, head) && areComparable(one, head));
    const name = `${id} ${before?.id}`;
    const held = opened.get(name);
    if (held) return held;
    // a page asks for several parts at once
    let reading = opening.get(name);
    if (!reading) {
      reading = read(name, head, before, on).finally(() => opening.delete(name));
      opening.set(name, reading);
    }
    return reading;
  };
  const read = async (name: string, { id }: ReportHead, before: ReportHead | undefined, on: Served): Promise<Opened> => {
    const leave = await turn();
    try {
      const texts = await Promise.all([id, ...(before ? [before.id] : [])].map((one) => reportBytes(workspace, one)));
      const bytes = HELD_OF_TEXT * texts.reduce((sum, one) => sum + one, 0);
      if (bytes > limit) {
        const [needed, given] = [bytes, limit].map((one) => formatBytes(Math.ceil(one)));
        throw new EmporiumError(
          "MEMORY_LIMIT",
          `report ${id} and the one before need ${needed} of memory; this server allows ${given} for reports`,
          {
            hint: "allow more with emporium serve --memory SIZE, or write a page with emporium ingest validate --html FILE",
          },
        );
      }
      for (const held of opened.keys()) if (opened.weight + bytes > limit) opened.delete(held);
      const report = await readReport(workspace, id);
      const previous = before && (await readReport(workspace, before.id));
      const changes = previous && changesOf(previous.document.findings, report.document.findings);
      const one = { ...report, on, previous, changes, bytes, all: marked(report.document, changes) };
      opened.set(name, one);
      return one;
    } finally {
      leave();
    }
  };
  return { open, servedOf };
}

const noReport = (id: string) =>
  new EmporiumError("NOT_FOUND", `there is no report ${id} of a location served here`, {
    hint: "see api/v1/reports for the list",
  });

const isBefore = (one: ReportHead, head: ReportHead) => one.at < head.at || (one.at === head.at && one.id < head.id);

/** Name of a configuration without its folder, which is on the machine of the person who validated and concerns nobody else. */
const bare = (config: string | null) => config?.split(/[\\/]/).at(-1) ?? null;

function summaryOf({ id, at, suite, config, isPart, counts, findings }: ReportHead, { place, folder }: Served): ReportSummary {
  return {
    id,
    at,
    suite,
    place: place.id,
    name: place.name,
    folder,
    config: bare(config) ?? undefined,
    isPart,
    counts,
    findings,
  };
}

function decodedKey(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}

function marked({ findings, skipped }: ValidationDocument, changes: Changes | undefined): Marked[] {
  const undecided = new Map<string, { readonly entities: Set<string>; readonly isAll: boolean }>();
  for (const { check, entities, count } of skipped) {
    const before = undecided.get(check);
    undecided.set(check, {
      entities: new Set([...(before?.entities ?? []), ...entities]),
      // only the first few are named
      isAll: (before?.isAll ?? false) || count > entities.length,
    });
  }
  const isUndecided = ({ check, entity }: ReportedFinding) => {
    const those = undecided.get(check);
    return those !== undefined && (those.isAll || those.entities.has(entity));
  };
  return [
    ...findings.map((finding, i) => ({
      finding,
      change: changes && (changes.isNew[i] ? ("new" as const) : ("same" as const)),
      isUndecided: false,
    })),
    ...(changes?.gone ?? []).map((finding) => ({ finding, change: "gone" as const, isUndecided: isUndecided(finding) })),
  ];
}

/** Whether a finding passes the filters. Findings that are gone pass only where they are asked for. */
function isChosen(finding: ReportedFinding, change: FindingChange | undefined, query: FindingsQuery): boolean {
  if (query.change === undefined ? change === "gone" : change !== query.change) return false;
  if (query.severity !== undefined && finding.severity !== query.severity) return false;
  if (query.check !== undefined && finding.check !== query.check) return false;
  if (query.q === undefined || query.q === "") return true;
  const { entity, key, run, dataset, message } = finding;
  return [entity, key, run, dataset, message].join("\n").toLowerCase().includes(query.q.toLowerCase());
}

/** Findings in the order of the report, with those of one group together; the first of each group has its heading and size. */
function groupsOf(rows: readonly Marked[], by: FindingsQuery["group"]): (Marked & { heads?: string; size?: number })[] {
  const groups = new Map<string, Marked[]>();
  for (const row of rows) {
    const { check, entity, dataset, key } = row.finding;
    const name = by === "check" ? check : by === "place" ? key : JSON.stringify([dataset, entity]);
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  const headOf = ({ finding }: Marked) => (by === "check" ? finding.check : by === "place" ? finding.key : finding.entity);
  return [...groups.values()].flatMap(([first, ...others]) => [
    { ...first!, heads: headOf(first!), size: others.length + 1 },
    ...others,
  ]);
}

/** Key of the file or folder of a finding if it is there now. Not looked up in a bucket: each finding would be a request. */
async function isHere(place: Place, key: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    // an object of a Zarr is found by its volume
    const whole = /^(.*?\.zarr)\//.exec(key)?.[1] ?? key;
    if (!place.store.local) return whole;
    return (await existing(place, whole, signal)).key;
  } catch (error) {
    if (isEmporiumError(error)) return undefined;
    throw error;
  }
}

/** Ids of the catalogue's runs by `dataset/run`. */
async function runIds(pool: pg.Pool | undefined, findings: readonly ReportedFinding[]): Promise<Map<string, number>> {
  const asked = findings.filter(({ dataset, run }) => run !== undefined && /^\d{1,9}$/.test(dataset ?? ""));
  if (!pool || asked.length === 0) return new Map();
  const { databaseError } = await import("../catalog/database-errors.js");
  const text = `select r.id, r.dataset_id, r.name from emporium_portal.run r
    join unnest($1::bigint[], $2::text[]) as asked(dataset_id, name) on r.dataset_id = asked.dataset_id and r.name = asked.name`;
  const values = [asked.map(({ dataset }) => Number(dataset)), asked.map(({ run }) => run)];
  const { rows } = await pool
    .query<{ id: number; dataset_id: number; name: string }>(text, values)
    .catch((error: unknown): never => {
      throw databaseError(error);
    });
  return new Map(rows.map(({ id, dataset_id, name }) => [`${dataset_id}/${name}`, Number(id)]));
}

/** The reports of a server without a workspace: none. */
export const noReports: ServedReports = {
  list: async () => ({ reports: [], elsewhere: 0, unreadable: 0 }),
  facts: (id) => Promise.reject<never>(noReport(id)),
  findings: (id) => Promise.reject<never>(noReport(id)),
  document: (id) => Promise.reject<never>(noReport(id)),
};
