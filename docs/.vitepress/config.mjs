// The site of the documentation: `npm run site`. Pages are plain Markdown, and nothing on them asks another host: no fonts, no scripts, search included.
import { existsSync } from "node:fs";
import { dirname, posix, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import manifest from "../../package.json" with { type: "json" };
import { sidebarOf, slug } from "../../scripts/docs-pages.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const docs = resolve(root, "docs");

const groups = sidebarOf(docs);
/** What is reached by the bar above each page; beside a page are those of its own section, and beside those of none the start and the journeys. */
const sections = groups.filter(({ folder }) => folder !== "." && folder !== "journeys" && !folder.includes("/"));

export default defineConfig({
  title: "emporium",
  description: manifest.description,
  base: process.env.EMPORIUM_SITE_BASE ?? "/",
  outDir: process.env.EMPORIUM_SITE_OUT ?? resolve(root, ".cache/site"),
  cacheDir: resolve(root, ".cache/vitepress"),
  cleanUrls: false,
  rewrites: (path) => path.replace(/(^|\/)README\.md$/, "$1index.md"),
  head: [["link", { rel: "icon", href: "data:," }]],
  markdown: {
    // text in angle brackets is text, as in messages and templates; Markdown alone makes elements
    html: false,
    // addresses in examples are text: most are of the reader's own machine
    linkify: false,
    attrs: false,
    anchor: { slugify: slug },
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    config: plainMarkdown,
  },
  themeConfig: {
    siteTitle: `emporium ${manifest.version}`,
    sidebar: sidebars(),
    nav: sections.map(({ text, folder, items: [first] }) => ({ text, link: first.link, activeMatch: `^/${folder}/` })),
    outline: { level: [2, 3] },
    search: { provider: "local", options: { miniSearch: { searchOptions: { combineWith: "AND", boostDocument: weight } } } },
  },
});

function sidebars() {
  const shown = (group) => ({ text: group.text, items: group.items });
  const of = ({ folder }) =>
    groups.filter((group) => group.folder === folder || group.folder.startsWith(`${folder}/`)).map(shown);
  const rest = groups.filter(({ folder }) => !sections.some((section) => section.folder === folder.split("/")[0])).map(shown);
  return { "/": rest, ...Object.fromEntries(sections.map((section) => [`/${section.folder}/`, of(section)])) };
}

/** What tells how to do something comes before long lists in which every word occurs. */
function weight(address) {
  return /\/(?:reference|design)\/|\/figures/.test(address) ? 0.3 : 1;
}

/** What makes pages the same here as on GitHub: comments are not shown, `{{` is text, and links to files of the repository lead to copies of them. */
function plainMarkdown(md) {
  md.core.ruler.before("normalize", "no_comments", (state) => {
    state.src = state.src.replace(/^<!--[\s\S]*?-->\n/gm, "");
  });
  const { fence } = md.renderer.rules;
  for (const name of ["text", "code_inline"]) {
    const rule = md.renderer.rules[name];
    md.renderer.rules[name] = (...words) => rule(...words).replaceAll("{{", "&#123;&#123;");
  }
  // an indented block looks like one between fences; what GitHub draws of a mermaid block is the picture that stands above it
  md.renderer.rules.code_block = (tokens, at, ...rest) => {
    tokens[at].info = "txt";
    return fence(tokens, at, ...rest);
  };
  md.renderer.rules.fence = (tokens, at, ...rest) => (tokens[at].info === "mermaid" ? "" : fence(tokens, at, ...rest));
  md.core.ruler.push("repository_links", (state) => {
    const page = resolve(docs, state.env.realPath ?? state.env.path ?? "");
    for (const token of state.tokens.flatMap(({ children }) => children ?? [])) {
      if (token.type !== "link_open") continue;
      const href = token.attrGet("href");
      if (/^(?:[a-z]+:|#|\/)/.test(href)) continue;
      const file = resolve(dirname(page), decodeURIComponent(href.replace(/#.*$/, "")));
      if (!relative(docs, file).startsWith("..")) token.attrSet("href", href.replace(/(^|\/)README\.md(?=#|$)/, "$1index.md"));
      else if (existsSync(file)) token.attrSet("href", copyOf(file, page));
    }
  });
}

/** The way from a page to the copy of a file that lies outside of docs/. */
function copyOf(file, page) {
  const up = posix.relative(relative(docs, dirname(page)).replaceAll("\\", "/"), "");
  return posix.join(up, "repository", `${relative(root, file).replaceAll("\\", "/")}.txt`);
}
