import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A folder that is nowhere, for runs that are to read no real file. */
export const NO_DATA = join(ROOT, ".cache", "no-data", "data");

/** Where real files are: `EMPORIUM_TEST_DATA`, else what `npm run data` fetched, else the folder beside the repository; undefined: nowhere. */
export function realDataFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  root = ROOT,
): string | undefined {
  const chosen = environment["EMPORIUM_TEST_DATA"];
  if (chosen) return resolve(chosen);
  return [join(root, ".cache", "data"), join(root, "..", "shared", "data")].find((folder) => existsSync(folder));
}
