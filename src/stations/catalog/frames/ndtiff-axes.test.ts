import { expect, it } from "vitest";
import { frameFileName, type PlannedFrame } from "./frame.js";
import { axisPlaces, noAxes, resolveOtherAxes } from "./ndtiff-axes.js";

/** Frames of pages with these axes, as `framesByTags` makes them. */
function planned(pages: readonly Record<string, string | number>[]) {
  const axes = noAxes();
  const frames = pages.map((Axes, page): PlannedFrame => {
    const { indices, others, channel } = axisPlaces({ MicroManagerMetadata: { Axes } }, axes);
    const all = { channel_idx: 0, slice_idx: 0, time_idx: 0, pos_idx: 0, ...indices };
    const frame = { ...all, channel_name: channel ?? null, file_name: frameFileName(all), file: 0, page };
    if (Object.keys(others).length > 0) axes.others.set(frame, others);
    return frame;
  });
  return resolveOtherAxes(frames, axes);
}

it("seam 28: tiles of a stitched data set are positions, row by row, the same in all channels", () => {
  const tiles = [1, 0].flatMap((row) => [0, 1, 2].flatMap((column) => [0, 1].map((channel) => ({ channel, row, column }))));
  const { frames, warning } = planned(tiles);
  expect(frames.map(({ pos_idx }) => pos_idx)).toEqual(tiles.map(({ row, column }) => 3 * row + column));
  expect(new Set(frames.map(({ file_name }) => file_name)).size).toBe(12);
  expect(frames[0]!.file_name).toBe("im_c000_z000_t000_p003.png");
  expect(warning).toContain("6 places on the axes row, column are positions 0 to 5");
});

it("seam 28: any other axis counts as well, behind the position, and words in the order in which they come", () => {
  const pages = [0, 1].flatMap((position) => ["low", "high"].map((exposure) => ({ position, exposure, channel: "DAPI" })));
  const { frames } = planned(pages);
  expect(frames.map(({ pos_idx, channel_name }) => [pos_idx, channel_name])).toEqual([0, 1, 2, 3].map((n) => [n, "DAPI"]));
});

it("seam 28: where nothing collides all stays as it is", () => {
  const { frames, warning } = planned([
    { time: 0, row: 0 },
    { time: 1, row: 1 },
  ]);
  expect([frames.map(({ pos_idx }) => pos_idx), warning]).toEqual([[0, 0], undefined]);
});
