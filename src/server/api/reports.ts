import { z } from "zod";
import type { Routes } from "./context.js";
import { TEXT } from "./parameters.js";
import { get } from "./route.js";

const LIMIT_MAX = 500;

const NOTHING = z.object({});
const FINDINGS = z.object({
  severity: z.enum(["fail", "warn"]).optional(),
  check: TEXT.optional().meta({ description: "the name of a check, such as scale.truth" }),
  change: z.enum(["new", "same", "gone"]).optional().meta({ description: "since the previous report; gone: only in that one" }),
  q: TEXT.optional().meta({ description: "a part of the entity, the place, or what was found" }),
  group: z.enum(["check", "entity", "place"]).default("check"),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(100),
});

/** `GET reports…`: what `ingest validate` found in what is served, and what changed since the report before. */
export const reportRoutes: Routes = (app, { reports }) => {
  get(
    app,
    "/reports",
    { summary: "Kept reports of ingest validate on what is served, the latest first", query: NOTHING },
    async (c) => c.json(await reports.list()),
  );
  get(app, "/reports/:id", { summary: "One report: counts, checks, what changed", query: NOTHING }, async (c) =>
    c.json(await reports.facts(c.req.param("id") ?? "")),
  );
  const summary = "Findings of a report, grouped, a part at a time";
  get(app, "/reports/:id/findings", { summary, query: FINDINGS }, async (c, query) =>
    c.json(await reports.findings(c.req.param("id") ?? "", query, c.req.raw.signal)),
  );
  const whole = "The whole report, as ingest validate --json printed it; its location is a place of this server";
  get(app, "/reports/:id/document", { summary: whole, query: NOTHING }, async (c) =>
    c.json(await reports.document(c.req.param("id") ?? "")),
  );
};
