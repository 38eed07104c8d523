import { type ChildProcess, spawn } from "node:child_process";
import { EmporiumError } from "../../core/errors.js";
import type { Reach } from "./reach.js";
import type { ServerUser } from "./server-user.js";

/** PostgreSQL's programs on this machine. */
export interface Binaries {
  /** `18.4`, or as much of it as is known. */
  readonly version: string;
  /** The number in a data folder's `PG_VERSION`. */
  readonly major: number;
  /** Path of a program: `initdb`, `postgres`, `pg_ctl`. */
  program(name: string): string;
  /** Variables that its processes need in their environment. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface ToolOptions {
  user?: ServerUser | undefined;
  reach?: Reach | undefined;
  input?: string | undefined;
  /** Ends the program; the signal's error is thrown in place of a result. */
  signal?: AbortSignal | undefined;
}

export interface ToolResult {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs one of PostgreSQL's programs to its end, with an environment of its own and never through a shell. */
export async function runTool(
  binaries: Binaries,
  name: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  options.signal?.throwIfAborted();
  const child = spawnTool(binaries, name, args, options, ["pipe", "pipe", "pipe"]);
  const text = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    text.stdout += part;
  });
  child.stderr?.setEncoding("utf8").on("data", (part: string) => {
    text.stderr += part;
  });
  child.stdin?.on("error", () => {}); // a program that ends early closes its input
  child.stdin?.end(options.input ?? "");
  const stop = () => child.kill("SIGTERM");
  options.signal?.addEventListener("abort", stop, { once: true });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("close", resolve);
    child.once("error", (error) => reject(cannotRun(name, error)));
  }).finally(() => options.signal?.removeEventListener("abort", stop));
  options.signal?.throwIfAborted();
  return { status, ...text };
}

export function spawnTool(
  binaries: Binaries,
  name: string,
  args: readonly string[],
  { user, reach }: ToolOptions,
  stdio: readonly ("pipe" | "ignore" | number)[],
  detached = false,
): ChildProcess {
  try {
    return spawn(binaries.program(name), args, {
      env: { ...cleanEnvironment(), ...binaries.environment },
      // the folder that this process was started in may be one that the server's user cannot be in
      cwd: process.platform === "win32" ? undefined : "/",
      stdio: [...stdio, ...(reach?.descriptors ?? [])],
      detached,
      windowsHide: true,
      ...user,
    });
  } catch (error) {
    throw cannotRun(name, error);
  }
}

/** Environment for the server. It gets nothing of the user's: PGPORT, LD_PRELOAD, LANG and TZ would each change its behaviour. */
function cleanEnvironment(): Record<string, string> {
  const clean: Record<string, string> = { LC_ALL: "C", TZ: "UTC" };
  if (process.platform !== "win32") return clean;
  for (const name of ["SystemRoot", "SystemDrive", "TEMP", "TMP"]) {
    const value = process.env[name];
    if (value !== undefined) clean[name] = value;
  }
  return clean;
}

function cannotRun(name: string, error: unknown): EmporiumError {
  const message = error instanceof Error ? error.message : String(error);
  return new EmporiumError("DATABASE_EMBEDDED", `PostgreSQL's ${name} cannot be run: ${message}`, {
    hint: "give a server with --database postgres://…, or the folder of other PostgreSQL programs in $EMPORIUM_POSTGRES_BIN",
    cause: error,
  });
}
