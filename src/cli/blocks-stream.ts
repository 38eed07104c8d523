import { createWriteStream } from "node:fs";
import { z } from "zod";
import type { Resampling } from "../arrays/blocks/register.js";
import { asEmporiumError, EmporiumError, ERRORS } from "../core/errors.js";
import { counted, formatBytes } from "../core/units.js";
import { type BatchSource, type Share, sizeOf } from "../stations/blocks/stream/batch.js";
import type { Address } from "../stations/blocks/stream/listen.js";
import type { NamedLocation, StreamRequest } from "../stations/blocks/stream/request.js";
import type { SessionOptions } from "../stations/blocks/stream/session.js";
import { gridOptions } from "./blocks-options.js";
import { command, type Io } from "./command.js";
import { amountOfBytes, defaultMemoryBytes, wholeNumber } from "./option-types.js";
import { toldToStop } from "./signals.js";
import { version } from "./version.js";

/** Share of the memory limit for batches that a client can see. */
const SLOTS_SHARE = 1 / 4;
const MEMORY_MIN = 1024 * 1024;

const options = z.object({
  locations: z
    .array(z.string())
    .meta({ description: "volumes, each with an optional name for its array", value: "[NAME=]LOCATION" }),
  ...gridOptions,
  resample: z
    .array(z.string().regex(/^[A-Za-z_]\w*=(?:nearest|linear)$/, "an array and how to read it, such as labels=nearest"))
    .default([])
    .meta({
      description: "read an array with other voxels than the first on its grid: nearest for labels, linear for images",
      value: "NAME=nearest|linear",
    }),
  mask: z
    .string()
    .min(1, "a location")
    .optional()
    .meta({ description: "only blocks where this volume is not 0", value: "LOCATION" }),
  atLeast: z
    .string()
    .regex(/^(?:0|1|0?\.\d+|1\.0+)$/, "a share from 0 to 1")
    .transform(Number)
    .optional()
    .meta({ description: "of --mask: least share of the block that it covers (default: any voxel)", value: "SHARE" }),
  balance: z
    .string()
    .regex(/^\d+(?:\.\d+)?:\d+(?:\.\d+)?$/, "two shares such as 1:3")
    .optional()
    .meta({
      description:
        "of --mask and --order shuffle: draw blocks below --at-least and the others in these shares; of the more frequent kind some are left out, the others come several times",
      value: "BELOW:OTHERS",
    }),
  compressed: z.boolean().default(false).meta({ description: "chunks as they are stored, for clients that decode them" }),
  batch: wholeNumber(1, 65_536).default(1).meta({ description: "blocks of a batch", value: "N" }),
  epoch: wholeNumber(0).optional().meta({ description: "of --order shuffle: another epoch, another order", value: "N" }),
  rank: wholeNumber(0).default(0).meta({ description: "part of the epoch, unless the client names one", value: "N" }),
  world: wholeNumber(1).default(1).meta({ description: "parts of the epoch", value: "N" }),
  stdio: z.boolean().default(false).meta({ description: "serve the program that started this one, over stdin and stdout" }),
  socket: z
    .string()
    .min(1, "a path")
    .optional()
    .meta({ description: "serve clients of this machine at a socket", value: "PATH" }),
  listen: z
    .string()
    .regex(/^(?:\[[0-9a-f:.]+\]|[^:[\]]+):\d{1,5}$/i, "a host and a port such as 127.0.0.1:7070")
    .optional()
    .meta({ description: "serve clients at a port, with a token", value: "HOST:PORT" }),
  tokenFile: z
    .string()
    .min(1, "a file")
    .optional()
    .meta({ description: "file of the token that clients must know; created where it does not exist", value: "FILE" }),
  shm: z.boolean().default(true).meta({ description: "shared memory for clients of this machine" }),
  slots: wholeNumber(2, 256).default(4).meta({ description: "batches in shared memory, per client", value: "N" }),
  memory: amountOfBytes(MEMORY_MIN)
    .optional()
    .meta({ description: "limit for caches and batches (default: 512 MiB)", value: "BYTES" }),
  jobs: wholeNumber(1, 256).optional().meta({ description: "threads that decode (default: one per core)", value: "N" }),
  anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
});

type Options = z.output<typeof options>;

export default command({
  name: "blocks stream",
  summary: "Serve blocks of volumes in batches to Python: NumPy arrays and PyTorch tensors over shared memory",
  details: [
    "emporium.blocks, a module of the Python package em-porium, starts this command and reads its batches. Each client has its own part of the epoch, by rank and world, and its own shared memory.",
    "Without --stdio, --socket or --listen the command says what it would serve, and ends.",
    "NAME=LOCATION names the array of a volume; the default is image, image2 and so on. All are read on the grid of the first one, at the same places of the world.",
  ],
  positionals: ["locations"],
  options,
  examples: [
    {
      run: "emporium blocks stream demo-out/portal/10401/TS_0001/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_0001.zarr --block 32 --batch 8",
      says: "what a training run would get",
    },
    {
      run: "emporium blocks stream image=demo-out/portal/10401/TS_0001/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_0001.zarr --order shuffle --json",
      says: "the same for programs, in a random order",
    },
  ],
  async run(given, io) {
    const { locations, block, batch, halo, step, level, edge, order, seed, jobs, anonymous } = given;
    const { signal } = io;
    if ([given.stdio, given.socket, given.listen].filter(Boolean).length > 1)
      throw new EmporiumError("USAGE", "blocks stream needs one of --stdio, --socket and --listen");
    if (order !== "shuffle" && (seed ?? given.epoch) !== undefined)
      throw new EmporiumError("USAGE", "--seed and --epoch need --order shuffle: other orders are always the same");
    if (given.tokenFile !== undefined && !given.socket && !given.listen)
      throw new EmporiumError("USAGE", "--token-file needs --socket or --listen");
    if (given.rank >= given.world)
      throw new EmporiumError("USAGE", `--rank ${given.rank} is outside of --world ${given.world}: ranks begin at 0`);
    const memoryBytes = given.memory ?? defaultMemoryBytes();
    const grid = { shape: block, halo, step, level, edge, order, seed };
    const volumes = locations.map(named);
    const more = { compressed: given.compressed, resample: methodsOf(given.resample), mask: await maskOf(given, io.workspace) };
    const request = { ...grid, ...more, volumes, batch, memoryBytes, threads: jobs, store: { anonymous }, signal };
    if (given.stdio) return serveParent(request, given, io);
    return withSource(request, (source) => serve(source, given, memoryBytes, io));
  },
});

async function withSource<T>(request: StreamRequest, work: (source: BatchSource) => Promise<T>): Promise<T> {
  const { openBatchSource } = await import("../stations/blocks/stream/open-source.js");
  const source = await openBatchSource(request);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

/** `labels=run.zarr`; without a name `image`, `image2`, … */
function named(text: string, at: number): NamedLocation {
  const [, name, location] = /^([A-Za-z_]\w{0,63})=(.+)$/s.exec(text) ?? [];
  return name && location ? { name, location } : { name: `image${at === 0 ? "" : at + 1}`, location: text };
}

function methodsOf(words: readonly string[]): Record<string, Resampling> {
  return Object.fromEntries(words.map((word) => word.split("=") as [string, Resampling]));
}

/** Coverages are counted once, and kept in the workspace. */
async function maskOf({ mask, atLeast, balance }: Options, workspace: string): Promise<StreamRequest["mask"]> {
  if (mask === undefined) {
    if (atLeast === undefined && balance === undefined) return undefined;
    throw new EmporiumError("USAGE", "--at-least and --balance need --mask");
  }
  const { fileStore } = await import("../stores/file/store.js");
  const [below = 0, others = 0] = balance?.split(":").map(Number) ?? [];
  return {
    location: mask,
    atLeast,
    cache: fileStore(workspace),
    balance: balance === undefined ? undefined : { 0: below, 1: others },
  };
}

async function serve(source: BatchSource, given: Options, memoryBytes: number, io: Io): Promise<number> {
  const { socket, listen, tokenFile } = given;
  if (!socket && !listen) return describe(source, shareGiven(given), io);
  if (listen && !tokenFile)
    throw new EmporiumError("USAGE", "--listen needs --token-file: without a token everybody who reaches the port could read");
  const token = tokenFile === undefined ? undefined : (await import("../stations/blocks/stream/token.js")).readToken(tokenFile);
  return serveAddress(
    socket === undefined ? portOf(listen!) : { socket },
    { ...sessionOf(source, given, memoryBytes, io), token },
    io,
  );
}

function sessionOf(source: BatchSource, given: Options, memoryBytes: number, io: Io): SessionOptions {
  return {
    source,
    share: shareGiven(given),
    shared: given.shm,
    slots: given.slots,
    memoryBytes: Math.floor(memoryBytes * SLOTS_SHARE),
    version: version(),
    clock: io.clock,
    signal: io.signal,
  };
}

function shareGiven({ rank, world, epoch = 0 }: Options): Share {
  return { rank, world, epoch, skip: 0 };
}

/** Serves one session over stdin and stdout. Errors go to the client, which reads stdout; on stderr they would be told twice. */
async function serveParent(request: StreamRequest, given: Options, io: Io): Promise<number> {
  const { refuseStdio, serveStdio } = await import("../stations/blocks/stream/serve-stdio.js");
  // process.stdout would write to a pipe without letting anything else run
  const outgoing = createWriteStream("", { fd: 1 });
  let isServing = false;
  try {
    return await withSource(request, async (source) => {
      isServing = true;
      const { batches, bytes } = await serveStdio(process.stdin, outgoing, sessionOf(source, given, request.memoryBytes, io));
      io.log.debug("the stream was ended", { batches, bytes });
      return 0;
    });
  } catch (thrown) {
    const error = asEmporiumError(thrown);
    if (!isServing) await refuseStdio(outgoing, error);
    io.log.debug(error.message, { code: error.code });
    return ERRORS[error.code].exit;
  }
}

async function serveAddress(at: Address, session: SessionOptions, io: Io): Promise<number> {
  const { listenForClients } = await import("../stations/blocks/stream/listen.js");
  const server = await listenForClients(at, session, io.log);
  try {
    for (const note of session.source.facts.notes ?? []) io.log.warn(note);
    if (io.json) io.outJson({ address: server.address, errors: [] });
    else io.out(`Serving blocks at ${server.address} (Ctrl-C stops)`);
    await toldToStop(io.signal);
    return 0;
  } finally {
    await server.close();
  }
}

function portOf(text: string): Address {
  const at = text.lastIndexOf(":");
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(text.slice(at + 1)) };
}

async function describe({ facts, counts }: BatchSource, share: Share, io: Io): Promise<number> {
  const { grid, arrays, batch, batchBytes, notes = [] } = facts;
  const { epoch, rank } = await counts(share, io.signal);
  const own = sizeOf(rank, share, batch);
  if (io.json) {
    io.outJson({ grid: { ...grid }, arrays, blocks: epoch, share: own, batch, batchBytes, notes, errors: [] });
    return 0;
  }
  for (const [name, { dtype, shape }] of Object.entries(arrays)) io.out(`${name}: ${dtype}, blocks of ${shape.join("×")} voxels`);
  const size = grid.voxelSizeNm.map((nm) => nm ?? "?").join(" × ");
  io.out(`level ${grid.level} of ${Object.keys(arrays)[0]}: ${grid.shape.join("×")} voxels of ${size} nm`);
  const part =
    share.world > 1
      ? `rank ${share.rank} of ${share.world}: ${own.blocks} of ${counted(epoch, "block")}`
      : counted(epoch, "block");
  io.out(`${part} in ${counted(own.batches, "batch", "batches")} of ${batch}, ${formatBytes(batchBytes)} each`);
  for (const note of notes) io.out(`note: ${note}`);
  return 0;
}
