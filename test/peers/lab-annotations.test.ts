import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { CORE_BOX, LABEL_BOXES, LABEL_VOXELS, MEMBRANE_BOX, PARTICLES, SHELL_BOX } from "../../examples/lab/truth.mjs";
import { inPartWithoutRealFiles, REAL_DATA } from "../real-data.js";
import { hasEnvironment, python, type Verdict } from "./environment.js";

const SCHEMA = fileURLToPath(new URL("misc/ingestion_config_models.schema.json", REAL_DATA));
const folder = mkdtempSync(join(tmpdir(), "emporium-peers-annotations-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** That the laboratory's files say what its truth says is told by programs that know nothing of emporium. */
describe.skipIf(!hasEnvironment("peers"))("the miniature laboratory's annotations", () => {
  inPartWithoutRealFiles("the configuration is not compared with the portal's schema");
  let verdicts: Verdict[];

  beforeAll(async () => {
    const lab = await generateLab({
      out: folder,
      deposits: ["imod", "aretomo", "batch", "sim", "annotations"],
      sections: "all",
    });
    const truth = {
      particles: PARTICLES,
      labels: LABEL_BOXES,
      labelVoxels: LABEL_VOXELS,
      membrane: MEMBRANE_BOX,
      shell: SHELL_BOX,
      core: CORE_BOX,
    };
    const config = lab.deposits.find(({ name }) => name === "annotations")!.config;
    const job = join(folder, "job.json");
    writeFileSync(
      job,
      JSON.stringify({ lab: join(lab.input, "lab"), config, schema: existsSync(SCHEMA) ? SCHEMA : null, ...truth }),
    );
    verdicts = JSON.parse(await python("peers", "check_lab_annotations.py", [job]));
  });

  const judgedBy = (pattern: RegExp) => verdicts.filter(({ case: name }) => pattern.test(name));

  it.each([
    ["truth that scipy confirms", /^truth/, 1],
    ["particle tables, read by starfile", /^(relion|tomoman|stopgap|warp)/, 37],
    ["models, read by imodmodel", /_MS\.mod|^models/, 17],
    ["picks, read by copick", /^(run_00|copick)/, 18],
    ["lists, read by csv", /^TS_000\d .*\.[ct]sv$|^tables/, 14],
    ["masks, read by mrcfile and zarr-python", /\.(mrc|zarr)$|^masks/, 30],
    ["meshes, read by trimesh and h5py", /\.(obj|stl|glb)$|^group|^meshes/, 16],
    ["one alignment in the words of RELION 5 and Warp", /tilt series$|^alignments/, 8],
    ["one fit in the words of four programs", /^(CTFFIND|Gctf|IMOD|AreTomo3|ctf)/, 4],
  ])("has %s", (_, pattern, checks) => {
    const judged = judgedBy(pattern);
    expect(judged.filter(({ passed }) => !passed)).toEqual([]);
    expect(judged.length).toBeGreaterThanOrEqual(checks);
  });

  it("has nothing that fails beside them", () => {
    expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
  });
});
