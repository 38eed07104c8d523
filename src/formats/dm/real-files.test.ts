import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import type { ByteRange, RandomAccess } from "../../core/bytes.js";
import { inMemory } from "../../core/bytes.js";
import { type DmImage, readDm } from "./image.js";
import { decodeDmPixels, readDmPlanes } from "./read.js";

const data = REAL_DATA;
const present = existsSync(new URL("expected.json", data));

/** What HyperSpy 1.7.3 found, from `expected.json`. */
interface ImageFacts {
  shape: number[];
  dtype: string;
  sum?: number | number[];
  sha256_c_order: string;
  scales: number[];
  offsets: number[];
  units: string[];
  title: string;
  dm_datatype: number;
}
interface Facts {
  dm_version: number;
  endian: string;
  images: ImageFacts[];
}

const listed: [string, Facts][] = present
  ? Object.entries(JSON.parse(readFileSync(new URL("expected.json", data), "utf8")) as Record<string, { facts?: Facts }>).flatMap(
      ([path, { facts }]) => (facts?.dm_version === undefined ? [] : [[path, facts] as [string, Facts]]),
    )
  : [];

const NUMPY: Record<string, string> = {
  int8: "|i1",
  uint8: "|u1",
  bool: "|b1",
  int16: "<i2",
  uint16: "<u2",
  int32: "<i4",
  uint32: "<u4",
  float32: "<f4",
  float64: "<f8",
  complex64: "<c8",
  complex128: "<c16",
  bgra: "[('R', '|u1'), ('G', '|u1'), ('B', '|u1'), ('A', '|u1')]",
};

const nineDigits = (value: number) => Number(value.toPrecision(9)) || 0;

/** Our image in HyperSpy's words: its offset is the physical value of pixel 0. */
async function inGoldenWords(source: RandomAccess, image: DmImage): Promise<Omit<ImageFacts, "sum">> {
  const values = decodeDmPixels(await readDmPlanes(source, image, 0, image.shape[0]), image);
  return {
    shape: image.lengths,
    dtype: NUMPY[image.pixel ?? ""] ?? "unread",
    sha256_c_order: createHash("sha256")
      .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
      .digest("hex"),
    scales: image.axes.map(({ scale }) => nineDigits(scale)),
    offsets: image.axes.map(({ scale, origin }) => nineDigits(-origin * scale)),
    units: image.axes.map(({ units }) => units),
    title: image.title,
    dm_datatype: image.dataType,
  };
}

describe("real DM files", () => {
  it.skipIf(!present)("are there to be read", () => {
    expect(listed.length).toBeGreaterThan(40);
  });
  for (const [path, facts] of listed) {
    it(`${path} has the facts of the inventory`, async () => {
      const bytes = readFileSync(new URL(path.split("/").map(encodeURIComponent).join("/"), data));
      const ranges: ByteRange[] = [];
      const whole = inMemory(bytes, path);
      const counted: RandomAccess = {
        ...whole,
        read: (range, options) => {
          ranges.push(range);
          return whole.read(range, options);
        },
      };
      const file = await readDm(counted);
      expect([file.version, file.littleEndian ? "little" : "big"]).toEqual([facts.dm_version, facts.endian]);
      const tagBytes = ranges.reduce((sum, { length }) => sum + length, 0);
      expect(tagBytes).toBeLessThanOrEqual(bytes.length + 16);

      const found = await Promise.all(file.images.map((image) => inGoldenWords(whole, image)));
      expect(found).toEqual(
        facts.images.map(({ shape, dtype, sha256_c_order, scales, offsets, units, title, dm_datatype }) => ({
          shape,
          dtype,
          sha256_c_order,
          scales: scales.map(nineDigits),
          offsets: offsets.map(nineDigits),
          units,
          title,
          dm_datatype,
        })),
      );
    });
  }
});
