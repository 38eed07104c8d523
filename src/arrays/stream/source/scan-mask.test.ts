import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parseMrcHeader } from "../../../formats/mrc/header.js";
import { mrcHeaderBytes } from "../../../formats/mrc/write.js";
import { memoryStore } from "../../../stores/memory/store.js";
import type { Store } from "../../../stores/store.js";
import { ANY_LABEL, type MaskSelection } from "../plan/selection.js";
import { scanLabels, scanMask } from "./scan-mask.js";

const options = { compat: false };

interface Golden {
  name: string;
  source: string;
  files: Record<string, string>;
  results: { select: MaskSelection | null; targetShape: unknown; statistics: { max: number }; labels: number[] | null }[];
}
const golden: Golden[] = JSON.parse(
  readFileSync(new URL("../../../../test/golden/masks/masks.golden.json", import.meta.url), "utf8"),
);

/** An int16 MRC of zeros but for some voxels, 6 MiB: more than one request. */
function mrc(voxels: Record<number, number>, shape: [number, number, number] = [32, 300, 320]): Uint8Array {
  const fields = { kind: "tomogram" as const, shape, dtype: "int16" as const, voxelSizeAngstrom: 1, dateMs: 0 };
  const head = mrcHeaderBytes({ ...fields, statistics: { min: 0, max: 0, mean: 0, rms: 0 } });
  const body = new Int16Array(shape[0] * shape[1] * shape[2]);
  for (const [at, value] of Object.entries(voxels)) body[Number(at)] = value;
  return new Uint8Array(Buffer.concat([head, new Uint8Array(body.buffer)]));
}

/** Bytes that were asked for. */
function counted(store: Store): { store: Store; bytes: () => number } {
  let sum = 0;
  const read: Store["read"] = async (key, range, more) => {
    const bytes = await store.read(key, range, more);
    sum += bytes?.length ?? 0;
    return bytes;
  };
  return { store: { ...store, read }, bytes: () => sum };
}

describe("scanMask", () => {
  it.each(golden)("$name: says of each question what numpy found", async ({ source, files, results }) => {
    const store = memoryStore();
    for (const [key, body] of Object.entries(files)) await store.write(source + key, new Uint8Array(Buffer.from(body, "base64")));
    const asked = results.filter(({ targetShape }) => targetShape === null);
    const wanted = asked.map(({ select }) => select ?? ANY_LABEL);
    const found = asked.map(({ labels, statistics }) => (labels ? labels.length > 0 : statistics.max === 1));
    expect(await scanMask(store, source, [...wanted, { equals: 77.5 }], options)).toEqual([...found, false]);
    for (const { labels } of asked) if (labels) expect(await scanLabels(store, source, options)).toEqual(labels);
  });

  it("reads once for all questions, and no further than the last yes", async () => {
    const plain = memoryStore();
    await plain.write("a.mrc", mrc({ 5: 1, 900: 2, 2500000: 3 }));
    const size = (await plain.stat("a.mrc"))!.size;
    const { store, bytes } = counted(plain);
    expect(await scanMask(store, "a.mrc", [{ equals: 2 }, { equals: 1 }, { atLeast: 2 }, ANY_LABEL], options)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(bytes()).toBeLessThan(size * 0.8);
    const all = counted(plain);
    const labels = [1, 2, 3, 4, 5].map((equals) => ({ equals }));
    expect(await scanMask(all.store, "a.mrc", labels, options)).toEqual([true, true, true, false, false]);
    expect(all.bytes()).toBe(size);
    expect(await scanMask(all.store, "a.mrc", [], options)).toEqual([]);
    expect(all.bytes()).toBe(size);
    expect(await scanLabels(plain, "a.mrc", options)).toEqual([1, 2, 3]);
  });

  it("looks behind gzip, and at packed 4-bit voxels row by row", async () => {
    const store = memoryStore();
    await store.write("a.mrc.gz", gzipSync(mrc({ 2999999: 9 })));
    expect(await scanMask(store, "a.mrc.gz", [{ equals: 9 }, { equals: 8 }], options)).toEqual([true, false]);
    const head = mrc({}, [1, 2, 3]).slice(0, 1024);
    new DataView(head.buffer).setInt32(12, 101, true);
    expect(parseMrcHeader(head, { name: "4.mrc" }).dtype).toBe("uint4");
    // rows 1 2 3 and 4 5 6; the last nibble of each row is none
    await store.write("4.mrc", new Uint8Array([...head, 0x21, 0xf3, 0x54, 0xe6]));
    const wanted = [3, 6, 14, 15].map((equals) => ({ equals }));
    expect(await scanMask(store, "4.mrc", wanted, options)).toEqual([true, true, false, false]);
    expect(await scanLabels(store, "4.mrc", options)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("tells what is no label, where a file ends too early, and what is no volume", async () => {
    const store = memoryStore();
    await store.write("bad.mrc", mrc({ [3 * 300 * 320 + 7 * 320 + 11]: -4 }));
    await expect(scanLabels(store, "bad.mrc", options)).rejects.toMatchObject({
      code: "FORMAT_FIELD",
      message: expect.stringContaining("voxel 11,7,3 (x,y,z) is -4"),
    });
    await store.write("short.mrc", mrc({ 5: 1 }).slice(0, 5_000_000));
    await expect(scanMask(store, "short.mrc", [{ equals: 3 }], options)).rejects.toMatchObject({
      code: "FORMAT_TRUNCATED",
      facts: { place: { byte: 5_000_000 } },
    });
    // the answer came before the end
    expect(await scanMask(store, "short.mrc", [{ equals: 1 }], options)).toEqual([true]);
    await expect(scanMask(store, "none.mrc", [ANY_LABEL], options)).rejects.toMatchObject({ code: "STORE_ABSENT" });
    await store.write("x.zarr/readme", new Uint8Array(1));
    await expect(scanMask(store, "x.zarr", [ANY_LABEL], options)).rejects.toMatchObject({ code: "FORMAT_UNKNOWN" });
    await store.write("x.zarr/zarr.json", new Uint8Array(1));
    await expect(scanMask(store, "x.zarr", [ANY_LABEL], options)).rejects.toMatchObject({ code: "FORMAT_CORRUPT" });
  });

  it("stops at a signal", async () => {
    const store = memoryStore();
    await store.write("a.mrc", mrc({}));
    const stop = new AbortController();
    let reads = 0;
    const read: Store["read"] = async (key, range, more) => {
      if (++reads === 2) stop.abort(new Error("enough"));
      return store.read(key, range, more);
    };
    await expect(scanMask({ ...store, read }, "a.mrc", [ANY_LABEL], { ...options, signal: stop.signal })).rejects.toThrow();
    expect(reads).toBe(2);
  });
});
