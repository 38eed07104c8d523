import { afterAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../src/core/random.js";
import { checkSource } from "../../src/stations/ingest/account/check-source.js";
import { readStructure } from "../../src/stations/ingest/config/schema.js";
import type { Store } from "../../src/stores/store.js";
import { openStore } from "../../src/stores/url.js";
import { plan, smallConfig, tinyMdoc, tinyMrc } from "./ingest-plan-kit.js";
import { layOut, removeTempFolders } from "./ingest-run-kit.js";

afterAll(removeTempFolders);

type Files = Record<string, string | Uint8Array>;
const TOMOGRAM = tinyMrc(4, 4, 4, 10.5);
const RUNS = "[{sources: [{literal: {value: [A, A_2]}}]}]";
const tomograms: Files = { "lab/rec/A.rec": TOMOGRAM, "lab/rec/A_2.rec": TOMOGRAM };
const frames = (glob: string) =>
  `frames: [{metadata: {dose_rate: 1}, sources: [{source_glob: {list_glob: '${glob}'}}]}]\ncollection_metadata: [{sources: [{source_glob: {list_glob: 'mdoc/{run_name}.mdoc'}}]}]\n`;
const mdocs: Files = { "lab/mdoc/A.mdoc": tinyMdoc(), "lab/mdoc/A_2.mdoc": tinyMdoc() };
const points =
  "annotations: [{metadata: {annotation_object: {name: membrane}, version: '1.0'}, sources: [{Point: {file_format: csv, glob_string: 'p/{run_name}.csv'}}]}]\n";

const SCENES: [string, string, Files][] = [
  [
    "CONFIG_SHARED",
    smallConfig({ runs: RUNS, more: frames("frames/{run_name}_*") }),
    { ...tomograms, ...mdocs, "lab/frames/A_1.tif": "x", "lab/frames/A_2_1.tif": "x" },
  ],
  [
    "CONFIG_COUNTS",
    smallConfig({ runs: RUNS, more: frames("frames/{run_name}/*") }),
    {
      ...tomograms,
      ...mdocs,
      ...Object.fromEntries([1, 2, 3, 4].map((i) => [`lab/frames/A/${i}.tif`, "x"])),
      "lab/frames/A_2/1.tif": "x",
    },
  ],
  ["CONFIG_ROLE", smallConfig({ runs: RUNS }), { ...tomograms, "lab/rec/A.rec.mdoc": tinyMdoc(), "lab/notes.txt": "x" }],
  [
    "CONFIG_SPACING",
    smallConfig({
      runs: RUNS,
      voxel_spacings: "[{sources: [{literal: {value: [10.5, 21]}}]}]",
      tomograms:
        "[{metadata: {fiducial_alignment_status: NON_FIDUCIAL, processing: raw, reconstruction_method: WBP}, sources: [{source_glob: {list_glob: 'rec/{run_name}.rec'}, parent_filters: {include: {voxel_spacing: ['10.500']}}}]}]",
      more: points,
    }),
    { ...tomograms, "lab/p/A.csv": "1,1,1\n", "lab/p/A_2.csv": "1,1,1\n" },
  ],
];

describe("ingest check --source", () => {
  it.each(SCENES)("(34.law) says of a source what ingest plan says: %s", async (code, config, files) => {
    const source = layOut(files);
    const target = layOut({});
    for (const strict of [false, true]) {
      const made = await plan({ config, source: await openStore(source), target: await openStore(target), options: { strict } });
      const told = [...made.refusals.map((one) => one.code), ...made.warnings.map((one) => one.code)];
      expect(told).toContain(code);
      for (const given of [undefined, target]) {
        const checked = await checkSource(readStructure(new TextEncoder().encode(config), "c.yaml"), {
          source,
          target: given,
          strict,
        });
        expect(checked.account).toEqual(await made.account());
        expect(checked.errors.slice(0, made.refusals.length)).toEqual(made.refusals);
        expect(checked.errors.length > 0).toBe(made.refusals.length + made.failures.length > 0);
        const coded = made.warnings.filter((one) => one.code !== undefined);
        expect(checked.warnings.map(({ code: own, message }) => [own, message])).toEqual(
          coded.map((one) => [one.code, one.message]),
        );
      }
    }
  });
});

/** A store whose answers come after random waits: runs that are planned side by side overtake one another. */
function jittery(store: Store, seed: number): Store {
  const random = seededRandom(seed);
  const wait = () => new Promise((done) => setTimeout(done, random() * 6));
  return {
    ...store,
    async *list(...asked) {
      await wait();
      yield* store.list(...asked);
    },
    async stat(...asked) {
      await wait();
      return store.stat(...asked);
    },
    async read(...asked) {
      await wait();
      return store.read(...asked);
    },
  };
}

describe("ingest plan", () => {
  it.each(SCENES)("says the same whatever its source answers first: %s", async (_, config, files) => {
    const source = await openStore(layOut(files));
    const target = await openStore(layOut({}));
    const told = async (from: Store) => {
      const { refusals, warnings, failures, account } = await plan({ config, source: from, target, options: {} });
      return { refusals, warnings, failures, account: await account() };
    };
    const first = await told(source);
    for (let seed = 1; seed <= 8; seed++) expect(await told(jittery(source, seed)), `seed ${seed}`).toEqual(first);
  });
});
