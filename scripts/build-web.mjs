/** Builds the pages into `dist/web/`: `node scripts/build-web.mjs`. Where they are of these sources already, nothing is done. Names of files hold the
 * hash of what is in them, so that browsers may keep them for ever; compressed copies lie beside them. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = join(root, "dist", "web");
const stampFile = join(out, "sources.sha256");
/** Smaller ones gain nothing, and pictures and fonts are compressed. */
const COMPRESSED = /\.(?:js|css|svg)$/;
const COMPRESSED_MIN_BYTES = 1024;

/** What changes something is asked for by few pages, and not by the first one. */
const LIBRARY =
  /^(?!.*(?:useMutation|mutationObserver)\.js).*node_modules.(?:react|react-dom|scheduler|@tanstack.(?!virtual|react-virtual)[\w-]+)\//;
const PARTS =
  /web.parts.(?:absent|api|app-link|catalogue-command|copy|files|format|drop-target|menu|page|parameter|queries|seen|settings|shell|states|store|search-params)\.|src.core.(?:json-fields|shell)\.|src.model.voxel-spacing|lucide-react.dist.esm.(?:createLucideIcon|Icon|shared|context)/;

const digest = digestOf();
if (!existsSync(stampFile) || readFileSync(stampFile, "utf8") !== digest) {
  // tests compile, too: with their environment pages would be made of React for developers
  process.env.NODE_ENV = "production";
  const { build } = await import("vite");
  const { default: react } = await import("@vitejs/plugin-react");
  await build({
    root: join(root, "web"),
    configFile: false,
    base: "./",
    logLevel: "warn",
    plugins: [react()],
    worker: { format: "es" },
    resolve: { extensionAlias: { ".js": [".ts", ".tsx", ".js"] } },
    build: {
      outDir: out,
      emptyOutDir: true,
      target: "es2022",
      cssTarget: ["chrome123", "firefox120", "safari17.5"],
      sourcemap: false,
      // what each page needs the server tells for the first one; for others the list would be part of the first one's weight
      modulePreload: { polyfill: false, resolveDependencies: (_name, needs) => needs.filter((name) => name.endsWith(".css")) },
      // what each page needs: the server tells browsers before they find out (src/server/app-page.ts)
      manifest: "pages.json",
      assetsInlineLimit: 0,
      rolldownOptions: {
        // a query is part of the page that asks it; what every page needs is one file, which compresses better than twenty
        optimization: { inlineConst: { mode: "all", pass: 2 } },
        output: {
          codeSplitting: {
            groups: [
              { name: "library", test: LIBRARY },
              { name: "parts", test: PARTS },
            ],
          },
        },
      },
      license: { fileName: "LICENCES.md" },
    },
  });
  compress();
  writeFileSync(stampFile, digest);
}

function compress() {
  for (const name of filesBelow(out).filter((one) => COMPRESSED.test(one))) {
    const bytes = readFileSync(join(out, name));
    if (bytes.length < COMPRESSED_MIN_BYTES) continue;
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(join(out, `${name}.br`), brotliCompressSync(bytes, { params }));
    writeFileSync(join(out, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  }
}

/** Everything that the bytes depend on. */
function digestOf() {
  const hash = createHash("sha256").update(`${process.versions.zlib} ${process.versions.brotli}\0`);
  for (const name of ["package-lock.json", "scripts/build-web.mjs"]) hash.update(readFileSync(join(root, name)));
  for (const folder of ["web", "src/core", "src/model", "src/formats", "src/arrays"])
    for (const name of filesBelow(join(root, folder)).filter((one) => !one.endsWith(".test.ts")))
      hash.update(`\0${folder}/${name}\0`).update(readFileSync(join(root, folder, name)));
  return hash.digest("hex");
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    )
    .sort();
}
