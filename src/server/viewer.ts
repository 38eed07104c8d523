import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type JsonObject, printJson } from "../core/json.js";
import type { Log } from "../core/log.js";
import { fileStore } from "../stores/file/store.js";
import { type Handler, refusal } from "./handler.js";
import { staticFiles } from "./static.js";

export interface ViewerOptions {
  /** Servers beside this one whose data the page may fetch: `https://files.example.org`, or `https:` for any. Default: none. */
  dataHosts?: readonly string[] | undefined;
  /** Folder in which `scripts/build-viewer.mjs` put the page. */
  folder?: string | undefined;
  log?: Log | undefined;
}

/** Name of the folder of the bundles: a hash of all of them. */
const HASHED = /^[0-9a-f]{16}$/;

/**
 * Neuroglancer, as bundled when this package was built: a page, its workers and decoders. It sends requests only to the servers
 * named here.
 *
 * The page is revalidated on each request. Its bundles never change under their names, which contain their hash, and are
 * compressed. They are also found by their names without the hash.
 */
export function viewerPage({
  dataHosts = [],
  folder = fileURLToPath(new URL("../viewer", import.meta.url)),
  log,
}: ViewerOptions = {}): Handler {
  const options = { role: "page", policy: viewerPolicy(dataHosts), immutable: /^[0-9a-f]{16}\//, log } as const;
  const files = staticFiles(fileStore(folder), options);
  const hashed = existsSync(folder) ? readdirSync(folder).find((name) => HASHED.test(name)) : undefined;
  const bundles = new Set(hashed === undefined ? [] : readdirSync(join(folder, hashed)));
  return async (request, path) => {
    if (!bundles.has(path)) return await files(request, path);
    return refusal(307, "it lies beside the others", { location: `${hashed}/${path}`, "cache-control": "no-cache" });
  };
}

/**
 * The link that opens the page with a state.
 *
 * @param page URL of the page, ends with `/`.
 * @param state the state itself, or the URL of a document with it (`http://…/state.json`).
 */
export function viewerLink(page: string, state: JsonObject | string): string {
  return `${page}#!${typeof state === "string" ? state : encodeURIComponent(printJson(state, { indent: 0 }))}`;
}

/**
 * The page's content security policy. It compiles controls of shaders and readers of annotations with `new Function`, and its
 * decoders are WebAssembly, hence `unsafe-eval`; there are no foreign and no inline scripts.
 */
function viewerPolicy(dataHosts: readonly string[]): string {
  const hosts = dataHosts.map((host) => (/^https?:$/.test(host) ? host : new URL(host).origin));
  return [
    "default-src 'none'",
    "script-src 'self' 'unsafe-eval'",
    "worker-src 'self' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    ["connect-src 'self'", ...hosts].join(" "),
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ].join("; ");
}
