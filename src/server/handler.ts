/**
 * Answers a request. Plain functions over the web's own types, so a test needs no port and another server could carry them.
 *
 * @param path what is left of the URL's path after the mount, still percent-encoded, without a leading `/`.
 */
export type Handler = (request: Request, path: string) => Promise<Response>;

/** Handlers by path prefix: keys begin and end with `/`; the longest matching prefix wins. */
export type Mounts = Readonly<Record<string, Handler>>;

/** Combines handlers. A folder requested without its last `/` is redirected to it, since pages use relative links. */
export function mounted(mounts: Mounts): Handler {
  const prefixes = Object.keys(mounts).sort((a, b) => b.length - a.length);
  for (const prefix of prefixes) {
    if (!/^\/(?:.*\/)?$/.test(prefix)) throw new TypeError(`a mount begins and ends with "/", found ${JSON.stringify(prefix)}`);
  }
  return async (request, path) => {
    const whole = `/${path}`;
    if (prefixes.includes(`${whole}/`)) {
      const { search } = new URL(request.url);
      // relative: in front of this server a proxy may have taken a folder off the path
      return new Response(null, { status: 308, headers: { location: `${whole.slice(whole.lastIndexOf("/") + 1)}/${search}` } });
    }
    const prefix = prefixes.find((start) => whole.startsWith(start));
    return prefix === undefined ? refusal(404, "not found") : mounts[prefix]!(request, whole.slice(prefix.length));
  };
}

/** Gives paths of one name to handlers: a mount would lead clients to `/healthz/` first. */
export function withRoutes(routes: Readonly<Record<string, Handler>>, others: Handler): Handler {
  return (request, path) => (Object.hasOwn(routes, path) ? routes[path]!(request, "") : others(request, path));
}

/** The answer to write requests. */
export function onlyReading(): Response {
  return refusal(405, "the server is read-only", { allow: "GET, HEAD, OPTIONS" });
}

/** A short answer in words. What it repeats of the request is letters alone, so it contains neither markup nor a path of this machine. */
export function refusal(status: number, says: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${status} ${says}\n`, {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      ...headers,
    },
  });
}
