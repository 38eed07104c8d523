/** What ends the first part of a title: `Miniature laboratory, a cell`, `Yeast: lamellae`, `Batch 7 – raw`. */
const FIRST_PART = /^.{3,60}?(?:[,:]| [–—-]) /;

/** First part that more than half of the titles have, with what divides it from the rest. Empty where there is none, and for one title alone. */
export function sharedStart(titles: readonly string[]): string {
  const times = new Map<string, number>();
  for (const title of titles) {
    const [start] = FIRST_PART.exec(title) ?? [];
    if (start !== undefined && start.length < title.length) times.set(start, (times.get(start) ?? 0) + 1);
  }
  const [start, most] = [...times].sort(([, one], [, other]) => other - one)[0] ?? ["", 0];
  return most >= 2 && most > titles.length / 2 ? start : "";
}

/** Title of a card. What most titles in sight begin with stands above, for the eye to pass over. */
export function CardTitle({ name, start }: { name: string; start: string }) {
  const isShared = start !== "" && name.startsWith(start);
  return (
    <>
      {start !== "" && <small>{isShared ? start.replace(/[,:–—-]?\s*$/, "") : "\u00a0"}</small>}{" "}
      {isShared ? name.slice(start.length) : name}
    </>
  );
}
