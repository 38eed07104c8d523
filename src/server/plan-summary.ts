import { z } from "zod";
import { formatPlace } from "../core/errors.js";
import { counted } from "../core/units.js";
import type { PlanEntry, PlanSummary } from "../model/page-api.js";

/** Number of entries of a plan that a page shows; plans have thousands. */
const ENTRIES = 1_000;
const WARNINGS = 200;

const Warning = z
  .looseObject({ message: z.string(), file: z.string(), line: z.number(), column: z.number(), path: z.string() })
  .partial();

/** Output of `ingest plan --json`, as far as it is shown. */
const Ingest = z.looseObject({
  warnings: z.array(Warning).default([]),
  plan: z.looseObject({
    totals: z.record(z.string(), z.number()),
    entities: z.array(
      z.looseObject({
        title: z.string(),
        dataset: z.string().optional(),
        run: z.string().optional(),
        action: z.enum(["write", "leave", "fail"]),
        state: z.enum(["new", "same", "changed"]).optional(),
        why: z.string().optional(),
        reads: z.array(z.unknown()).default([]),
        writes: z.array(z.unknown()).default([]),
        bytes: z.number().optional(),
        at: z.string().optional(),
      }),
    ),
  }),
});

/** Output of `harvest download --dry-run --json`, as far as it is shown. */
const Download = z.looseObject({
  warnings: z.array(z.union([z.string(), Warning])).default([]),
  files: z.number(),
  bytes: z.number(),
  list: z.array(z.looseObject({ rel: z.string(), url: z.string().optional(), size: z.number().nullish(), status: z.string() })),
  listOmitted: z.number().default(0),
});

/** Output of `publish tree --dry-run --json`, as far as it is shown. */
const Publish = z.looseObject({
  warnings: z.array(z.string()).default([]),
  items: z.array(
    z.looseObject({
      id: z.string(),
      target: z.string(),
      files: z.number(),
      uploaded: z.number(),
      uploaded_bytes: z.number(),
      skipped: z.number(),
    }),
  ),
  totals: z.looseObject({ uploaded: z.number(), uploaded_bytes: z.number(), skipped: z.number() }),
});

/** Output of `blocks plan --json`, as far as it is shown. */
const Graph = z.looseObject({
  warnings: z.array(z.string()).default([]),
  tasks: z.number(),
  notes: z.array(z.string()),
  stages: z.array(z.looseObject({ name: z.string(), tasks: z.number(), bytesRead: z.number(), memoryBytes: z.number() })),
  outputs: z.array(z.looseObject({ name: z.string(), location: z.string(), objects: z.number(), bytes: z.number() })),
});

/** Summary for a page of the document that a planning command has printed; undefined for an unknown document. */
export function planSummary(document: unknown): PlanSummary | undefined {
  const ingest = Ingest.safeParse(document).data;
  if (ingest) {
    const { totals, entities } = ingest.plan;
    return {
      totals,
      ...firstOf(entities, ({ title, dataset, run, action, state, why, reads, writes, bytes, at }) => ({
        ...{ title, of: [dataset, run].filter(Boolean).join(" / ") || undefined, action, state, why, bytes, at },
        ...{ reads: reads.length, writes: writes.length },
      })),
      ...warningsOf(ingest.warnings),
    };
  }
  const publish = Publish.safeParse(document).data;
  if (publish) {
    const { items, totals, warnings } = publish;
    return {
      totals: { files: totals.uploaded, bytes: totals.uploaded_bytes, skipped: totals.skipped },
      ...firstOf(items, ({ id, target, files, uploaded, uploaded_bytes: bytes, skipped }) => ({
        ...{ title: id, of: target, bytes, action: uploaded > 0 ? ("write" as const) : ("leave" as const) },
        why: skipped > 0 ? `${skipped} of ${counted(files, "file is", "files are")} already there` : undefined,
      })),
      ...warningsOf(warnings),
    };
  }
  const graph = Graph.safeParse(document).data;
  if (graph) {
    const { tasks, stages, outputs, notes, warnings } = graph;
    const bytesRead = stages.reduce((sum, stage) => sum + stage.bytesRead, 0);
    return {
      totals: { tasks, bytesRead, peakMemoryBytes: Math.max(0, ...stages.map(({ memoryBytes }) => memoryBytes)) },
      ...firstOf(outputs, ({ name, location, objects, bytes }) => ({
        ...{ title: name, of: location, action: "write" as const, writes: objects, bytes },
      })),
      ...warningsOf([...warnings, ...notes]),
    };
  }
  const download = Download.safeParse(document).data;
  if (!download) return undefined;
  const { files, bytes, list, listOmitted, warnings } = download;
  const entries = firstOf(list, ({ rel, url, size, status }) => ({
    ...{ title: rel, of: url, bytes: size ?? undefined },
    action: status === "planned" ? ("write" as const) : ("leave" as const),
    why: status === "planned" ? undefined : status,
  }));
  return { totals: { files, bytes }, ...entries, entriesTotal: list.length + listOmitted, ...warningsOf(warnings) };
}

function firstOf<T>(all: readonly T[], entryOf: (one: T) => PlanEntry): Pick<PlanSummary, "entries" | "entriesTotal"> {
  return { entries: all.slice(0, ENTRIES).map(entryOf), entriesTotal: all.length };
}

function warningsOf(all: readonly (string | z.output<typeof Warning>)[]): Pick<PlanSummary, "warnings" | "warningsTotal"> {
  const told = all.slice(0, WARNINGS).map((one) => {
    if (typeof one === "string") return { message: one };
    const { message = "", file, line, column, path } = one;
    return { message, path: formatPlace({ file, line, column, path }) || undefined };
  });
  return { warnings: told, warningsTotal: all.length };
}
