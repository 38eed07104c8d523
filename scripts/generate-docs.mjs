// Writes docs/reference/{errors,checks,cli,catalog-schema}.md, its pictures, and ingestion-config.schema.json from the built program. `--check` writes nothing and fails where a page has drifted.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { checksPage, cliPage, errorsPage } from "./reference-pages.mjs";

const built = (path) => import(new URL(`../dist/${path}`, import.meta.url).href);
const { ERRORS } = await built("core/errors.js");
const { COMMANDS } = await built("cli/registry.js");
const { flagsOf, GlobalOptions } = await built("cli/flags.js");
const { usageLine, positional, flagRow } = await built("cli/help.js");
const { configJsonSchema } = await built("stations/ingest/config/grammar/json-schema.js");
const { CHECKS } = await built("stations/ingest/validate/table.js");
const { schemaPage, schemaPictures } = await built("catalog/schema-picture.js");
const commands = await Promise.all(COMMANDS.map(async ({ load }) => (await load()).default));

const pages = {
  "errors.md": errorsPage(ERRORS),
  "checks.md": checksPage(CHECKS),
  "cli.md": cliPage(commands, { usageLine, positional, flagRow, flagsOf, GlobalOptions }),
  "catalog-schema.md": schemaPage(),
  ...schemaPictures(),
  "ingestion-config.schema.json": `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
};
const folder = new URL("../docs/reference/", import.meta.url);
const check = process.argv.includes("--check");
let drifted = 0;
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(pages)) {
  const file = new URL(name, folder);
  if (!check) {
    writeFileSync(file, text);
    console.log(`wrote ${fileURLToPath(file)}`);
  } else if (readFileSync(file, "utf8") !== text) {
    drifted++;
    console.error(`docs/reference/${name} has drifted: run npm run build && node scripts/generate-docs.mjs`);
  }
}
process.exit(drifted > 0 ? 1 : 0);
