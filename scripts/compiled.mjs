// What dist/ was compiled of, so that nobody runs yesterday's: worker threads and the program itself need JavaScript, which is there.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = join(root, "dist", "sources.sha256");

const sources = () =>
  readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .sort();

/** Hexadecimal digest of the names and contents of all that the compiler reads, and of its version. Cost: some 50 ms. */
export function sourcesDigest() {
  const hash = createHash("sha256");
  const others = [
    "tsconfig.json",
    "package-lock.json",
    ...["build-program", "build-types", "bundled", "library-files", "licences", "merge-chunks", "program-scripts"].map(
      (name) => `scripts/${name}.mjs`,
    ),
  ];
  for (const name of others) hash.update(readFileSync(join(root, name)));
  for (const name of sources()) hash.update(`\0${name}\0`).update(readFileSync(join(root, "src", name)));
  return hash.digest("hex");
}

/** True where dist/ was compiled of the sources as they are now, and nothing of it is gone. */
export function isCompiled(digest = sourcesDigest()) {
  if (![stamp, join(root, "dist", "program", "cli.start.cjs")].every(existsSync) || readFileSync(stamp, "utf8") !== digest)
    return false;
  const isLeftOut = (name) => name.endsWith(".d.ts") || /[\\/]assembly[\\/]/.test(name);
  return sources().every((name) => isLeftOut(name) || existsSync(join(root, "dist", name.replace(/\.ts$/, ".js"))));
}

/** @param digest of the sources before they were compiled */
export function noteCompiled(digest) {
  writeFileSync(stamp, digest);
}
