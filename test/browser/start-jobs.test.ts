import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import type { Job, JobBrief, JobPlan } from "../../src/model/page-api.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { expectAccessible } from "./seen.js";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const WAIT = { timeout: 60_000 };
/** Trees of the same sources are the same byte for byte where their moment is. */
const env = { ...process.env, SOURCE_DATE_EPOCH: "1760000000" };

interface Server {
  readonly url: string;
  readonly child: ChildProcess;
}

describe.skipIf(browserPath === undefined)("A19: an ingest, started from the page", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "emporium-start-")));
  const [data, workspace, tokens] = [join(folder, "data"), join(folder, "workspace"), join(folder, "tokens")];
  const [config, input] = [join(data, "lab/imod.yaml"), join(data, "lab/input")];
  const token = "t".repeat(43);
  let server: Server;
  let browser: Browser;

  async function serve(port: number, ...more: string[]): Promise<Server> {
    const words = ["serve", data, "--port", String(port), "--json", "--workspace", workspace, ...more];
    const child = spawn(process.execPath, [PROGRAM, ...words], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    for await (const piece of child.stdout.setEncoding("utf8")) {
      text += piece as string;
      if (text.endsWith("\n}\n")) break;
    }
    return { url: (JSON.parse(text) as { url: string }).url, child };
  }
  const end = async ({ child }: Server, signal: NodeJS.Signals = "SIGINT") => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  };
  const terminal = (...words: string[]) =>
    execFileSync(process.execPath, [PROGRAM, ...words], {
      cwd: folder,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  const api = async <T>(path: string, body?: object): Promise<T> => {
    const headers = { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) };
    const reply = await fetch(`${server.url}/api/v1/${path}`, {
      ...(body && { method: "POST", body: JSON.stringify(body) }),
      headers,
    });
    return (await reply.json()) as T;
  };
  /** Files of a tree with their bytes. What is the engine's own is not of the tree. */
  const treeOf = (tree: string): Record<string, string> =>
    Object.fromEntries(
      readdirSync(tree, { recursive: true, withFileTypes: true })
        .filter((one) => one.isFile())
        .map((one): [string, string] => [join(one.parentPath, one.name), ""])
        .map(([path]): [string, string] => [path.slice(tree.length), readFileSync(path).toString("base64")])
        .filter(([path]) => !path.startsWith("/.emporium/"))
        .sort(),
    );

  beforeAll(async () => {
    mkdirSync(workspace, { recursive: true });
    await generateLab({ out: join(data, "lab"), deposits: ["imod"], runs: 4, shape: [24, 96, 96] });
    writeFileSync(tokens, `ada write ${token}\n`, { mode: 0o600 });
    server = await serve(0, "--write", "--token-file", tokens);
    browser = await startBrowser([server.url]);
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    if (server) await end(server);
    rmSync(folder, { recursive: true, force: true });
  });

  it("has the plan of ingest plan --json, moves its bar, outlives the server, and leaves the tree of the terminal", async () => {
    const output = join(data, "page");
    const { page, problems } = await browser.open(`${server.url}/ingest#token=${token}`, { width: 1280, height: 900 });
    await page.getByLabel("Configuration").fill(config);
    expect(page.url()).not.toContain(token);
    await page.getByLabel("Input").fill(input);
    await page.getByLabel("Output").fill(output);
    await page.getByRole("button", { name: "Plan", exact: true }).press("Enter");
    await page.getByText("Nothing is in the way").waitFor(WAIT);
    if (process.env.PICTURES) await page.screenshot({ path: join(process.env.PICTURES, "plan.png"), fullPage: true });
    const id = page.url().split("/").at(-1)!;
    const planned = await api<Record<string, unknown>>(`plans/${id}/document`);
    const there = JSON.parse(
      terminal("ingest", "plan", config, input, output, "--import-everything", "--json"),
    ) as typeof planned;
    const withoutMoment = (document: Record<string, unknown>) => ({
      ...document,
      plan: { ...(document.plan as object), created: "" },
    });
    expect(withoutMoment(planned)).toEqual(withoutMoment(there));
    const { totals } = there.plan as { totals: { tasks: number } };
    await page.getByText(`${totals.tasks} tasks`).waitFor(WAIT);
    await page.getByRole("button", { name: "Start ingest" }).press("Enter");
    await page.getByRole("heading", { level: 1, name: /^Ingest: / }).waitFor(WAIT);
    expect(page.url()).toContain(`/jobs/${id}`);
    const bar = page.locator("progress").first();
    await expect.poll(() => bar.evaluate((one: HTMLProgressElement) => one.value), WAIT).toBeGreaterThan(0);
    // the job goes on without who started it
    await end(server, "SIGKILL");
    const { port } = new URL(server.url);
    server = await serve(Number(port), "--write", "--token-file", tokens);
    await expect
      .poll(() => api<Job>(`jobs/${id}`), { timeout: 120_000, interval: 500 })
      .toMatchObject({ life: "ended", exitStatus: 0 });
    await page.getByText("ended well").waitFor(WAIT);
    if (process.env.PICTURES) await page.screenshot({ path: join(process.env.PICTURES, "job.png"), fullPage: true });
    await page.getByRole("button", { name: "Plan it again" }).press("Enter");
    await page.getByRole("heading", { level: 1, name: "Plan of ingest run" }).waitFor(WAIT);
    expect(page.url()).not.toContain(id);
    const cli = join(folder, "cli");
    terminal("ingest", "run", config, input, cli, "--import-everything", "-q");
    expect(treeOf(output)).toEqual(treeOf(cli));
    expect(problems.filter((text) => !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|ERR_CONNECTION_RESET|ERR_EMPTY/.test(text))).toEqual(
      [],
    );
    await page.close();
  }, 300_000);

  it("shows what a configuration lacks as stderr does: code, place, hint; and cannot be started", async () => {
    const wrong = join(data, "wrong.yaml");
    writeFileSync(wrong, readFileSync(config, "utf8").replace("dataset_title:", "dataset_titel:"));
    const words = ["ingest", "plan", wrong, input, join(data, "none"), "--import-everything"];
    let said = "";
    const child = spawn(process.execPath, [PROGRAM, ...words], { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    const [status] = (await once(child, "close")) as [number];
    const plan = await api<JobPlan>("jobs", {
      kind: "ingest.run",
      config: wrong,
      input,
      output: join(data, "none"),
      importEverything: true,
    });
    expect([status, plan.state, plan.exitStatus]).toEqual([2, "refused", 2]);
    const { page } = await browser.open(`${server.url}/ingest/plan/${plan.planId}#token=${token}`);
    await page.getByText("the command ends with status 2").waitFor(WAIT);
    const shown = (await page.locator("pre.text").allInnerTexts()).map((text) => text.trim());
    expect(shown.length).toBeGreaterThan(0);
    for (const text of shown) expect(said).toContain(text);
    expect(await page.getByRole("button", { name: /^Start/ }).count()).toBe(0);
    await page.close();
  }, 120_000);

  it("a source that cannot be read fails in the job as in a terminal; a page stops a run", async () => {
    const bad = join(data, "bad");
    await generateLab({ out: bad, deposits: ["imod"], runs: 2, shape: [8, 32, 24] });
    const damaged = (readdirSync(bad, { recursive: true }) as string[]).filter(
      (name) => /TS_0001[^/]*\.rec$/.test(name) && name.includes("/imod/"),
    );
    expect(damaged.length).toBeGreaterThan(0);
    for (const name of damaged) writeFileSync(join(bad, name), readFileSync(join(bad, name)).subarray(0, 2_000));
    const body = {
      kind: "ingest.run",
      config: join(bad, "imod.yaml"),
      input: join(bad, "input"),
      output: join(data, "bad-out"),
      importEverything: true,
    };
    const plan = await api<JobPlan>("jobs", body);
    let said = "";
    const words = ["ingest", "run", body.config, body.input, join(folder, "bad-cli"), "--import-everything", "-q"];
    const child = spawn(process.execPath, [PROGRAM, ...words], { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    const [status] = (await once(child, "close")) as [number];
    expect(status).not.toBe(0);
    expect(said).toMatch(/^error\[FORMAT_/m);
    if (plan.state === "planned") {
      await api(`jobs/${plan.planId}/start`, {});
      const job = () => api<Job>(`jobs/${plan.planId}`);
      await expect.poll(job, { timeout: 120_000, interval: 500 }).toMatchObject({ life: "ended", exitStatus: status });
    }
    const { page } = await browser.open(
      `${server.url}/${plan.state === "planned" ? "jobs" : "ingest/plan"}/${plan.planId}#token=${token}`,
    );
    await page.locator("pre.text").first().waitFor(WAIT);
    const shown = (await page.locator("pre.text").allInnerTexts()).map((text) => text.trim());
    for (const text of shown) expect(said.replaceAll(join(folder, "bad-cli"), body.output)).toContain(text);
    await page.close();
    // stopped by a button, as by Ctrl-C
    const long = await api<JobPlan>("jobs", { ...body, config, input, output: join(data, "stopped") });
    await api(`jobs/${long.planId}/start`, {});
    const { page: of } = await browser.open(`${server.url}/jobs/${long.planId}#token=${token}`);
    await of.getByRole("button", { name: "Stop" }).click(WAIT);
    await of.getByText("■ stopped", { exact: true }).waitFor(WAIT);
    expect(await api<Job>(`jobs/${long.planId}`)).toMatchObject({ life: "ended", exitStatus: 130 });
    await of.getByRole("button", { name: "Plan what is left" }).waitFor(WAIT);
    await of.close();
  }, 300_000);

  it("A20: an ingest of a terminal that was killed goes on from the page, with the same command, to the same tree", async () => {
    const output = join(data, "killed");
    const words = ["ingest", "run", config, input, output, "--import-everything", "--workspace", workspace];
    const child = spawn(process.execPath, [PROGRAM, ...words], { cwd: folder, env, stdio: "ignore" });
    const mine = async () => (await api<JobBrief[]>("jobs")).find(({ command }) => command.includes(output));
    await expect.poll(async () => (await mine())?.progress.tasksDone, { timeout: 60_000, interval: 20 }).toBeGreaterThan(0);
    child.kill("SIGKILL");
    await once(child, "exit");
    const { id } = (await mine())!;
    const { page } = await browser.open(`${server.url}/jobs/${id}#token=${token}`);
    await page.getByText("died: its process is gone").waitFor({ timeout: 25_000 });
    await page.getByRole("button", { name: "Plan what is left" }).click(WAIT);
    await page.getByRole("heading", { level: 1, name: "Plan of ingest run" }).waitFor(WAIT);
    const planId = page.url().split("/").at(-1)!;
    await page.getByRole("button", { name: "Start ingest" }).click(WAIT);
    await page.getByText("ended well").waitFor(WAIT);
    const again = await api<Job>(`jobs/${planId}`);
    expect(again.command.filter((word) => word.includes(output) || word === "--import-everything").length).toBe(2);
    // of the first test, undisturbed
    expect(treeOf(output)).toEqual(treeOf(join(folder, "cli")));
    await page.close();
  }, 300_000);

  it("publishes a tree: what is planned is what goes, as by a terminal", async () => {
    const [tree, location, cli] = [join(data, "page"), join(data, "published"), join(folder, "published-cli")];
    const plan = await api<JobPlan>("jobs", { kind: "publish.tree", tree, location });
    const there = JSON.parse(terminal("publish", "tree", tree, location, "--dry-run", "--json")) as {
      totals: { uploaded: number; uploaded_bytes: number };
    };
    expect(plan).toMatchObject({
      state: "planned",
      plan: { totals: { files: there.totals.uploaded, bytes: there.totals.uploaded_bytes, skipped: 0 } },
    });
    expect(existsSync(location)).toBe(false);
    const { page } = await browser.open(`${server.url}/ingest/plan/${plan.planId}#token=${token}`);
    await page.getByRole("button", { name: /^Start/ }).click(WAIT);
    await page.getByText("ended well").waitFor(WAIT);
    terminal("publish", "tree", tree, cli);
    expect(treeOf(location)).toEqual(treeOf(cli));
    // outside of what the server may write
    const refused = await api<{ code: string }>("jobs", { kind: "publish.tree", tree, location: "s3://elsewhere/portal" });
    expect(refused.code).toBe("STORE_DENIED");
    await page.close();
  }, 120_000);

  /** Chooses a kind of job, fills its form, and goes to the plan. */
  const planned = async (kind: string, values: Readonly<Record<string, string>>, more: readonly string[] = []) => {
    const { page, problems } = await browser.open(`${server.url}/jobs#token=${token}`, { width: 1280, height: 900 });
    await page.getByRole("link", { name: "Another job" }).click(WAIT);
    await page.getByRole("link", { name: kind, exact: true }).click(WAIT);
    await page.getByRole("button", { name: "Plan", exact: true }).waitFor(WAIT);
    if (Object.keys(values).some((name) => name.startsWith("--")) || more.length > 0) await page.getByText("Options").click();
    for (const [name, value] of Object.entries(values)) await page.getByLabel(name, { exact: true }).fill(value);
    for (const name of more) await page.getByLabel(name, { exact: true }).check();
    if (process.env.PICTURES)
      await page.screenshot({ path: join(process.env.PICTURES, `form-${kind.replace(" ", "-")}.png`), fullPage: true });
    await page.getByRole("button", { name: "Plan", exact: true }).click();
    return { page, problems };
  };

  it("verifies a tree by the form that the command's options make", async () => {
    const { page, problems } = await planned("verify", { LOCATION: join(data, "page"), "--subset": "1/1" });
    await page.getByRole("heading", { level: 1, name: "Plan of verify", exact: true }).waitFor(WAIT);
    await page.getByText("Its locations are good").waitFor(WAIT);
    await page
      .locator("main")
      .getByText(`--subset=1/1 -- ${join(data, "page")}`)
      .waitFor(WAIT);
    await page.getByRole("link", { name: "verify", exact: true }).waitFor(WAIT);
    await page.getByRole("button", { name: "Start verify", exact: true }).click(WAIT);
    await page.getByText("ended well").waitFor(WAIT);
    expect(problems).toEqual([]);
    await page.close();
    const wrong = await planned("verify", { LOCATION: join(data, "page"), "--subset": "some" });
    await wrong.page.getByRole("alert").getByText("subset").first().waitFor(WAIT);
    await wrong.page.close();
  }, 120_000);

  it("watches a folder into which runs come after it was planned, and leaves the tree of the terminal", async () => {
    const [coming, output] = [join(data, "coming"), join(data, "watched")];
    mkdirSync(coming);
    const { page, problems } = await planned(
      "ingest watch",
      { "CONFIG.yaml": config, INPUT: coming, OUTPUT: output, "--rest": "1s", "--interval": "1s" },
      ["--import-everything"],
    );
    await page.getByText("Its locations are good").waitFor(WAIT);
    cpSync(input, coming, { recursive: true });
    await page.getByRole("button", { name: "Start ingest watch" }).click(WAIT);
    await expect
      .poll(() => existsSync(output) && Object.keys(treeOf(output)).length, { timeout: 120_000 })
      .toBe(Object.keys(treeOf(join(folder, "cli"))).length);
    await page.getByText("waiting for files").first().waitFor(WAIT);
    if (process.env.PICTURES) await page.screenshot({ path: join(process.env.PICTURES, "watch.png"), fullPage: true });
    await page.getByRole("button", { name: "Stop" }).click(WAIT);
    await page.getByText("ended well").waitFor(WAIT);
    expect(treeOf(output)).toEqual(treeOf(join(folder, "cli")));
    expect(problems).toEqual([]);
    await page.close();
  }, 240_000);

  it("runs a graph within the server's folders, and none that leaves them or runs programs", async () => {
    const tomogram = (readdirSync(join(data, "page"), { recursive: true }) as string[]).find((name) => name.endsWith(".mrc"))!;
    const graphOf = (to: string, op = "gaussian, sigma: 1") =>
      `version: 1\ninputs: { raw: ${join(data, "page", tomogram)} }\ngrid: { of: raw }\nnodes:\n  - { id: smooth, in: raw, op: ${op} }\noutputs:\n  smooth: { to: ${to} }\n`;
    const graph = join(data, "graph.yaml");
    writeFileSync(graph, graphOf(join(data, "smooth.zarr")));
    const { page, problems } = await planned("blocks run", { "GRAPH.yaml": graph });
    await page.getByText("Nothing is in the way").waitFor(WAIT);
    await page.getByText(`${join(data, "smooth.zarr")} outputs.smooth`).waitFor(WAIT);
    if (process.env.PICTURES) await page.screenshot({ path: join(process.env.PICTURES, "plan-graph.png"), fullPage: true });
    await page.getByRole("button", { name: "Start blocks run" }).click(WAIT);
    await page.getByText("ended well").waitFor(WAIT);
    expect(problems).toEqual([]);
    await page.close();
    writeFileSync(join(folder, "graph.yaml"), graphOf(join(folder, "smooth.zarr")));
    terminal("blocks", "run", join(folder, "graph.yaml"));
    expect(treeOf(join(data, "smooth.zarr"))).toEqual(treeOf(join(folder, "smooth.zarr")));
    for (const [text, said] of [
      [graphOf(join(folder, "outside.zarr")), /outputs\.smooth: is in no location that this server writes/],
      [graphOf(join(data, "own.zarr"), "external, command: [touch, x]"), /smooth: the graph runs its own code/],
    ] as const) {
      writeFileSync(graph, text);
      const refused = await api<{ code: string; message: string }>("jobs", { kind: "blocks.run", graph });
      expect(refused).toMatchObject({ code: "STORE_DENIED", message: expect.stringMatching(said) });
    }
    // a graph that is changed behind a plan is another plan
    writeFileSync(graph, graphOf(join(data, "second.zarr")));
    const plan = await api<JobPlan>("jobs", { kind: "blocks.run", graph });
    writeFileSync(graph, graphOf(join(data, "third.zarr")));
    expect(await api<{ code: string }>(`jobs/${plan.planId}/start`, {})).toMatchObject({ code: "CHANGED_MEANWHILE" });
  }, 240_000);

  it("A27, A29: the form and a plan have no serious fault for axe, in both themes, and nothing lies outside at 360 pixels", async () => {
    const { planId } = await api<JobPlan>("jobs", {
      kind: "ingest.run",
      config,
      input,
      output: join(data, "axe"),
      importEverything: true,
    });
    for (const path of ["/ingest", `/ingest/plan/${planId}`, "/jobs/new/ingest.watch"])
      for (const colorScheme of ["light", "dark"] as const) {
        const { page } = await browser.open(`${server.url}${path}#token=${token}`, { width: 360, height: 740 });
        await page.emulateMedia({ colorScheme });
        await page.locator("button.primary").waitFor(WAIT);
        if (process.env.PICTURES)
          await page.screenshot({
            path: join(process.env.PICTURES, `360-${path.split("/")[2] ?? "form"}-${colorScheme}.png`),
          });
        await expectAccessible(page, path);
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
        await page.close();
      }
  }, 120_000);

  it("without a token or without --write nothing that could change anything is in the pages", async () => {
    const [{ id }] = (await api<JobBrief[]>("jobs")) as [JobBrief];
    const none = async (url: string) => {
      for (const path of ["ingest", `jobs/${id}`, "jobs/new", "jobs/new/verify"]) {
        const { page } = await browser.open(`${url}/${path}`);
        await page.getByRole("heading", { level: 1 }).waitFor(WAIT);
        await page
          .getByText(/This page only reads|ended|stopped/)
          .first()
          .waitFor(WAIT);
        expect(await page.locator("main form, button:text-matches('^(Plan|Start|Stop)')").count(), path).toBe(0);
        await page.close();
      }
    };
    await none(server.url);
    const { port } = new URL(server.url);
    await end(server);
    server = await serve(Number(port));
    await none(server.url);
    for (const path of ["jobs", `jobs/${id}/stop`, `jobs/${id}/resume`, `jobs/${id}/start`]) {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      expect((await fetch(`${server.url}/api/v1/${path}`, { method: "POST", headers, body: "{}" })).status).toBe(405);
    }
    expect((await fetch(`${server.url}/api/v1/plans`)).status).toBe(404);
  }, 120_000);
});
