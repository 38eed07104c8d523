import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const edf = (name: string) => `Setup.DatasetName=${name}\nSetup.PixelSize=0.25\nSetup.RawImageStackExt=st\n`;

it("an untrimmed volume, and an aligned stack, are not published under another name either", async () => {
  const full = mrcFile([10, 8, 6], 5, { seed: 1 });
  const aligned = mrcFile([5, 10, 6], 5, { kind: "stack", seed: 2 });
  const laboratory = await laboratoryWith({
    "TS_01/TS_01.edf": edf("TS_01"),
    "TS_01/TS_01.st": mrcFile([5, 20, 12], 2.5, { kind: "stack", seed: 3 }),
    "TS_01/TS_01_ali.mrc": aligned,
    "TS_01/TS_01_full_rec.mrc": full,
    "TS_01/TS_01_view.rec": full,
    "TS_01/TS_01_nice.st": aligned,
    "TS_01/TS_01_other.rec": mrcFile([8, 10, 6], 5, { seed: 4 }),
  });
  const { files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const of = (end: string) => files.get(`TS_01/TS_01_${end}`);
  expect(of("view.rec")?.because).toMatch(/^a copy of TS_01\/TS_01_full_rec\.mrc, which is left out: /);
  expect(of("nice.st")?.because).toMatch(/^a copy of TS_01\/TS_01_ali\.mrc, which is left out: the aligned stack/);
  expect(of("other.rec")?.role).toBe("tomogram");
});

it("what lies in a copy of a folder is as good as what it was copied from", async () => {
  const [one, two] = [mrcFile([10, 8, 6], 5, { seed: 1 }), mrcFile([10, 8, 6], 5, { seed: 2 })];
  const laboratory = await laboratoryWith({
    ...{ "a drive/TS_01.rec": one, "a drive/TS_02.rec": two, "a drive/notes.txt": "ice\n" },
    ...{ "zweites Projekt/TS_01.rec": one, "zweites Projekt/TS_02.rec": two, "zweites Projekt/notes.txt": "ice\n" },
    "final/cell_A.mrc": one,
  });
  const { files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const published = (end: string) => [...files.values()].filter(({ path, role }) => role === "tomogram" && path.endsWith(end));
  expect([...published("TS_01.rec"), ...published("cell_A.mrc")]).toHaveLength(1);
  expect(published("TS_02.rec")).toHaveLength(1);
});

it("volumes without contents are no copies of one another", async () => {
  const blank = mrcFile([10, 8, 6], 5, { seed: 1 });
  blank.fill(0, 1024);
  const laboratory = await laboratoryWith({
    "TS_01/TS_01.edf": edf("TS_01"),
    "TS_01/TS_01.st": mrcFile([5, 20, 12], 2.5, { kind: "stack", seed: 3 }),
    "TS_01/TS_01_full_rec.mrc": blank,
    "TS_02/TS_02.rec": blank,
  });
  const { files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  expect(files.get("TS_02/TS_02.rec")?.role).toBe("tomogram");
});
