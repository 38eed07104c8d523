import { expect, it } from "vitest";
import { commandExecutor } from "../by-command.js";
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
