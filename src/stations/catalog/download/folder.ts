import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EmporiumError } from "../../../core/errors.js";
import { errnoOf, fileError } from "../../../stores/file/errors.js";

/** Marks a folder as an unfinished download, and names its data set. */
const MARKER = ".emporium-download.json";

export interface DownloadFolder {
  readonly path: string;
  /** It resumes an earlier download. */
  readonly resumed: boolean;
  /** Removes the mark: from now on the folder is the user's. */
  finish(): Promise<void>;
  /** Removes a folder in which nothing was written. */
  abandon(): Promise<void>;
}

/**
 * Creates the folder of a download, or resumes one of an earlier download with the same request.
 *
 * @param request text of the request: downloads with different requests do not share a folder
 * @throws {EmporiumError} CONFIG_COLLISION for a folder of the user's
 */
export async function claimFolder(path: string, request: string): Promise<DownloadFolder> {
  const marker = join(path, MARKER);
  const begun = await readFile(marker, "utf8").catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return undefined;
    throw fileError(error, marker, "read");
  });
  if (begun !== undefined && begun !== request) {
    throw new EmporiumError(
      "CONFIG_COLLISION",
      `the folder ${path} holds a download that was stopped and asked for something else`,
      {
        place: { file: path },
        hint: "use the same options, or remove the folder",
      },
    );
  }
  if (begun === undefined && (await exists(path))) {
    throw new EmporiumError("CONFIG_COLLISION", `the folder ${path} exists already`, {
      place: { file: path },
      hint: "give another --dest, or move the folder away",
    });
  }
  try {
    await mkdir(path, { recursive: true });
    if (begun === undefined) await writeFile(marker, request, { flag: "wx" });
  } catch (error) {
    throw fileError(error, path, "written");
  }
  return {
    path,
    resumed: begun !== undefined,
    finish: () => rm(marker, { force: true }),
    async abandon() {
      if (begun === undefined) await rm(path, { recursive: true, force: true });
    },
  };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => errnoOf(error) !== "ENOENT",
  );
}
