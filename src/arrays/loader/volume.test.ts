import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { Box, Triple } from "../../core/box.js";
import { readContext } from "./read-context.js";
import { type LoadedVolume, openBlockVolume } from "./volume.js";

const root = mkdtempSync(join(tmpdir(), "emporium-loader-"));
const opened: LoadedVolume[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((volume) => volume.close()));
});
/** There are some hundred volumes: a thread for each would cost more than reading it. */
const context = readContext({ threads: 1 });
afterAll(async () => {
  await context.close();
  rmSync(root, { recursive: true });
});

const golden = (path: string) => JSON.parse(readFileSync(new URL(`../../../test/${path}`, import.meta.url), "utf8"));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function laidOut(name: string, objects: Record<string, Uint8Array | string>): string {
  const folder = join(root, name);
  for (const [key, body] of Object.entries(objects)) {
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), typeof body === "string" ? Buffer.from(body, "base64") : body);
  }
  return folder;
}

async function open(location: string, options: Parameters<typeof openBlockVolume>[1] = {}): Promise<LoadedVolume> {
  const volume = await openBlockVolume(location, { context, ...options });
  opened.push(volume);
  return volume;
}

const wholeOf = (shape: Triple): Box => ({ start: [0, 0, 0], stop: shape });

/** The same box of the whole volume's bytes. */
function sliceOf(whole: Uint8Array, [, ny, nx]: Triple, { start, stop }: Box, itemBytes: number): Uint8Array {
  const rows: Uint8Array[] = [];
  for (let z = start[0]; z < stop[0]; z++)
    for (let y = start[1]; y < stop[1]; y++) {
      const at = (z * ny + y) * nx;
      rows.push(whole.subarray((at + start[2]) * itemBytes, (at + stop[2]) * itemBytes));
    }
  return new Uint8Array(Buffer.concat(rows));
}

const boxIn = (shape: Triple) =>
  fc
    .tuple(
      ...(shape.map((length) => fc.tuple(fc.integer({ min: 0, max: length }), fc.integer({ min: 0, max: length }))) as [
        fc.Arbitrary<[number, number]>,
        fc.Arbitrary<[number, number]>,
        fc.Arbitrary<[number, number]>,
      ]),
    )
    .map(
      (axes): Box => ({
        start: axes.map(([a, b]) => Math.min(a, b)) as Triple,
        stop: axes.map(([a, b]) => Math.max(a, b)) as Triple,
      }),
    );

/** Every box is that box of the whole. */
async function boxesAgree(volume: LoadedVolume, whole: Uint8Array, numRuns = 25): Promise<void> {
  const [level] = volume.levels;
  const itemBytes = whole.length / level!.shape.reduce((a, b) => a * b, 1);
  await fc.assert(
    fc.asyncProperty(boxIn(level!.shape), async (box) => {
      expect(Buffer.compare(await level!.read(box), sliceOf(whole, level!.shape, box, itemBytes))).toBe(0);
    }),
    { numRuns },
  );
}

interface Golden {
  shape: number[];
  dtype: string;
  sha256: string;
}

describe("arrays that other programs wrote", () => {
  const families: [string, Record<string, Golden>, (name: string) => Record<string, string>][] = [
    ["zarr2", golden("golden/zarr/arrays.json").arrays, (name) => golden("fixtures/zarr/stores.golden.json")[name]],
    ["zarr3", golden("golden/zarr-v3/arrays.json").arrays, (name) => golden("golden/zarr-v3/stores.golden.json")[name]],
  ];
  for (const [family, arrays, objectsOf] of families) {
    for (const [name, wanted] of Object.entries(arrays)) {
      if (wanted.shape.length < 2 || wanted.shape.length > 3 || wanted.shape.includes(0)) continue;
      it(`${family} ${name}: the whole array as its writer reads it, and boxes of it`, async () => {
        const volume = await open(laidOut(`${family}-${name}`, objectsOf(name)));
        const [level] = volume.levels;
        expect(level!.shape).toEqual(wanted.shape.length === 3 ? wanted.shape : [1, ...wanted.shape]);
        expect(level!.dtype).toBe(wanted.dtype);
        const whole = await level!.read(wholeOf(level!.shape));
        expect(sha256(whole)).toBe(wanted.sha256);
        await boxesAgree(volume, whole);
      });
    }
  }

  const n5: Record<string, Golden & { attributes: unknown; blocks: Record<string, string> }> =
    golden("golden/n5/n5.json").datasets;
  for (const [name, { attributes, blocks, ...wanted }] of Object.entries(n5)) {
    if (wanted.shape.length !== 3) continue;
    it(`n5 ${name}`, async () => {
      const document = new TextEncoder().encode(JSON.stringify(attributes));
      const volume = await open(laidOut(`n5-${name}`, { ...blocks, "attributes.json": document }));
      const [level] = volume.levels;
      expect([level!.shape, level!.dtype]).toEqual([wanted.shape, wanted.dtype]);
      const whole = await level!.read(wholeOf(level!.shape));
      expect(sha256(whole)).toBe(wanted.sha256);
      await boxesAgree(volume, whole, 12);
    });
  }

  it("takes one position along the axes before z, y, x", async () => {
    const five: Golden = golden("golden/zarr/arrays.json").arrays["rank-5"];
    const folder = laidOut("rank-5", golden("fixtures/zarr/stores.golden.json")["rank-5"]);
    const parts: Uint8Array[] = [];
    for (let t = 0; t < 2; t++)
      for (let c = 0; c < 3; c++) {
        const [level] = (await open(folder, { select: { t, c } })).levels;
        expect(level!.shape).toEqual([2, 5, 4]);
        parts.push(await level!.read(wholeOf(level!.shape)));
      }
    expect(sha256(Buffer.concat(parts))).toBe(five.sha256);
    await expect(open(folder, { select: { c: 3 } })).rejects.toMatchObject({ code: "USAGE" });
    await expect(open(folder, { select: { w: 1 } })).rejects.toMatchObject({ code: "USAGE" });
  });
});

/** Bytes `[z, y, x]` as `[z, x, y]`. */
function transposed(bytes: Uint8Array, [nz, ny, nx]: Triple): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) out[(z * nx + x) * ny + y] = bytes[(z * ny + y) * nx + x]!;
  return out;
}

describe("files", () => {
  const fixture = (path: string) => fileURLToPath(new URL(`../../../test/${path}`, import.meta.url));

  const pages: Record<string, { pages: { shape: number[]; dtype: string; sha256: string }[] }> =
    golden("golden/tiff-pixels/pixels.json").files;
  for (const [name, wanted] of Object.entries(pages)) {
    const { shape, dtype } = wanted.pages[0]!;
    if (name === "jpeg.tif" || shape.length !== 2 || wanted.pages.some((page) => page.shape.join() !== shape.join())) continue;
    it(`TIFF ${name}: each section is its page`, async () => {
      const volume = await open(fixture(`golden/tiff-pixels/files/${name}`));
      const [level] = volume.levels;
      expect([level!.shape, level!.dtype]).toEqual([[wanted.pages.length, ...shape], dtype]);
      const whole = await level!.read(wholeOf(level!.shape));
      const pageBytes = whole.length / wanted.pages.length;
      expect(wanted.pages.map((_, i) => sha256(whole.subarray(i * pageBytes, (i + 1) * pageBytes)))).toEqual(
        wanted.pages.map((page) => page.sha256),
      );
      await boxesAgree(volume, whole, 8);
    });
  }

  for (const name of readdirSync(fixture("fixtures/mrc")).sort()) {
    it(`MRC ${name}: as mrcfile reads it`, async () => {
      const wanted: { native_sha256: string } = golden(`golden/mrc/${name.replace(/mrc$/, "json")}`);
      if (name.startsWith("mode4")) {
        await expect(open(fixture(`fixtures/mrc/${name}`))).rejects.toMatchObject({ code: "FORMAT_UNSUPPORTED" });
        return;
      }
      const volume = await open(fixture(`fixtures/mrc/${name}`));
      const [level] = volume.levels;
      const whole = await level!.read(wholeOf(level!.shape));
      // mrcfile leaves axes in the order in which they are stored: columns run along y in this one
      const asStored = name === "axes-213.mrc" ? transposed(whole, level!.shape) : whole;
      expect(sha256(asStored)).toBe(wanted.native_sha256);
      await boxesAgree(volume, whole, 15);
    });
  }
});
