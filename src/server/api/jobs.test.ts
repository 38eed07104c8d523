import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ApiError, Job, JobBrief, JobsEvent, ServerFacts } from "../../model/page-api.js";
import { type Portal, servePortal } from "../portal.js";
import { openTokens } from "../tokens.js";

let workspace: string;
let portal: Portal;
const open: IncomingMessage[] = [];
beforeEach(async () => {
  workspace = mkdtempSync(join(tmpdir(), "emporium-jobs-"));
  portal = await servePortal({ places: [], bucket: "b", version: "0", workspace });
});
afterEach(async () => {
  for (const one of open.splice(0)) one.destroy();
  await portal.close();
  rmSync(workspace, { recursive: true });
});

const ID = "20261122T140200-00000a";
const lines: string[] = [];
/** A run that has told so much. */
function tell(id: string, ...told: Record<string, unknown>[]): void {
  const home = join(workspace, "runs", id);
  mkdirSync(home, { recursive: true });
  const begin = { kind: "begin", atMs: 0, nowMs: Date.now(), id, command: ["ingest", "run"], folder: "/lab", version: "1" };
  lines.splice(0, lines.length, ...[{ ...begin, host: hostname(), pid: process.pid }, ...told].map((one) => JSON.stringify(one)));
  writeFileSync(join(home, "events.ndjson"), lines.map((line) => `${line}\n`).join(""));
}
const plan = { kind: "plan", tasks: 4, bytes: 0, resumed: false, createdMs: 0, atMs: 0 };
const settled = (id: string, state = "done") => ({
  ...{ kind: "settled", task: { id, title: `task ${id}`, run: "TS_1", bytes: 0 }, state, seconds: 1, atMs: 10 },
  ...(state === "failed" && { error: { code: "FORMAT_CORRUPT", message: "no", file: "/lab/x.rec", byte: 7, hint: "look" } }),
});
const ask = async <T>(path: string): Promise<T> => (await (await fetch(`${portal.url}/api/v1/${path}`)).json()) as T;

const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

/** The stream of a request, event by event. */
async function stream(
  topics: string,
  token?: string,
): Promise<{ reply: IncomingMessage; next(): Promise<{ event: string; data: never }> }> {
  const headers = bearer(token);
  const reply = await new Promise<IncomingMessage>((resolve) =>
    get(`${portal.url}/api/v1/events?topics=${topics}`, { headers }, resolve),
  );
  open.push(reply);
  const pieces = reply.setEncoding("utf8")[Symbol.asyncIterator]();
  let text = "";
  return {
    reply,
    async next() {
      while (!text.includes("\n\n")) {
        const { done, value } = await pieces.next();
        if (done) throw new Error("the stream has ended");
        text += value as string;
      }
      const [event] = text.split("\n\n", 1);
      text = text.slice(event!.length + 2);
      return { event: /^event: (.*)$/m.exec(event!)![1]!, data: JSON.parse(/^data: (.*)$/m.exec(event!)![1]!) as never };
    },
  };
}

describe("runs of a workspace", () => {
  it("are listed, newest first, with how far they are; one has its failures", async () => {
    expect(await ask("jobs")).toEqual([]);
    tell("20261121T000000-00000b", plan, { kind: "over", atMs: 5, nowMs: 1e12, exitStatus: 130 });
    tell(ID, plan, settled("a"), settled("b", "already"), settled("c", "failed"));
    mkdirSync(join(workspace, "runs", "of-somebody-else"));
    const jobs = await ask<JobBrief[]>("jobs");
    expect(jobs.map(({ id, life, exitStatus }) => [id, life, exitStatus])).toEqual([
      [ID, "running", undefined],
      ["20261121T000000-00000b", "ended", 130],
    ]);
    expect(jobs[0]!.progress).toMatchObject({ tasksTotal: 4, tasksDone: 2, tasksAlready: 1, tasksFailed: 1, fraction: 0.75 });
    const { failures } = await ask<Job>(`jobs/${ID}`);
    const error = { code: "FORMAT_CORRUPT", message: "no", path: "/lab/x.rec byte 7", hint: "look" };
    expect(failures).toEqual([{ title: "task c", run: "TS_1", error }]);
    expect(await ask("jobs/20261121T000000-00000c")).toMatchObject({ code: "NOT_FOUND" });
  });

  it("that wait for more say for what, and are not done", async () => {
    tell(ID, { ...plan, isPart: true }, ...["a", "b", "c", "d"].map((id) => settled(id)));
    expect((await ask<JobBrief[]>("jobs"))[0]).toMatchObject({ life: "running", progress: { fraction: 0.99, tasksDone: 4 } });
    tell("20261122T140200-00000b", plan, settled("a"), {
      kind: "waiting",
      taken: 1,
      count: 7,
      lines: ["b is still growing"],
      atMs: 20,
    });
    const [{ waits, progress } = {} as JobBrief] = await ask<JobBrief[]>("jobs");
    expect([waits, progress.secondsLeft]).toEqual([{ taken: 1, count: 7, lines: ["b is still growing"] }, undefined]);
  });

  it("are told as they change, all of them first; a tab that comes later is told all again", async () => {
    tell(ID, plan);
    const { next, reply } = await stream(`jobs,job:${ID}`);
    expect(reply.headers).toMatchObject({ "content-type": "text/event-stream", "cache-control": "no-store" });
    const first = (await next()).data as JobsEvent;
    expect([first.isAll, first.jobs.map(({ id }) => id)]).toEqual([true, [ID]]);
    expect(await next()).toMatchObject({ event: "job", data: { id: ID, running: [] } });
    tell(ID, plan, settled("a"));
    const change = async (is: (one: JobsEvent) => boolean): Promise<JobsEvent> => {
      for (;;) {
        const { event, data } = await next();
        if (event === "jobs" && is(data)) return data;
      }
    };
    expect(await change(({ jobs }) => jobs[0]?.progress.tasksDone === 1)).toMatchObject({ isAll: false, gone: [] });
    rmSync(join(workspace, "runs", ID), { recursive: true });
    expect(await change(({ gone }) => gone.length > 0)).toEqual({ isAll: false, jobs: [], gone: [ID] });
  });

  it("(34.26) have at most 50 streams of one client and 200 in all, which take nothing from requests and end with the server", async () => {
    await portal.close();
    const names = ["anna", "ben", "cem", "dora"];
    const tokenOf = (name: string) => name.repeat(12);
    const file = join(workspace, "tokens");
    writeFileSync(file, names.map((name) => `${name} read ${tokenOf(name)}\n`).join(""), { mode: 0o600 });
    const writing = { tokens: openTokens(file, Date.now).tokens, roots: [] };
    portal = await servePortal({ places: [], bucket: "b", version: "0", workspace, writing });
    const refused = async (token?: string) => {
      const answer = await fetch(`${portal.url}/api/v1/events?topics=jobs`, { headers: bearer(token) });
      return [answer.status, answer.headers.get("retry-after"), ((await answer.json()) as ApiError).message];
    };
    const all: Awaited<ReturnType<typeof stream>>[] = [];
    const fill = async (token?: string) => {
      const own = await Promise.all(Array.from({ length: 50 }, () => stream("jobs", token)));
      for (const { next } of own) expect((await next()).event).toBe("jobs");
      all.push(...own);
    };
    await fill();
    expect(await refused()).toEqual([503, "5", "50 event streams are open for this machine; one client has no more"]);
    for (const name of names.slice(0, 3)) await fill(tokenOf(name));
    expect(await refused(tokenOf("anna"))).toEqual([503, "5", expect.stringContaining("200 event streams are open")]);
    expect((await refused(tokenOf("dora")))[0]).toBe(503);
    const asked = await Promise.all(Array.from({ length: 100 }, () => fetch(`${portal.url}/api/v1/server`)));
    expect(asked.every(({ status }) => status === 200)).toBe(true);
    all[0]!.reply.destroy();
    const again = async (token?: string) => {
      await expect.poll(async () => (await stream("jobs", token)).reply.statusCode).toBe(200);
    };
    await again(tokenOf("dora"));
    all[1]!.reply.destroy();
    await again();
    await portal.close();
    for (const { next } of all.slice(2)) await expect(next()).rejects.toThrow("the stream has ended");
  });

  it("are for who works on this machine, without --url, and topics have their form", async () => {
    const from = (headers: Record<string, string>) => fetch(`${portal.url}/api/v1/jobs`, { headers });
    expect((await from({ "x-forwarded-for": "198.51.100.7" })).status).toBe(403);
    expect((await ask<ServerFacts>("server")).jobs).toBe(true);
    expect(await ask("events?topics=jobs,job:../../etc")).toMatchObject({ code: "USAGE" });
    expect(await ask("events")).toMatchObject({ code: "USAGE" });
    const behind = await servePortal({ places: [], bucket: "b", version: "0", workspace, url: "https://lab.example.org/em" });
    try {
      expect((await fetch(`${behind.url}/api/v1/jobs`)).status).toBe(403);
      expect(await (await fetch(`${behind.url}/api/v1/server`)).json()).toMatchObject({ jobs: false });
    } finally {
      await behind.close();
    }
  });
});
