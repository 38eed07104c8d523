import { EmporiumError } from "../../../core/errors.js";

/** The states of a batch, from the draft to the portal. */
export const BATCH_STATES = ["draft", "packed", "submitted", "accepted", "published", "rejected"] as const;
export type BatchState = (typeof BATCH_STATES)[number];

/** The possible next states of each state. A rejected batch starts again. */
export const MOVES: Readonly<Record<BatchState, readonly BatchState[]>> = {
  draft: ["packed"],
  packed: ["submitted", "draft"],
  submitted: ["accepted", "rejected"],
  accepted: ["published"],
  published: [],
  rejected: ["draft"],
};

/** In these states a batch may be collected again. */
export const isOpen = (state: BatchState): boolean => state === "draft" || state === "packed";

/** @throws {EmporiumError} USAGE */
export function parseState(text: string): BatchState {
  const state = BATCH_STATES.find((known) => known === text.toLowerCase());
  if (state) return state;
  throw new EmporiumError("USAGE", `"${text}" is not a state of a batch; expected one of ${BATCH_STATES.join(", ")}`);
}

/** @throws {EmporiumError} USAGE for a move that skips a state or goes back */
export function checkMove(batch: string, from: BatchState, to: BatchState): void {
  if (MOVES[from].includes(to)) return;
  const allowed = MOVES[from].join(" or ") || "nowhere";
  throw new EmporiumError("USAGE", `batch ${batch} is ${from}: from there it goes to ${allowed}, not to ${to}`, {
    hint: "emporium curate batches list --history shows the changes",
  });
}
