interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): unknown };
}

/** The addresses of our own threads, which the build names. The page's policy takes no other script of one. */
export function trusted(url: string): string {
  const own = new URL(url, document.baseURI);
  if (own.origin !== location.origin) throw new TypeError("a script of another origin");
  policy ??= (window as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy("emporium-worker", {
    createScriptURL: (text) => text,
  });
  return (policy?.createScriptURL(own.href) ?? own.href) as string;
}

let policy: ReturnType<TrustedTypes["createPolicy"]> | undefined;
