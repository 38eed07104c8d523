import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { commandExecutor } from "../../src/engine/executors/by-command.js";
import { engineCommand } from "../../src/engine/executors/engine-command.js";
import type { ArrayJob } from "../../src/engine/executors/engine-executor.js";
import { jobManifest, kubernetesWords } from "../../src/engine/executors/words/kubernetes.js";
import { guideProfile } from "../conformance/engine-guide.js";
import { hasEnvironment, python } from "./environment.js";

const hasKubectl = spawnSync("kubectl", ["version", "--client"]).status === 0;
if (!hasKubectl) console.warn("skipped: no kubectl on this machine");

/** The real kubectl knows its own flags before it looks for a cluster; the one that it is told of does not answer. */
describe.runIf(hasKubectl)("words for the real kubectl", { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-kubectl-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "config");
  writeFileSync(
    file,
    JSON.stringify({
      ...{ apiVersion: "v1", kind: "Config", users: [{ name: "me", user: {} }] },
      clusters: [{ name: "none", cluster: { server: "http://127.0.0.1:1" } }],
      contexts: [{ name: "lab", context: { cluster: "none", user: "me" } }],
    }),
  );
  const run = engineCommand({ ...process.env, KUBECONFIG: file });
  const words = kubernetesWords({ image: "emporium", namespace: "cryo", context: "lab" });
  const job: ArrayJob = {
    ...{ name: "runs", script: "#!/bin/sh\ntrue\n", indices: [0, 1] },
    resources: { cpus: 1, memoryBytes: 2 ** 30, gpus: 0, words: [] },
  };

  it.each([
    ["submit", words.submit(job)],
    ["list", words.list],
    ["cancel", words.cancel(["a", "b"])],
  ])("%s has flags that it knows", async (_, { program, words: spoken, stdin }) => {
    const { status, stderr } = await run(program, spoken, { stdin });
    expect([status, stderr]).toEqual([1, expect.stringContaining("refused")]);
    const wrong = await run(program, [...spoken, "--no-such-flag"], { stdin });
    expect(wrong.stderr).toContain("unknown flag");
  });
  it("a cluster that does not answer is told apart from one that refuses", async () => {
    const executor = commandExecutor(words, run);
    await expect(executor.limits()).rejects.toMatchObject({ code: "ENGINE_SILENT" });
    await expect(executor.submit(job)).rejects.toMatchObject({ code: "ENGINE_SILENT" });
    await expect(executor.find("runs")).rejects.toMatchObject({ code: "ENGINE_SILENT" });
  });
});

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
