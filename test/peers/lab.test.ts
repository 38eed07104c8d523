import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab, type Lab } from "../../examples/lab/generate.mjs";
import { inPartWithoutRealFiles, REAL_DATA } from "../real-data.js";
import { hasEnvironment, python, type Verdict } from "./environment.js";

const SCHEMA = fileURLToPath(new URL("misc/ingestion_config_models.schema.json", REAL_DATA));
const folder = mkdtempSync(join(tmpdir(), "emporium-peers-lab-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Of one run, by section. */
type Counted = Record<string, string[]>;

describe.skipIf(!hasEnvironment("peers"))("the miniature laboratory", () => {
  let lab: Lab;
  const key = (path: string) => relative(lab.input, path);

  beforeAll(async () => {
    lab = await generateLab({ out: folder, deposits: ["imod", "aretomo", "batch", "sim", "traps"], sections: "all" });
  });

  describe("judged by mrcfile, zarr-python and the portal's schema", () => {
    inPartWithoutRealFiles("configurations are not compared with the portal's schema");
    let verdicts: Verdict[];
    let names: string[];
    let configs: string[];

    beforeAll(async () => {
      const volumes = lab.deposits
        .flatMap(({ tomograms, tiltSeries }) => [...tomograms, ...tiltSeries])
        .map((volume) => ({ ...volume, name: key(volume.path) }));
      names = volumes.map(({ name }) => name);
      configs = lab.deposits.map(({ config }) => config);
      const job = { volumes, configs, schema: existsSync(SCHEMA) ? SCHEMA : null };
      writeFileSync(join(folder, "job.json"), JSON.stringify(job));
      verdicts = JSON.parse(await python("peers", "check_lab.py", [join(folder, "job.json")]));
    });

    it("has volumes that follow the formula, with headers that say so, but for the faults on purpose", () => {
      const own = verdicts.filter((verdict) => names.includes(verdict.case));
      expect(new Set(own.map((verdict) => verdict.case))).toEqual(new Set(names));
      expect(own.filter(({ passed }) => !passed)).toEqual([]);
    });

    it("has configurations that the schema accepts, but for the formats that are not the portal's", () => {
      const own = verdicts.filter((verdict) => configs.includes(verdict.case));
      expect(own.length).toBeGreaterThanOrEqual(configs.length * (existsSync(SCHEMA) ? 2 : 1));
      expect(own.filter(({ passed }) => !passed)).toEqual([]);
    });
  });

  it.each([
    ["frames, gain references and pictures, read by tifffile and Pillow", "check_lab_files.py", 60],
    ["mdoc files, read by mdocfile", "check_lab_mdocs.py", 60],
  ])("has %s", async (_, script, checks) => {
    const verdicts: Verdict[] = JSON.parse(await python("peers", script, [lab.input]));
    expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
    expect(verdicts.length).toBeGreaterThan(checks);
  });

  describe("counted by PyYAML, csv and re", () => {
    let counted: Record<string, Record<string, Counted>>;
    /** How many a run has of each section, for those that have any. */
    const numbers = (deposit: string) =>
      Object.fromEntries(
        Object.entries(counted[deposit]!).map(([run, sections]) => [
          run,
          Object.fromEntries(
            Object.entries(sections).flatMap(([section, { length }]) => (length > 0 ? [[section, length]] : [])),
          ),
        ]),
      );

    beforeAll(async () => {
      const configs = lab.deposits.map(({ config }) => config);
      counted = JSON.parse(await python("peers", "count_lab.py", [lab.input, ...configs]));
    });

    it("has the runs, tomograms and tilt series that the generator says", () => {
      for (const { name, runs, tomograms, tiltSeries } of lab.deposits) {
        const found = counted[name]!;
        expect(Object.keys(found)).toEqual(runs);
        for (const run of runs) {
          const of = (volumes: typeof tomograms) => volumes.filter((volume) => volume.run === run).map(({ path }) => key(path));
          expect(new Set(found[run]!.tomograms)).toEqual(new Set(of(tomograms)));
          expect(found[run]!.tiltseries).toEqual(of(tiltSeries));
        }
      }
    });

    it("has an IMOD deposit of two runs", () => {
      const common = {
        gains: 1,
        collection_metadata: 1,
        frames: 7,
        tiltseries: 1,
        rawtilts: 1,
        ctfs: 1,
        voxel_spacings: 1,
        tomograms: 1,
      };
      expect(numbers("imod")).toEqual({ TS_0001: { ...common, alignments: 2 }, TS_0002: { ...common, alignments: 5 } });
    });

    it("has an AreTomo deposit of three runs, the last without mdoc and alignment, with all traps", () => {
      const common = { gains: 1, frames: 7, tiltseries: 1, rawtilts: 1, ctfs: 1, voxel_spacings: 2 };
      const complete = { ...common, collection_metadata: 1, alignments: 1, tomograms: 4 };
      expect(numbers("aretomo")).toEqual({ run_001: complete, run_002: complete, run_003: { ...common, tomograms: 4 + 8 } });
    });

    it("has a batch of ten runs, some without tilt series, tomogram or spacing", () => {
      const whole = { collection_metadata: 1, frames: 1, tiltseries: 1, rawtilts: 1, ctfs: 1, voxel_spacings: 1, tomograms: 1 };
      const { tiltseries, ctfs, ...withoutSeries } = whole;
      const { tomograms, ...withoutTomogram } = whole;
      const { voxel_spacings, ...withoutSpacing } = withoutTomogram;
      const aligned = { ...whole, alignments: 1 };
      const odd: Record<number, object> = {
        1: aligned,
        2: aligned,
        4: withoutTomogram,
        5: withoutSeries,
        8: withoutSpacing,
        9: withoutSpacing,
      };
      const wanted = [1, 2, 3, 4, 5, 6, 8, 9, 10, 12].map((number) => [`mka2019-11-19-${number}`, odd[number] ?? whole]);
      expect(numbers("batch")).toEqual(Object.fromEntries(wanted));
      const spacings = Object.values(counted.batch!).flatMap((sections) => sections.voxel_spacings!);
      expect(new Set(spacings)).toEqual(new Set(["7.840", "10.000", "13.480", "17.976"]));
    });

    it("has simulated data of one run", () => {
      const sections = {
        collection_metadata: 1,
        frames: 1,
        tiltseries: 1,
        rawtilts: 1,
        ctfs: 1,
        alignments: 2,
        voxel_spacings: 1,
        tomograms: 1,
      };
      expect(numbers("sim")).toEqual({ TS_1: sections });
    });
  });
});
