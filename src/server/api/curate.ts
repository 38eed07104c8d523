import type { Context } from "hono";
import { z } from "zod";
import { quoteWords } from "../../core/shell.js";
import type { CuratedLabels, KeptAnswers, LedgerBatches, MatchesAnswer, Overlap } from "../../model/page-api.js";
import type { PlacedMatch } from "../../stations/curate/match/kept.js";
import { isTaken } from "../../stations/curate/match/match-row.js";
import type { Routes } from "./context.js";
import { decisionRoutes, servedMatches } from "./decisions.js";
import { fileOf, workspaceFor } from "./kept.js";
import { TEXT } from "./parameters.js";
import { get } from "./route.js";

const loadLabels = () => import("../../stations/curate/labels/kept.js");
const loadMatches = () => import("../../stations/curate/match/kept.js");

const NONE = z.object({});
const ROWS = 200;
const WHICH = { set: TEXT.optional(), labels: TEXT.optional() };
const FILTERS = { rule: TEXT.optional(), drive: TEXT.optional(), species: TEXT.optional(), label: TEXT.optional() };
const MATCHES = z.object({
  ...WHICH,
  ...FILTERS,
  status: z.enum(["taken", "matched", "ambiguous", "rejected", "manual"]).optional(),
  row: z
    .string()
    .regex(/^\d{1,9}$/, "expected the number of a row, from 0")
    .transform(Number)
    .default(0),
});

/** `GET curate/…`: results of the station's commands in the workspace. */
export const curateRoutes: Routes = (app, context) => {
  const workspace = (c: Context) => workspaceFor(context, c);

  labelRoutes(app, context);
  get(app, "/curate/matches/sets", { summary: "Tables of matches, the newest first", query: NONE }, async (c) => {
    const at = workspace(c);
    return c.json((await (await loadMatches()).listMatches(at)) satisfies KeptAnswers);
  });
  const matches = servedMatches(context);
  const table = matches.table;
  matchRoutes(matches)(app, context);
  decisionRoutes(matches)(app, context);

  const overlap = z.object({ ...WHICH, by: z.enum(["species", "label"]).default("species") });
  const about = "Matched folders by drive and species, or models by drive and label";
  get(app, "/curate/overlap", { summary: about, query: overlap }, async (c, { set, labels, by }) => {
    const at = workspace(c);
    if (by === "label") {
      const counted = await cellsOf(at, labels);
      const cells = counted?.cells.map(({ drive, label, count }) => ({ drive, column: label, count })) ?? [];
      return c.json({ by, id: counted?.id, cells: summed(cells) } satisfies Overlap);
    }
    const found = await table(at, set);
    const taken = found?.rows.filter(isTaken) ?? [];
    const cells = taken.map(({ drive, species }) => ({ drive, column: species, count: 1 }));
    return c.json({ by, id: found?.id, cells: summed(cells) } satisfies Overlap);
  });

  get(app, "/curate/batches", { summary: "The ledger of batches, with every line", query: NONE }, async (c) => {
    const at = workspace(c);
    const { listBatches } = await import("../../stations/curate/ledger/batches.js");
    const { batches } = await listBatches({ workspace: at, history: true });
    // a batch may have a hundred thousand files: their number is in it
    return c.json({ batches: batches.map(({ files: _, ...batch }) => batch) } satisfies LedgerBatches);
  });
};

const labelRoutes: Routes = (app, context) => {
  const workspace = (c: Context) => workspaceFor(context, c);
  get(app, "/curate/labels", { summary: "Counts of labels in the workspace, the newest first", query: NONE }, async (c) => {
    const at = workspace(c);
    return c.json((await (await loadLabels()).listLabels(at)) satisfies KeptAnswers);
  });
  const labels = async (c: Context) => {
    const at = workspace(c);
    const { countsOf, readLabels } = await loadLabels();
    const kept = await readLabels(at, c.req.param("id")!);
    return { kept, counts: countsOf(kept.result) };
  };
  get(app, "/curate/labels/:id", { summary: "Labels, with what they mean; rows as in --csv", query: NONE }, async (c) => {
    const { kept, counts } = await labels(c);
    const { histogramLines } = await import("../../stations/curate/labels/labels.js");
    const { id, at, command, result } = kept;
    const { total, labels: byLabel, classes, meanings } = result.report;
    const names = Object.entries(byLabel).map(([label, count]) => ({
      ...{ label, count },
      ...(Object.hasOwn(meanings, label) ? meanings[label] : {}),
    }));
    const { outside } = result;
    const answer = {
      id,
      at,
      command: quoteWords(command),
      total,
      outside,
      classes,
      labels: names,
      lines: histogramLines(counts.rows),
    };
    return c.json(answer satisfies CuratedLabels);
  });
  get(app, "/curate/labels/:id/histogram.csv", { summary: "What curate labels --csv writes", query: NONE }, async (c) => {
    const { kept, counts } = await labels(c);
    const { histogramCsv } = await import("../../stations/curate/labels/labels.js");
    return fileOf(c, histogramCsv(counts.rows), { type: "text/csv; charset=utf-8", name: `${kept.id}.csv` });
  });
  get(app, "/curate/labels/:id/histogram.svg", { summary: "What curate labels --plot draws", query: NONE }, async (c) => {
    const { kept, counts } = await labels(c);
    const [{ svgText }, { histogramSpec }] = await Promise.all([
      import("../../stations/curate/labels/picture.js"),
      import("../../stations/curate/labels/picture-spec.js"),
    ]);
    return fileOf(c, await svgText(histogramSpec(counts, kept.result.compat)), { type: "image/svg+xml" });
  });
};

const matchRoutes =
  (matches: ReturnType<typeof servedMatches>): Routes =>
  (app, context) => {
    const summary = "Rows of curate match that fit all filters, 200 from `row` on; numbers by status under the other filters";
    get(app, "/curate/matches", { summary, query: MATCHES }, async (c, { set, labels, status, row, label, ...filters }) => {
      const at = workspaceFor(context, c);
      const found = await matches.table(at, set);
      if (!found) return c.json({ rows: [], total: 0, row: 0, byStatus: {}, values: {} } satisfies MatchesAnswer);
      const runs = label === undefined ? undefined : runsWith(label, (await cellsOf(at, labels))?.cells ?? []);
      const fits = (one: PlacedMatch) =>
        Object.entries(filters).every(([name, value]) => value === undefined || one[name as keyof typeof filters] === value) &&
        (runs === undefined || (isTaken(one) && runs.has(JSON.stringify([one.drive, one.archiveRun]))));
      const under = found.rows.filter(fits);
      const shown =
        status === undefined ? under : under.filter((one) => (status === "taken" ? isTaken(one) : one.status === status));
      const values = (name: "rule" | "drive" | "species") => [...new Set(found.rows.map((one) => one[name]))].sort();
      const { id, at: made, command, result } = found;
      const { facts, shown: asShown } = await matches.decisions(found);
      return c.json({
        ...{ id, at: made, command: quoteWords(command), unmatched: result.unmatched, decisions: facts },
        ...{ rows: shown.slice(row, row + ROWS).map(asShown), total: shown.length, row },
        byStatus: countedBy(under, (one) => one.status),
        values: { rule: values("rule"), drive: values("drive"), species: values("species") },
      } satisfies MatchesAnswer);
    });
  };

/** Cells of the named count of labels, by default of the newest; undefined where there is none. */
async function cellsOf(at: string, id: string | undefined) {
  const { listLabels, readLabels } = await loadLabels();
  const newest = id ?? (await listLabels(at)).kept[0]?.id;
  return newest === undefined ? undefined : { id: newest, cells: (await readLabels(at, newest)).result.cells };
}

type Cell = Overlap["cells"][number];

function summed(cells: readonly Cell[]): Cell[] {
  const sums = new Map<string, { drive: string; column: string; count: number }>();
  for (const { drive, column, count } of cells) {
    const key = JSON.stringify([drive, column]);
    const sum = sums.get(key) ?? { drive, column, count: 0 };
    sum.count += count;
    sums.set(key, sum);
  }
  return [...sums.values()];
}

/** Runs of each drive that have a model of the label, as `[drive, run]`. */
const runsWith = (label: string, cells: readonly { drive: string; label: string; runs: readonly string[] }[]): Set<string> =>
  new Set(cells.flatMap((cell) => (cell.label === label ? cell.runs.map((run) => JSON.stringify([cell.drive, run])) : [])));

function countedBy<T>(items: readonly T[], nameOf: (item: T) => string): Record<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(nameOf(item), (counts.get(nameOf(item)) ?? 0) + 1);
  return Object.fromEntries(counts);
}
