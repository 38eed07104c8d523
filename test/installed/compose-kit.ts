import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { STORAGE } from "../../scripts/container.mjs";
import { ask, ended, type Ran, type Way } from "./container-kit.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What compose needs to bring services up on podman's networks, by Debian's package. */
const NEEDED: Readonly<Record<string, string>> = {
  "docker-compose": "/usr/bin/docker-compose",
  iptables: "/usr/sbin/iptables",
  catatonit: "/usr/libexec/podman/catatonit",
  "golang-github-containernetworking-plugin-dnsname": "/usr/lib/cni/dnsname",
};
export const absentPackages = Object.keys(NEEDED).filter((name) => !existsSync(NEEDED[name]!));

/** A folder as a guide says a facility makes it: compose.yaml, .env, secrets/. */
export interface Facility {
  readonly folder: string;
  /** compose with these words, in that folder. */
  compose(...words: string[]): Promise<Ran>;
  /** Gives .env these values, and keeps its others. */
  set(values: Readonly<Record<string, string>>): void;
  /** The container of a service. */
  container(service: string): string;
  /** Takes all down, volumes included. */
  close(): Promise<void>;
}

/** Where a guide says how `secrets/` is made: the page, and how the block of its commands begins. */
export interface Guided {
  readonly page: string;
  readonly begins: string;
}

export async function makeFacility(way: Way, env: Readonly<Record<string, string>>, guided: Guided): Promise<Facility> {
  const folder = mkdtempSync(join(tmpdir(), "emporium-compose-"));
  const project = `emporium-test-${process.pid}`;
  copyFileSync(join(root, "compose.yaml"), join(folder, "compose.yaml"));
  const values = { ...env };
  const set = (more: Readonly<Record<string, string>>) => {
    Object.assign(values, more);
    const lines = Object.entries(values).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(join(folder, ".env"), lines.join(""));
  };
  set({});
  const made = await ended(spawn("/bin/sh", ["-euc", secretsOf(guided)], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] }));
  if (made.status !== 0) throw new Error(`the guide's commands: ${made.stderr}`);

  const service = podmanService(way, folder);
  const surroundings = { PATH: process.env["PATH"], HOME: folder, DOCKER_HOST: service.url };
  const compose = (...words: string[]) => {
    const all = ["--project-name", project, "--profile", "store", ...words];
    return ended(spawn(NEEDED["docker-compose"]!, all, { cwd: folder, env: surroundings, stdio: ["ignore", "pipe", "pipe"] }));
  };
  return {
    folder,
    compose,
    set,
    container: (name) => `${project}_${name}_1`,
    async close() {
      await compose("down", "--volumes", "--timeout", "2");
      await service.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The guide's own commands, with keys in the places of KEY and SECRET. Tests are root, who may go without sudo. */
function secretsOf({ page, begins }: Guided): string {
  const lines = readFileSync(join(root, page), "utf8").split("\n");
  const first = lines.findIndex((line) => line.startsWith(`    ${begins}`));
  if (first < 0) throw new Error(`${page} has no block with ${begins}`);
  const length = lines.slice(first).findIndex((line) => !line.startsWith("    ") || /^ *podman compose/.test(line));
  return lines
    .slice(first, first + length)
    .join("\n")
    .replace(/\bKEY\b/g, "facility")
    .replace(/\bSECRET\b/g, "a+secret/of=the+test")
    .replace(/\bsudo /g, "");
}

/**
 * podman behind the socket that compose asks. On a server systemd starts its health checks, one timer a container; here, where there may be no systemd,
 * they are started from this process.
 */
function podmanService(way: Way, folder: string) {
  const conf = join(folder, "containers.conf");
  // podman would raise limits, which not every root may
  writeFileSync(conf, '[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n');
  const networks = join(folder, "networks");
  mkdirSync(networks);
  const env = { ...process.env, CONTAINERS_CONF: conf, DISABLE_HC_SYSTEMD: "true" };
  const words = [...STORAGE, ...way.engine, "--network-config-dir", networks];
  const url = `unix://${join(folder, "podman.sock")}`;
  const service = spawn("podman", [...words, "system", "service", "--time=0", url], { env, stdio: "ignore" });
  const stopped = new AbortController();
  const checks = checkHealth();

  async function checkHealth(): Promise<void> {
    while (!stopped.signal.aborted) {
      for (const name of ask("ps", "--format", "{{.Names}}").split("\n").filter(Boolean)) {
        await ended(spawn("podman", [...words, "healthcheck", "run", name], { env, stdio: ["ignore", "pipe", "pipe"] }));
      }
      await sleep(500, undefined, { signal: stopped.signal }).catch(() => {});
    }
  }

  return {
    url,
    async close() {
      stopped.abort();
      await checks;
      const gone = new Promise((resolve) => service.once("exit", resolve));
      service.kill("SIGTERM");
      await gone;
    },
  };
}
