import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import type { ServerFacts } from "../../src/model/page-api.js";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "emporium-write-"));
const tokens = join(folder, "tokens");
const servers: ChildProcess[] = [];
afterAll(() => {
  for (const server of servers) server.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** Refused before anything is opened. */
async function refused(...words: string[]): Promise<{ status: number; says: string }> {
  const done = await promisify(execFile)(process.execPath, [PROGRAM, "serve", "--port", "0", ...words], { cwd: folder }).then(
    () => ({ code: 0, stderr: "" }),
    (error: { code: number; stderr: string }) => error,
  );
  return { status: done.code, says: done.stderr };
}

/** @returns lines of stdout, so far as they are there when the addresses are */
async function served(...words: string[]): Promise<{ lines: readonly string[]; log(): string }> {
  const server = spawn(process.execPath, [PROGRAM, "serve", "--port", "0", ...words], { cwd: folder });
  servers.push(server);
  let [out, err] = ["", ""];
  server.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  server.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const last = words.includes("--write") ? /#token=\S+\n$/ : /\(Ctrl-C stops\)\n {2}\S+\n$/;
  while (!last.test(out)) await once(server.stdout, "data");
  return { lines: out.trimEnd().split("\n"), log: () => err };
}

describe("serve --write", () => {
  it("makes a file of tokens for its owner alone, and prints the address with the token beside the one without", async () => {
    const { lines, log } = await served("--write", "--token-file", tokens, "--verbose");
    const token = readFileSync(tokens, "utf8").trim();
    expect([statSync(tokens).mode & 0o777, token]).toEqual([0o600, expect.stringMatching(/^[\w-]{43}$/)]);
    const [page, writing] = lines.slice(-2).map((line) => line.trim());
    expect(writing).toBe(`${page}#token=${token}`);
    const ask = async (headers: Record<string, string>) =>
      (await (await fetch(new URL("api/v1/server", page), { headers })).json()) as ServerFacts;
    expect((await ask({})).holder).toBeUndefined();
    expect((await ask({ authorization: `Bearer ${token}` })).holder?.scopes).toEqual(["review", "write"]);
    expect(log()).not.toContain(token);
    // a second server takes the same file as it is
    expect((await served("--write", "--token-file", tokens)).lines.at(-1)).toContain(`#token=${token}`);
  });

  it("prints no token without it, and takes no change", async () => {
    const { lines } = await served();
    expect(lines.join("\n")).not.toContain("token");
    const page = lines.at(-1)!.trim();
    const answer = await fetch(new URL("api/v1/jobs", page), { method: "POST", body: "{}" });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([405, "STORE_READONLY"]);
  });

  it("is refused where tokens would go over a network as they are, and where half of it is missing", async () => {
    const write = ["--write", "--token-file", tokens];
    for (const [words, says] of [
      [["--write"], "--write needs --token-file"],
      [["--token-file", tokens], "--token-file needs --write"],
      [["--write-root", folder], "--write-root needs --write"],
      [[...write, "--host", "0.0.0.0"], "needs --url https://"],
      [[...write, "--url", "http://lab.example.org"], "needs --url https://"],
    ] as const) {
      const { status, says: found } = await refused(...words);
      expect([status, found], words.join(" ")).toEqual([2, expect.stringContaining(says)]);
    }
    writeFileSync(join(folder, "shared"), "x".repeat(43), { mode: 0o644 });
    const { status, says } = await refused("--write", "--token-file", join(folder, "shared"));
    expect([status, says]).toEqual([2, expect.stringContaining("other users can read the token")]);
  });

  it("(34.attack) is refused where the file of tokens or the workspace would be served to everybody", async () => {
    const data = join(folder, "data");
    mkdirSync(join(data, "keys"), { recursive: true });
    symlinkSync(data, join(folder, "link"));
    symlinkSync(join(data, "keys/real"), join(folder, "outside"));
    const file = (name: string) => ["--write", "--token-file", name];
    const workspace = ["--workspace", join(data, "ws")];
    for (const [words, says] of [
      [[data, ...file(join(data, "tokens"))], "the --token-file"],
      [[data, ...file("data/keys/tokens")], "the --token-file"],
      [[data, ...file(join(folder, "link/tokens"))], "the --token-file"],
      [[join(folder, "link"), ...file(join(data, "tokens"))], "the --token-file"],
      [[data, ...file(join(folder, "outside"))], "the --token-file"],
      [[data, ...file(tokens), ...workspace], "the workspace"],
      [[data, "--url", "https://lab.example.org", ...workspace], "the workspace"],
      [[data, "--host", "0.0.0.0", ...workspace], "the workspace"],
    ] as const) {
      const { status, says: found } = await refused(...words);
      expect([status, found], words.join(" ")).toEqual([2, expect.stringContaining(`${says} `)]);
      expect(found, words.join(" ")).toContain("everybody who reaches the server can read it");
      // before anything is touched
      expect([readdirSync(data), readdirSync(join(data, "keys"))]).toEqual([["keys"], []]);
    }
    // what begins with a dot is not served
    const { lines } = await served(data, ...file(join(data, ".tokens")), "--workspace", join(data, ".emporium"));
    const page = new URL(lines.at(-1)!.trim());
    expect(page.hash).toContain(readFileSync(join(data, ".tokens"), "utf8").trim());
    for (const path of ["at/data/.tokens", "at/data/%2etokens"])
      expect((await fetch(new URL(path, page.origin))).status).toBe(404);
  });
});
