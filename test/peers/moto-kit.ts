import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { freePorts } from "./slurm-kit.js";

/** A server of Amazon's interfaces that other people wrote: moto (https://github.com/getmoto/moto). */
export const motoProgram = [
  process.env.EMPORIUM_MOTO_SERVER,
  fileURLToPath(new URL("../../.cache/venv-peers/bin/moto_server", import.meta.url)),
].find((path) => path !== undefined && existsSync(path));

export interface Moto {
  readonly url: string;
  close(): Promise<void>;
}

export async function startMoto(): Promise<Moto> {
  const [port] = await freePorts(1);
  const child: ChildProcess = spawn(motoProgram!, ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 60_000;
  while (!(await fetch(`${url}/moto-api/data.json`).catch(() => undefined))) {
    if (Date.now() > deadline || child.exitCode !== null) throw new Error("moto_server does not start");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return {
    url,
    close: async () => {
      child.kill();
      await ended;
    },
  };
}
