// What dist/ was compiled of, so that nobody runs yesterday's: worker threads and the program itself need JavaScript, which is there.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = join(root, "dist", "sources.sha256");

/** Hexadecimal digest of the names and contents of all that the compiler reads. Cost: some 50 ms. */
export function sourcesDigest() {
  const hash = createHash("sha256").update(readFileSync(join(root, "tsconfig.json")));
  const names = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  for (const name of names.filter((one) => one.endsWith(".ts") && !one.endsWith(".test.ts")).sort()) {
    hash.update(`\0${name}\0`).update(readFileSync(join(root, "src", name)));
  }
  return hash.digest("hex");
}

/** True where dist/ was compiled of the sources as they are now. */
export function isCompiled(digest = sourcesDigest()) {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === digest;
}

/** @param digest of the sources before they were compiled */
export function noteCompiled(digest) {
  writeFileSync(stamp, digest);
}
