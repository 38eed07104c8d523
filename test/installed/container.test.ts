import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { absentTools, buildImage, buildStandIn, withLabel } from "../../scripts/container.mjs";
import { migrate } from "../../src/catalog/migrate.js";
import { copy } from "../e2e/cluster-template.js";
import { open } from "../e2e/database-kit.js";
import { freePorts } from "../peers/slurm-kit.js";
import { absentPackages, type Facility, makeFacility } from "./compose-kit.js";
import { ask, run, startable, until, type Way } from "./container-kit.js";
import { keptDemo } from "./kept-demo.js";

/**
 * The image of Containerfile, built here, and compose.yaml brought up with it. The base of the build is a root that mmdebstrap made, because no
 * registry of images is asked; for the same reason images of Debian's PostgreSQL and of a test's S3 server are named in the places of compose's.
 */
const root = fileURLToPath(new URL("../..", import.meta.url));
const absent = absentTools();
if (absent.length > 0) console.warn(`skipped: the image needs ${absent.join(", ")}`);

const USER = 65_532;
const SIZE_BYTES_MAX = 400e6;

describe.skipIf(absent.length > 0)("the image", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-image-"));
  const work = join(folder, "work");
  let image = "";
  let way: Way;
  const emporium = (...words: string[]) => run(way, image, words, { volumes: { [work]: "/work" } });

  beforeAll(async () => {
    const began = performance.now();
    image = buildImage();
    const built = performance.now();
    const found = await startable(image);
    if (!found) throw new Error(`no container of ${image} starts here, neither by podman's own runtime nor by runc`);
    way = found;
    console.info(`${image}: built in ${((built - began) / 1000).toFixed(1)} s, runs by ${way.name}`);
    mkdirSync(work);
    chownSync(work, USER, USER);
  }, 900_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("has at most 400 MB, an ordinary user, no shell, and no program but Node and ours on its path", () => {
    const [facts] = JSON.parse(ask("image", "inspect", image)) as [
      { Size: number; User: string; Config: { Entrypoint: string[] } },
    ];
    console.info(`${(facts.Size / 1e6).toFixed(0)} MB`);
    expect(facts.Size).toBeLessThanOrEqual(SIZE_BYTES_MAX);
    expect(facts.User).toBe(`${USER}:${USER}`);
    expect(facts.Config.Entrypoint).toEqual(["/usr/local/bin/emporium"]);
    const mounted = ask("image", "mount", image);
    try {
      const programs = ["usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin"].flatMap((name) => {
        const place = join(mounted, name);
        return existsSync(place) ? readdirSync(place) : [];
      });
      expect(programs.sort()).toEqual(["emporium", "node"]);
      // for scanners, as Debian has them
      const status = join(mounted, "var/lib/dpkg/status.d");
      expect(readdirSync(status)).toEqual(expect.arrayContaining(["ca-certificates", "libc6", "libstdc++6"]));
      for (const name of readdirSync(status)) expect(readFileSync(join(status, name), "utf8")).toMatch(/^Version: /m);
    } finally {
      ask("image", "unmount", image);
    }
  });

  it("runs as that user, and as one without a name, with a root that cannot be written and no network", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    for (const options of [{}, { user: "1234:1234" }]) {
      const { status, stdout } = await run(way, image, ["--version"], options);
      expect({ status, stdout: stdout.trim() }).toEqual({ status: 0, stdout: version });
    }
    // 127: there is no such program
    expect((await run(way, image, ["-c", "true"], { entrypoint: "/bin/sh" })).status).toBe(127);
  });

  it("ingests a laboratory in a volume, and finds it whole", async () => {
    const kept = keptDemo();
    if (kept === undefined) {
      const demo = await emporium("demo", "--once", "--train", "0");
      expect(demo.status, demo.stderr).toBe(0);
    } else {
      copy(kept, work);
      chownAll(work);
      const words = ["demo-out/lab/imod.yaml", "demo-out/lab/input", "own", "--import-everything"];
      const made = await emporium("ingest", "run", ...words);
      expect(made.status, made.stderr).toBe(0);
      // the same files as by the Node and the libraries of this machine, where another deposition has added some
      const names = (tree: string) => namesBelow(join(work, tree, "10401"));
      expect(names("own").length).toBeGreaterThan(100);
      expect(names("demo-out/portal")).toEqual(expect.arrayContaining(names("own")));
    }
    // of a tree that was copied without its workspace bytes cannot be told from others
    const verified = await emporium("verify", kept === undefined ? "demo-out/portal" : "own");
    expect(verified.status, verified.stderr).toBe(0);
  });

  it("makes its own database where there is no shell, with passwords of its own, and again there is nothing to do", async () => {
    const first = await emporium("catalog", "init", "--workspace", "one");
    expect(first.status, first.stderr).toBe(0);
    const again = await emporium("catalog", "migrate", "--workspace", "one");
    expect(again.status, again.stderr).toBe(0);
    expect(again.stdout).toMatch(/nothing to do/);
    expect((await emporium("catalog", "init", "--workspace", "two")).status).toBe(0);
    const secrets = (name: string) => readFileSync(join(work, name, "catalog/postgres/secrets.json"), "utf8");
    expect(secrets("one")).not.toBe(secrets("two"));
    // a writer's session, by one of these passwords
    const imported = await emporium("catalog", "import", "demo-out/portal", "--workspace", "one", "--json");
    expect(imported.status, imported.stderr).toBe(0);
  });

  it("has a health check that fails where nobody serves", async () => {
    const [port] = await freePorts(1);
    const words = ["/opt/emporium-health.mjs", `http://127.0.0.1:${port}/healthz`];
    const { status, stdout } = await run(way, image, words, { entrypoint: "/usr/local/bin/node", network: true });
    expect(stdout).toMatch(/does not answer/);
    expect(status).toBe(1);
  });

  if (absentPackages.length > 0) {
    console.warn(`skipped: compose.yaml needs the Debian packages ${absentPackages.join(", ")}`);
  }

  describe.skipIf(absentPackages.length > 0)("as compose.yaml runs it", () => {
    let facility: Facility;
    let port = 0;
    const tree = join(work, "demo-out/portal");

    beforeAll(async () => {
      [port = 0] = await freePorts(1);
      const env = {
        POSTGRES_IMAGE: buildStandIn("database"),
        STORE_IMAGE: buildStandIn("store"),
        EMPORIUM_IMAGE: image,
        EMPORIUM_TREE: "s3://portal",
        EMPORIUM_S3_ENDPOINT: "http://store:8333",
        EMPORIUM_LISTEN: `127.0.0.1:${port}`,
        EMPORIUM_URL: `http://localhost:${port}`,
      };
      facility = await makeFacility(way, env, { page: "docs/guides/containers.md", begins: "mkdir -m 700 secrets" });
    }, 300_000);
    afterAll(() => facility.close());

    async function compose(...words: string[]): Promise<string> {
      const { status, stdout, stderr } = await facility.compose(...words);
      expect(status, `compose ${words.join(" ")}: ${stdout}${stderr}\n${logs("migrate")}`).toBe(0);
      return stdout;
    }
    const log = (service: string) => ask("logs", facility.container(service));
    const logs = (service: string) => {
      try {
        return log(service);
      } catch {
        return "";
      }
    };
    const fact = (service: string, template: string) => ask("inspect", "--format", template, facility.container(service));

    /** The server of compose.yaml is healthy, and has all of the tree. */
    async function serves(): Promise<void> {
      expect(fact("migrate", "{{.State.ExitCode}}")).toBe("0");
      await until(
        () => fact("emporium", "{{.State.Health.Status}}") === "healthy",
        () => logs("emporium"),
      );
      const page = await fetch(`http://127.0.0.1:${port}/`, { headers: { accept: "text/html" } });
      expect(page.status).toBe(200);
      expect(await page.text()).toContain("<title>emporium</title>");
      const listed = await fetch(`http://127.0.0.1:${port}/s3/portal?list-type=2&delimiter=/`);
      const folders = [...(await listed.text()).matchAll(/<Prefix>([^<]+)\/<\/Prefix>/g)].map(([, name]) => name!);
      expect(folders.sort()).toEqual(foldersOf(tree));
      // the tree comes into the catalogue run by run, while it is served
      const names = async () => (await graphql(port, "{ runs { name } }")).map(({ name }) => name).sort();
      const wanted = runsOf(tree);
      await until(
        async () => (await names()).length === wanted.length,
        () => logs("emporium"),
      );
      expect(await names()).toEqual(wanted);
    }

    it("has no secret in a variable, and takes a tree into the store before there is a server", async () => {
      const secret = readFileSync(join(facility.folder, "secrets/postgres-password"), "utf8").trim();
      expect(secret.length).toBeGreaterThan(40);
      expect(await compose("config")).not.toContain(secret);
      await compose("up", "--detach", "store");
      await compose(
        "run",
        "-T",
        "--rm",
        "--volume",
        `${tree}:/tree:ro`,
        "emporium",
        "publish",
        "tree",
        "/tree",
        "s3://portal",
        "--allow-placeholders",
      );
    });

    it("makes the tables, then serves pages, GraphQL and the tree of the store on the loopback", async () => {
      await compose("up", "--detach");
      await serves();
      expect(fact("emporium", "{{.HostConfig.ReadonlyRootfs}} {{.Config.User}}")).toBe(`true ${USER}:${USER}`);
      const [bound] = Object.values(JSON.parse(fact("emporium", "{{json .NetworkSettings.Ports}}"))) as { HostIp: string }[][];
      expect(bound?.map(({ HostIp }) => HostIp)).toEqual(["127.0.0.1"]);
    });

    it.each(["once", "twice"])("is taken down and brought up, %s, and has what its volumes keep, no more", async () => {
      const volumes = () => ask("volume", "ls", "--quiet").split("\n").sort();
      const before = volumes();
      await compose("down");
      await compose("up", "--detach");
      expect(volumes()).toEqual(before);
      expect(log("migrate")).toMatch(/nothing to do/);
      await serves();
    });

    it("is upgraded while it runs: a newer image takes the steps that the tables lack", async () => {
      const password = readFileSync(join(facility.folder, "secrets/postgres-password"), "utf8").trim();
      const address = fact("database", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");
      // as a version had left them that ended there
      await compose("stop", "emporium");
      const database = await open(`postgres://emporium:${password}@${address}:5432/emporium`);
      await migrate(database, { to: "0005-portal-speed" }).finally(() => database.close());
      await compose("start", "emporium");

      const newer = withLabel(image, "org.opencontainers.image.version=newer", "localhost/emporium-newer");
      const before = fact("database", "{{.Id}}");
      facility.set({ EMPORIUM_IMAGE: newer });
      await compose("up", "--detach");
      expect(log("migrate")).toMatch(/: 0006-frame-values, 0007-import-prefixes, /);
      await serves();
      expect(fact("emporium", "{{.ImageName}}")).toContain(newer);
      expect(fact("database", "{{.Id}}")).toBe(before);
    });
  });
});

function chownAll(path: string) {
  const { status, stderr } = spawnSync("chown", ["-R", `${USER}:${USER}`, path], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

/** But for what an ingest keeps for itself. */
const namesBelow = (folder: string) =>
  (readdirSync(folder, { recursive: true }) as string[]).filter((name) => !name.includes(".emporium")).sort();

const foldersOf = (tree: string) =>
  readdirSync(tree, { withFileTypes: true })
    // but for what an ingest keeps for itself
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name)
    .sort();

const runsOf = (tree: string) =>
  (readdirSync(tree, { recursive: true }) as string[])
    .filter((path) => /^[^/]+\/[^/]+\/run_metadata\.json$/.test(path))
    .map((path) => path.split("/")[1]!)
    .sort();

async function graphql(port: number, query: string): Promise<{ name: string }[]> {
  const reply = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  return ((await reply.json()) as { data: { runs: { name: string }[] } }).data.runs;
}
