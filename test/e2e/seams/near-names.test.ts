import { afterAll, describe, expect, it } from "vitest";
import { memoryStore } from "../../../src/stores/memory/store.js";
import { smallConfig, storeOf, tinyMrc } from "../ingest-plan-kit.js";
import { removeTempFolders, run } from "../ingest-run-kit.js";

afterAll(removeTempFolders);

const RUNS = ["TS_1", "TS_2", "TS_3"];
const LITERAL_RUNS = `[{sources: [{literal: {value: [${RUNS.join(", ")}]}}]}]`;
const METADATA = "{fiducial_alignment_status: NON_FIDUCIAL, reconstruction_method: WBP, processing: raw}";

async function planned(config: string, files: (name: string) => Record<string, string | Uint8Array>) {
  const source = await storeOf(Object.assign({}, ...RUNS.map(files)) as Record<string, string | Uint8Array>);
  return run({ config, source, target: memoryStore(), dryRun: true });
}

describe("a glob that finds nothing", () => {
  const tomograms = (glob: string) => `[{metadata: ${METADATA}, sources: [{source_glob: {list_glob: '${glob}'}}]}]`;

  it("seam 7: of tomograms is told once for all runs, with the path that was looked for and the name beside it", async () => {
    const config = smallConfig({ runs: LITERAL_RUNS, tomograms: tomograms("rec/{run_name}_bin8.mrc") });
    const report = await planned(config, (name) => ({ [`lab/rec/${name}_bin4.mrc`]: tinyMrc(4, 4, 4, 10.5) }));
    expect(report.exitStatus).toBe(3);
    expect(report.errors.map(({ code, message }) => [code, message])).toEqual([
      [
        "CONFIG_EMPTY",
        "no tomogram found for voxel spacing 10.500: looked for memory:/lab/rec/TS_1_bin8.mrc (nearest: TS_1_bin4.mrc); in 3 runs: TS_1, TS_2, TS_3",
      ],
    ]);
    // the error follows the text by itself
    expect(report.toText()).toMatch(/^1 cannot be imported$|cannot be imported$/);
    expect(report.toText()).not.toContain("looked for");
  });

  it("seam 7: names the folder that is not there", async () => {
    const config = smallConfig({ runs: LITERAL_RUNS, tomograms: tomograms("tomograms/{run_name}.mrc") });
    const report = await planned(config, (name) => ({ [`lab/tomogram/${name}.mrc`]: tinyMrc(4, 4, 4, 10.5) }));
    expect(report.errors).toHaveLength(1);
    expect(report.errors[0]!.message).toContain("looked for memory:/lab/tomograms/TS_1.mrc (no tomograms/, nearest: tomogram);");
  });

  it("seam 7: of points, gains and runs, and one of two sources", async () => {
    const rec = (name: string) => ({ [`lab/rec/${name}.rec`]: tinyMrc(4, 4, 4, 10.5) });
    const points = `annotations: [{metadata: {annotation_object: {name: ribosome}, version: '1.0'}, sources: [{Point: {file_format: csv, glob_string: 'p/{run_name}.csv'}}]}]\n`;
    const gains = "gains: [{sources: [{source_glob: {list_glob: 'gain/*.dm4'}}, {source_glob: {list_glob: 'gain/*.gain'}}]}]\n";
    const config = smallConfig({ runs: LITERAL_RUNS, more: points + gains });
    const report = await planned(config, (name) => ({ ...rec(name), [`lab/p/${name}.tsv`]: "1,1,1\n", "lab/gain/a.gain": "x" }));
    const messages = (report.warnings as { message: string }[]).map(({ message }) => message);
    expect(messages.filter((message) => message.includes("looked for"))).toEqual([
      "gains: nothing is found by gain/*.dm4 for any of 3 runs: looked for memory:/lab/gain/*.dm4 (found: a.gain)",
      "annotations: nothing is found by p/{run_name}.csv for any of 3 runs: looked for memory:/lab/p/TS_1.csv (nearest: TS_1.tsv)",
    ]);
    await expect(
      planned(smallConfig({ runs: "[{sources: [{source_glob: {list_glob: 'rec/*.mrc', name_regex: '(.*)\\.mrc'}}]}]" }), rec),
    ).rejects.toMatchObject({
      code: "CONFIG_EMPTY",
      message: expect.stringContaining("no run found: looked for memory:/lab/rec/*.mrc (found: TS_1.rec"),
    });
  });
});

describe("a fault that all runs share", () => {
  it("seam 7: is told once, with the runs", async () => {
    const more = "frames: [{metadata: {is_gain_corrected: true}, sources: [{source_glob: {list_glob: 'f/*.tif'}}]}]\n";
    const report = await planned(smallConfig({ runs: LITERAL_RUNS, more }), (name) => ({
      [`lab/rec/${name}.rec`]: tinyMrc(4, 4, 4, 10.5),
      "lab/f/a.tif": "x",
    }));
    const told = report.errors.filter(({ message }) => message.includes("dose_rate"));
    expect(told.map(({ message }) => message)).toEqual([expect.stringContaining("in 3 runs: TS_1, TS_2, TS_3")]);
  });
});
