/** What the pages of `docs/` are to the site and to the tests: their titles, headings, links, and the sidebar that is made of them. A page is
 * plain Markdown that GitHub shows as well, so anchors are GitHub's and links end in `.md`. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** Folders of pages in the order of the sidebar, guides by station. Others follow by their own names, so that none is left out. */
const GROUPS = [
  { folder: "journeys", text: "Journeys" },
  {
    folder: "guides",
    text: "How to",
    pages: ["index", "the-whole-way", "install", "containers", "locations", "python", "notebooks"],
  },
  { folder: "guides", text: "Harvest", pages: ["harvest-look", "harvest-download", "harvest-compare"] },
  { folder: "guides", text: "Curate", pages: ["curate-a-drive", "curate-models", "curate-submit"] },
  {
    folder: "guides",
    text: "Ingest",
    pages: [
      ...["new-configuration", "check-a-configuration", "ingest-a-deposition", "ingest-a-session"],
      ...["annotations", "pictures", "neuroglancer-views", "validate", "verify"],
    ],
  },
  { folder: "guides", text: "Catalogue", pages: ["catalog-database", "catalog-import", "query", "microscopy"] },
  { folder: "guides", text: "Publish", pages: ["publish-tree", "publish", "publish-run", "publish-neurons"] },
  {
    folder: "guides",
    text: "Blocks",
    pages: ["check-blocks", "blocks-python", "block-orders", "blocks-graphs", "blocks-graph-runs", "blocks-operators"],
  },
  {
    folder: "guides",
    text: "Serve",
    pages: ["serve", "serve-pages", "serve-jobs", "portal", "access", "behind-nginx", "serve-reference"],
  },
  { folder: "guides", text: "Clusters", pages: ["clusters", "cluster-commands", "cluster-engines", "cluster-runs"] },
  { folder: "guides", text: "Other guides" },
  { folder: "notebooks", text: "Notebooks" },
  { folder: "reference", text: "Reference" },
  { folder: "formats", text: "File formats" },
  { folder: "design", text: "Design" },
  { folder: "design/decisions", text: "Decisions" },
];
/** Pages of `docs/` itself that come before all folders; the others come after them. */
const FIRST = ["index.md", "start.md"];

/** @type {import("./docs-pages.d.mts").pagesBelow} */
export function pagesBelow(docs) {
  return readdirSync(docs, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".md"))
    .map((entry) => posix.relative(docs.replaceAll("\\", "/"), join(entry.parentPath, entry.name).replaceAll("\\", "/")))
    .filter((path) => !path.startsWith(".vitepress/"))
    .sort();
}

/** @type {import("./docs-pages.d.mts").titleOf} */
export function titleOf(markdown) {
  const [, heading] = /^# (.+)$/m.exec(withoutCode(markdown)) ?? [];
  return heading && plainText(heading);
}

/** @type {import("./docs-pages.d.mts").slug} */
export function slug(heading) {
  return plainText(heading)
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-");
}

/** @type {import("./docs-pages.d.mts").anchorsOf} */
export function anchorsOf(markdown) {
  const seen = new Map();
  return new Set(
    [...withoutCode(markdown).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => {
      const name = slug(heading);
      const before = seen.get(name) ?? 0;
      seen.set(name, before + 1);
      return before === 0 ? name : `${name}-${before}`;
    }),
  );
}

/** @type {import("./docs-pages.d.mts").linksOf} */
export function linksOf(markdown) {
  // code spans may hold brackets, and the text of a link may be a code span: what is in them is blanked
  const text = withoutCode(markdown).replace(/(`+)(?!`).*?[^`]?\1(?!`)/g, (span) => span.replace(/[^\n]/g, "x"));
  return [...text.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)].map(({ 1: target, index }) => ({
    target,
    line: text.slice(0, index).split("\n").length,
  }));
}

/** @type {import("./docs-pages.d.mts").stepsOf} */
export function stepsOf(markdown) {
  return [...markdown.matchAll(/^```(\w+)(?: ([\w./-]+))?\n([\s\S]*?)^```$/gm)].flatMap(([, language, file, text]) => {
    if (file) return [{ file, text }];
    if (language !== "sh") return [];
    return text
      .trim()
      .split("\n")
      .map((line) => {
        const [, command, status] = /^(.*?)(?: +# ends with (\d+))?$/.exec(line);
        return { command, status: Number(status ?? 0) };
      });
  });
}

/** The first words of commands that pages have a reader type. */
const TYPED =
  /^(?:[A-Z_]+=\S+ )*(?:\. \S|(?:alias|apptainer|aws|cd|chmod|cp|curl|docker|echo|emporium|export|journalctl|jupyter|mkdir|node|npm|npx|openssl|pip|podman|printf|psql|python3|snakemake|ssh|sudo)\b)/;

/** @type {import("./docs-pages.d.mts").commandBlocksOf} */
export function commandBlocksOf(markdown) {
  const blocks = [];
  const lines = markdown.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const fence = /^```(\w*)( .*)?$/.exec(lines[at]);
    const isIndented = /^ {4}\S/.test(lines[at]) && (lines[at - 1] ?? "") === "";
    if (!fence && !isIndented) continue;
    const line = at + 1;
    const text = [];
    if (fence) while (lines[++at] !== "```" && at < lines.length) text.push(lines[at]);
    else {
      while (/^ {4}/.test(lines[at] ?? "") || ((lines[at] ?? "") === "" && /^ {4}/.test(lines[at + 1] ?? "")))
        text.push(lines[at++].slice(4));
      at--;
    }
    if (fence?.[2]) blocks.push({ line, file: fence[2].trim(), text: `${text.join("\n")}\n` });
    else if (["", "sh", "text"].includes(fence?.[1] ?? "") && text.some((one) => TYPED.test(one)))
      blocks.push({ line, commands: wholeCommands(text).filter((one) => TYPED.test(one)) });
  }
  return blocks;
}

/** Lines that end in a backslash, or within quotes, go on in the next one. */
function wholeCommands(lines) {
  const whole = [];
  let open = "";
  for (const line of lines) {
    const all = open + line;
    const quotes = all.replaceAll(/"[^"]*"/g, "").split("'").length - 1;
    if (all.endsWith("\\") || quotes % 2 === 1) open = `${all}\n`;
    else {
      if (all.trim() !== "") whole.push(all);
      open = "";
    }
  }
  return open === "" ? whole : [...whole, open];
}

/** @type {import("./docs-pages.d.mts").sidebarOf} */
export function sidebarOf(docs) {
  const pages = pagesBelow(docs).map((path) => {
    const title = titleOf(readFileSync(join(docs, path), "utf8"));
    if (title === undefined) throw new Error(`${path}: no heading of the first level, which is the page's name in the sidebar`);
    return { folder: posix.dirname(path), path, item: { text: title, link: `/${addressOf(path)}` } };
  });
  const chosen = new Set(GROUPS.flatMap(({ folder, pages: names = [] }) => names.map((name) => `${folder}/${name}.md`)));
  const itemsOf = ({ folder, pages: names }) => {
    if (names)
      return names.flatMap((name) => pages.filter(({ path }) => path === `${folder}/${name}.md`)).map(({ item }) => item);
    const isIndex = ({ path }) => path.endsWith("README.md");
    const own = pages.filter((page) => page.folder === folder && !chosen.has(page.path));
    return [...own.filter(isIndex), ...own.filter((page) => !isIndex(page))].map(({ item }) => item);
  };
  const first = FIRST.flatMap((name) => pages.filter(({ path }) => path === name).map(({ item }) => item));
  const others = pages.filter(({ folder, path }) => folder === "." && !FIRST.includes(path)).map(({ item }) => item);
  const known = GROUPS.map(({ folder }) => folder);
  const more = [...new Set(pages.map(({ folder }) => folder))].filter((folder) => folder !== "." && !known.includes(folder));
  const groups = [...GROUPS, ...more.map((folder) => ({ folder, text: nameOf(folder) }))];
  return [
    { text: "Start", folder: ".", items: first },
    ...groups.map((group) => ({ text: group.text, folder: group.folder, items: itemsOf(group) })),
    { text: "About", folder: ".", items: others },
  ].filter(({ items }) => items.length > 0);
}

/** @type {import("./docs-pages.d.mts").addressOf} */
export function addressOf(path) {
  return path.replace(/(^|\/)(?:README|index)\.md$/, "$1").replace(/\.md$/, "");
}

const nameOf = (folder) => folder.charAt(0).toUpperCase() + folder.slice(1).replaceAll(/[-/]/g, " ");

/** The text of a heading as a reader sees it. */
const plainText = (heading) => heading.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll(/[`*]/g, "");

/** Markdown with blank lines where code blocks and comments were: nothing in them is a heading or a link. */
function withoutCode(markdown) {
  const blank = (text) => text.replace(/[^\n]/g, "");
  return markdown
    .replace(/^( *)(```+|~~~+)[\s\S]*?^\1\2 *$/gm, blank)
    .replace(/<!--[\s\S]*?-->/g, blank)
    .replace(/(?<=\n\n)(?: {4}.*\n|\n(?= {4}))+/g, blank);
}
