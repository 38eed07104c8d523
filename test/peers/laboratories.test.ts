import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emporium } from "../e2e/cli-host.js";
import { THOROUGH } from "../thorough.js";
import { hasEnvironment } from "./environment.js";

/**
 * Folders as people have them (`test/laboratories`), written by somebody who had not read what recognises them: new, check, plan, run and validate on
 * their defaults, with every guess accepted. What is published then is held against the truth, which knows voxels and places in Å.
 */
const root = fileURLToPath(new URL("../..", import.meta.url));
const scripts = join(root, "test/laboratories");
const LABORATORIES = [
  ...["relion4", "aretomo2", "aretomo3", "imod_dual", "serialem_cryocare"],
  ...["dynamo", "peet", "eman2", "segmenters", "student"],
  ...["warp_m", "tomo5_epu", "matlab_averaging", "mixed_drives"],
  ...["aretomo3_live", "tomo5_relion5_membrain", "relion5_native", "three_people", "serialem_isonet2_peet", "course"],
  ...["pickers", "facility_delivery", "networks", "scipion", "incell_facility"],
  ...["portal_seams", "four_drives"],
  ...["warp_relion_pyp", "eman_mixed"],
  ...["diamond_visits", "tomoman_lab", "emdb_deposit"],
  ...["pacetomo_pytom", "imod_years", "flagella_lab", "krios_relion", "warp1_warptools", "copick_ml_group", "warp_dynamo_thesis"],
  ...["membrane_meshes", "facility_server", "empiar_reprocessed", "legacy_archive"],
  ...["lab_portal", "virology_mutants", "synapse_group", "postdoc_disk"],
  ...["relion5_plain", "old_drives", "dynamo_peet_plain"],
  ...["warp_plain", "aretomo_copick_plain"],
  ...["serialem_etomo_plain", "averaging_plain"],
  ...["tomo5_plain", "eman_plain"],
  ...["aretomo3_denoised_plain"],
  ...["two_sizes_plain", "aretomo2_dynamo_plain"],
  ...["three_drives_plain", "warp_relion5_plain", "resin_sections_plain"],
];
/** Accidents in laboratories, of which perturb.py knows twelve kinds: twenty in each by night, every other time five that were published wrongly once. */
const ACCIDENTS: (readonly [laboratory: string, seed: number])[] = THOROUGH
  ? LABORATORIES.flatMap((name) => Array.from({ length: 20 }, (_, seed) => [name, seed] as const))
  : [
      ["aretomo2", 8], // a folder copied as a whole
      ["aretomo3", 10], // a link to a half map
      ["segmenters", 14], // a renamed file
      ["peet", 17], // a header in nm
      ["tomo5_epu", 6], // a half that was cut short
    ];
/** Laboratories that lie in one folder: by night each beside the next one, every other time three of which one was once told by the other. */
const BESIDE: (readonly [one: string, other: string])[] = THOROUGH
  ? LABORATORIES.slice(1).map((name, at) => [LABORATORIES[at]!, name] as const)
  : [
      ["aretomo3", "warp_m"], // a gain reference
      ["serialem_cryocare", "student"], // a folder that is called after a program
      ["facility_delivery", "mixed_drives"], // pieces for figures, runs of the same names
    ];
const folder = mkdtempSync(join(tmpdir(), "emporium-laboratories-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a script of the laboratories; its exit status is the answer. */
function script(name: string, args: readonly string[]): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
    execFile(join(root, ".cache/venv-peers/bin/python"), [join(scripts, name), ...args], { env }, (error, out, err) =>
      resolve({ status: error ? Number(error.code) : 0, text: `${out}${err}` }),
    );
  });
}

/** The whole line on a folder. Nothing is filled in but what a curator is given: title, author, numbers. */
async function published(laboratory: string, out: string): Promise<{ said: string[]; statuses: number[] }> {
  mkdirSync(out);
  const config = join(out, "new.yaml");
  const said: string[] = [];
  const statuses: number[] = [];
  const step = async (name: string, words: readonly string[]) => {
    const { status, out: text, err } = await emporium([...words, "--workspace", join(out, "workspace")]);
    const path = join(out, `${name}.txt`);
    writeFileSync(path, text + err);
    said.push(path);
    statuses.push(status);
    return status;
  };
  const numbers = [
    "--title",
    "A laboratory",
    "--author",
    "A. Person",
    "--date",
    "2026-02-01",
    "--deposition",
    "10001",
    "--dataset",
    "10002",
  ];
  if ((await step("new", ["ingest", "new", "--from", laboratory, "--out", config, "--yes", ...numbers])) !== 0)
    return { said, statuses };
  const tree = join(out, "tree");
  await step("check", ["ingest", "check", config]);
  await step("plan", ["ingest", "plan", config, laboratory, tree, "--import-everything"]);
  await step("run", ["ingest", "run", config, laboratory, tree, "--import-everything", "--quiet"]);
  await step("validate", ["ingest", "validate", "standardized", config, tree]);
  return { said: [...said, config, join(out, "new.decisions.yaml")], statuses };
}

/** @param truth lies beside the laboratory: what is no longer there is not missed */
const judged = (out: string, truth: string, said: readonly string[]) =>
  script("judge.py", [join(out, "tree/10002"), truth, "--said", ...said]);

describe.skipIf(!hasEnvironment("peers"))("laboratories that nobody prepared", () => {
  beforeAll(async () => {
    for (const name of LABORATORIES) expect(await script(`${name}.py`, [folder])).toMatchObject({ status: 0 });
  }, 120_000);

  it.each(LABORATORIES)(
    "(36) %s: nothing is published wrongly, and nothing is missing in silence",
    async (name) => {
      const out = join(folder, `${name} published`);
      const { said, statuses } = await published(join(folder, name), out);
      const { status, text } = await judged(out, join(folder, `${name}.truth.json`), said);
      // 0: all is right; 3: what is missing is told
      expect([0, 3], text).toContain(status);
      // of EMAN2 nothing can be read, which is told, and nothing is written
      if (name === "eman2") expect(statuses).toEqual([2]);
      // findings of validate are facts of the laboratories, such as a run without a tomogram
      else expect(statuses.slice(0, 4), readFileSync(said.at(-3)!, "utf8")).toEqual([0, 0, 0, 0]);
    },
    120_000,
  );

  it.each(BESIDE)(
    "(36) %s beside %s: nothing is published wrongly",
    async (...names) => {
      const name = names.join("+");
      expect(await script("beside.py", [folder, ...names])).toMatchObject({ status: 0 });
      const out = join(folder, `${name} published`);
      const { said } = await published(join(folder, name), out);
      const { status, text } = await judged(out, join(folder, `${name}.truth.json`), said);
      expect([0, 3], text).toContain(status);
    },
    180_000,
  );

  it.each(ACCIDENTS)(
    "(36) %s with accident %i: nothing is published wrongly",
    async (name, seed) => {
      const at = join(folder, `accident ${name} ${seed}`);
      cpSync(join(folder, name), join(at, name), { recursive: true, verbatimSymlinks: true });
      const truth = join(at, `${name}.truth.json`);
      cpSync(join(folder, `${name}.truth.json`), truth);
      const { text: what } = await script("perturb.py", [join(at, name), `${seed}`]);
      const { said, statuses } = await published(join(at, name), join(at, "published"));
      expect(
        statuses.filter((one) => ![0, 2, 3, 4].includes(one)),
        what,
      ).toEqual([]);
      const { status, text } = await judged(join(at, "published"), truth, said);
      expect(status, `${what}${text}`).not.toBe(1);
      rmSync(at, { recursive: true });
    },
    120_000,
  );
});
