import { describe, expect, it } from "vitest";
import { inMemory } from "../../../core/bytes.js";
import { encodeMod, type NewMod } from "../../../formats/mod/write.js";
import { drawnOn, type TomogramCandidate } from "./drawn-on.js";
import { summariseModel } from "./summary.js";

const FLIPPED = 1 << 16;
const image = (scale: number, origin: readonly [number, number, number] = [0, 0, 0]) => ({
  scale: [scale, scale, scale] as const,
  oldTranslation: origin,
  translation: [0, 0, 0] as const,
  rotation: [0, 0, 0] as const,
});
/** Drawn on 956 × 924 × 300 voxels of 10 Å. */
const summaryOf = (model: Partial<NewMod> = {}) =>
  summariseModel(
    inMemory(encodeMod({ max: [956, 924, 300], objects: [{ contours: [{ xyz: [1, 2, 3] }] }], pixelSizeAngstrom: 10, ...model })),
  );
const volume = (path: string, [x, y, z]: readonly number[], voxel: number | null = 10, more: Partial<TomogramCandidate> = {}) =>
  ({ path, shape: [z!, y!, x!], voxelAngstrom: [voxel, voxel, voxel], ...more }) as TomogramCandidate;
const SIZE = [956, 924, 300] as const;

describe("the volume under a model", () => {
  it("is the one of its size and pixel", async () => {
    const found = drawnOn(await summaryOf({ image: image(10) }), [
      volume("/r/full.st", [956, 924, 41]),
      volume("/r/full_bin2.rec", [478, 462, 150], 20),
      volume("/r/full.rec", SIZE, 10.05),
      volume("/r/other.rec", SIZE, 12),
    ]);
    expect(found).toMatchObject({ path: "/r/full.rec", size_match: true, pixel_match: true });
    expect(found.reason).toBe("size 956 × 924 × 300, pixel 10.05 Å");
    expect(found.candidates.map(({ path }) => path)).toEqual(["/r/full.rec", "/r/other.rec", "/r/full_bin2.rec", "/r/full.st"]);
    expect(found.candidates.map(({ size_match, pixel_match }) => [size_match, pixel_match])).toEqual([
      [true, true],
      [true, false],
      [false, false],
      [false, true],
    ]);
    expect(found.candidates[2]!.reason).toContain("2 times binned");
  });

  it("is told within 1 % of the pixel, and not beyond", async () => {
    const summary = await summaryOf({ image: image(10) });
    expect(drawnOn(summary, [volume("/a.rec", SIZE, 10.09)]).path).toBe("/a.rec");
    const beyond = drawnOn(summary, [volume("/a.rec", SIZE, 10.11)]);
    expect(beyond).toMatchObject({ size_match: true, pixel_match: false });
    expect(beyond.path).toBeUndefined();
    expect(beyond.reason).toBe(
      "the only volume does not fit: a.rec: size 956 × 924 × 300, pixel 10.11, 10.11, 10.11 Å, the model's is 10, 10, 10 Å",
    );
  });

  it("may have y and z exchanged, where the model was last seen so", async () => {
    const turned = [volume("/r/full.rec", [956, 300, 924])];
    expect(drawnOn(await summaryOf({ flags: FLIPPED }), turned)).toMatchObject({ path: "/r/full.rec", size_match: true });
    const unsaid = drawnOn(await summaryOf(), turned);
    expect([unsaid.path, unsaid.size_match]).toEqual([undefined, false]);
    expect(unsaid.reason).toContain("which the model does not say");
  });

  it("may have no pixel size, and so may the model", async () => {
    expect(drawnOn(await summaryOf(), [volume("/a.rec", SIZE, null)])).toMatchObject({ path: "/a.rec", pixel_match: null });
    expect(drawnOn(await summaryOf(), [volume("/a.rec", SIZE, 1)])).toMatchObject({ path: "/a.rec", pixel_match: null });
    expect(drawnOn(await summaryOf({ pixelSizeAngstrom: undefined }), [volume("/a.rec", SIZE)])).toMatchObject({
      path: "/a.rec",
      pixel_match: null,
    });
  });

  it("goes by the scale of the image, not by the pixel size a person may have typed", async () => {
    const summary = await summaryOf({ pixelSizeAngstrom: 3, image: image(10) });
    expect(drawnOn(summary, [volume("/a.rec", SIZE)])).toMatchObject({ path: "/a.rec", pixel_match: true });
  });

  it("is not chosen among several that fit as well", async () => {
    const found = drawnOn(await summaryOf(), [volume("/b.rec", SIZE), volume("/a.rec", SIZE), volume("/c.rec", [1, 1, 1])]);
    expect(found.path).toBeUndefined();
    expect(found.reason).toContain("2 volumes fit as well as each other");
    expect(found.candidates.map(({ path }) => path)).toEqual(["/a.rec", "/b.rec", "/c.rec"]);
  });

  it("is chosen among those by its origin, whose sign programs disagree on, or by its folder", async () => {
    const summary = await summaryOf({ image: image(10, [-2228, 2228, 681.1]) });
    const at = (path: string, origin: readonly number[]) =>
      volume(path, SIZE, 10, { originAngstrom: origin as [number, number, number] });
    const [here, mirrored, there] = [
      at("/h.rec", [681.1, 2228, -2228]),
      at("/m.rec", [-681.1, -2228, 2228]),
      at("/t.rec", [0, 0, 0]),
    ];
    expect(drawnOn(summary, [there, here])).toMatchObject({ path: "/h.rec", reason: expect.stringContaining("the same origin") });
    expect(drawnOn(summary, [there, mirrored]).path).toBe("/m.rec");
    const far = volume("/far.rec", SIZE, 10, { distance: 1 });
    expect(drawnOn(await summaryOf(), [far, volume("/near.rec", SIZE)]).path).toBe("/near.rec");
  });

  it("is none where there is no volume, or none that fits", async () => {
    expect(drawnOn(await summaryOf(), [])).toEqual({
      size_match: null,
      pixel_match: null,
      score: 0,
      reason: "no volume beside it",
      candidates: [],
    });
    const none = drawnOn(await summaryOf(), [volume("/a.rec", [10, 20, 30]), volume("/b.rec", [0, 0, 0])]);
    expect([none.path, none.score, none.size_match]).toEqual([undefined, 0, false]);
    expect(none.reason).toMatch(/^none of 2 volumes fits/);
  });

  it("does not depend on the order of volumes", async () => {
    const summary = await summaryOf({ image: image(10) });
    const some = [volume("/a.rec", SIZE), volume("/b.rec", [478, 462, 150], 20), volume("/c.rec", SIZE, 12)];
    expect(drawnOn(summary, some)).toEqual(drawnOn(summary, some.toReversed()));
  });
});

describe("a model's summary", () => {
  it("has what a list of models needs", async () => {
    expect(
      await summaryOf({
        slicerAngles: [{ time: 1, angles: [0, 0, 0], center: [1, 2, 3], label: "" }],
        image: image(10, [1, 2, 3]),
      }),
    ).toEqual({
      ...{ objects: 1, contours: 1, points: 1, slicer_angles: 1, max: [956, 924, 300], pixsize_nm: 1, origin_A: [1, 2, 3] },
      ...{ empty: false, flags: 0xfe00, scale_A: [10, 10, 10], translation_A: [0, 0, 0] },
    });
    expect(await summaryOf({ objects: [{ contours: [{ xyz: [] }] }], pixelSizeAngstrom: undefined })).toMatchObject({
      empty: true,
      pixsize_nm: null,
      origin_A: null,
      scale_A: null,
    });
  });
});
