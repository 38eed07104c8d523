/** Work on items side by side, at most `limit` at a time; results come in the order of the items. A failure is thrown in its turn. */
export async function* inOrder<T, R>(items: Iterable<T>, limit: number, work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  try {
    for (const item of items) {
      const job = work(item);
      job.catch(() => {}); // it is looked at when its turn comes
      running.push(job);
      if (running.length >= limit) yield await running.shift()!;
    }
    while (running.length > 0) yield await running.shift()!;
  } finally {
    await Promise.allSettled(running);
  }
}
