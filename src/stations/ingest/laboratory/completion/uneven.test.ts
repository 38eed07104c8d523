import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();

/** @param depth Å along z, in the header's cell */
function withDepth(bytes: Uint8Array, depth: number): Uint8Array {
  new DataView(bytes.buffer, bytes.byteOffset).setFloat32(48, depth, true);
  return bytes;
}

async function decided(files: Record<string, Uint8Array>) {
  const laboratory = await laboratoryWith({ "TS_01.st": mrcFile([5, 80, 80], 2.5, { kind: "stack", seed: 1 }), ...files });
  const { questions, files: own } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  return { asked: questions.filter(({ id }) => id === "uneven"), of: (path: string) => own.get(path)?.role };
}

it("a tomogram that was binned in x and y alone is not published as one with cubes for voxels", async () => {
  const whole = { "rec/TS_01.mrc": mrcFile([12, 40, 44], 10, { seed: 2 }) };
  const binned = () => withDepth(mrcFile([12, 20, 22], 20, { seed: 3 }), 120);
  const { asked, of } = await decided({ ...whole, "rec/TS_01_b2.mrc": binned() });
  expect(asked.map(({ files, answer }) => [files, answer])).toEqual([[["rec/TS_01_b2.mrc"], "leave-out"]]);
  expect(asked[0]).toMatchObject({
    text: "Do the voxels of rec/TS_01_b2.mrc really have another size along one axis?",
    why: "By the header: rec/TS_01_b2.mrc (20×20×10 Å). That happens when a volume is binned along x and y only; the portal has one voxel size for all axes.",
  });
  expect([of("rec/TS_01.mrc"), of("rec/TS_01_b2.mrc")]).toEqual(["tomogram", "left out"]);
  // alone, too
  expect((await decided({ "rec/TS_01_b2.mrc": binned() })).of("rec/TS_01_b2.mrc")).toBe("left out");
});

it("where another tomogram shows that the header is wrong along z, nobody is asked", async () => {
  const { asked, of } = await decided({
    "rec/TS_01.mrc": mrcFile([12, 40, 44], 10, { seed: 2 }),
    "rec/TS_01_bin2.mrc": withDepth(mrcFile([6, 20, 22], 20, { seed: 3 }), 60),
    "rec/TS_01_unset.mrc": withDepth(mrcFile([3, 10, 11], 40, { seed: 4 }), 3),
  });
  expect([asked, of("rec/TS_01_bin2.mrc"), of("rec/TS_01_unset.mrc")]).toEqual([[], "tomogram", "tomogram"]);
});
