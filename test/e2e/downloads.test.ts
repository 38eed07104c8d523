import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DownloadContents, DownloadLevels, DownloadSize } from "../../src/model/page-api.js";
import type { Portal } from "../../src/server/portal.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import type { Store } from "../../src/stores/store.js";
import { filesBelow, servedCatalogue, treePlace } from "../peers/serve-kit.js";
import { pythonWith } from "../python-with-numpy.js";
import { writeFiles, zarrFiles } from "../zarr-volume.js";
import { type AccessLab, accessLab, runOf } from "./access-kit.js";
import { unzipped } from "./unzipped.js";

/** What is downloaded in one piece: which files, which of their bytes, and what happens where something goes wrong on the way. */
const DATASET = 10001;
const RUN = 1000 + DATASET;
const FOLDER = runOf(DATASET);
const TOMOGRAMS = `${FOLDER}/Reconstructions/VoxelSpacing10.000/Tomograms/100`;
const ZARR = `${TOMOGRAMS}/TS_1.zarr`;
const ODD = "ünï b c; $(id) 日本語 🦠.txt";

let lab: AccessLab;
let portal: Portal;
let tomogram: number;
beforeAll(async () => {
  lab = await accessLab((text) => createHash("sha256").update(text).digest("hex"), Date.parse("2026-11-28T12:00:00Z"));
  tomogram = lab.things.find(({ kind, dataset, number }) => kind === "tomogram" && dataset === DATASET && number === 100)!.id;
  rmSync(join(lab.tree, ZARR), { recursive: true });
  writeFiles(join(lab.tree, ZARR), zarrFiles({ shape: [16, 16, 16], chunk: [8, 8, 8], levels: 3 }));
  writeFileSync(join(lab.tree, FOLDER, ODD), "words");
  writeFileSync(join(lab.tree, FOLDER, ".hidden"), "nobody's");
  writeFileSync(join(lab.tree, FOLDER, "empty"), "");
  const db = await lab.database.open({ role: "writer" });
  try {
    await db.pool.query("update emporium_portal.tomogram set s3_omezarr_dir = $1, file_size_omezarr = 7 where id = $2", [
      `s3://portal/${ZARR}/`,
      tomogram,
    ]);
  } finally {
    await db.close();
  }
  portal = await lab.serve({ rules: null });
});
afterAll(() => lab?.stop());

type Query = Readonly<Record<string, string | number | readonly (readonly string[])[]>>;
const addressed = (path: string, query: Query, of: Portal = portal) => {
  const text = Object.entries(query).map(([name, value]): [string, string] => [
    name,
    typeof value === "object" ? JSON.stringify(value) : String(value),
  ]);
  return `${of.url}/api/v1/download${path}?${new URLSearchParams(text)}`;
};
const asked = async <T>(path: string, query: Query, of?: Portal) => {
  const reply = await fetch(addressed(path, query, of));
  return { status: reply.status, answer: (await reply.json()) as T };
};
const zipOf = async (query: Query, of?: Portal) => {
  const reply = await fetch(addressed("/zip", query, of));
  const bytes = Buffer.from(await reply.arrayBuffer());
  expect(reply.status, bytes.toString("latin1").slice(0, 300)).toBe(200);
  return { bytes, headers: reply.headers };
};
/** The lab's tree behind another store, with the same catalogue. */
const servedFrom = (store: Store) =>
  lab.serve({
    rules: null,
    catalogue: servedCatalogue(treePlace(lab.tree, store), {
      pool: lab.database.reader.pool,
      api: lab.database.api(),
    }),
  });
const shown = (folder: string) =>
  filesBelow(join(lab.tree, folder))
    .map((name) => `${folder}/${name}`)
    .filter((key) => !key.endsWith("/.hidden"));
const onDisk = (keys: readonly string[]) =>
  Object.fromEntries(keys.map((key) => [key, readFileSync(join(lab.tree, key)).toString("base64")]));

describe.skipIf(!pythonWith("zipfile"))("the files of a choice as one zip", () => {
  it("a run: all that is in its folder and not hidden, byte for byte, of the length and size that were said", async () => {
    const { bytes, headers } = await zipOf({ of: "run", ids: RUN });
    expect(unzipped(bytes)).toEqual(onDisk(shown(FOLDER)));
    expect(Object.keys(unzipped(bytes))).toContain(`${FOLDER}/${ODD}`);
    expect(Number(headers.get("content-length"))).toBe(bytes.length);
    expect(headers.get("content-disposition")).toBe(`attachment; filename="run-${RUN}.zip"`);
    const { answer } = await asked<DownloadSize>("/size", { of: "run", ids: RUN });
    expect(answer).toEqual({ files: shown(FOLDER).length, sizeBytes: bytes.length });
    const head = await fetch(addressed("/zip", { of: "run", ids: RUN }), { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(bytes.length)]);
    expect((await zipOf({ of: "run", ids: RUN })).bytes.equals(bytes)).toBe(true);
  });

  it("datasets by numbers and ranges, each once", async () => {
    const { bytes, headers } = await zipOf({ of: "dataset", ids: `${DATASET},${DATASET + 3}-${DATASET + 4},${DATASET}` });
    const folders = [DATASET, DATASET + 3, DATASET + 4].map(String);
    expect(unzipped(bytes)).toEqual(onDisk(folders.flatMap(shown)));
    expect(headers.get("content-disposition")).toBe(`attachment; filename="datasets-${DATASET}-and-2-more.zip"`);
  });

  it("some of it: by kind, by format, by words, as the list of contents has them", async () => {
    const { answer } = await asked<DownloadContents>("", { of: "run", ids: RUN });
    expect(answer.elsewhere).toBe(0);
    const zarr = answer.all.find(({ format }) => format === "OME-Zarr")!;
    expect(zarr).toEqual({
      kind: "tomograms",
      what: "raw, 10.00 Å",
      format: "OME-Zarr",
      parts: [{ key: `${ZARR}/`, sizeBytes: 7 }],
    });
    const keysOf = (kind: string, format?: string) =>
      answer.all
        .filter((one) => one.kind === kind && (format ?? one.format) === one.format)
        .flatMap(({ parts }) => parts.map(({ key }) => key));
    const annotations = keysOf("annotations");
    expect(annotations.length).toBeGreaterThan(1);
    expect(unzipped((await zipOf({ of: "run", ids: RUN, only: [["annotations"]] })).bytes)).toEqual(onDisk(annotations));
    const mrc = keysOf("tomograms", "MRC");
    const { bytes } = await zipOf({
      of: "run",
      ids: RUN,
      only: [
        ["tomograms", "MRC"],
        ["annotations", "ndjson"],
      ],
    });
    expect(unzipped(bytes)).toEqual(onDisk([...mrc, ...annotations]));
    const whole = await zipOf({ of: "dataset", ids: DATASET, only: [[zarr.kind, zarr.format, zarr.what]] });
    expect(unzipped(whole.bytes)).toEqual(onDisk(shown(ZARR)));
    const own = await zipOf({
      of: "annotation",
      ids: lab.things.find(({ kind, dataset }) => kind === "annotation" && dataset === DATASET)!.id,
    });
    expect(Object.keys(unzipped(own.bytes))).toEqual([annotations[0]]);
  });

  it("one level of a volume: its chunks as they are, and metadata that name it alone", async () => {
    const of: Query = { of: "tomogram", ids: tomogram, only: [["tomograms", "OME-Zarr"]] };
    const { answer } = await asked<DownloadLevels>("/levels", of);
    expect([answer.volumes, answer.deeper, answer.levels.map(({ path }) => path)]).toEqual([1, 0, ["0", "1", "2"]]);
    for (const level of [0, 1, 2]) {
      const files = unzipped((await zipOf({ ...of, level })).bytes);
      const { [`${ZARR}/.zattrs`]: attributes, ...others } = files;
      expect(others).toEqual(
        onDisk(shown(ZARR).filter((key) => key.startsWith(`${ZARR}/${level}/`) || key === `${ZARR}/.zgroup`)),
      );
      const whole = JSON.parse(readFileSync(join(lab.tree, ZARR, ".zattrs"), "utf8"));
      whole.multiscales[0].datasets = [whole.multiscales[0].datasets[level]];
      expect(JSON.parse(Buffer.from(attributes!, "base64").toString())).toEqual(whole);
      const sizes = Object.values(files).map((body) => Buffer.from(body, "base64").length);
      expect(answer.levels[level]!.sizeBytes).toBe(sizes.reduce((sum, one) => sum + one, 0));
    }
    // what is beside the volume comes whole
    const beside = unzipped((await zipOf({ of: "tomogram", ids: tomogram, level: 2 })).bytes);
    expect(Object.keys(beside)).toContain(`${TOMOGRAMS}/TS_1.mrc`);
    expect(await asked("/zip", { ...of, level: 3 })).toMatchObject({
      status: 400,
      answer: { code: "USAGE", message: `${ZARR} has no level 3, or its labels have none: it has 3 levels` },
    });
  });

  it.each<[string, Query, number, object]>([
    ["a run that there is not", { of: "run", ids: 77 }, 404, { message: "there is no run 77 in the catalogue" }],
    [
      "contents that there are not",
      { of: "run", ids: RUN, only: [["tomograms", "N5"]] },
      400,
      { message: "there is nothing called tomograms, N5 in what was asked for" },
    ],
    ["a level of everything", { of: "run", ids: RUN, level: 1 }, 400, { code: "USAGE" }],
    ["too many numbers", { of: "run", ids: "1-99999" }, 400, { path: "?ids" }],
    ["no number", { of: "run", ids: "1,x" }, 400, { path: "?ids" }],
    ["words that are no JSON", { of: "run", ids: RUN, only: "tomograms" }, 400, { path: "?only" }],
  ])("refuses %s", async (_, query, status, answer) => {
    expect(await asked("/zip", query)).toMatchObject({ status, answer });
  });

  it("lacks nothing that the catalogue names: a file that is gone, or a link that leads out, is refused by its key", async () => {
    const folder = join(lab.tree, runOf(10006));
    const file = filesBelow(folder).find((name) => name.endsWith(".mrc") && name.includes("Tomograms"))!;
    const bytes = readFileSync(join(folder, file));
    const key = `${runOf(10006)}/${file}`;
    const ids = 1000 + 10006;
    rmSync(join(folder, file));
    try {
      const only = [["tomograms", "MRC"]];
      expect(await asked("/zip", { of: "run", ids, only })).toMatchObject({
        status: 404,
        answer: { message: `${key} is in the catalogue and not in the tree that is served` },
      });
      writeFileSync(join(lab.folder, "secret"), "x");
      symlinkSync(join(lab.folder, "secret"), join(folder, file));
      const reply = await asked("/zip", { of: "run", ids });
      expect(reply).toMatchObject({ status: 403, answer: { message: `${key} is a link that leads out of what is served` } });
    } finally {
      rmSync(join(folder, file), { force: true });
      writeFileSync(join(folder, file), bytes);
    }
  });
});

/** A store that is asked over a network, as far as the server can tell, with what `change` makes of its answers. */
async function remoteStore(change: Partial<Store> | ((store: Store) => Partial<Store>) = {}): Promise<Store> {
  const store = memoryStore({ url: "https://elsewhere.example/tree" });
  for (const key of filesBelow(lab.tree)) await store.write(key, readFileSync(join(lab.tree, key)));
  return { ...store, ...(typeof change === "function" ? change(store) : change) };
}

describe("a zip of what lies elsewhere, or goes wrong", () => {
  it.skipIf(!pythonWith("zipfile"))("has the same files; small ones are asked for ahead, a few at a time", async () => {
    let [underWay, most] = [0, 0];
    const store = await remoteStore((own) => ({
      async read(key, range, options) {
        most = Math.max(most, ++underWay);
        await new Promise((resolve) => setTimeout(resolve, 2));
        underWay--;
        return own.read(key, range, options);
      },
    }));
    const there = await servedFrom(store);
    const { bytes } = await zipOf({ of: "run", ids: RUN }, there);
    expect(unzipped(bytes)).toEqual(onDisk(shown(FOLDER)));
    expect([most > 1, most <= 8]).toEqual([true, true]);
  });

  it.skipIf(!pythonWith("zipfile"))("of unknown sizes has no length, and is whole all the same", async () => {
    const store = await remoteStore((own) => ({
      async *list(prefix, options) {
        for await (const { key } of own.list(prefix, options)) yield { key, size: 0, approximate: true };
      },
    }));
    const there = await servedFrom(store);
    const { bytes, headers } = await zipOf({ of: "run", ids: RUN }, there);
    expect(headers.get("content-length")).toBe(null);
    expect(unzipped(bytes)).toEqual(onDisk(shown(FOLDER)));
    expect((await asked<DownloadSize>("/size", { of: "run", ids: RUN }, there)).answer).toEqual({
      files: shown(FOLDER).length,
      sizeBytes: null,
    });
  });

  it.each(["cannot be read", "is shorter", "is gone", "is another one"])(
    "breaks off without an end where a file %s",
    async (fault) => {
      const late = shown(FOLDER).at(-2)!;
      const store = await remoteStore((own) => ({
        async read(key, range, options) {
          if (key !== late) return own.read(key, range, options);
          if (fault === "cannot be read") throw new Error("the disk is broken");
          if (fault === "is gone") return undefined;
          if (fault === "is another one") return own.read(key, range, { ...options, ifMatch: "another" });
          return (await own.read(key, range, options))!.subarray(1);
        },
      }));
      for (const isKnown of [true, false]) {
        const list: Store["list"] = async function* (prefix, options) {
          for await (const entry of store.list(prefix, options))
            yield isKnown ? entry : { ...entry, approximate: true, etag: undefined };
        };
        const there = await servedFrom({ ...store, list });
        const reply = await fetch(addressed("/zip", { of: "run", ids: RUN }, there));
        expect(reply.status).toBe(200);
        const ended = await reply.arrayBuffer().then(
          ({ byteLength }) => `${byteLength} bytes`,
          () => "broken off",
        );
        expect([isKnown, ended]).toEqual([isKnown, "broken off"]);
      }
    },
  );

  it("is read no further than its client reads; when that goes away, nothing more", async () => {
    const large = new Uint8Array(64 * 2 ** 20);
    let read = 0;
    const store = await remoteStore((own) => ({
      async *list(prefix) {
        for (let i = 0; i < 8; i++) yield { key: `${prefix}${i}`, size: large.length, etag: "x" };
        for await (const entry of own.list(`${prefix}none`)) yield entry;
      },
      async read(key, range, options) {
        if (!/\/\d$/.test(key)) return own.read(key, range, options);
        read += range!.length;
        return large.subarray(0, range!.length);
      },
    }));
    const there = await servedFrom(store);
    const request = get(addressed("/zip", { of: "run", ids: RUN }, there));
    const [reply] = (await once(request, "response")) as [IncomingMessage];
    expect(Number(reply.headers["content-length"])).toBeGreaterThan(8 * large.length);
    await once(reply, "readable");
    reply.read(1);
    await expect.poll(() => read).toBeGreaterThan(0);
    // nobody reads any more: what is on its way are buffers of the connection
    const settled = async () => {
      for (let before = -1; before !== read; ) {
        before = read;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      return read;
    };
    const waiting = await settled();
    expect(waiting).toBeLessThan(large.length / 2);
    request.destroy();
    expect(await settled()).toBeLessThanOrEqual(waiting + 2 ** 20);
  });

  it("has at most 100,000 files, and those that are being sent together twice as many", async () => {
    let count = 100_001;
    const store = await remoteStore({
      async *list(prefix) {
        for (let i = 0; i < count; i++) yield { key: `${prefix}${i}`, size: 2 ** 20, etag: "x" };
      },
      read: async (_key, range) => new Uint8Array(range!.length),
    });
    const there = await servedFrom(store);
    expect(await asked("/zip", { of: "run", ids: RUN }, there)).toMatchObject({
      status: 400,
      answer: { code: "USAGE", message: "more than 100000 files are too many for one archive" },
    });
    count = 100_000;
    const begin = async () => {
      const request = get(addressed("/zip", { of: "run", ids: RUN }, there));
      const [reply] = (await once(request, "response")) as [IncomingMessage];
      return { request, status: reply.statusCode };
    };
    const two = [await begin(), await begin()];
    expect(two.map(({ status }) => status)).toEqual([200, 200]);
    expect(await asked("/zip", { of: "run", ids: RUN }, there)).toMatchObject({
      status: 503,
      answer: { code: "STORE_THROTTLED" },
    });
    for (const { request } of two) request.destroy();
    // whoever goes away makes room
    await expect
      .poll(async () => (await fetch(addressed("/zip", { of: "run", ids: RUN }, there), { method: "HEAD" })).status, {
        timeout: 10_000,
      })
      .toBe(200);
    expect((await asked("/size", { of: "run", ids: RUN }, there)).status).toBe(200);
  }, 60_000);
});
