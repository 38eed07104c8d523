import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { givenOf, readDecisions, writeDecisions } from "../decisions-file.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const tiff = new Uint8Array([0x49, 0x49, 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const TILTS = [-6, -3, 0, 3, 6];
const mdoc = `PixelSpacing = 2.5\nVoltage = 300\nImageFile = TS_01.mrc\n\n${TILTS.map((tilt, z) => `[ZValue = ${z}]\nTiltAngle = ${tilt}\nSubFramePath = D:\\data\\TS_01_${z}.tif\nDateTime = 12-Mar-24  10:1${z}:12\n`).join("\n")}`;

it("frames without an acquisition file are left out, and so is their gain reference, which is told", async () => {
  const frames = (name: string) => TILTS.map((_, z) => [`raw/${name}_${z}.tif`, tiff] as const);
  const laboratory = await laboratoryWith({
    ...Object.fromEntries([...frames("TS_01"), ...frames("TS_02")]),
    ...{ "raw/TS_01.mrc.mdoc": mdoc, "raw/gain.mrc": mrcFile([1, 24, 24], 2.5, { kind: "stack" }) },
    ...{ "stacks/TS_02.mrc": mrcFile([5, 24, 24], 2.5, { kind: "stack" }), "stacks/TS_02.rawtlt": TILTS.join("\n") },
  });
  const { files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  expect(files.get("raw/TS_01_0.tif")?.role).toBe("frame");
  expect(files.get("raw/TS_02_0.tif")).toMatchObject({
    role: "left out",
    because: expect.stringMatching(/\(mdoc\).*there is none; without them raw\/gain\.mrc, the gain reference beside them,/),
  });
});

describe("images among the frames that the acquisition file does not name", () => {
  it("are no frames, also where the frames are those of a file of decisions", async () => {
    const aligned = "frames/work/TS_01_ali.mrc";
    const laboratory = await laboratoryWith({
      ...Object.fromEntries(TILTS.map((_, z) => [`frames/TS_01_${z}.tif`, tiff])),
      ...{ "TS_01.mrc.mdoc": mdoc, [aligned]: mrcFile([5, 24, 24], 5, { kind: "stack" }) },
    });
    const projects = await recognisedIn(laboratory, signal);
    const first = await decisionsOf(laboratory, projects, signal);
    expect(first.files.get(aligned)).toMatchObject({
      role: "left out",
      because: "the acquisition file of TS_01 does not name it",
    });
    // what was decided of the others is given again, and of this one it waits for an answer
    const others = await writeDecisions(laboratory, first);
    const document = readDecisions(others, "x");
    const rows = document.files.filter(({ files }) => !files.includes("_ali"));
    const again = await decisionsOf(laboratory, projects, signal, givenOf({ ...document, files: rows }, laboratory));
    expect(again.files.get("frames/TS_01_0.tif")).toMatchObject({ role: "frame", strength: "person" });
    expect(again.files.get(aligned)).toMatchObject({
      role: "left out",
      because: "the acquisition file of TS_01 does not name it",
    });
  });
});
