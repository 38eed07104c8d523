import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The files below a folder of the repository, as paths from its root with `/`, sorted. Nothing of node_modules, dist or caches. */
export function filesBelow(folder: string, accept: (path: string) => boolean): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replaceAll("\\", "/"))
    .filter((path) => !/(^|\/)(node_modules|dist|\.cache)\//.test(path) && accept(path))
    .sort();
}

export function readText(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** Text without its comments, line breaks kept. Strings and template texts stay as they are, comment marks in them included. */
export function withoutComments(source: string): string {
  const token = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return source.replace(token, (text) => (text.startsWith("//") || text.startsWith("/*") ? text.replace(/[^\n]/g, " ") : text));
}
