import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { type Triple, volumeOf } from "../../core/box.js";
import { inMemory } from "../../core/bytes.js";
import { decodeSegmentation, encodeSegmentation } from "./compressed-segmentation.js";
import { parseVolumeInfo } from "./info.js";
import { readPrecomputedBox } from "./read.js";
import {
  encodeSegmentationChunk,
  meshVolumeInfo,
  printSegmentationInfo,
  segmentationChunks,
  statedVoxelSizeNm,
} from "./segmentation.js";

interface Case {
  shape: Triple;
  block: Triple;
  kinds: number;
  run: number;
  labelsSha256: string;
  chunkBytes: number;
  chunkSha256: string;
  uint32?: string;
  uint64?: string;
}

/** Written by test/golden/precomputed/generate.py. */
const golden = JSON.parse(
  readFileSync(new URL("../../../test/golden/precomputed/segmentation.json", import.meta.url), "utf8"),
) as Case[];
const sha256 = (bytes: ArrayBufferView) =>
  createHash("sha256")
    .update(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    .digest("hex");

/** As `labels_of` of the generator. */
function labelsOf({ shape: [nz, ny, nx], kinds, run }: Case): Uint32Array {
  const labels = new Uint32Array(nz * ny * nx);
  let i = 0;
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++) labels[i++] = (Math.imul(z * 7 + y * 3 + Math.floor(x / run), 2654435761) >>> 0) % kinds;
    }
  }
  return labels;
}

describe.each(golden)("$shape labels of $kinds kinds in blocks of $block", (one) => {
  const labels = labelsOf(one);
  it("the chunk is the portal's, byte for byte", () => {
    expect(sha256(labels)).toBe(one.labelsSha256);
    const chunk = encodeSegmentation(labels, one.shape, one.block);
    expect([chunk.length, sha256(chunk)]).toEqual([one.chunkBytes, one.chunkSha256]);
    expect(sha256(decodeSegmentation(chunk, { dtype: "uint32", shape: one.shape, block: one.block }))).toBe(one.labelsSha256);
  });
});

it.each(golden.filter(({ uint32 }) => uint32))(
  "chunks of the compressed_segmentation library, $shape in blocks of $block",
  (one) => {
    for (const dtype of ["uint32", "uint64"] as const) {
      const chunk = new Uint8Array(Buffer.from(one[dtype]!, "base64"));
      const found = decodeSegmentation(chunk, { dtype, shape: one.shape, block: one.block });
      expect([...found].map(Number)).toEqual([...labelsOf(one)]);
    }
  },
);

const real = new URL("precomputed/64x64x64-raw-uint64-segmentation.dat", REAL_DATA);

describe("compressed segmentation", () => {
  it.skipIf(!existsSync(real))("a real volume of 64³ neurons, its ids folded to 32 bits", () => {
    const bytes = readFileSync(real);
    const wide = new BigUint64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    const labels = Uint32Array.from(wide, (id) => Number(id % 4294967291n));
    expect(new Set(labels).size).toBe(new Set(wide).size);
    for (const block of [
      [64, 64, 64],
      [8, 8, 8],
      [5, 64, 7],
    ] as Triple[]) {
      const chunk = encodeSegmentation(labels, [64, 64, 64], block);
      expect(chunk.length).toBeLessThan(labels.byteLength);
      expect(sha256(decodeSegmentation(chunk, { dtype: "uint32", shape: [64, 64, 64], block }))).toBe(sha256(labels));
      const own = encodeSegmentation(wide, [64, 64, 64], block);
      expect(sha256(decodeSegmentation(own, { dtype: "uint64", shape: [64, 64, 64], block }))).toBe(sha256(wide));
    }
  });

  it.each(golden.filter(({ uint64 }) => uint64))("labels of 64 bits, $shape in blocks of $block", (one) => {
    const wide = BigUint64Array.from(labelsOf(one), BigInt);
    const chunk = encodeSegmentation(wide, one.shape, one.block);
    expect(decodeSegmentation(chunk, { dtype: "uint64", shape: one.shape, block: one.block })).toEqual(wide);
  });

  it("labels beyond 2^53 keep their last bit", () => {
    const labels = BigUint64Array.of(2n ** 64n - 1n, 2n ** 53n + 1n, 0n, 2n ** 53n, 2n ** 64n - 2n, 1n, 2n ** 32n);
    const form = { shape: [1, 1, 7], block: [8, 8, 8] } as { shape: Triple; block: Triple };
    expect(decodeSegmentation(encodeSegmentation(labels, form.shape, form.block), { dtype: "uint64", ...form })).toEqual(labels);
  });

  it("what is encoded is decoded", () => {
    const side = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(
        fc.tuple(side, side, side),
        fc.tuple(side, side, side),
        fc.integer({ min: 1, max: 1000 }),
        fc.infiniteStream(fc.nat()),
        (shape, block, kinds, values) => {
          const labels = Uint32Array.from({ length: volumeOf(shape) }, () => values.next().value % kinds);
          expect(decodeSegmentation(encodeSegmentation(labels, shape, block), { dtype: "uint32", shape, block })).toEqual(labels);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("two channels", () => {
    const [first, second] = [Uint32Array.of(1, 2, 3, 4), Uint32Array.of(9, 9, 8, 8)];
    const chunks = [first, second].map((labels) => encodeSegmentation(labels, [1, 2, 2], [1, 2, 2]).subarray(4));
    const bytes = new Uint8Array(8 + chunks[0]!.length + chunks[1]!.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 2, true);
    view.setUint32(4, 2 + chunks[0]!.length / 4, true);
    bytes.set(chunks[0]!, 8);
    bytes.set(chunks[1]!, 8 + chunks[0]!.length);
    expect([...decodeSegmentation(bytes, { dtype: "uint32", shape: [1, 2, 2], block: [1, 2, 2], channels: 2 })]).toEqual([
      ...first,
      ...second,
    ]);
  });

  it("a chunk of another length is refused", () => {
    expect(() => encodeSegmentation(new Uint32Array(7), [2, 2, 2])).toThrow(/7 labels, a chunk of 2×2×2 has 8/);
  });
});

describe("a mask as a volume", () => {
  it("its document", () => {
    expect(JSON.parse(printSegmentationInfo({ shape: [301, 960, 928], voxelSpacingAngstrom: 10, mesh: true }))).toEqual({
      "@type": "neuroglancer_multiscale_volume",
      data_type: "uint32",
      num_channels: 1,
      type: "segmentation",
      mesh: "mesh",
      scales: [
        {
          key: "data",
          encoding: "compressed_segmentation",
          compressed_segmentation_block_size: [64, 64, 64],
          chunk_sizes: [[256, 256, 256]],
          resolution: [1, 1, 1],
          size: [928, 960, 301],
        },
      ],
    });
    expect(printSegmentationInfo({ shape: [3, 300, 20], voxelSpacingAngstrom: 10 })).not.toContain("mesh");
    expect(
      parseVolumeInfo(new TextEncoder().encode(printSegmentationInfo({ shape: [3, 300, 20], voxelSpacingAngstrom: 16 }))),
    ).toMatchObject({
      dtype: "uint32",
      scales: [{ shape: [3, 300, 20], chunks: [[3, 256, 20]], voxelSizeNm: [2, 2, 2], offset: [0, 0, 0] }],
    });
  });

  it.each([
    [13.48, 1],
    [7.84, 1],
    [16, 2],
    [15, 2],
    [25, 2],
    [1.1, 1],
  ])("of %d Å states %d nm", (spacing, stated) => expect(statedVoxelSizeNm(spacing)).toBe(stated));

  it("a volume for a mesh alone", () => {
    const info = meshVolumeInfo([10.2, 0, 30], { named: true });
    expect(info).toMatchObject({ mesh: "mesh", segment_properties: "segment_properties" });
    expect(info.scales).toMatchObject([{ size: [30, 1, 11], chunk_sizes: [[256, 256, 256]], resolution: [1, 1, 1] }]);
  });

  it("written chunk by chunk and read again, whole and in part", async () => {
    const shape: Triple = [7, 260, 300];
    const labels = Uint16Array.from({ length: volumeOf(shape) }, (_, i) => (i % 1013 < 500 ? i % 7 : 0));
    const files = new Map<string, Uint8Array>();
    for (const { start, stop, key } of segmentationChunks(shape)) {
      const own: number[] = [];
      for (let z = start[0]; z < stop[0]; z++) {
        for (let y = start[1]; y < stop[1]; y++) {
          const row = (z * shape[1] + y) * shape[2];
          for (let x = start[2]; x < stop[2]; x++) own.push(labels[row + x]!);
        }
      }
      files.set(key, encodeSegmentationChunk(Uint8Array.from(own), { start, stop }));
    }
    expect([...files.keys()]).toEqual(
      ["0-256_0-256", "256-300_0-256", "0-256_256-260", "256-300_256-260"].map((xy) => `data/${xy}_0-7`),
    );
    const info = parseVolumeInfo(new TextEncoder().encode(printSegmentationInfo({ shape, voxelSpacingAngstrom: 10 })));
    const open = async (key: string) => (files.has(`data/${key}`) ? inMemory(files.get(`data/${key}`)!, key) : undefined);
    const whole = await readPrecomputedBox(open, info, info.scales[0]!, { start: [0, 0, 0], stop: shape });
    expect(sha256(whole)).toBe(sha256(Uint32Array.from(labels)));
    const part = await readPrecomputedBox(open, info, info.scales[0]!, { start: [6, 250, 255], stop: [7, 260, 258] });
    const wanted = Array.from({ length: 30 }, (_, i) => labels[(6 * 260 + 250 + Math.floor(i / 3)) * 300 + 255 + (i % 3)]!);
    expect([...new Uint32Array(part.buffer)]).toEqual(wanted);
  });
});
