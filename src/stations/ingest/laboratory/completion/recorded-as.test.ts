import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const TILTS = [-6, -3, 0, 3, 6];
const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });
/** The same exposures in numbers of another program. */
function again(seed: number): Uint8Array {
  const bytes = stack(seed).slice();
  const voxels = new Float32Array(bytes.buffer, 1024);
  for (const [at, value] of voxels.entries()) voxels[at] = 3 * value + 1;
  return bytes;
}
const volume = (seed: number) => mrcFile([6, 8, 8], 15, { seed });
/** Of `Position_1` of a session: the microscope counts anew in each. */
const mdoc = (day: number) =>
  `PixelSpacing = 2.5\nVoltage = 300\nImageFile = Position_1.mrc\n\n${TILTS.map((tilt, z) => `[ZValue = ${z}]\nTiltAngle = ${tilt}\nSubFramePath = D:\\data\\Position_1_00${z}_202403${day}_EER.eer\nDateTime = ${day}-Mar-24  10:1${z}:12\n`).join("\n")}`;
const aln = (shift: number) =>
  `# AreTomo Alignment / Priims bprmMn\n# RawSize = 48 48 5\n# NumPatches = 0\n# SEC ROT GMAG TX TY SMEAN SFIT SCALE BASE TILT\n${TILTS.map((tilt, n) => `${n} 0 1.0 ${shift * (n % 2)} 0 1.0 1.0 1.0 0.0 ${tilt}`).join("\n")}\n`;

/** Two sessions whose series somebody has called `lam1` and `lam4`, and stacks under the names of the sessions. */
const sessions = {
  ...{ "raw/12/Position_1.mdoc": mdoc(12), "raw/24/Position_1.mdoc": mdoc(24) },
  ...{ "project/lam1/lam1.mdoc": mdoc(12), "project/lam4/lam4.mdoc": mdoc(24) },
  ...{ "project/lam1/lam1_rec.mrc": volume(1), "project/lam4/lam4_rec.mrc": volume(4) },
};
const stacks = { "project/lam1/lam1.st": stack(1), "project/lam4/lam4.st": stack(4) };
const outside = (folder: string, seed: number, made = "Vol") => ({
  [`${folder}/Position_1.mrc`]: again(seed),
  [`${folder}/Position_1.aln`]: aln(seed),
  [`${folder}/Position_1_${made}.mrc`]: mrcFile([9, 12, 12], 10, { seed: seed + 20 }),
});

async function decided(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith(files);
  const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  return { ...decisions, run: (path: string) => decisions.files.get(path)?.run };
}

describe("a stack under the name that the microscope gave to a series which was renamed", () => {
  it("is of the series that shows its images, with all that was made of it", async () => {
    const { runs, run, notes } = await decided({ ...sessions, ...stacks, ...outside("first", 1), ...outside("second", 4) });
    expect(runs).toEqual(["lam1", "lam4"]);
    expect([run("first/Position_1_Vol.mrc"), run("second/Position_1_Vol.mrc")]).toEqual(["lam1", "lam4"]);
    expect(notes).toContain(
      "raw/24/Position_1.mdoc describes the stack of second_Position_1, and both show the same images: published as run lam4.",
    );
  });

  it("is of none that shows others", async () => {
    const { runs, run } = await decided({ ...sessions, ...stacks, ...outside("first", 1), ...outside("second", 7) });
    expect(runs).toHaveLength(3);
    expect(["lam1", "lam4"]).not.toContain(run("second/Position_1_Vol.mrc"));
  });

  it("is asked about where there is nothing to compare it with", async () => {
    const { runs, questions, files } = await decided({ ...sessions, ...outside("first", 1), ...outside("second", 4) });
    expect(runs).toEqual(["lam1", "lam4"]);
    const asked = questions.filter(({ isOfRuns }) => isOfRuns);
    expect(asked.map(({ options }) => options.map(({ says }) => says))).toContainEqual([
      ...["yes: published with run lam1", "yes: published with run lam4"],
      ...["no: published as a run of its own", "not published"],
    ]);
    expect(files.get("second/Position_1_Vol.mrc")?.role).toBe("left out");
  });

  it("is held to be a series of its own where no binning makes its pixels of those that were recorded", async () => {
    const other = mrcFile([5, 48, 48], 3.4, { kind: "stack", seed: 9 });
    const { runs, run, questions } = await decided({ ...sessions, ...outside("other", 9), "other/Position_1.mrc": other });
    expect(questions.filter(({ id }) => id.startsWith("recorded"))).toMatchObject([{ answer: "separate-run" }]);
    expect(runs).toHaveLength(3);
    expect(run("other/Position_1_Vol.mrc")).toBe("Position_1");
  });
});

describe("what is called after it", () => {
  const files = { ...sessions, ...stacks, ...outside("first", 1), ...outside("second", 4) };

  it("is of the run whose files of that name lie nearest: a list of points", async () => {
    const points = "index,axis-0,axis-1,axis-2\n0,1,2,3\n1,3,10,10\n2,1,4,9\n";
    const found = await decided({ ...files, "second/napari/Position_1_vesicles.csv": points, "picks/Position_1.csv": points });
    expect(found.files.get("second/napari/Position_1_vesicles.csv")).toMatchObject({ role: "points", run: "lam4" });
    expect(found.files.get("picks/Position_1.csv")).toMatchObject({ role: "left out" });
  });

  it("and a tomogram that cryoCARE calls after its even half", async () => {
    const one = { ...sessions, ...stacks, ...outside("first", 1, "rec"), ...outside("second", 4) };
    const half = (seed: number) => mrcFile([9, 12, 12], 10, { seed });
    const denoised = half(24);
    const voxels = new Float32Array(denoised.buffer, 1024);
    for (const [at, value] of voxels.entries()) voxels[at] = value / 2;
    const halves = { "second/Position_1_EVN_Vol.mrc": half(31), "second/Position_1_ODD_Vol.mrc": half(32) };
    const { files: all } = await decided({ ...one, ...halves, "cryocare/denoised/Position_1_EVN_Vol.mrc": denoised });
    expect(all.get("cryocare/denoised/Position_1_EVN_Vol.mrc")).toMatchObject({ role: "tomogram", run: "lam4" });
  });

  it("and a tomogram that was made of a copy under another name", async () => {
    const { files: all } = await decided({
      ...files,
      ...{ "tobias/in/tomo_A.mrc": volume(4), "tobias/tomo_A_gauss.mrc": mrcFile([6, 8, 8], 15, { seed: 50 }) },
    });
    expect(all.get("tobias/tomo_A_gauss.mrc")).toMatchObject({ role: "tomogram", run: "lam4" });
  });
});
