import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { ArrayJob } from "../../src/engine/executors/engine-executor.js";
import { jobManifest } from "../../src/engine/executors/words/kubernetes.js";
import { guideProfile } from "../conformance/engine-guide.js";
import { hasEnvironment, python } from "./environment.js";

/** No cluster is here: the manifests are judged by the models that the Kubernetes project publishes. */
describe.runIf(hasEnvironment("peers"))("manifests of jobs for Kubernetes", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-kubernetes-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const job = (more: Partial<ArrayJob> = {}, resources: Partial<ArrayJob["resources"]> = {}): ArrayJob => ({
    ...{ name: "emporium-0a1b2c3d-runs-0", script: "#!/bin/sh\nexec emporium engine work x\n", indices: [0, 4, 7], slots: 2 },
    resources: { cpus: 4, memoryBytes: 8 * 2 ** 30, gpus: 0, words: [], ...resources },
    ...more,
  });
  async function faultsOf(manifests: readonly object[]): Promise<string[]> {
    const file = join(folder, "manifests.json");
    writeFileSync(file, JSON.stringify(manifests));
    return JSON.parse(await python("peers", "kubernetes-job.py", [file])) as string[];
  }
  const settings = guideProfile("Kubernetes (experimental)").kubernetes!;

  it("fit the published model, with all settings of the guide and with none", async () => {
    const full = jobManifest(job({}, { gpus: 2, walltimeMinutes: 90 }), settings);
    const bare = jobManifest(job({ indices: undefined, slots: undefined }), { image: "emporium" });
    expect(await faultsOf([full, bare])).toEqual([]);
  });
  it("that do not fit are found", async () => {
    const { spec, ...rest } = jobManifest(job(), settings) as { spec: object };
    const wrong = [
      { ...rest, spec: { ...spec, completions: "3" } },
      { ...rest, spec: { ...spec, backoffLimitPerindex: 0 } },
      { ...rest, spec: { ...spec, template: undefined } },
    ];
    const faults = (await faultsOf(wrong)).join("\n");
    for (const part of ["spec.completions", "spec.backoffLimitPerindex", "template"]) expect(faults).toContain(part);
  });
});
