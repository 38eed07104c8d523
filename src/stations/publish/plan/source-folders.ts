import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { EmporiumError } from "../../../core/errors.js";
import { errnoOf, fileError } from "../../../stores/file/errors.js";
import type { Profile } from "../profile/profile.js";

/** Path of a source on this machine: below `root` if there is one, otherwise as given. */
export function rooted(root: string | null, path: string): string {
  return root === null ? path : join(root, path);
}

/**
 * @throws {EmporiumError} STORE_DENIED … if a source may not be read: such a source is not missing.
 */
export async function kindOf(path: string): Promise<"file" | "folder" | "other" | undefined> {
  try {
    const facts = await stat(path);
    return facts.isDirectory() ? "folder" : facts.isFile() ? "file" : "other";
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return undefined;
    throw fileError(error, path, "read");
  }
}

/** The first of the profile's image bases that has the sample; undefined without one. */
export async function findImagesBase(profile: Profile, sample: string, root: string | null): Promise<string | undefined> {
  for (const base of profile.bases.images) {
    const folder = base === "/" ? `/${sample}` : `${base}/${sample}`;
    if ((await kindOf(rooted(root, folder))) !== undefined) return folder;
  }
  return undefined;
}

/** Samples that could be sent, the newest first: folders of the image bases that are named by a date and contain tiles. */
export async function listSamples(profile: Profile, root: string | null): Promise<string[]> {
  const found = new Set<string>();
  for (const base of profile.bases.images) {
    const folder = rooted(root, base);
    const names = await readdir(folder).catch((error: unknown) => {
      if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return [];
      throw fileError(error, folder, "listed");
    });
    for (const name of names) {
      if (/^\d{4}-\d{2}-\d{2}/.test(name) && (await kindOf(join(folder, name, "ktx"))) === "folder") found.add(name);
    }
  }
  return [...found].sort().reverse();
}

/** Checks that a root exists: otherwise every source would count as missing. @throws {EmporiumError} USAGE */
export async function checkRoot(root: string): Promise<void> {
  if ((await kindOf(root)) === "folder") return;
  throw new EmporiumError("USAGE", `--root: ${root} is not a folder`, { hint: "give the folder that contains /nrs, /groups …" });
}
