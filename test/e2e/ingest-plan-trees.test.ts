import { execFileSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import type { FileAccount } from "../../src/stations/ingest/account/account.js";
import { formatAccount } from "../../src/stations/ingest/account/print.js";
import { openStore } from "../../src/stores/url.js";
import { plan, smallConfig } from "./ingest-plan-kit.js";
import { removeTempFolders, tempFolder } from "./ingest-run-kit.js";

afterAll(removeTempFolders);

/** What may lie in a folder. Links lead to places that each tree has. */
type Node = "file" | "pipe" | "socket" | "zarr" | Link | { readonly [name: string]: Node };
type Link = `-> ${string}`;

const LINKS = ["file", "folder", "folder/deep", "nowhere", "../outside/file", "../outside", ".", "..", "circle"].map(
  (to) => `-> ${to}` as const,
);
/** Names that are hard on globs, texts and keys: blanks, umlauts in both forms, a new line, what globs and templates mean. */
const NAMES = [
  "a",
  "A.rec",
  "b c",
  "ü.tif",
  "u\u0308.tif",
  "two\nlines",
  "[x]",
  "*",
  "{run_name}",
  "'",
  ".hidden",
  "x.zarr",
  "%20",
  "-",
  "#",
  "\u{1f600}",
];

const leaf: fc.Arbitrary<Node> = fc.constantFrom<Node>("file", "file", "file", "pipe", "socket", "zarr", {}, ...LINKS);
const tree = fc.letrec<{ folder: { [name: string]: Node } }>((tie) => ({
  folder: fc.dictionary(fc.constantFrom(...NAMES), fc.oneof({ depthSize: "small", withCrossShrink: true }, leaf, tie("folder")), {
    maxKeys: 5,
  }),
})).folder;

/** Globs of one more section. Some look into folders and find nothing there. */
const globs = fc.subarray(["*", "a/*", "a/*.tif", "a/*/none", "a/*/*/none", "a/*/*/*", "folder/*", "**/*.tif", "none/*"], {
  minLength: 1,
});

function lay(folder: string, node: { [name: string]: Node }, top: string, sockets: string[]): void {
  for (const [name, one] of Object.entries(node)) {
    const path = join(folder, name);
    if (one === "file") writeFileSync(path, "x");
    else if (one === "pipe") execFileSync("mkfifo", [path]);
    else if (one === "socket") sockets.push(path);
    else if (one === "zarr") {
      mkdirSync(join(path, "0"), { recursive: true });
      writeFileSync(join(path, ".zgroup"), "{}");
      writeFileSync(join(path, "0/0"), "x");
    } else if (typeof one === "string") {
      const to = one.slice(3);
      symlinkSync(to === "circle" ? path : to === "." ? folder : to === ".." ? top : join(top, to), path);
    } else {
      mkdirSync(path);
      lay(path, one, top, sockets);
    }
  }
}

/**
 * Everything below a folder by Node alone: files, links to files, links that leave; a link to a folder is the folder, but for one to a folder that it is
 * in. What cannot be read at all (pipes, sockets, links to nothing or in circles) is no file.
 */
function filesBelow(folder: string, root: string, above: readonly string[] = []): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const real = (() => {
      try {
        return realpathSync(path);
      } catch {
        return undefined;
      }
    })();
    if (real === undefined) return [];
    const isOutside = lstatSync(path).isSymbolicLink() && !`${real}/`.startsWith(`${root}/`);
    const kind = statSync(real);
    if (isOutside) return [path];
    if (kind.isDirectory()) {
      const here = [...above, realpathSync(folder)];
      return here.includes(real) ? [] : filesBelow(path, root, here);
    }
    return kind.isFile() ? [path] : [];
  });
}

async function accountOf(folder: string, patterns: readonly string[]): Promise<FileAccount> {
  const frames = patterns.map((pattern) => `{source_glob: {list_glob: '${pattern}'}}`).join(", ");
  const made = await plan({
    config: smallConfig({
      runs: "[{sources: [{literal: {value: [A]}}]}]",
      tomograms: "[{metadata: {fiducial_alignment_status: NON_FIDUCIAL}, sources: [{source_glob: {list_glob: 'no/*.rec'}}]}]",
      more: patterns.length > 0 ? `frames: [{metadata: {dose_rate: 1}, sources: [${frames}]}]\n` : "",
    }),
    source: await openStore(folder),
  });
  return made.account();
}

it("(34.law) every file of a tree is in the account once, and the counts add up", { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(tree, globs, async (nodes, patterns) => {
      const root = realpathSync(mkdtempSync(join(tempFolder(), "t")));
      const top = join(root, "in/lab");
      mkdirSync(join(top, "folder/deep"), { recursive: true });
      mkdirSync(join(root, "in/outside"));
      mkdirSync(join(root, "outside"));
      for (const path of ["in/lab/file", "in/lab/folder/a.tif", "in/lab/folder/deep/b", "in/outside/file"])
        writeFileSync(join(root, path), "x");
      const sockets: string[] = [];
      mkdirSync(join(top, "a"));
      lay(join(top, "a"), nodes, top, sockets);
      const servers = await Promise.all(
        sockets
          // a name of a socket has 107 bytes at most
          .filter((path) => Buffer.byteLength(path) < 100)
          .map(
            (path) =>
              new Promise<ReturnType<typeof createServer>>((done) => {
                const server = createServer().listen(path, () => done(server));
              }),
          ),
      );
      try {
        const account = await accountOf(join(root, "in"), patterns);
        const { used, leftOut, unnamed, files } = account;
        expect(used + leftOut + unnamed).toBe(files.length);
        const paths = files.map(({ path }) => path);
        expect(new Set(paths).size).toBe(paths.length);
        const below = filesBelow(top, join(root, "in")).map((path) => path.slice(join(root, "in/").length));
        const holders = (file: string) => paths.filter((path) => path === file || (path.endsWith("/") && file.startsWith(path)));
        const wrong = below.filter((file) => holders(file).length !== 1);
        expect(wrong).toEqual([]);
        // and nothing else is in it: what is no folder is one of the files
        expect(paths.filter((path) => !path.endsWith("/") && !below.includes(path))).toEqual([]);
        for (const path of paths.filter((one) => one.endsWith("/")))
          expect(statSync(join(root, "in", path)).isDirectory()).toBe(true);
        // names do not break the lines of the text
        const lines = formatAccount({ ...account, files: files.filter(({ path }) => /\p{Cc}/u.test(path)) });
        expect(lines.filter((line) => /\p{Cc}/u.test(line))).toEqual([]);
      } finally {
        for (const server of servers) server.close();
        rmSync(root, { recursive: true });
      }
    }),
    { numRuns: 150, seed: 34 },
  );
});
