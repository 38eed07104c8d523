import { z } from "zod";
import { EmporiumError } from "../../core/errors.js";
import { isHere } from "../../engine/holder.js";
import type { JobForms } from "../../model/page-api.js";
import { findConfigs } from "../found-configs.js";
import type { JobInput } from "../job-kinds.js";
import type { Plans } from "../plans.js";
import type { Routes } from "./context.js";
import { workspaceFor } from "./kept.js";
import { get, post } from "./route.js";

const Nothing = z.strictObject({});
type Bodies = [z.ZodObject<{ kind: z.ZodLiteral<string> }>];

/** `POST jobs` plans a job, `POST jobs/{id}/start` starts exactly that; a run is stopped, or planned again. Only where pages may change something. */
export const actionRoutes: Routes = (app, context) => {
  const { plans, jobs } = context;
  if (!plans || !jobs) return;
  const noStore = { "cache-control": "no-store" };
  const query = z.object({});
  /** Plans name files of this machine: they are shown as runs are. */
  const shown = (c: Parameters<typeof workspaceFor>[1]): Plans => {
    workspaceFor(context, c);
    return plans;
  };
  const [first, ...others] = plans.kinds.map(({ body }) => body);
  const body = z.discriminatedUnion("kind", [first, ...others] as unknown as Bodies);
  get(app, "/plans", { summary: "What a job can be, and where", query }, async (c) => {
    const { kinds, roots } = shown(c);
    const forms: JobForms = {
      kinds: kinds.map(({ kind, summary, fields }) => ({ kind, summary, fields })),
      roots: roots.map(({ location, writable }) => ({ location, writable })),
      ...(await findConfigs(roots)),
    };
    return c.json(forms, 200, noStore);
  });
  get(app, "/plans/:id", { summary: "A planned job", query }, (c) => c.json(shown(c).plan(c.req.param("id")!), 200, noStore));
  get(app, "/plans/:id/document", { summary: "What the planning command has printed", query }, (c) =>
    c.body(new Uint8Array(shown(c).document(c.req.param("id")!)), 200, { ...noStore, "content-type": "application/json" }),
  );
  post(app, "/jobs", { summary: "Plans a job, and starts nothing", query, body, scope: "write" }, async (c, _, input) =>
    c.json(await plans.make(input as JobInput), 200, noStore),
  );
  const of = { query, body: Nothing, scope: "write" } as const;
  post(app, "/jobs/:id/start", { ...of, summary: "Starts what was planned, once" }, async (c, _, __, { name }) => {
    const plan = await plans.start(c.req.param("id")!);
    context.log.info(`${name} starts emporium ${plan.command.join(" ")}`);
    return c.json(plan, 200, noStore);
  });
  post(app, "/jobs/:id/stop", { ...of, summary: "Interrupts a run, as Ctrl-C does" }, async (c, _, __, { name }) => {
    const { life, command, ...process_ } = await jobs.begin(c.req.param("id")!);
    if (life === "ended" || life === "died") throw new EmporiumError("STORE_CONFLICT", "the run has already ended");
    if (!isHere(process_)) {
      throw new EmporiumError("STORE_CONFLICT", `the run is on ${process_.host}, where this server cannot stop it`, {
        hint: "press Ctrl-C in its terminal, or send SIGINT there",
      });
    }
    context.log.info(`${name} stops emporium ${command.join(" ")}`);
    process.kill(process_.pid, "SIGINT");
    return c.json({ id: process_.id }, 200, noStore);
  });
  post(app, "/jobs/:id/resume", { ...of, summary: "Plans the command of a run again" }, async (c) => {
    const { command, folder } = await jobs.begin(c.req.param("id")!);
    return c.json(await plans.makeAgain(command, folder), 200, noStore);
  });
};
