/** A generator, or anything that gives one item after the other. */
export interface Items<T> {
  next(): Promise<IteratorResult<T, unknown>> | IteratorResult<T, unknown>;
  return?(value?: undefined): unknown;
}

/** Processes the items with several workers; each takes the next item when it is free. The first error ends all. */
export async function inLanes<T>(
  items: Items<T>,
  lanes: number,
  work: (item: T) => Promise<void>,
  isOver: () => boolean,
): Promise<void> {
  let failure: { error: unknown } | undefined;
  const lane = async () => {
    try {
      while (!failure && !isOver()) {
        const next = await items.next();
        if (next.done) return;
        await work(next.value);
      }
    } catch (error) {
      failure ??= { error };
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await items.return?.(undefined);
  if (failure) throw failure.error;
}
