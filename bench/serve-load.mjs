/**
 * `npm run bench:serve -- [--seconds 8] [--slow 500] [--idle 1200] [--overload 1280]`: the file server of `emporium serve` under load, on loopback alone. Blocks of 64³
 * int16 by eight readers: alone, beside readers that take 64 KiB in 20 s, beside connections that do nothing, and in an overload; its resident memory each time and
 * afterwards. Then planes of 512² int16 of an MRC by eight readers, alone and beside an ingest, and blocks beside it. Clients come from several addresses of 127.0.0.0/8, as no address may have more than half of the connections. Bounded in time: about twelve times `--seconds`.
 *
 * Sketch: a block is an open, two fstat, a read of 512 KiB and a write to a socket: some 0.4 ms of one core, the client as much on the other: 1,000 a second.
 * A plane is a turn of a thread, which opens the file and reads 512 KiB, and a write to a socket: 1.5 ms of a core, the client 0.7: 700 a second.
 * Slow readers cost their pieces: 48 MiB for all, and what the system's sockets hold, which is not the process's.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { cache, figure, needBuild, root, round, say, table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "8" },
    slow: { type: "string", default: "500" },
    idle: { type: "string", default: "1200" },
    overload: { type: "string", default: "1280" },
  },
});
const SECONDS = Number(options.seconds);
const [BLOCKS, BLOCK_BYTES, BIG_BYTES, READERS] = [32, 64 ** 3 * 2, 64 * 2 ** 20, 8];
const SHAPE = [64, 512, 512];
const [SLOW_BYTES, SLOW_MS] = [64 * 1024, 20_000];
/** Eight addresses, so that each has an eighth of the connections. */
const addressOf = (at) => `127.0.0.${2 + (at % 8)}`;

needBuild();
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, "serve-"));
for (let at = 0; at < BLOCKS; at++) writeFileSync(join(folder, `block${at}`), Buffer.alloc(BLOCK_BYTES, at));
writeVolume(join(folder, "volume.mrc"));
writeFileSync(join(folder, "big"), Buffer.alloc(BIG_BYTES, 1));
writeFileSync(join(folder, "small"), Buffer.alloc(1024, 1));
const server = spawn(process.execPath, [join(root, "bench", "serve-load-server.mjs"), folder], {
  stdio: ["pipe", "pipe", "inherit"],
});
const rows = [["", "req/s", "p50 ms", "p99 ms", "503", "failed", "resident MiB"]];
try {
  const [files] = await once(createInterface({ input: server.stdout }), "line");
  const { port } = new URL(files);
  rows.push(["idle", "", "", "", "", "", resident()]);
  await read(files, READERS, 1); // warm
  const alone = await phase("blocks, alone", files);
  await withHeld(port, Number(options.slow), slowReader, async () => {
    const beside = await phase(`beside ${options.slow} slow readers`, files);
    figure("serve.slow.p99_ratio", round(beside.p99 / alone.p99, 2), { slow: Number(options.slow), rss_mib: resident() });
  });
  await withHeld(port, Number(options.idle), idler, () => phase(`beside ${options.idle} idle connections`, files));
  await planes(files);
  await overload(files);
  await phase("after the overload", files);
  const before = resident();
  const many = await read(files.concat("/small?"), 32, SECONDS * 2, () => `${files}/small`);
  figure("serve.slope_mib_per_100000", round(((resident() - before) / many.count) * 100_000, 2), { requests: many.count });
  rows.push([`small files, ${many.count} of them`, ...cells(many)]);
  await sleep(6_000);
  rows.push(["idle again", "", "", "", "", "", resident()]);
  figure("serve.rss_mib", resident(), { idle_before: rows[1].at(-1), peak: peak() });
  table(rows);
  say(`peak resident: ${peak()} MiB`);
} finally {
  server.stdin.end();
  await once(server, "exit");
  rmSync(folder, { recursive: true, force: true });
}

/** @param what the address of the files, or one for each request */
async function phase(name, what, id = name.replaceAll(/[^a-z]+/g, "_")) {
  const found = await (typeof what === "string" ? read(what, READERS, SECONDS) : read("", READERS, SECONDS, what));
  rows.push([name, ...cells(found)]);
  figure(`serve.${id}`, round(found.count / found.seconds, 0), {
    p50_ms: round(found.p50, 1),
    p99_ms: round(found.p99, 1),
    failed: found.failed,
  });
  return found;
}

/** Sections and xz planes of one volume, then both beside `ingest convert`, which is begun again until they are over. */
async function planes(files) {
  const base = files.replace(/\/files$/, "");
  const ref = Buffer.from("tree:volume.mrc").toString("base64url");
  const { etag } = await (await fetch(`${base}/api/v1/volumes/${ref}`)).json();
  const along = (axis, sections) => (at) =>
    `${base}/api/v1/volumes/${ref}/plane?axis=${axis}&at=${(at * 7) % sections}&v=${etag}`;
  const section = along("z", SHAPE[0]);
  await phase("planes 512²", section, "planes");
  await phase("planes xz", along("y", SHAPE[1]), "planes_xz");
  let [over, converted] = [false, 0];
  const began = performance.now();
  const ingest = (async () => {
    while (!over) {
      const words = ["ingest", "convert", join(folder, "volume.mrc"), join(folder, `converted${converted}.zarr`), "--quiet"];
      const child = spawn(process.execPath, [join(root, "dist", "cli", "main.js"), ...words], {
        cwd: folder,
        stdio: ["ignore", "ignore", "inherit"],
      });
      const [status] = await once(child, "exit");
      if (status !== 0) throw new Error(`ingest convert exits with ${status}`);
      converted++;
    }
  })();
  try {
    await phase("planes 512², beside an ingest", section, "planes_beside_ingest");
    await phase("blocks, beside an ingest", files);
  } finally {
    over = true;
    await ingest;
  }
  figure("serve.ingest_beside_s", round((performance.now() - began) / 1000 / converted, 2), {
    unit: "s a volume of 32 MiB",
    converted,
  });
}

/** MRC2014, mode 1, little-endian. */
function writeVolume(path) {
  const [nz, ny, nx] = SHAPE;
  const bytes = Buffer.alloc(1024 + 2 * nz * ny * nx);
  for (const [at, value] of [nx, ny, nz, 1, 0, 0, 0, nx, ny, nz].entries()) bytes.writeInt32LE(value, at * 4);
  for (const [at, value] of [nx * 10, ny * 10, nz * 10, 90, 90, 90].entries()) bytes.writeFloatLE(value, 40 + at * 4);
  for (const [at, value] of [1, 2, 3].entries()) bytes.writeInt32LE(value, 64 + at * 4);
  bytes.write("MAP DD", 208, "latin1");
  for (let at = 0; at < nz * ny * nx; at++) bytes.writeInt16LE(at % 1000, 1024 + 2 * at);
  writeFileSync(path, bytes);
}

function cells({ count, seconds, p50, p99, busy, failed }) {
  return [round(count / seconds, 0), round(p50, 1), round(p99, 1), busy, failed, resident()];
}

/** Readers, each of which asks for the next block when it has the one before. */
async function read(files, readers, seconds, address = (at) => `${files}/block${at % BLOCKS}`) {
  const agent = new Agent({ keepAlive: true, maxSockets: readers, localAddress: "127.0.0.1" });
  const [times, began] = [[], performance.now()];
  let [busy, failed] = [0, 0];
  const reader = async (from) => {
    for (let at = from; performance.now() < began + seconds * 1000; at += readers) {
      const start = performance.now();
      const status = await fetched(address(at), { agent }).catch(() => 0);
      if (status === 200) times.push(performance.now() - start);
      else if (status === 503) busy++;
      else failed++;
    }
  };
  await Promise.all(Array.from({ length: readers }, (_, at) => reader(at)));
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (part) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Number.NaN;
  return { count: times.length, seconds: (performance.now() - began) / 1000, p50: at(0.5), p99: at(0.99), busy, failed };
}

function fetched(url, more) {
  return new Promise((resolve, reject) => {
    const request = get(url, more, (response) => {
      response.on("end", () => resolve(response.statusCode)).on("error", reject);
      response.resume();
    });
    request.on("error", reject);
  });
}

/** Many times as many requests at once as are worked on: how soon those that are sent away know it, and whether all get an answer. */
async function overload(files) {
  const count = Number(options.overload);
  const [times, statuses] = [[], new Map()];
  const ask = async (at) => {
    const start = performance.now();
    const status = await fetched(`${files}/block${at % BLOCKS}`, { agent: false, localAddress: addressOf(at) }).catch(
      () => "reset",
    );
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 503) times.push(performance.now() - start);
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: count }, (_, at) => ask(at)));
  times.sort((a, b) => a - b);
  const told = times.length > 0 ? round(times[Math.floor(times.length / 2)], 0) : 0;
  const answers = Object.fromEntries(statuses);
  rows.push([
    `${count} at once`,
    round(count / ((performance.now() - began) / 1000), 0),
    told,
    "",
    answers[503] ?? 0,
    answers.reset ?? 0,
    resident(),
  ]);
  figure("serve.overload", told, { unit: "ms to a 503", answers });
}

/**
 * Does something while many connections are held. At first a slow reader is a fast one: some 2 MiB go into the buffers of its sockets, on both sides of
 * loopback. That is waited for.
 */
async function withHeld(port, count, hold, work) {
  const held = Array.from({ length: count }, (_, at) => hold(port, at));
  for (let before = -1, now = busyFor(); now - before > 0.05; before = now, now = busyFor()) await sleep(1_500);
  try {
    return await work();
  } finally {
    for (const { socket, timer } of held) {
      clearInterval(timer);
      socket.destroy();
    }
    await sleep(500);
  }
}

function slowReader(port, at) {
  const { socket } = idler(port, at);
  socket.pause();
  socket.write(`GET /files/big HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  const timer = setInterval(() => socket.read(SLOW_BYTES), SLOW_MS);
  return { socket, timer };
}

function idler(port, at) {
  const socket = connect({ port: Number(port), host: "127.0.0.1", localAddress: addressOf(at) }).on("error", () => {});
  return { socket, timer: undefined };
}

/** Seconds of processors that the server has taken. */
function busyFor() {
  const fields = readFileSync(`/proc/${server.pid}/stat`, "utf8").split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function resident() {
  return memory("VmRSS");
}

function peak() {
  return memory("VmHWM");
}

/** MiB of the server, by the kernel. */
function memory(name) {
  return Math.round(
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]) / 1024,
  );
}
