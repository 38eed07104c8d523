import type { Answer, PortalApi } from "../catalog/graphql/answer.js";
import type { GraphqlRequest } from "../catalog/graphql/prepare.js";
import type { TreePrefixes } from "../catalog/import-prefixes.js";
import { isJsonObject } from "../core/json-fields.js";
import { GRAPHQL_PAGE, GRAPHQL_PAGE_POLICY } from "./graphql-page.js";
import type { Handler } from "./handler.js";

export interface GraphqlOptions {
  api: PortalApi;
  /** Prefixes of the tree's URLs at this server, as the client of a request sees it. Default: URLs are answered as imported. */
  own?: ((request: Request) => TreePrefixes) | undefined;
}

/** Limit in bytes of a query: clients write several thousand identifiers into it. */
const BODY_BYTES_MAX = 8 * 1024 * 1024;
/** Body limits of the GraphQL paths, for `listen`. */
export const GRAPHQL_POSTS = { "/graphql": BODY_BYTES_MAX, "/graphql/": BODY_BYTES_MAX } as const;
/** Number of requests in one batch. */
const BATCH_MAX = 5;

const JSON_TYPES = ["application/json", "application/graphql+json", "application/graphql-response+json"];
const COMMON = {
  "content-type": "application/json; charset=utf-8",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

/**
 * The portal's API over HTTP: `POST` with JSON, `GET` with `query`, and a page with a form for people with a browser.
 *
 * Errors in a query are sent with status 200: clients treat 500 and similar codes for a temporary failure and retry. 503 is sent
 * if they should.
 */
export function graphqlRoute({ api: bare, own }: GraphqlOptions): Handler {
  return async (request) => {
    const headers = COMMON;
    const api: PortalApi = { answer: (asked) => bare.answer(asked, own?.(request)) };
    if (request.method === "POST") return await posted(api, request, headers);
    const { searchParams } = new URL(request.url);
    if (!searchParams.has("query")) {
      const wantsPage = request.headers.get("accept")?.includes("text/html") === true;
      return wantsPage ? page() : fault(400, "Must provide query string.", headers);
    }
    if (request.method === "HEAD") return new Response(null, { headers });
    const variables = searchParams.get("variables");
    const parsed = variables ? parseJson(variables) : { value: undefined };
    if (!parsed) return fault(400, "Variables are invalid JSON.", headers);
    const operationName = searchParams.get("operationName") ?? undefined;
    const answer = await api.answer({ query: searchParams.get("query"), variables: parsed.value, operationName });
    return respond(answer, headers);
  };
}

/** Gives `/graphql` to the API and everything else to others: a mount would lead clients to `/graphql/` first. */
export function withGraphql(graphql: Handler, others: Handler): Handler {
  return (request, path) => (path === "graphql" || path === "graphql/" ? graphql(request, "") : others(request, path));
}

async function posted(api: PortalApi, request: Request, headers: Record<string, string>): Promise<Response> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === undefined || !JSON_TYPES.includes(type)) {
    return fault(415, "The request must be sent as application/json.", headers);
  }
  const parsed = parseJson(await request.text());
  if (!parsed) return fault(400, "POST body sent invalid JSON.", headers);
  const { value } = parsed;
  if (!Array.isArray(value)) {
    if (!isRequest(value)) return fault(400, "POST body must be an object with a query.", headers);
    return respond(await api.answer(value), headers);
  }
  if (value.length === 0 || value.length > BATCH_MAX || !value.every(isRequest)) {
    return fault(400, `A batch must have 1 to ${BATCH_MAX} requests.`, headers);
  }
  return new Response(asStream(batch(api, value)), { headers });
}

/** Answers requests one after the other, so that a batch holds one session of the database at a time. */
async function* batch(api: PortalApi, requests: readonly GraphqlRequest[]): AsyncGenerator<string, void, undefined> {
  for (const [at, request] of requests.entries()) {
    const { text, rest } = await api.answer(request);
    try {
      yield `${at > 0 ? "," : "["}${text}`;
      if (rest) yield* rest;
    } finally {
      await rest?.return();
    }
  }
  yield "]\n";
}

function respond({ isUnavailable, text, rest }: Answer, headers: Record<string, string>): Response {
  if (isUnavailable) return new Response(text, { status: 503, headers: { ...headers, "retry-after": "1" } });
  if (!rest) {
    const body = new TextEncoder().encode(text);
    return new Response(body, { headers: { ...headers, "content-length": String(body.length) } });
  }
  return new Response(asStream(rest, text), { headers });
}

/** The answer as a stream. The database is read only as fast as the client reads. */
function asStream(pieces: AsyncGenerator<string, void, undefined>, first = ""): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (first) controller.enqueue(encoder.encode(first));
      },
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      async cancel() {
        await pieces.return();
      },
    },
    { highWaterMark: 0 },
  );
}

function page(): Response {
  return new Response(GRAPHQL_PAGE, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": GRAPHQL_PAGE_POLICY,
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    },
  });
}

function fault(status: number, message: string, headers: Record<string, string>): Response {
  return new Response(`${JSON.stringify({ errors: [{ message }] })}\n`, { status, headers });
}

function isRequest(value: unknown): value is GraphqlRequest {
  return isJsonObject(value);
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
