import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { encodeMod } from "../../../../../formats/mod/write.js";
import { imod } from "../imod/recognise.js";
import { peet } from "./recognise.js";

const volume = mrcFile([6, 10, 10], 8);
/** Assignments and names as in IMOD's own test project `pi`. */
const prm = `# fnVolume: The file names of tomograms\nfnVolume = {'/home/a/current data/pi-a.rec', '/home/a/current data/pi-b.rec'}\n\nfnModParticle = {'/home/a/current data/pi-a.mod', '/home/a/current data/pi-b.mod'}\ninitMOTL = 0\nfnOutput = 'pi'\n`;
const MOTL =
  "CCC,reserved,reserved,pIndex,wedgeWT,NA,NA,NA,NA,NA,xOffset,yOffset,zOffset,NA,NA,reserved,phi,psi,theta,reserved\n";

async function found(files: Record<string, string | Uint8Array>) {
  const recognised = await peet.recognise(await laboratoryWith(files));
  const claims = Object.fromEntries((recognised?.claims ?? []).map((claim) => [claim.path, claim]));
  const roles = Object.fromEntries((recognised?.claims ?? []).map(({ path, role }) => [path, role]));
  return { recognised, claims, roles };
}

describe("PEET", () => {
  it("takes the lists of the last iteration for the points, with their tomograms by the project", async () => {
    const { claims, roles } = await found({
      "sta/pi.prm": prm,
      "sta/pi.epe": "x",
      "sta/pi-a.mod": "IMODV1.2",
      "sta/pi-b.mod": "IMODV1.2",
      "sta/pi-a-initMOTL.csv": MOTL,
      "sta/pi_MOTL_Tom1_Iter2.csv": MOTL,
      "sta/pi_MOTL_Tom1_Iter10.csv": MOTL,
      "sta/pi_MOTL_Tom3_Iter10.csv": MOTL,
      "sta/pi_AvgVol_10P6.mrc": volume,
      "sta/pi_Ref2.mrc": volume,
      "tomograms/pi-a.rec": volume,
      "tomograms/pi-b.rec": volume,
    });
    expect(roles).toEqual({
      "sta/pi.prm": "left out",
      "sta/pi.epe": "left out",
      "sta/pi-a.mod": "left out",
      "sta/pi-b.mod": "points",
      "sta/pi-a-initMOTL.csv": "left out",
      "sta/pi_MOTL_Tom1_Iter2.csv": "left out",
      "sta/pi_MOTL_Tom1_Iter10.csv": "points",
      "sta/pi_MOTL_Tom3_Iter10.csv": "left out",
      "sta/pi_AvgVol_10P6.mrc": "left out",
      "sta/pi_Ref2.mrc": "left out",
      "tomograms/pi-a.rec": "tomogram",
      "tomograms/pi-b.rec": "tomogram",
    });
    expect(claims["sta/pi_MOTL_Tom1_Iter10.csv"]).toMatchObject({
      sameRunAs: "tomograms/pi-a.rec",
      details: { points: { format: "peet_motl", shape: "OrientedPoint", unit: "voxels", of: "tomograms/pi-a.rec" } },
    });
    expect(claims["sta/pi-b.mod"]).toMatchObject({
      sameRunAs: "tomograms/pi-b.rec",
      details: { points: { of: "tomograms/pi-b.rec" } },
    });
  });

  it("reads models in their own pixels where their tomograms are not in the folder", async () => {
    const scale: [number, number, number] = [4, 4, 4];
    const model = encodeMod({
      max: [20, 20, 12],
      image: { oldTranslation: [0, 0, 0], scale, translation: [0, 0, 0], rotation: [0, 0, 0] },
      objects: [{ name: "", contours: [{ xyz: [1, 2, 3] }] }],
    });
    const { claims } = await found({
      "sta/pi.prm": prm,
      "sta/pi-a.mod": model,
      "sta/pi-b.mod": model,
      "sta/pi_MOTL_Tom1_Iter2.csv": MOTL,
      "tomograms/pi_a_bin4.rec": volume,
    });
    const reading = { unit: "pixels", pixelAngstrom: 4 };
    expect(claims["sta/pi_MOTL_Tom1_Iter2.csv"]!.details!.points).toMatchObject({ format: "peet_motl", ...reading });
    expect(claims["sta/pi-b.mod"]!.details!.points).toMatchObject({ format: "mod", ...reading });
  });

  it("tells what is missing, and knows no other .prm", async () => {
    const { roles, recognised } = await found({ "pi.prm": prm, "pi_MOTL_Tom1_Iter2.csv": MOTL });
    expect(roles).toEqual({ "pi.prm": "left out", "pi_MOTL_Tom1_Iter2.csv": "left out" });
    expect(recognised!.notes!.join("\n")).toMatch(
      /pi_MOTL_Tom1_Iter2\.csv: a motive list has no positions[\s\S]*1 \(pi-a\.rec\)/,
    );
    expect((await found({ "run.prm": "temperature = 300\n", "x_motl.csv": MOTL, "empty.prm": "" })).recognised).toBeUndefined();
  });

  it("(34.silence) tells of models that are not there, and of lists whose orientations are lost", async () => {
    const { roles, recognised } = await found({
      "sta/run/pi.prm": prm,
      "models/pi-a.mod": "IMODV1.2",
      "sta/run/pi_MOTL_Tom1_Iter2.csv": MOTL,
      "rec/pi-a.rec": volume,
      "rec/pi-b.rec": volume,
    });
    expect(roles["models/pi-a.mod"]).toBe("points");
    expect(recognised!.notes!.join("\n")).toMatch(
      /pi_MOTL_Tom1_Iter2\.csv: its model models\/pi-a\.mod lies elsewhere[\s\S]*models of tomograms 2 \(pi-b\.mod\) are not/,
    );
  });

  it("a model whose points a list has is left out, though a project elsewhere names it, too", async () => {
    const { claims } = await found({
      "a/pi.prm": prm,
      "a/pi-a.mod": "IMODV1.2",
      "a/pi_MOTL_Tom1_Iter2.csv": MOTL,
      "a_subset/sub.prm": prm.replaceAll("/home/a/current data/pi-a.mod", "../a/pi-a.mod").replace("'pi'", "'sub'"),
    });
    expect([claims["a/pi-a.mod"]!.role, claims["a/pi_MOTL_Tom1_Iter2.csv"]!.role]).toEqual(["left out", "points"]);
  });

  it("asks which of two projects' lists of the same model counts, and takes that of most iterations", async () => {
    const { claims, recognised } = await found({
      "sta/pi.prm": prm,
      "sta/fine.prm": prm.replace("'pi'", "'fine'"),
      "sta/pi-a.mod": "IMODV1.2",
      "sta/pi_MOTL_Tom1_Iter2.csv": MOTL,
      "sta/fine_MOTL_Tom1_Iter4.csv": MOTL,
      "tomograms/pi-a.rec": volume,
    });
    const [question] = recognised!.questions!;
    expect([question!.files, question!.guess]).toEqual([["sta/fine_MOTL_Tom1_Iter4.csv", "sta/pi_MOTL_Tom1_Iter2.csv"], "1"]);
    expect(question!.options[0]!.claims.map(({ role }) => role)).toEqual(["points", "left out"]);
    expect(question!.text).toBe("Which alignment of the particles of sta/pi-a.mod should be published?");
    expect(question!.options[0]!.says).toBe("sta/fine_MOTL_Tom1_Iter4.csv: its shifts and orientations are published");
    expect([claims["sta/pi_MOTL_Tom1_Iter2.csv"], claims["sta/pi-a.mod"]!.role]).toEqual([undefined, "left out"]);
  });

  it("leaves out what addModPts began with, and the axes it wrote; nobody is asked whether lines that a list has are drawings", async () => {
    const lines = encodeMod({
      max: [10, 10, 6],
      objects: [{ name: "doublets", contourKind: "open", contours: [{ xyz: [1, 1, 1, 4, 4, 2, 8, 8, 3] }] }],
    });
    const files = {
      "sta/axo.prm": "fnVolume = {'../TS_1.rec'}\nfnModParticle = {'TS_1_PtsAdded.mod'}\nfnOutput = 'axo'\n",
      "sta/TS_1.mod": lines,
      "sta/TS_1_PtsAdded.mod": lines,
      "sta/TS_1_RotAxes.csv": "0,1,0\n0,1,0\n0,1,0\n",
      "sta/TS_2_lines.mod": lines,
      "sta/axo_MOTL_Tom1_Iter2.csv": MOTL,
      "TS_1.rec": volume,
    };
    const { roles, claims } = await found(files);
    expect([roles["sta/TS_1.mod"], roles["sta/TS_1_PtsAdded.mod"], roles["sta/TS_1_RotAxes.csv"]]).toEqual(
      Array(3).fill("left out"),
    );
    expect(claims["sta/TS_1.mod"]!.because).toBe(
      "the lines that addModPts filled with the points of TS_1_PtsAdded.mod: no list of places",
    );
    expect(claims["sta/TS_1_RotAxes.csv"]!.because).toContain("no list of places");
    const asked = (await imod.recognise(await laboratoryWith(files)))?.questions?.flatMap((one) => one.files);
    expect(asked).toEqual(["sta/TS_2_lines.mod"]);
  });
});
