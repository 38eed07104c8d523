import { expect, it } from "vitest";
import { commandExecutor } from "../by-command.js";
import type { ArrayJob } from "../engine-executor.js";
import { SLURM } from "./slurm.js";

/** As Slurm's src/common/read_config.c and fetch_config.c have them, and its clients print them. */
it.each([
  [
    "scontrol: error: resolve_ctls_from_dns_srv: res_nsearch error: Unknown host\nscontrol: error: fetch_config: DNS SRV lookup failed",
    "ENGINE_SILENT",
  ],
  ["scontrol: error: _establish_config_source: failed to fetch config", "ENGINE_SILENT"],
  ["scontrol: fatal: Could not establish a configuration source", "ENGINE_SILENT"],
  ["slurm_load_ctl_conf error: Unable to contact slurm controller (connect failure)", "ENGINE_SILENT"],
  ["scontrol: error: User not permitted", "ENGINE_ABSENT"],
])("%j is %s", async (stderr, code) => {
  const executor = commandExecutor(SLURM, async () => ({ status: 1, stdout: "", stderr }));
  await expect(executor.limits()).rejects.toMatchObject({ code });
});

it("gets the words of a job (sbatch(1)); one that can never begin is ended", () => {
  const job: ArrayJob = {
    ...{ name: "j", script: "#!/bin/sh\n", indices: [0, 1, 2, 7], slots: 2 },
    resources: { cpus: 4, memoryBytes: 2 ** 30, gpus: 0, words: ["--exclusive"] },
  };
  const plain = SLURM.submit(job).words.join(" ");
  expect(plain).toMatch(
    /^--parsable --job-name=j --array=0-2,7%2 --requeue .* --cpus-per-task=4 --mem=1024M --output=\/dev\/null --exclusive$/,
  );
  const after = ["7", "8"].map((id) => ({ name: "x", id }));
  const resources = { ...job.resources, gpus: 1, walltimeMinutes: 60, queue: "long", account: "lab" };
  expect(SLURM.submit({ ...job, indices: undefined, after, resources, logs: "/l" }).words.join(" ")).toMatch(
    / --mem=1024M --gres=gpu:1 --time=60 --partition=long --account=lab --dependency=afterany:7:8 --kill-on-invalid-dep=yes --output=\/l\/j\.%j\.log --exclusive$/,
  );
});
