import { createHash } from "node:crypto";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "../../../engine/disk.js";
import { errnoOf } from "../../../stores/file/errors.js";

/**
 * Records the data sets that an unfinished upload was about to insert. A kill may come right after the database's commit. The
 * next run of the same command then finds the data set in the database, and must know that it is its own.
 */
export interface UploadMarker {
  /** True if an earlier run recorded it. */
  wasBegun(dataset: string): boolean;
  begin(dataset: string): Promise<void>;
  /** The database replied. An insert without a reply may still have been done: a connection can break after the commit. */
  settle(dataset: string): void;
  /** The upload has ended. If every insert got a reply, the record is removed. */
  end(): Promise<void>;
}

/** @param identity of the command: table, configuration, storage, database */
export async function openMarker(workspace: string, identity: readonly string[]): Promise<UploadMarker> {
  const folder = join(workspace, "catalog");
  const name = createHash("sha256").update(identity.join("\0")).digest("hex").slice(0, 16);
  const path = join(folder, `upload-${name}.txt`);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  });
  // an incomplete last line was not followed by an insert
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
