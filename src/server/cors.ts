import { EmporiumError } from "../core/errors.js";

/** Whose pages may read what this server answers. */
export type CorsPolicy =
  /** Everybody's, without credentials. */
  | { readonly kind: "any" }
  /** Those of these origins, with credentials. */
  | { readonly kind: "some"; readonly fits: (origin: string) => boolean };

export const ANY_ORIGIN: CorsPolicy = { kind: "any" };

const METHODS = "GET, HEAD, POST, OPTIONS";
const HEADERS = "Content-Type";
const MAX_AGE_S = 600;

/**
 * The portal's own settings: `CRYOET_CORS_ALLOWED_ORIGINS`, a list with commas, or else `CRYOET_CORS_ALLOWED_REGEXES`, an expression that
 * an origin must fit as a whole. Without them every origin may read.
 *
 * @throws {EmporiumError} CONFIG_REGEX where the expression is none.
 */
export function corsFromEnvironment(env: Readonly<Record<string, string | undefined>>): CorsPolicy {
  const origins = (env.CRYOET_CORS_ALLOWED_ORIGINS ?? "")
    .split(",")
    .map((origin) => origin.trim().replace(/\/$/, ""))
    .filter((origin) => origin !== "");
  if (origins.includes("*")) return ANY_ORIGIN;
  if (origins.length > 0) return { kind: "some", fits: (origin) => origins.includes(origin) };
  const expression = env.CRYOET_CORS_ALLOWED_REGEXES;
  if (!expression) return ANY_ORIGIN;
  const regex = compiled(expression);
  return { kind: "some", fits: (origin) => regex.test(origin) };
}

function compiled(expression: string): RegExp {
  try {
    return new RegExp(`^(?:${expression})$`);
  } catch (cause) {
    throw new EmporiumError(
      "CONFIG_REGEX",
      `CRYOET_CORS_ALLOWED_REGEXES: ${JSON.stringify(expression)} is no regular expression`,
      {
        cause,
        hint: "for example http://localhost:\\d+",
      },
    );
  }
}

/** For an answer. Where origins differ, a cache must know that they do. */
export function corsHeaders(policy: CorsPolicy, request: Request): Record<string, string> {
  if (policy.kind === "any") return { "access-control-allow-origin": "*" };
  const origin = request.headers.get("origin");
  if (origin === null || !policy.fits(origin)) return { vary: "Origin" };
  return { vary: "Origin", "access-control-allow-origin": origin, "access-control-allow-credentials": "true" };
}

/** The answer to a browser that asks before it asks. */
export function preflight(policy: CorsPolicy, request: Request): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...corsHeaders(policy, request),
      "access-control-allow-methods": METHODS,
      "access-control-allow-headers": HEADERS,
      "access-control-max-age": String(MAX_AGE_S),
    },
  });
}
