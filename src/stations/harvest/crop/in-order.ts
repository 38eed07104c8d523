/** What `work` makes of each item, in the order of the items; at most `limit` are under way at a time. The first failure ends it. */
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
