import type { Context } from "hono";
import { z } from "zod";
import { EmporiumError } from "../../core/errors.js";
import { RUN_ID } from "../../engine/run-id.js";
import type { JobNews, JobWatch, Topics } from "../job-watch.js";
import type { Routes } from "./context.js";
import { workspaceFor } from "./kept.js";
import { get } from "./route.js";

const STREAMS_MAX = 200;
/** Events of one stream: `jobs`, and single ones. */
const TOPICS_MAX = 20;

/** `GET jobs`, `GET jobs/{id}` and the stream of what changes: runs of the engine in the workspace of this server, whoever began them. */
export const jobRoutes: Routes = (app, context) => {
  const watch = (c: Context): JobWatch => {
    workspaceFor(context, c);
    return context.jobs!;
  };
  const noStore = { "cache-control": "no-store" };
  get(app, "/jobs", { summary: "Runs, newest first: what a terminal began, too", query: z.object({}) }, async (c) =>
    c.json(await watch(c).list(), 200, noStore),
  );
  get(app, "/jobs/:id", { summary: "One run", query: z.object({}) }, async (c) =>
    c.json(await watch(c).job(c.req.param("id")!), 200, noStore),
  );
  get(
    app,
    "/events",
    { summary: "What changes, as server-sent events", query: z.object({ topics: TopicNames }) },
    (c, { topics }) => {
      const jobs = watch(c);
      const headers = { ...noStore, "content-type": "text/event-stream", "x-accel-buffering": "no" };
      if (c.req.method === "HEAD") return c.body(null, 200, headers);
      if (jobs.listeners >= STREAMS_MAX)
        throw new EmporiumError("STORE_THROTTLED", `${STREAMS_MAX} streams are open already`, {
          retry: "later",
          retryAfterMs: 5_000,
          hint: "the list of runs can be asked for at jobs",
        });
      return c.body(sent(jobs.follow(topics, c.req.raw.signal)), 200, headers);
    },
  );
};

const TopicNames = z.string().transform((text, issue): Topics => {
  const topics = text.split(",");
  const ids = topics.filter((one) => one.startsWith("job:")).map((one) => one.slice(4));
  const wrong = topics.find((one) => one !== "jobs" && !(one.startsWith("job:") && RUN_ID.test(one.slice(4))));
  if (wrong !== undefined || topics.length > TOPICS_MAX) {
    issue.addIssue(`${(wrong ?? `${topics.length} topics`).slice(0, 100)} found, jobs or job:ID wanted, ${TOPICS_MAX} at most`);
    return z.NEVER;
  }
  return { jobs: topics.includes("jobs"), ids };
});

/** Each with a number, so that a browser says where it was; who comes back gets all again. */
function sent(news: AsyncGenerator<JobNews | undefined>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let number = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await news.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value ? printed(++number, value) : ":\n\n"));
      },
      async cancel() {
        await news.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

const printed = (number: number, { event, data }: JobNews): string =>
  `id: ${number}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
