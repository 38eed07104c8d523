import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { cryolo } from "./recognise.js";

const COLUMNS = ["CoordinateX", "CoordinateY", "CoordinateZ", "Width", "Height", "Depth", "Confidence"];
const cbox = (depth: number) =>
  `data_global\n\n_cbox_format_version 1.0\n\ndata_cryolo\n\nloop_\n${COLUMNS.map((one, at) => `_${one} #${at + 1}\n`).join("")}5 6 7 8 8 ${depth} 0.5\n`;
const volume = mrcFile([8, 16, 16], 10);
const toldOf = async (files: Record<string, string | Uint8Array>) =>
  Object.fromEntries(
    ((await cryolo.recognise(await laboratoryWith(files)))?.claims ?? []).map(({ path, role, because }) => [
      path,
      `${role}: ${because}`,
    ]),
  );

describe("what crYOLO makes of tomograms", () => {
  it("counts once, and as particles only where it was traced", async () => {
    const told = await toldOf({
      "out/CBOX_3D/TS_01.cbox": cbox(8),
      "out/CBOX_UNTRACED/TS_01.cbox": cbox(1),
      "out/COORDS/TS_01.coords": "9 10 7\n",
      "out/EMAN_3D/TS_01.box": "9 10 7\n",
      "out/COORDS/TS_02.coords": "9 10 7\n",
      "other/CBOX_3D/TS_03.cbox": cbox(8),
    });
    expect(told).toEqual({
      "out/CBOX_UNTRACED/TS_01.cbox": "left out: boxes slice by slice, from which crYOLO traces particles",
      "out/COORDS/TS_01.coords": "left out: the same particles as out/CBOX_3D/TS_01.cbox",
      "out/EMAN_3D/TS_01.box": "left out: the same particles as out/CBOX_3D/TS_01.cbox",
    });
  });

  it("has no tomograms but those that it filtered for itself, in the folder that its configuration names", async () => {
    const because = "left out: a tomogram as crYOLO filters it before it picks";
    const told = await toldOf({
      "a/config_cryolo.json": '{ "model": { "filter": [0.1, "lowpass/"] } }',
      "a/lowpass/tomograms/TS_01.mrc": volume,
      "b/lowpass/TS_01.mrc": volume,
      "b/filtered_tmp/TS_01.mrc": volume,
      "b/filtered_tmp/notes.txt": "mine",
      "tomograms/TS_01.mrc": volume,
    });
    expect(told).toEqual({ "a/lowpass/tomograms/TS_01.mrc": because, "b/filtered_tmp/TS_01.mrc": because });
  });
});
