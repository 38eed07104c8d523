/** The cookies of one session: name and value for each host. Paths, domains and ages are ignored. */
export interface CookieJar {
  header(host: string): string | undefined;
  keep(host: string, setCookie: readonly string[]): void;
}

const COOKIES_MAX = 50;

export function cookieJar(): CookieJar {
  const jar = new Map<string, Map<string, string>>();
  return {
    header(host) {
      const cookies = jar.get(host);
      return cookies && cookies.size > 0 ? [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") : undefined;
    },
    keep(host, setCookie) {
      for (const line of setCookie) {
        const match = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([^;\s]*)/.exec(line);
        if (!match) continue;
        const cookies = jar.get(host) ?? new Map<string, string>();
        jar.set(host, cookies);
        if (cookies.size < COOKIES_MAX || cookies.has(match[1]!)) cookies.set(match[1]!, match[2]!);
      }
    },
  };
}
