import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const stack = (pixel: number, seed = 5) => mrcFile([5, 48, 48], pixel, { kind: "stack", seed });
const volume = (spacing: number, shape: [number, number, number] = [6, 12, 12], seed = 1) => mrcFile(shape, spacing, { seed });
async function asked(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith({ "TS_02.st": stack(2.5, 6), "rec/TS_02.mrc": volume(10, [6, 12, 12], 2), ...files });
  const { questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  return questions.map(({ id, answer, options }) => [id.replace(/-.*/, ""), answer, options.map((one) => one.answer).join()]);
}

describe("a header that contradicts the tilt series", () => {
  it("is asked about where the tomogram would be far wider than the images; the size by which they fit is taken", async () => {
    expect(await asked({ "TS_01.st": stack(2.5), "a/TS_01.mrc": volume(40) })).toEqual([["lying", "10", "10,40,leave-out"]]);
    // 12 voxels are no binning of 48 pixels along one axis
    expect(await asked({ "TS_01.st": stack(2.5), "a/TS_01.mrc": volume(40, [6, 12, 30]) })).toEqual([
      ["lying", undefined, "40,leave-out"],
    ]);
  });

  it("has no guess where the name has its voxel size, too", async () => {
    expect(await asked({ "TS_01.st": stack(2.5), "a/TS_01_40.00Apx.mrc": volume(40) })).toEqual([
      ["lying", undefined, "40,leave-out"],
    ]);
  });

  it("is none where most tomograms do not fit their tilt series", async () => {
    const third = { "TS_03.st": stack(2.5), "rec/TS_03.mrc": volume(40), "TS_01.st": stack(2.5), "a/TS_01.mrc": volume(40) };
    expect(await asked(third)).toEqual([]);
  });

  it("is fine for a tomogram that was turned by 45°, or is a part", async () => {
    expect(await asked({ "TS_01.st": stack(2.5), "a/TS_01.mrc": volume(10, [6, 17, 17]) })).toEqual([]);
    expect(await asked({ "TS_01.st": stack(2.5), "a/TS_01.mrc": volume(5) })).toEqual([]);
  });

  it("is asked about where a tomogram of the run has as many voxels, of the size by which they fit the images", async () => {
    const two = { "TS_01.st": stack(2.5), "a/TS_01.mrc": volume(10), "try/TS_01.mrc": volume(5, [6, 12, 12], 3) };
    expect(await asked(two)).toEqual([["lying", "leave-out", "10,5,leave-out"]]);
    // then it is a part of that one
    const whole = await asked({ ...two, "b/TS_01.mrc": volume(5, [12, 24, 24], 4) });
    expect(whole.map(([id]) => id)).not.toContain("lying");
  });

  it("is none where a note says that the pixel was calibrated, and the tomogram was made again with that", async () => {
    const two = { "TS_01.st": stack(2.5), "a/TS_01.mrc": volume(10), "again/TS_01.mrc": volume(9.68, [6, 12, 12], 3) };
    const note = { "PIXEL.txt": "calibrated 2.42 A/px, 2.5 before\n" };
    expect((await asked(two)).map(([id]) => id)).toEqual(["lying"]);
    expect((await asked({ ...two, ...note })).map(([id]) => id)).toEqual(["noted"]);
  });

  it("is seen though a person is asked which of two stacks counts", async () => {
    const two = { "one/TS_01.st": stack(2.5, 7), "two/TS_01.st": stack(2.5, 7.0001), "a/TS_01.mrc": volume(40) };
    const found = await asked(two);
    expect(found.map(([id, answer]) => [id, answer])).toEqual([
      ["series", undefined],
      ["lying", "10"],
    ]);
  });
});

describe("a tomogram of binned images whose header has the pixel of another microscope", () => {
  const more = { "TS_03.st": stack(2.5, 7), "rec/TS_03.mrc": volume(10, [6, 12, 12], 3) };

  it("is asked about, and the size by the pixel of its tilt series is taken", async () => {
    expect(await asked({ ...more, "TS_01.st": stack(2.5), "a/TS_01.mrc": volume(11.6) })).toEqual([
      ["lying", "10", "10,11.6,leave-out"],
    ]);
    expect(await asked({ ...more, "TS_01.st": stack(2.5), "a/TS_01.mrc": volume(8.4) })).toEqual([
      ["lying", "10", "10,8.4,leave-out"],
    ]);
  });

  it.each([
    ["it is a part of one of another binning", volume(5)],
    ["its size is no binning along both axes", volume(11.6, [6, 12, 14])],
    ["the pixel may have been calibrated anew", volume(10.4)],
  ])("is none where %s", async (_, of) => {
    expect(await asked({ ...more, "TS_01.st": stack(2.5), "a/TS_01.mrc": of })).toEqual([]);
  });

  it("is none where most tomograms have it: the headers of the tilt series may be wrong", async () => {
    const odd = (n: number) => ({ [`TS_0${n}.st`]: stack(2.5, n + 6), [`b${n}/TS_0${n}.mrc`]: volume(11.6, [6, 12, 12], n) });
    expect(await asked({ "TS_01.st": stack(2.5), "a/TS_01.mrc": volume(11.6), ...odd(3) })).toEqual([]);
  });
});
