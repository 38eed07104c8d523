import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const volume = (seed: number) => mrcFile([6, 12, 12], 10, { seed });
/** Points as napari saves them. */
const clicked = "index,axis-0,axis-1,axis-2\n0.0,1,2,3\n1.0,4,10,9\n";
const star = `\ndata_\n\nloop_\n${["CoordinateX", "CoordinateY", "CoordinateZ", "AngleRot", "AngleTilt", "AnglePsi"].map((name, at) => `_rln${name} #${at + 1}\n`).join("")}100 10 5 1 2 3\n10 100 50 1 2 3\n`;

async function decided(files: Record<string, string>) {
  const laboratory = await laboratoryWith({ "TS_01.mrc": volume(1), "TS_02.mrc": volume(2), ...files });
  const { questions, files: own } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const asked = questions.filter(({ id }) => id.startsWith("scratch"));
  return { asked: asked.map(({ files: [path], answer }) => [path, answer]), role: (path: string) => own.get(path)?.role };
}

describe("a list that somebody has clicked", () => {
  it("of one run, whose name tells of work alone, is asked about and left out", async () => {
    const { asked, role } = await decided({ "surforama_edit TS_01.csv": clicked, "out/TS_01_mb1_clusters.star": star });
    expect(asked).toEqual([["surforama_edit TS_01.csv", "leave-out"]]);
    expect([role("surforama_edit TS_01.csv"), role("out/TS_01_mb1_clusters.star")]).toEqual(["left out", "points"]);
  });

  it.each([
    ["of an object", { "edit ribosomes TS_01.csv": clicked, "out/TS_01_mb1_clusters.star": star }],
    ["of several runs", { "edit TS_01.csv": clicked, "edit TS_02.csv": clicked, "out/TS_01_mb1_clusters.star": star }],
    ["that is the only one", { "edit TS_01.csv": clicked }],
  ])("is not asked about: %s", async (_, files: Record<string, string>) => {
    const { asked, role } = await decided(files);
    expect(asked).toEqual([]);
    expect(role(Object.keys(files)[0]!)).toBe("points");
  });
});
