import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { absentTools, buildImage } from "../../scripts/container.mjs";
import { freePorts } from "../peers/slurm-kit.js";
import { absentPackages, makeFacility } from "./compose-kit.js";
import { ask as podmanSays, type Ran, run, start, startable, until, type Way } from "./container-kit.js";

/** JupyterLab of Containerfile.notebook and of compose.yaml: on this machine alone, never without a token, in versions that are named. */
const root = fileURLToPath(new URL("../..", import.meta.url));
const textOf = (path: string) => readFileSync(join(root, path), "utf8");
const CONFIG = "scripts/jupyter/jupyter_server_config.py";
const folder = mkdtempSync(join(tmpdir(), "emporium-jupyter-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Service {
  profiles: string[];
  ports: string[];
  secrets: string[];
  volumes: string[];
  environment: Record<string, string>;
  build: { dockerfile: string };
  read_only: boolean;
  cap_drop: string[];
}

describe("the service notebook of compose.yaml", () => {
  const { services, secrets } = parse(textOf("compose.yaml")) as {
    services: Record<string, Service>;
    secrets: Record<string, { file: string }>;
  };
  const { notebook } = services;

  it("is started only when it is asked for, on 127.0.0.1 whatever .env says, with a token out of a secret and data that it cannot change (34.35)", () => {
    expect(notebook).toMatchObject({
      profiles: ["notebook"],
      build: { dockerfile: "Containerfile.notebook" },
      environment: { JUPYTER_TOKEN_FILE: "/run/secrets/jupyter_token" },
      secrets: ["jupyter_token"],
      read_only: true,
      cap_drop: ["ALL"],
    });
    expect(secrets["jupyter_token"]).toEqual({ file: "./secrets/jupyter-token" });
    expect(notebook!.ports.map((port) => /^127\.0\.0\.1:[^:]+(?::-\d+\})?:8888$/.test(port))).toEqual([true]);
    expect(notebook!.volumes.filter((volume) => volume.includes(":/data"))).toEqual([expect.stringMatching(/:\/data:ro$/)]);
  });
});

describe("what Containerfile.notebook installs", () => {
  const versionsOf = (name: string) =>
    textOf(`scripts/python/${name}.txt`)
      .split("\n")
      .filter((line) => /^[a-z]/i.test(line));

  it("is JupyterLab and what the notebooks are tested with, each in one version (34.35)", () => {
    const lines = versionsOf("jupyter");
    expect(lines.filter((line) => !/^[\w.[\]-]+==[\w.+!]+(?: ;.*)?$/.test(line))).toEqual([]);
    expect(lines.some((line) => line.startsWith("jupyterlab=="))).toBe(true);
    const bare = new Set(lines.map((line) => line.split(" ;")[0]));
    expect(versionsOf("notebooks").filter((line) => !bare.has(line.split(" ;")[0]!))).toEqual([]);
    const installs = textOf("Containerfile.notebook").match(/\bpip install .*$/gm);
    expect(installs).toEqual([expect.stringMatching(/--requirement \/opt\/jupyter\/requirements\.txt$/)]);
  });
});

const python = spawnSync("python3", ["--version"]).status === 0;
if (!python) console.warn("skipped: no python3");
describe.skipIf(!python)("the server's configuration", () => {
  const token = join(folder, "token");
  /** Reads the configuration as Jupyter does, and prints what matters. */
  const reader = `import sys
class C:
    def __getattr__(self, name):
        self.__dict__[name] = C()
        return self.__dict__[name]
c = C()
exec(compile(open(sys.argv[1]).read(), sys.argv[1], "exec"), {"get_config": lambda: c})
print(c.IdentityProvider.token, c.ServerApp.allow_remote_access)`;
  const configured = (env: Record<string, string>) =>
    spawnSync("python3", ["-c", reader, join(root, CONFIG)], {
      encoding: "utf8",
      env: {
        PATH: process.env.PATH,
        EMPORIUM_NOTEBOOKS: join(root, "examples/notebooks"),
        EMPORIUM_NOTEBOOKS_WORK: folder,
        ...env,
      },
    });

  it.each([
    ["no file", undefined, /^no token: .*No such file.*openssl rand/],
    ["an empty file", "\n", /has 0 letters, at least 32/],
    ["a short token", "secret\n", /has 6 letters, at least 32/],
  ])("ends at %s (34.35)", (_, text, said) => {
    rmSync(token, { force: true });
    if (text !== undefined) writeFileSync(token, text);
    const { status, stderr } = configured({ JUPYTER_TOKEN_FILE: token });
    expect(status).toBe(1);
    expect(stderr).toMatch(said);
  });

  it("takes the token without the end of its line, and a notebook that was changed stays (34.35)", () => {
    writeFileSync(token, `${"0123456789abcdef".repeat(3)}\n`);
    mkdirSync(join(folder, "notebooks"), { recursive: true });
    writeFileSync(join(folder, "notebooks/05-curate-a-drive.ipynb"), "mine");
    const { status, stdout, stderr } = configured({ JUPYTER_TOKEN_FILE: token });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `${"0123456789abcdef".repeat(3)} False\n`, stderr: "" });
    expect(readFileSync(join(folder, "notebooks/05-curate-a-drive.ipynb"), "utf8")).toBe("mine");
    expect(textOf("examples/notebooks/04-train-on-blocks.ipynb")).toBe(
      readFileSync(join(folder, "notebooks/04-train-on-blocks.ipynb"), "utf8"),
    );
  });
});

const absent = absentTools();
if (absent.length > 0) console.warn(`skipped: the image needs ${absent.join(", ")}`);
describe.skipIf(absent.length > 0)("the image", () => {
  const USER = 65_532;
  const TOKEN = "fedcba9876543210".repeat(3);
  const [work, data, secret] = [join(folder, "work"), join(folder, "data"), join(folder, "jupyter-token")];
  const volumes = { [work]: "/work", [data]: "/data:ro", [secret]: "/run/secrets/jupyter_token:ro" };
  let image = "";
  let way: Way;
  beforeAll(async () => {
    image = buildImage({ target: "notebook" });
    way = (await startable(image))!;
    for (const path of [work, data]) mkdirSync(path);
    writeFileSync(join(data, "note.txt"), "data\n");
    writeFileSync(secret, `${TOKEN}\n`, { mode: 0o600 });
    for (const path of [work, secret]) chownSync(path, USER, USER);
  }, 1_800_000);

  it("does not start without a token (34.35)", async () => {
    const { status, stderr } = await run(way, image, [], { volumes: { [work]: "/work" } });
    expect([status === 0, stderr]).toEqual([false, expect.stringContaining("no token: /run/secrets/jupyter_token")]);
  });

  const python = (code: string): Promise<Ran> =>
    run(way, image, ["-c", code], { entrypoint: "/opt/jupyter/venv/bin/python", volumes });

  it("reads the data, cannot change them, and has the Python package and the program of one version (34.35)", async () => {
    const { status, stdout, stderr } = await python(
      "import emporium\nprint(open('/data/note.txt').read(), emporium.__version__, emporium.run(['--version'], json=False))\nopen('/data/note.txt', 'w')",
    );
    expect([status, stderr]).toEqual([1, expect.stringContaining("Read-only file system")]);
    const { version } = JSON.parse(textOf("package.json")) as { version: string };
    expect(stdout.split(/\s+/).slice(0, 3)).toEqual(["data", version.replace("-rc.", "rc"), version]);
  });

  /** Who comes to JupyterLab, by the headers that it sends. */
  const visitor =
    (port: number, token: string) =>
    (headers: Record<string, string> = { authorization: `token ${token}` }) =>
      new Promise<{ status: number; text: string }>((resolve, reject) => {
        const asked = request({ host: "127.0.0.1", port, path: "/api/contents/notebooks", headers }, (reply) => {
          let text = "";
          reply.setEncoding("utf8").on("data", (part: string) => (text += part));
          reply.on("end", () => resolve({ status: reply.statusCode!, text }));
        });
        asked.once("error", reject);
        asked.end();
      });
  const namesIn = (text: string) => (JSON.parse(text) as { content: { name: string }[] }).content.map(({ name }) => name);

  it("serves notebooks to whoever has the token, and to nobody who comes by another name (34.35)", async () => {
    const server = start(way, image, [], { volumes, network: true, env: { EMPORIUM_NOTEBOOKS_IP: "127.0.0.1" } });
    let said = "";
    server.stderr!.setEncoding("utf8").on("data", (text: string) => (said += text));
    const closed = new Promise((resolve) => server.once("close", resolve));
    try {
      const ask = visitor(8888, TOKEN);
      while (!/is running at/.test(said)) {
        if (server.exitCode !== null) throw new Error(said);
        await sleep(200);
      }
      expect((await ask({})).status).toBe(403);
      expect((await ask({ authorization: "token wrong" })).status).toBe(403);
      expect((await ask({ authorization: `token ${TOKEN}`, host: "rebound.example.org" })).status).toBe(403);
      const { status, text } = await ask();
      expect(status).toBe(200);
      expect(namesIn(text)).toContain("02-own-portal.ipynb");
      expect(said).not.toContain(TOKEN);
    } finally {
      server.kill("SIGTERM");
      await closed;
    }
  });

  it.skipIf(absentPackages.length > 0)(
    "is brought up by compose in a folder that the guide's commands made, and is taken down again (34.35)",
    async () => {
      const [port = 0] = await freePorts(1);
      const env = {
        EMPORIUM_TREE: "s3://any",
        EMPORIUM_S3_ENDPOINT: "http://any",
        NOTEBOOK_IMAGE: image,
        NOTEBOOK_PORT: `${port}`,
      };
      const guided = { page: "docs/guides/notebooks.md", begins: "mkdir -p -m 700 secrets" };
      const facility = await makeFacility(way, env, guided);
      try {
        mkdirSync(join(facility.folder, "data"));
        writeFileSync(join(facility.folder, "data/note.txt"), "data\n");
        const up = await facility.compose("--profile", "notebook", "up", "--detach", "--no-deps", "notebook");
        expect(up.status, up.stderr).toBe(0);
        const token = readFileSync(join(facility.folder, "secrets/jupyter-token"), "utf8").trim();
        const ask = visitor(port, token);
        const name = facility.container("notebook");
        let text = "";
        await until(
          async () => {
            const answer = await ask();
            text = answer.text;
            return answer.status === 200;
          },
          () => podmanSays("logs", name),
        );
        expect(namesIn(text)).toContain("02-own-portal.ipynb");
        expect((await ask({})).status).toBe(403);
        expect(podmanSays("exec", name, "cat", "/data/note.txt")).toBe("data");
        const down = await facility.compose("--profile", "notebook", "down");
        expect(down.status, down.stderr).toBe(0);
        await expect(ask()).rejects.toThrow();
      } finally {
        await facility.close();
      }
    },
    300_000,
  );

  it("runs a notebook from its first cell to its last (34.35)", async () => {
    const { status, stderr } = await python(
      `import nbformat
from nbclient import NotebookClient
notebook = nbformat.read("/opt/jupyter/notebooks/05-curate-a-drive.ipynb", as_version=4)
NotebookClient(notebook, kernel_name="python3", timeout=480, resources={"metadata": {"path": "/work"}}).execute()`,
    );
    expect(status, stderr).toBe(0);
  }, 600_000);
});
