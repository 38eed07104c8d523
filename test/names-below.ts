import { readdirSync } from "node:fs";
import { join } from "node:path";

/** The paths of all that lies below a folder, links themselves and not what they lead to: a plain recursive `readdir` follows them, out of the folder and in circles. */
export const namesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
