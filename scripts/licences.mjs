/** Whose code a bundle holds, and the text of their licences, which has to go with it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const modules = fileURLToPath(new URL("../node_modules", import.meta.url));
const RULE = `\n${"-".repeat(80)}\n\n`;

/** Names of the packages that a bundle is made of, sorted. @param metafile of esbuild */
export function packagesOf({ inputs }) {
  const found = new Set();
  for (const path of Object.keys(inputs)) {
    const name = /(?:^|[/:])node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path.replaceAll("\\", "/"))?.[1];
    if (name !== undefined) found.add(name);
  }
  return [...found].sort();
}

/** @param parts what goes before and behind @param absent what stands for the licence of a package that comes without a file of it */
export function licencesOf(packages, [head, ...tail], absent) {
  const parts = packages.map((name) => {
    const folder = join(modules, name);
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e(?:[-.]\w+)?$/i.test(entry));
    const text = file === undefined ? absent(manifest) : readFileSync(join(folder, file), "utf8").trim();
    return `${name} ${manifest.version} (${manifest.license})\n\n${text}\n`;
  });
  return [head, ...parts, ...tail].join(RULE).replaceAll("\r\n", "\n");
}
