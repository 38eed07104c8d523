import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile, withTilts } from "../../../../../test/laboratory-kit.js";
import type { Claim } from "../claims.js";
import { decisionsOf, recognisedIn } from "../know.js";
import { conventions } from "./conventions.js";

it("tomograms in a folder of their own have runs, though their names follow no pattern of the project beside them", async () => {
  const volume = (seed: number) => mrcFile([6, 10, 10], 8, { seed });
  const laboratory = await laboratoryWith({
    "lab/tomograms/cell_01.mrc": volume(1),
    "lab/cell_01.mdoc": "PixelSpacing = 2\n[ZValue = 0]\nTiltAngle = 0\n",
    "lab/meshes/cell_01_vesicles.obj": "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
    "lab/picks/cell_01_ribosomes.csv": "x,y,z\n1,2,3\n",
    "lab/picks/cell_01_tubes.csv": "x,y,z\n1,2,3\n",
    "lab/masks/cell_01_mask.mrc": mrcFile([6, 10, 10], 8),
    "hats/mka2019-12-12-13.rec": volume(2),
    "hats/mka2019-12-12-14.rec": volume(3),
  });
  const { claims } = await conventions(laboratory, []);
  const tomograms = claims.filter(({ role }) => role === "tomogram").map(({ path, run }) => [path, run]);
  expect(Object.fromEntries(tomograms)).toEqual({
    "lab/tomograms/cell_01.mrc": "cell_01",
    "hats/mka2019-12-12-13.rec": "mka2019-12-12-13",
    "hats/mka2019-12-12-14.rec": "mka2019-12-12-14",
  });
});

it("an aligned stack is left out where the one that it was made of is empty, and a tilt series where there is no other", async () => {
  const stack = mrcFile([5, 24, 24], 2, { kind: "stack", seed: 1 });
  const of = async (files: Record<string, string | Uint8Array>) => {
    const { claims } = await conventions(await laboratoryWith({ "e/TS_01_rec.mrc": mrcFile([6, 10, 10], 8), ...files }), []);
    return claims.find(({ path }) => path === "e/TS_01_ali.mrc");
  };
  expect(await of({ "e/TS_01_ali.mrc": stack })).toMatchObject({ role: "tilt series", run: "TS_01" });
  expect(await of({ "e/TS_01_ali.mrc": stack, "e/TS_01.st": "" })).toMatchObject({
    role: "left out",
    because: "an aligned stack: e/TS_01.st, of which it was made, cannot be read",
  });
});

it("a movie beside others of its size is a frame under whatever name, and no tilt series", async () => {
  const movie = mrcFile([3, 24, 24], 2, { kind: "stack", seed: 1 });
  const laboratory = await laboratoryWith({ "f/TS_01_001.mrc": movie, "f/TS 01 002.mrc": movie, "g/TS 01 002.mrc": movie });
  const frame: Claim = { path: "f/TS_01_001.mrc", role: "frame", run: "TS_01", because: "", strength: "bookkeeping" };
  const { claims } = await conventions(laboratory, [{ software: "SerialEM", by: [], claims: [frame] }]);
  expect(claims.map(({ path, role }) => [path, role])).toEqual([
    ["f/TS 01 002.mrc", "frame"],
    ["g/TS 01 002.mrc", "tilt series"],
  ]);
});

it("a list whose rows name tomograms has no run by the name of its folder", async () => {
  const laboratory = await laboratoryWith({
    "rec/TS_01.mrc": mrcFile([6, 10, 10], 8, { seed: 1 }),
    "matching_26S/26S.mrc": mrcFile([8, 8, 8], 8, { seed: 2 }),
    "matching_26S/lists/motl_1.star": "\ndata_stopgap_motivelist\n",
  });
  const list = (more: object): Claim => ({
    path: "matching_26S/lists/motl_1.star",
    role: "points",
    because: "",
    strength: "bookkeeping",
    details: { points: { format: "stopgap_star", shape: "OrientedPoint", rowName: "tomo_num", ...more } },
  });
  const runOf = async (claim: Claim) =>
    (await conventions(laboratory, [{ software: "STOPGAP", by: [], claims: [claim] }])).claims.find(
      ({ path }) => path === claim.path,
    )?.run;
  expect(await runOf(list({}))).toBe("26S");
  expect(await runOf(list({ rowValues: { "rec/TS_01.mrc": "1" } }))).toBeUndefined();
});

describe("a stack of UCSF Tomo or of FEI's programs, in whose header nothing says that sections are images", () => {
  const tilts = [-50, -25, 0, 25, 50];
  const roleOf = async (path: string, recorded: readonly number[]) => {
    const plain = mrcFile([tilts.length, 48, 40], 5);
    new DataView(plain.buffer).setInt32(88, 0, true);
    const laboratory = await laboratoryWith({ [path]: withTilts(plain, recorded), "rec/Tomo_3.rec": mrcFile([6, 24, 20], 10) });
    const { claims } = await conventions(laboratory, []);
    return claims.find((claim) => claim.path === path)?.role;
  };

  it.each(["a/Tomo_4.mrc", "a/MR_2.mrc", "rawdata/MR_2.mrc"])("is a tilt series by the tilts behind it: %s", async (path) => {
    expect(await roleOf(path, tilts)).toBe("tilt series");
  });

  it("is none where these are no tilts of a series, and a volume is one of its name all the same", async () => {
    expect(await roleOf("a/Tomo_4.mrc", [0, 0, 0, 0, 0])).toBe("tomogram");
    expect(await roleOf("a/MR_2.rec", tilts)).toBe("tomogram");
  });
});

it("a folder of stacks that are called alike but for a number is no run, though another folder has the same names", async () => {
  const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });
  const runsOf = async (files: Record<string, string | Uint8Array>) => {
    const laboratory = await laboratoryWith(files);
    const { signal } = new AbortController();
    return (await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal)).runs;
  };
  const sessions = {
    ...{ "2022_WT/TS_01.st": stack(1), "2022_WT/TS_02.st": stack(2) },
    ...{ "2023_mutant/TS_01.st": stack(3), "2023_mutant/TS_02.st": stack(4) },
  };
  const series = ["2022_WT_TS_01", "2022_WT_TS_02", "2023_mutant_TS_01", "2023_mutant_TS_02"];
  expect(await runsOf(sessions)).toEqual(series);
  const angles = Object.fromEntries(
    Object.keys(sessions).map((path, at) => [path.replace(/st$/, "rawtlt"), `-6\n-3\n0\n3\n${6 + at}\n`]),
  );
  expect(await runsOf({ ...sessions, ...angles })).toEqual(series);
  // a folder a series has the name of its run, whatever the files in it are called
  const folders = { "TS_01/stack.st": stack(1), "TS_02/stack.st": stack(2), "TS_02/stack_ali.st": stack(5) };
  expect(await runsOf(folders)).toEqual(["TS_01", "TS_02"]);
});
