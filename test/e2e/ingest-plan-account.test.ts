import { afterAll, describe, expect, it } from "vitest";
import { formatAccount } from "../../src/stations/ingest/account/print.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { plan, smallConfig, storeOf, tinyMrc } from "./ingest-plan-kit.js";
import { removeTempFolders, run } from "./ingest-run-kit.js";

afterAll(removeTempFolders);

const TOMOGRAM = tinyMrc(4, 4, 4, 10.5);

describe("the account of a plan", () => {
  const config = smallConfig({
    runs: "[{sources: [{source_glob: {list_glob: 'rec/*.rec', name_regex: '(.*)\\.rec'}, exclude: ['TS_3']}]}]",
    more: `gains: [{sources: [{source_glob: {list_glob: 'gain.mrc'}}]}]
frames: [{metadata: {dose_rate: 1}, sources: [{source_glob: {list_glob: 'frames/{run_name}/a*', match_regex: '\\.tif$'}}, {source_glob: {list_glob: 'old/*.tif'}, parent_filters: {include: {run: [TS_9]}}}]}]\n`,
  });
  const files = {
    "lab/rec/TS_1.rec": TOMOGRAM,
    "lab/rec/TS_2.rec": TOMOGRAM,
    "lab/rec/TS_3.rec": TOMOGRAM,
    "lab/gain.mrc": TOMOGRAM,
    "lab/frames/TS_1/a.tif": "x",
    "lab/frames/TS_1/a.txt": "x",
    "lab/frames/TS_2/a.tif": "x",
    "lab/old/a.tif": "x",
    "lab/notes/a.txt": "x",
    "lab/rec/seg.zarr/.zgroup": "{}",
    "lab/rec/seg.zarr/0/0": "x",
    "elsewhere/a.rec": "x",
  };

  it("(34.1) gives each file below the source one fate: used, left out by a line, or unnamed", async () => {
    const { files: fates, ...counts } = await (await plan({ config, source: files })).account();
    expect(counts).toEqual({ below: "memory:/lab", used: 5, leftOut: 3, unnamed: 2, notImported: [], notLookedFor: 0 });
    const told = fates.map((file) => {
      if (file.fate === "used") return `${file.path}: ${file.uses.map(({ as, run }) => `${as} ${run ?? ""}`.trim()).join(", ")}`;
      return `${file.path}: ${file.fate === "unnamed" ? "unnamed" : `${file.by} ${file.at}`}`;
    });
    // lines and columns of the configuration above, counted by hand
    expect(told).toEqual([
      "lab/frames/TS_1/a.tif: frame TS_1",
      "lab/frames/TS_1/a.txt: match_regex c.yaml:9:47",
      "lab/frames/TS_2/a.tif: frame TS_2",
      "lab/gain.mrc: gain TS_1, gain TS_2",
      // no glob looks into it
      "lab/notes/: unnamed",
      "lab/old/a.tif: parent_filters c.yaml:9:148",
      "lab/rec/TS_1.rec: tomogram TS_1",
      "lab/rec/TS_2.rec: tomogram TS_2",
      "lab/rec/TS_3.rec: exclude c.yaml:5:19",
      "lab/rec/seg.zarr/: unnamed",
    ]);
  });

  it("(34.1) says what the command's filters leave out, and of which sections it imports nothing", async () => {
    const flags = { items: ["tomograms", "gains"], filter: { gain: ["none"] } };
    const account = await (await plan({ config, source: files, flags })).account();
    const fate = (path: string) => account.files.find((file) => file.path === path);
    expect(fate("lab/gain.mrc")).toEqual({
      path: "lab/gain.mrc",
      fate: "left out",
      by: "the command's filters",
      at: "c.yaml:8:20",
    });
    expect(account.notImported).toEqual(["frames"]);
    expect(formatAccount(account)).toContain("  files of frames count as left out: this command does not import them");
  });

  it("(34.1) says where files of filtered sources were not all looked for", async () => {
    const many = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`lab/old/${i}/a.tif`, "x"]));
    const deep = config.replace("old/*.tif", "old/*/*.tif");
    const account = await (await plan({ config: deep, source: { ...files, ...many } })).account();
    expect(account.notLookedFor).toBe(1);
    // 200 folders are listed for this, and one is that of the files above
    expect(account.files.filter((file) => file.fate === "left out" && file.by === "parent_filters").length).toBeGreaterThan(150);
    expect(formatAccount(account)).toContain(
      "  files of 1 source that parent_filters leave out were not all looked for: some count as files that no line names",
    );
  });

  it("(34.1) stands below the plan, before what cannot be imported: counts, the exceptions cut at three, all of them in the document", async () => {
    const notes = Object.fromEntries(["b", "c", "d", "e"].map((name) => [`lab/frames/TS_2/${name}`, "x"]));
    const source = await storeOf({ ...files, ...notes });
    const report = await run({ config, source, target: memoryStore(), dryRun: true });
    const lines = report.toText().split("\n");
    const at = lines.findIndex((line) => line.startsWith("Files below"));
    expect(lines.slice(at)).toEqual([
      "Files below memory:/lab: 5 used, 9 left out (6 of them since no line of the configuration names them, 2 whole folders among them)",
      "  used: 2 as frames, 1 as gains, 2 as tomograms; 1 file for several runs",
      "  left out by match_regex at c.yaml:9:47: lab/frames/TS_1/a.txt",
      "  left out by parent_filters at c.yaml:9:148: lab/old/a.tif",
      "  left out by exclude at c.yaml:5:19: lab/rec/TS_3.rec",
      "  left out, since no line names them: lab/frames/TS_2/b, lab/frames/TS_2/c, lab/frames/TS_2/d and 3 more files (--json lists all)",
      "",
      "2 cannot be imported",
    ]);
    expect(report.plan!.account!.files.filter(({ fate }) => fate === "unnamed")).toHaveLength(6);
  });
});
