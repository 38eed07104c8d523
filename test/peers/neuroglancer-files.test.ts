import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contrastLimits, contrastSections } from "../../src/arrays/contrast/limits.js";
import { boxShape, type Triple } from "../../src/core/box.js";
import { inMemory } from "../../src/core/bytes.js";
import { type JsonObject, printJson } from "../../src/core/json.js";
import type { PointKind } from "../../src/formats/points/points.js";
import { AnnotationCollection } from "../../src/formats/precomputed/annotations.js";
import { parseVolumeInfo } from "../../src/formats/precomputed/info.js";
import {
  encodeMeshFragment,
  meshFragmentKey,
  meshManifestKey,
  printLegacyMeshInfo,
  printMeshManifest,
} from "../../src/formats/precomputed/legacy-mesh.js";
import { readPrecomputedBox } from "../../src/formats/precomputed/read.js";
import {
  encodeSegmentationChunk,
  printSegmentationInfo,
  segmentationChunks,
} from "../../src/formats/precomputed/segmentation.js";
import { viewState } from "../../src/formats/precomputed/state.js";
import { type Colour, colourBytes, colourInstances, distinctColours } from "../../src/model/colours.js";
import { hasEnvironment, python, type Verdict } from "./environment.js";

const KINDS: PointKind[] = ["point", "orientedPoint", "instancePoint"];
const SPACING = 7.84;
const MASKS: Triple[] = [
  [130, 300, 270],
  [64, 64, 64],
  [5, 70, 1],
];
const SEED = 17;

const folder = mkdtempSync(join(tmpdir(), "emporium-peers-neuroglancer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const json = <T>(name: string) => JSON.parse(readFileSync(join(folder, name), "utf8")) as T;

function put(key: string, body: Uint8Array | string): void {
  const path = join(folder, "out", key);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, body);
}

describe.skipIf(!hasEnvironment("neuroglancer"))(
  "files for Neuroglancer, judged by the programs that read and write them",
  () => {
    let verdicts: Verdict[];

    beforeAll(async () => {
      await python("neuroglancer", "neuroglancer_files.py", ["make", folder]);
      for (const kind of KINDS) writeAnnotations(kind);
      for (const [number, shape] of MASKS.entries()) writeMask(number, shape);
      writeMesh();
      put("state.json", printJson(STATE));
      verdicts = JSON.parse(await python("neuroglancer", "neuroglancer_files.py", ["check", folder]));
    });

    it.each<[string, string, number]>([
      ["points equal those of neuroglancer's writer; cloud-volume finds each by its id", "point", 5],
      ["oriented points likewise", "orientedPoint", 5],
      ["instances likewise", "instancePoint", 5],
      ["a mask of several chunks is read by tensorstore and cloud-volume", "mask (130, 300, 270)", 4],
      ["a mask of one block with its mesh likewise", "mask (64, 64, 64)", 6],
      ["a mask of odd chunks likewise", "mask (5, 70, 1)", 4],
      ["a state is one of neuroglancer's, and keeps all it says", "state", 5],
    ])("%s", (_, name, checks) => {
      const own = verdicts.filter((verdict) => verdict.case === name);
      expect(own.filter(({ passed }) => !passed)).toEqual([]);
      expect(own.length).toBe(checks);
    });

    it("contrast limits of volumes like tomograms are scikit-learn's, within 2 % of their width", () => {
      const cases = json<{ shape: Triple; limits: [number, number] }[]>("volumes.json");
      const deviations = cases.map(({ shape, limits }, number) => {
        const volume = new Float32Array(new Uint8Array(readFileSync(join(folder, `volume-${number}.f32`))).buffer);
        const { start, stop } = contrastSections(shape[0]);
        const section = shape[1] * shape[2];
        const found = contrastLimits(volume.subarray(start * section, stop * section), shape);
        return Math.max(...found.map((value, i) => Math.abs(value - limits[i]!))) / (limits[1] - limits[0]);
      });
      expect(deviations.length).toBe(8);
      expect(deviations.filter((deviation) => !(deviation < 0.02))).toEqual([]);
    });

    it("volumes that tensorstore wrote are read, sharded ones too", async () => {
      const names = json<string[]>("foreign.json");
      expect(names.length).toBe(5);
      for (const [number, name] of names.entries()) {
        const root = join(folder, `foreign-${number}`);
        const info = parseVolumeInfo(readFileSync(join(root, "info")), name);
        const scale = info.scales[0]!;
        const open = async (key: string) => {
          const path = join(root, scale.key, key);
          return existsSync(path) ? inMemory(readFileSync(path), key) : undefined;
        };
        const read = await readPrecomputedBox(open, info, scale, { start: [0, 0, 0], stop: scale.shape }, { name });
        expect(Buffer.compare(read, readFileSync(join(folder, `foreign-${number}.dat`))), name).toBe(0);
      }
    });

    it("colours are distinctipy's", () => {
      const cases = json<{ seed: number; count: number; exclude: Colour[]; made: Colour[] }[]>("colours.json");
      for (const { seed, exclude, made } of cases) {
        // Ours leaves out those that are nearly grey or black: up to the first of these both are one list.
        const visible = made.findIndex(
          (colour) => Math.max(...colour) <= 0.25 || (Math.max(...colour) - Math.min(...colour)) / Math.max(...colour) <= 0.15,
        );
        const same = visible < 0 ? made : made.slice(0, visible);
        expect(distinctColours(made.length, seed, exclude).slice(0, same.length)).toEqual(same);
      }
    });
  },
);

function writeAnnotations(kind: PointKind): void {
  const { positions, rotations, ids } = json<{ positions: number[]; rotations?: number[]; ids?: number[] }>(`${kind}.json`);
  for (const sharded of [true, false]) {
    const collection = new AnnotationCollection(kind, {
      voxelSpacingAngstrom: SPACING,
      objectName: "membrane",
      colourSeed: SEED,
      sharded,
    });
    collection.add({
      count: positions.length / 3,
      positions: Float64Array.from(positions),
      rotations: rotations && Float64Array.from(rotations),
      instanceIds: ids && Float64Array.from(ids),
    });
    for (const file of collection.files())
      put(`${kind}${sharded ? "" : "-unsharded"}/${file.key}`, Buffer.concat([...file.body()]));
  }
  if (!ids) return;
  const instances = [...new Set(ids)].sort((a, b) => a - b);
  const colours = colourInstances(instances.length, SEED).map(colourBytes);
  put("palette.json", JSON.stringify(Object.fromEntries(instances.map((id, i) => [id, colours[i]]))));
}

function writeMask(number: number, shape: Triple): void {
  const labels = new Uint16Array(new Uint8Array(readFileSync(join(folder, `mask-${number}.u16`))).buffer);
  put(`mask-${number}/info`, printSegmentationInfo({ shape, voxelSpacingAngstrom: SPACING, mesh: number === 1 }));
  for (const box of segmentationChunks(shape)) {
    const [depth, height, width] = boxShape(box);
    const chunk = new Uint16Array(depth * height * width);
    for (let z = 0; z < depth; z++) {
      for (let y = 0; y < height; y++) {
        const row = ((box.start[0] + z) * shape[1] + box.start[1] + y) * shape[2] + box.start[2];
        chunk.set(labels.subarray(row, row + width), (z * height + y) * width);
      }
    }
    put(`mask-${number}/${box.key}`, encodeSegmentationChunk(chunk, box));
  }
}

/** A tetrahedron as the mesh of label 1. */
function writeMesh(): void {
  const vertices = Float32Array.of(0.5, 0.5, 0.5, 10.25, 0.5, 0.5, 0.5, 20, 0.5, 0.5, 0.5, 30);
  const triangles = Uint32Array.of(0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3);
  put("mask-1/mesh/info", printLegacyMeshInfo());
  put(`mask-1/mesh/${meshManifestKey(1)}`, printMeshManifest(1));
  put(`mask-1/mesh/${meshFragmentKey(1)}`, encodeMeshFragment({ vertices, triangles }));
  put("mesh.json", JSON.stringify({ vertices: [...vertices], triangles: [...triangles] }));
}

const annotation = {
  annotationId: 100,
  objectName: "membrane",
  visible: true,
  spacingAngstrom: 10,
  url: "https://files.example.org/a",
};
const STATE: JsonObject = viewState({
  tomogram: {
    name: "TS_1",
    url: "https://files.example.org/TS_1.zarr",
    spacingAngstrom: 10,
    shape: [301, 960, 928],
    mean: 0.5,
    deviation: 2,
    limits3d: [-3, 1],
  },
  annotations: [
    { ...annotation, shape: "OrientedPoint", colour: "#9f311a", spacingAngstrom: 20 },
    { ...annotation, shape: "InstanceSegmentation", colour: "#00ffff" },
    { ...annotation, shape: "SegmentationMask", colour: "#ff00ff" },
    { ...annotation, shape: "InstanceSegmentationMask", labels: [2, 1], colours: ["#000001", "#000002"] },
  ],
  depositionId: "10301",
  lastUpdatedAt: 1_790_000_000,
});
