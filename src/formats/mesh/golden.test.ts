import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { parseGlb, writeGlb } from "./glb.js";
import { boundingBox, type MeshPart, triangleCount, vertexCount } from "./mesh.js";
import { type MeshFormat, readMesh } from "./read.js";

interface Facts {
  writer: string;
  parts: { name: string; vertices: number; triangles: number }[];
  bounds: [number[], number[]];
  area: number;
  volume: number;
}

const folder = new URL("../../../test/golden/mesh/", import.meta.url);
const { files } = JSON.parse(readFileSync(new URL("facts.json", folder), "utf8")) as { files: Record<string, Facts> };

/** Area, and the volume that is positive where the triangles look outwards. */
function measures(parts: readonly MeshPart[]): { area: number; volume: number } {
  let [area, volume] = [0, 0];
  for (const { positions, triangles } of parts) {
    for (let at = 0; at < triangles.length; at += 3) {
      const [a, b, c] = [0, 1, 2].map((corner) => [
        ...positions.slice(triangles[at + corner]! * 3, triangles[at + corner]! * 3 + 3),
      ]);
      const [u, v] = [b!, c!].map((to) => to.map((value, axis) => value - a![axis]!)) as [number[], number[]];
      const normal = [u[1]! * v[2]! - u[2]! * v[1]!, u[2]! * v[0]! - u[0]! * v[2]!, u[0]! * v[1]! - u[1]! * v[0]!];
      area += Math.hypot(...normal) / 2;
      volume += a!.reduce((sum, value, axis) => sum + value * normal[axis]!, 0) / 6;
    }
  }
  return { area, volume };
}

function expectFacts(parts: readonly MeshPart[], facts: Facts, digits: number, scale = 1): void {
  const box = boundingBox(parts)!;
  for (const axis of [0, 1, 2]) {
    expect(box.min[axis]).toBeCloseTo(facts.bounds[0][axis]! * scale, digits);
    expect(box.max[axis]).toBeCloseTo(facts.bounds[1][axis]! * scale, digits);
  }
  const { area, volume } = measures(parts);
  expect(area / (facts.area * scale ** 2)).toBeCloseTo(1, digits);
  expect(volume / (facts.volume * scale ** 3)).toBeCloseTo(1, digits);
}

describe("files of other programs have the facts that those give", () => {
  for (const [file, facts] of Object.entries(files)) {
    it(`${file} (${facts.writer})`, async () => {
      const source = inMemory(readFileSync(new URL(file, folder)), file);
      const format = file.split(".").at(-1) as MeshFormat;
      const parts = (await readMesh(source, { format, segment: "wanted" }))!;
      const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
      expect(
        parts.map((part) => ({ name: part.name, vertices: vertexCount(part), triangles: triangleCount(part) })).sort(byName),
      ).toEqual(facts.parts.sort(byName));
      expectFacts(parts, facts, 5);

      const enlarged = (await readMesh(source, { format, segment: "wanted", scale: 2.5 }))!;
      const glb = await writeGlb(enlarged);
      const back = await parseGlb(glb, file);
      expectFacts(back, facts, 4, 2.5);
      expect(back.map((part) => part.name)).toEqual(parts.map((part, at) => part.name || `geometry_${at}`));
      expect(await writeGlb(enlarged)).toEqual(glb);
      expect(await writeGlb(back)).toEqual(glb);
    });
  }
});
