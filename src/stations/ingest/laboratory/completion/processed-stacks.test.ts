import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });

it("an aligned stack of which the recorded one is gone is published where a person says so alone", async () => {
  const laboratory = await laboratoryWith({
    "TS_01/TS_01.ali": stack(1),
    "TS_02/TS_02.ali": stack(2),
    "TS_02/TS_02.st": stack(3),
  });
  const { files, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  expect(questions).toMatchObject([
    {
      text: "Should TS_01/TS_01.ali be published?",
      why: "An alignment has rotated and shifted the images, and there is no stack of its run as recorded.",
      answer: "leave-out",
    },
  ]);
  expect([...files.values()].filter(({ role }) => role === "tilt series").map(({ path }) => path)).toEqual(["TS_02/TS_02.st"]);
});

it("nor is one that was weighted by the dose", async () => {
  const laboratory = await laboratoryWith({
    "TS_01/TS_01_dose-filt.st": stack(1),
    "TS_02/TS_02.rec": mrcFile([20, 40, 40], 10, { seed: 1 }),
  });
  const { files, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  expect(questions.find(({ id }) => id === "weighted-stacks")?.answer).toBe("leave-out");
  expect(files.get("TS_01/TS_01_dose-filt.st")?.role).toBe("left out");
});
