import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mrcHeaderBytes } from "../../src/formats/mrc/write.js";
import type { ApiError, VolumeFacts } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import { openPlaces } from "../../src/server/places.js";
import { type Portal, servePortal } from "../../src/server/portal.js";
import { type FaultServer, startFaultServer } from "../faults/server.mjs";
import { writeFiles, zarrFiles } from "../zarr-volume.js";

/** Planes over HTTP of DM3 and DM4, and of volumes in buckets and on web servers: those that the same files give on a disk, which numpy has checked. */
const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));
const golden = (
  JSON.parse(readFileSync(new URL("../golden/dm/facts.json", import.meta.url), "utf8")) as {
    files: Record<string, { images: { lengths: number[]; dataType: number; sha256: string }[] }>;
  }
).files;
const COMPLEX = [3, 13];
const KEYS = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "canary-secret", AWS_REGION: "us-east-1" };

let folder: string;
let server: FaultServer;
let portal: Portal;
const before = { ...process.env };

const at = (place: string, key: string) => `${portal.url}/api/v1/volumes/${printRef({ kind: "place", place, key })}`;
const factsOf = async (place: string, key: string) => (await (await fetch(at(place, key))).json()) as VolumeFacts;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "emporium-plane-places-"));
  server = await startFaultServer({
    buckets: ["lab"],
    manners: { listing: "nginx" },
    credentials: { accessKeyId: KEYS.AWS_ACCESS_KEY_ID, secretAccessKey: KEYS.AWS_SECRET_ACCESS_KEY },
  });
  mkdirSync(join(folder, "data"));
  writeFiles(join(folder, "data/v.zarr"), zarrFiles({ shape: [9, 20, 30], chunk: [4, 8, 16], dtype: "int16", levels: 2 }));
  writeFiles(join(folder, "data/scrolled.zarr"), zarrFiles({ shape: [9, 20, 30], chunk: [4, 8, 16], dtype: "int16" }));
  const kept = new Map([
    ...filesBelow(join(folder, "data")),
    ...["mrc/mode1-be.mrc", "mrc/mode12-le.mrc", "tiff/tiles.tif", "tiff/movie-u16-be.tif", "dm/volume-f4-be.dm4"].map(
      (key) => [key.split("/")[1]!, readFileSync(join(fixtures, key))] as const,
    ),
    ["large.mrc", largeMrc()] as const,
  ]);
  for (const [key, bytes] of kept) {
    server.s3.put("lab", `data/${key}`, bytes);
    server.putFile(`data/${key}`, bytes);
    writeFiles(join(folder, "data"), new Map([[key, bytes]]));
  }
  Object.assign(process.env, KEYS, { AWS_ENDPOINT_URL_S3: server.url, AWS_ENDPOINT_URL: server.url });
  const places = await openPlaces([join(folder, "data"), join(fixtures, "dm"), "s3://lab/data", `${server.filesUrl}/data/`]);
  expect(places.map(({ id, kind }) => [id, kind])).toEqual([
    ["data", "folder"],
    [expect.stringContaining("dm"), "folder"],
    [expect.any(String), "bucket"],
    [expect.any(String), "web"],
  ]);
  ids = places.map(({ id }) => id);
  portal = await servePortal({ places, bucket: "b", version: "0" });
});
afterAll(async () => {
  await portal?.close();
  await server?.close();
  process.env = before;
  rmSync(folder, { recursive: true, force: true });
});
let ids: string[] = [];

it("DM3 and DM4: sections are the pixels that numpy wrote; complex numbers and lines say what they are", async () => {
  for (const [name, { images }] of Object.entries(golden)) {
    const [{ lengths, dataType, sha256 }] = images as [(typeof images)[number]];
    const facts = await factsOf(ids[1]!, name);
    if (COMPLEX.includes(dataType)) {
      expect([name, facts]).toMatchObject([name, { code: "FORMAT_UNSUPPORTED", message: expect.stringContaining("complex") }]);
      continue;
    }
    expect([name, facts]).toMatchObject([name, { shape: [...[1, 1, 1], ...lengths].slice(-3) }]);
    const hash = createHash("sha256");
    for (let z = 0; z < facts.shape[0]; z++) {
      const reply = await fetch(`${at(ids[1]!, name)}/plane?axis=z&at=${z}`);
      expect([name, reply.status]).toEqual([name, 200]);
      hash.update(new Uint8Array(await reply.arrayBuffer()));
    }
    expect([name, hash.digest("hex")]).toEqual([name, sha256]);
  }
});

describe("remote places", () => {
  const keys = ["mode1-be.mrc", "mode12-le.mrc", "tiles.tif", "movie-u16-be.tif", "volume-f4-be.dm4", "v.zarr"];

  const rangesOf = (key: string) =>
    server.requests.flatMap((one) => (one.method === "GET" && one.key.endsWith(key) ? [one.range] : []));

  it("A4: planes of a bucket and of a web server are those of a disk, along each axis; blocks of files are kept", async () => {
    for (const place of ids.slice(2)) {
      server.requests.length = 0;
      for (const key of keys) {
        const [local, remote] = [await factsOf(ids[0]!, key), await factsOf(place, key)];
        expect([place, key, remote]).toMatchObject([
          place,
          key,
          { shape: local.shape, dtype: local.dtype, levels: local.levels },
        ]);
        for (const [i, axis] of ["z", "y", "x"].entries()) {
          const search = `plane?axis=${axis}&at=${Math.floor(local.shape[i]! / 2)}`;
          const bytes = async (one: string) => Buffer.from(await (await fetch(`${at(one, key)}/${search}`)).arrayBuffer());
          const found = await bytes(place);
          expect([place, key, axis, found.equals(await bytes(ids[0]!))]).toEqual([place, key, axis, true]);
          const asked = rangesOf(key);
          expect((await bytes(place)).equals(found)).toBe(true);
          expect([place, key, axis, rangesOf(key)]).toEqual([place, key, axis, asked]);
        }
      }
    }
  });

  it("of Zarr that are scrolled through fetch no byte of a chunk twice; a flat file says how it is converted", async () => {
    for (const place of ids.slice(2)) {
      const { shape } = await factsOf(place, "scrolled.zarr"); // takes a sample
      server.requests.length = 0;
      for (let x = 0; x < shape[2]; x++)
        expect((await fetch(`${at(place, "scrolled.zarr")}/plane?axis=x&at=${x}`)).status).toBe(200);
      const sent = new Map<string, number>();
      for (const { method, key, bytesSent } of server.requests)
        if (method === "GET" && /\/0\/\d+\/\d+\/\d+$/.test(key)) sent.set(key, (sent.get(key) ?? 0) + bytesSent);
      expect(sent.size).toBeGreaterThan(0);
      for (const [key, bytes] of sent) expect([key, bytes]).toEqual([key, 4 * 8 * 16 * 2]);
      const { warnings } = await factsOf(place, "mode1-be.mrc");
      expect(warnings).toContainEqual(expect.stringMatching(/emporium ingest convert \S*mode1-be\.mrc mode1-be --zarr$/));
    }
  });

  it("A30: an object that is replaced while a plane is read gives an error, never a mixture", async () => {
    for (const place of ids.slice(2)) {
      for (const skip of [0, 1, 2]) {
        server.s3.put("lab", "data/large.mrc", largeMrc());
        server.putFile("data/large.mrc", largeMrc());
        const { etag } = await factsOf(place, "large.mrc");
        server.setFaults([{ on: "GET", fate: { kind: "replace" }, skip, times: 1 }]);
        const reply = await fetch(`${at(place, "large.mrc")}/plane?axis=x&at=7&v=${etag}`);
        server.setFaults([]);
        if (reply.status === 200) {
          // all reads were over before it was replaced
          const whole = new Int16Array(await reply.arrayBuffer());
          expect([place, skip, whole.every((value) => value === 7)]).toEqual([place, skip, true]);
        } else
          expect([place, skip, reply.status, ((await reply.json()) as ApiError).code]).toEqual([
            place,
            skip,
            409,
            "SOURCE_CHANGED",
          ]);
      }
    }
  });

  it("A31: a bucket that refuses its keys while it is served says so, and no key", async () => {
    server.s3.put("lab", "data/denied.mrc", largeMrc());
    server.setFaults([{ fate: { kind: "status", status: 403, code: "InvalidAccessKeyId" } }]);
    const reply = await fetch(at(ids[2]!, "denied.mrc"));
    const text = await reply.text();
    server.setFaults([]);
    expect([reply.status, JSON.parse(text)]).toMatchObject([403, { code: "STORE_DENIED" }]);
    expect(text).not.toMatch(/AKIDEXAMPLE|canary/);
  });
});

/** 4 MiB of int16: each voxel has its place along x, so that a yz plane is one number. */
function largeMrc(): Uint8Array {
  const shape = [16, 128, 1024] as const;
  const head = mrcHeaderBytes({
    kind: "tomogram",
    shape: [...shape],
    dtype: "int16",
    voxelSizeAngstrom: [1, 1, 1],
    statistics: { min: 0, max: 0, mean: 0, rms: 0 },
    dateMs: 0,
  });
  const voxels = Int16Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => i % shape[2]);
  return new Uint8Array(Buffer.concat([head, new Uint8Array(voxels.buffer)]));
}

function filesBelow(root: string): [string, Buffer][] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(root, path), readFileSync(path)];
    });
}
