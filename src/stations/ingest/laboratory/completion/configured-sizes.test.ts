import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { zarrFiles } from "../../../../../test/zarr-volume.js";
import { NOTHING_GIVEN } from "../decide.js";
import { givenOf, readDecisions, writeDecisions } from "../decisions-file.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const volume = (seed: number) => mrcFile([6, 12, 12], 13.1, { seed });
const configuration = (spacing: string) => `
standardization_config: {source_prefix: "", deposition_id: 10000}
runs:
- sources: [{source_glob: {list_glob: "rec/*.rec", name_regex: "(.*)[.]rec$"}}]
tomograms:
- metadata: {voxel_spacing: ${spacing}}
  sources: [{source_glob: {list_glob: "rec/{run_name}.rec"}}]
`;
const project = { "rec/TS_01.rec": volume(1), "rec/TS_02.rec": volume(2) };

async function known(files: Record<string, string | Uint8Array>, decisions?: string, answer?: string) {
  const laboratory = await laboratoryWith(files);
  const text = decisions?.replace("answer: null", `answer: "${answer}"`);
  const given = text === undefined ? NOTHING_GIVEN : givenOf(readDecisions(text, "decisions.yaml"), laboratory);
  const decided = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal, given);
  const sizes = Object.keys(project).map((path) => decided.files.get(path)?.details.spacingAngstrom);
  return { ...decided, sizes, text: await writeDecisions(laboratory, decided) };
}

describe("a voxel size of an earlier configuration", () => {
  it("is that of the header where it has fewer digits of it", async () => {
    const { questions, sizes, notes } = await known({ ...project, "old.yaml": configuration("13.0") });
    expect([questions, sizes, notes]).toEqual([[], [undefined, undefined], []]);
  });

  it("is asked about where the header has another one, and neither is taken", async () => {
    const { questions, files } = await known({ ...project, "old.yaml": configuration("13.6") });
    expect(questions).toMatchObject([
      {
        text: "What is the voxel size of these 2 files?",
        why: "An earlier configuration says 13.6 Å (old.yaml names it), the header says 13.1 Å.",
        files: ["rec/TS_01.rec", "rec/TS_02.rec"],
        answer: undefined,
      },
    ]);
    expect(files.has("rec/TS_01.rec")).toBe(false);
  });

  it("and copies of what is asked about are published no more than once after the answer", async () => {
    const values = new Float32Array(volume(1).slice(1024).buffer);
    const zarr = zarrFiles({
      ...{ shape: [6, 12, 12], dtype: "float32", chunk: [6, 12, 12], scale: [13.1, 13.1, 13.1], unit: "angstrom" },
      value: (z, y, x) => values[(z * 12 + y) * 12 + x]!,
    });
    const copy = Object.fromEntries(
      [...zarr].map(([key, body]) => [`web/TS_01.zarr/${key}`, body instanceof Uint8Array ? body : JSON.stringify(body)]),
    );
    const all = { ...project, ...copy, "old.yaml": configuration("13.6") };
    const { text } = await known(all);
    const { files, sizes } = await known(all, text, "13.6");
    expect(sizes).toEqual([13.6, 13.6]);
    expect(files.get("web/TS_01.zarr")).toMatchObject({ role: "left out", because: "the same voxels as rec/TS_01.rec" });
  });
});
