import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { silentLog } from "../core/log.js";
import { memoryStore } from "../stores/memory/store.js";
import { openJournal } from "./journal.js";
import { othersOutputs } from "./others-outputs.js";
import { statFolder } from "./receipts.js";
import type { Task } from "./task.js";

let workspace: string;
beforeAll(() => {
  workspace = mkdtempSync(join(tmpdir(), "emporium-others-"));
});
afterAll(() => rmSync(workspace, { recursive: true }));

it("outputs in whose place something is that no receipt of the workspace is of", async () => {
  const target = memoryStore({ url: "https://lab.example/out" });
  for (const key of ["own", "changed", "others", "begun", "own.zarr/0", "others.zarr/0", "file.zarr"])
    await target.write(key, Buffer.from(key));
  const stat = async (key: string) => ({
    key,
    crc32: "00000001",
    ...(key.endsWith("/") ? await statFolder(target, key) : (await target.stat(key))!),
  });
  const outputs = [await stat("own"), { ...(await stat("changed")), size: 99, etag: "older" }, await stat("own.zarr/")];
  const journal = await openJournal(join(workspace, "journals"), "j", silentLog);
  await journal.begin({ createdMs: 1, locks: [], tasks: [{ id: "t" } as Task, { id: "u" } as Task] }, { target: target.url });
  await journal.append({ record: "done", receipt: { task: "t", title: "", inputs: [], outputs, seconds: 1 } });
  await journal.append({ record: "start", task: "u", outputs: ["begun"] });
  await journal.close();
  const all = ["own", "changed", "others", "begun", "none", "own.zarr/", "others.zarr/", "none.zarr/", "file.zarr/"];
  expect(await othersOutputs(target, all, { workspace })).toEqual(["changed", "others", "others.zarr/", "file.zarr/"]);
  expect(await othersOutputs(target, ["none", "none.zarr/"], { workspace: "/none" })).toEqual([]);
});
