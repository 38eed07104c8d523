import { describe, expect, it } from "vitest";
import { inMemory, type RandomAccess } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { type MrcReadOptions, parseMrcHeader, readMrcHeader } from "./header.js";
import { mrcHeaderBytes } from "./write.js";

/** A valid file of 3×5×7 int16 whose int32 fields are then set, little-endian, by byte offset. */
function file(ints: Record<number, number> = {}, size = 1024 + 3 * 5 * 7 * 2): Uint8Array {
  const head = mrcHeaderBytes({
    kind: "tomogram",
    shape: [3, 5, 7],
    dtype: "int16",
    voxelSizeAngstrom: 10,
    statistics: { min: 0, max: 1, mean: 0.5, rms: 0.5 },
    dateMs: 0,
  });
  const bytes = new Uint8Array(Math.max(size, head.length));
  bytes.set(head);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of Object.entries(ints)) view.setInt32(Number(at), value, true);
  return bytes.subarray(0, size);
}

async function refusal(bytes: Uint8Array, options?: MrcReadOptions) {
  const result: unknown = await readMrcHeader(inMemory(bytes, "a.mrc"), options).catch((error: unknown) => error);
  if (!isEmporiumError(result)) throw new Error("the file was read");
  expect(result.facts.place?.file).toBe("a.mrc");
  expect(result.facts.hint).toBeTruthy();
  return [result.code, result.facts.place?.byte];
}

describe("readMrcHeader", () => {
  it("asks for the first 1024 bytes and the size, and nothing else", async () => {
    const asked: unknown[] = [];
    const inner = inMemory(file());
    const source: RandomAccess = {
      name: "a.mrc",
      size: () => {
        asked.push("size");
        return inner.size();
      },
      read: (range) => {
        asked.push(range);
        return inner.read(range);
      },
    };
    await readMrcHeader(source);
    expect(asked).toEqual([{ offset: 0, length: 1024 }, "size"]);
  });

  it.each([
    ["mode that does not exist", { 12: 99 }, "FORMAT_FIELD", 12],
    ["mode 3", { 12: 3 }, "FORMAT_UNSUPPORTED", 12],
    ["RGB", { 12: 16 }, "FORMAT_UNSUPPORTED", 12],
    ["nx 0", { 0: 0 }, "FORMAT_FIELD", 0],
    ["ny negative", { 4: -5 }, "FORMAT_FIELD", 4],
    ["nz 0", { 8: 0 }, "FORMAT_FIELD", 8],
    ["more voxels than can be counted", { 0: 2 ** 31 - 1, 4: 2 ** 31 - 1, 8: 2 ** 31 - 1 }, "FORMAT_LIMIT", 0],
    ["negative extended header", { 92: -1 }, "FORMAT_FIELD", 92],
    ["extended header past the end", { 92: 4096 }, "FORMAT_TRUNCATED", 92],
    ["data short by the extended header", { 92: 2 }, "FORMAT_TRUNCATED", 1234],
    ["stack of volumes", { 88: 401 }, "FORMAT_UNSUPPORTED", 88],
    ["last stack of volumes", { 88: 630 }, "FORMAT_UNSUPPORTED", 88],
  ])("refuses: %s", async (_, ints, code, byte) => {
    expect(await refusal(file(ints as Record<number, number>))).toEqual([code, byte]);
  });

  it("refuses a file of one byte too few, and reads it for those who want the header only", async () => {
    const bytes = file({}, 1233);
    expect(await refusal(bytes)).toEqual(["FORMAT_TRUNCATED", 1233]);
    const header = await readMrcHeader(inMemory(bytes), { allowShort: true });
    expect(header.shape).toEqual([3, 5, 7]);
    expect(header.warnings).toEqual([expect.stringContaining("1234")]);
  });

  it("counts trailing bytes and warns of them", async () => {
    const header = await readMrcHeader(inMemory(file({}, 1300)));
    expect(header.trailingBytes).toBe(66);
    expect(header.warnings).toEqual([expect.stringContaining("66 bytes")]);
  });

  it("says what compressed bytes are", async () => {
    const gzip = new Uint8Array(2048).fill(0xee);
    gzip.set([0x1f, 0x8b, 8, 0]);
    const error = await readMrcHeader(inMemory(gzip)).catch((thrown: unknown) => thrown);
    expect(isEmporiumError(error) && [error.code, error.facts.hint]).toEqual(["FORMAT_UNKNOWN", expect.stringContaining("gzip")]);
  });

  it("needs no size where the bytes come out of a stream", () => {
    expect(parseMrcHeader(file({}, 1024), { name: "stream" }).dataBytes).toBe(210);
  });

  it("guesses the byte order where the stamp is absent, and refuses to when strict", async () => {
    const header = await readMrcHeader(inMemory(file({ 212: 0 })));
    expect(header.littleEndian).toBe(true);
    expect(header.warnings).toEqual([expect.stringContaining("no machine stamp")]);
    expect(await refusal(file({ 212: 0 }), { strict: true })).toEqual(["FORMAT_FIELD", 212]);
  });

  it("does not believe a stamp that makes nonsense of mode and lengths", async () => {
    const header = await readMrcHeader(inMemory(file({ 212: 0x1111 })));
    expect(header.littleEndian).toBe(true);
    expect(header.warnings).toEqual([expect.stringContaining("big-endian")]);
  });

  it("tells 256 from 65536 in mode 0, which is the same in both orders, by the size of the file", async () => {
    for (const littleEndian of [true, false]) {
      const bytes = new Uint8Array(1024 + 256 * 256);
      const view = new DataView(bytes.buffer);
      [256, 256, 1, 0].forEach((value, i) => {
        view.setInt32(4 * i, value, littleEndian);
      });
      expect((await readMrcHeader(inMemory(bytes))).shape).toEqual([1, 256, 256]);
    }
  });

  it("warns of what is odd and reads on", async () => {
    const warningsOf = async (ints: Record<number, number>) => (await readMrcHeader(inMemory(file(ints)))).warnings.join("\n");
    expect(await warningsOf({})).toBe("");
    expect(await warningsOf({ 88: -7 })).toMatch(/space group -7/);
    expect(await warningsOf({ 88: 300 })).toMatch(/space group 300/);
    expect(await warningsOf({ 64: 0, 68: 0, 72: 0 })).toMatch(/0,0,0/);
    expect(await warningsOf({ 220: 11 })).toMatch(/11 labels/);
    expect(await warningsOf({ 28: 0 })).toMatch(/along x/);
    expect(await warningsOf({ 40: 0x7fc00000 })).toMatch(/NaN/);
    expect(await warningsOf({ 12: 0, 152: 1146047817, 156: 17 })).toMatch(/two 4-bit/);
  });

  it("leaves a voxel size undefined where cell or grid is unset, and stays silent where both simply are 0", async () => {
    const header = await readMrcHeader(inMemory(file({ 28: 0, 40: 0, 44: 0xc1200000 | 0, 36: -3 })));
    expect(header.voxelSizeAngstrom).toEqual([undefined, undefined, undefined]);
    expect(header.warnings.some((warning) => warning.includes("along x"))).toBe(false);
    expect(header.warnings.filter((warning) => /along [yz]/.test(warning)).length).toBe(2);
  });
});
