import type { Context } from "hono";
import { z } from "zod";
import { EmporiumError, isEmporiumError, toErrorRecord } from "../../core/errors.js";
import type { ApiError, SubmissionForm } from "../../model/page-api.js";
import { ROLES } from "../../stations/ingest/laboratory/claims.js";
import { findFolders } from "../found-configs.js";
import { briefError } from "../job-watch.js";
import { filesAnswer, pathsOf, submissionAnswer } from "../submission-answer.js";
import type { OpenSubmission, Submissions } from "../submissions.js";
import type { Routes } from "./context.js";
import { statusOf } from "./errors.js";
import { workspaceFor } from "./kept.js";
import { TEXT } from "./parameters.js";
import { get, post, put } from "./route.js";

const NONE = z.object({});
const PATHS_MAX = 1_000;
const PAGE_MAX = 500;
const LOCATION = z.string().min(1).max(4_096);
const LINE = z
  .string()
  .max(1_000)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, "expected one line of text");
const RUN = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\p{Cc}\p{Cs}/]+$/u, "expected the name of a run");

const WHICH = {
  run: z.string().max(255).optional().meta({ description: "of this run; empty: of no run" }),
  is: z.enum(ROLES).optional(),
  group: TEXT.optional().meta({ description: "not used for this reason: an id of `unused`" }),
  question: TEXT.optional().meta({ description: "the files of a question" }),
  pattern: LOCATION.optional().meta({ description: "a glob, as in a file of decisions" }),
};
const FILES = z.object({
  ...WHICH,
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(100),
});
const OPEN = z.strictObject({
  folder: LOCATION,
  decisions: LOCATION.optional(),
  profile: LOCATION.optional(),
  matches: LOCATION.optional().meta({ description: "the table of curate match; default: that of the decisions" }),
  vocabulary: LOCATION.optional(),
  anonymous: z.boolean().optional().meta({ description: "send unsigned requests to buckets" }),
});
const DECISION = z.discriminatedUnion("say", [
  z.strictObject({ say: z.literal("answer"), question: TEXT, answer: z.string().max(200).nullable() }),
  z.strictObject({
    say: z.literal("files"),
    paths: z.array(LOCATION).min(1).max(PATHS_MAX),
    is: z.enum(ROLES),
    run: RUN.optional(),
  }),
  z.strictObject({ say: z.literal("all"), of: z.strictObject(WHICH), is: z.enum(ROLES), as: RUN.optional() }),
  z.strictObject({ say: z.literal("undo") }),
]);
const FACTS = z.strictObject({ facts: z.record(z.string().max(40), LINE) });
const TAG = /^"([\w-]{1,100})"$/;

/**
 * `GET` and `POST submissions…`: what `ingest new --from` tells and asks. Everything that a person says goes into the document of decisions that
 * `ingest new --decisions` takes, and nothing is written before `POST submissions/{id}/write`.
 */
export const submissionRoutes: Routes = (app, context) => {
  const { submissions } = context;
  if (!submissions) return;
  const noStore = { "cache-control": "no-store" };
  const scope = "write";
  const id = (c: Context): string => c.req.param("id")!;
  const answer = async (c: Context, one: OpenSubmission) => {
    const shown = await submissionAnswer(one, submissions);
    return c.json(shown, 200, { ...noStore, ...(shown.account && { etag: `"${shown.account.etag}"` }) });
  };
  /** Files of this machine are named, as on stderr: to who may see the workspace, or change something. */
  const told = async (c: Context, work: () => Promise<Response>): Promise<Response> => {
    try {
      return await work();
    } catch (error) {
      if (!isEmporiumError(error)) throw error;
      const record: ApiError = briefError(toErrorRecord(error));
      return c.json(record, statusOf(error) as 400, noStore);
    }
  };
  const changed = (c: Context, change: (etag: string) => Promise<OpenSubmission>) =>
    told(c, async () => {
      const tag = TAG.exec(c.req.header("if-match") ?? "")?.[1];
      if (tag !== undefined) return answer(c, await change(tag));
      submissions.get(id(c));
      const hint = 'send If-Match: "…" with the etag of the account in GET submissions/{id}';
      return c.json({ code: "USAGE", message: "the change needs the etag of what it is about", hint } satisfies ApiError, 428);
    });

  get(app, "/submissions", { summary: "Where folders may be looked at, and those that were", query: NONE }, async (c) => {
    workspaceFor(context, c);
    const form: SubmissionForm = {
      roots: submissions.roots.map(({ location, writable }) => ({ location, writable })),
      folders: await findFolders(submissions.roots),
      open: submissions.list().map(({ id, folder, state }) => ({ id, folder, state })),
    };
    return c.json(form, 200, noStore);
  });
  get(app, "/submissions/:id", { summary: "A folder as ingest new knows it", query: NONE }, (c) => {
    workspaceFor(context, c);
    return answer(c, submissions.get(id(c)));
  });
  get(app, "/submissions/:id/files", { summary: "Files that fit everything that is given", query: FILES }, (c, query) => {
    workspaceFor(context, c);
    return told(c, async () => c.json(await filesAnswer(submissions.get(id(c)), query, context.places), 200, noStore));
  });
  const text = { yaml: "The configuration", decisions: "The file of decisions" } as const;
  for (const [name, what] of Object.entries(text)) {
    get(app, `/submissions/:id/${name}`, { summary: `${what}, as it would be written`, query: NONE }, (c) => {
      workspaceFor(context, c);
      const { now } = submissions.get(id(c));
      if (!now) throw new EmporiumError("NOT_FOUND", "the folder is not known yet");
      return c.body(now.config[name as keyof typeof text] ?? "", 200, {
        ...noStore,
        "content-type": "text/plain; charset=utf-8",
      });
    });
  }

  post(app, "/submissions", { summary: "Looks at a folder; writes nothing", query: NONE, body: OPEN, scope }, (c, _, wanted) =>
    told(c, async () => answer(c, await submissions.open(wanted))),
  );
  const of = { query: NONE, scope } as const;
  const decides = "Decides about files, answers a question, or takes the last decision back; If-Match: the etag of the account";
  put(app, "/submissions/:id/decisions", { ...of, summary: decides, body: DECISION }, (c, _, body) =>
    changed(c, (etag) => (body.say === "undo" ? submissions.undo(id(c), etag) : decided(submissions, id(c), etag, body))),
  );
  put(app, "/submissions/:id/facts", { ...of, summary: "Facts by their keys; empty: none", body: FACTS }, (c, _, { facts }) =>
    changed(c, async (etag) => {
      const { faultOf } = await import("../../stations/ingest/laboratory/answers.js");
      for (const [key, value] of Object.entries(facts)) {
        const fault = value.trim() === "" ? undefined : faultOf(key, value.trim());
        if (fault !== undefined) throw new EmporiumError("USAGE", `${value}: expected ${fault}`, { place: { path: key } });
      }
      return submissions.change(id(c), etag, ({ told: now }) => ({ ...now, facts: { ...now.facts, ...facts } }));
    }),
  );
  const profile = z.strictObject({ path: z.string().max(4_096) });
  put(app, "/submissions/:id/profile", { ...of, summary: "Reads a profile; empty: none", body: profile }, (c, _, { path }) =>
    changed(c, (etag) => submissions.useProfile(id(c), etag, path)),
  );
  const file = z.strictObject({ config: LOCATION });
  const writes = "Writes NAME.yaml and NAME.decisions.yaml";
  post(app, "/submissions/:id/write", { ...of, summary: writes, body: file }, (c, _, { config }, { name }) =>
    changed(c, async (etag) => {
      const one = await submissions.write(id(c), etag, config);
      context.log.info(`${name} writes ${config}`);
      return one;
    }),
  );
  post(app, "/submissions/:id/stop", { ...of, summary: "Stops looking at the folder", body: NONE.strict() }, (c) =>
    told(c, async () => answer(c, submissions.stop(id(c)))),
  );
};

type Decided = Exclude<z.output<typeof DECISION>, { say: "undo" }>;

async function decided(submissions: Submissions, id: string, etag: string, body: Decided): Promise<OpenSubmission> {
  const { withAnswer, withFiles, withPattern } = await import("../../stations/ingest/laboratory/decide-files.js");
  return submissions.change(id, etag, async ({ told }, known) => {
    const { decisions: now } = told;
    switch (body.say) {
      case "answer":
        return { ...told, decisions: withAnswer(now, known.decisions, body.question, body.answer ?? undefined) };
      case "files":
        return { ...told, decisions: withFiles(now, known, existing(body.paths), body) };
      default: {
        const { pattern, ...others } = body.of;
        const said = { is: body.is, run: body.as };
        if (pattern !== undefined && Object.values(others).every((one) => one === undefined))
          return { ...told, decisions: withPattern(now, known, pattern, said) };
        return { ...told, decisions: withFiles(now, known, existing(await pathsOf(known, body.of)), said) };
      }
    }

    function existing(paths: readonly string[]): readonly string[] {
      const gone = paths.find((path) => !known.laboratory.get(path));
      if (gone !== undefined || paths.length === 0)
        throw new EmporiumError("USAGE", gone === undefined ? "no file fits" : `${gone} is not a file of the folder`);
      return paths;
    }
  });
}
