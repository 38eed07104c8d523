import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { fileStore } from "../../../stores/file/store.js";
import { nothingFound } from "./portal-import.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-nothing-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("where nothing is found, a folder that is missing, one without datasets and a dataset itself are told apart", async () => {
  const said = async (path: string) => (await nothingFound(fileStore(path), false)).message;
  expect(await said(join(folder, "nowhere"))).toBe(`${join(folder, "nowhere")} does not exist`);
  expect(await said(folder)).toBe("no dataset found: no folder has a dataset_metadata.json");
  writeFileSync(join(folder, "dataset_metadata.json"), "{}");
  expect(await said(folder)).toBe("no dataset found below: this folder is a dataset itself");
});
