import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What all suites together leave there at one moment, with much to spare. */
const BYTES = 6 * 2 ** 30;
/** Linux's memory file system. Its path is short, as sockets of PostgreSQL want it. */
const MEMORY = "/dev/shm";

/**
 * Gives the suites a folder for temporary files that is in memory, where there is one with room and programs may be started from it: each sync of a
 * journal or of a database costs 3 ms on a disk, and there are some hundred thousand. Suites about disks stay on one (`setup.ts`). Whoever sets `TMPDIR`
 * has chosen.
 */
export default function temporaryFiles(): (() => void) | undefined {
  if (process.env["TMPDIR"]) return undefined;
  const folder = memoryFolder();
  if (folder === undefined) return undefined;
  process.env["EMPORIUM_TEST_DISK"] = tmpdir();
  process.env["TMPDIR"] = folder;
  process.env["EMPORIUM_TEST_MEMORY"] = folder;
  return () => {
    delete process.env["TMPDIR"];
    rmSync(folder, { recursive: true, force: true });
  };
}

function memoryFolder(): string | undefined {
  let folder: string | undefined;
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize < BYTES) return undefined;
    folder = mkdtempSync(join(MEMORY, "em-"));
    chmodSync(folder, 0o1777); // some suites are also other users
    const program = join(folder, "program");
    writeFileSync(program, "#!/bin/sh\nexit 0\n");
    chmodSync(program, 0o755);
    execFileSync(program);
    rmSync(program);
    return folder;
  } catch {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
}
