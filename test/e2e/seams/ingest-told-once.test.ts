import { afterAll, describe, expect, it } from "vitest";
import { EmporiumError, formatError } from "../../../src/core/errors.js";
import { memoryStore } from "../../../src/stores/memory/store.js";
import { smallConfig, storeOf, tinyMrc } from "../ingest-plan-kit.js";
import { removeTempFolders, run } from "../ingest-run-kit.js";

afterAll(removeTempFolders);

const recs = (...names: string[]) => Object.fromEntries(names.map((name) => [`lab/rec/${name}.rec`, tinyMrc(8, 8, 8, 10.5)]));
const METADATA = "{fiducial_alignment_status: NON_FIDUCIAL, reconstruction_method: WBP, processing: raw}";
const ONE_RUN = "[{sources: [{literal: {value: [TS_1]}}]}]";

describe("an import that is told to stop", () => {
  it("seam 42: says so once, in one line with counts, not in three lines for each task that has not begun", async () => {
    const stop = new AbortController();
    const report = await run({
      config: smallConfig(),
      source: await storeOf(recs("TS_1", "TS_2", "TS_3")),
      target: memoryStore(),
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind === "settled" && event.state === "done")
          stop.abort(new EmporiumError("CANCELLED", "stopped by SIGTERM", { hint: "run the same command again to resume" }));
      },
    });
    expect(report).toMatchObject({ status: "cancelled", exitStatus: 130 });
    expect(report.errors).toHaveLength(1);
    const lines = formatError(report.errors[0]!).split("\n");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^error\[CANCELLED\]: stopped by SIGTERM: [1-9]\d* done, .*[1-9]\d* not started/);
    // stderr says it; stdout does not say it again
    expect(report.toText()).toBe("");
  });
});

describe("one fault", () => {
  it("seam 42: two tomograms under one name are told once, in plan and run", async () => {
    const scene = {
      config: smallConfig({
        runs: ONE_RUN,
        tomograms: `[{metadata: ${METADATA}, sources: [{source_glob: {list_glob: 'rec/{run_name}*.rec'}}]}]`,
      }),
      source: await storeOf(recs("TS_1", "TS_1_b")),
      target: memoryStore(),
    };
    for (const dryRun of [true, false]) {
      const { errors, exitStatus } = await run({ ...scene, dryRun });
      expect(exitStatus).toBe(3);
      expect(errors.map(({ code }) => code)).toEqual(["CONFIG_COLLISION"]);
      expect(errors[0]!.message).toContain("TS_1.rec and");
    }
  });

  it("seam 42: two acquisition files of one run are told once, whatever needs them", async () => {
    const more = `collection_metadata: [{sources: [{source_glob: {list_glob: '*.mdoc'}}]}]
frames: [{metadata: {dose_rate: 1, is_gain_corrected: true}, sources: [{source_glob: {list_glob: '*.tif'}}]}]
`;
    const source = await storeOf({ ...recs("TS_1"), "lab/a.mdoc": "x", "lab/b.mdoc": "x", "lab/f.tif": "x" });
    const { errors } = await run({ config: smallConfig({ runs: ONE_RUN, more }), source, target: memoryStore() });
    expect(errors.map(({ code }) => code)).toEqual(["CONFIG_COLLISION"]);
  });

  it("seam 42: two blocks for one annotation are told once", async () => {
    const block = (file: string) =>
      `{metadata: {annotation_object: {name: ribosome}, version: '1.0'}, sources: [{Point: {file_format: csv, glob_string: ${file}}}]}`;
    const more = `annotations: [${block("a.csv")}, ${block("b.csv")}]\n`;
    const source = await storeOf({ ...recs("TS_1"), "lab/a.csv": "1,1,1\n", "lab/b.csv": "2,2,2\n" });
    const { errors } = await run({ config: smallConfig({ runs: ONE_RUN, more }), source, target: memoryStore() });
    expect(errors.map(({ code }) => code)).toEqual(["CONFIG_COLLISION"]);
  });
});
