import type pg from "pg";
import { describe, expect, it } from "vitest";
import { zarrFiles } from "../../../test/zarr-volume.js";
import { asEmporiumError } from "../../core/errors.js";
import { zipBytes } from "../../formats/zip/write.js";
import { memoryStore } from "../../stores/memory/store.js";
import type { Store } from "../../stores/store.js";
import { pieceBudget } from "../piece-budget.js";
import { type ArchivedFile, archiveBytes, archivedFiles, FILES_MAX } from "./archive.js";
import { contentsOf } from "./contents.js";
import { levelsOf } from "./levels.js";
import type { Selection } from "./selection.js";

const { signal } = new AbortController();
const ZARR = "1/r/v.zarr";
const bytesOf = (body: Uint8Array | object | string) =>
  body instanceof Uint8Array ? body : new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));

/** A dataset with one run: a volume in both formats, a file beside them, and what is hidden. */
async function tree(change: (store: Store) => Partial<Store> = () => ({})): Promise<Store> {
  const store = memoryStore({ now: () => Date.UTC(2026, 0, 2) });
  for (const [key, body] of zarrFiles({ shape: [8, 8, 8], chunk: [8, 8, 8], levels: 2 }))
    await store.write(`${ZARR}/${key}`, bytesOf(body));
  for (const key of ["1/r/v.mrc", "1/r/a.txt", "1/r/.hidden", "1/.git/x", "2/other"])
    await store.write(key, bytesOf(`of ${key}`));
  return { ...store, ...change(store) };
}

const row = (format: string, path: string, more: object = {}) => ({
  ...{ kind: "tomograms", what: "raw", shape: null, spacing: 10, format, path, size: 7, prefix: "s3://portal/1" },
  ...more,
});
const ROWS = [row("zarr", `s3://portal/${ZARR}/`), row("mrc", "s3://portal/1/r/v.mrc")];

/** A catalogue of dataset 1 with run 11, and these rows of files. It notes the parameters of questions for files and for runs of datasets. */
function catalogue(rows: readonly object[] = ROWS) {
  const asked: { files: unknown[]; runs: unknown[] } = { files: [], runs: [] };
  const query = async (text: string, values: readonly unknown[] = []) => {
    const ids = () =>
      (values[0] as number[])
        .filter((id) => id <= 20)
        .map((id) => ({ id, path: id === 1 ? "s3://portal/1" : "s3://portal/1/r/" }));
    if (text.includes("import_prefix")) return { rows: [{ prefix: "s3://portal" }] };
    if (text.includes("where dataset_id")) {
      asked.runs.push(values[0]);
      return { rows: [{ id: 11 }] };
    }
    if (/^select (?:id|s3_prefix as path) from/.test(text)) return { rows: ids() };
    asked.files.push(values[0]);
    return { rows };
  };
  return { asked, pool: { query } as unknown as pg.Pool };
}

const selected = (of: Selection["of"], more: Partial<Selection> = {}): Selection => ({
  of,
  ids: [1],
  only: undefined,
  level: undefined,
  ...more,
});
const namesOf = async (store: Store, selection: Selection, rows?: readonly object[]) => {
  const { files, letGo } = await archivedFiles({ store, pool: catalogue(rows).pool }, selection, signal);
  letGo();
  return files.map(({ name }) => name);
};
const saidOf = (work: Promise<unknown>) =>
  work.then(
    () => "nothing",
    (error: unknown) => asEmporiumError(error).message,
  );

describe("the files of a selection", () => {
  it("whole folders in the order of keys, without what is hidden", async () => {
    const store = await tree();
    const volume = [".zattrs", ".zgroup", "0/.zarray", "0/0/0/0", "1/.zarray", "1/0/0/0"].map((name) => `${ZARR}/${name}`);
    const all = ["1/r/a.txt", "1/r/v.mrc", ...volume].sort();
    expect(await namesOf(store, selected("dataset"))).toEqual(all);
    expect(await namesOf(store, selected("run", { ids: [11, 11] }))).toEqual(all);
    expect(await namesOf(store, selected("tomogram"))).toEqual(all.filter((key) => key !== "1/r/a.txt"));
    expect(await namesOf(store, selected("dataset", { only: [["tomograms", "MRC"]] }))).toEqual(["1/r/v.mrc"]);
  });

  it("are looked up by the runs of a dataset, by runs or by the volumes themselves", async () => {
    for (const [of, files, runs] of [
      ["dataset", [11], [[1]]],
      ["run", [1], []],
      ["tomogram", [1], []],
      ["annotation", [1], []],
    ] as const) {
      const { asked, pool } = catalogue();
      await contentsOf(pool, { of, ids: [1] });
      expect([of, asked]).toEqual([of, { files: [files], runs }]);
    }
  });

  it.each<[string, Selection, readonly object[] | undefined]>([
    ["there is no run 21 in the catalogue", selected("run", { ids: [11, 21] }), undefined],
    ["a level is one of chosen volumes, and everything is asked for", selected("run", { level: 0 }), undefined],
    [
      "there is nothing called tomograms, N5 in what was asked for",
      selected("tomogram", { only: [["tomograms", "N5"]] }),
      undefined,
    ],
    [
      "1/r/gone.mrc is in the catalogue and not in the tree that is served",
      selected("tomogram"),
      [row("mrc", "s3://portal/1/r/gone.mrc")],
    ],
    [
      "1/r/.hidden is in the catalogue and not in the tree that is served",
      selected("tomogram"),
      [row("mrc", "s3://portal/1/r/.hidden")],
    ],
    [
      "1/.git/ is in the catalogue and not in the tree that is served",
      selected("tomogram"),
      [row("zarr", "s3://portal/1/.git/")],
    ],
    ["the catalogue names 1 file outside the tree that is served", selected("tomogram"), [row("mrc", "s3://elsewhere/x.mrc")]],
    [`${ZARR} has no level 2, or its labels have none: it has 2 levels`, selected("tomogram", { level: 2 }), undefined],
  ])("%s", async (says, selection, rows) => {
    expect(await saidOf(namesOf(await tree(), selection, rows))).toBe(says);
  });

  it("no link that leads out, however it is asked for", async () => {
    const store = await tree((own) => ({
      stat: async (key, options) => ({ ...(await own.stat(key, options))!, leaves: "/etc/passwd" }),
    }));
    expect(await saidOf(namesOf(store, selected("tomogram", { only: [["tomograms", "MRC"]] })))).toBe(
      "1/r/v.mrc is a link that leads out of what is served",
    );
  });
});

describe("levels of volumes", () => {
  it("their bytes, with the metadata that name them alone", async () => {
    const store = await tree();
    const { files, letGo } = await archivedFiles(
      { store, pool: catalogue().pool },
      selected("tomogram", { only: [["tomograms", "OME-Zarr"]], level: 1 }),
      signal,
    );
    letGo();
    expect(files.map(({ name }) => name.slice(ZARR.length + 1))).toEqual([".zattrs", ".zgroup", "1/.zarray", "1/0/0/0"]);
    const answer = await levelsOf({ store, pool: catalogue().pool }, selected("tomogram"), signal);
    expect(answer.levels[1]).toEqual({ path: "1", sizeBytes: files.reduce((sum, { size }) => sum + size!, 0) });
    expect([answer.volumes, answer.deeper, answer.levels.length]).toEqual([1, 0, 2]);
  });

  it("labels that have fewer are said by the level that they lack", async () => {
    const store = await tree();
    const labels = zarrFiles({ shape: [8, 8, 8], chunk: [8, 8, 8] });
    for (const [key, body] of labels) await store.write(`${ZARR}/labels/membranes/${key}`, bytesOf(body));
    await store.write(`${ZARR}/labels/.zgroup`, bytesOf({ zarr_format: 2 }));
    await store.write(`${ZARR}/labels/.zattrs`, bytesOf({ labels: ["membranes"] }));
    const only = [["tomograms", "OME-Zarr"]];
    expect(await saidOf(namesOf(store, selected("tomogram", { only, level: 1 })))).toBe(
      `${ZARR} has no level 1, or its labels have none: it has 2 levels`,
    );
    expect(await namesOf(store, selected("tomogram", { only, level: 0 }))).toContain(`${ZARR}/labels/membranes/0/0/0/0`);
  });

  it("of 100,000 files are not measured", async () => {
    const store = await tree(() => ({
      async *list(prefix) {
        for (let i = 0; i <= FILES_MAX; i++) yield { key: `${prefix}${i}`, size: 1 };
      },
    }));
    expect(await saidOf(levelsOf({ store, pool: catalogue().pool }, selected("tomogram"), signal))).toBe(
      "more than 100000 files in 1 volume: their levels are not measured",
    );
  });
});

describe("the bytes of an archive", () => {
  const BODIES = { a: "first", b: "", c: "third ".repeat(200_000), d: "the last" };
  type Change = (store: Store) => Partial<Store>;
  /** The store is asked over a network, unless `change` makes it a local one; reads that have begun are noted. */
  async function archive(change: Change = () => ({}), more: Partial<ArchivedFile> = {}, bodies: Record<string, string> = BODIES) {
    const own = memoryStore();
    const files: ArchivedFile[] = [];
    for (const [name, text] of Object.entries(bodies)) {
      const { size, etag } = await own.write(name, bytesOf(text));
      files.push({ name, size, etag, modifiedMs: undefined, body: undefined, ...more });
    }
    const begun: string[] = [];
    const changed: Store = { ...own, ...change(own) };
    const store: Store = {
      ...changed,
      async read(key, range, options) {
        begun.push(key);
        return changed.read(key, range, options);
      },
    };
    let gone = 0;
    const pieces = pieceBudget(2 ** 22);
    const bytes = archiveBytes(store, { files, letGo: () => void gone++ }, { pieces, signal });
    return { bytes, files, begun, held: () => [pieces.takenBytes, gone] };
  }
  const whole = async (bytes: AsyncIterable<Uint8Array>) => {
    const all: Uint8Array[] = [];
    for await (const piece of bytes) all.push(piece.slice());
    return Buffer.concat(all);
  };
  const LOCAL: Change = () => ({ local: {} as NonNullable<Store["local"]> });

  it.each<[string, Parameters<typeof archive>]>([
    ["of known versions over a network", []],
    ["of unknown versions", [undefined, { etag: undefined }]],
    ["of unknown sizes", [undefined, { size: undefined }]],
    ["on a disk", [LOCAL]],
  ])("of files %s", async (_, how) => {
    const { bytes, files, held } = await archive(...how);
    const zip = await whole(bytes);
    expect(unzipped(zip)).toEqual(BODIES);
    expect(zipBytes(files) ?? zip.length).toBe(zip.length);
    expect(held()).toEqual([0, 1]);
  });

  it("of a document that is at hand: it is not read", async () => {
    const { bytes, begun } = await archive(undefined, { body: bytesOf("own"), size: 3, etag: undefined });
    expect(unzipped(await whole(bytes))).toEqual({ a: "own", b: "own", c: "own", d: "own" });
    expect(begun).toEqual([]);
  });

  it("small files are asked for ahead, eight at a time, where they come over a network alone", async () => {
    const bodies = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`f${i}`, "x"]));
    for (const [change, first] of [
      [undefined, 8],
      [LOCAL, 1],
    ] as const) {
      const { bytes, begun, held } = await archive(change, {}, bodies);
      await bytes.next();
      await bytes.next();
      expect(begun.length).toBe(first);
      await bytes.return(undefined);
      expect(held()).toEqual([0, 1]);
    }
  });

  it.each([
    ["a small one over a network", "a", {}, {}],
    ["a large one", "c", {}, {}],
    ["one on a disk", "a", { local: {} as NonNullable<Store["local"]> }, {}],
    ["one of unknown version", "c", {}, { etag: undefined }],
  ])("breaks off where a file became shorter: %s", async (_, short, local, more) => {
    const { bytes, held } = await archive(
      (own) => ({
        ...local,
        read: async (key, range, options) => (await own.read(key, range, options))?.subarray(key === short ? 1 : 0),
      }),
      more,
    );
    expect(await saidOf(whole(bytes))).toBe(`${short} became shorter while it was read`);
    expect(held()).toEqual([0, 1]);
  });
});

/** Files as the central directory has them (APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16), none of which is compressed. */
function unzipped(zip: Buffer): Record<string, string> {
  const end = zip.length - 22;
  const files: Record<string, string> = {};
  for (let i = 0, at = zip.readUInt32LE(end + 16); i < zip.readUInt16LE(end + 10); i++) {
    const [size, nameBytes, head] = [zip.readUInt32LE(at + 24), zip.readUInt16LE(at + 28), zip.readUInt32LE(at + 42)];
    const body = head + 30 + zip.readUInt16LE(head + 26) + zip.readUInt16LE(head + 28);
    files[zip.toString("utf8", at + 46, at + 46 + nameBytes)] = zip.toString("utf8", body, body + size);
    at += 46 + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return files;
}
