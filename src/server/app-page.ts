import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Log } from "../core/log.js";
import { fileStore } from "../stores/file/store.js";
import { type Handler, refusal } from "./handler.js";
import { staticFiles } from "./static.js";

export interface AppPageOptions {
  /** Path under which people find this server, with slashes at both ends. */
  base: string;
  /** Where `scripts/build-web.mjs` put the pages. */
  folder?: string | undefined;
  log?: Log | undefined;
}

/** Of what the pages are built of: they show it. */
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

/** The pages: `assets/…`, and one document for every address of a page that a browser opens. */
export function appPage({ base, folder = fileURLToPath(new URL("../web", import.meta.url)), log }: AppPageOptions): Handler {
  const assets = staticFiles(fileStore(folder), { role: "page", immutable: /^assets\//, policy: POLICY, log });
  const file = join(folder, "index.html");
  const document = existsSync(file) ? readFileSync(file, "utf8").replace('<base href="/" />', `<base href="${base}" />`) : "";
  return async (request, path) => {
    if (path.startsWith("assets/") || path === LICENCES) return await assets(request, path);
    const wantsPage = request.headers.get("accept")?.includes("text/html") === true;
    if (!wantsPage || document === "") return refusal(404, "nothing is here");
    return new Response(request.method === "HEAD" ? null : document, {
      headers: {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "",
        "cache-control": "no-cache",
      },
    });
  };
}
