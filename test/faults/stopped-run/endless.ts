import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { openEmbedded } from "../../../src/catalog/embedded/embedded.js";
import { systemClock } from "../../../src/core/clock.js";
import { silentLog } from "../../../src/core/log.js";
import { giveCluster } from "../../e2e/cluster-template.js";

describe("a suite that is stopped", () => {
  it("has a database and a process of its own", async () => {
    const workspace = mkdtempSync(join(tmpdir(), "workspace-"));
    await giveCluster(workspace);
    const { cluster } = await openEmbedded({ workspace, log: silentLog });
    const server = Number(readFileSync(join(cluster.data, "postmaster.pid"), "utf8").split("\n")[0]);
    // as a container: a process of ours has started it, and nothing of its own says so
    const other = spawn("sh", ["-c", "env -i sleep 600 & echo $!; wait"], {
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [said] = (await once(other.stdout, "data")) as [Buffer];
    const mounts = mounted(join(workspace, "small disk"));
    const { EMPORIUM_TEST_DISK: disk, EMPORIUM_TEST_MEMORY: memory, TMPDIR } = process.env;
    const folders = [...new Set([disk, memory, TMPDIR])].filter((folder) => folder !== undefined);
    writeFileSync(
      process.env["STOPPED_RUN"]!,
      JSON.stringify({ processes: [server, other.pid, Number(said), process.pid], folders, mounts }),
    );
    await systemClock.sleep(600_000);
  });
});

/** A disk of its own, and one in that: where this user may mount. */
function mounted(folder: string): string[] {
  return [folder, join(folder, "in it")].filter((path) => {
    mkdirSync(path);
    return spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", path]).status === 0;
  });
}
