import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { hasEnvironment, python, type Verdict } from "./environment.js";

const SCHEMA = fileURLToPath(new URL("../../../shared/data/misc/ingestion_config_models.schema.json", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "emporium-peers-lab-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!hasEnvironment("peers"))("the miniature laboratory, judged by mrcfile and numpy", () => {
  let verdicts: Verdict[];
  let names: string[];
  let configs: string[];

  beforeAll(async () => {
    const { deposits } = await generateLab({ out: folder });
    const volumes = deposits.flatMap(({ tomograms }) => tomograms.map(({ run, ...tomogram }) => ({ ...tomogram, name: run })));
    names = volumes.map(({ name }) => name);
    configs = deposits.map(({ config }) => config);
    const job = { volumes, configs, schema: existsSync(SCHEMA) ? SCHEMA : null };
    writeFileSync(join(folder, "job.json"), JSON.stringify(job));
    verdicts = JSON.parse(await python("peers", "check_lab.py", [join(folder, "job.json")]));
  });

  it("has volumes that follow the formula, with headers that say so, but for the faults on purpose", () => {
    const own = verdicts.filter((verdict) => names.includes(verdict.case));
    expect(new Set(own.map((verdict) => verdict.case))).toEqual(new Set(names));
    expect(own.filter(({ passed }) => !passed)).toEqual([]);
  });

  it("has configurations that the portal's schema accepts", () => {
    if (!existsSync(SCHEMA)) console.warn("skipped in part: no ../shared/data, so no schema");
    const own = verdicts.filter((verdict) => configs.includes(verdict.case));
    expect(own.length).toBeGreaterThanOrEqual(configs.length);
    expect(own.filter(({ passed }) => !passed)).toEqual([]);
  });
});
