import { throwIfCancelled } from "../core/cancel.js";
import { redact, type Secret } from "../core/redact.js";
import { drop, type HttpClient, type HttpExchange, type HttpReply } from "./client.js";
import { protocol } from "./errors.js";
import { type AddressGate, publicGate, type Resolve, resolveName } from "./gate.js";
import { isRedirect, nextHop, REDIRECTS_MAX } from "./redirects.js";

export interface HttpRequestOptions {
  /** The whole `Authorization` header; goes to the origin of `home` alone. */
  authorization?: Secret | undefined;
  /** The gate of every request. Default: none for the host and port that a person named, `publicGate` for redirections. */
  gate?: AddressGate | undefined;
  /** Without `gate`: redirections may lead to private networks and any port. */
  allowPrivate?: boolean | undefined;
  /**
   * Maps an address to the one that is really requested (mirrors, tests). A changed address passes no gate, for a person named
   * the place.
   */
  rebase?: ((url: string) => string) | undefined;
  /** Resolves host names. Default: the system's resolver. */
  resolve?: Resolve | undefined;
}

export interface HttpRequest extends Pick<HttpExchange, "shown" | "headers" | "signal" | "long"> {
  /** Method that changes nothing on the server: GET, HEAD, a question of WebDAV. */
  method: string;
  url: string;
  /** Does not follow redirections: each is an answer of its own. */
  stay?: boolean | undefined;
}

export interface HttpAnswer extends HttpReply {
  /** `shown` of the request: the address for messages. */
  url: string;
  /** Address that the answer came from, after redirections. */
  finalUrl: string;
}

/**
 * Sends requests once each and follows at most five redirections: never from https to http, without credentials on other origins,
 * each address checked.
 *
 * @param home an address of the origin that the credentials are for.
 */
export function httpRequests(
  client: HttpClient,
  home: string,
  { authorization, gate, allowPrivate, rebase = (url) => url, resolve = resolveName }: HttpRequestOptions = {},
): (request: HttpRequest) => Promise<HttpAnswer> {
  const homeOrigin = new URL(home).origin;
  const elsewhere = gate ?? publicGate(resolve, { allowPrivate });

  /** A server must not redirect us into our own network: it may be outdated or compromised. */
  const guardOf = (url: string) => (gate || new URL(url).origin === homeOrigin ? gate : elsewhere);

  return async ({ url: first, stay = false, headers, ...request }) => {
    const { shown, signal } = request;
    let url = first;
    for (let hop = 0; ; hop++) {
      throwIfCancelled(signal);
      const asked = rebase(url);
      const guard = asked === url ? guardOf(url) : undefined;
      guard?.check(new URL(url));
      const auth: Record<string, string> =
        authorization && new URL(asked).origin === homeOrigin ? { authorization: authorization.reveal() } : {};
      const reply = await client.send(asked, { ...request, gate: guard, headers: { ...auth, ...headers } });
      const answer: HttpAnswer = { url: shown, finalUrl: url, ...reply };
      const location = reply.header("location");
      if (stay || !isRedirect(reply.status) || location === undefined) return answer;
      await drop(answer);
      if (hop >= REDIRECTS_MAX)
        throw protocol(shown, `redirects more than ${REDIRECTS_MAX} times`, "check the address in a browser", "no");
      url = followed(url, location, shown);
    }
  };
}

function followed(from: string, location: string, shown: string): string {
  const next = nextHop(from, location);
  if ("url" in next) return next.url;
  if (next.fault === "no address") throw protocol(shown, "redirects to what is not an address", undefined, "no");
  if (next.fault === "scheme") throw protocol(shown, `redirects to ${redact(next.to.protocol)}`, undefined, "no");
  throw protocol(shown, "redirects from https to http, which is not followed", "ask for an https address", "no");
}
