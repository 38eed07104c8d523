import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Plain, Task } from "./task.js";
import { canonicalJson, taskId } from "./task-id.js";

const work = {
  run: "copy",
  params: { scale: 2, names: ["b", "a"], nested: { y: null, x: true } },
  inputs: [{ key: "in/a.mrc", size: 3, etag: "e1", modifiedMs: 5 }],
  outputs: ["out/a.mrc"],
} satisfies Pick<Task, "run" | "params" | "inputs" | "outputs">;

describe("taskId", () => {
  it("is the start of a SHA-256 over a text that another program can make", () => {
    const text =
      '{"inputs":[{"etag":"e1","key":"in/a.mrc","size":3}],"outputs":["out/a.mrc"],' +
      '"params":{"names":["b","a"],"nested":{"x":true,"y":null},"scale":2},"run":"copy"}';
    expect(taskId(work)).toBe(createHash("sha256").update(text).digest("hex").slice(0, 32));
    // Python: hashlib.sha256(json.dumps(work, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:32]
    expect(taskId(work)).toBe("1f162ff2fd0990f3d4d5c987871f69f0");
  });

  it("does not depend on the order in which keys were set, nor on anything else of a task", () => {
    const turned = {
      outputs: work.outputs,
      inputs: [{ modifiedMs: 9, etag: "e1", size: 3, key: "in/a.mrc" }],
      params: { nested: { x: true, y: null }, names: ["b", "a"], scale: 2 },
      run: "copy",
      needs: ["x"],
      title: "other",
      bytes: 9,
    };
    expect(taskId(turned)).toBe(taskId(work));
  });

  it("changes with each thing that the outputs depend on", () => {
    const others = [
      { ...work, run: "move" },
      { ...work, params: { ...work.params, scale: 3 } },
      { ...work, params: { ...work.params, names: ["a", "b"] } },
      { ...work, inputs: [{ ...work.inputs[0]!, size: 4 }] },
      { ...work, inputs: [{ ...work.inputs[0]!, etag: "e2" }] },
      { ...work, inputs: [{ key: "in/a.mrc", size: 3, modifiedMs: 5 }] },
      { ...work, inputs: [{ key: "in/a.mrc", size: 3, modifiedMs: 6 }] },
      { ...work, outputs: ["out/b.mrc"] },
    ];
    expect(new Set([work, ...others].map(taskId)).size).toBe(others.length + 1);
  });

  it("refuses what JSON cannot carry", () => {
    for (const value of [Number.NaN, new Date(0), () => 0, new Map()] as unknown as Plain[]) {
      expect(() => taskId({ ...work, params: { value } })).toThrow(/only plain JSON/);
    }
  });
});

describe("canonicalJson", () => {
  it("is JSON, reads back equal and gives equal text for equal values", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        const back: unknown = JSON.parse(text);
        expect(back).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(back)).toBe(text);
      }),
    );
  });
});
