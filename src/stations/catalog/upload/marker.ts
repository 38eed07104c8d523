import { createHash } from "node:crypto";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "../../../engine/disk.js";
import { errnoOf } from "../../../stores/file/errors.js";

/**
 * Which data sets an upload that has not ended was about to insert. A kill may come between the database's commit and this program's next breath: then the
 * same command, run again, finds the data set in the database and must know that it was its own doing.
 */
export interface UploadMarker {
  /** Said before an insert. */
  wasBegun(dataset: string): boolean;
  begin(dataset: string): Promise<void>;
  /** The insert was answered. One that was not may have been done all the same: a connection can break behind the commit. */
  settle(dataset: string): void;
  /** The upload has ended: if every insert was answered, what is in the database is somebody's from now on. */
  end(): Promise<void>;
}

/** @param identity what makes two uploads the same command: table, configuration, storage, database. */
export async function openMarker(workspace: string, identity: readonly string[]): Promise<UploadMarker> {
  const folder = join(workspace, "catalog");
  const name = createHash("sha256").update(identity.join("\0")).digest("hex").slice(0, 16);
  const path = join(folder, `upload-${name}.txt`);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  });
  // a torn last line was not yet acted upon
  const begun = new Set(
    text
      .slice(0, text.lastIndexOf("\n") + 1)
      .split("\n")
      .filter(Boolean),
  );
  const unanswered = new Set<string>();
  return {
    wasBegun: (dataset) => begun.has(dataset),
    async begin(dataset) {
      unanswered.add(dataset);
      if (begun.has(dataset)) return;
      await mkdir(folder, { recursive: true });
      const file = await open(path, "a");
      try {
        await file.appendFile(`${dataset}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      if (begun.size === 0) await syncFolder(folder);
      begun.add(dataset);
    },
    settle: (dataset) => void unanswered.delete(dataset),
    async end() {
      if (unanswered.size === 0) await rm(path, { force: true });
    },
  };
}
