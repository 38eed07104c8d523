import type { Handler } from "./handler.js";
import type { Place } from "./places.js";

interface Served {
  /** Version of the program. */
  readonly version: string;
  readonly places: readonly Place[];
  readonly bucket: string;
  readonly hasTree: boolean;
  readonly hasCatalogue: boolean;
}

const PLACES_MAX = 20;

/**
 * The answer to programs at `/`: the addresses of this server, as text, or as JSON where that is accepted and text is not.
 *
 * @param baseOf the public URL of the server, with a last slash
 */
export function serverOverview(served: Served, baseOf: (request: Request) => string): Handler {
  return async (request) => {
    const addresses = addressesOf(served, baseOf(request));
    const accept = request.headers.get("accept") ?? "";
    const wantsJson = /json/i.test(accept) && !/text\/(?:plain|\*)/i.test(accept);
    const body = wantsJson ? `${JSON.stringify(asJson(served, addresses))}\n` : asText(served, addresses);
    return new Response(request.method === "HEAD" ? null : body, {
      headers: {
        "content-type": wantsJson ? "application/json; charset=utf-8" : "text/plain; charset=utf-8",
        "x-content-type-options": "nosniff",
        "cache-control": "no-cache",
        vary: "accept",
      },
    });
  };
}

interface Address {
  readonly name: string;
  readonly url: string;
  readonly is: string;
}

function addressesOf({ places, bucket, hasTree, hasCatalogue }: Served, base: string): readonly Address[] {
  return [
    { name: "pages", url: base, is: "pages, in a browser" },
    { name: "openapi", url: `${base}api/v1/openapi.json`, is: "what programs can ask" },
    ...(hasCatalogue ? [{ name: "graphql", url: `${base}graphql`, is: "the catalogue" }] : []),
    ...(hasTree ? [{ name: "files", url: `${base}files/`, is: "files of the tree" }] : []),
    ...(hasTree ? [{ name: "s3", url: `${base}s3`, is: `bucket ${bucket}, read-only` }] : []),
    ...places.slice(0, PLACES_MAX).map(({ id }) => ({ name: `at ${id}`, url: `${base}at/${id}/`, is: "files of a location" })),
    { name: "health", url: `${base}healthz`, is: "200 while the server answers" },
  ];
}

function asText({ version, places }: Served, addresses: readonly Address[]): string {
  const width = Math.max(...addresses.map(({ url }) => url.length));
  const lines = addresses.map(({ url, is }) => `  ${url.padEnd(width)}  ${is}`);
  const more = places.length > PLACES_MAX ? [`  and ${places.length - PLACES_MAX} more locations: see api/v1/server`] : [];
  return `${[`emporium ${version} serves:`, ...lines, ...more].join("\n")}\n`;
}

function asJson({ version }: Served, addresses: readonly Address[]): object {
  return { program: "emporium", version, addresses: Object.fromEntries(addresses.map(({ name, url }) => [name, url])) };
}
