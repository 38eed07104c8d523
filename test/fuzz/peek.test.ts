import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { isEmporiumError } from "../../src/core/errors.js";
import { randomInt, seededRandom } from "../../src/core/random.js";
import { peekFile, peekFolder } from "../../src/formats/peek/peek.js";
import { FUZZ_CASES } from "../thorough.js";

const files = ["dm", "mrc", "tiff"].flatMap((kind) => {
  const folder = new URL(`../fixtures/${kind}/`, import.meta.url);
  return readdirSync(folder)
    .sort()
    .map((name) => new Uint8Array(readFileSync(new URL(name, folder))));
});
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const axes = ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "nanometer" }));
const multiscales = [
  { version: "0.4", axes, datasets: [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [1, 2, 3] }] }] },
];
const shape = [4, 5, 6];
const omero = { channels: [{ window: { start: 1, end: 9 } }] };
const folders: Record<string, Uint8Array>[] = [
  {
    ".zattrs": json({ multiscales, omero }),
    "0/.zarray": json({
      zarr_format: 2,
      shape,
      chunks: shape,
      dtype: "<i2",
      compressor: null,
      fill_value: 0,
      order: "C",
      filters: null,
    }),
  },
  {
    "zarr.json": json({ zarr_format: 3, node_type: "group", attributes: { ome: { version: "0.5", multiscales, omero } } }),
    "0/zarr.json": json({
      ...{ zarr_format: 3, node_type: "array", shape, data_type: "int16", fill_value: 0, dimension_names: ["z", "y", "x"] },
      chunk_grid: { name: "regular", configuration: { chunk_shape: shape } },
      chunk_key_encoding: { name: "default" },
      codecs: [{ name: "bytes", configuration: { endian: "little" } }],
    }),
  },
  {
    info: json({
      ...{ "@type": "neuroglancer_multiscale_volume", type: "image", data_type: "uint8", num_channels: 1 },
      scales: [
        { key: "0", size: shape, resolution: [8, 8, 8], voxel_offset: [1, 2, 3], chunk_sizes: [[2, 2, 2]], encoding: "raw" },
      ],
    }),
  },
];

const seed = Number(process.env.FUZZ_SEED ?? 7007);
const count = FUZZ_CASES;

/** Facts that a record can hold, or our error. */
async function settle(work: () => ReturnType<typeof peekFile>): Promise<void> {
  try {
    const { images, bytes } = await work();
    expect(images.length).toBeGreaterThan(0);
    expect(bytes).toBeGreaterThanOrEqual(0);
    for (const one of images) {
      const rank = one.shape.length;
      expect([one.axes.length, one.voxelSize.length, one.unit.length, one.offset.length]).toEqual([rank, rank, rank, rank]);
      for (const value of [...one.voxelSize, ...one.offset]) expect(value === null || Number.isFinite(value)).toBe(true);
      expect(one.shape.every(Number.isSafeInteger)).toBe(true);
    }
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    expect(error.code).not.toBe("INTERNAL");
  }
}

describe("peek: facts or our error", () => {
  it(
    "1500 changed files of three formats",
    async () => {
      const random = seededRandom(seed);
      for (let round = 0; round < count; round++) {
        let bytes = files[randomInt(random, files.length)]!.slice(0, 200_000);
        for (let i = 1 + randomInt(random, 5); i > 0; i--) {
          const at = randomInt(random, Math.min(bytes.length - 8, 3000));
          const kind = randomInt(random, 3);
          if (kind === 0) bytes[at] = randomInt(random, 256);
          else if (kind === 1) new DataView(bytes.buffer).setUint32(at, randomInt(random, 2 ** 32), random() < 0.5);
          else if (random() < 0.3) bytes = bytes.slice(0, 16 + randomInt(random, bytes.length - 16));
        }
        const exact = random() < 0.3;
        await settle(() => peekFile(inMemory(bytes, "fuzz"), { exact })).catch((cause: unknown) => {
          throw new Error(`seed ${seed}, round ${round}`, { cause });
        });
      }
    },
    6 * 3600_000,
  );

  it(
    "1500 changed documents of folders",
    async () => {
      const random = seededRandom(seed);
      for (let round = 0; round < count; round++) {
        const folder = { ...folders[randomInt(random, folders.length)]! };
        const keys = Object.keys(folder);
        const key = keys[randomInt(random, keys.length)]!;
        const text = [...new TextDecoder().decode(folder[key])];
        for (let i = 1 + randomInt(random, 3); i > 0; i--) {
          const words = ["null", "-1", "0", "1e400", "[]", "{}", '"x"', "9007199254740993", "true"];
          text[randomInt(random, text.length)] =
            random() < 0.5 ? words[randomInt(random, words.length)]! : String.fromCharCode(32 + randomInt(random, 95));
        }
        folder[key] = new TextEncoder().encode(text.join(""));
        await settle(() => peekFolder({ name: "fuzz.zarr", read: async (name) => folder[name] })).catch((cause: unknown) => {
          throw new Error(`seed ${seed}, round ${round}: ${text.join("")}`, { cause });
        });
      }
    },
    6 * 3600_000,
  );
});
