import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emporium } from "../e2e/cli-host.js";
import { hasEnvironment, type PythonEnvironment, python, type Verdict } from "./environment.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-dtype-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Source {
  name: string;
  file: string;
  dtype: string;
}

interface Job {
  name: string;
  out: string;
  series: boolean;
  zeros: boolean;
  mrc: boolean;
}

let sources: Source[] = [];

async function converted(version: string, more: readonly string[], names: (name: string) => boolean): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const { name, file } of sources.filter((source) => names(source.name))) {
    const out = [name, version, ...more.filter((word) => word.startsWith("-"))].join("_");
    const flags = ["--dtype", "source", "--ome-zarr", version, ...more, "--workspace", join(folder, "workspace")];
    const { status, err } = await emporium(["ingest", "convert", join(folder, file), join(folder, out), ...flags]);
    expect(status, err).toBe(0);
    const zeros = more.includes("reference");
    jobs.push({ name, out, series: more.includes("--no-scale-z"), zeros, mrc: !more.includes("--zarr") && version === "0.4" });
  }
  return jobs;
}

async function judge(environment: PythonEnvironment, jobs: readonly Job[]): Promise<void> {
  const path = join(folder, `jobs-${environment}-${jobs[0]!.out}.json`);
  writeFileSync(path, JSON.stringify(jobs));
  const verdicts: Verdict[] = JSON.parse(await python(environment, "check_dtype.py", ["check", folder, path]));
  expect(verdicts.length).toBe(jobs.reduce((sum, { mrc }) => sum + (mrc ? 5 : 3), 0));
  expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
}

const all = () => true;
const odd = (name: string) => name.endsWith("odd") || !name.includes("-");

describe.skipIf(!hasEnvironment("peers"))("volumes that keep the source's integers", () => {
  beforeAll(async () => {
    sources = JSON.parse(await python("peers", "check_dtype.py", ["make", folder]));
  });

  it("have every level that numpy's rint of the level above gives, and an MRC of float32", async () => {
    await judge("peers", await converted("0.4", [], all));
  });

  it("do so as tilt series, whose z stays", async () => {
    await judge("peers", await converted("0.4", ["--no-scale-z"], all));
  });

  it("have the reference's zeros behind odd edges where it is asked for", async () => {
    // by the reference's reading bytes are signed whatever IMOD's flag says
    await judge("peers", await converted("0.4", ["--compat", "reference", "--zarr"], (name) => odd(name) && name !== "imod"));
  });

  describe.skipIf(!hasEnvironment("zarr3"))("in shards", () => {
    it.each<[string, string[]]>([
      ["Blosc", []],
      ["zstd", ["--codec", "zstd", "--zarr"]],
      ["a tilt series", ["--no-scale-z", "--zarr"]],
    ])("are the same to zarr-python 3: %s", async (_, flags) => {
      await judge("zarr3", await converted("0.5", flags, flags.includes("zstd") ? odd : all));
    });
  });
});
