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
