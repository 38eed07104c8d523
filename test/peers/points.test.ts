import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { concat, inMemory } from "../../src/core/bytes.js";
import { seededRandom } from "../../src/core/random.js";
import { type Mod, readMod } from "../../src/formats/mod/read.js";
import { encodeMod } from "../../src/formats/mod/write.js";
import { encodePoints } from "../../src/formats/points/ndjson.js";
import type { PointKind, PointOptions } from "../../src/formats/points/points.js";
import { POINT_READERS } from "../../src/formats/points/readers.js";
import { relionRotation } from "../../src/formats/points/rotation.js";
import { inPartWithoutRealFiles, REAL_DATA_FOLDER } from "../real-data.js";
import { hasEnvironment, python, type Verdict } from "./environment.js";

const FIXTURES = fileURLToPath(new URL("../fixtures/mod", import.meta.url));
const SHARED = REAL_DATA_FOLDER;
const folder = mkdtempSync(join(tmpdir(), "emporium-peers-points-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Truth {
  case: string;
  file: string;
  format: string;
  kind: PointKind;
  options: Partial<PointOptions>;
  points: number[][];
  rotations?: number[][];
  ids?: number[];
}

describe.skipIf(!hasEnvironment("peers"))("point files that pandas, numpy, copick and imodmodel write", () => {
  let truths: Truth[] = [];
  beforeAll(async () => {
    await python("peers", "make_points.py", [folder]);
    truths = JSON.parse(readFileSync(join(folder, "truth.json"), "utf8"));
  });

  it("are read as they were meant", async () => {
    expect(truths.length).toBe(18);
    for (const { case: name, file, format, kind, options, points, rotations, ids } of truths) {
      const all: PointOptions = { kind, binning: 1, columns: "xyz", order: "xyz", delimiter: ",", ...options };
      const found = { points: [] as number[][], rotations: [] as number[][], ids: [] as number[] };
      for await (const batch of POINT_READERS[format]!.read(inMemory(readFileSync(join(folder, file)), file), all)) {
        for (let i = 0; i < batch.count; i++) {
          found.points.push([...batch.positions.subarray(3 * i, 3 * i + 3)]);
          if (batch.rotations) found.rotations.push([...batch.rotations.subarray(9 * i, 9 * i + 9)]);
          if (batch.instanceIds) found.ids.push(batch.instanceIds[i]!);
        }
      }
      // parsed from the same digits and divided by the same number: equal to the last bit
      expect(found.points, name).toEqual(points);
      expect(found.ids, name).toEqual(ids ?? []);
      expect(found.rotations.length, name).toBe(rotations?.length ?? 0);
      for (const [i, matrix] of found.rotations.entries()) {
        for (const [j, value] of matrix.entries()) expect(value, name).toBeCloseTo(rotations![i]![j]!, 12);
      }
    }
  });
});

/** A reading in the words that check_points.py compares. */
function words({ header, objects, slicerAngles, image }: Mod) {
  return {
    header: [header.name, header.max, header.flags, header.pixelSize, header.units],
    objects: objects.map(({ name, flags, pointSize, color, contours, meshes }) => ({
      name,
      head: [flags, pointSize, color],
      contours: contours.map(({ xyz }) => [...xyz]),
      sizes: contours.map(({ sizes }) => (sizes ? [...sizes] : null)),
      meshes: meshes.map(({ vertices, indices }) => [[...vertices!], [...indices!]]),
    })),
    slicerAngles: slicerAngles.map(({ time, angles, center, label }) => [time, angles, center, label]),
    image: image ? [image.oldTranslation, image.scale, image.translation, image.rotation] : null,
  };
}

function modelsBelow(root: string): { case: string; path: string }[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".mod"))
    .sort()
    .map((name) => ({ case: name, path: join(root, name) }));
}

describe.skipIf(!hasEnvironment("peers"))("what emporium writes and reads, judged by copick and imodmodel", () => {
  const ours = join(folder, "ours.mod");
  const models = [{ case: "ours", path: ours }, ...modelsBelow(FIXTURES), ...(existsSync(SHARED) ? modelsBelow(SHARED) : [])];
  inPartWithoutRealFiles("own models only");
  const kinds: PointKind[] = ["point", "orientedPoint", "instancePoint"];
  let verdicts: Verdict[];

  beforeAll(async () => {
    const random = seededRandom(11);
    const count = 500;
    const positions = Float64Array.from({ length: 3 * count }, (_, i) => (i % 5 === 0 ? i : random() * 4000));
    const rotations = new Float64Array(9 * count);
    for (let i = 0; i < count; i++) relionRotation(random() * 360, random() * 180, random() * 360, rotations, 9 * i);
    const instanceIds = Float64Array.from({ length: count }, (_, i) => i % 7);
    const lines = kinds.map((kind) => {
      const path = join(folder, `${kind}.ndjson`);
      // in two batches, as a job writes them
      const pieces = [0, 300].map((from, at) => {
        const to = at === 0 ? 300 : count;
        return encodePoints(kind, {
          count: to - from,
          positions: positions.subarray(3 * from, 3 * to),
          rotations: rotations.subarray(9 * from, 9 * to),
          instanceIds: instanceIds.subarray(from, to),
        });
      });
      writeFileSync(path, concat(pieces));
      const rows = (values: Float64Array, each: number) =>
        Array.from({ length: count }, (_, i) => [...values.subarray(each * i, each * i + each)]);
      return {
        case: kind,
        path,
        kind,
        spacing: 4.99,
        points: rows(positions, 3),
        rotations: rows(rotations, 9),
        ids: [...instanceIds],
      };
    });
    writeFileSync(
      ours,
      encodeMod({
        name: "ours",
        max: [928, 960, 301],
        pixelSizeAngstrom: 13.48,
        objects: [
          { name: "ribosome", contours: [{ xyz: positions, sizes: instanceIds }], pointSize: 9, color: [1, 0.5, 0.25] },
          { name: "", contours: [] },
          { name: "tube", contours: [{ xyz: [1, 2, 3, 4, 5, 6] }, { xyz: [] }], contourKind: "open" },
        ],
        slicerAngles: [
          { time: 1, angles: [13.5, 0, -30.25], center: [1, 2, 3], label: "Flagellar motor" },
          { time: 1, angles: [0, 90, 180], center: [4, 5, 6], label: "" },
        ],
        image: { oldTranslation: [1, 2, 3], scale: [13.5, 13.5, 13.5], translation: [0, 0, 0], rotation: [90, 0, 0] },
      }),
    );
    const jobs = await Promise.all(
      models.map(async (model) => ({
        ...model,
        reading: words(await readMod(inMemory(readFileSync(model.path), model.path), { meshes: true })),
      })),
    );
    writeFileSync(join(folder, "jobs.json"), JSON.stringify({ lines, models: jobs }));
    verdicts = JSON.parse(await python("peers", "check_points.py", [join(folder, "jobs.json")]));
  });

  it.each([...kinds, ...models.map((model) => model.case)])("%s", (name) => {
    const own = verdicts.filter((verdict) => verdict.case === name);
    expect(own.filter(({ passed }) => !passed)).toEqual([]);
    expect(own.length).toBeGreaterThanOrEqual(4);
  });
});
