import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openPlaces } from "./places.js";

const root = mkdtempSync(join(tmpdir(), "emporium-places-"));
afterAll(() => rmSync(root, { recursive: true }));

/** A folder that has these folders and files. */
function folderOf(name: string, folders: readonly string[], files: readonly string[] = []): string {
  for (const one of ["", ...folders]) mkdirSync(join(root, name, one), { recursive: true });
  for (const one of files) writeFileSync(join(root, name, one), "{}");
  return join(root, name);
}
const kindOf = async (location: string) => (await openPlaces([location])).map(({ kind }) => kind);

it("a folder is a tree where one of its folders is a data set's; those that are numbers are looked at first", async () => {
  // named so that they come before numbers, and more than are looked at
  const others = Array.from({ length: 80 }, (_, at) => `+${String(at).padStart(3, "0")}`);
  const dataset = ["10001/dataset_metadata.json"];
  expect(await kindOf(folderOf("many", [...others, "10001"], dataset))).toEqual(["tree"]);
  expect(await kindOf(folderOf("named", ["apoferritin"], ["apoferritin/dataset_metadata.json"]))).toEqual(["tree"]);
  expect(await kindOf(folderOf("depositions", ["depositions_metadata"]))).toEqual(["tree"]);
  expect(await kindOf(folderOf("plain", [...others, "10001"]))).toEqual(["folder"]);
  // of files and of what is hidden nothing is looked at
  expect(await kindOf(folderOf("hidden", [".old"], [".old/dataset_metadata.json", "dataset_metadata.json"]))).toEqual(["folder"]);
});

it("a file that is no image is refused, with what to serve in its place; a volume that was cut short opens", async () => {
  const at = (name: string) => join(root, name);
  const mrc = new Uint8Array(1100);
  new DataView(mrc.buffer).setUint32(0, 100, true);
  for (const word of [4, 8]) new DataView(mrc.buffer).setUint32(word, 100, true);
  mrc.set(new TextEncoder().encode("MAP DD"), 208);
  mrc.set([0x44, 0x44, 0, 0], 212);
  writeFileSync(at("short.mrc"), mrc);
  writeFileSync(at("notes.txt"), "in the icebox\n");
  writeFileSync(at("empty.mrc"), "");
  writeFileSync(at("figure.png"), new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]));
  expect(await kindOf(at("short.mrc"))).toEqual(["file"]);
  const folder = `serve its folder: emporium serve ${root}`;
  await expect(openPlaces([at("notes.txt")])).rejects.toMatchObject({ code: "FORMAT_UNKNOWN", facts: { hint: folder } });
  await expect(openPlaces([at("empty.mrc")])).rejects.toMatchObject({ code: "FORMAT_UNKNOWN", facts: { hint: folder } });
  const picture = { hint: expect.stringContaining("save it as TIFF") };
  await expect(openPlaces([at("figure.png")])).rejects.toMatchObject({ code: "FORMAT_UNSUPPORTED", facts: picture });
});
