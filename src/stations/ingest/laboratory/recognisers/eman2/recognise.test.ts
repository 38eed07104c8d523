import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../../know.js";
import { eman2 } from "./recognise.js";

const HDF = new Uint8Array([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]);
/** Boxes as SaveJson of e2spt_boxer.py writes them. */
const info = (boxes: unknown[], more: object = {}) =>
  JSON.stringify({ apix_unbin: 2.1, boxes_3d: boxes, tlt_params: [[0, 0, 0, 0, 0]], ...more });

async function found(files: Record<string, string | Uint8Array>) {
  const recognised = await eman2.recognise(await laboratoryWith(files));
  const claims = Object.fromEntries(
    (recognised?.claims ?? []).map(({ path, role, run }) => [path, run === undefined ? role : `${role} ${run}`]),
  );
  return { recognised, claims };
}

describe("EMAN2", () => {
  it("has boxes in its info files, and volumes that have to be exported", async () => {
    const { claims, recognised } = await found({
      "e/info/TS_01_info.json": info([[1, 2, 3, "manual", 0, 1]], { class_list: { 1: { name: "ribosome", boxsize: 32 } } }),
      "e/info/TS_02_info.json": info([]),
      "e/info/project.json": "{}",
      "e/tiltseries/TS_01.hdf": HDF,
      "e/tomograms/TS_01__bin4.hdf": HDF,
      "e/tomograms/TS_01__bin4.mrc": mrcFile([6, 10, 10], 8),
      "e/tomograms/TS_02__bin4.hdf": HDF,
      "e/segmentations/TS_01__bin4_seg.hdf": HDF,
      "e/spt_00/threed_05.hdf": HDF,
      "e/particles3d/TS_01__ribosome.hdf": HDF,
      "e/raw/TS_01.st": mrcFile([6, 10, 10], 2, { kind: "stack" }),
      "other/x.hdf": HDF,
    });
    expect(claims).toEqual({
      "e/info/TS_01_info.json": "points TS_01",
      "e/info/TS_02_info.json": "left out TS_02",
      "e/info/project.json": "left out",
      "e/tiltseries/TS_01.hdf": "left out TS_01",
      "e/tomograms/TS_01__bin4.hdf": "left out TS_01",
      "e/tomograms/TS_01__bin4.mrc": "tomogram TS_01",
      "e/tomograms/TS_02__bin4.hdf": "left out TS_02",
      "e/segmentations/TS_01__bin4_seg.hdf": "left out TS_01",
      "e/spt_00/threed_05.hdf": "left out",
      "e/particles3d/TS_01__ribosome.hdf": "left out TS_01",
    });
    expect(recognised!.claims.find(({ role }) => role === "points")!.details).toEqual({
      points: { format: "eman2_json", shape: "Point", unit: "format", of: "e/tomograms/TS_01__bin4.mrc" },
      object: "ribosome",
    });
    const older = await found({ "info/TS_01_info.json": info([[1, 2, 3, "manual", 0, 1]], { apix_unbin: undefined }) });
    expect(older.recognised!.claims[0]!.details!.points!.unit).toBeUndefined();
    expect(recognised!.notes!.join()).toContain("e2proc3d.py e/tomograms/TS_02__bin4.hdf e/tomograms/TS_02__bin4.mrc");
  });

  it("has boxes that are of its own tomogram, and of no other one of the series", async () => {
    const boxes = [[1, 2, 3, "manual", 0, 1]];
    const own = {
      "e/info/TS_01_info.json": info(boxes),
      "e/tomograms/TS_01__bin4.hdf": HDF,
      "warp/TS_01.mrc": mrcFile([6, 10, 10], 8),
    };
    const { claims, recognised } = await found(own);
    expect(claims["e/info/TS_01_info.json"]).toBe("left out TS_01");
    expect(recognised!.claims[0]!.because).toContain("in its own tomogram, which is there in HDF alone");
    const exported = await found({ ...own, "e/tomograms/TS_01__bin4.mrc": mrcFile([6, 10, 10], 8) });
    expect(exported.claims["e/info/TS_01_info.json"]).toBe("points TS_01");
    // EMAN2 has not aligned it: its tomogram was imported
    const imported = await found({ ...own, "e/info/TS_01_info.json": info(boxes, { tlt_params: undefined }) });
    expect(imported.claims["e/info/TS_01_info.json"]).toBe("points TS_01");
  });

  it("(eman.middle) has boxes that count from the middle of the tomogram that was exported, and of no other", async () => {
    const files = {
      "e/info/TS_01_info.json": info([[4, 4, 4, "manual", 0, 1]]),
      "e/tomograms/TS_01__bin4.hdf": HDF,
      "mrc/TS_01__bin4.mrc": mrcFile([6, 10, 10], 8),
    };
    const { recognised, claims } = await found(files);
    expect(claims["mrc/TS_01__bin4.mrc"]).toBe("tomogram TS_01");
    expect(recognised!.claims.find(({ role }) => role === "points")!.details!.points!.of).toBe("mrc/TS_01__bin4.mrc");
    const decided = async (more: Record<string, Uint8Array>) => {
      const laboratory = await laboratoryWith({ ...files, ...more });
      const { signal } = new AbortController();
      return (await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal)).files;
    };
    expect((await decided({})).get("e/info/TS_01_info.json")).toMatchObject({ role: "points", run: "TS_01" });
    const same = await decided({ "warp/TS_01_denoised.mrc": mrcFile([6, 10, 10], 8, { seed: 2 }) });
    expect(same.get("e/info/TS_01_info.json")).toMatchObject({ role: "points", run: "TS_01" });
    const larger = await decided({ "warp/TS_01_denoised.mrc": mrcFile([8, 14, 14], 8, { seed: 2 }) });
    expect(larger.get("warp/TS_01_denoised.mrc")?.role).toBe("tomogram");
    expect(larger.get("e/info/TS_01_info.json")).toMatchObject({
      role: "left out",
      because: expect.stringContaining(
        "counts from the middle of mrc/TS_01__bin4.mrc, and warp/TS_01_denoised.mrc, which has another size",
      ),
    });
  });

  it("is asked to export what has no export of its name, in the project or beside it", async () => {
    const info = '{"boxes_3d": [], "apix_unbin": 2}';
    const volume = mrcFile([4, 8, 8], 8);
    const { recognised } = await found({
      ...{ "a/e/info/TS_01_info.json": info, "a/e/info/TS_02_info.json": info, "b/e/info/TS_01_info.json": info },
      ...{ "a/e/tomograms/TS_01__bin4.hdf": HDF, "a/e/tomograms/TS_02__bin4.hdf": HDF, "b/e/tomograms/TS_01__bin4.hdf": HDF },
      ...{ "a/exported/TS_01__bin4.mrc": volume, "a/e/tiltseries/TS_01.hdf": HDF, "a/raw/TS_01.mrc": volume },
    });
    const reasons = new Map(recognised!.claims.map(({ path, because }) => [path, because]));
    expect(reasons.get("a/e/tomograms/TS_01__bin4.hdf")).toBe("a volume of EMAN2 in HDF: a/exported/TS_01__bin4.mrc is there");
    expect(reasons.get("b/e/tomograms/TS_01__bin4.hdf")).toBe("a volume of EMAN2 in HDF, which is not read");
    expect(recognised!.notes!.join()).toMatch(
      /^3 volumes of EMAN2 in HDF \(a\/e\/tomograms\/TS_02__bin4\.hdf, b\/e\/tomograms\/TS_01__bin4\.hdf, a\/e\/tiltseries\/TS_01\.hdf\) cannot be read/,
    );
  });

  it("reads boxes of several classes as several objects, and is not known by other folders called info", async () => {
    const boxes = [
      [1, 2, 3, "manual", 0, 0],
      [1, 2, 3, "manual", 0, 1],
    ];
    const { claims, recognised } = await found({ "info/a_info.json": info(boxes, { class_list: { 0: "ribosome" } }) });
    expect(claims).toEqual({ "info/a_info.json": "points a" });
    expect(recognised!.claims[0]!.details!.points!.classes).toEqual({ 0: "ribosome", 1: "class 1" });
    expect(
      (await found({ "info/a_info.json": `{"name": 1}`, "info/b_info.json": "{", "tomograms/a.hdf": HDF })).recognised,
    ).toBeUndefined();
  });

  it("(34.silence) tells of info files that are no JSON: their boxes would be missing without a word", async () => {
    const { claims, recognised } = await found({
      "e/info/TS_01_info.json": info([]),
      "e/info/TS_02_info.json": info([[1, 2, 3, "manual", 0, 0]]).slice(0, 40),
    });
    expect(claims["e/info/TS_02_info.json"]).toBe("left out");
    expect(recognised!.claims.find(({ path }) => path === "e/info/TS_02_info.json")!.because).toBe("it cannot be read");
    expect(recognised!.notes).toEqual([expect.stringContaining("e/info/TS_02_info.json: no valid JSON")]);
  });
});
