import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { manualClock } from "../core/clock.js";
import { fileStore } from "../stores/file/store.js";
import type { ServedCatalogue } from "./api/context.js";
import { treeChanges } from "./tree-changes.js";

const root = mkdtempSync(join(tmpdir(), "emporium-tree-"));
afterAll(() => rmSync(root, { recursive: true }));

it("a tree has changed since its import: by the date of a file, by one more or less; another import makes it new again", async () => {
  const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000);
  const write = (key: string, seconds: number) => {
    mkdirSync(join(root, key, ".."), { recursive: true });
    writeFileSync(join(root, key), "{}");
    utimesSync(join(root, key), at(seconds), at(seconds));
  };
  const clock = manualClock(at(1000).getTime());
  let importedAt = at(100).toISOString();
  const place = { id: "t", name: "t", kind: "tree", store: fileStore(root) } as unknown as ServedCatalogue["place"];
  const state = () => ({ place: "t", state: "ready" as const, importedAt });
  const { changedAt, close } = treeChanges({ place, state } as unknown as ServedCatalogue, clock);
  const told = async (expected: Date | undefined) => {
    clock.advance(60_000);
    changedAt();
    await expect.poll(changedAt).toBe(expected?.toISOString());
  };
  write("10/run/run_metadata.json", 150);
  write("10/run/volume.zarr/0/0", 500);
  write("10/dated-ahead.json", 5_000);
  await told(at(150));
  write("10/run/Tomograms/100/tomogram_metadata.json", 300);
  await told(at(1_120)); // one more: when it was seen
  importedAt = at(200).toISOString();
  await told(at(300));
  rmSync(join(root, "10/run/Tomograms"), { recursive: true });
  await told(at(1_240));
  importedAt = at(400).toISOString();
  await told(undefined);
  await close();
});

it("a tree is looked at as deep as trees are, and no deeper: a link may lead back to a folder above", async () => {
  const deep = mkdtempSync(join(tmpdir(), "emporium-deep-"));
  const write = (folders: number, seconds: number) => {
    const folder = join(deep, ...Array.from({ length: folders }, (_, at) => `${at + 1}`));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "a.json"), "{}");
    utimesSync(join(folder, "a.json"), seconds, seconds);
  };
  const clock = manualClock(1_000_000);
  const place = { id: "t", name: "t", kind: "tree", store: fileStore(deep) } as unknown as ServedCatalogue["place"];
  const state = () => ({ place: "t", state: "ready" as const, importedAt: new Date(100_000).toISOString() });
  const { changedAt, close } = treeChanges({ place, state } as unknown as ServedCatalogue, clock);
  write(13, 300);
  write(12, 200);
  changedAt();
  await expect.poll(changedAt).toBe(new Date(200_000).toISOString());
  await close();
  rmSync(deep, { recursive: true });
});
