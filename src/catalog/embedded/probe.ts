import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { EmporiumError } from "../../core/errors.js";
import { findBinaries } from "./binaries.js";
import { checkVersion, clusterFolder, hasCluster } from "./cluster.js";
import { readPostmasterFile } from "./postmaster.js";
import { ownerOf, serverUser } from "./server-user.js";
import { runTool } from "./tool.js";

/** Result of looking whether an embedded database would work here. */
export interface EmbeddedProbe {
  /** Version that the programs print: `18.4`. */
  readonly version: string;
  /** The user that runs them, where that is not this process's own. */
  readonly uid: number | undefined;
  /** State of the workspace's cluster. `started`: a server runs, or did when the machine went down. */
  readonly cluster: "none" | "stopped" | "started";
}

/**
 * Runs PostgreSQL's programs as the user who would run the server. Nothing is made in the workspace, and no server is started.
 *
 * @throws {EmporiumError} DATABASE_EMBEDDED, DATABASE_VERSION: as opening the database would.
 */
export async function probeEmbedded(workspace: string, binariesFolder: string | undefined): Promise<EmbeddedProbe> {
  const there = hasCluster(workspace);
  const folder = clusterFolder(workspace);
  const user =
    there && process.getuid?.() === 0 ? await ownerOf(join(folder, "data")) : await serverUser(existingParent(workspace));
  const linksFolder = await mkdtemp(join(tmpdir(), "emporium-doctor-"));
  try {
    const binaries = await findBinaries({ user, linksFolder, folder: binariesFolder || undefined });
    for (const name of ["initdb", "postgres"]) {
      const { status, stderr } = await runTool(binaries, name, ["--version"], { user });
      if (status === 0) continue;
      throw new EmporiumError("DATABASE_EMBEDDED", `PostgreSQL's ${name} ends with ${status}: ${stderr.trim()}`, {
        place: { file: binaries.program(name) },
        hint: "give a server with --database postgres://…, or other programs in $EMPORIUM_POSTGRES_BIN",
      });
    }
    const { version } = binaries;
    if (!there) return { version, uid: user?.uid, cluster: "none" };
    await checkVersion(join(folder, "data"), binaries);
    const started = (await readPostmasterFile({ data: join(folder, "data") })) !== undefined;
    return { version, uid: user?.uid, cluster: started ? "started" : "stopped" };
  } finally {
    await rm(linksFolder, { recursive: true, force: true });
  }
}

function existingParent(path: string): string {
  let parent = resolve(path);
  while (!existsSync(parent)) parent = dirname(parent);
  return parent;
}
