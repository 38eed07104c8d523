import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The built program as a newcomer runs it: in a fresh folder outside the repository whose path has a blank and an umlaut, under a
 * home of its own, with no variable of ours or of a cloud set. */
export interface Newcomer {
  /** The folder that commands run in. */
  readonly folder: string;
  /** A path below that folder. */
  at(...names: string[]): string;
  /** Runs a command line to its end. */
  run(...words: string[]): Promise<Outcome>;
  /** Runs a command line in a folder below. */
  runIn(below: string, ...words: string[]): Promise<Outcome>;
  /** Runs a command line, sends SIGTERM once `when` answers true (asked every few milliseconds), and waits for its end. */
  stop(when: () => boolean, ...words: string[]): Promise<Outcome>;
  /** As `stop`, by Ctrl-C in a terminal: SIGINT for the command and for every process that it has started. */
  interrupt(when: () => boolean, ...words: string[]): Promise<Outcome>;
  /** Starts a command that stays (`serve`), and answers once `ready` is found in what it prints. */
  start(ready: RegExp, ...words: string[]): Promise<Running>;
  /** Ends what still runs and removes the folder. */
  leave(): Promise<void>;
}

export interface Outcome {
  status: number | null;
  out: string;
  err: string;
}

export interface Running {
  /** What `ready` found. */
  match: RegExpExecArray;
  /** Everything printed so far, stdout and stderr. */
  printed(): string;
  /** SIGTERM, then the exit status. */
  stop(): Promise<number | null>;
}

const main = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
/** Variables that a machine needs; all others, above all those of clouds, databases and ours, are left out. */
const KEPT = ["PATH", "LANG", "LC_ALL", "TZ", "SystemRoot"];

export function newcomer(env: Readonly<Record<string, string>> = {}): Newcomer {
  const place = mkdtempSync(join(tmpdir(), "emporium seam ü-"));
  const folder = join(place, "Meine Arbeit");
  mkdirSync(folder);
  const running = new Set<ChildProcess>();
  const environment = {
    ...Object.fromEntries(KEPT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))),
    HOME: place,
    ...env,
  };

  const launch = (words: readonly string[], below = ".", detached = false) => {
    const child = spawn(process.execPath, [main, ...words], {
      cwd: join(folder, below),
      detached,
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = { out: "", err: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said.out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said.err += text));
    running.add(child);
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve)).finally(() => running.delete(child));
    return { child, said, ended };
  };

  const endOnce = async (
    when: () => boolean,
    { child, said, ended }: ReturnType<typeof launch>,
    end: (child: ChildProcess) => void,
  ) => {
    const watch = setInterval(() => {
      if (!when()) return;
      clearInterval(watch);
      end(child);
    }, 3);
    const status = await ended.finally(() => clearInterval(watch));
    return { status, ...said };
  };

  return {
    folder,
    at: (...names) => join(folder, ...names),
    async run(...words) {
      const { said, ended } = launch(words);
      return { status: await ended, ...said };
    },
    async runIn(below, ...words) {
      const { said, ended } = launch(words, below);
      return { status: await ended, ...said };
    },
    stop: (when, ...words) => endOnce(when, launch(words), (child) => child.kill("SIGTERM")),
    interrupt(when, ...words) {
      return endOnce(when, launch(words, ".", true), ({ pid }) => process.kill(-pid!, "SIGINT"));
    },
    async start(ready, ...words) {
      const { child, said, ended } = launch(words);
      const printed = () => said.out + said.err;
      const match = await new Promise<RegExpExecArray>((resolve, reject) => {
        const look = () => {
          const found = ready.exec(printed());
          if (found) resolve(found);
        };
        child.stdout.on("data", look);
        child.stderr.on("data", look);
        void ended.then((status) => reject(new Error(`emporium ${words.join(" ")} ended with ${status}: ${printed()}`)));
      });
      const stop = () => {
        child.kill("SIGTERM");
        return ended;
      };
      return { match, printed, stop };
    },
    async leave() {
      await Promise.all([...running].map((child) => ended(child)));
      rmSync(place, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  const over = new Promise((resolve) => child.on("close", resolve));
  child.kill("SIGKILL");
  await over;
}

/** A port of loopback that is free now and is not 8080. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
