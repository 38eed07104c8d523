import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const volume = (seed: number, spacing = 10) => mrcFile([6, 12, 12], spacing, { seed });
const stack = (seed: number, images = 5) => mrcFile([images, 48, 48], 2.5, { kind: "stack", seed });
const angles = "-6\n-3\n0\n3\n6\n";

/** What becomes of files, and the questions by what they are about. */
async function decided(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith(files);
  const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const of = (path: string) => decisions.files.get(path);
  return { ...decisions, of, asked: decisions.questions.map(({ id, answer }) => [id.replace(/-.*/, ""), answer]) };
}

describe("tomograms of one run that nothing tells apart", () => {
  it("are asked about and not published", async () => {
    const { asked, of } = await decided({ "a/TS_01.mrc": volume(1), "b/TS_01.mrc": volume(2), "a/TS_02.mrc": volume(3) });
    expect(asked).toEqual([["twins", undefined]]);
    expect([of("a/TS_01.mrc"), of("b/TS_01.mrc"), of("a/TS_02.mrc")?.role]).toEqual([undefined, undefined, "tomogram"]);
  });

  it("but for those that lie where somebody has put them aside, which is told", async () => {
    const { asked, of } = await decided({
      "rec/TS_01.mrc": volume(1),
      "rec_old/TS_01.mrc": volume(2),
      "rec/TS_02.mrc": volume(3),
    });
    expect(asked).toEqual([["twins", "1"]]);
    expect([of("rec/TS_01.mrc")?.role, of("rec_old/TS_01.mrc")?.role]).toEqual(["tomogram", "left out"]);
  });
});

describe("voxel sizes that a header does not have", () => {
  it("are those of tomograms beside it with as many voxels, and of nobody elsewhere", async () => {
    const { of, undecided } = await decided({
      "rec/TS_01.mrc": volume(1),
      "rec/TS_02.mrc": volume(2, 0),
      "other/Liposome 1.mrc": mrcFile([6, 10, 11], 0, { seed: 3 }),
    });
    expect(of("rec/TS_02.mrc")?.details.spacingAngstrom).toBe(10);
    expect(of("rec/TS_02.mrc")?.details.spacingFrom).toContain("beside it");
    expect(undecided.get("other/Liposome 1.mrc")).toContain("no voxel size");
  });

  it("that are no whole number of pixels beside others that are, are asked about", async () => {
    const files = Object.fromEntries(
      [1, 2, 3].flatMap((n) => [
        [`TS_0${n}.st`, stack(n)],
        [`TS_0${n}.rawtlt`, angles],
        [`rec/TS_0${n}.rec`, volume(n, n === 2 ? 4 : 10)],
      ]),
    );
    const { asked, of } = await decided(files);
    expect(asked).toEqual([["spacing", "10"]]);
    expect(of("rec/TS_02.rec")?.details.spacingAngstrom).toBe(10);
  });
});

describe("tilt series", () => {
  it("with the same images under other headers are one; the one that the mdoc lies beside stays", async () => {
    const again = stack(1);
    again.set(new TextEncoder().encode("copied by hand"), 224 + 80);
    const { of, asked } = await decided({
      "session/TS_01.mrc": stack(1),
      "session/TS_01.mrc.mdoc": "not read here\n",
      "batch/TS_01.st": again,
      "batch/TS_01.rawtlt": angles,
    });
    expect(asked).toEqual([]);
    expect(of("batch/TS_01.st")?.role).toBe("left out");
    expect(of("session/TS_01.mrc")?.role).toBe("tilt series");
  });

  it("that have not as many images as angles are asked about", async () => {
    const { of, asked } = await decided({
      ...{ "TS_01.st": stack(1), "TS_01.rawtlt": angles, "TS_02.st": stack(2, 4), "TS_02.rawtlt": angles },
    });
    expect(asked).toEqual([["images", undefined]]);
    expect([of("TS_01.st")?.role, of("TS_02.st")]).toEqual(["tilt series", undefined]);
  });
});

describe("lists of points whose column has other names", () => {
  const star = (name: string) =>
    `data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnCoordinateZ #3\n_rlnMicrographName #4\n${[1, 9, 11, 5].map((x) => `${x}.5 ${x}.25 ${x / 2} ${name}`).join("\n")}\n`;

  it("are of the run that the names are of, and not of another one", async () => {
    const { of } = await decided({
      ...{ "rec/TS_01.mrc": volume(1), "rec/TS_02.mrc": volume(2) },
      ...{ "picks/TS_01.star": star("TS_01_Vol.mrc"), "picks/TS_02.star": star("TS_01_Vol.mrc") },
    });
    expect(of("picks/TS_01.star")?.role).toBe("points");
    expect(of("picks/TS_02.star")).toMatchObject({
      role: "left out",
      because: expect.stringContaining("its rows name TS_01_Vol.mrc"),
    });
  });
});
