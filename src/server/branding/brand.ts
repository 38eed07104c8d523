import type pg from "pg";
import type { PortalFacts } from "../../model/page-api.js";
import { memoryStore } from "../../stores/memory/store.js";
import { type Handler, refusal } from "../handler.js";
import type { Place } from "../places.js";
import { staticFiles } from "../static.js";
import { firstWords } from "./about.js";
import { accentSheet } from "./accent.js";
import { ACCENT_SHEET, BRAND } from "./addresses.js";
import { type PageWords, wordsOf } from "./page-words.js";
import type { PortalSettings } from "./settings.js";

export interface BrandOptions {
  readonly settings: PortalSettings;
  /** The public URL, without a slash at its end. Without it, nothing has an absolute address. */
  readonly url: string | undefined;
  /** Path under which people find the server, with slashes at both ends. */
  readonly base: string;
  /** Some may see less than others. */
  readonly hasRules: boolean;
}

/** A portal of one's own, as it is served. */
export interface Brand {
  readonly facts: PortalFacts;
  /** Files below `brand/`. */
  readonly files: Handler;
  /** `robots.txt`. */
  readonly robots: Handler;
  /** Search engines are asked to stay away. */
  readonly isUnlisted: boolean;
  /** Title, description and pictures of the document of a page, for its head. */
  headOf(path: string, words: PageWords | undefined): string;
  /** `sitemap.xml` of what a pool sees; undefined without one. */
  readonly sitemap: ((pool: pg.Pool | undefined) => Handler) | undefined;
}

/** What is asked for by its address must run nothing, even when it is opened alone. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox; frame-ancestors 'none'";

export async function openBrand({ settings, url, base, hasRules }: BrandOptions): Promise<Brand> {
  const { facts, accent, sitemap } = settings;
  const files = new Map(settings.files);
  if (accent) files.set(ACCENT_SHEET, new TextEncoder().encode(accentSheet(accent)));
  const isUnlisted = (settings.robots ?? (hasRules && !sitemap ? "none" : "allow")) === "none";
  const root = url?.replace(/\/+$/, "");
  const description = firstWords(facts.about ?? []);
  const own = root !== undefined && facts.logo?.endsWith(".png") ? `${root}/${facts.logo}` : undefined;
  const robots = robotsText({ isUnlisted, base, sitemap: sitemap ? root : undefined });
  return {
    facts,
    isUnlisted,
    files: await filesOf(files),
    robots: async (request) => text(request, robots, "text/plain; charset=utf-8"),
    headOf(path, words) {
      const title = words?.title ?? facts.title;
      return [
        `<title>${escaped(words?.title === undefined ? title : `${title} · ${facts.shortTitle}`)}</title>`,
        ...metaTags({
          description: shortened(words?.description ?? description),
          "og:type": "website",
          "og:site_name": facts.title,
          "og:title": title,
          "og:description": shortened(words?.description ?? description),
          "og:url": root && `${root}/${path}`,
          "og:image": root !== undefined && words?.photo !== undefined ? `${root}/files/${encodedKey(words.photo)}` : own,
        }),
        ...(accent ? [`<link rel="stylesheet" href="./${ACCENT_SHEET}" />`] : []),
      ].join("");
    },
    sitemap: sitemap && root !== undefined ? (pool) => sitemapOf(root, pool) : undefined,
  };
}

/** What the document of a page is given for somebody who sees these rows and files. */
export function brandedPages(
  brand: Brand,
  catalogue: { readonly place: Place; readonly pool: pg.Pool } | undefined,
  told: (error: unknown) => void,
): { readonly isUnlisted: boolean; headOf(path: string): Promise<string> } {
  const { isUnlisted, facts } = brand;
  return {
    isUnlisted,
    async headOf(path) {
      // a document without the words of its dataset is still the page
      const words = catalogue && (await wordsOf(path, facts.hero, catalogue).catch((error: unknown) => void told(error)));
      return brand.headOf(path, words);
    },
  };
}

/** The facts for somebody who sees these rows alone: what one may not see is not named. */
export async function factsSeen(facts: PortalFacts, pool: pg.Pool | undefined): Promise<PortalFacts> {
  if (facts.hero === undefined) return facts;
  const asked = pool?.query("select 1 from emporium_portal.run where id = $1", [facts.hero]);
  const isSeen = await asked?.then(({ rows }) => rows.length > 0).catch(() => false);
  return isSeen ? facts : { ...facts, hero: undefined };
}

async function filesOf(files: ReadonlyMap<string, Uint8Array>): Promise<Handler> {
  const store = memoryStore();
  for (const [key, bytes] of files) await store.write(key, bytes);
  // as substitutes they are tagged by their content: another logo at the same address is another one after a restart, too
  const send = staticFiles(store, { role: "page", policy: POLICY, instead: async ({ key }) => files.get(key) });
  return (request, path) => send(request, `${BRAND}/${path}`);
}

/** Pages, what they ask for and pictures may be read, bulk data not: a robot that follows them fetches terabytes. */
const BULK = ["files/", "at/", "s3", "zarr/", "viewer/", "view/", "neuroglancer/", "browse/"];
const PICTURES = ["png", "jpg", "jpeg"];

function robotsText({ isUnlisted, base, sitemap }: { isUnlisted: boolean; base: string; sitemap: string | undefined }): string {
  const rules = isUnlisted
    ? [`Disallow: ${base}`]
    : [...PICTURES.map((ending) => `Allow: ${base}files/*.${ending}$`), ...BULK.map((folder) => `Disallow: ${base}${folder}`)];
  return ["User-agent: *", ...rules, ...(sitemap === undefined ? [] : ["", `Sitemap: ${sitemap}/sitemap.xml`]), ""].join("\n");
}

/** The most addresses that the protocol of sitemaps has in one file (https://www.sitemaps.org/protocol.html). */
const ADDRESSES_MAX = 50_000;

function sitemapOf(root: string, pool: pg.Pool | undefined): Handler {
  return async (request) => {
    let rows: { id: number; day: string | null }[] = [];
    try {
      rows = (await pool?.query<{ id: number; day: string | null }>(DATASETS, [ADDRESSES_MAX - 1]))?.rows ?? [];
    } catch {
      return refusal(503, "the list cannot be read just now", { "retry-after": "5" });
    }
    const url = (address: string, day: string | null) =>
      `<url><loc>${escaped(address)}</loc>${day === null ? "" : `<lastmod>${day}</lastmod>`}</url>\n`;
    const urls = [url(`${root}/`, null), ...rows.map(({ id, day }) => url(`${root}/datasets/${id}`, day))];
    const whole = `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${urls.join("")}</urlset>\n`;
    return text(request, whole, "application/xml");
  };
}

/** The newest: with more of them than a sitemap may have, the others are found from page to page. */
const DATASETS = `select id, to_char(last_modified_date at time zone 'UTC', 'YYYY-MM-DD') as day from emporium_portal.dataset
  order by release_date desc nulls last, id desc limit $1`;

function text(request: Request, body: string, type: string): Response {
  return new Response(request.method === "HEAD" ? null : body, {
    headers: { "content-type": type, "x-content-type-options": "nosniff", "cache-control": "no-cache" },
  });
}

function metaTags(values: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`<meta ${name.startsWith("og:") ? "property" : "name"}="${name}" content="${escaped(value)}" />`],
  );
}

/** Text in an element or in an attribute with double quotes. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Letters of a description that previews show. */
const DESCRIPTION_MAX = 200;

function shortened(text: string | undefined): string | undefined {
  const words = text?.replace(/\s+/g, " ").trim();
  if (words === undefined || words === "") return undefined;
  if (words.length <= DESCRIPTION_MAX) return words;
  return `${words.slice(0, DESCRIPTION_MAX).replace(/\s*\S*$/, "")} …`;
}

const encodedKey = (key: string): string => key.split("/").map(encodeURIComponent).join("/");
