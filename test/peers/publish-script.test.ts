import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { manualClock } from "../../src/core/clock.js";
import { type Plan, PRODUCTS } from "../../src/stations/publish/plan/plan.js";
import { planSample } from "../../src/stations/publish/plan/plan-sample.js";
import { SCHEDULERS } from "../../src/stations/publish/profile/profile.js";
import { parseProfile } from "../../src/stations/publish/profile/read-profile.js";
import { renderScripts } from "../../src/stations/publish/script/render.js";
import { hasEnvironment } from "./environment.js";

const run = promisify(execFile);
const shellcheck = fileURLToPath(new URL("../../.cache/venv-peers/bin/shellcheck", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "emporium-shellcheck-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BASE = "/groups/mousebrainmicro/mousebrainmicro";
const SAMPLE = "2023-05-10";
const SUFFIXES = [
  "stitching-output",
  "a b",
  "it's",
  '"q"',
  "$(id)",
  "`id`",
  "$HOME",
  "x\\",
  "\\'",
  "new\nline",
  "‘curly’",
  "“curly”",
  "-rf",
  "~",
  "é 日 😀",
  "done",
  "cr\rx",
  "[a]*",
];

/** Every form of script for a sample, with folders of plain names, or of odd ones as well. */
async function plans(suffixes: readonly string[]): Promise<Plan[]> {
  const root = mkdtempSync(join(folder, "tree-"));
  const sources = [
    `/nrs/mouselight/SAMPLES/${SAMPLE}/ktx/block_8_xy_.ktx`,
    `${BASE}/registration/Database/${SAMPLE}`,
    ...suffixes.map((suffix) => `${BASE}/cluster/Reconstructions/${SAMPLE}/${suffix}`),
    `${BASE}/tracing_complete/${SAMPLE}`,
    `/nrs/funke/mouselight/${SAMPLE}`,
  ];
  for (const source of sources) mkdirSync(root + source, { recursive: true });
  return Promise.all(
    SCHEDULERS.flatMap((scheduler) =>
      (scheduler === "none" ? ["free"] : ["free", "product", "sample"]).map((order) => [scheduler, order]),
    ).map(([scheduler, order]) => {
      const profile = parseProfile(
        `{extends: mouselight, cluster: {kind: ${scheduler}, order: ${order}, logs: /var/log jobs}}`,
        "lab.yaml",
      );
      const request = { sample: SAMPLE, products: PRODUCTS, profile, segmentationSuffixes: suffixes, root, measure: false };
      return planSample(request, { clock: manualClock() });
    }),
  );
}

describe.runIf(hasEnvironment("peers"))("scripts", () => {
  it.each([
    ["plain names", SUFFIXES.slice(0, 1)],
    ["odd names", SUFFIXES],
  ])("of %s: shellcheck finds nothing, and every shell can read them", async (_, suffixes) => {
    const files: string[] = [];
    for (const [at, plan] of (await plans(suffixes)).entries()) {
      for (const { name, text } of renderScripts(plan, "robust")) {
        files.push(join(folder, `${suffixes.length}-${at}-${name}`));
        writeFileSync(files.at(-1)!, text);
      }
    }
    expect(files).toHaveLength(7 * 3);
    const answer = await run(shellcheck, ["--norc", ...files]).catch((error: { stdout: string }) => error);
    expect(answer.stdout).toBe("");
    for (const file of files) for (const shell of ["sh", "bash"]) await run(shell, ["-n", file]);
  });
});
