import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeFiles, zarrFiles } from "../../test/zarr-volume.js";
import type { ListedEntry } from "../model/page-api.js";
import { printRef } from "../model/ref.js";
import { fileStore } from "../stores/file/store.js";
import { memoryStore } from "../stores/memory/store.js";
import type { Store } from "../stores/store.js";
import { formatOfName, listFolder } from "./listing.js";
import type { Place } from "./places.js";

let root: string;
const MS = Date.UTC(2026, 0, 2, 3, 4, 5);
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "emporium-listing-"));
  mkdirSync(join(root, "d/empty"), { recursive: true });
  writeFiles(join(root, "d/v.zarr"), zarrFiles({ shape: [8, 8, 8], chunk: [8, 8, 8] }));
  for (const [name, text] of Object.entries({ "a.mrc": "x", "none.mrc": "", "notes.txt": "words", ".hidden": "" }))
    writeFileSync(join(root, "d", name), text);
  symlinkSync("/etc/hostname", join(root, "d/out.mrc"));
  for (const name of ["a.mrc", "none.mrc", "notes.txt"]) utimesSync(join(root, "d", name), MS / 1000, MS / 1000);
});
afterAll(() => rmSync(root, { recursive: true }));

const placeOf = (store: Store, more: Partial<Place> = {}) => ({ id: "p", name: "p", kind: "folder", store, ...more }) as Place;
const onDisk = (more: Partial<Place> = {}) => placeOf(fileStore(root), more);
const named = (entries: readonly ListedEntry[]) =>
  Object.fromEntries(entries.map(({ name, marks: _, ...entry }) => [name, entry]));
const refOf = (key: string) => printRef({ kind: "place", place: "p", key });
const modifiedAt = "2026-01-02T03:04:05.000Z";

describe("the list of a folder", () => {
  it("has folders, volumes and files, which can be opened where they are images with bytes", async () => {
    const { entries, ...more } = await listFolder(onDisk(), "d/", { limit: 100 });
    expect(more).toEqual({ place: "p", prefix: "d/", next: undefined });
    const { "out.mrc": link, ...found } = named(entries);
    expect(found).toEqual({
      "a.mrc": { key: "d/a.mrc", kind: "file", format: "MRC", sizeBytes: 1, modifiedAt, ref: refOf("d/a.mrc") },
      empty: { key: "d/empty/", kind: "folder" },
      "none.mrc": { key: "d/none.mrc", kind: "file", format: "MRC", sizeBytes: 0, modifiedAt },
      "notes.txt": { key: "d/notes.txt", kind: "file", format: "text", sizeBytes: 5, modifiedAt },
      "v.zarr": { key: "d/v.zarr", kind: "volume", format: "Zarr", ref: refOf("d/v.zarr") },
    });
    expect([link?.kind, "ref" in link!, "sizeBytes" in link!]).toEqual(["file", false, false]);
  });

  it("comes in parts, each behind the last key of the one before", async () => {
    const names: string[] = [];
    for (let after: string | undefined, i = 0; i < 10; i++) {
      const { entries, next } = await listFolder(onDisk(), "d/", { after, limit: 2 });
      names.push(...entries.map(({ name }) => name));
      if (next === undefined) break;
      expect([entries.length, next]).toEqual([
        2,
        entries.at(-1)!.kind === "volume" ? `${entries.at(-1)!.key}/` : entries.at(-1)!.key,
      ]);
      after = next;
    }
    expect(names).toEqual(["a.mrc", "empty", "none.mrc", "notes.txt", "out.mrc", "v.zarr"]);
  });

  it("of a volume can be opened itself; of a place that is one file there is only that", async () => {
    expect((await listFolder(onDisk(), "d/v.zarr/", { limit: 100 })).ref).toBe(refOf("d/v.zarr"));
    expect((await listFolder(onDisk(), "d/empty/", { limit: 100 })).entries).toEqual([]);
    const file = placeOf(fileStore(join(root, "d")), { kind: "file", key: "a.mrc" });
    expect((await listFolder(file, "", { limit: 100 })).entries.map(({ name }) => name)).toEqual(["a.mrc"]);
  });

  it("that is not there any more is said on a disk; elsewhere folders are what is in them", async () => {
    await expect(listFolder(onDisk(), "gone/", { limit: 1 })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "p/gone/ is not there any more",
    });
    await expect(listFolder(placeOf(fileStore(join(root, "gone"))), "", { limit: 1 })).rejects.toMatchObject({
      message: "p is not there any more",
    });
    expect((await listFolder(placeOf(memoryStore()), "gone/", { limit: 1 })).entries).toEqual([]);
  });

  it("over a network tells volumes by their documents in the first 32 folders, and by their names in others", async () => {
    const store = memoryStore();
    const document = zarrFiles({ shape: [8, 8, 8], chunk: [8, 8, 8] }).get("0/.zarray");
    for (const name of [...Array.from({ length: 34 }, (_, i) => `f${i + 10}`), "last.zarr", "none"])
      await store.write(`${name}/.zarray`, Buffer.from(JSON.stringify(document)));
    const { entries } = await listFolder(placeOf(store), "", { limit: 100 });
    const kinds = entries.map(({ kind }) => kind);
    expect(kinds).toEqual([...Array(32).fill("volume"), "folder", "folder", "volume", "folder"]);
    expect(entries.find(({ name }) => name === "f10")).toMatchObject({ key: "f10", format: "Zarr", ref: refOf("f10") });
  });
});

it.each([
  ["A.MRC", "MRC"],
  ["a.mrc.gz", "MRC, compressed"],
  ["a.rawtlt", "tilt angles"],
  ["a.star", "STAR"],
  ["a.yml", "YAML"],
  ["a.jpeg", "picture"],
  ["a.unknown", undefined],
  ["mrc", undefined],
])("the format of %s", (name, format) => expect(formatOfName(name)).toBe(format));
