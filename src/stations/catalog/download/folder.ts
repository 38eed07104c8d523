import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EmporiumError } from "../../../core/errors.js";
import { errnoOf, fileError } from "../../../stores/file/errors.js";

/** Marks a folder as an unfinished download, and says of which data set. */
const MARKER = ".emporium-download.json";

/** A folder that a download fills. */
export interface DownloadFolder {
  readonly path: string;
  /** It goes on with one that was stopped. */
  readonly resumed: boolean;
  /** All is there: from now on the folder is the user's. */
  finish(): Promise<void>;
  /** Takes back a folder in which nothing was put. */
  abandon(): Promise<void>;
}

/**
 * Creates the folder of a download, or resumes the folder of an earlier download with the same request.
 *
 * @param request text of the request: two downloads with different requests do not share a folder.
 * @throws {EmporiumError} CONFIG_COLLISION for a folder that is somebody's.
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
