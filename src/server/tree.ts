import { isEmporiumError } from "../core/errors.js";
import { type Log, silentLog } from "../core/log.js";
import { compareKeys } from "../stores/keys.js";
import type { Store } from "../stores/store.js";
import { mounted } from "./handler.js";
import { listen } from "./listen.js";
import { readdressedStates } from "./neuroglancer-state.js";
import { staticFiles } from "./static.js";
import { viewerLink, viewerPage } from "./viewer.js";

export const USUAL_PORT = 8080;

export interface ServeTreeOptions {
  /** The tree. It may still be empty. */
  store: Store;
  /** On 127.0.0.1. Default: 8080, or any that is free where another program has that. */
  port?: number | undefined;
  /** Where the Neuroglancer page is. Default: that of the package. */
  viewer?: string | undefined;
  log?: Log | undefined;
}

/** A tree behind a server of its own, with a page that opens its views. */
export interface ServedTree {
  /** Of the tree: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Of the Neuroglancer page. */
  readonly page: string;
  /** The views that are in the tree at this moment, by their keys, and the links that open them. */
  views(): Promise<{ key: string; link: string }[]>;
  close(): Promise<void>;
}

const STATE = /\/NeuroglancerPrecompute\/\d+-neuroglancer_config\.json$/;

/**
 * Serves a tree and Neuroglancer to this machine only.
 *
 * @throws {EmporiumError} STORE_FAILED where the port cannot be had
 */
export async function serveTree({ store, port, viewer, log = silentLog }: ServeTreeOptions): Promise<ServedTree> {
  const files = staticFiles(store, { instead: readdressedStates((request) => new URL(request.url).origin, log), log });
  const handler = mounted({ "/": files, "/viewer/": viewerPage({ folder: viewer, log }) });
  const server = await listen(handler, { port: port ?? USUAL_PORT, log }).catch((error: unknown) => {
    if (port === undefined && isEmporiumError(error)) return listen(handler, { log });
    throw error;
  });
  const page = `${server.url}/viewer/`;
  return {
    url: server.url,
    page,
    async views() {
      const keys: string[] = [];
      for await (const { key } of store.list("")) if (STATE.test(key)) keys.push(key);
      return keys.sort(compareKeys).map((key) => ({ key, link: viewerLink(page, `${server.url}/${key}`) }));
    },
    close: () => server.close(),
  };
}
