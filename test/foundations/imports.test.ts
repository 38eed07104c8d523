import { describe, expect, it } from "vitest";
import { BUNDLED } from "../../scripts/bundled.mjs";
import { importFaults, importsOf, pageFaults, type Sources } from "./import-rules.js";
import { filesBelow, readText } from "./sources.js";

const manifest = JSON.parse(readText("package.json")) as { devDependencies: Record<string, string> };

describe("src/", () => {
  const paths = filesBelow("src", (path) => /\.ts$/.test(path) && !/\.(test|d)\.ts$/.test(path) && !path.includes("/assembly/"));
  const sources = Object.fromEntries(paths.map((path) => [path, readText(path)]));

  it("imports downwards only, never a sibling, never in a circle", () => {
    expect(paths.length).toBeGreaterThan(20);
    expect(importFaults(sources, BUNDLED)).toEqual([]);
  });

  it("uses every package that is bundled, each of an exact version", () => {
    const used = new Set(
      Object.values(sources)
        .flatMap(importsOf)
        .map(({ specifier }) => specifier),
    );
    // files of a package that is no module, such as fonts, are found beside it
    for (const text of Object.values(sources)) {
      for (const [, specifier] of text.matchAll(/import\.meta\.resolve\("([^"]+)"\)/g)) used.add(specifier!);
    }
    const unused = BUNDLED.filter((name) => ![...used].some((one) => one === name || one.startsWith(`${name}/`)));
    expect(unused).toEqual([]);
    expect(BUNDLED.filter((name) => !/^\d/.test(manifest.devDependencies[name] ?? ""))).toEqual([]);
  });
});

/** What pages are made of beside our own code: `docs/design/decisions/0029-pages.md`. */
const PAGE_PACKAGES = [
  ...["react", "react-dom", "@tanstack/react-router", "@tanstack/react-query", "@tanstack/react-virtual"],
  ...["radix-ui", "lucide-react", "uplot", "zod", "@fontsource/source-sans-3", "fast-png", "fflate"],
];

describe("web/", () => {
  const paths = filesBelow("web", (path) => /\.tsx?$/.test(path) && !/\.(test|d)\.tsx?$/.test(path));
  const sources = Object.fromEntries(paths.map((path) => [path, readText(path)]));

  it("imports what runs in browsers, and no package but those that pages are made of", () => {
    expect(paths.length).toBeGreaterThan(5);
    expect(pageFaults(sources, PAGE_PACKAGES)).toEqual([]);
    const fault = { "web/x.tsx": `import { a } from "../src/stores/url.js";\nimport b from "lodash";` };
    expect(pageFaults(fault, PAGE_PACKAGES)).toHaveLength(2);
  });
});

describe("the rules", () => {
  const core = { "src/core/a.ts": "" };
  it.each<[rule: string, sources: Sources, fault: RegExp]>([
    ["upward", { ...core, "src/core/b.ts": `import "../model/m.js";`, "src/model/m.ts": "" }, /upwards$/],
    ["stores know no format", { "src/stores/s.ts": `import { f } from "../formats/f.js";`, "src/formats/f.ts": "" }, /sideways$/],
    [
      "formats know no store",
      { "src/formats/f.ts": `import type { S } from "../stores/s.js";`, "src/stores/s.ts": "" },
      /sideways$/,
    ],
    ["arrays and engine", { "src/arrays/a.ts": `export * from "../engine/e.js";`, "src/engine/e.ts": "" }, /sideways$/],
    ["portals and catalog", { "src/portals/p.ts": `import "../catalog/c.js";`, "src/catalog/c.ts": "" }, /sideways$/],
    ["stations", { "src/stations/harvest/h.ts": `import "../ingest/i.js";`, "src/stations/ingest/i.ts": "" }, /meet in files$/],
    ["lazy imports count", { ...core, "src/core/b.ts": `await import("../cli/x.js");`, "src/cli/x.ts": "" }, /upwards$/],
    ["worker files count", { "src/arrays/a.ts": `new URL("../cli/x.js", import.meta.url)`, "src/cli/x.ts": "" }, /upwards$/],
    ["the barrel", { "src/index.ts": "", "src/cli/x.ts": `import "../index.js";` }, /nobody's import$/],
    ["the barrel's own", { "src/index.ts": `export * from "./cli/x.js";`, "src/cli/x.ts": "" }, /knows no program$/],
    [
      "a circle",
      { "src/core/a.ts": `import "./b.js";`, "src/core/b.ts": `import "./a.js";` },
      /^circular: src\/core\/a\.ts, src\/core\/b\.ts$/,
    ],
    ["a lazy circle", { "src/core/a.ts": `import "./b.js";`, "src/core/b.ts": `await import("./a.js");` }, /^circular/],
    [
      "a circle of types",
      { "src/core/a.ts": `import type { B } from "./b.js";`, "src/core/b.ts": `export { a } from "./a.js";` },
      /^circular/,
    ],
    ["itself", { "src/core/a.ts": `import "./a.js";` }, /^circular/],
    ["Node in a browser's folder", { "src/formats/f.ts": `import { readFileSync } from "node:fs";` }, /runs in browsers/],
    ["an undeclared package", { "src/core/a.ts": `import left from "left-pad/x";` }, /left-pad, which is no runtime dependency$/],
    ["a file that is not there", { "src/core/a.ts": `import "./gone.js";` }, /not there$/],
    ["a folder of no layer", { "src/misc/a.ts": `import "../core/a.js";`, ...core }, /no layer$/],
    ["outside of src", { "src/cli/x.ts": `import "../../examples/lab/generate.mjs";` }, /not there$/],
  ])("%s is found", (_rule, sources, fault) => {
    const faults = importFaults(sources, []);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(fault);
  });

  it("find nothing in what is allowed", () => {
    const allowed: Sources = {
      "src/core/a.ts": `// import "../cli/x.js";\n/* from "../cli/x.js" */\nconst text = 'import "../cli/x.js"';`,
      "src/core/b.ts": `import type { C } from "./c.js";`,
      "src/core/c.ts": "",
      "src/model/m.ts": `import {\n  type A,\n} from "../core/a.js";`,
      "src/stores/file.ts": `import { open } from "node:fs/promises";\nimport "../core/a.js";`,
      "src/arrays/stream/pool.ts": `import { Worker } from "node:worker_threads";\nimport z from "zod/v4";`,
      "src/stations/ingest/i.ts": `import "../../arrays/stream/pool.js";\nimport "./own.js";`,
      "src/stations/ingest/own.ts": `import "../../stores/file.js";`,
      "src/cli/demo-made.ts": `await import("../../examples/lab/generate.mjs"); import("../stations/ingest/i.js");`,
      "src/index.ts": `export { i } from "./stations/ingest/i.js";`,
    };
    expect(importFaults(allowed, ["zod"])).toEqual([]);
  });
});
