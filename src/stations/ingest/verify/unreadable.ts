import { isEmporiumError } from "../../../core/errors.js";
import type { CheckContext } from "./context.js";

/**
 * Reads an object. A file of this machine that cannot be read is a finding, and the rest is verified: where a network or a service
 * fails, nothing else can be read either.
 */
export async function orUnreadable<T>(
  key: string,
  { store, findings }: Pick<CheckContext, "store" | "findings">,
  read: () => Promise<T>,
): Promise<T | "unreadable"> {
  try {
    return await read();
  } catch (error) {
    if (!store.local || !isEmporiumError(error) || !["STORE_DENIED", "STORE_FAILED"].includes(error.code)) throw error;
    findings.add("unreadable", key, error.message);
    return "unreadable";
  }
}
