import { z } from "zod";
import { quoteWords } from "../../core/shell.js";
import type { ComparedSet, ComparedTable, KeptAnswers } from "../../model/page-api.js";
import type { KeptTable } from "../../stations/harvest/compare/kept.js";
import { markText, wholeText } from "../../stations/harvest/compare/print/parts.js";
import type { Routes } from "./context.js";
import { fileOf, workspaceFor } from "./kept.js";
import { get } from "./route.js";

const load = () => import("../../stations/harvest/compare/kept.js");

/** `GET harvest/sets`: comparisons that `harvest compare` has kept in the workspace. */
export const harvestRoutes: Routes = (app, context) => {
  const query = z.object({});
  get(app, "/harvest/sets", { summary: "Comparisons in the workspace, the newest first", query }, async (c) => {
    const workspace = workspaceFor(context, c);
    return c.json((await (await load()).listComparisons(workspace)) satisfies KeptAnswers);
  });
  const kept = async (c: Parameters<typeof workspaceFor>[1]) => {
    const workspace = workspaceFor(context, c);
    return (await load()).readComparison(workspace, c.req.param("id")!);
  };
  get(app, "/harvest/sets/:id", { summary: "One comparison, its cells as they are shown", query }, async (c) => {
    const { id, at, command, result } = await kept(c);
    const tables = [result.images, result.acquisition].filter(({ rows }) => rows.length > 0).map(shown);
    const { conflicts, notes } = result;
    return c.json({ id, at, command: quoteWords(command), tables, conflicts, notes } satisfies ComparedSet);
  });
  get(app, "/harvest/sets/:id/comparison.json", { summary: "What harvest compare --json prints", query }, async (c) =>
    fileOf(c, (await kept(c)).result.json, { type: "application/json" }),
  );
  get(app, "/harvest/sets/:id/comparison.csv", { summary: "What harvest compare --format csv prints", query }, async (c) => {
    const { id, result } = await kept(c);
    return fileOf(c, result.csv, { type: "text/csv; charset=utf-8", name: `${id}.csv` });
  });
};

function shown({ title, columns, rows }: KeptTable): ComparedTable {
  return {
    title,
    columns,
    rows: rows.map((row) =>
      row.map((cell) => ({
        text: wholeText({ ...cell, value: undefined }),
        isNumber: cell.kind === "number",
        from: (cell.marks ?? []).map(markText),
        conflicts: cell.conflicts ?? [],
      })),
    ),
  };
}
