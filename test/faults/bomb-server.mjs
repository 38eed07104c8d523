/** A server of this program in a process of its own, what it takes, and how soon it answers: for bombs.test.ts and bench/bombs.mjs. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Resident MiB of a process: now, and on Linux the most there was. Undefined when it is gone. */
export function residentMiB(pid, most = true) {
  try {
    const path = `/proc/${pid}/status`;
    if (!existsSync("/proc/self/status")) return Math.round(Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)])) / 1024);
    const field = most ? "VmHWM" : "VmRSS";
    return Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(path, "utf8"))[1]) / 1024);
  } catch {
    return undefined;
  }
}

/** Serves a location on a free port. */
export async function serving(location, { memoryMiB, workspace, args = [] }) {
  const all = [
    "serve",
    location,
    "--port",
    "0",
    "--no-import",
    "--json",
    "--memory",
    `${memoryMiB}MiB`,
    "--workspace",
    workspace,
    ...args,
  ];
  const child = spawn(process.execPath, [MAIN, ...all], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const url = await new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (piece) => {
        said += piece;
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
        if (found) resolve(found[0]);
      });
    }
    child.on("exit", () => reject(new Error(said)));
  });
  const { places } = await (await fetch(`${url}/api/v1/server`)).json();
  const ended = new Promise((resolve) => child.on("exit", resolve));
  return {
    url,
    pid: child.pid,
    /** The address of a volume of the location. */
    volume: (key) => `${url}/api/v1/volumes/${Buffer.from(`${places[0].id}:${key}`).toString("base64url")}`,
    said: () => said,
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Asks /healthz again and again. The function that it gives ends that, and tells the longest answer in ms, and how many there were. */
export function pulse(url) {
  let [worst, count, on] = [0, 0, true];
  const loop = (async () => {
    while (on) {
      const began = performance.now();
      await fetch(`${url}/healthz`).then((reply) => reply.text());
      worst = Math.max(worst, performance.now() - began);
      count++;
      await sleep(10);
    }
  })();
  return async () => {
    on = false;
    await loop;
    return { worstMs: Math.round(worst), count };
  };
}

/** An answer in short: its status, the code of an error or how many bytes came, and how long it took. Status 0: it did not come in time. */
export async function asked(address, limitMs) {
  const began = performance.now();
  const ms = () => Math.round(performance.now() - began);
  try {
    const reply = await fetch(address, { signal: AbortSignal.timeout(limitMs) });
    const body = Buffer.from(await reply.arrayBuffer());
    if (reply.ok) return { status: reply.status, says: `${body.length} B`, body, ms: ms() };
    return { status: reply.status, says: JSON.parse(body.toString()).code ?? body.toString().slice(0, 60), ms: ms() };
  } catch (error) {
    return { status: 0, says: error.name, ms: ms() };
  }
}

/** Runs a command, or another script. @returns its status (or the signal that ended it), what it said, its peak in MiB, and seconds */
export async function command(args, limitMs, script = MAIN) {
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let [said, peakMiB] = ["", 0];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (piece) => {
      said += piece;
    });
  }
  const began = performance.now();
  const watch = setInterval(() => {
    peakMiB = Math.max(peakMiB, residentMiB(child.pid) ?? 0);
  }, 20);
  const kill = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const status = await new Promise((resolve) => child.on("close", (code, signal) => resolve(code ?? signal)));
  clearInterval(watch);
  clearTimeout(kill);
  return { status, said, peakMiB, seconds: (performance.now() - began) / 1000 };
}

/** Seconds of processors that a process has used. Linux alone. */
export function usedSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
