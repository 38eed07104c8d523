import type { ReadOptions } from "../../core/bytes.js";
import { systemClock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import { TIMEOUTS } from "../../net/body.js";
import { httpClient } from "../../net/client.js";
import { httpRequests } from "../../net/requests.js";
import { type HttpStoreOptions, httpStore } from "../http/store.js";
import { checkKey, checkPrefix, compareKeys } from "../keys.js";
import type { Entry, Store } from "../store.js";
import { gcsPages } from "./list.js";

export interface GcsStoreOptions extends Omit<HttpStoreOptions, "query" | "authorization"> {
  bucket: string;
  /** Keys of the store are below this, without a last `/`; `""` is the whole bucket. */
  prefix?: string | undefined;
  /** Stands for `https://storage.googleapis.com` (tests, servers that speak its language). Without a last `/`. */
  endpoint?: string | undefined;
}

const GOOGLE = "https://storage.googleapis.com";

/**
 * A public bucket of Google Cloud Storage, read without an account: objects by URL, listings by the JSON API. Objects with
 * `Content-Encoding: gzip` are unpacked, as for every reader; their size is known only after reading.
 */
export function gcsStore(options: GcsStoreOptions): Store {
  const { bucket, prefix = "", endpoint = GOOGLE, clock = systemClock } = options;
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const base = prefix === "" ? "" : `${prefix}/`;
  const folder = prefix === "" ? bucket : `${bucket}/${prefix}`;
  const url = `gs://${folder}`;
  const objects = httpStore(`${endpoint}/${folder.split("/").map(encodeURIComponent).join("/")}`, options);
  const request = httpRequests(httpClient(timeouts), endpoint, options);

  /** Entries in key order, each once, with the store's keys. Leaves out empty objects named like folders, which consoles make. */
  async function* entries(full: string, delimiter: string, signal: AbortSignal | undefined): AsyncGenerator<Entry> {
    let last: string | undefined;
    for await (const { items, prefixes } of gcsPages({ endpoint, bucket, request, timeouts, clock }, full, delimiter, signal)) {
      const found: Entry[] = [
        ...items
          .filter(({ name }) => !name.endsWith("/"))
          // Objects have their MD5 for a tag where they are read, unless they were composed of several.
          .map(({ name, size, md5, modifiedMs }) => ({ key: name, size, etag: md5 && `"${md5}"`, modifiedMs })),
        ...prefixes.map((key) => ({ key, size: 0 })),
      ];
      for (const entry of found.sort((a, b) => compareKeys(a.key, b.key))) {
        if (entry.key === last || !entry.key.startsWith(base)) continue;
        last = entry.key;
        yield { ...entry, key: entry.key.slice(base.length) };
      }
    }
  }

  const readOnly = async (): Promise<never> => {
    throw new EmporiumError("STORE_READONLY", `${url} cannot be written: Google's buckets are only read`, {
      place: { url },
      hint: "choose a folder or an s3:// address as the target",
    });
  };
  return {
    ...objects,
    url,
    write: readOnly,
    create: readOnly,
    async *list(start: string, { signal }: ReadOptions = {}) {
      yield* entries(base + checkPrefix(start), "", signal);
    },
    async *children(where: string, { signal }: ReadOptions = {}) {
      const bare = checkKey(where, "folder");
      yield* entries(bare === "" ? base : `${base}${bare}/`, "/", signal);
    },
    remove: readOnly,
  };
}
