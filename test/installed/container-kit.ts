import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { STORAGE } from "../../scripts/container.mjs";

/** How a container is started here. */
export interface Way {
  readonly name: string;
  /** What podman is told before its command: its runtime, its control groups. */
  readonly engine: readonly string[];
  words(image: string, options: RunOptions): string[];
}

export interface RunOptions {
  /** Host folder or file → path in the container. */
  volumes?: Readonly<Record<string, string>>;
  env?: Readonly<Record<string, string>>;
  user?: string;
  /** In the place of the image's. */
  entrypoint?: string;
  /** The network of this machine. Default: none at all. */
  network?: boolean;
  name?: string;
}

/** As compose.yaml runs it: nothing of the image can be written, no capability, no new privileges. podman would raise limits, which not every root may. */
function podman(name: string, ...engine: string[]): Way {
  return {
    name,
    engine,
    words: (image, { volumes = {}, env = {}, user, entrypoint, network = false, name: called }) => [
      ...["podman", ...STORAGE, ...engine, "run", "--rm", "--ulimit=nofile=4096:4096", "--ulimit=nproc=4096:4096"],
      ...["--read-only", "--tmpfs=/tmp", "--cap-drop=all", "--security-opt=no-new-privileges"],
      `--network=${network ? "host" : "none"}`,
      ...Object.entries(volumes).map(([from, to]) => `--volume=${from}:${to}`),
      ...Object.entries(env).map(([key, value]) => `--env=${key}=${value}`),
      ...(user === undefined ? [] : [`--user=${user}`]),
      ...(entrypoint === undefined ? [] : [`--entrypoint=${entrypoint}`]),
      ...(called === undefined ? [] : [`--name=${called}`]),
      image,
    ],
  };
}

const WAYS: readonly Way[] = [
  podman("podman"),
  // where control groups are of both versions, which crun refuses
  podman("podman with runc", "--runtime=runc", "--cgroup-manager=cgroupfs"),
];

/** The first way in which a container of the image starts here. */
export async function startable(image: string): Promise<Way | undefined> {
  for (const way of WAYS) if ((await run(way, image, ["--version"])).status === 0) return way;
  return undefined;
}

export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Not synchronously: other things of the test go on meanwhile. */
export async function run(way: Way, image: string, words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return ended(start(way, image, words, options));
}

export async function ended(child: ChildProcess): Promise<Ran> {
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]!.setEncoding("utf8").on("data", (part: string) => {
      said[name] += part;
    });
  }
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("close", resolve);
    child.once("error", reject);
  });
  return { status, ...said };
}

export function start(way: Way, image: string, words: readonly string[], options: RunOptions): ChildProcess {
  const [command = "", ...args] = way.words(image, options);
  return spawn(command, [...args, ...words], { stdio: ["ignore", "pipe", "pipe"] });
}

/** Asks podman. @throws with what it says, or after a minute, since nothing else of the process goes on meanwhile, not even a test's time limit */
export function ask(...words: string[]): string {
  const { status, stdout, stderr, error } = spawnSync("podman", [...STORAGE, ...words], { encoding: "utf8", timeout: 60_000 });
  if (status !== 0) throw new Error(`podman ${words.join(" ")}: ${error?.message ?? stderr}`);
  return stdout.trim();
}

/** Waits two minutes at most. @param told what the error says */
export async function until(isSo: () => boolean | Promise<boolean>, told: () => string = () => ""): Promise<void> {
  const end = Date.now() + 120_000;
  for (;;) {
    if (await Promise.resolve(isSo()).catch(() => false)) return;
    if (Date.now() > end) throw new Error(`not so after 120 s\n${told()}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
