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
