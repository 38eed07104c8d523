import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";
import { configOf } from "../new-config.js";

const { signal } = new AbortController();
async function decided(...paths: readonly string[]) {
  const volumes = {
    "rec/TS_01.mrc": mrcFile([6, 12, 12], 10, { seed: 1 }),
    "rec/TS_02.mrc": mrcFile([6, 12, 12], 10, { seed: 2 }),
  };
  const laboratory = await laboratoryWith({
    ...volumes,
    ...Object.fromEntries(paths.map((path) => [path, `# ${path}\nv 1 2 3\n`])),
  });
  const { questions, files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  return {
    questions: questions.map(({ answer, options, text, why }) => [answer, options.map(({ says }) => says), text, why]),
    roles: paths.map((path) => files.get(path)?.role),
  };
}

describe("meshes of one thing", () => {
  it.each([
    ["of two spacings", ["mesh/TS_01_mito_8.0A.obj", "mesh/TS_01_mito_13.48Apx.obj"]],
    ["simplified", ["mesh/TS_01_mito.obj", "mesh/TS_01_mito_decimated.obj"]],
    ["in two formats", ["mesh/TS_01_mito.obj", "mesh/TS_01_mito.stl"]],
    ["of two binnings", ["mesh/bin4/TS_01_mito_bin4.obj", "mesh/bin8/TS_01_mito_bin8.obj"]],
  ])("are asked about and not published: %s", async (_, paths) => {
    const { questions, roles } = await decided(...paths);
    expect([questions.length, questions[0]![0], roles]).toEqual([1, undefined, [undefined, undefined]]);
  });

  it("are asked about once for runs that have the same", async () => {
    const names = ["mito_8.0A", "mito_16.0A"];
    const { questions } = await decided(...["TS_01", "TS_02"].flatMap((run) => names.map((name) => `mesh/${run}_${name}.obj`)));
    expect(questions).toEqual([
      [
        undefined,
        [
          "mesh/TS_01_mito_16.0A.obj, of 16 Å, and so for the other runs",
          "mesh/TS_01_mito_8.0A.obj, of 8 Å, and so for the other runs",
          "all of them",
        ],
        "Which of the 2 meshes of run TS_01 should be published? The answer is for 1 more run, too.",
        "They seem to be of the same thing.",
      ],
    ]);
  });

  it("are not those of two things, or of two runs", async () => {
    const { questions, roles } = await decided(
      "mesh/TS_01_mito.obj",
      "mesh/TS_01_er.obj",
      "mesh/TS_02_mito.obj",
      "mesh/TS_01_er2.obj",
    );
    expect([questions, roles]).toEqual([[], ["mesh", "mesh", "mesh", "mesh"]]);
  });
});

it("meshes of runs with different voxel sizes are each for the tomogram of its run", async () => {
  const laboratory = await laboratoryWith({
    "rec/TS_01.mrc": mrcFile([6, 12, 12], 10, { seed: 1 }),
    "rec/TS_02.mrc": mrcFile([6, 12, 12], 13.5, { seed: 2 }),
    "mesh/TS_01_mito.obj": "v 1 2 3\n",
    "mesh/TS_02_mito.obj": "v 3 2 1\n",
  });
  const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const { yaml } = await configOf({ laboratory, decisions }, { sourcePrefix: "", input: "/lab" });
  const { annotations } = parse(yaml) as { annotations: { sources: { parent_filters: unknown }[] }[] };
  expect(annotations.flatMap(({ sources }) => sources.map((source) => source.parent_filters))).toEqual([
    { include: { run: ["^TS_01$"], voxel_spacing: ["^10\\.000$"] } },
    { include: { run: ["^TS_02$"], voxel_spacing: ["^13\\.500$"] } },
  ]);
});
