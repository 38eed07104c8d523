import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Portal } from "../../src/server/portal.js";
import { hasEnvironment, type PythonEnvironment, python, type Verdict } from "./environment.js";
import { awsEnvironment, expectSame, serveFolder } from "./serve-kit.js";

/** The programs with which people read buckets, at `/s3` of a portal of one's own: AWS's command line, boto3 old and new, s5cmd, rclone. */
const run = promisify(execFile);
const bin = fileURLToPath(new URL("../../.cache/venv-serve/bin/", import.meta.url));

/** Names that are easily mistaken in URLs, XML, patterns and shells. */
const ODD = [
  "a b",
  "a+b",
  "100%",
  "%41",
  "%2F",
  "%252e",
  "ünïcode",
  "e\u0301",
  "日本語",
  "🦠",
  "q?x=1",
  "a&b=c",
  "h#x",
  "semi;x",
  "it's",
  'qu"ote',
  "<x>",
  "]]>",
  "&amp;",
  "~t",
  "(p)",
  "[1]",
  "{b}",
  "*",
  "!",
  "@",
  "=",
  ",",
  "$d",
  ":c",
  "-rf",
  "tab\tx",
  "nl\nx",
  "cr\rx",
  "\u202ex",
  "x.",
  "x..y",
  " lead",
  "trail ",
  "a|b",
  "^",
  "`",
  "\u{10ffff}",
  "\ue000",
];

const hasTools = hasEnvironment("serve");

describe.skipIf(!hasTools && !hasEnvironment("peers"))("a tree at /s3", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-serve-s3-"));
  const tree = join(folder, "tree");
  /** What can be seen of the tree. */
  const seen = join(folder, "seen");
  let portal: Portal;

  beforeAll(async () => {
    const put = (key: string, body: string | Uint8Array, below = [tree, seen]) => {
      for (const root of below) {
        mkdirSync(dirname(join(root, key)), { recursive: true });
        writeFileSync(join(root, key), body);
      }
    };
    for (const [at, name] of ODD.entries()) {
      put(`odd/${name}/inside`, `in ${name}`);
      put(`odd/file ${name}`, `body ${at}`);
    }
    put("plain/a.txt", "A");
    put("plain/empty", "");
    put(
      "plain/big.bin",
      Uint8Array.from({ length: 17_000_003 }, (_, i) => (i * 7 + (i >> 8)) % 251),
    );
    put("plain.zarr/.zattrs", "{}");
    put("plain.zarr/0/.zarray", "{}");
    for (let at = 0; at < 1_100; at++) put(`many/${at}`, `${at}`);
    put(".emporium/journal", "kept", [tree]);
    portal = await serveFolder(tree);
  });
  afterAll(async () => {
    await portal?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.for<PythonEnvironment>(["peers", "serve"])("is read by the boto3 of environment %s", async (environment, { skip }) => {
    if (!hasEnvironment(environment)) skip("no such environment");
    const verdicts = JSON.parse(
      await python(environment, "serve_boto.py", [portal.s3, "portal", tree], awsEnvironment(portal)),
    ) as Verdict[];
    expect(verdicts.filter(({ passed }) => !passed).slice(0, 10)).toEqual([]);
    expect(verdicts.length).toBeGreaterThan(400);
  });

  describe.skipIf(!hasTools)("by programs", () => {
    const ask = async (tool: string, ...words: string[]) => {
      const address = tool === "rclone" ? [] : ["--endpoint-url", portal.s3, "--no-sign-request"];
      const env = { ...process.env, ...awsEnvironment(portal) };
      const path = tool === "rclone" ? tool : join(bin, tool);
      const done = await run(path, [...address, ...words], { env, maxBuffer: 1 << 26 }).catch(
        (error: { stdout: string; stderr: string }) => error,
      );
      return { out: done.stdout, trouble: done.stderr };
    };

    it("is copied by aws s3 cp, byte for byte, and by sync what is missing", async () => {
      const out = join(folder, "aws");
      expect((await ask("aws", "s3", "cp", "--only-show-errors", "--recursive", "s3://portal/", out)).trouble).toBe("");
      expectSame(out, seen);
      expect((await ask("aws", "s3", "sync", "s3://portal/", out)).out).toBe("");
      rmSync(join(out, "odd", "nl\nx"), { recursive: true });
      writeFileSync(join(out, "plain", "a.txt"), "longer");
      expect((await ask("aws", "s3", "sync", "--only-show-errors", "s3://portal/", out)).trouble).toBe("");
      expectSame(out, seen);
    });

    it("is listed by aws s3 ls", async () => {
      expect((await ask("aws", "s3", "ls")).out).toMatch(/^\S+ \S+ portal\n$/);
      const { out } = await ask("aws", "s3", "ls", "s3://portal/");
      expect(out.match(/PRE .*/g)).toEqual(["PRE many/", "PRE odd/", "PRE plain.zarr/", "PRE plain/"]);
      const all = await ask("aws", "s3", "ls", "--recursive", "--summarize", "s3://portal/plain/");
      expect(all.out).toMatch(/ 17000003 plain\/big\.bin\n/);
      expect(all.out).toMatch(/Total Objects: 3\n\s+Total Size: 17000004\n/);
    });

    it("is not written by aws s3, which says why", async () => {
      const own = join(folder, "own");
      writeFileSync(own, "x".repeat(200_000));
      for (const words of [
        ["cp", own, "s3://portal/plain/new"],
        ["rm", "s3://portal/plain/a.txt"],
        ["mb", "s3://another"],
        ["mv", "s3://portal/plain/a.txt", "s3://portal/plain/b.txt"],
      ]) {
        expect((await ask("aws", "s3", ...words)).trouble, words.join(" ")).toContain("(MethodNotAllowed)");
      }
      expect((await ask("aws", "s3", "cp", "s3://portal/none", own)).trouble).toContain("(404)");
      expectSame(join(tree, "plain"), join(seen, "plain"));
    });

    it("is copied by s5cmd", async () => {
      const out = join(folder, "s5cmd");
      expect((await ask("s5cmd", "cp", "s3://portal/*", `${out}/`)).trouble).toBe("");
      expectSame(join(out, "plain"), join(seen, "plain"));
      expectSame(join(out, "many"), join(seen, "many"));
      for (const name of ["a b", "a+b", "100%", "%41", "ünïcode", "日本語", "🦠"]) {
        expect(readFileSync(join(out, "odd", `file ${name}`), "utf8")).toBe(`body ${ODD.indexOf(name)}`);
      }
    });

    it("is copied by rclone, where it is installed", async ({ skip }) => {
      if (!(await ask("rclone", "version")).out) skip("no rclone on this machine");
      const remote = `:s3,provider=Other,env_auth=false,endpoint="${portal.s3}":portal`;
      const out = join(folder, "rclone");
      expect((await ask("rclone", "copy", "--config", "/dev/null", "--quiet", remote, out)).trouble).toBe("");
      expectSame(out, seen);
    });
  });
});
