/**
 * vizarr and avivator for `npm run bench:web`, from their public sources at fixed commits, built once into `.cache/bench/web` and served from there. Neither is
 * a package of its own: git and npm have to reach their sources. What cannot be had is said, and left out.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { cache, say } from "./report.mjs";

const VIV = "0.21.0";
const PEERS = {
  vizarr: {
    source: "https://github.com/hms-dbmi/vizarr",
    commit: "be7ccc2",
    paths: ["src", "main.ts", "package.json"],
    entry: "main.ts",
  },
  avivator: {
    source: "https://github.com/hms-dbmi/viv",
    commit: "ea003e4e",
    paths: ["sites/avivator"],
    folder: "sites/avivator",
    entry: "src/index.jsx",
  },
};
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };

/**
 * @param {Record<string, string>} sources other places of the sources than GitHub's, for machines that cannot reach it
 * @returns `{ url, missing: { name: reason }, versions, close() }`
 */
export async function servePeers(sources = {}) {
  const [missing, versions] = [{}, {}];
  for (const [name, peer] of Object.entries(PEERS)) {
    try {
      versions[name] = await build(name, { ...peer, source: sources[name] ?? peer.source });
    } catch (error) {
      missing[name] = error.message.split("\n")[0];
      say(`${name} cannot be had: ${missing[name]}`);
    }
  }
  const server = createServer((request, response) => {
    const [, name, ...rest] = new URL(request.url, "http://x").pathname.split("/");
    const path = join(folderOf(name), "out", rest.join("/") || "index.html");
    if (!PEERS[name] || path.includes("..") || !existsSync(path)) return void response.writeHead(404).end();
    const type = TYPES[extname(path)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type, "content-encoding": "gzip", "cache-control": "max-age=31536000, immutable" });
    response.end(gzipped(path));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, missing, versions, close: () => server.close() };
}

const folderOf = (name) => join(cache, "web", name);
const bodies = new Map();
function gzipped(path) {
  if (!bodies.has(path)) bodies.set(path, gzipSync(readFileSync(path), { level: 9 }));
  return bodies.get(path);
}

async function build(name, { source, commit, paths, folder = "", entry }) {
  const home = folderOf(name);
  const stamp = join(home, "built");
  const version = `${commit}${name === "avivator" ? `, viv ${VIV}` : ""}`;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === version) return version;
  say(`building ${name} ${version} of ${source} (once)`);
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  const run = (cwd, program, ...args) =>
    execFileSync(program, args, { cwd, stdio: ["ignore", "ignore", "pipe"], timeout: 900_000 });
  run(home, "git", "clone", "--quiet", "--no-checkout", "--filter=blob:none", source, "source");
  run(join(home, "source"), "git", "checkout", "--quiet", commit, "--", ...paths);
  const work = join(home, "work");
  cpSync(join(home, "source", folder), work, { recursive: true });
  const own = JSON.parse(readFileSync(join(work, "package.json"), "utf8"));
  const dependencies = { ...own.dependencies, ...own.peerDependencies };
  if (name === "avivator") Object.assign(dependencies, packagesOfViv());
  writeFileSync(
    join(work, "package.json"),
    JSON.stringify({ private: true, type: "module", version: own.version ?? "0", dependencies }),
  );
  run(work, "npm", "install", "--omit=dev", "--no-audit", "--no-fund", "--legacy-peer-deps", "--ignore-scripts");
  const { build: bundle } = await import("esbuild");
  await bundle({
    absWorkingDir: work,
    entryPoints: { main: entry },
    outdir: join(home, "out"),
    bundle: true,
    splitting: true,
    format: "esm",
    minify: true,
    target: "es2022",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"', "import.meta.vitest": "undefined" },
    loader: { ".svg": "dataurl", ".png": "dataurl", ".wasm": "file" },
    logLevel: "error",
  });
  const style = existsSync(join(home, "out", "main.css")) ? '<link rel="stylesheet" href="main.css">' : "";
  const page = `<!doctype html><html><head><meta charset="utf-8"><title>${name}</title>${style}</head><body style="background:black"><div id="root"></div><script type="module" src="main.js"></script></body></html>`;
  writeFileSync(join(home, "out", "index.html"), page);
  rmSync(join(home, "source"), { recursive: true, force: true });
  writeFileSync(stamp, version);
  return version;
}

/** What avivator's sources call `workspace:*` and `catalog:`, as published. */
function packagesOfViv() {
  const deck = ["core", "extensions", "geo-layers", "layers", "mesh-layers", "react", "widgets"].map((name) => [
    `@deck.gl/${name}`,
    "~9.2.9",
  ]);
  const luma = ["constants", "core", "engine", "shadertools", "webgl"].map((name) => [`@luma.gl/${name}`, "~9.2.6"]);
  return { "@hms-dbmi/viv": VIV, "@vivjs/constants": VIV, "@math.gl/core": "^4.0.1", ...Object.fromEntries([...deck, ...luma]) };
}
