/** Builds the documentation's site: `npm run site`, or `node scripts/site.mjs [--out site] [--base /]`. OUT gets a folder named after package.json's
 * version, and an index that leads to the newest version there: folders of other versions stay. `--base` is the path at which OUT is served. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "vitepress";
import { linksOf, pagesBelow } from "./docs-pages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const docs = join(root, "docs");
const { values } = parseArgs({ options: { out: { type: "string", default: "site" }, base: { type: "string", default: "/" } } });
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const out = resolve(values.out);
const folder = join(out, version);

rmSync(folder, { recursive: true, force: true });
process.env.EMPORIUM_SITE_OUT = folder;
process.env.EMPORIUM_SITE_BASE = posix.join("/", values.base, version, "/");
await build(docs);
copyLinkedFiles();
writeFileSync(join(out, "index.html"), indexPage(versionsOf(out)));
console.log(`${folder}: ${pagesBelow(docs).length} pages; serve ${out} at ${posix.join("/", values.base, "/")}`);

/** Files that pages link to, at the same place below docs/; those of the rest of the repository as text below repository/. */
function copyLinkedFiles() {
  for (const page of pagesBelow(docs)) {
    for (const { target } of linksOf(readFileSync(join(docs, page), "utf8"))) {
      if (/^(?:[a-z]+:|#)/.test(target)) continue;
      const path = posix.join("docs", posix.dirname(page), decodeURIComponent(target.replace(/#.*$/, "")));
      const isInDocs = path.startsWith("docs/");
      if (isInDocs && path.endsWith(".md")) continue;
      const copy = join(folder, isInDocs ? path.slice("docs/".length) : `repository/${path}.txt`);
      mkdirSync(dirname(copy), { recursive: true });
      cpSync(join(root, path), copy);
    }
  }
}

/** The versions of a folder, the newest first: a release before what was tried ahead of it. */
function versionsOf(place) {
  const order = new Intl.Collator("en", { numeric: true });
  const isVersion = (name) => /^\d+\.\d+\.\d+(?:-[\w.-]+)?$/.test(name);
  return readdirSync(place)
    .filter(isVersion)
    .sort((a, b) => {
      const [[coreA, aheadA], [coreB, aheadB]] = [a, b].map((name) => name.split(/-(.*)/));
      return order.compare(coreB, coreA) || Number(!!aheadA) - Number(!!aheadB) || order.compare(aheadB ?? "", aheadA ?? "");
    });
}

function indexPage(versions) {
  const [newest] = versions;
  const links = versions.map((name) => `<li><a href="./${name}/">emporium ${name}</a></li>`).join("\n");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="0; url=./${newest}/">
<link rel="icon" href="data:,">
<title>emporium</title>
<h1>emporium</h1>
<ul>
${links}
</ul>
</html>
`;
}
