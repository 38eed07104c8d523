import { afterAll, describe, expect, it } from "vitest";
import { isEmporiumError } from "../../src/core/errors.js";
import { checkSource } from "../../src/stations/ingest/account/check-source.js";
import { readStructure } from "../../src/stations/ingest/config/schema.js";
import { toldOnce, warnedOnce } from "../../src/stations/ingest/draft.js";
import { plan, RAWTLT, smallConfig, storeOf, tinyMdoc, tinyMrc } from "./ingest-plan-kit.js";
import { layOut, removeTempFolders } from "./ingest-run-kit.js";
import { png } from "./validate-kit.js";

afterAll(removeTempFolders);

const runs = (regex: string, glob = "rec/*.rec") =>
  `[{sources: [{source_glob: {list_glob: '${glob}', name_regex: '${regex}'}}]}]`;
const spacings = (regex: string) => `[{sources: [{source_glob: {list_glob: 'rec/{run_name}.rec', name_regex: '${regex}'}}]}]`;
const MORE = `annotations:
- metadata: {annotation_object: {name: ribosome, id: "GO:0005840"}, annotation_method: by hand, authors: [], method_type: manual, version: 1.0}
  sources: [{Point: {file_format: csv, glob_string: 'p/{run_name}.csv'}}]
`;
const SOURCE = { "lab/rec/a.rec": tinyMrc(6, 4, 2, 10.5), "lab/p/a.csv": "1,1,1\n" };

/** What is told of a configuration: what ends the plan, or its faults without what waits for them. */
async function told(config: string): Promise<{ code: string; message: string; line: number | undefined }[]> {
  try {
    const { failures, refusals } = await plan({ config, source: SOURCE });
    const all = [...refusals, ...failures.map(({ error }) => error)];
    return all.filter(({ code }) => code !== "TASK_BLOCKED").map(({ code, message, line }) => ({ code, message, line }));
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    return [{ code: error.code, message: error.message, line: error.facts.place?.line }];
  }
}

describe("one wrong line", () => {
  it.each<[string, Parameters<typeof smallConfig>[0], string, RegExp]>([
    ["runs: name_regex matches no name", { runs: runs("(TS_\\d+)\\.rec") }, "name_regex", /a\.rec: the name does not match/],
    ["runs: name_regex without its group", { runs: runs(".*\\.rec") }, "name_regex", /the regex has no group 1/],
    ["runs: name_regex that is none", { runs: runs("(.*") }, "name_regex", /cannot be compiled/],
    ["runs: a glob that finds nothing", { runs: runs("(.*)", "rex/*.rec") }, "rex", /no run found.*no rex\/, nearest: rec/],
    ["spacings: name_regex matches no name", { voxel_spacings: spacings("vs_(.*)") }, "vs_", /a\.rec: the name does not match/],
    ["spacings: name_regex without its group", { voxel_spacings: spacings("a.*") }, "'a.*'", /the regex has no group 1/],
  ])("(34.18) is told alone: %s", async (_, changes, word, message) => {
    const config = smallConfig({ ...changes, more: MORE });
    const line = config.split("\n").findIndex((text) => text.includes(word)) + 1;
    const [first, ...others] = await told(config);
    expect(others).toEqual([]);
    expect(first).toMatchObject({ line, message: expect.stringMatching(message) as string });
  });
});

const glob = (pattern: string, regex?: string) =>
  `{source_glob: {list_glob: '${pattern}'${regex === undefined ? "" : `, name_regex: '${regex}'`}}}`;
const IMOD = "{source_multi_glob: {list_globs: ['ali/{run_name}.xf', 'ali/{run_name}.tlt']}}";

/** Lines of a whole deposition by what they look for, and a glob for each where another stands in it. */
const LINES = {
  voxel_spacings: ["{literal: {value: [10.5]}}", "rec/{run_name}.rec"],
  tomograms: [glob("rec/{run_name}.rec"), "rec/{run_name}.rec"],
  alignments: [IMOD, "ali/{run_name}.*"],
  tiltseries: [glob("st/{run_name}.st"), "st/{run_name}.st"],
  rawtilts: [glob("raw/{run_name}.rawtlt"), "raw/{run_name}.rawtlt"],
  ctfs: [glob("ctf/{run_name}.txt"), "ctf/{run_name}.txt"],
  collection_metadata: [glob("mdoc/{run_name}.mdoc"), "mdoc/{run_name}.mdoc"],
  frames: [glob("frames/{run_name}_*.tif"), "frames/{run_name}_*.tif"],
  gains: [glob("gain/*.mrc"), "gain/*.mrc"],
  key_images: [glob("pictures/{run_name}.png"), "pictures/{run_name}.png"],
  dataset_keyphotos: [glob("photos/*.png", "(.*)\\.png"), "photos/*.png"],
  identified_objects: [glob("ids/*.csv"), "ids/*.csv"],
} as const;
type Line = keyof typeof LINES;

function whole(changes: Partial<Record<Line, string>>): string {
  const line = (name: Line) => changes[name] ?? LINES[name][0];
  const section = (name: Line, metadata?: string) =>
    `${name}: [{${metadata === undefined ? "" : `metadata: ${metadata}, `}sources: [${line(name)}]}]\n`;
  return smallConfig({
    voxel_spacings: `[{sources: [${line("voxel_spacings")}]}]`,
    tomograms: `[{metadata: {fiducial_alignment_status: NON_FIDUCIAL, reconstruction_method: WBP, processing: raw}, sources: [${line("tomograms")}]}]`,
    alignments: `[{metadata: {format: IMOD}, sources: [${line("alignments")}]}]`,
    more: [
      section("tiltseries", "{pixel_spacing: 2}"),
      section("rawtilts"),
      section("ctfs", "{format: CTFFIND}"),
      section("collection_metadata"),
      section("frames", "{dose_rate: 2, is_gain_corrected: false}"),
      section("gains"),
      section("key_images"),
      section("dataset_keyphotos"),
      section("identified_objects"),
      MORE,
    ].join(""),
  });
}

const RUNS = ["TS_01", "TS_02", "TS_10"];
const WHOLE: Record<string, string | Uint8Array> = {
  "lab/gain/g.mrc": tinyMrc(4, 4, 1, 2),
  "lab/ids/all.csv": `run_name,object_id,object_name,object_description,object_state\n${RUNS.map((run) => `${run},GO:0005840,ribosome,x,y\n`).join("")}`,
  "lab/photos/snapshot.png": png(60, 60),
  "lab/photos/thumbnail.png": png(60, 60),
};
for (const run of RUNS) {
  Object.assign(WHOLE, {
    [`lab/rec/${run}.rec`]: tinyMrc(6, 4, 2, 10.5),
    [`lab/ali/${run}.xf`]: "0.0958458 0.9953962 -0.9953962 0.0958458 0.5 -0.25\n".repeat(3),
    [`lab/ali/${run}.tlt`]: RAWTLT,
    [`lab/st/${run}.st`]: tinyMrc(6, 4, 3, 2),
    [`lab/raw/${run}.rawtlt`]: RAWTLT,
    [`lab/ctf/${run}.txt`]: [1, 2, 3].map((at) => `${at} 30000 29000 45 0 0.1 5\n`).join(""),
    [`lab/mdoc/${run}.mdoc`]: tinyMdoc((at) => `${run}_${at}.tif`),
    ...Object.fromEntries([0, 1, 2].map((at) => [`lab/frames/${run}_${at}.tif`, "frame"])),
    [`lab/pictures/${run}.png`]: png(60, 60),
    [`lab/p/${run}.csv`]: "1,1,1\n",
  });
}

describe("one wrong line of a whole deposition of three runs", () => {
  const scenes = (Object.keys(LINES) as Line[]).flatMap((name) => {
    const pattern = LINES[name][1];
    return [
      [name, "name_regex matches no name", glob(pattern, "XX(.*)")],
      [name, "name_regex without its group", glob(pattern, ".*")],
      [name, "a glob that finds nothing", glob(pattern.replace("/", "x/"))],
    ] as const;
  });

  it("and a literal without pictures says itself that there are none", async () => {
    const config = whole({ dataset_keyphotos: "{literal: {value: {snapshot: null, thumbnail: null}}}" });
    expect((await plan({ config, source: WHOLE })).warnings).toEqual([]);
  });

  it("of which none is wrong says nothing", async () => {
    const { failures, refusals, warnings } = await plan({ config: whole({}), source: WHOLE, options: { strict: true } });
    expect([failures, refusals, warnings]).toEqual([[], [], []]);
  });

  it.each(scenes)("(34.18) is told once, with what waits for it by kind: %s, %s", async (name, _, line) => {
    const config = whole({ [name]: line });
    const made = await plan({ config, source: WHOLE });
    const told = toldOnce(made.failures);
    const warned = warnedOnce(made.warnings).filter(({ message }) => !/show nothing of|is not made: none/.test(message));
    const causes = [
      ...told.filter(({ error }) => error.code !== "TASK_BLOCKED").map(({ error }) => error),
      // a section that finds nothing, where the rest can do without
      ...warned
        .filter(({ message }) => message.startsWith(`${name}: nothing is found`))
        .map(({ message, place }) => ({ message, ...place })),
    ];
    expect(causes).toMatchObject([{ line: config.split("\n").findIndex((text) => text.startsWith(`${name}:`)) + 1 }]);
    // what follows from it: of each kind one, not one for each run
    const waiting = told
      .filter(({ error }) => error.code === "TASK_BLOCKED")
      .map(({ error }) => error.message.replace(/ .*/, ""));
    expect(waiting).toEqual([...new Set(waiting)]);
    expect(warned.length).toBeLessThanOrEqual(2);
  });

  it.each(["voxel_spacings", "tiltseries"] as const)("(34.18) check --source tells the same as plan: %s", async (name) => {
    const config = whole({ [name]: glob(LINES[name][1], "XX(.*)") });
    const { failures } = await plan({ config, source: await storeOf(WHOLE) });
    const { errors } = await checkSource(readStructure(new TextEncoder().encode(config), "c.yaml"), { source: layOut(WHOLE) });
    const shown = ({ code, line, message }: { code: string; line?: number; message: string }) => `${code} ${line} ${message}`;
    expect(errors.map(shown)).toEqual(toldOnce(failures).map(({ error }) => shown(error)));
  });
});
