import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Log } from "../core/log.js";
import { pageFileOf } from "../model/pages.js";
import { parseRef, printRef, refOfView } from "../model/ref.js";
import { fileStore } from "../stores/file/store.js";
import { type Handler, refusal } from "./handler.js";
import { staticFiles } from "./static.js";

export interface AppPageOptions {
  /** Path under which people find this server, with slashes at both ends. */
  base: string;
  /** Folder in which `scripts/build-web.mjs` put the pages. */
  folder?: string | undefined;
  /** Answer at `/` to programs: clients that do not ask for HTML. Default: the page, as for people. */
  overview?: Handler | undefined;
  /**
   * Pages send tokens of their own with requests. Answers that the document preloads without a token would be wrong for them, and
   * be asked for twice.
   */
  hasTokens?: boolean | undefined;
  /** What a portal of one's own puts into the head of each document, in place of its title. Default: nothing. */
  brand?: { readonly isUnlisted: boolean; headOf(path: string): Promise<string> } | undefined;
  log?: Log | undefined;
}

/** Licences of the packages that the pages are built from; the pages show them. */
const LICENCES = "LICENCES.md";

const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "frame-src 'self'",
  "manifest-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "object-src 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

/**
 * Serves the pages: `assets/…`, and one document for every address of a page, also for clients that accept anything, as checks of
 * links and of a server's health do. At other addresses only browsers get the document, which says that there is no page.
 */
export function appPage({
  base,
  folder = fileURLToPath(new URL("../web", import.meta.url)),
  overview,
  hasTokens = false,
  brand,
  log,
}: AppPageOptions): Handler {
  const assets = staticFiles(fileStore(folder), { role: "page", immutable: /^assets\//, policy: POLICY, log });
  const textOf = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "");
  const document = textOf("index.html").replace('<base href="/" />', `<base href="${base}" />`);
  const needs = needsOfPages(JSON.parse(textOf(MANIFEST) || "{}") as Manifest);
  return async (request, path) => {
    if (path.startsWith("assets/") || path === LICENCES) return await assets(request, path);
    const accept = request.headers.get("accept") ?? "*/*";
    const isBrowser = accept.includes("text/html");
    if (path === "" && overview && !(isBrowser && document !== "")) return await overview(request, path);
    const file = pageFileOf(`/${path}`);
    const isWanted = isBrowser || (file !== undefined && /\*\/\*|text\/\*/.test(accept));
    if (document === "" || !isWanted) return refusal(404, "not found");
    const links = [...(needs.get(file ?? "") ?? []), ...(hasTokens ? [] : asked(path))].join("");
    const head = await brand?.headOf(path);
    // by functions: a text may have signs that a replacement understands
    const page = (head === undefined ? document : document.replace(/<title>.*?<\/title>\s*/s, "")).replace(
      "</head>",
      () => `${head ?? ""}${links}</head>`,
    );
    return new Response(request.method === "HEAD" ? null : page, {
      headers: {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "",
        ...(brand?.isUnlisted && { "x-robots-tag": "noindex, nofollow" }),
        "cache-control": "no-cache",
        vary: "accept",
      },
    });
  };
}

/** Vite's manifest: the built files of the pages by their sources, with the imports of each. */
type Manifest = Readonly<
  Record<string, { file: string; imports?: readonly string[]; css?: readonly string[]; isEntry?: boolean }>
>;
const MANIFEST = "pages.json";

/** Preload links to the files that a page needs beside those of every page: a browser would find them one after the other. */
function needsOfPages(manifest: Manifest): ReadonlyMap<string, readonly string[]> {
  const withImports = (names: Iterable<string>): Set<string> => {
    const found = new Set(names);
    for (const name of found) for (const other of manifest[name]?.imports ?? []) found.add(other);
    return found;
  };
  const always = withImports(Object.keys(manifest).filter((name) => manifest[name]!.isEntry));
  const linksOf = (source: string) =>
    [...withImports([source])]
      .filter((name) => !always.has(name))
      .flatMap((name) => [
        `<link rel="modulepreload" crossorigin href="./${manifest[name]!.file}" />`,
        ...(manifest[name]!.css ?? []).map((file) => `<link rel="preload" as="style" crossorigin href="./${file}" />`),
      ]);
  const pages = Object.keys(manifest).filter((name) => /^pages\/[\w-]+\.tsx$/.test(name));
  return new Map(pages.map((source) => [source.slice("pages/".length, -".tsx".length), linksOf(source)]));
}

/** Preload links to the answers that a page asks for first. Their addresses have only letters, digits and `:-_`. */
function asked(path: string): string[] {
  const link = (answer: string) => `<link rel="preload" as="fetch" crossorigin="anonymous" href="./api/v1/${answer}" />`;
  const volume = volumeOf(path);
  return [link("server"), ...(volume === undefined ? [] : [link(`volumes/${volume}`)])];
}

function volumeOf(path: string): string | undefined {
  if (pageFileOf(`/${path}`) !== "view") return undefined;
  try {
    const ref = refOfView(path.split("/").slice(1).map(decodeURIComponent));
    return ref && printRef(parseRef(ref));
  } catch {
    return undefined; // the page itself says what is wrong with it
  }
}
