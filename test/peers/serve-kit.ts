import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect } from "vitest";
import type { ServedCatalogue } from "../../src/server/api/context.js";
import type { Place } from "../../src/server/places.js";
import { type Portal, servePortal } from "../../src/server/portal.js";
import { fileStore } from "../../src/stores/file/store.js";
import type { Store } from "../../src/stores/store.js";
import { parseLocation } from "../../src/stores/url.js";

/** A folder as the tree of a server. */
export function treePlace(folder: string, store: Store = fileStore(folder, { sync: false })): Place {
  return { id: "tree", name: "tree", kind: "tree", location: parseLocation(folder), store };
}

/** What a server answers from. */
export function servedCatalogue(place: Place, { api, pool }: Pick<ServedCatalogue, "api" | "pool">): ServedCatalogue {
  return { place, api, pool, state: () => ({ place: place.id, state: "ready" }) };
}

/** A portal on a folder, as `emporium serve` puts its parts together. */
export function serveFolder(
  folder: string,
  { data, bucket = "portal", viewer }: { data?: Pick<ServedCatalogue, "api" | "pool">; bucket?: string; viewer?: string } = {},
): Promise<Portal> {
  const place = treePlace(folder);
  return servePortal({ places: [place], catalogue: data && servedCatalogue(place, data), bucket, viewer, version: "0" });
}

/** What programs of the AWS family look at besides their arguments: nobody's own settings shall decide a test. */
export function awsEnvironment(portal: Pick<Portal, "s3">): NodeJS.ProcessEnv {
  const unset = Object.fromEntries(
    Object.keys(process.env).flatMap((name) => (name.startsWith("AWS_") ? [[name, undefined]] : [])),
  );
  return {
    ...unset,
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL_S3: portal.s3,
    BOTO_ENDPOINT_URL: portal.s3,
  };
}

export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** Two folders hold the same files, byte for byte. */
export function expectSame(found: string, wanted: string): void {
  expect(filesBelow(found)).toEqual(filesBelow(wanted));
  for (const file of filesBelow(wanted)) {
    expect(readFileSync(join(found, file)).equals(readFileSync(join(wanted, file))), file).toBe(true);
  }
}
