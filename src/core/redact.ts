/**
 * A value that never prints itself: text, JSON and inspection give `[secret]`. Only `reveal` returns it.
 *
 * @param options `isSecret: false` for a text that only holds a secret, as an address holds a password: then whoever makes it marks that
 *   part, and the rest of the text may be shown. Default true: the whole text is cut out of every output.
 */
export class Secret {
  readonly #value: string;
  constructor(value: string, { isSecret = true }: { isSecret?: boolean } = {}) {
    this.#value = value;
    if (isSecret) markSecret(value);
  }
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return MASK;
  }
  toJSON(): string {
    return MASK;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return MASK;
  }
}

const MASK = "[secret]";
const SHORTEST = 4; // cutting anything shorter would cut words
const known: string[] = [];

/** Registers a value as secret without wrapping it (environment variables that a library reads by itself). */
export function markSecret(value: string | undefined): void {
  if (value === undefined || value.length < SHORTEST) return;
  for (const form of new Set([value, encodeURIComponent(value)])) if (!known.includes(form)) known.push(form);
  known.sort((a, b) => b.length - a.length); // a secret that holds a shorter one is cut as a whole
}

/** Forgets the secrets, for tests, which share a process: a password of one is a word of another. */
export function forgetSecrets(): void {
  known.length = 0;
}

/** Patterns that are always secret: credentials in URLs, signatures and tokens in query strings and headers. */
const FORMS: [RegExp, string][] = [
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi, `$1:${MASK}@`],
  [
    /([?&](?:X-Amz-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId|sig|token|access_token|password)=)[^&\s"']+/gi,
    `$1${MASK}`,
  ],
  [/(\bauthorization["']?\s*[:=]\s*["']?)(?:aws4-hmac-sha256[^\r\n"']*|(?:(?:bearer|basic)\s+)?[^\s"',]+)/gi, `$1${MASK}`],
];

/** Removes every known secret, and everything that looks like one, from a line before it is shown or stored. */
export function redact(text: string): string {
  let clean = text;
  for (const value of known) clean = clean.replaceAll(value, MASK);
  for (const [pattern, replacement] of FORMS) clean = clean.replace(pattern, replacement);
  return clean;
}
