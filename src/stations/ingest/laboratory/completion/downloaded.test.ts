import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { type Given, NOTHING_GIVEN } from "../decide.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const volume = (seed: number, spacing = 13.48) => mrcFile([6, 24, 24], spacing, { seed });
const stack = (seed: number) => mrcFile([5, 48, 48], 3.37, { kind: "stack", seed });
const angles = "-6\n-3\n0\n3\n6\n";
const OWN = { "own/TS_01.st": stack(1), "own/TS_01.rawtlt": angles, "own/TS_01.rec": volume(11) };

async function decided(files: Record<string, string | Uint8Array>, answers: Record<string, string> = {}) {
  const laboratory = await laboratoryWith(files);
  const recognised = await recognisedIn(laboratory, signal);
  const first = await decisionsOf(laboratory, recognised, signal);
  const given: Given = {
    ...NOTHING_GIVEN,
    answers: new Map(
      first.questions.flatMap(({ id }) =>
        Object.entries(answers).flatMap(([begin, answer]) => (id.startsWith(begin) ? [[id, answer] as const] : [])),
      ),
    ),
  };
  const decisions = await decisionsOf(laboratory, recognised, signal, given);
  const role = (path: string) => decisions.files.get(path)?.role;
  const asked = decisions.questions.map(({ id, answer }) => [id.replace(/-[^-]*$/, ""), answer]);
  return { ...decisions, role, asked, because: (path: string) => decisions.files.get(path)?.because };
}

describe("copies of a dataset of the portal", () => {
  const tomogram = "down/20011/TS_26/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_26.mrc";
  const series = "down/20011/TS_26/TiltSeries/100/TS_26.mrc";
  const download = { "down/20011/TS_26/run_metadata.json": "{}", [tomogram]: volume(26), [series]: stack(26) };
  const again = { "work/in/pombe_26.mrc": volume(26), "work/TS_26.st": stack(26), "work/TS_26.rawtlt": angles };

  it("are no more published than the dataset is, and what was made of them is of its runs", async () => {
    const files = { ...OWN, ...download, ...again, "work/denoised/TS_26.mrc": volume(27) };
    const { role, because, runs } = await decided(files);
    expect(because("work/in/pombe_26.mrc")).toBe(`the same voxels as ${tomogram}, which the portal has`);
    expect(because("work/TS_26.st")).toBe(`the same images as ${series}, which the portal has`);
    expect([role("work/denoised/TS_26.mrc"), role("own/TS_01.rec"), runs]).toEqual(["tomogram", "tomogram", ["TS_01", "TS_26"]]);

    const published = await decided(files, { portal: "publish" });
    expect([tomogram, series, "work/in/pombe_26.mrc", "work/TS_26.st"].map(published.role)).toEqual([
      "tomogram",
      "tilt series",
      "left out",
      "left out",
    ]);
  });

  it("are asked about where they were written anew, in runs of which nothing was recorded", async () => {
    const files = { ...OWN, ...download, "work/in/pombe_26.mrc": volume(26, 13.5) };
    const { role, asked, questions } = await decided(files);
    expect(asked).toEqual([
      ["portal", "leave-out"],
      ["once-more", undefined],
    ]);
    expect(questions[1]!.text).toBe("Should work/in/pombe_26.mrc be published?");
    expect(questions[1]!.why).toMatch(/^They have the same voxels as \S+ of a dataset of the portal/);
    expect(role("work/in/pombe_26.mrc")).toBeUndefined();
    expect((await decided(files, { "once-more": "publish" })).role("work/in/pombe_26.mrc")).toBe("tomogram");
  });

  it("are none where the dataset was made of them: their run was recorded, and the portal writes its own headers", async () => {
    const place = "try/10002/TS_01/Reconstructions/VoxelSpacing13.000/Tomograms/100/TS_01.mrc";
    const { role, asked } = await decided({ ...OWN, "try/10002/TS_01/run_metadata.json": "{}", [place]: volume(11, 13) });
    expect(asked).toEqual([["portal", "leave-out"]]);
    expect([role("own/TS_01.rec"), role("own/TS_01.st"), role(place)]).toEqual(["tomogram", "tilt series", "left out"]);
  });
});

describe("single files of the portal in one folder", () => {
  const mask = mrcFile([6, 24, 24], 7.84, { value: 1 });
  const FLAT = {
    "down/TS_07.mrc": volume(7, 7.84),
    "down/TS_07-102-membrane-1.0_segmentationmask.mrc": mask,
    "down/101-photosystem_ii-1.0_point.ndjson": `{"type": "point", "location": {"x": 1, "y": 2, "z": 3}}\n`,
    "down/101-photosystem_ii-1.0.json": `{"annotation_object": {"name": "photosystem II"}}`,
  };

  it("are known by what annotations are called, and asked about", async () => {
    const { role, asked, because, questions } = await decided({ ...OWN, ...FLAT });
    expect(asked).toEqual([["downloaded", "leave-out"]]);
    expect(questions[0]).toMatchObject({
      text: "Should these 2 files be published?",
      why: "They seem to be downloads from the CryoET Data Portal: down/101-photosystem_ii-1.0_point.ndjson, down/TS_07-102-membrane-1.0_segmentationmask.mrc in the same folder have names that the portal gives to annotations.",
      files: ["down/TS_07-102-membrane-1.0_segmentationmask.mrc", "down/TS_07.mrc"],
    });
    expect(Object.keys(FLAT).map(role)).toEqual(["left out", "left out", "left out", "left out"]);
    expect(because("down/101-photosystem_ii-1.0.json")).toBe("metadata of the portal");
    expect((await decided({ ...OWN, ...FLAT }, { downloaded: "publish" })).role("down/TS_07.mrc")).toBe("tomogram");
  });

  it("are masks alone where the folder holds what somebody has recorded, and nothing elsewhere", async () => {
    const beside = Object.fromEntries(Object.entries(FLAT).map(([path, body]) => [path.replace("down/", "own/"), body]));
    const { role } = await decided({ ...OWN, ...beside });
    expect([role("own/TS_07.mrc"), role("own/TS_01.rec")]).toEqual(["tomogram", "tomogram"]);
    expect(role("own/TS_07-102-membrane-1.0_segmentationmask.mrc")).toBe("left out");
    const plain = { ...OWN, "down/TS_07.mrc": volume(7, 7.84), "down/TS_07_mask.mrc": mask };
    expect((await decided(plain)).asked.map(([id]) => id)).not.toContain("downloaded");
  });
});
