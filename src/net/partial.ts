/** The result of a read that broke: its first bytes, and the ETag that the rest must have. */
export interface Partial {
  readonly bytes: Uint8Array;
  readonly etag: string | undefined;
}

const partials = new WeakMap<Error, Partial>();

/** Keeps the bytes received before an error with the error, so that a retry requests only the rest. */
export function withPartial<E extends Error>(error: E, partial: Partial): E {
  if (partial.bytes.length > 0) partials.set(error, partial);
  return error;
}

export function partialOf(error: unknown): Partial | undefined {
  return error instanceof Error ? partials.get(error) : undefined;
}
