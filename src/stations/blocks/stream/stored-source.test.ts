import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openBlockVolume } from "../../../arrays/loader/volume.js";
import { boxShape, type Triple, volumeOf } from "../../../core/box.js";
import { type DType, ITEM_BYTES, swapBytes } from "../../../core/dtype.js";
import type { JsonObject } from "../../../core/json.js";
import { decodeSteps } from "../../../formats/zarr/apply-steps.js";
import { stepOfId } from "../../../formats/zarr/steps.js";
import type { BatchSource, StreamBatch } from "./batch.js";
import { openBatchSource } from "./open-source.js";

const root = mkdtempSync(join(tmpdir(), "emporium-stored-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const golden = (path: string) => JSON.parse(readFileSync(new URL(`../../../../test/${path}`, import.meta.url), "utf8"));

function laidOut(name: string, objects: Record<string, string>): string {
  const folder = join(root, name);
  for (const [key, body] of Object.entries(objects)) {
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), Buffer.from(body, "base64"));
  }
  return folder;
}

interface Coding {
  dtype: DType;
  shape: Triple;
  codecs: (JsonObject & { id: string })[];
  offset: number;
  strides: Triple;
  littleEndian: boolean;
  fill: number[];
}
interface Chunk {
  array: string;
  plainBytes: number;
  storedBytes: number;
  offset: number;
  absent?: boolean;
  blosc?: { plainBytes: number };
  uses: { block: number; source: [Triple, Triple]; target: [Triple, Triple] }[];
}

/** Voxels of a batch of one block, out of what a client is sent alone. */
async function decoded({ arrays, facts }: StreamBatch, shape: Triple): Promise<Uint8Array> {
  const { codings, chunks } = facts as unknown as { codings: Record<string, Coding>; chunks: Chunk[] };
  const stored = Buffer.concat(arrays.stored!.pieces);
  expect(stored.length).toBe(arrays.stored!.shape[0]);
  const itemBytes = ITEM_BYTES[codings.image!.dtype];
  const voxels = new Uint8Array(volumeOf(shape) * itemBytes);
  for (const chunk of chunks) {
    const coding = codings[chunk.array]!;
    const plain = await plainOf(chunk, coding, stored);
    // frames of Blosc come with the table of their streams, and nothing else does
    const isFrame = !chunk.absent && coding.codecs.some(({ id }) => id === "blosc");
    expect(chunk.blosc?.plainBytes).toBe(isFrame ? chunk.plainBytes : undefined);
    for (const { source, target } of chunk.uses) {
      const [z, y, x] = boxShape({ start: source[0], stop: source[1] });
      for (let at = 0; at < z * y * x; at++) {
        const voxel = [Math.floor(at / (x * y)), Math.floor(at / x) % y, at % x];
        const from = coding.offset + voxel.reduce((sum, v, axis) => sum + (v + source[0][axis]!) * coding.strides[axis]!, 0);
        const to = voxel.reduce((index, v, axis) => index * shape[axis]! + v + target[0][axis]!, 0);
        const element = plain ? plain.subarray(from * itemBytes, (from + 1) * itemBytes) : coding.fill;
        voxels.set(element, to * itemBytes);
      }
    }
  }
  return voxels;
}

async function plainOf(
  chunk: Chunk,
  { codecs, littleEndian, dtype }: Coding,
  stored: Uint8Array,
): Promise<Uint8Array | undefined> {
  if (chunk.absent) return undefined;
  const steps = codecs.map(
    (codec) => stepOfId(codec.id, codec, { name: "test", path: "codecs", type: { dtype, littleEndian } } as never)!,
  );
  const bytes = stored.subarray(chunk.offset, chunk.offset + chunk.storedBytes);
  const plain = new Uint8Array(await decodeSteps(bytes, steps, chunk.plainBytes, { name: "test" }));
  if (!littleEndian) swapBytes(plain, dtype === "complex64" ? 4 : ITEM_BYTES[dtype]);
  return plain;
}

async function only(source: BatchSource): Promise<StreamBatch> {
  for await (const batch of source.batches({ rank: 0, world: 1, epoch: 0, skip: 0 }, new AbortController().signal)) return batch;
  throw new Error("no batch");
}

const FAMILIES: [string, Record<string, { shape: number[]; sha256: string }>, (name: string) => Record<string, string>][] = [
  ["zarr2", golden("golden/zarr/arrays.json").arrays, (name) => golden("fixtures/zarr/stores.golden.json")[name]],
  ["zarr3", golden("golden/zarr-v3/arrays.json").arrays, (name) => golden("golden/zarr-v3/stores.golden.json")[name]],
];

describe("stored chunks of arrays that other programs wrote", () => {
  for (const [family, arrays, objectsOf] of FAMILIES) {
    for (const [name, { shape, sha256 }] of Object.entries(arrays)) {
      if (shape.length < 2 || shape.length > 3 || shape.includes(0)) continue;
      it(`${family} ${name}: give the voxels that their writer reads, decoded by the heads alone`, async () => {
        const location = laidOut(`${family}-${name}`, objectsOf(name));
        const voxels = (shape.length === 3 ? shape : [1, ...shape]) as Triple;
        const request = {
          volumes: [{ name: "image", location }],
          shape: voxels,
          batch: 1,
          compressed: true,
          memoryBytes: 2 ** 28,
          threads: 1,
        };
        const source = await openBatchSource(request);
        try {
          const batch = await only(source);
          expect(
            createHash("sha256")
              .update(await decoded(batch, voxels))
              .digest("hex"),
          ).toBe(sha256);
        } finally {
          await source.close();
        }
      });
    }
  }

  it.each([
    ["a filter, which clients do not know", { filters: [{ id: "delta", dtype: "<i2" }] }, "the filter delta"],
    [
      "a checksum before the bytes",
      { filters: null, compressor: { id: "crc32", location: "start" } },
      "checksums before the bytes",
    ],
  ])("are refused for %s", async (_, how, what) => {
    const folder = join(root, what);
    mkdirSync(folder);
    const head = {
      zarr_format: 2,
      shape: [4, 4, 4],
      chunks: [4, 4, 4],
      dtype: "<i2",
      order: "C",
      fill_value: 0,
      compressor: null,
    };
    writeFileSync(join(folder, ".zarray"), JSON.stringify({ ...head, ...how }));
    writeFileSync(join(folder, "0.0.0"), new Uint8Array(132));
    const volumes = [{ name: "image", location: folder }];
    const shape: Triple = [4, 4, 4];
    const source = await openBatchSource({ volumes, shape, batch: 1, compressed: true, memoryBytes: 2 ** 28, threads: 1 });
    await expect(only(source)).rejects.toMatchObject({
      code: "FORMAT_UNSUPPORTED",
      message: expect.stringContaining(`image: ${what} cannot be handed on as stored`),
      facts: { hint: "leave out --compressed" },
    });
    await source.close();
  });
});

describe("a batch of stored chunks", () => {
  const location = laidOut("one", golden("fixtures/zarr/stores.golden.json")["blosc-blosclz-0"]);
  const request = { volumes: [{ name: "image", location }], batch: 8, compressed: true, memoryBytes: 2 ** 28, threads: 1 };

  it("sends each chunk once, however many blocks touch it, at multiples of 16 bytes", async () => {
    const volume = await openBlockVolume(location, { threads: 1 });
    const { shape } = volume.levels[0]!;
    await volume.close();
    const block = shape.map((length) => Math.max(1, Math.ceil(length / 2))) as Triple;
    const source = await openBatchSource({ ...request, shape: block });
    const { facts, arrays } = await only(source);
    await source.close();
    const { chunks } = facts as unknown as { chunks: (Chunk & { cell: Triple })[] };
    expect(new Set(chunks.map(({ cell }) => cell.join())).size).toBe(chunks.length);
    expect(chunks.reduce((sum, { uses }) => sum + uses.length, 0)).toBeGreaterThan(chunks.length);
    expect(chunks.every(({ offset }) => offset % 16 === 0)).toBe(true);
    const storedBytes = chunks.reduce((sum, chunk) => sum + chunk.storedBytes, 0);
    expect(arrays.stored!.shape[0]! - storedBytes).toBeLessThan(16 * chunks.length);
  });

  it("that holds more stored bytes than its buffer ends the stream with what to do", async () => {
    const plain = join(root, "plain");
    mkdirSync(plain);
    const head = { zarr_format: 2, shape: [64, 64, 512], chunks: [64, 64, 64], dtype: "|u1", order: "C", fill_value: 0 };
    writeFileSync(join(plain, ".zarray"), JSON.stringify({ ...head, compressor: null, filters: null }));
    for (let x = 0; x < 8; x++) writeFileSync(join(plain, `0.0.${x}`), new Uint8Array(64 ** 3));
    const open = (batch: number) =>
      openBatchSource({
        ...request,
        batch,
        volumes: [{ name: "image", location: plain }],
        // few voxels of every chunk
        shape: [1, 1, 1],
        step: [64, 64, 64],
        memoryBytes: 8 * 2 ** 20,
      });
    const one = await open(1);
    expect((await only(one)).arrays.stored!.shape).toEqual([64 ** 3]);
    await one.close();
    const eight = await open(8);
    await expect(only(eight)).rejects.toMatchObject({
      code: "MEMORY_LIMIT",
      facts: { hint: expect.stringContaining("fewer blocks a batch") },
    });
    await eight.close();
  });

  it("that does not fit the memory is refused with what to do", async () => {
    const opening = openBatchSource({ ...request, shape: [64, 64, 64], memoryBytes: 800 });
    await expect(opening).rejects.toMatchObject({
      code: "MEMORY_LIMIT",
      facts: { hint: expect.stringContaining("--memory") },
    });
  });
});
