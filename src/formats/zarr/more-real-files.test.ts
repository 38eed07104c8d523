import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import type { ByteRange } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { type JsonObject, parseJson } from "../../core/json.js";
import { isN5Dataset, n5DatasetFromJson, parseN5Attributes } from "../n5/attributes.js";
import { readN5Dataset } from "../n5/read.js";
import { parseZarray, parseZattrs, parseZgroup } from "./metadata.js";
import { validateNgff } from "./ngff-validate.js";
import { readZarrArray } from "./read.js";
import { parseZarrV3 } from "./v3-metadata.js";
import { readZarrV3Array } from "./v3-read.js";

const data = new URL("more/", REAL_DATA);
const present = existsSync(new URL("expected.json", data));

/** Facts by zarr-python 3.1.6, and by a reader of N5 that is not ours. */
interface Facts {
  refused?: string;
  "zarr-python or own N5 reader"?: { shape: number[]; sha256_c_order_le: string | null };
}
const listed = present
  ? Object.entries(
      JSON.parse(readFileSync(new URL("expected.json", data), "utf8")) as Record<string, { kind: string; facts?: Facts }>,
    ).filter(([, { kind }]) => ["zarr", "omezarr", "n5"].includes(kind))
  : [];
const read = (path: string) => {
  const url = new URL(path.split("/").map(encodeURIComponent).join("/"), data);
  return existsSync(url) ? new Uint8Array(readFileSync(url)) : undefined;
};
const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/") + 1);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

type Read = { shape: readonly number[]; voxels: () => Promise<Uint8Array> };

/** The array that a document describes; undefined for a group. */
function arrayOf(path: string): Read | undefined {
  const bytes = read(path)!;
  const folder = folderOf(path);
  const get = async (key: string) => read(folder + key);
  switch (nameOf(path)) {
    case ".zarray": {
      const meta = parseZarray(bytes, path);
      return { shape: meta.shape, voxels: () => readZarrArray(get, meta, { name: path }) };
    }
    case "zarr.json": {
      const meta = parseZarrV3(bytes, path);
      if (meta.kind === "group") return undefined;
      const ranged = async (key: string, range?: ByteRange) =>
        range ? read(folder + key)?.subarray(range.offset, range.offset + range.length) : read(folder + key);
      const objects = { read: ranged, size: async (key: string) => read(folder + key)?.length };
      return { shape: meta.shape, voxels: () => readZarrV3Array(objects, meta, { name: path }) };
    }
    default: {
      const attributes = parseN5Attributes(bytes, path);
      if (!isN5Dataset(attributes)) return undefined;
      const dataset = n5DatasetFromJson(attributes, path);
      return { shape: dataset.shape, voxels: () => readN5Dataset(get, dataset, { name: path }) };
    }
  }
}

/** What the facts say is refused, and is read now: rows of arange, as the writers' scripts have them. */
const READ_SINCE: Record<string, string> = {
  "n5/tensorstore/xz/attributes.json": "5c3dfcab6a19fd7bdfc7f4538b1e3fbe5a5f4987885c89df8e673086536936bc",
  "zarr/zarrs/v3_zarr_python/array_fletcher32.zarr/zarr.json": "817cddd35bc80c1cdfbb5337daef946518388485b929bbddc1784b71d41f7aa0",
  "zarr/zarrita.js/3d.contiguous.delta.i4.mixed/zarr.json": sha256(
    new Uint8Array(Int32Array.from({ length: 27 }, (_, i) => i).buffer),
  ),
};
/** Documents that stand beside the other format's, with keys of their own. */
const isDocument = (path: string) => /^(\.zarray|zarr\.json|attributes\.json)$/.test(nameOf(path));
const isN5InZarr = (path: string) => path.startsWith("zarr/") && nameOf(path) === "attributes.json";
const documents = listed.filter(([path]) => isDocument(path) && !isN5InZarr(path));
const chunks = listed.filter(
  ([path]) =>
    /^(\d+(\.\d+)*|c\/.*)$/.test(path.slice(path.lastIndexOf(path.includes("/c/") ? "/c/" : "/") + 1)) ||
    /^n5\/tensorstore\/\w+\/\d\/\d$/.test(path),
);
const attributes = listed.filter(([path]) => /^(\.zattrs|\.zgroup)$/.test(nameOf(path)) || isN5InZarr(path));
const examples = listed.filter(([path]) => path.startsWith("omezarr/") && /_example(_\d)?\.json$/.test(path));

describe("more real Zarr and N5 files", () => {
  it.skipIf(!present)("seam 52: every file of these kinds is in one of the lists", () => {
    const known = new Set([documents, chunks, attributes, examples].flatMap((list) => list.map(([path]) => path)));
    expect(listed.filter(([path]) => !known.has(path)).map(([path]) => path)).toEqual([]);
    expect(documents.length).toBeGreaterThan(70);
  });

  it.skipIf(!present).each(documents)("%s", async (path, { facts }) => {
    const wanted = facts?.["zarr-python or own N5 reader"];
    const since = READ_SINCE[path];
    if (facts?.refused?.startsWith("FORMAT_UNSUPPORTED") && since === undefined) {
      const error: unknown = (() => {
        try {
          return arrayOf(path);
        } catch (thrown) {
          return thrown;
        }
      })();
      // beside a zarr.json of pcodec lies the .zarray of the same array
      expect(isEmporiumError(error) && error.code).toBe("FORMAT_UNSUPPORTED");
      return;
    }
    const array = arrayOf(path);
    if (facts?.refused?.startsWith("FORMAT_LIMIT")) {
      await expect(array!.voxels()).rejects.toMatchObject({ code: "FORMAT_LIMIT" });
      return;
    }
    if (wanted) expect(array!.shape).toEqual(wanted.shape);
    const hash = since ?? wanted?.sha256_c_order_le;
    if (hash) expect(sha256(await array!.voxels())).toBe(hash);
    if (!facts) expect(array).toBeUndefined();
  });

  it.skipIf(!present).each(chunks)("%s belongs to an array of the list", (path) => {
    const owners = documents.map(([document]) => folderOf(document)).filter((folder) => path.startsWith(folder));
    expect(owners.length).toBeGreaterThan(0);
  });

  it.skipIf(!present).each(attributes)("%s is read", (path) => {
    const bytes = read(path)!;
    if (nameOf(path) === ".zgroup") expect(() => parseZgroup(bytes, path)).not.toThrow();
    else
      expect(Object.keys(nameOf(path) === ".zattrs" ? parseZattrs(bytes, path) : parseN5Attributes(bytes, path))).toBeDefined();
  });

  it.skipIf(!present).each(examples)("%s: valid metadata of its version", (path) => {
    const document = parseJson(new TextDecoder().decode(read(path)!)) as JsonObject;
    // two kinds of version 0.4 are there without the member that they are the value of
    if (path.includes("v04/omero")) {
      expect(validateNgff({ omero: document }).findings.map(({ rule }) => rule)).toContain("kind");
      return;
    }
    const report = validateNgff(path.includes("v04/plate") ? { plate: document } : document);
    const faults = report.findings.filter(({ severity }) => severity === "error").map(({ rule }) => rule);
    // named for what it lacks
    const lacks = path.includes("no_version");
    expect([faults, report.version === undefined]).toEqual(lacks ? [["required"], true] : [[], false]);
  });
});
