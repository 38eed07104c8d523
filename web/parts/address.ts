/** Writes what a page shows into the address. Pages that change at every move of the mouse do so a moment later. */
type Writer = () => void | Promise<void>;

const writers = new Set<Writer>();

/** Has a page's address written before it is taken. @returns a function that ends that */
export function writesAddress(writer: Writer): () => void {
  writers.add(writer);
  return () => void writers.delete(writer);
}

/** The address of what is shown now: to be copied, or kept with a picture. */
export async function addressNow(): Promise<string> {
  await Promise.all([...writers].map((write) => write()));
  return window.location.href;
}

/** The address of a volume in Neuroglancer, by the address of its planes. Undefined for what Neuroglancer does not open. */
export function neuroglancerOf(pathname: string): string | undefined {
  const [, rest] = /\/view\/((?:tomogram|at)\/.*)$/s.exec(pathname) ?? [];
  return rest && `/neuroglancer/${rest}`;
}
