import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emporium } from "./environment.js";
import { hasSlurm, type Slurm, startSlurm } from "./slurm-kit.js";

const run = promisify(execFile);

const BASE = "/groups/mousebrainmicro/mousebrainmicro";
const SAMPLE = "2023-05-10";
const SUFFIXES = ["stitching-output", 'it\'s a "$(id)"', "new\nline; touch x", "-rf * é 😀"];
const SOURCES = [
  `${BASE}/registration/Database/${SAMPLE}/`,
  ...SUFFIXES.map((suffix) => `${BASE}/cluster/Reconstructions/${SAMPLE}/${suffix}/`),
  `${BASE}/shared_tracing/Finished_Neurons/${SAMPLE}/`,
  `${BASE}/tracing_complete/${SAMPLE}/`,
];

describe.runIf(hasSlurm())("a Slurm node", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-slurm-"));
  const root = join(folder, "root");
  const record = join(folder, "record");
  let slurm: Slurm;

  beforeAll(async () => {
    for (const source of SOURCES) {
      mkdirSync(root + source, { recursive: true });
      writeFileSync(`${root}${source}file`, "x");
    }
    // stands for the AWS CLI on the node: writes down what it is called with, and fails where the name of a source says so
    mkdirSync(join(folder, "bin"));
    const aws = join(folder, "bin/aws");
    writeFileSync(aws, `#!/bin/sh\nprintf '%s\\0' "$2" "$3" "$4" >>${record}\ncase $3 in *$FAILS*) exit 7 ;; esac\n`);
    chmodSync(aws, 0o755);
    slurm = await startSlurm();
  });
  afterAll(async () => {
    await slurm?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Writes the script of a profile and runs it. `fails`: part of the path of sources that the node cannot send. @returns how each new job ended. */
  async function submit(name: string, cluster: string, fails: string): Promise<Record<string, string>> {
    const before = (await slurm.settled()).size;
    const profile = join(folder, `${name}.yaml`);
    const out = join(folder, name);
    const scripts = ["publish", "script", "--profile", profile, "--sample", SAMPLE, "--root", root, "--out-dir", out];
    const products = [
      "--products",
      "registration,segmentation,tracings",
      ...SUFFIXES.map((suffix) => `--segmentation-suffix=${suffix}`),
    ];
    writeFileSync(profile, `{extends: mouselight, cluster: {kind: slurm, ${cluster}}}`);
    expect(await emporium([...scripts, ...products])).toMatchObject({ status: 0, stderr: "" });
    rmSync(record, { force: true });
    const env = { ...slurm.env, FAILS: fails, PATH: `${join(folder, "bin")}:${process.env.PATH}` };
    await run(join(out, `${SAMPLE}_cluster.sh`), { cwd: folder, env });
    const jobs = [...(await slurm.settled()).values()].slice(before);
    return Object.fromEntries(jobs.map(({ name, state, exitCode }) => [name, `${state} ${exitCode}`]));
  }

  const recorded = () => {
    const words = readFileSync(record, "utf8").split("\0").slice(0, -1);
    return Array.from({ length: words.length / 3 }, (_, at) => words.slice(at * 3, at * 3 + 3));
  };
  const targetOf = (source: string) =>
    `s3://janelia-mouselight-imagery/${
      source.includes("registration")
        ? "registration"
        : source.includes("Reconstructions")
          ? "segmentation"
          : `tracings/${source.split("/").at(-3)}`
    }/${SAMPLE}/`;

  const SEGMENTATIONS = SUFFIXES.map((_, at) => `seg0510-${at + 1}`);
  const all = (names: readonly string[], ending: string) => Object.fromEntries(names.map((name) => [name, ending]));

  it("runs the jobs of a script with the plan's arguments, whatever the folders are called", async () => {
    expect(await submit("free", `slots: 1, walltime: 5, logs: ${folder}`, "tracing_complete")).toEqual({
      ...all(["reg0510", ...SEGMENTATIONS, "tra0510-1"], "COMPLETED 0:0"),
      "tra0510-2": "FAILED 7:0",
    });
    expect(recorded().sort()).toEqual(SOURCES.map((source) => ["sync", source, targetOf(source)]).sort());
  });

  it("keeps the order that a profile asks for", async () => {
    const jobs = await submit("ordered", `slots: 1, order: sample, logs: ${folder}`, "nothing");
    expect(jobs).toEqual(all(["reg0510", ...SEGMENTATIONS, "tra0510-1", "tra0510-2"], "COMPLETED 0:0"));
    expect(recorded().map(([, source]) => source)).toEqual(SOURCES);
  });

  it("ends what waits for a job that has failed, and nothing else", async () => {
    const jobs = await submit("failing", `order: product, logs: ${folder}`, "it's");
    expect(jobs).toEqual({
      ...all(["reg0510", SEGMENTATIONS[0]!, "tra0510-1", "tra0510-2"], "COMPLETED 0:0"),
      [SEGMENTATIONS[1]!]: "FAILED 7:0",
      ...all(SEGMENTATIONS.slice(2), "CANCELLED 0:0"),
    });
  });
});
