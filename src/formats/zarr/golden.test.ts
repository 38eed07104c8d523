import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseZarray, parseZgroup, printZarray, printZattrs, printZgroup } from "./metadata.js";
import { omeZarrAttributes } from "./ome.js";
import { readZarrArray, readZarrBox } from "./read.js";
import { writeZarrArray } from "./write.js";

const json = (path: string) => JSON.parse(readFileSync(new URL(`../../../test/${path}`, import.meta.url), "utf8"));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** What zarr-python 2.18 wrote and reads; the script stands beside the files. */
interface Golden {
  shape: number[];
  dtype: string;
  zarray: string;
  sha256: string;
  box: [number, number][];
  boxSha256: string;
}

const stores: Record<string, Record<string, string>> = json("fixtures/zarr/stores.golden.json");
const arrays: Record<string, Golden> = json("golden/zarr/arrays.json").arrays;

function getFrom(name: string) {
  const store = stores[name]!;
  return async (key: string) => (store[key] === undefined ? undefined : Buffer.from(store[key], "base64"));
}

describe("arrays that zarr-python wrote", () => {
  for (const [name, golden] of Object.entries(arrays)) {
    it(`${name}: shape, type, whole array, box, and the metadata's text`, async () => {
      const get = getFrom(name);
      const meta = parseZarray((await get(".zarray"))!, name);
      expect(meta.shape).toEqual(golden.shape);
      expect(meta.type.dtype).toBe(golden.dtype);
      expect(printZarray(meta)).toBe(golden.zarray);
      const whole = await readZarrArray(get, meta);
      expect(sha256(whole)).toBe(golden.sha256);
      const box = { start: golden.box.map(([from]) => from), stop: golden.box.map(([, to]) => to) };
      if (!golden.shape.includes(0)) expect(sha256(await readZarrBox(get, meta, box))).toBe(golden.boxSha256);

      if (name === "bz2") return; // read, not written
      const written = new Map<string, Uint8Array>();
      await writeZarrArray(
        async (key, bytes) => {
          written.set(key, bytes);
        },
        meta,
        whole,
      );
      expect(new TextDecoder().decode(written.get(".zarray"))).toBe(golden.zarray);
      expect(sha256(await readZarrArray(async (key) => written.get(key), meta))).toBe(golden.sha256);
    });
  }
});

describe("attributes of the portal's pyramids", () => {
  const written: { spacing: number; kind: "tomogram" | "tiltseries"; labels: number[] | null; zattrs: string; zgroup: string }[] =
    json("golden/zarr/attributes.json").written;
  it.each(written)("$kind at $spacing Å is zarr-python's text", ({ spacing, kind, labels, zattrs, zgroup }) => {
    const attributes = omeZarrAttributes({ kind, voxelSizeAngstrom: spacing, labels: labels ?? undefined });
    expect(printZattrs(attributes)).toBe(zattrs);
    expect(printZgroup()).toBe(zgroup);
    expect(() => parseZgroup(new TextEncoder().encode(zgroup))).not.toThrow();
  });
});
