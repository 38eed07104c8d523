// Writes docs/reference/{errors,checks,cli,catalog-schema}.md, its pictures, ingestion-config.schema.json, and share/ (man page, completions) from the built program. `--check` writes nothing and fails where a page has drifted.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { checksPage, cliPage, errorsPage, manPage } from "./reference-pages.mjs";

const built = (path) => import(new URL(`../dist/${path}`, import.meta.url).href);
const { ERRORS } = await built("core/errors.js");
const { COMMANDS } = await built("cli/registry.js");
const { flagsOf, GlobalOptions, positional } = await built("cli/flags.js");
const { usageLine, flagRow } = await built("cli/help.js");
const { completionScript } = await built("cli/completion-scripts.js");
const { configJsonSchema } = await built("stations/ingest/config/grammar/json-schema.js");
const { CHECKS } = await built("stations/ingest/validate/table.js");
const { schemaPage, schemaPictures } = await built("catalog/schema-picture.js");
const commands = await Promise.all(COMMANDS.map(async ({ load }) => (await load()).default));

const words = { usageLine, positional, flagRow, flagsOf, GlobalOptions };
const reference = {
  "errors.md": errorsPage(ERRORS),
  "checks.md": checksPage(CHECKS),
  "cli.md": cliPage(commands, words),
  "catalog-schema.md": schemaPage(),
  ...schemaPictures(),
  "ingestion-config.schema.json": `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
};
/** As below /usr/share. */
const shared = {
  "man/man1/emporium.1": manPage(commands, words),
  "bash-completion/completions/emporium": `${completionScript("bash", commands)}\n`,
  "zsh/site-functions/_emporium": `${completionScript("zsh", commands)}\n`,
  "fish/vendor_completions.d/emporium.fish": `${completionScript("fish", commands)}\n`,
};
const below = (folder, pages) => Object.entries(pages).map(([name, text]) => [`${folder}/${name}`, text]);
const check = process.argv.includes("--check");
let drifted = 0;
for (const [name, text] of [...below("docs/reference", reference), ...below("share", shared)]) {
  const file = new URL(`../${name}`, import.meta.url);
  if (!check) {
    mkdirSync(new URL(".", file), { recursive: true });
    writeFileSync(file, text);
    console.log(`wrote ${fileURLToPath(file)}`);
  } else if (readFileSync(file, "utf8") !== text) {
    drifted++;
    console.error(`${name} has drifted: run npm run build && node scripts/generate-docs.mjs`);
  }
}
process.exit(drifted > 0 ? 1 : 0);
