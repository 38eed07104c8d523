import type { Context } from "hono";
import { z } from "zod";
import { EmporiumError } from "../../core/errors.js";
import { RUN_ID } from "../../engine/run-id.js";
import type { JobNews, JobWatch, Topics } from "../job-watch.js";
import type { Routes } from "./context.js";
import { workspaceFor } from "./kept.js";
import { get } from "./route.js";

const STREAMS_MAX = 200;
/** Event streams for one token, or for this machine without one. All tabs of a browser share one stream. */
const STREAMS_PER_CLIENT_MAX = 50;
/** Number of topics in one stream: `jobs`, and single jobs. */
const TOPICS_MAX = 20;

/**
 * `GET jobs`, `GET jobs/{id}` and the stream of changes: runs of the engine in the workspace of this server, whoever began them.
 */
export const jobRoutes: Routes = (app, context) => {
  const watch = (c: Context): JobWatch => {
    workspaceFor(context, c);
    return context.jobs!;
  };
  const noStore = { "cache-control": "no-store" };
  const perClient = new Map<string, number>();
  /** Counts a stream of a client. @returns the function that gives it back @throws {EmporiumError} STORE_THROTTLED */
  const taken = (c: Context): (() => void) => {
    const holder = context.tokens?.holderOf(c.req.raw);
    const client = holder === undefined ? "this machine" : `the token of ${holder.name}`;
    const own = perClient.get(client) ?? 0;
    if (context.jobs!.listeners >= STREAMS_MAX) throw tooMany(`${STREAMS_MAX} event streams are open; no more are served`);
    if (own >= STREAMS_PER_CLIENT_MAX)
      throw tooMany(`${STREAMS_PER_CLIENT_MAX} event streams are open for ${client}; one client has no more`);
    perClient.set(client, own + 1);
    return once(() => {
      const left = perClient.get(client)! - 1;
      if (left === 0) perClient.delete(client);
      else perClient.set(client, left);
    });
  };
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
      const { signal } = c.req.raw;
      return c.body(sent(jobs.follow(topics, signal), signal, taken(c)), 200, headers);
    },
  );
};

function tooMany(message: string): EmporiumError {
  return new EmporiumError("STORE_THROTTLED", message, {
    retry: "later",
    retryAfterMs: 5_000,
    hint: "close other tabs or clients, or ask for the list of runs at jobs",
  });
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}

const TopicNames = z.string().transform((text, issue): Topics => {
  const topics = text.split(",");
  const ids = topics.filter((one) => one.startsWith("job:")).map((one) => one.slice(4));
  const wrong = topics.find((one) => one !== "jobs" && !(one.startsWith("job:") && RUN_ID.test(one.slice(4))));
  if (wrong !== undefined || topics.length > TOPICS_MAX) {
    issue.addIssue(`expected jobs or job:ID, ${TOPICS_MAX} at most, found ${(wrong ?? `${topics.length} topics`).slice(0, 100)}`);
    return z.NEVER;
  }
  return { jobs: topics.includes("jobs"), ids };
});

/**
 * News as server-sent events. Each has a number, which a browser repeats when it reconnects; it gets everything again.
 *
 * @param over is called when the stream ends, however it does: more than once, perhaps
 */
function sent(news: AsyncGenerator<JobNews | undefined>, signal: AbortSignal, over: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let number = 0;
  if (signal.aborted) over();
  signal.addEventListener("abort", over, { once: true });
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await news.next().catch((error: unknown) => {
          over();
          throw error;
        });
        if (done) {
          over();
          controller.close();
        } else controller.enqueue(encoder.encode(value ? printed(++number, value) : ":\n\n"));
      },
      async cancel() {
        over();
        await news.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

const printed = (number: number, { event, data }: JobNews): string =>
  `id: ${number}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
