import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });
const angles = "-6\n-3\n0\n3\n6\n";
const edf = (name: string, axes: string) =>
  `Setup.DatasetName=${name}\nSetup.Version.Etomo.Created=4.11.12\nSetup.AxisType=${axes}\n`;
const mdoc = (name: string, hour: number) =>
  `PixelSpacing = 2.5\nVoltage = 300\nImageFile = ${name}\n\n${[-6, -3, 0, 3, 6].map((angle, z) => `[ZValue = ${z}]\nTiltAngle = ${angle}\nDateTime = 12-Mar-24  ${hour}:0${z}:12\n`).join("\n")}`;

/** A series of which etomo knows axis a alone, with another stack beside it. */
const single = {
  "axo_09/axo_09a.edf": edf("axo_09a", "Single Axis"),
  ...{ "axo_09/axo_09a.st": stack(3), "axo_09/axo_09a.rawtlt": angles, "axo_09/axo_09a.st.mdoc": mdoc("axo_09a.st", 10) },
  ...{ "axo_09/axo_09a_rec.mrc": mrcFile([6, 24, 24], 5, { seed: 8 }) },
  ...{ "axo_09/axo_09b.st": stack(4), "axo_09/axo_09b.st.mdoc": mdoc("axo_09b.st", 12) },
};
const dual = {
  "axo_07/axo_07.edf": edf("axo_07", "Dual Axis"),
  ...{ "axo_07/axo_07a.st": stack(1), "axo_07/axo_07b.st": stack(2) },
  ...{ "axo_07/axo_07a.rawtlt": angles, "axo_07/axo_07b.rawtlt": angles },
};

async function decided(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith(files);
  const { runs, notes, files: all } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  return { runs, notes, role: (path: string) => all.get(path)?.role };
}

it("the second axis of a series that etomo knows by its first is no run where a series called alike has two axes", async () => {
  const { runs, notes, role } = await decided({ ...dual, ...single });
  expect(runs).toEqual(["axo_07", "axo_09a"]);
  expect([role("axo_09/axo_09a.st"), role("axo_09/axo_09b.st")]).toEqual(["tilt series", "left out"]);
  expect(notes.join(" ")).toContain(
    "axo_09/axo_09b.st seems to be the second axis of axo_09a, since axo_07, which has a similar name, has two: it is not published.",
  );
});

it("letters behind a name tell places apart where no series has two axes, or where something was made of both", async () => {
  expect((await decided(single)).runs).toEqual(["axo_09a", "axo_09b"]);
  const made = {
    "axo_09/axo_09b.edf": edf("axo_09b", "Single Axis"),
    "axo_09/axo_09b_rec.mrc": mrcFile([6, 24, 24], 5, { seed: 9 }),
  };
  expect((await decided({ ...dual, ...single, ...made })).runs).toEqual(["axo_07", "axo_09a", "axo_09b"]);
});
