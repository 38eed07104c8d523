import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { inMemory } from "../../core/bytes.js";
import { parseGlb, writeGlb } from "./glb.js";
import { listHffSegments } from "./hff.js";
import { boundingBox, triangleCount, vertexCount } from "./mesh.js";
import { type MeshFormat, readMesh } from "./read.js";

const data = REAL_DATA;
const present = existsSync(new URL("expected.json", data));

interface Facts {
  vertices?: number;
  faces?: number;
  points?: number;
  bbox?: [number, number][];
  elements?: [string, string][];
  accessors?: { count: number; type: string }[];
  segments?: { id: string; name: string; meshes: { vertices: number; triangles: number; bbox: [number, number][] }[] }[];
}

const factsOf = (path: string) =>
  (JSON.parse(readFileSync(new URL("expected.json", data), "utf8")) as Record<string, { facts: Facts }>)[path]!.facts;
const sourceOf = (path: string) => inMemory(readFileSync(new URL(path, data)), path);

/** Bounds as trimesh 5.2.0 gives them after reading, and vtk 9.7.2 for the .vtk, whose text has six digits. */
const SHAPE: [number, number][] = [
  [-0.2302856, 2.80571443],
  [-0.16665581, 1.87934431],
  [0.5200001, 1.4799999],
];
const FILES: { file: string; vertices: number; triangles: number; bounds: [number, number][]; digits: number }[] = [
  ...["obj", "stl", "glb", "hff", "vtk"].map((format) => ({
    file: `triangular_mesh.${format}`,
    vertices: 40,
    triangles: 72,
    bounds: SHAPE,
    digits: { obj: 12, vtk: 5 }[format] ?? 6,
  })),
  {
    file: "teapot.obj",
    vertices: 3644,
    triangles: 6320,
    bounds: [
      [-3, 3.434],
      [0, 3.15],
      [-2, 2],
    ],
    digits: 12,
  },
  {
    file: "722817260.ply",
    vertices: 17875,
    triangles: 36127,
    bounds: [
      [3424.05224609375, 22184.5546875],
      [11583.6953125, 37469.64453125],
      [10288.0322265625, 28078.53125],
    ],
    digits: 12,
  },
];

describe("real meshes", () => {
  for (const { file, vertices, triangles, bounds, digits } of FILES) {
    it.skipIf(!present)(`${file} has its counts and bounds, also as glb`, async () => {
      const format = file.split(".").at(-1) as MeshFormat;
      const parts = (await readMesh(sourceOf(`mesh/${file}`), { format, segment: "special_name" }))!;
      for (const [each, precision] of [
        [parts, digits],
        [await parseGlb(await writeGlb(parts), file), Math.min(digits, file.endsWith("ply") ? 12 : 6)],
      ] as const) {
        expect(each.map((part) => [vertexCount(part), triangleCount(part)])).toEqual([[vertices, triangles]]);
        const box = boundingBox(each)!;
        for (const [axis, [min, max]] of bounds.entries()) {
          expect(box.min[axis]).toBeCloseTo(min, precision);
          expect(box.max[axis]).toBeCloseTo(max, precision);
        }
      }
    });

    it.skipIf(!present)(`${file} has the facts of the inventory`, () => {
      const facts = factsOf(`mesh/${file}`);
      const counts = {
        vertices:
          facts.vertices ??
          facts.points ??
          facts.elements?.[0]?.[1] ??
          facts.accessors?.[1]?.count ??
          facts.segments?.[0]?.meshes[0]?.vertices,
        triangles: facts.faces ?? facts.elements?.[1]?.[1] ?? facts.segments?.[0]?.meshes[0]?.triangles,
      };
      if (counts.vertices !== undefined) expect(Number(counts.vertices)).toBe(vertices);
      if (counts.triangles !== undefined) expect(Number(counts.triangles)).toBe(triangles);
      for (const [axis, ends] of (facts.bbox ?? facts.segments?.[0]?.meshes[0]?.bbox ?? []).entries()) {
        for (const end of [0, 1]) expect(bounds[axis]![end]).toBeCloseTo(ends[end]!, 6);
      }
    });
  }

  it.skipIf(!present)("the segmentation lists its segments", async () => {
    const { segments } = factsOf("mesh/triangular_mesh.hff");
    expect(await listHffSegments(sourceOf("mesh/triangular_mesh.hff"))).toEqual(
      segments!.map(({ id, name, meshes }) => ({ id, name, meshes: meshes.map((_, at) => String(at + 1)) })),
    );
  });
});
