import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const SHAPE = [8, 60, 40] as const;

interface Kept {
  readonly rows?: readonly [number, number];
  readonly columns: readonly [number, number];
}

/** A volume of noise that has one value but in some of its rows and columns. @param kept of 60 and of 40, from the first to before the last */
function painted({ rows = [0, 60], columns }: Kept): Uint8Array {
  const bytes = mrcFile([...SHAPE], 10, { seed: 5 });
  const voxels = new Float32Array(bytes.buffer, bytes.byteLength - 4 * SHAPE[0] * SHAPE[1] * SHAPE[2]);
  const isKept = (value: number, [first, end]: readonly [number, number]) => value >= first && value < end;
  for (let at = 0; at < voxels.length; at++) {
    const row = Math.floor(at / SHAPE[2]) % SHAPE[1];
    if (!isKept(at % SHAPE[2], columns) || !isKept(row, rows)) voxels[at] = 0.25;
  }
  voxels[4 * SHAPE[1] * SHAPE[2]] = 1;
  return bytes;
}

const ASKED = [["painted", "leave-out"]];
it.each<[string, Kept, readonly string[][], string]>([
  ["most of whose voxels hold a single value is asked about, and left out", { columns: [0, 12] }, ASKED, "left out"],
  ["of which a piece in its middle is left is asked about, too", { rows: [20, 40], columns: [0, 40] }, ASKED, "left out"],
  [
    "of which a small piece is left, between the rows that are looked at first, too",
    { rows: [33, 38], columns: [0, 5] },
    ASKED,
    "left out",
  ],
  ["with empty edges is a tomogram", { columns: [0, 28] }, [], "tomogram"],
  ["with hardly any other voxel is empty, and nothing was cut out of it", { columns: [0, 0] }, [], "tomogram"],
])("a volume %s", async (_, kept, asked, role) => {
  const laboratory = await laboratoryWith({
    "TS_01.st": mrcFile([5, 80, 80], 2.5, { kind: "stack", seed: 1 }),
    "rec/TS_01.mrc": painted(kept),
  });
  const { questions, files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  expect(questions.map(({ id, answer }) => [id, answer])).toEqual(asked);
  expect(files.get("rec/TS_01.mrc")?.role).toBe(role);
});
