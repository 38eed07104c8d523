import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { LIMITS } from "../../../core/limits.js";
import { givenGraph, readGraph, readGraphFile } from "./read-graph.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-graphs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const TEXT = "version: 1\ninputs: { em: /em.zarr }\ngrid: { of: em }\noutputs: { em: { to: /out.zarr } }\n";
const file = join(folder, "graph.yaml");
writeFileSync(file, TEXT);
const sha256 = createHash("sha256").update(TEXT).digest("hex");

it("a graph's file is its text and its checksum", async () => {
  expect(await readGraphFile(file)).toEqual({ text: TEXT, file, sha256 });
  expect(await readGraphFile(file, sha256)).toMatchObject({ sha256 });
  await expect(readGraphFile(file, "0".repeat(64))).rejects.toMatchObject({
    code: "CHANGED_MEANWHILE",
    message: expect.stringContaining(sha256),
  });
  await expect(readGraphFile(join(folder, "none.yaml"))).rejects.toMatchObject({ code: "STORE_ABSENT" });
  writeFileSync(join(folder, "large.yaml"), "");
  truncateSync(join(folder, "large.yaml"), LIMITS.configBytes + 1);
  await expect(readGraphFile(join(folder, "large.yaml"))).rejects.toMatchObject({ code: "CONFIG_LIMIT" });
});

it("what it names is below its folder; without a file below the working directory", () => {
  const read = readGraph(TEXT, file);
  expect([read.folder, read.document.grid, read.faults]).toEqual([folder, { of: "em", block: "auto" }, []]);
  expect(read.inputs).toMatchObject({ locations: { em: "/em.zarr" }, levels: { em: 0 } });
  expect(readGraph(TEXT, "s3://bucket/graph.yaml").folder).toBe(process.cwd());
  const given = givenGraph({ version: 1, inputs: { em: "/em.zarr" }, grid: { of: "em" }, outputs: { em: { to: "/out.zarr" } } });
  expect([given.document, given.folder]).toEqual([read.document, process.cwd()]);
});

it("fields that no graph has are all told, with the places where they are written", () => {
  expect(() => readGraph(TEXT.replace("grid: { of: em }", "grid: { of: 3, bloc: auto }"), "graph.yaml")).toThrow(
    expect.objectContaining({
      code: "CONFIG_FIELD",
      facts: expect.objectContaining({ place: expect.objectContaining({ line: 3 }) }),
    }),
  );
  expect(() => givenGraph({ version: 2 } as never)).toThrow(expect.objectContaining({ code: "CONFIG_FIELD" }));
});

it("a field that no graph has is told with what is meant, wherever it stands", () => {
  const saidOf = (text: string) => JSON.stringify(readGraph(text, "graph.yaml").faults);
  expect(saidOf(`${TEXT}outputz: {}\n`)).toMatch(/outputz.*did you mean outputs\?/);
  expect(saidOf(TEXT.replace("of: em }", "of: em, bloc: auto }"))).toMatch(/bloc.*did you mean block\?/);
});
