import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { absentTools, buildImage, STORAGE } from "../../scripts/container.mjs";
import { installedServers } from "../e2e/database-kit.js";
import { startFaultServer } from "../faults/server.mjs";
import { freePorts } from "../peers/slurm-kit.js";
import { ask, composeProgram, type RunOptions, run, start, startable, type Way } from "./container-kit.js";

/**
 * The image of Containerfile, built here, and what compose.yaml does with it. The base of the build is a root that mmdebstrap made, because
 * no registry of images is asked. Debian's PostgreSQL stands in for compose's database, and the S3 server of our fault tests for its store.
 */
const root = fileURLToPath(new URL("../..", import.meta.url));
const absent = absentTools();
if (absent.length > 0) console.warn(`skipped: the image needs ${absent.join(", ")}`);

const USER = 65_532;
const SIZE_BYTES_MAX = 400e6;
const PASSWORD = "a password of the test";

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

  it("makes the laboratory in a volume, and finds it whole", async () => {
    const demo = await emporium("demo", "--once", "--train", "0");
    expect(demo.status, demo.stderr).toBe(0);
    const verified = await emporium("verify", "demo-out/portal");
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

  const server = installedServers()[0];
  const lacks = [...(composeProgram ? [] : ["docker-compose"]), ...(server ? [] : ["postgresql"])];
  if (lacks.length > 0) console.warn(`skipped: compose.yaml needs the Debian packages ${lacks.join(", ")}`);

  it.skipIf(lacks.length > 0)("serves as compose.yaml says: tables, tree in a store, catalogue on a server, health", async () => {
    const [databasePort, port] = (await freePorts(2)) as [number, number];
    const credentials = { accessKeyId: "facility", secretAccessKey: PASSWORD };
    const store = await startFaultServer({ buckets: ["portal"], credentials });
    const database = await startDatabase(server!, join(folder, "database"), databasePort);
    const secrets = writeSecrets(folder);
    const services = composed(folder, {
      EMPORIUM_S3_ENDPOINT: `http://store:${new URL(store.url).port}`,
      EMPORIUM_TREE: "s3://portal",
    });
    expect(JSON.stringify(services)).not.toContain(PASSWORD);
    const options = (service: Service): RunOptions => ({
      env: {
        ...service.environment,
        EMPORIUM_DATABASE_URL: service.environment["EMPORIUM_DATABASE_URL"]!.replace(":5432/", `:${databasePort}/`),
      },
      volumes: {
        [work]: "/work",
        ...Object.fromEntries(
          service.secrets.map(({ source }) => [join(secrets, source.replace("_", "-")), `/run/secrets/${source}:ro`]),
        ),
      },
      hosts: ["database", "store"],
      network: true,
    });
    const migrate = services["migrate"]!;
    const serve = services["emporium"]!;
    const name = `emporium-test-${process.pid}`;
    try {
      const published = await run(way, image, ["publish", "tree", "demo-out/portal", "s3://portal"], options(serve));
      expect(published.status, published.stderr).toBe(0);
      const made = await run(way, image, migrate.command, options(migrate));
      expect(made.status, made.stderr).toBe(0);
      expect(made.stdout).toMatch(/: 0001-microscopy, /);
      // an upgrade is the same command in a newer image; on a restart it finds nothing to do
      const again = await run(way, image, migrate.command, options(migrate));
      expect(again.status, again.stderr).toBe(0);
      expect(again.stdout).toMatch(/nothing to do/);

      const replaced = new Map([
        ["--port=8080", `--port=${port}`],
        ["--host=0.0.0.0", "--host=127.0.0.1"],
      ]);
      expect(serve.command).toEqual(expect.arrayContaining([...replaced.keys()]));
      const words = serve.command.map((word) => replaced.get(word) ?? word);
      const serving = start(way, image, words, { ...options(serve), name });
      let said = "";
      for (const stream of [serving.stdout!, serving.stderr!]) {
        stream.on("data", (part: Buffer) => {
          said += part.toString();
        });
      }
      const stopped = new Promise((resolve) => serving.once("close", resolve));
      const [kind, program, ...checked] = serve.healthcheck!.test;
      expect(kind).toBe("CMD");
      const healthz = [...checked, `http://127.0.0.1:${port}/healthz`];
      const answers = async () => (await run(way, image, healthz, { entrypoint: program!, network: true })).status === 0;
      await until(answers, () => said);
      // the tree comes into the catalogue run by run, while it is served
      const one = async () => graphql(port, '{ runs(where: {name: {_eq: "TS_1"}}) { name } }');
      await until(
        async () => (await one()).length > 0,
        () => said,
      );
      expect(await one()).toEqual([{ name: "TS_1" }]);
      ask("stop", "--time", "15", name);
      expect(await stopped, said).toBe(0);
    } finally {
      spawnSync("podman", [...STORAGE, "rm", "--force", name], { stdio: "ignore" });
      await database.stop();
      await store.close();
    }
  });
});

interface Service {
  command: string[];
  environment: Record<string, string>;
  secrets: { source: string }[];
  healthcheck?: { test: string[] };
}

/** compose.yaml as compose reads it, with its values put in. */
function composed(folder: string, env: Record<string, string>): Record<string, Service> {
  const place = join(folder, "compose");
  mkdirSync(place);
  copyFileSync(join(root, "compose.yaml"), join(place, "compose.yaml"));
  const { status, stdout, stderr } = spawnSync(composeProgram!, ["--file", "compose.yaml", "config"], {
    cwd: place,
    env: { PATH: process.env["PATH"], ...env },
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  return (parse(stdout) as { services: Record<string, Service> }).services;
}

/** As the guide says: files that only the image's user can read. */
function writeSecrets(folder: string): string {
  const secrets = join(folder, "secrets");
  mkdirSync(secrets);
  const profile = ["[default]", "aws_access_key_id = facility", `aws_secret_access_key = ${PASSWORD}`];
  writeFileSync(join(secrets, "pgpass"), `*:*:*:emporium:${PASSWORD}\n`);
  writeFileSync(join(secrets, "aws-credentials"), `${profile.join("\n")}\n`);
  for (const name of readdirSync(secrets)) {
    chmodSync(join(secrets, name), 0o600);
    chownSync(join(secrets, name), USER, USER);
  }
  return secrets;
}

const NOBODY = 65_534;

async function startDatabase(programs: string, folder: string, port: number) {
  mkdirSync(folder);
  chmodSync(join(folder, ".."), 0o755);
  const password = join(folder, "password");
  writeFileSync(password, `${PASSWORD}\n`);
  for (const path of [folder, password]) chownSync(path, NOBODY, NOBODY);
  const options = { uid: NOBODY, gid: NOBODY, env: { LC_ALL: "C.UTF-8", PGPASSWORD: PASSWORD }, cwd: "/" };
  const data = join(folder, "data");
  const call = (program: string, ...words: string[]) =>
    spawnSync(join(programs, program), words, { ...options, encoding: "utf8" });
  const made = call("initdb", "-D", data, "-U", "emporium", "-A", "scram-sha-256", `--pwfile=${password}`, "-N");
  expect(made.status, made.stderr).toBe(0);
  const flags = ["-D", data, "-k", folder, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"];
  const server = spawn(join(programs, "postgres"), flags, { ...options, stdio: "ignore" });
  const here = ["-h", folder, "-p", String(port), "-U", "emporium"];
  await until(() => call("psql", ...here, "-d", "postgres", "-c", "select 1").status === 0);
  expect(call("createdb", ...here, "emporium").status).toBe(0);
  const ended = new Promise((resolve) => server.once("exit", resolve));
  return {
    stop: async () => {
      server.kill("SIGINT");
      await ended;
    },
  };
}

async function graphql(port: number, query: string): Promise<{ name: string }[]> {
  const reply = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  return ((await reply.json()) as { data: { runs: { name: string }[] } }).data.runs;
}

async function until(isSo: () => boolean | Promise<boolean>, told: () => string = () => ""): Promise<void> {
  const end = Date.now() + 120_000;
  for (;;) {
    if (await Promise.resolve(isSo()).catch(() => false)) return;
    if (Date.now() > end) throw new Error(`not so after 120 s\n${told()}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
