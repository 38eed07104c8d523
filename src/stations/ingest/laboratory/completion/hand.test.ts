import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const SHAPE = [6, 12, 10] as const;
const volume = (seed: number) => mrcFile([...SHAPE], 10, { seed });
/** The same voxels counted from the other end of one axis: 0 is z. */
function mirrored(bytes: Uint8Array, axis: 0 | 1 | 2): Uint8Array {
  const begin = bytes.length - SHAPE[0] * SHAPE[1] * SHAPE[2] * 4;
  const voxels = new Float32Array(bytes.slice(begin).buffer);
  const other = voxels.map((_, at) => {
    const place = [Math.floor(at / (SHAPE[1] * SHAPE[2])), Math.floor(at / SHAPE[2]) % SHAPE[1], at % SHAPE[2]];
    place[axis] = SHAPE[axis] - 1 - place[axis]!;
    return voxels[(place[0]! * SHAPE[1] + place[1]!) * SHAPE[2] + place[2]!]!;
  });
  return new Uint8Array([...bytes.slice(0, begin), ...new Uint8Array(other.buffer)]);
}

async function asked(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith(files);
  const { questions, files: decided } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  return {
    questions: questions.map(({ id, answer }) => [id.replace(/-.*/, ""), answer]),
    role: (path: string) => decided.get(path)?.role,
  };
}

describe("two tomograms of a run of which one is the mirror image of the other", () => {
  it.each([0, 1, 2] as const)("are asked about by their voxels, along axis %i", async (axis) => {
    const { questions, role } = await asked({
      "a/TS_01.mrc": volume(1),
      "b/TS_01.mrc": mirrored(volume(1), axis),
      "a/TS_02.mrc": volume(2),
    });
    expect([questions, role("a/TS_01.mrc"), role("b/TS_01.mrc")]).toEqual([[["hand", undefined]], undefined, undefined]);
  });

  it("are not where they are two reconstructions", async () => {
    const { questions } = await asked({ "a/TS_01.mrc": volume(1), "b/TS_01.mrc": volume(3), "a/TS_02.mrc": volume(2) });
    expect(questions).toEqual([["twins", undefined]]);
  });

  it("by their names: the one that is called so is left out until somebody answers", async () => {
    const { questions, role } = await asked({
      "rec/TS_01.mrc": volume(1),
      "rec/TS_01_flipx.mrc": volume(3),
      "rec/TS_02.mrc": volume(2),
    });
    expect([questions, role("rec/TS_01.mrc"), role("rec/TS_01_flipx.mrc")]).toEqual([[["hand", "1"]], "tomogram", "left out"]);
  });

  it("is not told by the word for a volume that was turned", async () => {
    const { questions } = await asked({ "rec/TS_01_flipyz.mrc": volume(1), "rec/TS_02_flipyz.mrc": volume(2) });
    expect(questions).toEqual([]);
  });

  it("are asked about, too, where one has a run of its own of which nothing was recorded", async () => {
    const stack = (seed: number) => mrcFile([5, 12, 10], 4, { kind: "stack", seed });
    const { questions, role } = await asked({
      "tilts/TS_01.st": stack(5),
      "tilts/TS_02.st": stack(6),
      "rec/TS_01.mrc": volume(1),
      "rec/TS_02.mrc": volume(2),
      "augmented/sample_07.mrc": mirrored(volume(1), 2),
    });
    expect([questions, role("rec/TS_01.mrc"), role("augmented/sample_07.mrc")]).toEqual([
      [["hand", "1"]],
      "tomogram",
      "left out",
    ]);
  });
});
