import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const stack = (seed: number) => mrcFile([5, 48, 40], 2.5, { kind: "stack", seed });
const volume = (seed: number) => mrcFile([6, 24, 20], 5, { seed });
const ofAll = { "rec/MR_1.rec": volume(5), "rec/MR_2.rec": volume(8), "raw/MR_1.st": stack(3), "raw/MR_2.st": stack(9) };
const LAB = { ...ofAll, "raw/CP_3a.st": stack(1), "raw/CP_3b.st": stack(2), "rec/CP_3.rec": volume(4) };
/** The same in a folder for each series. */
const FOLDERS = Object.fromEntries(Object.entries(LAB).map(([path, bytes]) => [`d/x-${/_(\d)/.exec(path)![1]}/${path}`, bytes]));

async function decided(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith(files);
  const { runs, notes, questions, files: all } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const roleOf = (name: string) => [...all.values()].find(({ path }) => path.endsWith(name))?.role;
  return { runs, notes: notes.join(" "), questions, axes: [roleOf("/CP_3a.st"), roleOf("/CP_3b.st")], all };
}

it("two stacks of which a tomogram has the name without their letters are its axes", async () => {
  const { runs, notes, axes, all } = await decided({ ...LAB, "old/CP_3a.rec": volume(6) });
  expect([runs, axes]).toEqual([
    ["CP_3", "MR_1", "MR_2"],
    ["tilt series", "left out"],
  ]);
  expect(notes).toContain(
    "raw/CP_3a.st and raw/CP_3b.st seem to be the two axes of rec/CP_3.rec, which has a similar name and shows the same: raw/CP_3b.st is not published.",
  );
  expect(all.get("old/CP_3a.rec")).toMatchObject({ role: "left out", because: expect.stringContaining("of one axis") });
});

it("so where each series has a folder, which is asked nothing", async () => {
  const { axes, questions } = await decided(FOLDERS);
  expect([axes, questions]).toEqual([["tilt series", "left out"], []]);
});

it.each<[string, Record<string, Uint8Array>]>([
  ["it shows something else", { "rec/CP_3.rec": mrcFile([6, 20, 36], 5, { seed: 4 }) }],
  ["it has a stack of its own", { "raw/CP_3.st": stack(7) }],
])("they are two series where %s", async (_, files) => {
  const { runs, axes } = await decided({ ...LAB, ...files });
  expect([runs, axes]).toEqual([
    ["CP_3", "CP_3a", "CP_3b", "MR_1", "MR_2"],
    ["tilt series", "tilt series"],
  ]);
});
