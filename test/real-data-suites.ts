import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** What a suite says that reads real files, also where a helper does it for it. */
const READS = /\/real-data\.js"/;

/** Whether the suite of this text does. */
export const readsRealFiles = (text: string): boolean => READS.test(text);

/** Files of tests, relative to the repository, that read files of other people; those that also ask other programs have a command of their own. */
export function readers(): string[] {
  return ["src", "test"]
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map(
        (name) => `${folder}/${name.replaceAll("\\", "/")}`,
      ),
    )
    .filter((path) => path.endsWith(".test.ts") && !/^test\/(?:peers|browser|installed)\//.test(path))
    .filter((path) => readsRealFiles(readFileSync(join(ROOT, path), "utf8")))
    .sort();
}
