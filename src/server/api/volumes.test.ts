import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeFiles, zarrFiles } from "../../../test/zarr-volume.js";
import type { Triple } from "../../core/box.js";
import { systemClock } from "../../core/clock.js";
import { mrcHeaderBytes } from "../../formats/mrc/write.js";
import type { ApiError, VolumeFacts } from "../../model/page-api.js";
import { printRef } from "../../model/ref.js";
import { fileStore } from "../../stores/file/store.js";
import { parseLocation } from "../../stores/url.js";
import { servedVolumes } from "../planes.js";
import { type Portal, servePortal } from "../portal.js";

const root = mkdtempSync(join(tmpdir(), "emporium-volumes-"));
const shape: Triple = [6, 7, 9];
const value = (z: number, y: number, x: number) => z * 100 + y * 10 + x;

function mrc(): Uint8Array {
  const head = mrcHeaderBytes({
    kind: "tomogram",
    shape,
    dtype: "int16",
    voxelSizeAngstrom: [3, 2, 1],
    statistics: { min: 0, max: 0, mean: 0, rms: 0 },
    dateMs: 0,
  });
  const voxels = new Int16Array(shape[0] * shape[1] * shape[2]);
  for (let z = 0, at = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++) for (let x = 0; x < shape[2]; x++) voxels[at++] = value(z, y, x);
  return new Uint8Array(Buffer.concat([head, new Uint8Array(voxels.buffer)]));
}

const ref = (key: string) => printRef({ kind: "place", place: "here", key });

describe("volumes", () => {
  let portal: Portal;
  const ask = (path: string) => fetch(`${portal.url}/api/v1/volumes/${path}`);
  beforeAll(async () => {
    writeFileSync(join(root, "a.mrc"), mrc());
    writeFiles(join(root, "v.zarr"), zarrFiles({ shape: [8, 8, 8], dtype: "int16", levels: 2, value }));
    const location = parseLocation(root);
    portal = await servePortal({
      places: [{ id: "here", name: "here", kind: "folder", location, store: fileStore(root) }],
      bucket: "b",
      version: "0",
    });
  });
  afterAll(async () => {
    await portal.close();
    rmSync(root, { recursive: true });
  });

  it("tells a volume's facts", async () => {
    const facts = (await (await ask(ref("a.mrc"))).json()) as VolumeFacts;
    expect(facts).toMatchObject({
      shape,
      dtype: "int16",
      voxelSizeAngstrom: [3, 2, 1],
      format: "mrc",
      key: "a.mrc",
      place: "here",
    });
    expect(facts.histogram.counts).toHaveLength(256);
    const zarr = (await (await ask(ref("v.zarr"))).json()) as VolumeFacts;
    expect(zarr.levels).toMatchObject([
      { shape: [8, 8, 8], scale: [1, 1, 1], virtual: false },
      { shape: [4, 4, 4], scale: [2, 2, 2], virtual: false },
    ]);
  });

  it("(34.26) tells the facts of a volume of 100,000³ voxels without reading a section of it, and what is possible of one", async () => {
    const side = 100_000;
    const text = { zarr_format: 2, shape: [side, side, side], chunks: [64, 64, 64], dtype: "<f4", order: "C" };
    mkdirSync(join(root, "vast.zarr"));
    const zarray = { ...text, compressor: null, filters: null, fill_value: 0 };
    writeFileSync(join(root, "vast.zarr/.zarray"), JSON.stringify(zarray));
    // the only chunk that is stored lies in the middle of a section that is looked at: z of 0.1 + 0.8 * 0.5 / 8
    writeFileSync(join(root, "vast.zarr/234.781.781"), Buffer.from(new Float32Array(64 ** 3).fill(7).buffer));
    const answer = await ask(ref("vast.zarr"));
    const facts = (await answer.json()) as VolumeFacts;
    expect([answer.status, facts.shape, facts.histogram.max]).toEqual([200, [side, side, side], 7]);
    const whole = await ask(`${ref("vast.zarr")}/plane?axis=z&at=0`);
    expect([whole.status, ((await whole.json()) as ApiError).message]).toEqual([
      400,
      expect.stringContaining("40000000000 bytes"),
    ]);
    expect((await ask(`${ref("vast.zarr")}/plane?axis=z&at=15000&box=49990,49990,50000,50000`)).status).toBe(200);
  });

  it("cuts planes along each axis", async () => {
    for (const key of ["a.mrc", "v.zarr"]) {
      const planes = {
        z: (r: number, c: number) => value(3, r, c),
        y: (r: number, c: number) => value(r, 3, c),
        x: (r: number, c: number) => value(r, c, 3),
      };
      for (const [axis, at] of Object.entries(planes)) {
        const reply = await ask(`${ref(key)}/plane?axis=${axis}&at=3&box=1,2,5,4`);
        expect(reply.status).toBe(200);
        expect(reply.headers.get("x-shape")).toBe("2,4");
        expect(reply.headers.get("x-dtype")).toBe("int16");
        const found = [...new Int16Array(await reply.arrayBuffer())];
        expect(found).toEqual([2, 3].flatMap((r) => [1, 2, 3, 4].map((c) => at(r, c))));
      }
    }
  });

  it("gives a plane as greys between the values that become 0 and 255, both of which it needs", async () => {
    const row = `${ref("a.mrc")}/plane?axis=z&at=0&box=0,0,2,1&as=u8`;
    const [first, second] = [value(0, 0, 0), value(0, 0, 1)];
    const reply = await ask(`${row}&low=${first}&high=${second}`);
    expect([reply.status, reply.headers.get("x-dtype"), [...new Uint8Array(await reply.arrayBuffer())]]).toEqual([
      200,
      "uint8",
      [0, 255],
    ]);
    for (const half of ["&low=0", "&high=9", ""]) expect((await ask(row + half)).status).toBe(400);
  });

  it("an address with the etag never changes its answer: a source that has changed is said, and read anew without it", async () => {
    const key = "changing.mrc";
    const bytes = mrc();
    writeFileSync(join(root, key), bytes);
    const { etag } = (await (await ask(ref(key))).json()) as VolumeFacts;
    const plane = `${ref(key)}/plane?axis=z&at=0&box=0,0,1,1`;
    const first = await ask(`${plane}&v=${etag}`);
    expect([first.status, first.headers.get("cache-control")]).toEqual([200, "private, max-age=3600, immutable"]);
    expect(new Int16Array(await first.arrayBuffer())[0]).toBe(0);
    const again = await fetch(first.url, { headers: { "if-none-match": first.headers.get("etag")! } });
    expect(again.status).toBe(304);
    new DataView(bytes.buffer, bytes.byteOffset).setInt16(1024, 77, true);
    writeFileSync(join(root, key), bytes);
    utimesSync(join(root, key), 1, 1);
    const changed = await ask(`${plane}&v=${etag}`);
    expect([changed.status, ((await changed.json()) as { code: string }).code]).toEqual([409, "SOURCE_CHANGED"]);
    const fresh = await ask(plane);
    expect([fresh.headers.get("cache-control"), new Int16Array(await fresh.arrayBuffer())[0]]).toEqual(["no-cache", 77]);
  });

  it("says what is wrong with a request, and names no path of the machine", async () => {
    const cases: [string, number, string][] = [
      [`${ref("a.mrc")}/plane?axis=w&at=0`, 400, "USAGE"],
      [`${ref("a.mrc")}/plane?axis=z&at=6`, 400, "USAGE"],
      [`${ref("a.mrc")}/plane?axis=z&at=0&as=u8`, 400, "USAGE"],
      [`${ref("a.mrc")}/plane?axis=z&at=0&box=1,2`, 400, "USAGE"],
      [ref("../a.mrc"), 400, "NAME_UNSAFE"],
      [ref("absent.mrc"), 404, "NOT_FOUND"],
      [ref("junk.mrc"), 422, "FORMAT_UNKNOWN"],
      [ref("short.mrc"), 422, "FORMAT_TRUNCATED"],
    ];
    writeFileSync(join(root, "junk.mrc"), "no volume at all ".repeat(200));
    writeFileSync(join(root, "short.mrc"), mrc().subarray(0, 1100));
    for (const [path, status, code] of cases) {
      const reply = await ask(path);
      const text = await reply.text();
      expect([path, reply.status, (JSON.parse(text) as { code: string }).code, text.includes(root)]).toEqual([
        path,
        status,
        code,
        false,
      ]);
    }
  });

  it("a chunk that a link brings from elsewhere is refused", async () => {
    const outside = mkdtempSync(join(tmpdir(), "emporium-outside-"));
    writeFileSync(join(outside, "secret"), new Uint8Array(64 ** 3 * 2).fill(7));
    writeFiles(join(root, "linked.zarr"), zarrFiles({ shape: [8, 8, 8], dtype: "int16", value }));
    const chunk = join(root, "linked.zarr", "0", "0", "0", "0");
    rmSync(chunk);
    symlinkSync(join(outside, "secret"), chunk);
    const reply = await ask(`${ref("linked.zarr")}/plane?axis=z&at=0`);
    expect([reply.status, ((await reply.json()) as { code: string }).code]).toEqual([403, "STORE_DENIED"]);
    rmSync(outside, { recursive: true });
  });

  it("facts come from what lies beside the volume, and say where each is from", async () => {
    const folder = join(root, "10/run/Reconstructions/VoxelSpacing13.480/Tomograms/100");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "run.mrc"), mrc());
    writeFileSync(
      join(folder, "tomogram_metadata.json"),
      JSON.stringify({ voxel_spacing: 13.48, neuroglancer_config_path: "10/state.json" }),
    );
    const source = { url: "zarr://http://elsewhere/10/run/Reconstructions/VoxelSpacing13.480/Tomograms/100/run.zarr" };
    const layers = [{ type: "image", source, shaderControls: { contrast: { range: [-3, 5] } } }];
    writeFileSync(join(root, "10/state.json"), JSON.stringify({ layers }));
    const key = "10/run/Reconstructions/VoxelSpacing13.480/Tomograms/100/run.mrc";
    const facts = (await (await ask(ref(key))).json()) as VolumeFacts;
    expect(facts).toMatchObject({ kind: "tomogram", isTiltSeries: false, limits: { low: -3, high: 5, from: "metadata" } });
    const inFile = (name: string, where: string) =>
      `${Buffer.from(`here:10/run/Reconstructions/VoxelSpacing13.480/Tomograms/100/${name}`).toString("base64url")}/value?${where}`;
    expect(facts.sources.voxelSizeAngstrom).toEqual([
      { value: "1.000", from: "header", at: inFile("run.mrc", "field=cella.x") },
      { value: "13.480", from: "tomogram_metadata.json", at: inFile("tomogram_metadata.json", "pointer=/voxel_spacing") },
      { value: "13.480", from: "name of the folder" },
    ]);
    expect(facts.warnings.join()).toContain("voxel sizes contradict each other");
  });

  it("(34.silence) facts say which channel is shown", async () => {
    const shape = [2, 4, 4, 4];
    const datasets = [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [1, 10, 10, 10] }] }];
    const axes = [{ name: "c", type: "channel" }, ...["z", "y", "x"].map((name) => ({ name, type: "space", unit: "angstrom" }))];
    const array = {
      zarr_format: 2,
      shape,
      chunks: shape,
      dtype: "|u1",
      compressor: null,
      filters: null,
      fill_value: 0,
      order: "C",
    };
    mkdirSync(join(root, "two.zarr/0"), { recursive: true });
    writeFileSync(join(root, "two.zarr/.zgroup"), JSON.stringify({ zarr_format: 2 }));
    writeFileSync(join(root, "two.zarr/.zattrs"), JSON.stringify({ multiscales: [{ version: "0.4", axes, datasets }] }));
    writeFileSync(join(root, "two.zarr/0/.zarray"), JSON.stringify(array));
    const facts = (await (await ask(ref("two.zarr"))).json()) as VolumeFacts;
    expect(facts.warnings).toContain("position 0 of axis c (2) is read: blocks have z, y and x");
    writeFiles(join(root, "one.zarr"), zarrFiles({ shape: [8, 8, 8], dtype: "int16", value }));
    expect(((await (await ask(ref("one.zarr"))).json()) as VolumeFacts).warnings).toEqual([]);
  });

  it("A5: a tilt series has the angles that lie beside it, if they are as many as its sections", async () => {
    writeFileSync(join(root, "ts.st"), mrc());
    writeFileSync(join(root, "ts.rawtlt"), "-50\n-30\n-10\n10\n30\n50.5\n");
    expect(await (await ask(ref("ts.st"))).json()).toMatchObject({
      kind: "tilt series",
      isTiltSeries: true,
      angles: [-50, -30, -10, 10, 30, 50.5],
    });
    writeFileSync(join(root, "ts.tlt"), "-51\n-31\n");
    const facts = (await (await ask(ref("ts.st"))).json()) as VolumeFacts;
    expect(facts.angles).toEqual([-50, -30, -10, 10, 30, 50.5]);
    expect(facts.warnings).toContain("ts.tlt has 2 angles, the volume 6 sections: they are not used");
  });

  it("answers HEAD without reading, and gives the turn back", async () => {
    for (let i = 0; i < 70; i++) {
      const reply = await fetch(`${portal.url}/api/v1/volumes/${ref("a.mrc")}/plane?axis=z&at=0`, { method: "HEAD" });
      expect(reply.status).toBe(200);
    }
    expect((await ask(`${ref("a.mrc")}/plane?axis=z&at=0`)).status).toBe(200);
  });
});

describe("turns of planes", () => {
  const from = (address: string) => new Request("http://here/", { headers: { "x-client-address": address } });

  it("a client has eight at a time and waits for more; beyond 64 in all nobody waits", async () => {
    const volumes = servedVolumes({ clock: systemClock });
    const leave = await Promise.all(Array.from({ length: 8 }, () => volumes.turn(from("a"), 100)));
    let ninth: (() => void) | undefined;
    const waiting = volumes.turn(from("a"), 100).then((given) => {
      ninth = given;
    });
    const others = await Promise.all(Array.from({ length: 55 }, (_, i) => volumes.turn(from(`b${i}`), 100)));
    expect(ninth).toBeUndefined();
    await expect(volumes.turn(from("c"), 100)).rejects.toMatchObject({ code: "STORE_THROTTLED", facts: { retry: "later" } });
    leave[0]!();
    leave[0]!();
    await waiting;
    expect(ninth).toBeDefined();
    await expect(volumes.turn(from("d"), 100)).resolves.toBeDefined();
    await expect(volumes.turn(from("e"), 100)).rejects.toMatchObject({ code: "STORE_THROTTLED" });
    for (const one of others) one();
    await volumes.close();
  });

  it("chunks of a client wait, eight at a time, where its planes are refused; beyond 128 they are, too", async () => {
    const volumes = servedVolumes({ clock: systemClock });
    const given: (() => void)[] = [];
    const all = Array.from({ length: 128 }, () => volumes.turn(from("a"), 100, "chunk").then((leave) => given.push(leave)));
    await expect(volumes.turn(from("a"), 100, "chunk")).rejects.toMatchObject({
      code: "STORE_THROTTLED",
      facts: { retry: "later" },
    });
    const others = await Promise.all(Array.from({ length: 64 }, (_, i) => volumes.turn(from(`b${i}`), 100)));
    await expect(volumes.turn(from("c"), 100)).rejects.toMatchObject({ code: "STORE_THROTTLED" });
    expect(given).toHaveLength(8);
    let ended = 0;
    while (ended < all.length) {
      await expect.poll(() => given.length).toBe(Math.min(ended + 8, all.length));
      for (const leave of given.slice(ended, ended + 8)) leave();
      ended += 8;
    }
    await Promise.all(all);
    await expect(volumes.turn(from("a"), 100, "chunk")).resolves.toBeDefined();
    for (const one of others) one();
    await volumes.close();
  });
});
