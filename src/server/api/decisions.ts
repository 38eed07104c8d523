import { basename } from "node:path";
import type { Context } from "hono";
import { z } from "zod";
import { EmporiumError, isEmporiumError, toErrorRecord } from "../../core/errors.js";
import type { ChangedMatch, DecisionsFacts, MatchDecided, MatchFolder, ShownMatch } from "../../model/page-api.js";
import type { RowDecision } from "../../stations/curate/match/decide.js";
import type { KeptMatches, MatchTable, PlacedMatch } from "../../stations/curate/match/kept.js";
import type { ApiContext, Routes } from "./context.js";
import { toApiError } from "./errors.js";
import { workspaceFor } from "./kept.js";
import { TEXT } from "./parameters.js";
import { get, put } from "./route.js";

const loadDecide = () => import("../../stations/curate/match/decide.js");
const loadMatches = () => import("../../stations/curate/match/kept.js");

const OF_SET = z.object({ set: TEXT.optional() });
const NOTE_MAX = 1_000;
const BODY = z.strictObject({
  decision: z.enum(["accept", "reject", "undo"]),
  note: z
    .string()
    .max(NOTE_MAX)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, "expected one line of text")
    .optional()
    .meta({ description: "in place of the one that is there" }),
});
const TAG = /^"([\w-]{1,100})"$/;

/** The matching tables of a server and the decisions about their rows. */
export interface ServedMatches {
  /** A table as it is now, the newest where none is named; undefined where there is none. */
  table(workspace: string, set: string | undefined): Promise<OpenTable | undefined>;
  /** Reads the decisions in the file beside a table, anew each time: other programs may have changed it. */
  decisions(of: Pick<OpenTable, "result" | "byName">): Promise<Decided>;
}
type OpenTable = MatchTable & {
  readonly id: string;
  readonly at: string;
  readonly command: readonly string[];
  readonly result: KeptMatches;
};
interface Decided {
  /** Undefined where nobody can decide. */
  readonly facts?: DecisionsFacts | undefined;
  shown(row: PlacedMatch): ShownMatch;
}

export function servedMatches({ places }: Pick<ApiContext, "places">): ServedMatches {
  let tables: ReturnType<typeof import("../../stations/curate/match/kept.js").matchTables> | undefined;
  return {
    async table(workspace, set) {
      const { listMatches, matchTables, readMatches } = await loadMatches();
      tables ??= matchTables();
      const id = set ?? (await listMatches(workspace)).kept[0]?.id;
      if (id === undefined) return undefined;
      const kept = await readMatches(workspace, id);
      return { ...kept, ...(await tables(kept.result)) };
    },
    async decisions({ result, byName }) {
      const path = (await loadMatches()).decisionsPath(result);
      const undecided = ({ name: _, ...row }: PlacedMatch): ShownMatch => row;
      if (path === undefined) return { shown: undecided };
      const { decisionsOf, OPEN, readDecisionFile } = await loadDecide();
      const file = basename(path);
      try {
        const now = await readDecisionFile(path);
        const said = decisionsOf(now, byName);
        const { modifiedMs } = now.stat ?? {};
        const decided = [...said.values()].filter(({ decision }) => decision !== undefined).length;
        const shown = await shownWith();
        return {
          facts: { file, decided, savedAt: modifiedMs === undefined ? undefined : new Date(modifiedMs).toISOString() },
          shown: (row) => (row.name === undefined ? row : shown(row, said.get(row.name) ?? OPEN)),
        };
      } catch (error) {
        if (!isEmporiumError(error)) throw error;
        return { facts: { file, decided: 0, error: toApiError(toErrorRecord(error), places) }, shown: undecided };
      }
    },
  };
}

async function shownWith(): Promise<(row: PlacedMatch, now: RowDecision) => ShownMatch> {
  const { decisionTag } = await loadDecide();
  return (row, now) => ({ ...row, ...now, etag: decisionTag(row, now) });
}

/** Routes that read what helps to decide about a row of a table, and store the decision. */
export const decisionRoutes =
  (matches: ServedMatches): Routes =>
  (app, context) => {
    const rowOf = async (c: Context, set: string | undefined) => {
      const at = workspaceFor(context, c);
      const table = await matches.table(at, set);
      const name = c.req.param("row")!;
      const row = table?.rows.find((one) => one.name === name);
      if (table && row) return { table, row, name };
      throw new EmporiumError("NOT_FOUND", "the table has no such row (any more)", {
        hint: "load the list again: curate match may have written a new table",
      });
    };

    const about = "Files in the folder of a row, and what a volume among them is by its header";
    get(app, "/curate/matches/:row", { summary: about, query: OF_SET }, async (c, { set }) => {
      const { table, name } = await rowOf(c, set);
      const { matchFolder } = await import("../match-folder.js");
      const { path } = table.byName.get(name)!;
      return c.json((await matchFolder(path, table.result.roots, context.places, c.req.raw.signal)) satisfies MatchFolder);
    });

    const summary = "Accepts or rejects a row, or opens it again, in the file that curate match reads; If-Match: its etag";
    put(
      app,
      "/curate/decisions/:row",
      { summary, query: OF_SET, body: BODY, scope: "review" },
      async (c, { set }, body, { name: who }) => {
        const tag = TAG.exec(c.req.header("if-match") ?? "")?.[1];
        if (tag === undefined) {
          const hint = 'send If-Match: "…" with the etag of the row in GET curate/matches';
          return c.json({ code: "USAGE", message: "a decision needs the etag of its row", hint }, 428);
        }
        const { table, row, name } = await rowOf(c, set);
        const file = (await loadMatches()).decisionsPath(table.result);
        if (file === undefined) {
          throw new EmporiumError("CONFIG_FIELD", "the command of this table reads no decisions.csv", {
            hint: "run curate match without --compat, and with no --decisions of its own",
          });
        }
        const { decideRow, decisionTag } = await loadDecide();
        const shown = await shownWith();
        const { decision: choice, note } = body;
        try {
          const check = (now: RowDecision) => {
            // one decision may be about a run of two datasets
            if (!table.rows.some((one) => one.name === name && decisionTag(one, now) === tag)) throw new ChangedMeanwhile(now);
          };
          const now = await decideRow(
            file,
            { rows: table.byName, name },
            { choice, note, who, check, clock: context.clock, log: context.log },
          );
          const { facts } = await matches.decisions(table);
          const answer = { row: shown(row, now), decisions: facts! } satisfies MatchDecided;
          return c.json(answer, 200, { etag: `"${answer.row.etag!}"`, "cache-control": "no-store" });
        } catch (error) {
          if (!(error instanceof ChangedMeanwhile)) throw error;
          const { facts } = await matches.decisions(table);
          const answer = { ...changed(error.now), row: shown(row, error.now), decisions: facts! } satisfies ChangedMatch;
          return c.json(answer, 412, { etag: `"${answer.row.etag!}"`, "cache-control": "no-store" });
        }
      },
    );
  };

/** Thrown inside `decideRow` to leave it before anything is written. */
class ChangedMeanwhile extends Error {
  constructor(readonly now: RowDecision) {
    super("changed meanwhile");
  }
}

function changed({ decision, who }: RowDecision): Pick<ChangedMatch, "code" | "message" | "hint"> {
  const did = decision === undefined ? (who === "" ? undefined : "undone") : `${decision}ed`;
  const message =
    did === undefined ? "the row has changed: curate match has written a new table" : `${did}${who && ` by ${who}`} meanwhile`;
  return { code: "CHANGED_MEANWHILE", message, hint: "decide again on the row as it is now; nothing was written" };
}
