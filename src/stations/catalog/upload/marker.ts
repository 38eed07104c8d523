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
  /** The database refused it: what is there under this id is somebody else's. */
  refuse(dataset: string): Promise<void>;
  /** The database replied. An insert without a reply may still have been done: a connection can break after the commit. */
  settle(dataset: string): void;
  /** The upload has ended. If every insert got a reply, the record is removed. */
  end(): Promise<void>;
}

/** Before the id of a data set that the database has refused. */
const REFUSED = "refused ";

/** @param identity of the command: table, configuration, storage, database */
export async function openMarker(workspace: string, identity: readonly string[]): Promise<UploadMarker> {
  const folder = join(workspace, "catalog");
  const name = createHash("sha256").update(identity.join("\0")).digest("hex").slice(0, 16);
  const path = join(folder, `upload-${name}.txt`);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  });
  const begun = new Set<string>();
  // an incomplete last line was not followed by an insert
  for (const line of text.slice(0, text.lastIndexOf("\n") + 1).split("\n")) {
    if (line.startsWith(REFUSED)) begun.delete(line.slice(REFUSED.length));
    else if (line !== "") begun.add(line);
  }
  const unanswered = new Set<string>();
  const append = async (line: string) => {
    await mkdir(folder, { recursive: true });
    const file = await open(path, "a");
    try {
      await file.appendFile(`${line}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  };
  return {
    wasBegun: (dataset) => begun.has(dataset),
    async begin(dataset) {
      unanswered.add(dataset);
      if (begun.has(dataset)) return;
      await append(dataset);
      if (begun.size === 0) await syncFolder(folder);
      begun.add(dataset);
    },
    async refuse(dataset) {
      unanswered.delete(dataset);
      if (begun.delete(dataset)) await append(`${REFUSED}${dataset}`);
    },
    settle: (dataset) => void unanswered.delete(dataset),
    async end() {
      if (unanswered.size === 0) await rm(path, { force: true });
    },
  };
}
