import { describe, expect, it } from "vitest";
import { checkPlan } from "./plan.js";
import type { Task, TaskPlan } from "./task.js";

function task(id: string, outputs: string[], needs: string[] = []): Task {
  const place = { file: "config.yaml", line: Number(id.charCodeAt(0)) };
  return {
    id,
    title: `task ${id}`,
    run: "x",
    params: {},
    inputs: [],
    outputs,
    needs,
    bytes: 0,
    memoryBytes: 0,
    threads: 1,
    place,
  };
}
function plan(...tasks: Task[]): TaskPlan {
  return { createdMs: 0, tasks, locks: [] };
}
function faultOf(...tasks: Task[]) {
  try {
    checkPlan(plan(...tasks));
    return undefined;
  } catch (error) {
    return error as { code: string; message: string; facts: { place?: { line?: number } } };
  }
}

describe("checkPlan", () => {
  it("lets a good plan through", () => {
    expect(
      faultOf(task("a", ["r/t.zarr/", "r/t.mrc"]), task("b", ["r/t.json", "r/t.zarr.txt"], ["a"]), task("c", ["s/t.mrc"])),
    ).toBeUndefined();
  });

  it("wants needs to be there, and before", () => {
    expect(faultOf(task("a", ["x"], ["z"]))).toMatchObject({
      code: "INTERNAL",
      message: "task a needs task z, which is not in the plan",
    });
    expect(faultOf(task("a", ["x"], ["b"]), task("b", ["y"]))?.message).toBe("task a comes before task b, which it needs");
  });

  it("wants what a task comes after to be there, and before", () => {
    const follows = (id: string, ...first: string[]) => ({ ...task(id, [id]), after: first });
    expect(faultOf(task("a", ["x"]), follows("b", "a"))).toBeUndefined();
    for (const wrong of [[follows("b", "z")], [follows("b", "b")], [follows("b", "a"), task("a", ["x"])]]) {
      expect(faultOf(...wrong)).toMatchObject({
        code: "INTERNAL",
        message: expect.stringMatching(/^task b does not come after/),
      });
    }
  });

  it("shows a circle", () => {
    const fault = faultOf(task("a", ["x"], ["b"]), task("b", ["y"], ["c"]), task("c", ["z"], ["a"]));
    expect(fault?.message).toMatch(/^tasks need each other: (task . needs ){3}task .$/);
    expect(faultOf(task("a", ["x"], ["a"]))?.message).toBe("tasks need each other: task a needs task a");
  });

  it("tells a circle from what merely stands before one, or needs what is absent", () => {
    const before = faultOf(task("a", ["x"], ["b"]), task("b", ["y"], ["c"]), task("c", ["z"], ["b"]));
    expect(before?.message).toBe("task a comes before task b, which it needs");
    const absent = faultOf(task("a", ["x"], ["c", "b"]), task("b", ["y"], ["absent"]), task("c", ["z"], ["a"]));
    expect(absent?.message).toBe("tasks need each other: task a needs task c needs task a");
  });

  it.each([
    ["the same key", ["r/t.mrc"], ["r/t.mrc"]],
    ["names that differ in case", ["r/TS.mrc"], ["r/ts.mrc"]],
    ["folders that differ in case", ["Run/a.mrc"], ["run/b.mrc"]],
    ["é in one and in two characters", ["r/\u00e9.mrc"], ["r/e\u0301.mrc"]],
    ["a key inside another's folder", ["r/t.zarr/"], ["r/t.zarr/.zattrs"]],
    ["a folder around another's key", ["r/t/a.json"], ["r/t/"]],
    ["a file where another needs a folder", ["r/t"], ["r/t/a"]],
  ])("finds %s, with both titles and the place", (_, first, second) => {
    const fault = faultOf(task("a", first), task("b", second));
    expect(fault?.code).toBe("CONFIG_COLLISION");
    expect(fault?.message).toContain('"task a"');
    expect(fault?.message).toContain('"task b"');
    expect(fault?.facts.place?.line).toBe(98);
  });

  it("finds two tasks of one id", () => {
    expect(faultOf(task("a", ["x"]), task("a", ["y"]))?.code).toBe("CONFIG_COLLISION");
  });

  it("allows a task to name objects inside its own folder, but no name twice", () => {
    expect(faultOf(task("a", ["t.zarr/", "t.zarr/.zattrs"]))).toBeUndefined();
    expect(faultOf(task("a", ["t.mrc", "t.mrc"]))?.code).toBe("CONFIG_COLLISION");
  });

  it.each([
    "",
    "/x",
    "a//b",
    "../x",
    "a/../b",
    "a/./b",
    "a\\b",
    "a\nb",
    `${"x".repeat(256)}`,
    ".emporium/x",
    `${"x/".repeat(600)}y`,
    "a/.b.1.part",
  ])("refuses the unsafe key %j", (key) => {
    expect(faultOf(task("a", [key]))?.code).toBe("NAME_UNSAFE");
  });

  it("does a long chain without recursion", () => {
    const chain = Array.from({ length: 50_000 }, (_, i) => task(`t${i}`, [`o/${i}`], i > 0 ? [`t${i - 1}`] : []));
    expect(faultOf(...chain)).toBeUndefined();
    chain[0] = task("t0", ["o/0"], ["t49999"]);
    expect(faultOf(...chain)?.message).toMatch(/^tasks need each other/);
  });
});
