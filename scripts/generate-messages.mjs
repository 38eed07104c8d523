// Writes docs/reference/messages.md: every message of src/, with its code, file and hint, and an example of each code. `--check` writes
// nothing and fails where the page has drifted.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { messagesOf, messagesPage } from "./messages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = join(root, "docs/reference/messages.md");

/** The modules of the program that can say something. */
const modules = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .map((name) => `src/${name.replaceAll("\\", "/")}`)
  .filter((path) => /\.ts$/.test(path) && !/\.(?:test|d)\.ts$|\/assembly\//.test(path))
  .sort()
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
const examples = JSON.parse(readFileSync(join(root, "scripts/messages/examples.json"), "utf8"));
const text = messagesPage(messagesOf(modules), examples);

if (!process.argv.includes("--check")) {
  writeFileSync(page, text);
  console.log(`wrote ${page}`);
} else if (readFileSync(page, "utf8") !== text) {
  console.error("docs/reference/messages.md has drifted: run node scripts/generate-messages.mjs");
  process.exitCode = 1;
}
