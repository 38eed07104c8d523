import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JobBrief } from "../../src/model/page-api.js";
import { SESSION_CONFIG } from "../e2e/watch-kit.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { expectAccessible } from "./seen.js";
import { type ServedFolder, serveVolumes } from "./slices.js";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const WAIT = { timeout: 60_000 };

/** A web folder with two files, which come as slowly as a test wants. */
async function slowSite(): Promise<Server> {
  const server = createServer(({ url }, response) => {
    if (url === "/") return void response.end('<a href="small.mrc">small.mrc</a> <a href="large.mrc">large.mrc</a>');
    response.setHeader("content-length", url === "/small.mrc" ? 2_000 : 64 * 2 ** 20);
    response.end(Buffer.alloc(url === "/small.mrc" ? 2_000 : 64 * 2 ** 20));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return server;
}

describe.skipIf(browserPath === undefined)("A20: jobs", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-jobs-"));
  const workspace = join(folder, "workspace");
  let site: Server;
  let server: ServedFolder;
  let browser: Browser;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    mkdirSync(workspace);
    mkdirSync(join(folder, "volumes"));
    site = await slowSite();
    server = await serveVolumes(join(folder, "volumes"), workspace);
    browser = await startBrowser([server.url]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    for (const child of children) child.kill("SIGKILL");
    site?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A download, as a terminal begins one. */
  function download(...limit: string[]): ChildProcess {
    const at = `http://127.0.0.1:${(site.address() as AddressInfo).port}/large.mrc`;
    const words = ["harvest", "download", at, "--dest", join(folder, "got"), "--workspace", workspace, ...limit];
    const child = spawn(process.execPath, [PROGRAM, ...words], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    children.push(child);
    return child;
  }
  const jobs = async () => (await (await fetch(`${server.url}/api/v1/jobs`)).json()) as JobBrief[];

  it("begun in a terminal, is seen live in three tabs by one stream; killed, it is seen to be gone, and after a restart of the server, too", async () => {
    const streams = async () => /^emporium_event_streams (\d+)$/m.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1];
    const child = download("--limit", "400kB/s");
    const tabs = await Promise.all([1, 2, 3].map(() => browser.open(`${server.url}/jobs`)));
    const bars = tabs.map(({ page }) => page.locator("[data-job] progress"));
    for (const bar of bars) await bar.waitFor(WAIT);
    const at = (tab: number) => bars[tab]!.evaluate((bar: HTMLProgressElement) => bar.value);
    const before = await at(0);
    for (const tab of [0, 1, 2]) await expect.poll(() => at(tab), WAIT).toBeGreaterThan(before + 0.01);
    await expect.poll(() => tabs[1]!.page.locator("[data-job]").innerText()).toMatch(/running[\s\S]*KiB\/s/);
    expect(await streams()).toBe("1");
    // the list was asked for once by each tab: what came since came by the stream
    for (const { answered, page } of tabs) {
      expect(answered.filter((path) => path === "/api/v1/jobs").length).toBeLessThanOrEqual(1);
      await page.getByText("1 of 1 run under way").waitFor(WAIT);
    }
    const { page } = tabs[2]!;
    await page.getByRole("link", { name: /^Download: / }).click();
    await page.getByRole("heading", { level: 1, name: /^Download: .*large\.mrc/ }).waitFor(WAIT);
    await page.getByText("large.mrc", { exact: false }).nth(1).waitFor(WAIT);
    child.kill("SIGKILL");
    await once(child, "exit");
    await page.getByText("died: its process is gone").waitFor({ timeout: 25_000 });
    await page.getByText("The same command goes on where this one ended").waitFor(WAIT);
    for (const tab of [0, 1]) await tabs[tab]!.page.getByText("died: its process is gone").waitFor({ timeout: 25_000 });
    const { port } = new URL(server.url);
    await server.close();
    server = await serveVolumes(join(folder, "volumes"), workspace, Number(port));
    expect(await jobs()).toMatchObject([{ life: "died", progress: { tasksTotal: 1 } }]);
    // the same command, without its limit, goes on and ends; every tab sees it without being loaded again
    const again = download();
    let said = "";
    again.stderr!.on("data", (text: Buffer) => (said += text));
    await once(again, "exit");
    expect([again.exitCode, said]).toEqual([0, expect.anything()]);
    for (const tab of [0, 1]) {
      await tabs[tab]!.page.getByText("ended well").waitFor(WAIT);
      expect(await tabs[tab]!.page.locator("[data-job]").count()).toBe(2);
    }
    await page.goBack();
    expect(
      tabs.flatMap(({ problems }) => problems.filter((text) => !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE/.test(text))),
    ).toEqual([]);
    for (const tab of tabs) await tab.page.close();
    await expect.poll(streams, WAIT).toBe("0");
  }, 240_000);

  it("a tab behind others holds no stream, and has everything when it is seen again", async () => {
    const streams = async () => /^emporium_event_streams (\d+)$/m.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1];
    const { page, problems } = await browser.open(`${server.url}/jobs`);
    const show = (isHidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, "hidden", { configurable: true, get: () => ${isHidden} });
        document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));`);
    await page.locator("[data-job]").first().waitFor(WAIT);
    await expect.poll(streams, WAIT).toBe("1");
    const before = await page.locator("[data-job]").count();
    await show(true);
    await expect.poll(streams, WAIT).toBe("0");
    const child = download();
    await once(child, "exit");
    expect((await jobs()).length).toBe(before + 1);
    expect(await page.locator("[data-job]").count()).toBe(before);
    await show(false);
    await expect.poll(() => page.locator("[data-job]").count(), WAIT).toBe(before + 1);
    await expect.poll(streams, WAIT).toBe("1");
    expect(problems).toEqual([]);
    await page.close();
  }, 120_000);

  it("a password of the command line is in no record", async () => {
    const gone = spawn(
      process.execPath,
      [
        ...[PROGRAM, "harvest", "download", `http://me:canary-4711@127.0.0.1:${(site.address() as AddressInfo).port}/small.mrc`],
        ...["--dest", join(folder, "small"), "--workspace", workspace],
      ],
      { cwd: folder, stdio: "ignore" },
    );
    await once(gone, "exit");
    const [newest] = await jobs();
    expect(newest).toMatchObject({ life: "ended", host: expect.any(String), folder });
    for (const name of readdirSync(join(workspace, "runs")))
      expect(readFileSync(join(workspace, "runs", name, "events.ndjson"), "utf8")).not.toContain("canary-4711");
  }, 120_000);

  it("A27, A29: the list and a run have no serious fault for axe, in both themes, and nothing lies outside at 360 pixels", async () => {
    const [first] = await jobs();
    for (const path of ["/jobs", `/jobs/${first!.id}`])
      for (const colorScheme of ["light", "dark"] as const) {
        const { page } = await browser.open(`${server.url}${path}`, { width: 360, height: 740 });
        await page.emulateMedia({ colorScheme });
        await page.locator("progress").first().waitFor(WAIT);
        await expectAccessible(page, path);
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
        await page.close();
      }
  }, 120_000);

  it("names and errors of a run are text, whatever is in them", async () => {
    const id = "20261122T000000-00000a";
    mkdirSync(join(workspace, "runs", id));
    const bad = "<img src=x onerror=alert(1)>";
    const begin = { kind: "begin", atMs: 0, nowMs: 1e12, id, command: ["x", bad], folder: bad, host: bad, pid: 1, version: "1" };
    const task = { id: "a", title: bad, run: bad, bytes: 1 };
    const error = { code: "FORMAT_CORRUPT", message: bad, hint: bad, file: bad };
    for (const line of [
      begin,
      { kind: "plan", tasks: 1, bytes: 1, resumed: false, createdMs: 0, atMs: 1 },
      { kind: "settled", task, state: "failed", seconds: 1, error, atMs: 2 },
      { kind: "over", atMs: 3, nowMs: 1e12, exitStatus: 2, error },
    ])
      appendFileSync(join(workspace, "runs", id, "events.ndjson"), `${JSON.stringify(line)}\n`);
    const { page, problems } = await browser.open(`${server.url}/jobs/${id}`);
    await page.getByRole("heading", { name: "Not done" }).waitFor(WAIT);
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.getByText(`hint: ${bad}`).count()).toBe(2);
    const absent = await fetch(`${server.url}/api/v1/jobs/..%2f..%2fetc`);
    expect([absent.status, problems]).toEqual([404, []]);
    await page.close();
  }, 120_000);

  it("a watch between two rounds waits for files, which are named as they come, and has no bar", async () => {
    const input = join(folder, "input", "session");
    mkdirSync(input, { recursive: true });
    writeFileSync(join(folder, "session.yaml"), SESSION_CONFIG);
    const words = ["ingest", "watch", "session.yaml", "input", "tree", "--import-everything", "--rest", "1h", "--interval", "1s"];
    const child = spawn(process.execPath, [PROGRAM, ...words, "--workspace", workspace], { cwd: folder, stdio: "ignore" });
    children.push(child);
    const { page, problems } = await browser.open(`${server.url}/jobs`);
    const row = page.locator("[data-job]", { hasText: "Ingest as it comes: session" });
    await row.getByText("waiting for files").waitFor(WAIT);
    expect(await row.innerText()).toContain("0 runs taken");
    await row.getByRole("link").click();
    writeFileSync(join(input, "TS_01.mdoc"), "[ZValue = 0]\n");
    await page.getByRole("heading", { name: "Not complete" }).waitFor(WAIT);
    await page.getByText(/TS_01\.mdoc has just arrived$/).waitFor(WAIT);
    appendFileSync(join(input, "TS_01.mdoc"), "TiltAngle = 0\n");
    await page.getByText(/TS_01\.mdoc is still growing/).waitFor(WAIT);
    expect(await page.locator("progress").count()).toBe(0);
    child.kill("SIGINT");
    await page.getByText("◐ done in part", { exact: true }).waitFor(WAIT);
    expect(problems).toEqual([]);
    await page.close();
  }, 120_000);
});
