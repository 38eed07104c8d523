import { describe, expect, it } from "vitest";
import type { Triple } from "../../../core/box.js";
import { decodeChunkBox } from "../../../formats/zarr/codecs.js";
import { parseZarrDType } from "../../../formats/zarr/dtype.js";
import { printZattrs, printZgroup } from "../../../formats/zarr/metadata.js";
import { omeZarrAttributes } from "../../../formats/zarr/ome.js";
import { omeZarr05Attributes } from "../../../formats/zarr/ome-v05.js";
import { readZarrBox } from "../../../formats/zarr/read.js";
import { printZarrV3, zarrV3ArrayMetadata, zarrV3GroupMetadata } from "../../../formats/zarr/v3-metadata.js";
import { writeZarrV3Array } from "../../../formats/zarr/v3-write.js";
import { writeZarrArray } from "../../../formats/zarr/write.js";
import { memoryStore } from "../../../stores/memory/store.js";
import { openZarrLevel } from "./zarr-level.js";
import { boxCodecs } from "./zarr-volume.js";

const SHAPES: Triple[] = [
  [9, 10, 11],
  [5, 5, 6],
  [3, 3, 3],
];
const FIELDS = { kind: "tomogram", voxelSizeAngstrom: 7.84, labels: [5, 2, 2] } as const;

/** Voxel number i of a level is i. */
const voxelsOf = (shape: Triple) => Uint16Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => i);

async function pyramid(version: "0.4" | "0.5") {
  const store = memoryStore();
  const text = (value: string) => new TextEncoder().encode(value);
  for (const [level, shape] of SHAPES.entries()) {
    const put = async (key: string, body: Uint8Array) => void (await store.write(`a.zarr/${level}/${key}`, body));
    const voxels = new Uint8Array(voxelsOf(shape).buffer);
    if (version === "0.4") {
      const type = parseZarrDType("<u2")!;
      const order = { order: "C", dimensionSeparator: "/", fillValue: 0 } as const;
      const compressor = { blocksize: 0, clevel: 5, cname: "lz4", id: "blosc", shuffle: 1 };
      await writeZarrArray(put, { shape, chunks: [4, 4, 4], type, compressor, ...order }, voxels);
    } else {
      const document = zarrV3ArrayMetadata({ shape, dtype: "uint16", chunks: [2, 2, 2], shards: [4, 4, 4] });
      await writeZarrV3Array(put, document, voxels);
    }
  }
  if (version === "0.4") {
    await store.write("a.zarr/.zgroup", text(printZgroup()));
    await store.write("a.zarr/.zattrs", text(printZattrs(omeZarrAttributes(FIELDS))));
  } else {
    const group = zarrV3GroupMetadata({ attributes: omeZarr05Attributes(FIELDS) });
    await store.write("a.zarr/zarr.json", text(printZarrV3(group)));
  }
  return store;
}

describe.each(["0.4", "0.5"] as const)("a level of an OME-Zarr %s", (version) => {
  it.each([
    ["finest", 0],
    ["coarsest", 2],
  ] as const)("is read box by box: the %s", async (which, number) => {
    const level = await openZarrLevel(await pyramid(version), "a.zarr/", which);
    const shape = SHAPES[number]!;
    expect(level.shape).toEqual(shape);
    expect(level.dtype).toBe("uint16");
    expect(level.voxelSizeAngstrom.map((size) => size?.toFixed(3))).toEqual(new Array(3).fill((7.84 * 2 ** number).toFixed(3)));
    expect(level.labels).toEqual([2, 5]);
    expect(await level.read({ start: [0, 0, 0], stop: shape })).toEqual(voxelsOf(shape));
    const [, ny, nx] = shape;
    const row = await level.read({ start: [2, 1, 1], stop: [3, 2, 3] });
    expect([...row]).toEqual([(2 * ny + 1) * nx + 1, (2 * ny + 1) * nx + 2]);
  });
});

describe("a chunk of a level", () => {
  it("seam 12: is decoded by pieces of what is wanted, never whole; a damaged one is told of", async () => {
    const store = memoryStore();
    const shape: Triple = [64, 128, 256];
    const voxels = Uint16Array.from({ length: 64 * 128 * 256 }, (_, i) => (i * 7) % 65_521);
    const put = async (key: string, body: Uint8Array) => void (await store.write(key, body));
    const compressor = { blocksize: 0, clevel: 5, cname: "lz4", id: "blosc", shuffle: 1 };
    const meta = {
      shape,
      chunks: shape,
      type: parseZarrDType("<u2")!,
      compressor,
      order: "C",
      dimensionSeparator: "/",
      fillValue: 0,
    };
    await writeZarrArray(put, meta as Parameters<typeof writeZarrArray>[1], new Uint8Array(voxels.buffer));
    const stored = (await store.read("0/0/0"))!;
    const pieces: number[] = [];
    const got: number[] = [];
    const box = { start: [3, 5, 0], stop: [64, 128, 256] };
    const hear = (piece: Uint8Array, from: number, to: number) => {
      pieces.push(piece.length);
      got.push(from, to);
      const first = new Uint16Array(piece.buffer, piece.byteOffset, 1)[0];
      expect(first).toBe(voxels[(from * 128 + 5) * 256]);
    };
    expect(decodeChunkBox(stored, compressor, { shape, itemBytes: 2, box }, hear, boxCodecs())).toBe(true);
    expect(Math.max(...pieces)).toBeLessThanOrEqual(2 ** 20);
    expect(pieces.reduce((a, b) => a + b)).toBe(61 * 123 * 256 * 2);
    expect([got[0], got.at(-1)]).toEqual([3, 64]);
    const read = (bytes: Uint8Array) =>
      readZarrBox(
        async () => bytes,
        meta as Parameters<typeof readZarrBox>[1],
        { start: [0, 0, 0], stop: shape },
        { codecs: boxCodecs() },
      );
    expect(Buffer.compare(await read(stored), new Uint8Array(voxels.buffer))).toBe(0);
    await expect(read(stored.subarray(0, -5))).rejects.toMatchObject({ code: "FORMAT_CORRUPT" });
  });
});

describe("a level", () => {
  it("says what is missing", async () => {
    const store = await pyramid("0.4");
    await store.remove("a.zarr/2/.zarray");
    await expect(openZarrLevel(store, "a.zarr", "coarsest")).rejects.toMatchObject({
      code: "STORE_ABSENT",
      message: expect.stringContaining("a.zarr/2/.zarray"),
    });
    await expect(openZarrLevel(store, "b.zarr", "finest")).rejects.toMatchObject({ code: "STORE_ABSENT" });
  });
});
