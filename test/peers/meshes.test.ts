import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { writeGlb } from "../../src/formats/mesh/glb.js";
import { type MeshFormat, readMesh } from "../../src/formats/mesh/read.js";
import { hasEnvironment, python, type Verdict } from "./environment.js";

const SCALE = 0.125;
const CHECKS = ["bounds", "faces", "names", "places and sides"];
const folder = mkdtempSync(join(tmpdir(), "emporium-peers-meshes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Case {
  file: string;
  format: MeshFormat;
  names: string[];
}

describe.skipIf(!hasEnvironment("peers"))("meshes of trimesh and h5py, written as glb and read by trimesh", () => {
  let cases: Case[];
  let verdicts: Verdict[];

  beforeAll(async () => {
    cases = JSON.parse(await python("peers", "make_meshes.py", [folder]));
    for (const { file, format } of cases) {
      const source = inMemory(readFileSync(join(folder, file)), file);
      const parts = await readMesh(source, { format, scale: SCALE, segment: "wanted" });
      writeFileSync(join(folder, `${file}.out.glb`), await writeGlb(parts!));
    }
    writeFileSync(join(folder, "cases.json"), JSON.stringify(cases));
    verdicts = JSON.parse(await python("peers", "check_meshes.py", [folder, String(SCALE)]));
  });

  it("every file has the same faces at the same places, the same bounds and names", () => {
    expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
  });

  it("every format was among them, and every check made", () => {
    expect([...new Set(cases.map(({ format }) => format))].sort()).toEqual(["glb", "hff", "obj", "ply", "stl"]);
    for (const { file } of cases) {
      expect(
        verdicts
          .filter((verdict) => verdict.case === file)
          .map(({ check }) => check)
          .sort(),
      ).toEqual(CHECKS);
    }
  });
});
