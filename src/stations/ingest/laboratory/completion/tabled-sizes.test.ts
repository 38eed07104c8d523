import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { configurationOf } from "../configuration/configuration.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const stack = (seed: number, pixel: number) => mrcFile([5, 48, 40], pixel, { kind: "stack", seed });
const volume = (seed: number, voxel: number) => mrcFile([6, 24, 20], voxel, { seed });
/** Two series of one name, of which one has no sizes in its headers. */
const FILES = {
  ...{ "data/a1/raw/MR_1.mrc": stack(1, 4), "data/a1/3d/MR_1.rec": volume(2, 8) },
  ...{ "data/b1/raw/MR_1.mrc": stack(3, 1), "data/b1/3d/MR_1.rec": volume(4, 1) },
  "data/a2/raw/MR_2.mrc": stack(5, 4),
};
const STACKS = "id,file,pixel (nm)\na1,MR_1.mrc,0.4\nb1,MR_1.mrc,0.53\na2,MR_2.mrc,0.4\n";
const VOLUMES = "id,file,voxel size [Å]\na1,MR_1.rec,8\nb1,MR_1.rec,10.6\n";

async function decided(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith({ ...FILES, ...files });
  const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const { yaml } = await configurationOf(laboratory, decisions, { sourcePrefix: "", answers: {}, heading: [] });
  const sizeOf = (path: string) => decisions.files.get(path)?.details.spacingAngstrom;
  return { ...decisions, yaml, sizeOf, sizes: ["data/b1/raw/MR_1.mrc", "data/b1/3d/MR_1.rec"].map(sizeOf) };
}

describe("sizes of pixels that a table has", () => {
  it("are those of files whose headers have none, of the folder that the row names, and are told", async () => {
    const { sizes, yaml } = await decided({ "db/stacks.csv": STACKS, "db/volumes.csv": VOLUMES });
    expect(sizes).toEqual([5.3, 10.6]);
    expect(yaml).toContain("the header has none; db/stacks.csv has this");
    expect(yaml).toContain("the header has none; db/volumes.csv has this");
  });

  it.each([
    ["of which the titles have no unit", STACKS.replace("(nm)", "size")],
    ["that headers contradict as often as not", STACKS.replaceAll("0.4", "0.3")],
    ["with two such columns", STACKS.replace("id,", "px (nm),")],
    ["whose rows may mean two files", STACKS.replace("b1,", "x,")],
  ])("are not taken from tables %s", async (_, table) => {
    expect((await decided({ "db/stacks.csv": table })).sizes[0]).toBeUndefined();
  });

  it("are not taken where two tables contradict each other", async () => {
    const { sizes } = await decided({ "db/stacks.csv": STACKS, "db/old.csv": STACKS.replace("0.53", "0.35") });
    expect(sizes[0]).toBeUndefined();
    expect((await decided({ "db/stacks.csv": STACKS, "db/copy.csv": STACKS })).sizes[0]).toBe(5.3);
  });

  it("are asked about where a header has another one, and the tilt series speaks for the table", async () => {
    const files = {
      ...{ "data/b1/raw/MR_1.mrc": stack(3, 5.3), "data/b1/3d/MR_1.rec": volume(4, 7.7) },
      "db/volumes.csv": VOLUMES,
    };
    const more = { "data/a2/3d/MR_2.rec": volume(6, 8), "db/volumes.csv": `${VOLUMES}a2,MR_2.rec,8\n` };
    const { questions, sizes } = await decided({ ...files, ...more });
    expect(questions.flatMap(({ id, answer }) => (id.startsWith("tabled-size") ? [answer] : []))).toEqual(["10.6"]);
    expect(sizes[1]).toBe(10.6);
  });
});

it("the range of the tilts is taken from a table by which there are as many tilts as images", async () => {
  const table = (step: number) => `id,file,tilt_min,tilt_max,tilt step (deg)\na1,MR_1.mrc,-50,50,${step}\n`;
  const known = await decided({ "db/tilts.csv": table(25) });
  expect(known.yaml).toContain("tilt_range: {min: -50.0, max: 50.0}");
  expect(known.yaml).toContain("db/tilts.csv");
  expect((await decided({ "db/tilts.csv": table(10) })).yaml).not.toContain("min: -50.0");
});

describe("a voxel size that counts pixels, of a stack whose header was never set", () => {
  it("is none, and a person is asked", async () => {
    const { files, questions } = await decided({ "data/b1/3d/MR_1.rec": volume(4, 2) });
    expect(files.get("data/b1/3d/MR_1.rec")).toBeUndefined();
    expect(questions).toMatchObject([{ answer: undefined, text: expect.stringContaining("2 Å, as the header says?") }]);
  });

  it("stays where an acquisition file says that pixels have 1 Å", async () => {
    const mdoc = "PixelSpacing = 1\nImageFile = MR_1.mrc\n\n[ZValue = 0]\nTiltAngle = 0\n";
    // of another depth than the other tomogram of that name, which has the voxels of its images
    const rec = mrcFile([7, 24, 20], 2, { seed: 4 });
    const { files, questions } = await decided({ "data/b1/3d/MR_1.rec": rec, "data/b1/raw/MR_1.mrc.mdoc": mdoc });
    expect([files.get("data/b1/3d/MR_1.rec")?.role, questions]).toEqual(["tomogram", []]);
  });

  it("is that by the size of the images, where the pixel is known", async () => {
    expect((await decided({ "data/b1/3d/MR_1.rec": volume(4, 2), "db/stacks.csv": STACKS })).sizes).toEqual([5.3, 10.6]);
  });

  it("stays where the tomogram is not binned so, or the stack has a pixel size", async () => {
    expect((await decided({ "data/b1/3d/MR_1.rec": volume(4, 3) })).files.get("data/b1/3d/MR_1.rec")?.role).toBe("tomogram");
    const { files } = await decided({ "data/b1/raw/MR_1.mrc": stack(3, 1.01), "data/b1/3d/MR_1.rec": volume(4, 2) });
    expect(files.get("data/b1/3d/MR_1.rec")?.details.spacingAngstrom).toBeUndefined();
    expect(files.get("data/b1/3d/MR_1.rec")?.role).toBe("tomogram");
  });
});
