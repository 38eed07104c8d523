import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openStore } from "../../../stores/url.js";
import { filesBeside } from "./files-beside.js";

const base = mkdtempSync(join(tmpdir(), "emporium-beside-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

it("(34.29) files of the same folder and of those around it are found, none outside of the source", async () => {
  mkdirSync(join(base, "source/run1/peet"), { recursive: true });
  for (const path of ["outside.mod", "source/run1/a.mod", "source/run1/peet/cag.prm", "source/run1/peet/list.csv"])
    writeFileSync(join(base, path), path);
  const store = await openStore(join(base, "source"));
  const beside = filesBeside(store, "run1/peet/list.csv", new AbortController().signal);
  expect(await beside.names()).toEqual(["cag.prm", "list.csv"]);
  const textOf = async (path: string) => {
    const file = await beside.open(path);
    return file && Buffer.from(await file.read({ offset: 0, length: 99 })).toString();
  };
  expect(await textOf("cag.prm")).toBe("source/run1/peet/cag.prm");
  expect(await textOf("../a.mod")).toBe("source/run1/a.mod");
  expect(await textOf("./.././a.mod")).toBe("source/run1/a.mod");
  expect(await textOf("absent.mod")).toBeUndefined();
  expect(await textOf("../../../outside.mod")).toBeUndefined();
});
