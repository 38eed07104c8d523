import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { tomo5 } from "./recognise.js";

/** Titles and keys as in https://github.com/czimaginginstitute/AreTomo3/issues/61 (the new form lacks the first bracket). */
const mdoc = (frames: readonly string[], title = "[T = Tomography: TITAN52337740    30-Sep-2025  14:55:42]") =>
  `${title}\n\n[T =   TiltAxisAngle = -175.84  Binning = 2  SpotSize = 6]\n\n${frames
    .map(
      (frame, z) =>
        `[ZValue = ${z}]\nTiltAngle = ${3 * z}.01\nPixelSpacing = 2.09\nCountsPerElectron = NaN\nSubFramePath = \\\\192.168.12.2\\DoseFractions\\${frame}\nNumSubFrames = 10\nDateTime = 30-Sep-2025  14:5${z}:42\nCameraLength = NaN\n`,
    )
    .join("\n")}`;
/** Names as in murfey's `tests/client/test_analyser.py`: https://github.com/DiamondLightSource/python-murfey */
const fractions = (position: string, end = "fractions.tiff") =>
  [0, 1, 2].map((z) => `${position}_00${z + 1}_${3 * z}.0_20250715_01243${z}_${end}`);
const tiff = new Uint8Array([0x49, 0x49, 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const beside = (folder: string, names: readonly string[], bytes: Uint8Array = tiff) =>
  Object.fromEntries(names.map((name) => [`${folder}/${name}`, bytes]));

async function recognise(files: Record<string, string | Uint8Array>) {
  const recognised = await tomo5.recognise(await laboratoryWith(files));
  const claims = Object.fromEntries(
    (recognised?.claims ?? []).map(({ path, role, run }) => [path, run === undefined ? role : `${role} ${run}`]),
  );
  return { recognised, claims };
}

describe("Tomography 5", () => {
  it("keeps positions whole, each with its own frames", async () => {
    const files = {
      ...beside("Lab/Batch", fractions("Position_1")),
      ...beside("Lab/Batch", fractions("Position_1_2", "EER.eer")),
      ...beside("Lab/Batch", fractions("Position_2", "Fractions.mrc"), mrcFile([10, 4, 4], 2, { kind: "stack" })),
      "Lab/Batch/Position_1.mdoc": mdoc(fractions("Position_1")),
      "Lab/Batch/Position_1_2.mdoc": mdoc(
        fractions("Position_1_2", "EER.eer"),
        "T = Tomography_5.24.0.10938: TITAN52337740    07-Jan-2026  18:19:19]",
      ),
      "Lab/Batch/Position_2.mdoc": mdoc(fractions("Position_2", "Fractions.mrc")),
      "Lab/Batch/Position_2.mrc": mrcFile([3, 4, 4], 2.09, { kind: "stack" }),
    };
    const { claims, recognised } = await recognise(files);
    expect(recognised!.software).toBe("Tomography 5.24.0.10938 (Thermo Fisher)");
    expect(recognised!.notes).toEqual([]);
    for (const [position, end] of [
      ["Position_1", "fractions.tiff"],
      ["Position_1_2", "EER.eer"],
      ["Position_2", "Fractions.mrc"],
    ] as const) {
      for (const name of fractions(position, end)) expect(claims[`Lab/Batch/${name}`]).toBe(`frame ${position}`);
      expect(claims[`Lab/Batch/${position}.mdoc`]).toBe(`acquisition ${position}`);
    }
    expect(claims["Lab/Batch/Position_2.mrc"]).toBe("tilt series Position_2");
    expect(Object.keys(claims)).toHaveLength(Object.keys(files).length);
  });

  it("leaves overrides, aligned stacks, sums, repeated exposures and what is around out", async () => {
    const { claims } = await recognise({
      ...beside("s/Batch", fractions("Position_1")),
      "s/Batch/Position_1_003_6.0_20250715_020000_fractions.tiff": tiff,
      "s/Batch/Position_1_001_0.0_20250715_012430.mrc": mrcFile([1, 4, 4], 2),
      "s/Batch/Position_1.mdoc": mdoc(fractions("Position_1")),
      "s/Batch/Position_1_override.mdoc": mdoc(fractions("Position_1")),
      "s/Batch/Position_1_Ali.mrc": mrcFile([3, 4, 4], 8, { kind: "stack" }),
      "s/Batch/SearchMap_1.mrc": "",
      "s/Batch/Position_1_gain.tiff": tiff,
      "s/20250715_EER_GainReference.gain": tiff,
      "s/SearchMaps/Search_1.mrc": mrcFile([1, 4, 4], 200),
      "s/Thumbnails/file.mrc": mrcFile([1, 4, 4], 2),
      "s/Session.dm": "<x/>",
      "s/Overview_1.mrc": mrcFile([1, 4, 4], 200),
      "s/tracking notes.txt": "beam off",
      "other/SearchMaps/a.mrc": mrcFile([1, 4, 4], 200),
    });
    expect(claims).toMatchObject({
      "s/Batch/Position_1_003_6.0_20250715_020000_fractions.tiff": "left out Position_1",
      "s/Batch/Position_1_001_0.0_20250715_012430.mrc": "left out Position_1",
      "s/Batch/Position_1_override.mdoc": "left out",
      "s/Batch/Position_1_Ali.mrc": "left out Position_1",
      "s/Batch/SearchMap_1.mrc": "left out",
      "s/Batch/Position_1_gain.tiff": "gain Position_1",
      "s/SearchMaps/Search_1.mrc": "left out",
      "s/Thumbnails/file.mrc": "left out",
      "s/Session.dm": "left out",
      "s/Overview_1.mrc": "left out",
    });
    expect(claims["s/tracking notes.txt"]).toBeUndefined();
    expect(claims["other/SearchMaps/a.mrc"]).toBeUndefined();
    expect(claims["s/20250715_EER_GainReference.gain"]).toBe("gain");
  });

  it("knows frames without an mdoc by their names, and says what is missing", async () => {
    const { claims, recognised } = await recognise({
      ...beside("d", fractions("Lamelle 3_2")),
      "d/Position_9_override.mdoc": mdoc(fractions("Position_9")),
      "d/Position_7.mdoc": mdoc(fractions("Position_7")),
    });
    expect(claims[`d/${fractions("Lamelle 3_2")[0]}`]).toBe("frame Lamelle 3_2");
    expect(recognised!.missingFrames).toMatchObject([{ run: "Position_7", by: "d/Position_7.mdoc", found: 0 }]);
    expect(recognised!.notes).toEqual([
      "Position_9: there is an override mdoc alone; copy the mdoc of the series.",
      expect.stringContaining("Lamelle 3_2: there are frames, and no mdoc"),
    ]);
  });

  it("misses no mdoc of what was made of the frames of two sessions that have a position of one name", async () => {
    const later = fractions("Position_1").map((name) => name.replace("20250715", "20250801"));
    const averages = fractions("Position_1", "fractions.mrc");
    const { claims, recognised } = await recognise({
      ...beside("one", fractions("Position_1")),
      "one/Position_1.mdoc": mdoc(fractions("Position_1")),
      ...beside("two", later),
      "two/Position_1.mdoc": mdoc(later),
      ...beside("MotionCorr/job002", averages, mrcFile([1, 4, 4], 2)),
    });
    expect(recognised!.notes).toEqual([]);
    expect(claims[`MotionCorr/job002/${averages[0]}`]).toBeUndefined();
  });

  it("leaves out the frames of a series that was given up, and misses no mdoc of them", async () => {
    const [first, second] = fractions("Position_3");
    const { claims, recognised } = await recognise({
      ...beside("d", [first!, second!]),
      ...beside("d", fractions("Position_3_2")),
      "d/Position_3.mdoc": mdoc([first!, second!]),
      "d/Position_3_2.mdoc": mdoc(fractions("Position_3_2")),
    });
    expect([claims["d/Position_3.mdoc"], claims[`d/${first}`], claims[`d/${second}`]]).toEqual([
      "left out",
      "left out",
      "left out",
    ]);
    expect(recognised!.claims.find(({ path }) => path === `d/${second}`)?.because).toBe(
      "2 images, not a tilt series, as Position_3.mdoc says",
    );
    expect(claims[`d/${fractions("Position_3_2")[0]}`]).toBe("frame Position_3_2");
    expect(recognised!.notes).toEqual([]);
  });

  it("is not misled by movies of single particles and by mdocs of SerialEM", async () => {
    const { recognised } = await recognise({
      "FoilHole_25598436_Data_25597084_25597086_20210625_171939_fractions.tiff": tiff,
      "TS_01.mrc.mdoc":
        "PixelSpacing = 2\n[T = SerialEM: Krios]\n[ZValue = 0]\nTiltAngle = 0\nSubFramePath = D:\\TS_01_000_0.0.mrc\n[ZValue = 1]\nTiltAngle = 9\n[ZValue = 2]\nTiltAngle = 12\n",
      "SearchMap_1.mrc": "",
      "Overview.tif": tiff,
      "x_gain.tiff": tiff,
    });
    expect(recognised).toBeUndefined();
  });
});
