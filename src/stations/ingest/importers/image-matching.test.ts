import { describe, expect, it } from "vitest";
import type { MdocSection } from "../../../formats/mdoc/read.js";
import type { AcquiredSection } from "./frame-doses.js";
import { matchImages } from "./image-matching.js";

const section = (tiltAngleDegrees: number | undefined, subFrameName?: string): AcquiredSection => ({
  section: { kind: "ZValue", line: 1, fields: new Map(), tiltAngleDegrees, subFrameName } satisfies MdocSection,
  acquisitionOrder: 0,
});
const image = (tiltAngleDegrees: number | undefined, ...imageNames: string[]) => ({ imageNames, tiltAngleDegrees });

describe("matchImages", () => {
  const series = [section(-3, "pos_3.eer"), section(0, "pos_1.eer"), section(3, "pos_2.eer")];

  it("goes by the name of the movie, whatever folder and extension it stands with", () => {
    const images = [image(99, "MotionCorr/job002/pos_2.mrc"), image(99, "X:\\frames\\POS_3.EER", "other.mrc")];
    expect(matchImages(images, series)).toEqual([2, 0]);
    expect(matchImages([image(99, "pos_2.dm4"), image(99, "pos_3.mrcs")], series)).toEqual([2, 0]);
  });

  it("goes by the angle where names do not tell every image", () => {
    expect(matchImages([image(2.9, "pos_2.eer"), image(-3.1, "unknown")], series)).toEqual([2, 0]);
    expect(matchImages([image(0.1), image(-0.1)], [section(0), section(0)])).toEqual([0, 1]);
    expect(matchImages([], series)).toEqual([]);
  });

  it("tells nothing where an image is left, or two would be one", () => {
    expect(matchImages([image(1.5)], series)).toBeUndefined();
    expect(matchImages([image(undefined)], series)).toBeUndefined();
    expect(matchImages([image(0, "pos_1.eer"), image(0, "pos_1.eer")], series)).toBeUndefined();
    expect(matchImages([image(1, "a.eer")], [section(5, "a.eer"), section(7)])).toBeUndefined();
  });
});
