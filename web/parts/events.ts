import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Job, JobBrief, JobsEvent } from "../../src/model/page-api.js";
import { ask, base } from "./api.js";
import type { Told, Wanted } from "./events-worker.js";
import workerUrl from "./events-worker.js?worker&url";
import { useServer } from "./queries.js";
import { shared } from "./store.js";
import { trusted } from "./worker-url.js";

/** Milliseconds between requests for runs where no stream tells of them. */
const POLL_MS = 3_000;

/** A stream tells of what changes. */
const isLive = shared(false);

let port: MessagePort | undefined;
const topics: string[] = [];

/** Runs, newest first. As they change, where the server shows them. */
export function useJobs() {
  const { data: server } = useServer();
  const isShown = server?.jobs === true;
  const live = useTopic("jobs", isShown);
  return useQuery({
    queryKey: ["jobs"],
    queryFn: ({ signal }) => ask<JobBrief[]>("jobs", signal),
    enabled: isShown,
    refetchInterval: live ? false : POLL_MS,
  });
}

/** One run, as it changes. */
export function useJob(id: string) {
  const live = useTopic(`job:${id}`, true);
  return useQuery({
    queryKey: ["job", id],
    queryFn: ({ signal }) => ask<Job>(`jobs/${encodeURIComponent(id)}`, signal),
    refetchInterval: ({ state }) => (live || state.error ? false : POLL_MS),
  });
}

function useTopic(topic: string, isWanted: boolean): boolean {
  const queries = useQueryClient();
  const live = isLive.use();
  useEffect(() => {
    if (!isWanted || !("SharedWorker" in window)) return;
    topics.push(topic);
    say(queries);
    return () => {
      topics.splice(topics.indexOf(topic), 1);
      say(queries);
    };
  }, [queries, topic, isWanted]);
  return live;
}

function say(queries: QueryClient): void {
  if (!port) {
    ({ port } = new SharedWorker(trusted(workerUrl), { type: "module", name: "emporium-events" }));
    port.onmessage = ({ data }: MessageEvent<Told>) => take(data, queries);
    // a page that is put away, or behind another tab, holds no stream and draws nothing; when it is seen again it gets all
    addEventListener("pagehide", () => tell([]));
    for (const again of ["pageshow", "visibilitychange"]) addEventListener(again, tellSeen);
  }
  tellSeen();
}

const tellSeen = (): void => tell(document.hidden ? [] : topics);

function tell(now: readonly string[]): void {
  port?.postMessage({ url: new URL("api/v1/events", base).href, topics: now } satisfies Wanted);
}

function take(told: Told, queries: QueryClient): void {
  if ("isOpen" in told) isLive.set(told.isOpen);
  else if ("job" in told) queries.setQueryData(["job", told.job.id], told.job);
  else queries.setQueryData<readonly JobBrief[]>(["jobs"], (before = []) => merged(before, told.jobs));
}

/** Newest first: ids begin with the moment. */
function merged(before: readonly JobBrief[], { isAll, jobs, gone }: JobsEvent): readonly JobBrief[] {
  const all = new Map(isAll ? [] : before.map((job) => [job.id, job]));
  for (const id of gone) all.delete(id);
  for (const job of jobs) all.set(job.id, job);
  return [...all.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
}
