/** All licences of what is shipped, each text once: THIRD-PARTY-LICENSES.md. */
export function thirdPartyLicences(): string;
/** Names of packages, by what of the package they are part of. */
export function shippedPackages(): Readonly<Record<"installed" | "program" | "kernels" | "viewer" | "pages", readonly string[]>>;
