import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const SHAPE = [8, 60, 40] as const;

/** A volume of noise that has one value but in some of its columns. @param columns that keep theirs, of 40 */
function painted(columns: number): Uint8Array {
  const bytes = mrcFile([...SHAPE], 10, { seed: 5 });
  const voxels = new Float32Array(bytes.buffer, bytes.byteLength - 4 * SHAPE[0] * SHAPE[1] * SHAPE[2]);
  for (let at = 0; at < voxels.length; at++) if (at % SHAPE[2] >= columns) voxels[at] = 0.25;
  voxels[4 * SHAPE[1] * SHAPE[2]] = 1;
  return bytes;
}

it.each([
  ["most of whose voxels hold a single value is asked about, and left out", 12, [["painted", "leave-out"]], "left out"],
  ["with empty edges is a tomogram", 28, [], "tomogram"],
  ["with hardly any other voxel is empty, and nothing was cut out of it", 0, [], "tomogram"],
])("a volume %s", async (_, columns, asked, role) => {
  const laboratory = await laboratoryWith({
    "TS_01.st": mrcFile([5, 80, 80], 2.5, { kind: "stack", seed: 1 }),
    "rec/TS_01.mrc": painted(columns),
  });
  const { questions, files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  expect(questions.map(({ id, answer }) => [id, answer])).toEqual(asked);
  expect(files.get("rec/TS_01.mrc")?.role).toBe(role);
});
