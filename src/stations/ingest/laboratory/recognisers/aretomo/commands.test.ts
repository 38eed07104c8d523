import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { aretomo } from "./recognise.js";

const stack = mrcFile([5, 40, 40], 2, { kind: "stack", seed: 1 });
const aln = `# AreTomo Alignment / Priims bprmMn\n# RawSize = 40 40 5\n# NumPatches = 0\n# SEC ROT GMAG TX TY SMEAN SFIT SCALE BASE TILT\n${[0, 1, 2, 3, 4].map((i) => `${i} -1 1.0 0 0 1 1 1 0 ${3 * i - 6}\n`).join("")}`;
const run = 'AreTomo2 -InMrc "stacks/Position 7.mrc" \\\n  -OutMrc rec/lamella_bin4.mrc -VolZ 24 -OutBin 4\n';

async function claimsOf(files: Record<string, string | Uint8Array>) {
  const recognised = await aretomo.recognise(await laboratoryWith(files));
  return Object.fromEntries((recognised?.claims ?? []).map(({ path, role, run: of }) => [path, `${role} ${of}`]));
}

describe("command lines of AreTomo", () => {
  it("tell of which stack a volume and its alignment are, whatever they are called", async () => {
    expect(
      await claimsOf({
        "align.sh": run,
        "stacks/Position 7.mrc": stack,
        "rec/lamella_bin4.aln": aln,
        "rec/lamella_bin4.mrc": mrcFile([6, 10, 10], 8),
      }),
    ).toEqual({
      "stacks/Position 7.mrc": "tilt series Position 7",
      "rec/lamella_bin4.aln": "alignment Position 7",
      "rec/lamella_bin4.mrc": "tomogram Position 7",
    });
  });

  it("tell it of a later version, too", async () => {
    const again = { "again/lamella_bin4_v2.aln": aln, "again/lamella_bin4_v2.mrc": mrcFile([6, 10, 10], 8) };
    expect(await claimsOf({ "align.sh": run, "stacks/Position 7.mrc": stack, ...again })).toEqual({
      "stacks/Position 7.mrc": "tilt series Position 7",
      "again/lamella_bin4_v2.aln": "alignment Position 7",
      "again/lamella_bin4_v2.mrc": "tomogram Position 7",
    });
  });

  it("do so without an alignment, and not those of loops, nor two for one output", async () => {
    const rec = { "rec/lamella_bin4.mrc": mrcFile([6, 10, 10], 8) };
    expect(await claimsOf({ ...rec, "logs/1.log": run })).toEqual({ "rec/lamella_bin4.mrc": "tomogram Position 7" });
    expect(await claimsOf({ ...rec, "a.sh": "AreTomo -InMrc $ts.mrc -OutMrc rec/lamella_bin4.mrc\n" })).toEqual({});
    const inFolder = "R=/data\nAreTomo2 -InMrc $R/Position_7.mrc -OutMrc $R/rec/lamella_bin4.mrc\n";
    expect(await claimsOf({ ...rec, "a.sh": inFolder })).toEqual({ "rec/lamella_bin4.mrc": "tomogram Position_7" });
    const second = "AreTomo -InMrc Position_8.mrc -OutMrc rec/lamella_bin4.mrc\n";
    expect(await claimsOf({ ...rec, "logs/1.log": run, "b.sh": second })).toEqual({});
  });
});
