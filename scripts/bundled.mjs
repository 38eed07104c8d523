/** Packages that the program and the library import and that are shipped inside of this package, in `dist/program/packages/`: who installs emporium
 * does not install them. They are devDependencies for that reason, each of an exact version (docs/design/decisions/0038-what-is-installed.md). */
export const BUNDLED = [
  "@aws-sdk/client-s3",
  "@fontsource/source-sans-3",
  "@gltf-transform/core",
  "@resvg/resvg-wasm",
  "ajv",
  "basic-ftp",
  "cheerio",
  "commander",
  "fast-png",
  "fast-xml-parser",
  "fflate",
  "graphql",
  "h5wasm",
  "hono",
  "kysely",
  "numcodecs",
  "pg",
  "prom-client",
  "undici",
  "vega",
  "xz-decompress",
  "yaml",
  "zod",
];

/** Name of the package that an import names. */
export const packageOf = (specifier) => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");

/** Where an import of a package is found in `dist/program/packages/`: `cheerio/slim` is `cheerio.slim.js`. */
export const fileOfPackage = (specifier) => `${specifier.replace(/^@/, "").replaceAll("/", ".").replace(/\.js$/, "")}.js`;
