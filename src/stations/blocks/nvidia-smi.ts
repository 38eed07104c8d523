import { isEmporiumError } from "../../core/errors.js";
import type { RunCommand } from "../../engine/executors/engine-command.js";

/** The lines with which nvidia-smi answers a query; undefined where the program is not there or finds no GPU. */
export async function nvidiaSmi(run: RunCommand, query: readonly string[]): Promise<readonly string[] | undefined> {
  try {
    const { status, stdout } = await run("nvidia-smi", query);
    return status === 0 ? stdout.trim().split("\n") : undefined;
  } catch (error) {
    if (isEmporiumError(error) && error.code === "ENGINE_ABSENT") return undefined;
    throw error;
  }
}
