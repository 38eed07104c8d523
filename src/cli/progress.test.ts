import { describe, expect, it } from "vitest";
import { manualClock } from "../core/clock.js";
import { makeLog } from "../core/log.js";
import type { RunEvent } from "../engine/events.js";
import { logEvents, makeProgress } from "./progress.js";

const brief = { id: "t1", title: "tomogram 100 of TS_01", run: "volume", bytes: 100 * 2 ** 20 };

function scene(sinkOptions: { isTTY?: boolean; columns?: number } = {}, options: { silent?: boolean; logJson?: boolean } = {}) {
  const clock = manualClock(1_790_000_000_000);
  let text = "";
  const sink = { ...sinkOptions, write: (part: string) => (text += part) };
  const progress = makeProgress({ sink, clock, silent: false, ...options });
  type Bare = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, "atMs"> : never) : never;
  const tell = (event: Bare) => progress.onEvent({ ...event, atMs: clock.monotonic() } as RunEvent);
  const begin = () => {
    tell({ kind: "plan", tasks: 2, bytes: 200 * 2 ** 20, resumed: false, createdMs: 0 });
    tell({ kind: "start", task: brief, threads: 1, notes: 0 });
  };
  /** One second of work a step, 10 MiB each. */
  const work = (from: number, to: number) => {
    for (let second = from; second < to; second++) {
      clock.advance(1000);
      tell({ kind: "progress", id: "t1", bytesDone: (second + 1) * 10 * 2 ** 20 });
    }
  };
  const take = () => {
    const taken = text;
    text = "";
    return taken;
  };
  return { clock, progress, tell, begin, work, take };
}

describe("makeProgress", () => {
  it("draws one line over itself on a terminal, cut to its width, and clears it at the end", () => {
    const { begin, work, take, tell, progress } = scene({ isTTY: true, columns: 40 });
    begin();
    work(0, 3);
    const drawn = take();
    expect(drawn).not.toContain("\n");
    const lines = drawn.split("\r").slice(1);
    expect(lines.at(-1)).toMatch(/^15% {2}30\.0 MiB of 200 MiB {2}10\.0 MiB\/s.*…\u001b\[K$/);
    for (const line of lines) expect(line.replace("\u001b[K", "").length).toBeLessThanOrEqual(39);
    tell({ kind: "end", exitStatus: 0, seconds: 3 });
    expect(take()).toBe("\r\u001b[K");
    progress.after();
    expect(take()).toBe("");
  });

  it("draws ten times a second at most", () => {
    const { begin, clock, tell, take } = scene({ isTTY: true, columns: 80 });
    begin();
    take();
    for (let ms = 0; ms < 1000; ms += 10) {
      clock.advance(10);
      tell({ kind: "progress", id: "t1", bytesDone: ms * 1000 });
    }
    expect(take().split("\r").length - 1).toBe(10);
  });

  it("adds a line every ten seconds at most elsewhere", () => {
    const { begin, work, take } = scene();
    begin();
    work(0, 9);
    expect(take()).toBe("");
    work(9, 10);
    expect(take()).toBe("50%  100 MiB of 200 MiB  10.0 MiB/s  10s left  0 of 2 done  tomogram 100 of TS_01\n");
  });

  it("writes JSON lines with --log-json, even on a terminal", () => {
    const { begin, work, take } = scene({ isTTY: true }, { logJson: true });
    begin();
    work(0, 10);
    expect(JSON.parse(take())).toMatchObject({ level: "info", message: "progress", fraction: 0.5, tasksTotal: 2 });
  });

  it("says nothing with --quiet", () => {
    const { begin, work, take } = scene({ isTTY: true }, { silent: true });
    begin();
    work(0, 30);
    expect(take()).toBe("");
  });

  it("steps aside for a message and comes back", () => {
    const { begin, work, take, progress } = scene({ isTTY: true, columns: 80 });
    begin();
    work(0, 1);
    take();
    progress.before();
    expect(take()).toBe("\r\u001b[K");
    progress.after();
    expect(take()).toMatch(/^\r5%/);
  });
});

describe("logEvents", () => {
  it("tells of worker processes that ended", () => {
    const lines: string[] = [];
    const tell = logEvents(makeLog((level, message) => lines.push(`${level} ${message}`)));
    tell({ atMs: 0, kind: "worker", pid: 7, ended: "SIGKILL", tasks: 2 });
    tell({ atMs: 0, kind: "worker", pid: 8, ended: "exit 1", tasks: 0 });
    expect(lines).toEqual([
      "info a worker process ended (SIGKILL); its tasks are repeated",
      "info a worker process ended (exit 1)",
    ]);
  });

  it("tells of second attempts always and of finished tasks in debug", () => {
    const lines: string[] = [];
    const tell = logEvents(makeLog((level, message) => lines.push(`${level} ${message}`)));
    tell({ atMs: 0, kind: "start", task: brief, threads: 1, notes: 0 });
    tell({
      atMs: 0,
      kind: "retry",
      id: "t1",
      attempt: 1,
      waitMs: 1500,
      error: { code: "STORE_UNAVAILABLE", message: "no answer", url: "s3://b/k" },
    });
    tell({ atMs: 0, kind: "settled", task: brief, state: "done", seconds: 2 });
    expect(lines).toEqual([
      "info tomogram 100 of TS_01: attempt 1 failed, again in 1.5s: no answer at s3://b/k",
      "debug done: tomogram 100 of TS_01",
    ]);
  });
});
