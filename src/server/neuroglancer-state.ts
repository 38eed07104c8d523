import { LIMITS } from "../core/limits.js";
import type { Log } from "../core/log.js";
import { readdressState } from "../formats/precomputed/state-addresses.js";
import type { Substitute } from "./static.js";

const STATE = /(?:^|[/-])neuroglancer_config\.json$/;

/**
 * Views of a tree with the URLs of this server: they were written for another URL. The files on disk are not changed.
 *
 * @param files URL of the tree's root at this server, as the client of a request sees it; without a last `/`.
 */
export function readdressedStates(files: (request: Request) => string, log: Log): Substitute {
  return async ({ store, key, stat }, request) => {
    if (!STATE.test(key) || stat.size > LIMITS.metadataBytes) return undefined;
    const bytes = await store.read(key, undefined, { ifMatch: stat.etag });
    const state = bytes && decoded(bytes);
    if (state === undefined) return undefined;
    const { text, elsewhere } = readdressState(state, files(request), key.split("/").slice(0, 2).join("/"));
    if (elsewhere.length > 0) {
      log.warn(`${key} names sources that are not in this tree, which the page here may not fetch: ${elsewhere.join(", ")}`);
    }
    return new TextEncoder().encode(text);
  };
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
