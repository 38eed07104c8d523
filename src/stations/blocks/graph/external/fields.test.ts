import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Triple } from "../../../../core/box.js";
import type { DType } from "../../../../core/dtype.js";
import type { NodeDocument } from "../document.js";
import type { GraphNode } from "../nodes.js";
import { ExternalFields, externalParams, longestTaskMs, namesOf, settingsOf } from "./fields.js";
import { batchedBlock, inputNames } from "./inputs.js";
import { externalNotes, isRepeatable, withCell } from "./node.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-fields-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const script = join(folder, "predict.py");
writeFileSync(script, "print()\n");

const em = { dtype: "int16" as DType, shape: [8, 8, 8] as Triple };
const params = (fields: object, names: readonly string[] = ["em"], inputs = names.map(() => em)) =>
  externalParams("seen", ExternalFields.parse({ command: ["sh", script], ...fields }), names, inputs, folder);

describe("a person's program", () => {
  it("is told what it gets, by places below the graph's folder", () => {
    expect(params({ halo: 4, files: [script] })).toEqual({
      ...{ name: "seen", command: ["sh", "predict.py"], inputs: ["em"], halo: [4, 4, 4], edge: "reflect", batch: 1 },
      ...{ dtype: "int16", deterministic: true, cell: null },
      files: [{ path: "predict.py", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    });
    expect(params({ dtype: "float32", halo: [0, 1, 2], edge: "none" })).toMatchObject({
      ...{ dtype: "float32", halo: [0, 1, 2], edge: "none" },
    });
    expect(ExternalFields.safeParse({ command: ["sh"], halo: 0 }).success).toBe(true);
    for (const more of [{ gpu: 0 }, { timeout: 1 }, { files: ["a"] }])
      expect(ExternalFields.safeParse({ command: ["sh"], ...more }).success, JSON.stringify(more)).toBe(true);
    for (const more of [{ halo: -1 }, { gpu: -1 }, { timeout: 0.5 }, { files: [""] }, { command: [""] }, { command: [] }])
      expect(ExternalFields.safeParse({ command: ["sh"], ...more }).success, JSON.stringify(more)).toBe(false);
  });

  it("gets what neighbours have written, and a value in place of all others", () => {
    const after = params({ after: "neighbours-18", fill: -7 });
    expect([after.after, namesOf(after), namesOf(params({}))]).toEqual([{ neighbours: 18, fill: -7 }, ["em", "written"], ["em"]]);
    expect(params({ after: "neighbours-6" }).after).toEqual({ neighbours: 6, fill: 0 });
    expect(params({ after: "neighbours-6", fill: 0.5, dtype: "float32" }).after?.fill).toBe(0.5);
    // the ends of the type
    for (const fill of [-32768, 32767]) expect(params({ after: "neighbours-6", fill }).after?.fill).toBe(fill);
  });

  it.each<[says: string, fields: object, names?: readonly string[]]>([
    ["fill: there is no after, so nothing is filled", { fill: 3 }],
    ["batch: 2 blocks at once would not see each other", { after: "neighbours-6", batch: 2 }],
    ["in: written is what neighbours have written", { after: "neighbours-6" }, ["written"]],
    ["fill: 40000 is no int16", { after: "neighbours-6", fill: 40_000 }],
    ["fill: -32769 is no int16", { after: "neighbours-6", fill: -32_769 }],
    ["fill: 0.5 is no int16", { after: "neighbours-6", fill: 0.5 }],
    ["files: none.txt is not a file", { files: ["none.txt"] }],
    ["command: no program no-such-program is on PATH", { command: ["no-such-program"] }],
    ["command: ./no-such-program cannot be run", { command: ["./no-such-program"] }],
  ])("is refused: %s", (says, fields, names) => {
    expect(() => params(fields, names)).toThrow(`external: ${says}`);
  });

  it("gets arrays of one shape, and may itself be a file that can be run", () => {
    const other = { ...em, shape: [8, 8, 9] as Triple };
    expect(() => params({}, ["em", "mask"], [em, other])).toThrow("external: in: mask has 8×8×9 voxels, em 8×8×8");
    expect(params({}, ["em", "mask"]).inputs).toEqual(["em", "mask"]);
    expect(() => params({ command: [script] })).toThrow("cannot be run");
    chmodSync(script, 0o755);
    expect(params({ command: [script] })).toMatchObject({ command: ["predict.py"], files: [{ path: "predict.py" }] });
  });

  it("is run with settings that decide nothing, whole paths among them, and is given their time twenty times", () => {
    const nodes = [
      { id: "a", op: "external", command: ["sh", script, "-x"], gpu: 1, timeout: 60 },
      { id: "b", op: "external", command: [] },
      { id: "c", op: "gaussian", sigma: 1 },
      { id: "d", op: "external", command: ["sh"] },
    ] as unknown as NodeDocument[];
    const settings = settingsOf(nodes);
    expect(settings).toEqual({
      a: { command: ["sh", script, "-x"], gpu: 1, timeout: 60 },
      b: { command: [], gpu: 0, timeout: 300 },
      d: { command: ["sh"], gpu: 0, timeout: 300 },
    });
    expect(longestTaskMs(settings)).toBe(20 * 660 * 1000);
    expect(longestTaskMs({})).toBeUndefined();
    expect(longestTaskMs({ a: { ...settings.d!, timeout: 1 } })).toBe(20_000);
  });
});

describe("the inputs of a node", () => {
  it("are one name, several, or names of arrays", () => {
    expect(inputNames("em")).toEqual([{ name: "em", node: "em" }]);
    expect(inputNames(["em", "mask"])).toEqual([
      { name: "em", node: "em" },
      { name: "mask", node: "mask" },
    ]);
    expect(inputNames({ image: "em", labels: "em" })).toEqual([
      { name: "image", node: "em" },
      { name: "labels", node: "em" },
    ]);
    for (const wrong of [[], {}, ["em", "em"], ["em", 3], { image: 3, other: "em" }, 3, undefined, null])
      expect(inputNames(wrong), JSON.stringify(wrong)).toBeUndefined();
  });

  it("are computed side by side, along x first, as far as the volume goes", () => {
    expect(batchedBlock([4, 4, 4], 6, [8, 8, 8])).toEqual([4, 8, 8]);
    expect(batchedBlock([4, 4, 4], 8, [8, 8, 8])).toEqual([8, 8, 8]);
    expect(batchedBlock([4, 4, 4], 1, [8, 8, 3])).toEqual([4, 4, 3]);
    expect(batchedBlock([4, 4, 4], 3, [4, 16, 6])).toEqual([4, 4, 6]);
  });
});

describe("what a plan says of programs", () => {
  const node = (more: object) =>
    ({
      kind: "local",
      operator: "external",
      name: "seen",
      bound: { params: { ...params({}), ...more } },
    }) as unknown as GraphNode;
  const other = { kind: "local", operator: "gaussian", name: "smooth" } as unknown as GraphNode;

  it("is what each runs, and what of it changes the result", () => {
    const after = { neighbours: 6, fill: 0 };
    expect(externalNotes([other, node({}), node({ batch: 2 }), node({ after, deterministic: false })])).toEqual([
      "seen runs sh predict.py",
      "seen runs sh predict.py, 2 blocks at once",
      "seen runs sh predict.py, what its 6 neighbours wrote decides: its result depends on the size of blocks, not deterministic: its results are never compared",
    ]);
    expect([isRepeatable([other, node({})]), isRepeatable([other, node({ deterministic: false })])]).toEqual([true, false]);
    expect([withCell(node({}), [1, 2, 3])?.cell, withCell(other, [1, 2, 3])]).toEqual([[1, 2, 3], undefined]);
  });
});
