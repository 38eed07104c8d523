import { decode } from "fast-png";

/** What of a Jupyter notebook (nbformat 4) is compared. */
export interface Notebook {
  readonly cells: readonly NotebookCell[];
}

interface NotebookCell {
  readonly cell_type: string;
  readonly source: string | readonly string[];
  readonly execution_count?: number | null;
  readonly outputs?: readonly CellOutput[];
}

interface CellOutput {
  readonly output_type: string;
  readonly name?: string;
  readonly text?: string | readonly string[];
  readonly data?: Readonly<Record<string, string | readonly string[]>>;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Distinct values among its samples. */
  readonly shades: number;
}

const joined = (text: string | readonly string[]): string => (typeof text === "string" ? text : text.join(""));

export const codeCells = ({ cells }: Notebook): NotebookCell[] => cells.filter(({ cell_type }) => cell_type === "code");

/** What a cell has printed, or shows as text. A picture's stand-in in words (`<Figure size …>`) is no text of it. */
export function textOf(cell: NotebookCell): string {
  return (cell.outputs ?? [])
    .filter(({ data }) => data?.["image/png"] === undefined)
    .map(({ text, data }) => joined(text ?? data?.["text/plain"] ?? ""))
    .join("");
}

export function picturesOf(cell: NotebookCell): Picture[] {
  return (cell.outputs ?? []).flatMap(({ data }) => {
    const png = data?.["image/png"];
    if (png === undefined) return [];
    const image = decode(Buffer.from(joined(png), "base64"));
    return [{ width: image.width, height: image.height, shades: new Set(image.data).size }];
  });
}

/** Outputs that no reader should meet: errors, and what was written to standard error. */
export function faultsOf(cell: NotebookCell): string[] {
  return (cell.outputs ?? [])
    .filter(({ output_type, name }) => output_type === "error" || name === "stderr")
    .map(({ output_type, text }) => `${output_type}: ${joined(text ?? "")}`);
}

const NUMBER = /[-−]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?/g;

/**
 * Where two texts differ: words, or numbers by more than `tolerance` of the larger one (`least` for numbers near 0). Blanks do not count, since
 * columns shift with the lengths of numbers.
 */
export function differences(stored: string, found: string, { tolerance, least }: { tolerance: number; least: number }): string[] {
  const [before, now] = [wordsOf(stored), wordsOf(found)];
  if (before !== now) return [`words: ${JSON.stringify(before)}, now ${JSON.stringify(now)}`];
  const [old, fresh] = [numbersOf(stored), numbersOf(found)];
  return old.flatMap((value, at) => {
    const other = fresh[at]!;
    const allowed = Math.max(least, tolerance * Math.max(Math.abs(value), Math.abs(other)));
    return Math.abs(value - other) <= allowed ? [] : [`number ${at + 1}: ${value}, now ${other}`];
  });
}

const wordsOf = (text: string): string => text.replaceAll(NUMBER, "#").replaceAll(/\s+/g, "");
const numbersOf = (text: string): number[] =>
  [...text.matchAll(NUMBER)].map(([digits]) => Number(digits.replace("−", "-").replaceAll(",", "")));
