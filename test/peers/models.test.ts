import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { randomInt, seededRandom } from "../../src/core/random.js";
import { encodeModDocument, type ModChunk, otherChunk, readModDocument } from "../../src/formats/mod/document.js";
import { readMod } from "../../src/formats/mod/read.js";
import { encodeMod, type NewMod } from "../../src/formats/mod/write.js";
import { REAL_DATA } from "../real-data.js";
import { hasEnvironment, python } from "./environment.js";

const data = fileURLToPath(REAL_DATA);
const real = existsSync(data)
  ? readdirSync(data, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".mod"))
      .map((path) => join(data, path))
  : [];
const base = mkdtempSync(join(tmpdir(), "emporium-peer-models-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

interface Facts {
  name: string;
  max: number[];
  pixelSize: number;
  units: number;
  objects: {
    name: string;
    color: number[];
    contours: { surface: number; xyz: number[]; sizes: number[] | null }[];
    meshes: { vertices: number[]; indices: number[] }[];
  }[];
  slicerAngles: { time: number; angles: number[]; center: number[]; label: string }[];
  image: { oldTranslation: number[]; scale: number[]; translation: number[]; rotation: number[] } | null;
}

async function ours(bytes: Uint8Array): Promise<Facts> {
  const { header, objects, slicerAngles, image } = await readMod(inMemory(bytes), { meshes: true });
  return {
    name: header.name,
    max: [...header.max],
    pixelSize: header.pixelSize,
    units: header.units,
    objects: objects.map(({ name, color, contours, meshes }) => ({
      name,
      color: [...color],
      contours: contours.map(({ surface, xyz, sizes }) => ({ surface, xyz: [...xyz], sizes: sizes ? [...sizes] : null })),
      meshes: meshes.map(({ vertices, indices }) => ({ vertices: [...vertices!], indices: [...indices!] })),
    })),
    slicerAngles: slicerAngles.map(({ time, angles, center, label }) => ({
      time,
      angles: [...angles],
      center: [...center],
      label,
    })),
    image:
      (image && {
        oldTranslation: [...image.oldTranslation],
        scale: [...image.scale],
        translation: [...image.translation],
        rotation: [...image.rotation],
      }) ||
      null,
  };
}

/** A model of everything that the writer makes; sizes and numbers differ from seed to seed. */
function anyModel(seed: number): NewMod {
  const random = seededRandom(seed);
  const number = () => Math.fround(1000 * random() - 200);
  const three = () => [number(), number(), number()] as const;
  const list = <T>(most: number, item: () => T) => Array.from({ length: randomInt(random, most + 1) }, item);
  return {
    name: `model ${seed}`,
    max: [956, 924, 300],
    pixelSizeAngstrom: seed % 3 === 0 ? undefined : 13.5,
    objects: list(3, () => ({
      name: `object ${randomInt(random, 99)}`,
      contourKind: (["open", "closed", "scattered"] as const)[randomInt(random, 3)]!,
      contours: list(4, () => {
        const xyz = list(9, three).flat();
        return {
          xyz,
          surface: randomInt(random, 5),
          sizes: randomInt(random, 2) === 0 ? undefined : xyz.filter((_, at) => at % 3 === 0),
        };
      }),
      meshes: list(2, () => ({ vertices: [...three(), ...three(), ...three(), ...three()], indices: [-25, 0, 2, 0, -22, -1] })),
    })),
    slicerAngles: list(3, () => ({ time: 1, angles: three(), center: three(), label: `particle ${randomInt(random, 99)} é` })),
    image:
      seed % 2 === 0
        ? undefined
        : { oldTranslation: three(), scale: [13.5, 13.5, 13.5], translation: three(), rotation: three() },
    chunks: [otherChunk("XYZW", new Uint8Array(5))],
  };
}

describe.skipIf(!hasEnvironment("peers"))("imodmodel", () => {
  it("reads what is written", async () => {
    const models = Array.from({ length: 40 }, (_, seed) => encodeMod(anyModel(seed)));
    const paths = models.map((bytes, at) => {
      const path = join(base, `${at}.mod`);
      writeFileSync(path, bytes);
      return path;
    });
    const theirs = JSON.parse(await python("peers", "read_models.py", paths)) as Facts[];
    for (const [at, bytes] of models.entries()) expect(theirs[at], paths[at]).toEqual(await ours(bytes));
  });

  it.skipIf(real.length === 0)("reads real models that were changed and written again", async () => {
    const paths: string[] = [];
    const wanted: Facts[] = [];
    for (const [at, file] of real.entries()) {
      const document = await readModDocument(inMemory(readFileSync(file), file));
      const chunks = document.chunks.map(
        (chunk): ModChunk =>
          chunk.kind === "object"
            ? { ...chunk, head: { ...chunk.head, name: `changed ${at}`, color: [0.25, 0.5, 1] } }
            : chunk.kind === "contour"
              ? { ...chunk, xyz: chunk.xyz.map((value) => value + 1) }
              : chunk,
      );
      const bytes = encodeModDocument({ ...document, chunks });
      const path = join(base, `changed-${at}.mod`);
      writeFileSync(path, bytes);
      paths.push(path);
      wanted.push(await ours(bytes));
    }
    const theirs = JSON.parse(await python("peers", "read_models.py", paths)) as Facts[];
    for (const [at, facts] of wanted.entries()) {
      expect(theirs[at]).toEqual(facts);
      expect(facts.objects.every(({ name }) => name === `changed ${at}`)).toBe(true);
    }
  });
});
