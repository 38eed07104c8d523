import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { protomo } from "./recognise.js";

const geometry = (session: string) =>
  `\n TILT SERIES series0001\n\n   AXIS\n\n     TILT AZIMUTH    -95.213\n\n${[1, 2].map((at) => `   IMAGE ${at}     FILE ${session}00012gr_v01_00001tomo_00${at}     ORIGIN [ 20.0 18.0 ]    TILT ANGLE  ${at}.000    ROTATION 0.010\n`).join("")}\n END\n`;
const image = mrcFile([1, 36, 40], 2.5, { kind: "stack" });
const name = "22apr12a_series0001_ite005_dim160x144_ang-48.0to48.0_thick64_pxlsz2.5";
const alignment = (folder: string, session = "22apr12a_") => ({
  [`${folder}/series0001.tlt`]: geometry(session),
  [`${folder}/series000105.tlt`]: geometry(session),
  [`${folder}/series0001.param`]: "tiltseries {}\n",
  [`${folder}/raw/22apr12a_00012gr_v01_00001tomo_001.mrc`]: image,
  [`${folder}/raw/original/22apr12a_00012gr_v01_00001tomo_001.mrc`]: image,
  [`${folder}/stack/${name}.mrc`]: mrcFile([5, 40, 36], 2.5, { kind: "stack" }),
  [`${folder}/recons_protomo/series0001.tlt`]: geometry(session),
  [`${folder}/recons_protomo/out/${name}_bck.bin4.lp60_protomo.norm.mrc`]: mrcFile([8, 18, 20], 1),
  [`${folder}/recons_tomo3d_SIRT/${name}.bin2_tomo3d_SIRT.mrc`]: mrcFile([8, 18, 20], 5),
});

it("Protomo's alignments of one series are of the run of its session, with what the names of tomograms tell", async () => {
  const files = {
    ...alignment("22apr12a/protomo/align1/tiltseries0001"),
    ...alignment("22apr12a/protomo/align2/tiltseries0001"),
  };
  const found = await protomo.recognise(await laboratoryWith(files));
  expect(new Set(found!.claims.map(({ run }) => run))).toEqual(new Set(["22apr12a_series0001"]));
  expect(found!.claims).toHaveLength(Object.keys(files).length);
  const of = (end: string) => found!.claims.find(({ path }) => path.includes("/align2/") && path.endsWith(end));
  expect(of("_protomo.norm.mrc")).toMatchObject({
    role: "tomogram",
    details: { spacingAngstrom: 10, processing: "filtered", reconstructionSoftware: "Protomo", reconstructionMethod: "WBP" },
  });
  expect(of("_tomo3d_SIRT.mrc")).toMatchObject({
    role: "tomogram",
    details: { spacingAngstrom: 5, processing: "raw", reconstructionSoftware: "Tomo3D", reconstructionMethod: "SIRT" },
  });
  for (const [end, because] of [
    [`stack/${name}.mrc`, "has turned and shifted"],
    ["raw/22apr12a_00012gr_v01_00001tomo_001.mrc", "a single image"],
    ["tiltseries0001/series0001.tlt", "the geometry"],
    [".param", "parameters"],
  ] as const)
    expect(of(end)).toMatchObject({ role: "left out", because: expect.stringContaining(because) });
  expect(found!.notes).toEqual([expect.stringMatching(/^The images of 22apr12a_series0001 as recorded are .*newstack/)]);
});

it("an alignment whose geometry is gone is known by the names of what was made in it", async () => {
  const { "b/series0001.tlt": _, ...files } = { ...alignment("a"), ...alignment("b") };
  const claims = (await protomo.recognise(await laboratoryWith(files)))!.claims;
  const roleOf = (path: string) => claims.find((claim) => claim.path === path);
  expect(roleOf(`b/stack/${name}.mrc`)).toMatchObject({ role: "left out", run: "22apr12a_series0001" });
  expect(roleOf(`b/recons_tomo3d_SIRT/${name}.bin2_tomo3d_SIRT.mrc`)).toMatchObject({ role: "tomogram" });
});

it("series of sessions that nobody names are called after their folders; lists of angles are none of its geometries", async () => {
  const two = { ...alignment("a/tiltseries0001", ""), ...alignment("b/tiltseries0001", "") };
  const nameless = Object.fromEntries(
    Object.entries(two).map(([path, body]) => [path, typeof body === "string" ? body.replaceAll("_", "-") : body]),
  );
  const found = await protomo.recognise(await laboratoryWith(nameless));
  expect([...new Set(found!.claims.map(({ run }) => run))]).toEqual(["a_series0001", "b_series0001"]);
  expect(await protomo.recognise(await laboratoryWith({ "x/series0001.tlt": "-3\n0\n3\n" }))).toBeUndefined();
});
