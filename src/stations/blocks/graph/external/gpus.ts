import { createServer } from "node:net";
import type { Clock } from "../../../../core/clock.js";
import { EmporiumError } from "../../../../core/errors.js";
import { counted } from "../../../../core/units.js";
import { engineCommand } from "../../../../engine/executors/engine-command.js";
import { nvidiaSmi } from "../../nvidia-smi.js";

const QUERY = ["--query-gpu=index", "--format=csv,noheader"];
const WAIT_MS = 500;

/** Names of the GPUs that this process may use: those of `CUDA_VISIBLE_DEVICES` where it is set, else all that nvidia-smi knows. */
export async function visibleGpus(env: NodeJS.ProcessEnv = process.env): Promise<readonly string[]> {
  const { CUDA_VISIBLE_DEVICES: given } = env;
  const names = given?.split(",") ?? (await nvidiaSmi(engineCommand(env), QUERY)) ?? [];
  return names.map((word) => word.trim()).filter((word) => word !== "" && word !== "-1");
}

/** GPUs that no other process of emporium on this machine uses. */
export interface ClaimedGpus {
  readonly names: readonly string[];
  release(): void;
}

/**
 * Claims GPUs for this process. A claim is a socket that the kernel closes with the process, however that ends.
 *
 * @param waitMs so long others may still hold them
 * @throws {EmporiumError} PROGRAM_FAILED where there are too few, or others keep them
 */
export async function claimGpus(
  count: number,
  clock: Clock,
  { waitMs, env }: { waitMs: number; env?: NodeJS.ProcessEnv },
): Promise<ClaimedGpus> {
  const there = await visibleGpus(env);
  if (there.length < count) {
    throw new EmporiumError("PROGRAM_FAILED", `${counted(count, "GPU")} needed, ${there.length} found`, {
      hint: "run where there are some, set CUDA_VISIBLE_DEVICES, or write gpu: 0 to compute without",
    });
  }
  const held = new Map<string, () => void>();
  const release = () => {
    for (const give of held.values()) give();
    held.clear();
  };
  for (const end = clock.monotonic() + waitMs; ; await clock.sleep(WAIT_MS)) {
    for (const name of there) {
      if (held.size === count) break;
      const give = await claim(name);
      if (give) held.set(name, give);
    }
    if (held.size === count) return { names: [...held.keys()], release };
    release(); // two that hold a part each would wait for each other
    if (clock.monotonic() >= end)
      throw new EmporiumError(
        "PROGRAM_FAILED",
        `other processes use ${there.join(", ")}: fewer than ${counted(count, "GPU is", "GPUs are")} free`,
      );
  }
}

/** @returns what gives it back; undefined while another process has it */
function claim(name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once("error", () => resolve(undefined));
    // a name without a file
    server.listen({ path: `\0emporium-gpu-${name}` }, () => resolve(() => server.close()));
  });
}
