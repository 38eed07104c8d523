import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../src/core/errors.js";
import { plan, smallConfig, tinyMrc } from "./ingest-plan-kit.js";

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
    ["runs: a glob that finds nothing", { runs: runs("(.*)", "rex/*.rec") }, "rex", /no run found.*no folder rex but rec/],
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
