import { describe, expect, it } from "vitest";
import { memoryStore } from "../stores/memory/store.js";
import type { OpenVolume } from "./open-volume.js";
import { tiltAxisOf, tiltAxisShapes } from "./tilt-axis.js";

const mdoc = "[T = Tilt axis angle = 85.3, binning = 1  spot = 8]\n\n[ZValue = 0]\nTiltAngle = 0\n";

async function axisOf(key: string, files: Readonly<Record<string, string>>, labels: readonly string[] = []) {
  const store = memoryStore();
  for (const [name, text] of Object.entries(files)) await store.write(name, new TextEncoder().encode(text));
  return await tiltAxisOf({ place: { store }, key, peeked: { raw: { labels } } } as unknown as OpenVolume, undefined);
}

describe("the tilt axis of a tilt series", () => {
  it("is that of the tree's document, the .mdoc, or the header, in this order; 0 of an aligned stack", async () => {
    const document = JSON.stringify({ tilt_axis: 84.7, is_aligned: false });
    const label = "Tilt axis angle = -95.5, binning = 1";
    expect(await axisOf("a/t.mrc", { "a/tiltseries_metadata.json": document, "a/t.mrc.mdoc": mdoc }, [label])).toEqual({
      degrees: 84.7,
      from: "tiltseries_metadata.json",
    });
    expect(await axisOf("a/t.st", { "a/t.mdoc": mdoc }, [label])).toEqual({ degrees: 85.3, from: "t.mdoc" });
    expect(await axisOf("a/t.st", {}, ["SerialEM", label])).toEqual({ degrees: -95.5, from: "header" });
    expect(await axisOf("a/t_ali.mrc", { "a/t_ali.mdoc": mdoc })).toEqual({ degrees: 0, from: "aligned" });
    expect(await axisOf("a/t.st", { "a/t.mdoc": "\u0000\u0001" })).toBeUndefined();
  });

  it("goes through the middle of the picture, from edge to edge, and turns from y against the clock", () => {
    const ground = { sizeVoxels: [101, 51, 3], voxelAngstrom: [2, 2, 2], originAngstrom: [10, 0, 0] } as const;
    const ends = ({ xyz }: { xyz: Float32Array }) =>
      [0, 2].map((i) => [xyz[3 * i]!, xyz[3 * i + 1]!].map((one) => Math.round(one)));
    expect(ends(tiltAxisShapes({ degrees: 0, from: "" }, ground))).toEqual([
      [110, -1],
      [110, 101],
    ]);
    expect(ends(tiltAxisShapes({ degrees: 90, from: "" }, ground))).toEqual([
      [211, 50],
      [9, 50],
    ]);
  });
});
