/** Directories stand with and without `/`, with and without `data`, sometimes with the accession before them. */
export function dataFolder(directory: string, id: string): string {
  const segments = directory.split("/").filter((segment) => segment !== "" && segment !== "." && segment !== "..");
  if (segments[0] === id || segments[0]?.toUpperCase() === `EMPIAR-${id}`) segments.shift();
  if (segments[0] === "data") segments.shift();
  return ["data", ...segments].join("/");
}
