/**
 * Calls `work` for each item, at most `limit` at a time, in their order. The first failure stops new calls, waits for the running
 * ones, and is thrown.
 */
export async function forEachLimited<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  try {
    for await (const item of items) {
      const job = work(item)
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => running.delete(job));
      running.add(job);
      if (running.size >= limit) await Promise.race(running);
      if (failure) break;
    }
  } finally {
    await Promise.all(running);
  }
  if (failure) throw failure.error;
}

/** The results of `work`, in the order of the items. As {@link forEachLimited}. */
export async function mapLimit<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  await forEachLimited(items.entries(), limit, async ([index, item]) => {
    results[index] = await work(item, index);
  });
  return results;
}

/**
 * Yields the results of `work` in the order of the items, each as soon as it is ready; at most `limit` calls run at a time. A
 * failure is thrown at its item's place in the order, after all running calls have ended.
 */
export async function* inOrder<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const job = work(item);
      job.catch(() => {}); // it is awaited below, perhaps not before another one has failed
      running.push(job);
      if (running.length >= limit) yield await running.shift()!;
    }
    while (running.length > 0) yield await running.shift()!;
  } finally {
    await Promise.allSettled(running);
  }
}

/**
 * Lets jobs run at once whose shares together are at most `limit`, first come, first served: a share of 1 each counts jobs. A larger share than the
 * limit is all of it. The returned function resolves when the caller may start, to a function that the caller calls when it has ended.
 */
export function turns(limit: number): (share?: number) => Promise<() => void> {
  const waiting: { share: number; start: () => void }[] = [];
  let places = limit;
  return async (wanted = 1) => {
    const share = Math.min(wanted, limit);
    if (waiting.length > 0 || places < share) await new Promise<void>((start) => waiting.push({ share, start }));
    else places -= share;
    return () => {
      places += share;
      while (waiting.length > 0 && waiting[0]!.share <= places) {
        const next = waiting.shift()!;
        places -= next.share;
        next.start();
      }
    };
  };
}
