import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryRepository } from "../../../test/e2e/memory-repository.js";
import { parseJson } from "../../core/json.js";
import type { MicroscopyDataset, MicroscopyList, ServerFacts } from "../../model/page-api.js";
import type { FrameRow } from "../../stations/catalog/frames/frame.js";
import type { CatalogRepository } from "../../stations/catalog/rows/repository.js";
import { fileStore } from "../../stores/file/store.js";
import { parseLocation } from "../../stores/url.js";
import { type Portal, servePortal } from "../portal.js";

const root = mkdtempSync(join(tmpdir(), "emporium-microscopy-"));
const storage = join(root, "storage");
const GREY = "GREY-2024-05-17-10-30-00-0001";
const COLOUR = "RGB-2024-05-17-10-30-00-0001";
const FILE = "FILE-2024-05-17-10-30-00-0001";
const OUTSIDE = "OUT-2024-05-17-10-30-00-0001";
const [WIDTH, HEIGHT] = [5, 3];

/** Of two bytes; indices have a gap. */
const numberAt = (c: number, z: number, y: number, x: number) => 10_000 * c + 1_000 * z + 10 * y + x;

/** As the format's specification has it, without any filter. @param samples 16 bits big-endian, or bytes */
function png(width: number, height: number, kind: 0 | 2, depth: 8 | 16, samples: Uint8Array): Buffer {
  const chunk = (name: string, body: Uint8Array) => {
    const inner = Buffer.concat([Buffer.from(name, "latin1"), body]);
    const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    size.writeUInt32BE(body.length);
    sum.writeUInt32BE(crc32(inner));
    return Buffer.concat([size, inner, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([depth, kind], 8);
  const row = samples.length / height;
  const rows = Array.from({ length: height }, (_, y) => [Buffer.of(0), samples.subarray(y * row, (y + 1) * row)]).flat();
  return Buffer.concat([
    Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    ...[chunk("IHDR", head), chunk("IDAT", deflateSync(Buffer.concat(rows))), chunk("IEND", Buffer.alloc(0))],
  ]);
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const rowOf = (c: number, z: number, pixels: Uint8Array): FrameRow => ({
  ...{ channel_idx: c, slice_idx: z, time_idx: 4, pos_idx: 0, channel_name: c === 0 ? "DAPI" : null },
  ...{ file_name: `c${c}z${z}.png`, sha256: sha256(pixels), metadata_json: { Exposure: 7 + z } },
});

async function fill(repository: CatalogRepository): Promise<void> {
  const dataset = (dataset_serial: string) => ({
    ...{ dataset_serial, description: null, microscope: "Leica", date_time: "2024-05-17T10:30:00", parent: null },
  });
  const global = (dir: string, frames: number, more = {}) => ({
    ...{ storage_dir: dir, nbr_frames: frames, im_width: WIDTH, im_height: HEIGHT, nbr_slices: 2, nbr_channels: 2 },
    ...{ im_colors: 1, nbr_timepoints: 1, nbr_positions: 1, bit_depth: "uint16" },
    ...{ metadata_json: parseJson('{"Summary": {"PixelSize_um": 10.0}}') as { Summary: object } as never, ...more },
  });
  async function* each(rows: readonly FrameRow[]) {
    yield* rows;
  }
  const rows: FrameRow[] = [];
  mkdirSync(join(storage, "raw_frames", GREY), { recursive: true });
  for (const c of [0, 2])
    for (const z of [1, 5]) {
      const little = Buffer.alloc(2 * WIDTH * HEIGHT);
      const big = Buffer.alloc(2 * WIDTH * HEIGHT);
      for (let y = 0; y < HEIGHT; y++)
        for (let x = 0; x < WIDTH; x++) {
          little.writeUInt16LE(numberAt(c, z, y, x), 2 * (y * WIDTH + x));
          big.writeUInt16BE(numberAt(c, z, y, x), 2 * (y * WIDTH + x));
        }
      const row = rowOf(c, z, little);
      rows.push(row);
      writeFileSync(join(storage, "raw_frames", GREY, row.file_name), png(WIDTH, HEIGHT, 0, 16, big));
    }
  // altered since its upload
  const altered = rows.find(({ file_name }) => file_name === "c2z5.png")!;
  rows[rows.indexOf(altered)] = { ...altered, sha256: sha256(Buffer.of(1)) };
  await repository.insertFrames(dataset(GREY), global(`raw_frames/${GREY}`, 4), each(rows), { overwrite: false });
  const colours = Buffer.from(Array.from({ length: 2 * 2 * 3 }, (_, i) => 20 * i));
  mkdirSync(join(storage, "raw_frames", COLOUR), { recursive: true });
  writeFileSync(join(storage, "raw_frames", COLOUR, "c0z0.png"), png(2, 2, 2, 8, colours));
  const coloured = { im_colors: 3, im_width: 2, im_height: 2, bit_depth: "uint8" };
  // red and blue exchanged, as an older catalogue's checksums have them
  const exchanged = Buffer.from(colours.map((_, i) => colours[i - (i % 3) + 2 - (i % 3)]!));
  await repository.insertFrames(dataset(COLOUR), global(`raw_frames/${COLOUR}/`, 1, coloured), each([rowOf(0, 0, exchanged)]), {
    overwrite: false,
  });
  const file = { storage_dir: `raw_files/${FILE}`, file_name: "a.lif", metadata_json: null, sha256: null };
  await repository.insertFile(dataset(FILE), file, { overwrite: false });
  writeFileSync(join(root, "c0z0.png"), png(2, 2, 2, 8, colours));
  await repository.insertFrames(dataset(OUTSIDE), global("..", 1, coloured), each([rowOf(0, 0, colours)]), { overwrite: false });
}

describe("the microscopy catalogue", () => {
  const repository = memoryRepository();
  const portals: Portal[] = [];
  const place = (folder: string, id: string) =>
    ({ id, name: id, kind: "folder", location: parseLocation(folder), store: fileStore(folder) }) as const;
  const serve = async (folders: readonly string[], microscopy: CatalogRepository | undefined): Promise<Portal> => {
    const places = folders.map((folder, i) => place(folder, i === 0 ? "first" : `place-${i}`));
    const portal = await servePortal({ places, microscopy, bucket: "b", version: "0" });
    portals.push(portal);
    return portal;
  };
  let portal: Portal;
  const ask = (path: string, init?: RequestInit, { url } = portal) => fetch(`${url}/api/v1/microscopy${path}`, init);
  beforeAll(async () => {
    mkdirSync(storage);
    mkdirSync(join(root, "other"));
    await fill(repository);
    portal = await serve([join(root, "other"), storage], repository);
  });
  afterAll(async () => {
    for (const one of portals) await one.close();
    rmSync(root, { recursive: true });
  });

  it("has no frame that is larger than the server's memory: it is said before anything is read", async () => {
    const large = memoryRepository();
    const dataset = {
      dataset_serial: GREY,
      description: null,
      microscope: "Leica",
      date_time: "2024-05-17T10:30:00",
      parent: null,
    };
    const global = {
      ...{
        storage_dir: "raw_frames/large",
        nbr_frames: 1,
        im_width: 100_000,
        im_height: 100_000,
        nbr_slices: 1,
        nbr_channels: 1,
      },
      ...{ im_colors: 1, nbr_timepoints: 1, nbr_positions: 1, bit_depth: "uint16" as const, metadata_json: null },
    };
    async function* one() {
      yield { ...rowOf(0, 0, Buffer.of(1)), sha256: null };
    }
    await large.insertFrames(dataset, global, one(), { overwrite: false });
    const server = await serve([storage], large);
    const answer = await ask(`/${GREY}/pixels?c=0&z=0&t=4&p=0`, {}, server);
    expect([answer.status, await answer.json()]).toMatchObject([
      422,
      { code: "MEMORY_LIMIT", message: "c0z0.png: a frame of 20000000000 bytes is larger than this server takes" },
    ]);
  });

  it("lists data sets by id, part by part", async () => {
    const first = (await (await ask("?limit=3")).json()) as MicroscopyList;
    expect(first.datasets.map(({ id }) => id)).toEqual([FILE, GREY, OUTSIDE]);
    expect(first.next).toBe(OUTSIDE);
    expect(first.datasets[0]).toMatchObject({ file: { name: "a.lif", sha256: null }, microscope: "Leica" });
    const frames = { count: 4, width: WIDTH, height: HEIGHT, colours: 1, dtype: "uint16", sizes: { c: 2, z: 2, t: 1, p: 1 } };
    expect(first.datasets[1]).toMatchObject({ id: GREY, date: "2024-05-17T10:30:00", frames });
    const rest = (await (await ask(`?after=${first.next}`)).json()) as MicroscopyList;
    expect(rest.datasets.map(({ id }) => id)).toEqual([COLOUR]);
    expect(rest.next).toBeUndefined();
  });

  it.each([
    ["microscope=Leica&where=im_width %3D 5", [GREY]],
    ["where=metadata.Summary.PixelSize_um %3D 10 and nbr_frames >= 4", [GREY]],
    ["where=nbr_frames < 4", [OUTSIDE, COLOUR]],
    ["microscope=Zeiss", []],
    ["start=2999-01-01", []],
  ])("lists what fulfils %s", async (query, ids) => {
    const { datasets } = (await (await ask(`?${query}`)).json()) as MicroscopyList;
    expect(datasets.map(({ id }) => id)).toEqual(ids);
  });

  it.each(["where=nbr_frames", "start=yesterday", "start=2018-02-01&end=2018-01-01"])("refuses %s", async (query) => {
    const reply = await ask(`?${query}`);
    expect([reply.status, await reply.json()]).toEqual([400, expect.objectContaining({ code: "USAGE" })]);
  });

  it("tells the indices that frames have, metadata as they were written, and where the frames are", async () => {
    const text = await (await ask(`/${GREY}`)).text();
    expect(text).toContain('"PixelSize_um": 10.0');
    expect(JSON.parse(text) as MicroscopyDataset).toMatchObject({
      channels: [
        { index: 0, name: "DAPI" },
        { index: 2, name: null },
      ],
      indices: { c: [0, 2], z: [1, 5], t: [4], p: [0] },
      place: "place-1",
    });
    const frame = await (await ask(`/${GREY}/frame?c=0&z=5&t=4&p=0`)).json();
    expect(frame).toMatchObject({ channel: "DAPI", name: "c0z5.png", metadata: { Exposure: 12 } });
  });

  it("gives every number of a frame, and the file as it is stored", async () => {
    const reply = await ask(`/${GREY}/pixels?c=2&z=1&t=4&p=0&as=native`);
    expect([reply.status, reply.headers.get("x-shape"), reply.headers.get("x-dtype")]).toEqual([200, "3,5", "uint16"]);
    expect(reply.headers.get("x-proof")).toBe("sha256");
    const wanted = Array.from({ length: WIDTH * HEIGHT }, (_, i) => numberAt(2, 1, Math.floor(i / WIDTH), i % WIDTH));
    expect([...new Uint16Array(await reply.arrayBuffer())]).toEqual(wanted);
    const stored = await ask(`/${GREY}/pixels?c=2&z=1&t=4&p=0&as=png`);
    expect(stored.headers.get("content-type")).toBe("image/png");
    expect(
      Buffer.from(await stored.arrayBuffer())
        .subarray(1, 4)
        .toString(),
    ).toBe("PNG");
  });

  it("gives thumbnails: rounded means, at the ends of what is there", async () => {
    const reply = await ask(`/${GREY}/pixels?c=0&z=1&t=4&p=0&side=3`);
    expect(reply.headers.get("x-shape")).toBe("2,3");
    // of 2 × 2: 1000 1001 1010 1011 are 1005.5; the last column and row are one wide
    expect([...new Uint16Array(await reply.arrayBuffer())]).toEqual([1006, 1008, 1009, 1021, 1023, 1024]);
    const same = await ask(`/${GREY}/pixels?c=0&z=1&t=4&p=0&side=5`);
    expect(same.headers.get("x-shape")).toBe("3,5");
  });

  it("puts colours right that an older catalogue stored exchanged", async () => {
    const reply = await ask(`/${COLOUR}/pixels?c=0&z=0&t=4&p=0`);
    expect([reply.headers.get("x-shape"), reply.headers.get("x-proof")]).toEqual(["2,2,3", "swapped"]);
    expect([...new Uint8Array(await reply.arrayBuffer())]).toEqual([40, 20, 0, 100, 80, 60, 160, 140, 120, 220, 200, 180]);
  });

  it("sends no frame again that its client has", async () => {
    const path = `/${GREY}/pixels?c=0&z=1&t=4&p=0`;
    const etag = (await ask(path)).headers.get("etag")!;
    expect((await ask(path, { headers: { "if-none-match": etag } })).status).toBe(304);
    const small = await ask(`${path}&side=2`, { headers: { "if-none-match": etag } });
    expect([small.status, small.headers.get("cache-control")]).toEqual([200, "no-cache"]);
    expect((await ask(`${path}&side=2`, { headers: { "if-none-match": small.headers.get("etag")! } })).status).toBe(304);
    const elsewhere = await serve([join(root, "other")], repository);
    expect((await ask(path, { headers: { "if-none-match": etag } }, elsewhere)).status).toBe(404);
  });

  it("hands on no frame that was altered since its upload", async () => {
    const reply = await ask(`/${GREY}/pixels?c=2&z=5&t=4&p=0`);
    expect([reply.status, await reply.json()]).toEqual([422, expect.objectContaining({ code: "OBJECT_WRONG" })]);
  });

  it("says what is not there: data set, frame, storage, database", async () => {
    const codeOf = async (reply: Response) => [reply.status, ((await reply.json()) as { code: string }).code];
    expect(await codeOf(await ask("/NONE-2024-05-17-10-30-00-0001"))).toEqual([404, "NOT_FOUND"]);
    expect(await codeOf(await ask("/x"))).toEqual([400, "USAGE"]);
    expect(await codeOf(await ask(`/${GREY}/pixels?c=0&z=2&t=4&p=0`))).toEqual([404, "NOT_FOUND"]);
    // an index that is left out is one that the catalogue does not know
    expect(await codeOf(await ask(`/${GREY}/pixels?c=0&z=1&p=0`))).toEqual([404, "NOT_FOUND"]);
    expect(await codeOf(await ask(`/${GREY}/pixels?c=0&z=1&t=4&p=0&as=png&side=3`))).toEqual([400, "USAGE"]);
    expect(await codeOf(await ask(`/${FILE}/pixels?c=0`))).toEqual([404, "NOT_FOUND"]);
    const elsewhere = await serve([join(root, "other")], repository);
    const reply = await ask(`/${GREY}/pixels?c=0&z=1&t=4&p=0`, {}, elsewhere);
    expect(await reply.json()).toMatchObject({ code: "NOT_FOUND", hint: expect.stringContaining("emporium serve") });
    expect(((await (await ask(`/${GREY}`, {}, elsewhere)).json()) as MicroscopyDataset).place).toBeUndefined();
    const without = await serve([storage], undefined);
    expect(await codeOf(await ask("", {}, without))).toEqual([404, "NOT_FOUND"]);
  });

  it("reads nothing outside of what is served, whatever a row names", async () => {
    for (const path of [`/${OUTSIDE}`, `/${OUTSIDE}/pixels?c=0&z=0&t=4&p=0`]) {
      const reply = await ask(path);
      const text = await reply.text();
      expect([path, reply.status, text]).toEqual([path, 400, expect.stringContaining("NAME_UNSAFE")]);
      expect(text).not.toContain(root);
    }
  });

  it("begins with the data sets where only a storage is served", async () => {
    const startOf = async (one: Portal) => ((await (await fetch(`${one.url}/api/v1/server`)).json()) as ServerFacts).start;
    expect(await startOf(await serve([storage], repository))).toBe("/microscopy");
    expect(await startOf(await serve([storage], undefined))).toBe("/browse/first");
  });
});
