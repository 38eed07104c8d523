import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { inMemory } from "../../core/bytes.js";
import { ENUMS } from "../../model/enums.js";
import type { PointKind, PointOptions } from "./points.js";
import { POINT_READERS } from "./readers.js";

describe("POINT_READERS", () => {
  it.each<[PointKind, readonly string[]]>([
    ["point", ENUMS.point_annotation_file_format],
    ["orientedPoint", ENUMS.oriented_point_annotation_file_format],
    ["instancePoint", ENUMS.instance_segmentation_annotation_file_format],
  ])("every format that a configuration may give for a %s has a reader", (kind, formats) => {
    expect(formats.length).toBeGreaterThan(0);
    for (const format of formats) expect(POINT_READERS[format]?.kinds, format).toContain(kind);
  });
});

const lab = new URL("lab-mini/20002/annotations/", REAL_DATA);
const present = existsSync(lab);

const THREE = [
  [1, 2, 3],
  [2, 2, 2],
  [0, 3, 0],
];
const COPICK = [
  [4, 2, 3],
  [0, 5, 1],
  [3, 1.5, 9.2],
  [3, 1, 5],
];

/** Points of the portal's own tests, from its repository's fixtures. */
describe("the portal's fixtures", () => {
  const read = async (format: string, file: string, kind: PointKind, options: Partial<PointOptions> = {}) => {
    const all: PointOptions = { kind, binning: 1, columns: "xyz", order: "xyz", delimiter: ",", ...options };
    const found = { points: [] as number[][], rotations: [] as number[], ids: [] as number[] };
    for await (const batch of POINT_READERS[format]!.read(inMemory(readFileSync(new URL(file, lab)), file), all)) {
      for (let i = 0; i < batch.count; i++) found.points.push([...batch.positions.subarray(3 * i, 3 * i + 3)]);
      found.rotations.push(...(batch.rotations ?? []));
      found.ids.push(...(batch.instanceIds ?? []));
    }
    return found;
  };

  it.skipIf(!present).each<[string, string, Partial<PointOptions>?]>([
    ["csv", "points.csv"],
    ["csv", "points_tab_delim.csv", { delimiter: "\t" }],
    ["tsv", "points_tab_delim.csv"],
    ["csv_with_header", "points_with_header.csv"],
    ["csv_with_header", "points_with_header_pipe_delim.csv", { delimiter: "|" }],
    ["mod", "points.mod"],
  ])("%s: %s", async (format, file, options) => {
    expect((await read(format, file, "point", options)).points).toEqual(THREE);
    const turned = (await read(format, file, "point", { ...options, columns: "zyx", binning: 2 })).points;
    expect(turned).toEqual(THREE.map(([x, y, z]) => [z! / 2, y! / 2, x! / 2]));
  });

  it.skipIf(!present)("tardis", async () => {
    expect(await read("tardis", "tardis.csv", "instancePoint", { binning: 2 })).toEqual({
      points: [
        [2, 4, 6],
        [2, 2, 2],
        [3, 2, 1],
        [0, 3, 0],
        [4, 2, 1],
        [1.5, 1, 0.5],
      ],
      rotations: [],
      ids: [0, 0, 1, 1, 1, 2],
    });
  });

  it.skipIf(!present)("copick", async () => {
    expect((await read("copick", "copick.json", "point", { binning: 10 })).points).toEqual(COPICK);
    const { points, rotations } = await read("copick", "copick.json", "orientedPoint", { binning: 10, order: "zyx" });
    expect(points).toEqual(COPICK);
    const first = [0, -Math.SQRT1_2, Math.SQRT1_2, 1, 0, 0, 0, Math.SQRT1_2, Math.SQRT1_2];
    for (const [i, value] of first.entries()) expect(rotations[i]).toBeCloseTo(value, 4);
    expect(rotations.slice(27).map((value) => value + 0)).toEqual([0, 0, -1, 0, 1, 0, 1, 0, 0]);
    const { ids } = await read("copick", "copick_instance.json", "instancePoint", { binning: 5 });
    expect(ids).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it.skipIf(!present)("slicer angles of a model", async () => {
    const { points, rotations } = await read("mod", "oriented_points.mod", "orientedPoint");
    expect(points.map((point) => point.map((value) => Number(value.toPrecision(9))))).toEqual([
      [235.519577, 682.744141, 302],
      [221.942444, 661.193237, 327],
      [232.790726, 671.332031, 327],
      [240.129181, 679.927795, 324],
    ]);
    const first = [0.8643, -0.4899, -0.114, 0.503, 0.8418, 0.1959, 0, -0.2267, 0.974];
    for (const [i, value] of first.entries()) expect(rotations[i]).toBeCloseTo(value, 4);
    expect((await read("mod", "oriented_points.mod", "point")).points).toHaveLength(4);
  });
});
