import { describe, expect, it } from "vitest";
import { type Box, boxShape, type Triple, volumeOf } from "../../../core/box.js";
import { decodeSegmentation } from "../../../formats/precomputed/compressed-segmentation.js";
import { chunkBoxes } from "../../../formats/precomputed/grid.js";
import { decodeMeshFragment, type TriangleMesh } from "../../../formats/precomputed/legacy-mesh.js";
import { haloed } from "./halo.js";
import { packedPlaces, packSurface, unpackSurface } from "./packed-surface.js";
import { WORK } from "./work.js";

/** Two boxes that many chunks cut, the second up to the end of the volume. */
const BOXES: { label: number; box: Box }[] = [
  { label: 3, box: { start: [2, 3, 4], stop: [21, 25, 30] } },
  { label: 700, box: { start: [10, 27, 0], stop: [24, 30, 33] } },
];
const SHAPE: Triple = [24, 30, 33];

function labelsOf({ start, stop }: Box): Uint16Array {
  const labels: number[] = [];
  for (let z = start[0]; z < stop[0]; z++) {
    for (let y = start[1]; y < stop[1]; y++) {
      for (let x = start[2]; x < stop[2]; x++) {
        const at = [z, y, x];
        const inside = ({ box }: { box: Box }) => at.every((value, axis) => value >= box.start[axis]! && value < box.stop[axis]!);
        labels.push(BOXES.find(inside)?.label ?? 0);
      }
    }
  }
  return Uint16Array.from(labels);
}

function openSides({ triangles }: TriangleMesh): number {
  const sides = new Map<string, number>();
  for (let i = 0; i < triangles.length; i += 3) {
    for (let k = 0; k < 3; k++) {
      const [a, b] = [triangles[i + k]!, triangles[i + ((k + 1) % 3)]!];
      const side = a < b ? `${a} ${b}` : `${b} ${a}`;
      sides.set(side, (sides.get(side) ?? 0) + 1);
    }
  }
  return [...sides.values()].filter((times) => times !== 2).length;
}

function boundsOf({ vertices }: TriangleMesh): [Triple, Triple] {
  const axis = (at: number) => [...vertices].filter((_, i) => i % 3 === 2 - at);
  const all = [0, 1, 2].map(axis);
  return [all.map((values) => Math.min(...values)) as Triple, all.map((values) => Math.max(...values)) as Triple];
}

describe("a mask in chunks", () => {
  it.each([[[24, 30, 33]], [[8, 8, 8]], [[5, 30, 7]]] as [Triple][])("of %j gives labels and closed surfaces", async (chunk) => {
    const parts = new Map<number, Uint8Array[]>();
    const boxes = [...chunkBoxes(SHAPE, chunk)].map((box) => ({ ...box, key: "" }));
    for await (const one of haloed(SHAPE, boxes, async (box) => labelsOf(box))) {
      const { body, surfaces } = WORK.chunk(one);
      const shape = boxShape(one.chunk);
      const decoded = decodeSegmentation(body, { dtype: "uint32", shape, block: [64, 64, 64], channels: 1, name: "chunk" });
      expect(decoded.length).toBe(volumeOf(shape));
      expect(decoded).toEqual(Uint32Array.from(labelsOf(one.chunk)));
      for (const { label, offset, length } of packedPlaces(surfaces))
        parts.set(label, [...(parts.get(label) ?? []), surfaces.slice(offset, offset + length)]);
    }
    expect([...parts.keys()].sort((a, b) => a - b)).toEqual([3, 700]);
    for (const { label, box } of BOXES) {
      const voxelNm = 2;
      const { body, triangles } = WORK.surface({ parts: parts.get(label)!, voxelNm });
      const mesh = decodeMeshFragment(body);
      expect(mesh.triangles.length).toBe(3 * triangles);
      expect(openSides(mesh)).toBe(0);
      expect(boundsOf(mesh)).toEqual([box.start.map((at) => at * voxelNm), box.stop.map((at) => at * voxelNm)]);
    }
  });
});

describe("surfaces in a file", () => {
  it("are found again", () => {
    const one = { positions: Int32Array.of(-1, 2, 3, 4, 5, 6, 7, 8, 9), triangles: Uint32Array.of(0, 1, 2) };
    const two = { positions: Int32Array.of(1, 1, 1), triangles: new Uint32Array(0) };
    const packed = [packSurface(7, one), packSurface(65535, two)];
    const bytes = new Uint8Array(Buffer.concat(packed));
    const places = packedPlaces(bytes);
    expect(places.map(({ label, triangles }) => [label, triangles])).toEqual([
      [7, 1],
      [65535, 0],
    ]);
    expect(places.map(({ offset, length }) => unpackSurface(bytes.subarray(offset, offset + length)))).toEqual([one, two]);
  });
});

describe("surfaces of files", () => {
  // a cube whose sides have vertices of their own, as programs that light them write it
  const corners = Array.from({ length: 8 }, (_, at) => [at & 1, (at >> 1) & 1, at >> 2].map((bit) => 10 * bit));
  const sides = [0, 2, 1, 1, 2, 3, 4, 5, 6, 5, 7, 6, 0, 1, 4, 1, 5, 4, 2, 6, 3, 3, 6, 7, 0, 4, 2, 2, 4, 6, 1, 3, 5, 3, 7, 5];
  const positions = Float64Array.from(sides.flatMap((corner) => corners[corner]!));
  const triangles = Uint32Array.from(sides.keys());

  it("stay as they are where they have few triangles", () => {
    const { body, upperBound } = WORK.mesh({ positions, triangles, trianglesMax: 12 });
    expect(decodeMeshFragment(body)).toEqual({ vertices: Float32Array.from(positions), triangles });
    expect(upperBound).toEqual([10, 10, 10]);
  });

  it("are copied to each point, turned as it is", () => {
    const points = Float64Array.of(100, 0, 0, 0, 50, 0);
    // the second turns x to y, y to −x
    const rotations = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 0, -1, 0, 1, 0, 0, 0, 0, 1);
    const { body, triangles: count, upperBound } = WORK.copies({ positions, triangles, points, rotations, trianglesMax: 1000 });
    const mesh = decodeMeshFragment(body);
    expect(count).toBe(24);
    expect(upperBound).toEqual([10, 60, 110]);
    const second = mesh.vertices.subarray(mesh.vertices.length / 2);
    expect(Array.from(second)).toEqual(
      Array.from({ length: positions.length / 3 }, (_, v) => {
        const [x, y, z] = [positions[3 * v]!, positions[3 * v + 1]!, positions[3 * v + 2]!];
        return [0 - y, 50 + x, z];
      }).flat(),
    );
  });

  it("are refused where copies have too many triangles", () => {
    const points = new Float64Array(3 * 1_000_000);
    // triangles without a neighbour cannot be drawn together
    const apart = positions.map((value, i) => value + 100 * Math.floor(i / 9));
    const rotations = new Float64Array(9 * 1_000_000);
    const job = { positions: apart, triangles, points, rotations, trianglesMax: 2_000_000 };
    expect(() => WORK.copies(job)).toThrow(/1000000 copies of 12 triangles/);
  });
});
