import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { inMemory } from "../../core/bytes.js";
import { encodeMod } from "../mod/write.js";
import { parsePeetProject } from "./peet-project.js";
import type { PointOptions } from "./points.js";
import { POINT_READERS } from "./readers.js";

const HEADER =
  "CCC,reserved,reserved,pIndex,wedgeWT,NA,NA,NA,NA,NA,xOffset,yOffset,zOffset,NA,NA,reserved,phi,psi,theta,reserved\n";

/** A row of a motive list: columns 4, 11–13 and 17–19 are those that count. */
function row(index: number, offsets: number[], angles: number[]): string {
  return `0.5,0,0,${index},1,0,0,0,0,0,${offsets.join(",")},0,0,0,${angles.join(",")},1\n`;
}

const model = (...points: [number, number, number][]) =>
  encodeMod({
    max: [99, 99, 99],
    objects: [{ contours: [{ xyz: points.slice(0, 2).flat() }, { xyz: points.slice(2).flat() }] }],
  });

const POINTS: [number, number, number][] = [
  [10, 20, 30],
  [40, 50, 60],
  [70, 80, 90],
]; // prettier-ignore
const LIST =
  HEADER + row(1, [0, 0, 0], [0, 0, 0]) + row(3, [1.5, -2, 0.25], [10, 20, 30]) + row(2, [0, 0, 4], [-75.5, 140.25, 88.125]);
const PROJECT = `% a comment with 'quotes'
fnVolume = {'/data/lab/a.rec', ...
            '/data/lab/b.rec'}
fnModParticle = {'/data/lab/a.mod', 'models/b.mod'} # two
initMOTL = {'a_start.csv', 'it''s.csv'}
tiltRange = {[-60, 60], [-60, 60]}
fnOutput = 'run1/cag'
dPhi = {-20:4:20}
`;

type Files = Record<string, Uint8Array | string>;

async function read(name: string, files: Files, options: Partial<PointOptions> = {}) {
  const open = async (path: string) => {
    const body = files[path];
    return body === undefined ? undefined : inMemory(typeof body === "string" ? Buffer.from(body) : body, path);
  };
  const beside = { names: async () => Object.keys(files).filter((path) => !path.includes("/")), open };
  const given = { kind: "orientedPoint", binning: 1, columns: "xyz", order: "xyz", delimiter: ",", beside, ...options } as const;
  const [positions, rotations]: [number[], number[]] = [[], []];
  for await (const batch of POINT_READERS.peet_motl!.read((await open(name))!, given)) {
    positions.push(...batch.positions);
    rotations.push(...(batch.rotations ?? []));
  }
  return { positions, rotations };
}

describe("motive lists of PEET", () => {
  const files: Files = { "cag_MOTL_Tom1_Iter2.csv": LIST, "cag.prm": PROJECT, "a.mod": model(...POINTS) };

  it("(34.29) positions are the model's points with the offsets of their rows; angles are those of scipy", async () => {
    const { positions, rotations } = await read("cag_MOTL_Tom1_Iter2.csv", files);
    expect(positions).toEqual([10, 20, 30, 71.5, 78, 90.25, 40, 50, 64]);
    expect((await read("cag_MOTL_Tom1_Iter2.csv", files, { binning: 2 })).positions.slice(0, 3)).toEqual([5, 10, 15]);
    // Rotation.from_euler("ZXZ", [psi, theta, phi], degrees=True).as_matrix()
    const scipy = [
      [1, 0, 0, 0, 1, 0, 0, 0, 1],
      [
        0.873982312422, -0.454874128703, 0.171010071663, 0.478138573189, 0.742043091362, -0.469846310393, 0.086824088833,
        0.492403876506, 0.866025403784,
      ],
      [
        -0.172247173901, -0.749590820353, 0.639096638331, 0.184457267914, 0.612772851732, 0.768430184528, -0.967629282007,
        0.250245947465, 0.032719082822,
      ],
    ].flat();
    for (const [i, value] of rotations.entries()) expect(value).toBeCloseTo(scipy[i]!, 11);
  });

  it("(34.29) orientations are those of the same particles in Dynamo's table, as converters write it", async () => {
    const { rotations } = await read("cag_MOTL_Tom1_Iter2.csv", files);
    const table = [
      [0, 0, 0],
      [-20, -30, -10],
      [-140.25, -88.125, 75.5],
    ].map((angles) => {
      // prettier-ignore
      const cells = new Array<number>(26).fill(1);
      cells.splice(6, 3, ...angles);
      return cells.join(" ");
    });
    const theirs: number[] = [];
    const source = inMemory(Buffer.from(table.join("\n")), "a.tbl");
    const given = { kind: "orientedPoint", binning: 1, columns: "xyz", order: "xyz", delimiter: " " } as const;
    for await (const batch of POINT_READERS.dynamo_tbl!.read(source, given)) theirs.push(...batch.rotations!);
    for (const [i, value] of rotations.entries()) expect(value).toBeCloseTo(theirs[i]!, 12);
  });

  it("(34.29) the model is found by number, by initMOTL, by its own name, at its path or beside the list", async () => {
    const b = { "models/b.mod": model([1, 2, 3], [4, 5, 6], [7, 8, 9]), "cag.prm": PROJECT, "a.mod": model(...POINTS) };
    expect((await read("cag_MOTL_Tom2_Iter9.csv", { ...b, "cag_MOTL_Tom2_Iter9.csv": LIST })).positions.slice(0, 3)).toEqual([
      1, 2, 3,
    ]);
    expect((await read("it's.csv", { ...b, "it's.csv": LIST })).positions.slice(0, 3)).toEqual([1, 2, 3]);
    expect((await read("a-initMOTL.csv", { ...b, "a-initMOTL.csv": LIST })).positions.slice(0, 3)).toEqual([10, 20, 30]);
    const above = { "cag.prm": PROJECT, "../a.mod": model(...POINTS), "a_start.csv": LIST };
    expect((await read("a_start.csv", above)).positions.slice(0, 3)).toEqual([10, 20, 30]);
  });

  it("(34.29) what does not fit is refused with what was found", async () => {
    const name = "cag_MOTL_Tom1_Iter2.csv";
    const refused = (changed: Files) => expect(read(name, { ...files, ...changed })).rejects;
    await refused({ "a.mod": model(POINTS[0]!, POINTS[1]!) }).toThrow("pIndex 3 in line 3, a.mod has 2 points");
    await refused({ "a.mod": model(...POINTS, [1, 1, 1]) }).toThrow("3 rows, a.mod has 4 points");
    await refused({ [name]: "x,y,z\n1,2,3\n" }).toThrow("the first line is not that of a motive list");
    await refused({ "cag.prm": PROJECT.replace("run1/cag", "other") }).toThrow("no fnModParticle of cag.prm is for it");
    await refused({ "second.prm": PROJECT.replace("a.mod", "c.mod") }).toThrow("name several: ");
    await expect(read(name, { [name]: LIST })).rejects.toThrow("no project of PEET (.prm) in its folder");
    await expect(read(name, { [name]: LIST, "cag.prm": PROJECT })).rejects.toThrow("fnModParticle says /data/lab/a.mod");
  });

  it("(34.29) a project's lists are read across lines, with doubled quotes and comments", () => {
    expect(parsePeetProject(PROJECT)).toEqual({
      output: "run1/cag",
      volumes: ["/data/lab/a.rec", "/data/lab/b.rec"],
      models: ["/data/lab/a.mod", "models/b.mod"],
      motiveLists: ["a_start.csv", "it's.csv"],
    });
  });

  const real = new URL("more/peet/pi/", REAL_DATA);
  it.skipIf(!existsSync(real))(
    "(34.29) a real project names its tomograms and models, and a real list finds its model by them",
    async () => {
      const text = readFileSync(new URL("pi.prm", real), "utf8");
      const folder = "/home/sueh/current data/UITests/peet-test-gui/";
      const parsed = parsePeetProject(text);
      expect(parsed.models).toEqual(["pi-a.mod", "pi-b.mod", "pi-a.mod"].map((name) => folder + name));
      expect([parsed.output, parsed.motiveLists, parsed.volumes.length]).toEqual(["pi", [], 3]);
      const list = readFileSync(new URL("pi-a-initMOTL.csv", real), "utf8");
      const found = { "pi.prm": text, "pi-a-initMOTL.csv": list, "pi-a.mod": model(...POINTS) };
      expect((await read("pi-a-initMOTL.csv", found)).positions).toEqual(POINTS.flat());
    },
  );
});
