import { expect, it } from "vitest";
import { missingFramesNotes } from "./missing-frames.js";

it("a series whose frames are found by their folder lacks none; of the others it is told once", () => {
  const missing = (run: string) => ({ run, by: `${run}.mdoc`, found: 0, of: 5 });
  const recognised = [
    { software: "SerialEM", by: [], claims: [], missingFrames: [missing("TS_1"), missing("TS_2")] },
    { software: "Warp", by: [], claims: [], missingFrames: [missing("TS_2")] },
  ];
  const files = new Map([["frames/TS_1_001.tif", { role: "frame", run: "TS_1" } as const]]);
  expect(missingFramesNotes(recognised, files)).toEqual(["The frames of TS_2 are not in the folder: none of them is published."]);
});
