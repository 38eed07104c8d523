import { describe, expect, it } from "vitest";
import { systemClock } from "../core/clock.js";
import type { JobKind } from "./job-kinds.js";
import { jobPlanner } from "./job-planner.js";

/** A planner of a kind whose planning command runs this text of JavaScript. */
function planner(text = "") {
  const own = jobPlanner({ roots: [], workspace: "/none", program: [process.execPath, "-e"], globals: [], clock: systemClock });
  const kind = { kind: "do", locations: {}, planWords: () => [text] } as unknown as JobKind;
  return {
    ...own,
    taken: (more: object) => own.checked(kind, { kind: "do", ...more } as never),
    plan: () => own.planned({ kind, input: { kind: "do" } as never }),
  };
}

describe("the words of a job", () => {
  const { taken } = planner();

  it("are texts that a command can take, wherever in the input they stand", async () => {
    const input = { name: "x".repeat(4096), list: [{ of: "a" }, null, 3], no: null, yes: true };
    expect((await taken(input)).input).toMatchObject(input);
    await expect(taken({ name: "x".repeat(4097) })).rejects.toMatchObject({
      code: "USAGE",
      message: "name: 4097 characters; expected at most 4096",
      facts: { place: { path: "name" } },
    });
    await expect(taken({ list: [{ of: "a\0b" }] })).rejects.toMatchObject({
      code: "USAGE",
      message: "list: expected a text without the character U+0000",
    });
  });
});

describe("a planning command", () => {
  it("that prints no plan is told by what it said, or by its status", async () => {
    expect(await planner("process.stderr.write('no such file\\n'); process.exitCode = 7").plan()).toMatchObject({
      ...{ isGood: false, exitStatus: 7, errors: [{ code: "TASK_FAILED", message: "no such file" }] },
    });
    expect((await planner("process.exitCode = 7").plan()).errors).toMatchObject([{ message: "the plan ended with status 7" }]);
    const good = `{"status":"planned","plan":{}}`;
    expect(await planner(`process.stdout.write(${JSON.stringify(good)})`).plan()).toMatchObject({ isGood: true, errors: [] });
  });

  it("does not outlive the server: one that begins while it stops is ended, too", async () => {
    const { plan, close } = planner("setInterval(() => {}, 1000)");
    const running = plan();
    close();
    for (const one of [running, plan()])
      expect(await one).toMatchObject({ isGood: false, errors: [{ code: "TASK_FAILED", message: "the server is stopping" }] });
  });
});
