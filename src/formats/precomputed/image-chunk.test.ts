import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Triple } from "../../core/box.js";
import { crc32 } from "../../core/crc32.js";
import type { DType } from "../../core/dtype.js";
import { isEmporiumError } from "../../core/errors.js";
import { decodePictureChunk, encodeJpegChunk, type PictureEncoding } from "./image-chunk.js";
import { decodePngSamples } from "./png.js";

interface Golden {
  width: number;
  height: number;
  channels: number;
  depth: 8 | 16;
  sha256: string;
  file: string;
}
const { jpeg, png } = JSON.parse(
  readFileSync(new URL("../../../test/golden/jpeg/pictures.json", import.meta.url), "utf8"),
) as Record<PictureEncoding, Record<string, Golden>>;
const fileOf = ({ file }: Golden) => new Uint8Array(Buffer.from(file, "base64"));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const code = (work: Promise<unknown>) =>
  work.then(
    () => "nothing",
    (error: unknown) => {
      if (!isEmporiumError(error)) throw error;
      return error.code;
    },
  );

describe("PNG", () => {
  it.each(Object.entries(png))("%s: the samples that Pillow has", async (name, golden) => {
    const { data, ...frame } = await decodePngSamples(fileOf(golden), name, () => {});
    const { width, height, channels, depth } = golden;
    expect([frame, sha256(data)]).toEqual([{ width, height, channels, depth }, golden.sha256]);
  });

  const part = (kind: string, body: Uint8Array) => {
    const bytes = new Uint8Array(12 + body.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, body.length);
    bytes.set(new TextEncoder().encode(kind), 4);
    bytes.set(body, 8);
    view.setUint32(8 + body.length, crc32(bytes.subarray(4, 8 + body.length)));
    return [...bytes];
  };
  const file = (head: number[], rows: Uint8Array, extra: number[] = []) =>
    Uint8Array.from([
      ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
      ...part("IHDR", Uint8Array.from(head)),
      ...extra,
      ...part("IDAT", new Uint8Array(deflateSync(rows))),
      ...part("IEND", new Uint8Array(0)),
    ]);
  const grey = [0, 0, 0, 2, 0, 0, 0, 2, 8, 0, 0, 0, 0];

  it.each<[string, Uint8Array, string]>([
    ["nothing wrong", file(grey, Uint8Array.of(0, 1, 2, 0, 3, 4)), "nothing"],
    ["one pixel a row", file(grey.with(3, 1), Uint8Array.of(0, 1, 0, 3)), "nothing"],
    ["no pixels in a row", file(grey.with(3, 0), Uint8Array.of(0, 0)), "FORMAT_CORRUPT"],
    ["no rows", file(grey.with(7, 0), new Uint8Array(0)), "FORMAT_CORRUPT"],
    ["a palette", file(grey.with(9, 3), new Uint8Array(6)), "FORMAT_UNSUPPORTED"],
    ["one bit a sample", file(grey.with(8, 1), new Uint8Array(4)), "FORMAT_UNSUPPORTED"],
    ["interlacing", file(grey.with(12, 1), new Uint8Array(6)), "FORMAT_UNSUPPORTED"],
    ["a colour type that is none", file(grey.with(9, 5), new Uint8Array(6)), "FORMAT_CORRUPT"],
    ["a filter that is none", file(grey, Uint8Array.of(5, 1, 2, 0, 3, 4)), "FORMAT_CORRUPT"],
    ["rows that are missing", file(grey, Uint8Array.of(0, 1, 2)), "FORMAT_CORRUPT"],
    ["a bomb", file(grey, new Uint8Array(10_000_000)), "FORMAT_CORRUPT"],
    ["a part that must be understood", file(grey, new Uint8Array(6), part("XYZW", new Uint8Array(1))), "FORMAT_CORRUPT"],
    ["a part that need not be", file(grey, new Uint8Array(6), part("teXt", new Uint8Array(1))), "nothing"],
    ["no PNG", new TextEncoder().encode("<html>not found</html>"), "FORMAT_UNKNOWN"],
  ])("%s", async (_, bytes, wanted) => {
    expect(await code(decodePngSamples(bytes, "x", () => {}))).toBe(wanted);
  });

  it("a damaged byte is found by its checksum", async () => {
    const bytes = file(grey, Uint8Array.of(0, 1, 2, 0, 3, 4));
    for (let at = 8; at < bytes.length; at++) {
      const other = bytes.slice();
      other[at]! ^= 16;
      expect(await code(decodePngSamples(other, "x", () => {}))).not.toBe("nothing");
    }
  });
});

describe("chunks that are pictures", () => {
  const form = (golden: Golden, dtype: DType = "uint8", shape: Triple = [golden.height, 1, golden.width]) => ({
    dtype,
    channels: golden.channels,
    shape,
  });

  it("of any width and height: the rows in order are the voxels", async () => {
    const golden = png.grey!;
    const plain = await decodePictureChunk(fileOf(golden), "png", form(golden), "x");
    expect(sha256(plain)).toBe(golden.sha256);
    const other = await decodePictureChunk(fileOf(golden), "png", form(golden, "uint8", [6, 8, 20]), "x");
    expect(other).toEqual(plain);
  });

  it("samples of a pixel become channels, one after the other", async () => {
    for (const [encoding, golden, dtype, bytes] of [
      ["png", png.colour!, "uint8", 1],
      ["png", png["colour of 16 bits"]!, "uint16", 2],
      ["jpeg", jpeg["colour 4:4:4"]!, "uint8", 1],
    ] as const) {
      const plain = await decodePictureChunk(fileOf(golden), encoding, form(golden, dtype), "x");
      const pixels = golden.width * golden.height;
      const together = new Uint8Array(plain.length);
      for (let i = 0; i < pixels * 3; i++) {
        const from = ((i % 3) * pixels + Math.floor(i / 3)) * bytes;
        together.set(plain.subarray(from, from + bytes), i * bytes);
      }
      expect(sha256(together)).toBe(golden.sha256);
    }
  });

  it.each<[string, PictureEncoding, Golden, Parameters<typeof decodePictureChunk>[2], string]>([
    ["another number of pixels", "jpeg", jpeg.grey!, { dtype: "uint8", channels: 1, shape: [8, 8, 8] }, "FORMAT_CORRUPT"],
    ["another number of channels", "jpeg", jpeg.grey!, { dtype: "uint8", channels: 3, shape: [24, 1, 40] }, "FORMAT_CORRUPT"],
    ["bytes where 16 bits are wanted", "png", png.grey!, { dtype: "uint16", channels: 1, shape: [24, 1, 40] }, "FORMAT_CORRUPT"],
    [
      "16 bits where bytes are wanted",
      "png",
      png["grey of 16 bits"]!,
      { dtype: "uint8", channels: 1, shape: [10, 1, 12] },
      "FORMAT_CORRUPT",
    ],
    ["floats as JPEG", "jpeg", jpeg.grey!, { dtype: "float32", channels: 1, shape: [24, 1, 40] }, "FORMAT_FIELD"],
    ["a PNG as JPEG", "jpeg", png.grey!, { dtype: "uint8", channels: 1, shape: [24, 1, 40] }, "FORMAT_UNKNOWN"],
  ])("refused: %s", async (_, encoding, golden, wanted, refused) => {
    expect(await code(decodePictureChunk(fileOf(golden), encoding, wanted, "x"))).toBe(refused);
  });

  it("written as JPEG, also where y and z together are too long for one side", async () => {
    const wide: Triple = [300, 300, 2];
    const plain = Uint8Array.from({ length: 300 * 300 * 2 }, (_, i) => 100 + Math.round(50 * Math.sin(i / 40)));
    const back = await decodePictureChunk(
      encodeJpegChunk(plain, wide, 1, 95),
      "jpeg",
      { dtype: "uint8", channels: 1, shape: wide },
      "x",
    );
    expect(back.every((value, i) => Math.abs(value - plain[i]!) < 8)).toBe(true);
    const three = Uint8Array.from({ length: 3 * 8 * 8 * 8 }, (_, i) => 60 * (1 + Math.floor(i / 512)) + (i % 8));
    const form3 = { dtype: "uint8" as const, channels: 3, shape: [8, 8, 8] as Triple };
    const colours = await decodePictureChunk(encodeJpegChunk(three, form3.shape, 3, 95), "jpeg", form3, "x");
    expect(Math.max(...colours.map((value, i) => Math.abs(value - three[i]!)))).toBeLessThan(8);
  });
});
